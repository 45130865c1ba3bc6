// The codes of an authenticator app (RFC 6238: SHA-1, six digits, 30 seconds).

import { createHmac } from "node:crypto";

/** The code of the time step that many after this one. */
export function code(secret: string, steps = 0): string {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
    const mac = createHmac("sha1", fromBase32(secret)).update(counter).digest();
    const offset = mac[19]! & 0xf;
    return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

function fromBase32(text: string): Buffer {
    const letters = text.replace(/[\s=]/g, "").toUpperCase();
    const bits = [...letters].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
    return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
}

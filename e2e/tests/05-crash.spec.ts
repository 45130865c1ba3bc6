// The server is killed while it serves. Whatever got a first byte has exactly one row soon after the next start, the
// row says what the provider said so far, and nothing stays reserved.

import type { IssuedKey, Row } from "../support/admin.ts";
import { MODEL } from "../support/client.ts";
import { cost, nanos } from "../support/prices.ts";
import { expect, test } from "../support/test.ts";

const STREAMS = 50;

test("kill -9 during 50 streams loses no row and doubles none", async ({ admin, account, installation, simulator }) => {
    test.setTimeout(120_000);
    const key = await admin.issue("Crash", { account_id: account, limits: { usd: { total: "1000" }, concurrency: 100 } });
    // Begun over two and a half seconds: some have a checkpoint when the end comes, some not, and a few are over.
    const streams = await Promise.all(
        Array.from({ length: STREAMS }, async (_, n) => {
            await sleep(n * 50);
            return open(installation.url, key, n % 10 === 0 ? "tag=crash,events=4,interval=20" : "tag=crash,events=200,interval=100");
        }),
    );
    await sleep(500);
    await installation.kill();
    const killed = Date.now();
    const outcomes = await Promise.all(streams.map((stream) => stream.ended));
    expect(outcomes.filter((outcome) => outcome === "cut").length, "streams that were running").toBeGreaterThan(40);
    const { entries } = await simulator.ledger({ tag: "crash" });
    expect(entries.length).toBe(STREAMS);

    await installation.start();
    const started = Date.now();
    const told = streams.map((stream) => stream.requestId).sort();
    let rows: Row[] = [];
    await expect
        .poll(
            async () => {
                rows = await admin.rows(key.id);
                return rows.map((row) => row.request_id).sort();
            },
            { timeout: 60_000, intervals: [500], message: "a row for every request that got a first byte" },
        )
        .toEqual(told);
    console.log(`ready ${started - killed} ms after the kill, all ${rows.length} rows ${Date.now() - started} ms after that`);

    for (const row of rows) {
        expect(nanos(row.cost_usd)).toBe(cost(MODEL, row.tokens));
        if (row.outcome === "completed") {
            const { billed } = await simulator.entry(row.upstream_request_id);
            expect(row.tokens).toMatchObject({ ...billed });
        } else {
            expect(row).toMatchObject({ outcome: "interrupted", estimated: true });
        }
    }
    const upstream = rows.map((row) => row.upstream_request_id).filter((id) => id !== null);
    expect(new Set(upstream).size, "no request of the provider has two rows").toBe(upstream.length);
    expect(entries.map((entry) => entry.request_id)).toEqual(expect.arrayContaining(upstream));

    await expect
        .poll(() => standing(installation.url, key), { timeout: 60_000 - (Date.now() - started), intervals: [500] })
        .toEqual({ reserved: 0n, running: 0 });
    const { total_usd: total } = await usage(installation.url, key);
    expect(nanos(total), "the budget has what the rows have").toBe(rows.reduce((sum, row) => sum + nanos(row.cost_usd), 0n));
});

interface Stream {
    requestId: string;
    ended: Promise<"whole" | "cut">;
}

/** Starts a stream, and is back when its first byte is. */
async function open(url: string, key: IssuedKey, script: string): Promise<Stream> {
    const answer = await fetch(`${url}/api/v1/messages`, {
        method: "POST",
        headers: { "x-api-key": key.secret, "content-type": "application/json", "anthropic-version": "2023-06-01" },
        body: JSON.stringify({
            model: MODEL,
            max_tokens: 1000,
            stream: true,
            messages: [{ role: "user", content: "Count to two hundred." }],
            metadata: { user_id: `sim:${script}` },
        }),
    });
    expect(answer.status).toBe(200);
    const reader = answer.body!.getReader();
    await reader.read();
    const rest = async (): Promise<"whole" | "cut"> => {
        try {
            while (!(await reader.read()).done);
            return "whole";
        } catch {
            return "cut";
        }
    };
    return { requestId: answer.headers.get("x-request-id") ?? "", ended: rest() };
}

interface KeyInfo {
    usage: { total_usd: string; reserved_usd: string; running_requests: number };
}

async function usage(url: string, key: IssuedKey): Promise<KeyInfo["usage"]> {
    const answer = await fetch(`${url}/api/v1/me`, { headers: { "x-api-key": key.secret } });
    return ((await answer.json()) as KeyInfo).usage;
}

async function standing(url: string, key: IssuedKey): Promise<{ reserved: bigint; running: number }> {
    const { reserved_usd: reserved, running_requests: running } = await usage(url, key);
    return { reserved: nanos(reserved), running };
}

async function sleep(ms: number): Promise<void> {
    await new Promise((next) => setTimeout(next, ms));
}

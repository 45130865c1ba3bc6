// The scripted provider as a program of its own, and its truth ledger.

import { Program, binary } from "./program.ts";

/** Token counts in disjoint buckets. */
export interface Tokens {
    input: number;
    output: number;
    cache_read: number;
    cache_write_5m: number;
    cache_write_1h: number;
}

/** What the simulator knows about one request; only what is used here. */
export interface Entry {
    method: string;
    path: string;
    headers: [string, string][];
    leaks: string[];
    tag: string | null;
    model: string | null;
    request_id: string;
    status: number | null;
    outcome: "open" | "completed" | "cut_by_client" | "cut_by_fault";
    billed: Tokens;
}

interface Ledger {
    total: number;
    open: number;
    entries: Entry[];
}

/** A running simulator. */
export class Simulator {
    readonly url: string;
    readonly #program: Program;

    private constructor(program: Program, url: string) {
        this.#program = program;
        this.url = url;
    }

    static async start(): Promise<Simulator> {
        const program = new Program(binary("causeway-simulator"), ["--listen", "127.0.0.1:0"]);
        const [, url = ""] = await program.said(/^simulator ready on (http:\/\/\S+)/);
        return new Simulator(program, url);
    }

    /** The ledger, or the entries with a tag or a request id. */
    async ledger(where: { tag?: string; request_id?: string } = {}): Promise<Ledger> {
        const query = new URLSearchParams({ limit: "1000", ...where });
        return (await (await fetch(`${this.url}/_sim/ledger?${query}`)).json()) as Ledger;
    }

    /** The one entry that was answered with this `request-id`. */
    async entry(requestId: string | null): Promise<Entry> {
        const { entries } = await this.ledger({ request_id: requestId ?? "none" });
        if (entries.length !== 1 || !entries[0]) throw new Error(`${entries.length} entries for ${requestId}`);
        return entries[0];
    }

    async stop(): Promise<void> {
        await this.#program.stop();
    }
}

/** What makes the simulator play a script: it travels in the one field that a relay passes on and nobody reads. */
export function script(text: string): { metadata: { user_id: string } } {
    return { metadata: { user_id: `sim:${text}` } };
}

// The official SDKs of Anthropic, OpenAI and Google, in TypeScript and in Python, against accounts of every dialect: the
// full matrix, printed as a table. What each SDK is told of usage, what is billed and what the provider says are the same.

import { anthropic } from "../sdk/anthropic.ts";
import { genai } from "../sdk/genai.ts";
import { type Result, type Sdk, type Usage, type Where, run } from "../sdk/matrix.ts";
import { openaiChat } from "../sdk/openai-chat.ts";
import { openaiResponses } from "../sdk/openai-responses.ts";
import { python } from "../sdk/python.ts";
import { table } from "../sdk/table.ts";
import { KINDS, upstream } from "../sdk/upstreams.ts";
import { Admin } from "../support/admin.ts";
import { cost, nanos } from "../support/prices.ts";
import { expect, test } from "../support/test.ts";

const TYPESCRIPT: Record<string, (where: Where) => Sdk> = {
    "Anthropic, TypeScript": anthropic,
    "OpenAI Chat, TypeScript": openaiChat,
    "OpenAI Responses, TypeScript": openaiResponses,
    "Google, TypeScript": genai,
};

const PYTHON: Record<string, string> = {
    "Anthropic, Python": "sdk_anthropic",
    "OpenAI Chat, Python": "sdk_openai_chat",
    "OpenAI Responses, Python": "sdk_openai_responses",
    "Google, Python": "sdk_genai",
};

const OWNER = { email: "matrix@example.com", password: "a matrix of four by eight" };

type Places = Awaited<ReturnType<typeof upstream>>[];

test("every official SDK does everything at accounts of every dialect, and is billed to the token", async ({ admin, installation, simulator }) => {
    test.setTimeout(180_000);
    // An organisation of its own: nobody else's requests go to these accounts.
    await admin.get("/me");
    installation.createOwner("Matrix", "Emmy Noether", OWNER.email, OWNER.password);
    const own = await Admin.signIn(installation.url, OWNER);
    for (const { provider, described } of KINDS) {
        if (described) await admin.put(`/operator/providers/${provider}`, { enabled: true, changes: described });
    }
    const [relay, sim] = [installation.url, simulator.url];
    // All of them before the first request: it would wait for settings that keep changing.
    const places = new Map<string, Places>();
    for (const sdk of [...Object.keys(TYPESCRIPT), ...Object.keys(PYTHON)]) {
        places.set(sdk, await inTurn(KINDS, (kind) => upstream(own, sim, sdk, kind)));
    }
    const matrix = await Promise.all([...places].map(([sdk, places]) => tried(sdk, relay, sim, places)));
    const found = [];
    for (const [at, [sdk, own_places]] of [...places].entries()) {
        for (const [column, place] of own_places.entries()) {
            const cells = matrix[at]?.[column] ?? [];
            const ledger = await billed(own, sim, place, cells.flatMap((cell) => cell.usage));
            found.push({ sdk, upstream: place.name, cells: [...cells, { what: "usage", wrong: ledger, usage: [] }] });
        }
    }
    console.log(table(found));
    const wrong = found.flatMap(({ sdk, upstream, cells }) =>
        cells.filter((cell) => cell.wrong !== null).map((cell) => `${sdk} at ${upstream}, ${cell.what}: ${cell.wrong}`),
    );
    expect(wrong).toEqual([]);
    expect(found.length).toBe(32);
    for (const { provider, described } of KINDS) {
        if (described) await admin.put(`/operator/providers/${provider}`, { enabled: false });
    }
});

/** What one SDK has to show, upstream by upstream. */
async function tried(sdk: string, relay: string, simulator: string, places: Places): Promise<Result[][]> {
    const made = TYPESCRIPT[sdk];
    if (!made) return python(PYTHON[sdk] ?? sdk, relay, simulator, places);
    return inTurn(places, (upstream) => {
        const where = { relay, simulator, upstream };
        return run(where, made(where));
    });
}

async function inTurn<T, R>(all: T[], one: (of: T) => Promise<R>): Promise<R[]> {
    const results: R[] = [];
    for (const of of all) results.push(await one(of));
    return results;
}

/** What is wrong with the bill of one SDK at one upstream. */
async function billed(admin: Admin, simulator: string, place: Places[number], told: Usage[]): Promise<string | null> {
    const query = new URLSearchParams({ key: place.good.upstream });
    const { entries } = (await (await fetch(`${simulator}/_sim/ledger?${query}`)).json()) as { entries: Entry[] };
    const truth = entries.sort((a, b) => a.seq - b.seq);
    const all = truth.map(({ billed: t }): Usage => [t.input + t.cache_read + t.cache_write_5m + t.cache_write_1h, t.cache_read, t.output]);
    if (JSON.stringify(all) !== JSON.stringify(told)) return `told ${JSON.stringify(told)}, billed ${JSON.stringify(all)}`;
    const deadline = Date.now() + 10_000;
    let rows = await admin.rows(place.keyId);
    while (rows.length < truth.length && Date.now() < deadline) {
        await new Promise((next) => setTimeout(next, 100));
        rows = await admin.rows(place.keyId);
    }
    if (rows.length !== truth.length) return `${rows.length} rows for ${truth.length} requests`;
    for (const entry of truth) {
        const row = rows.find((row) => row.upstream_request_id === entry.request_id);
        if (!row) return `no row for ${entry.request_id}`;
        const { reasoning: _, ...tokens } = row.tokens;
        const [counted, due_for] = [JSON.stringify(tokens, ORDER), JSON.stringify(entry.billed, ORDER)];
        if (counted !== due_for) return `${counted} for ${due_for}`;
        const due = cost(place.model, entry.billed, KINDS.find((kind) => kind.name === place.name)?.provider);
        if (nanos(row.cost_usd) !== due || due === 0n) return `${row.cost_usd} instead of ${due} nano-dollars`;
        if (row.estimated || row.outcome !== "completed") return `${row.outcome}, estimated: ${row.estimated}`;
    }
    for (const id of place.faultIds) {
        for (const row of await admin.rows(id)) {
            if (nanos(row.cost_usd) !== 0n) return `${row.cost_usd} dollars for ${row.status}`;
        }
    }
    return null;
}

const ORDER = ["input", "output", "cache_read", "cache_write_5m", "cache_write_1h"];

interface Entry {
    seq: number;
    request_id: string;
    billed: { input: number; output: number; cache_read: number; cache_write_5m: number; cache_write_1h: number };
}

// The official Anthropic SDK through the real binary: what it receives, what is billed for it and what the provider
// says are the same figures.

import Anthropic from "@anthropic-ai/sdk";

import type { Admin, IssuedKey } from "../support/admin.ts";
import { MODEL, ask, client } from "../support/client.ts";
import { cost, nanos } from "../support/prices.ts";
import { type Simulator, type Tokens, script } from "../support/simulator.ts";
import { expect, test } from "../support/test.ts";

let key: IssuedKey;
let anthropic: Anthropic;

test.beforeAll(async ({ admin, account, installation }) => {
    key = await admin.issue("SDK", { account_id: account });
    ({ anthropic } = client(installation.url, key.secret));
});

test("an answer in one piece is billed as the SDK saw it and as the provider counts it", async ({ admin, simulator }) => {
    const message = await anthropic.messages.create({ ...ask(), ...script("shape=text") });
    expect(message.content).toEqual([expect.objectContaining({ type: "text" })]);
    await expectBilled(admin, simulator, message, message._request_id);
});

test("a stream with thinking and tool calls arrives whole and is billed to the token", async ({ admin, simulator }) => {
    const stream = anthropic.messages.stream({
        ...ask("What is the weather in Zürich?"),
        thinking: { type: "adaptive" },
        tools: [{ name: "forecast", input_schema: { type: "object", properties: { city: { type: "string" } } } }],
        ...script("shape=full,events=40,interval=2"),
    });
    const kinds: string[] = [];
    for await (const event of stream) kinds.push(event.type);
    const message = await stream.finalMessage();

    expect(kinds[0]).toBe("message_start");
    expect(kinds.at(-1)).toBe("message_stop");
    expect(message.content.map((block) => block.type)).toEqual(["thinking", "text", "tool_use", "tool_use"]);
    expect(message.content[0]).toMatchObject({ signature: expect.stringMatching(/^EqQB/) });
    expect(message.content[2]).toMatchObject({ name: "forecast", input: { city: "Zürich", nested: { list: [1, 2.5, null, true] } } });
    await expectBilled(admin, simulator, message, stream.request_id);
});

for (const [what, how] of [
    ["in CRLF and pieces of five bytes", "crlf,piece=5"],
    ["all in one packet", "per_packet=64,events=32"],
    ["compressed though nobody asked for it", "gzip"],
    ["whose input figures come late and in part", "late_in=7,repeat_usage=true,in=31"],
    ["with pings and interim figures", "ping_every=2,usage_every=3,events=20"],
] as const) {
    test(`a stream ${what} is billed to the token`, async ({ admin, simulator }) => {
        const stream = anthropic.messages.stream({ ...ask(), ...script(how) });
        await expectBilled(admin, simulator, await stream.finalMessage(), stream.request_id);
    });
}

test("every model has its own price, and a long prompt has the dearer one", async ({ admin, simulator }) => {
    const figures = "in=123456,out=77,cache_read=1001,cache_5m=503,cache_1h=211";
    for (const model of ["claude-opus-5-5", "claude-haiku-5-5", "claude-opus-4-5-20251101", "claude-sonnet-4-5-20250929"]) {
        const message = await anthropic.messages.create({ ...ask(), model, ...script(figures) });
        const billed = await expectBilled(admin, simulator, message, message._request_id);
        expect(billed, "the figures that were asked for").toEqual({
            input: 123456,
            output: 77,
            cache_read: 1001,
            cache_write_5m: 503,
            cache_write_1h: 211,
        });
    }
});

test("counting tokens costs nothing and leaves no row", async ({ admin, simulator }) => {
    const before = (await admin.rows(key.id)).length;
    const counted = await anthropic.messages.countTokens({ model: MODEL, messages: ask().messages });
    expect(counted.input_tokens).toBeGreaterThan(0);
    const { entries } = await simulator.ledger();
    expect(entries.at(-1)).toMatchObject({ path: expect.stringContaining("/v1/messages/count_tokens") });
    expect((await admin.rows(key.id)).length).toBe(before);
});

test("the models that the account lists can be listed and asked for by name", async () => {
    const ids: string[] = [];
    for await (const model of anthropic.models.list({ limit: 3 })) ids.push(model.id);
    expect(ids).toContain(MODEL);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBe(12);
    expect((await anthropic.models.retrieve(MODEL)).id).toBe(MODEL);
    await expect(anthropic.models.retrieve("claude-none")).rejects.toBeInstanceOf(Anthropic.NotFoundError);
});

for (const [what, how] of [
    ["reset by the provider", "cut=reset@6,events=30,interval=5"],
    ["closed by the provider", "cut=close@6,events=30,interval=5"],
    ["that the provider ends too early and cleanly", "cut=end@6,events=30"],
    ["without its last events", "omit=both"],
] as const) {
    test(`a stream ${what} is an error in the SDK and has its row`, async ({ admin, account, simulator }) => {
        const stream = anthropic.messages.stream({ ...ask(), ...script(how) });
        const ended = stream.finalMessage().then(
            () => "success",
            (error: unknown) => error,
        );
        const { request_id: id } = await stream.withResponse();
        expect(await ended).toBeInstanceOf(Anthropic.APIError);
        await admin.recover(account);
        const row = await admin.row(key.id, id);
        expect(row.outcome).toBe("upstream_cut");
        const entry = await simulator.entry(row.upstream_request_id);
        expect(row.tokens.input, "what the provider said at the start is known").toBe(entry.billed.input);
        expect(nanos(row.cost_usd)).toBe(cost(MODEL, row.tokens));
    });
}

test("an error of the only account passes through as it is and costs nothing, and the SDK waits while the account rests", async ({
    admin,
    account,
    installation,
}) => {
    const { anthropic, sent } = client(installation.url, key.secret, 0);
    const refused = await anthropic.messages
        .create({ ...ask(), ...script("status=529,message=Overloaded-by-script") })
        .catch((error: unknown) => error);
    expect(refused).toMatchObject({ status: 529, message: expect.stringContaining("Overloaded-by-script") });
    expect(sent.length).toBe(1);
    const { requestID } = refused as InstanceType<typeof Anthropic.APIError>;
    const row = await admin.row(key.id, requestID);
    expect(row).toMatchObject({ status: 529, outcome: "upstream_error" });
    expect(nanos(row.cost_usd)).toBe(0n);

    const resting = await anthropic.messages.create(ask()).catch((error: unknown) => error);
    expect(resting).toMatchObject({ status: 429 });
    const error = resting as InstanceType<typeof Anthropic.APIError>;
    expect(Number(error.headers?.get("retry-after"))).toBeGreaterThan(0);
    // It is written down a moment after the answer.
    await expect(async () => {
        const way = await admin.get<{ code: string; steps: { what: string; tried: boolean }[] }>(`/requests/${error.requestID}/attempts`);
        expect(way).toMatchObject({ code: "accounts_cooling", steps: [{ what: "overloaded", tried: false }] });
    }).toPass({ timeout: 10_000 });
    await admin.recover(account);
    const message = await anthropic.messages.create(ask());
    expect(message.type).toBe("message");
});

test("the provider sees its own key and never ours, and the version that the SDK speaks", async ({ simulator }) => {
    const { entries } = await simulator.ledger();
    expect(entries.flatMap((entry) => entry.leaks)).toEqual([]);
    const last = entries.filter((entry) => entry.path.startsWith("/v1/messages")).at(-1);
    const header = (name: string) => last?.headers.find(([n]) => n === name)?.[1];
    expect(header("x-api-key") ?? header("authorization")).toContain("sk-sim-");
    expect(header("anthropic-version")).toMatch(/^20\d\d-\d\d-\d\d$/);
});

/** The SDK's usage, the row and the provider's ledger are the same, and the cost is right to the nano-dollar. */
async function expectBilled(
    admin: Admin,
    simulator: Simulator,
    message: Anthropic.Message,
    requestId: string | null | undefined,
): Promise<Tokens> {
    const row = await admin.row(key.id, requestId);
    const { reasoning: _, ...tokens } = row.tokens;
    const { billed } = await simulator.entry(row.upstream_request_id);
    const { usage } = message;
    expect(tokens, "the row and the provider").toEqual(billed);
    expect(tokens, "the row and the SDK").toEqual({
        input: usage.input_tokens,
        output: usage.output_tokens,
        cache_read: usage.cache_read_input_tokens,
        cache_write_5m: usage.cache_creation?.ephemeral_5m_input_tokens,
        cache_write_1h: usage.cache_creation?.ephemeral_1h_input_tokens,
    });
    expect(row).toMatchObject({ status: 200, outcome: "completed", estimated: false, model: message.model });
    expect(nanos(row.cost_usd)).toBe(cost(message.model, billed));
    return billed;
}

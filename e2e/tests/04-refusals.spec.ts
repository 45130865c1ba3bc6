// Everything that is refused: the SDK's exception class, the reason in the caller's dialect, one attempt where trying
// again is pointless, and nothing sent to the provider.

import { request } from "node:http";

import Anthropic from "@anthropic-ai/sdk";

import type { KeySettings } from "../support/admin.ts";
import { MODEL, ask, client } from "../support/client.ts";
import { script } from "../support/simulator.ts";
import { expect, test } from "../support/test.ts";

interface Refusal {
    what: string;
    key?: KeySettings;
    secret?: string;
    model?: string;
    thrown: new (...args: never[]) => Error;
    status: number;
    kind: string;
    reason: RegExp;
}

const REFUSALS: Refusal[] = [
    {
        what: "a key that does not exist",
        secret: `cw_${"a".repeat(48)}`,
        thrown: Anthropic.AuthenticationError,
        status: 401,
        kind: "authentication_error",
        reason: /key/i,
    },
    {
        what: "a credential of somebody else's",
        secret: "sk-ant-api03-nothing-of-ours",
        thrown: Anthropic.AuthenticationError,
        status: 401,
        kind: "authentication_error",
        reason: /cw_/,
    },
    {
        what: "a disabled key",
        key: { enabled: false },
        thrown: Anthropic.AuthenticationError,
        status: 401,
        kind: "authentication_error",
        reason: /disabled/,
    },
    {
        what: "a forbidden model",
        key: { models: { deny: ["claude-sonnet-*"] } },
        thrown: Anthropic.PermissionDeniedError,
        status: 403,
        kind: "permission_error",
        reason: /may not use the model/,
    },
    {
        what: "a model that nobody knows",
        model: "claude-none-9",
        thrown: Anthropic.NotFoundError,
        status: 404,
        kind: "not_found_error",
        reason: /claude-none-9/,
    },
    {
        what: "a budget in dollars that the request could exceed",
        key: { limits: { usd: { day: "0.0001" } } },
        thrown: Anthropic.PaymentRequiredError,
        status: 402,
        kind: "billing_error",
        reason: /daily budget.*max_tokens/,
    },
    {
        what: "a total budget in dollars that the request could exceed",
        key: { limits: { usd: { total: "0.0001" } } },
        thrown: Anthropic.PaymentRequiredError,
        status: 402,
        kind: "billing_error",
        reason: /total budget/,
    },
    {
        what: "a budget in tokens that the request could exceed",
        key: { limits: { tokens: { week: 5 } } },
        thrown: Anthropic.PaymentRequiredError,
        status: 402,
        kind: "billing_error",
        reason: /weekly token budget.*max_tokens/,
    },
];

for (const refusal of REFUSALS) {
    test(`${refusal.what}: ${refusal.status}, once, in words, and nothing is sent`, async ({ admin, account, installation, simulator }) => {
        const secret = refusal.secret ?? (await admin.issue(refusal.what, { account_id: account, ...refusal.key })).secret;
        const { anthropic, sent } = client(installation.url, secret);
        const { total } = await simulator.ledger();
        const request = { ...ask(), model: refusal.model ?? MODEL };
        for (const attempt of [() => anthropic.messages.create(request), () => anthropic.messages.stream(request).finalMessage()]) {
            const error = await attempt().then(() => undefined, (thrown: unknown) => thrown);
            expect(error).toBeInstanceOf(refusal.thrown);
            const { status, error: body, requestID } = error as InstanceType<typeof Anthropic.APIError>;
            expect(status).toBe(refusal.status);
            expect(body).toMatchObject({ type: "error", error: { type: refusal.kind, message: expect.stringMatching(refusal.reason) } });
            expect(requestID, "to find it in the log by").toBeTruthy();
        }
        expect(sent.length, "two requests, each tried once").toBe(2);
        expect((await simulator.ledger()).total, "requests at the provider").toBe(total);
    });
}

test("a key past its time is refused as expired", async ({ admin, account, installation }) => {
    const { secret } = await admin.issue("Short-lived", {
        account_id: account,
        expires_at: new Date(Date.now() + 2500).toISOString(),
    });
    const { anthropic } = client(installation.url, secret);
    await anthropic.messages.create(ask());
    await new Promise((next) => setTimeout(next, 2600));
    await expect(anthropic.messages.create(ask())).rejects.toThrow(/expired/);
});

test("requests above the minute's limit: 429 with the seconds to wait", async ({ admin, account, installation, simulator }) => {
    const { secret } = await admin.issue("Two a minute", { account_id: account, limits: { requests_per_minute: 2 } });
    const { anthropic } = client(installation.url, secret, 0);
    await anthropic.messages.create(ask());
    await anthropic.messages.create(ask());
    const { total } = await simulator.ledger();
    const error = await anthropic.messages.create(ask()).then(() => undefined, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Anthropic.RateLimitError);
    const seconds = Number((error as InstanceType<typeof Anthropic.RateLimitError>).headers.get("retry-after"));
    expect(seconds).toBeGreaterThan(0);
    // A minute, and the second that has begun: the oldest second is counted whole.
    expect(seconds).toBeLessThanOrEqual(61);
    expect((await simulator.ledger()).total).toBe(total);
});

test("more tokens than a minute may hold: 429 that says what the request could have used", async ({ admin, account, installation }) => {
    const { secret } = await admin.issue("Few tokens", { account_id: account, limits: { tokens_per_minute: 10 } });
    const { anthropic } = client(installation.url, secret, 0);
    const error = await anthropic.messages.create(ask()).then(() => undefined, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Anthropic.RateLimitError);
    expect((error as InstanceType<typeof Anthropic.RateLimitError>).error).toMatchObject({
        error: { causeway: { code: "tokens_per_minute", scope: "key", limit: 10, used: 0 } },
    });
});

test("more requests than a day may hold: 429 with the time of the reset, which the answers before have told too", async ({
    admin,
    account,
    installation,
}) => {
    const { secret } = await admin.issue("One a day", { account_id: account, limits: { requests: { day: 1 } } });
    const { anthropic } = client(installation.url, secret, 0);
    const { response } = await anthropic.messages.create(ask()).withResponse();
    expect(response.headers.get("x-causeway-limits")).toMatch(/^key-requests-day;limit=1;used=0;reserved=1;reset=\d{10}$/);
    const error = await anthropic.messages.create(ask()).then(() => undefined, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Anthropic.RateLimitError);
    const { headers, error: body } = error as InstanceType<typeof Anthropic.RateLimitError>;
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    expect(body).toMatchObject({ error: { causeway: { code: "requests", window: "day", limit: 1, used: 1 } } });
});

test("a place in line that does not come free: 429 after the wait; one that does: the answer", async ({ admin, account, installation }) => {
    const limits = { concurrency: 1, queue: { length: 2, wait_seconds: 1 } };
    const { secret } = await admin.issue("In line", { account_id: account, limits });
    const { anthropic } = client(installation.url, secret, 0);
    const long = anthropic.messages.stream({ ...ask(), ...script("events=60,interval=50") });
    await long.withResponse();
    await expect(anthropic.messages.create(ask())).rejects.toThrow(/no place became free in 1 seconds/);
    await long.finalMessage();
    const short = anthropic.messages.stream({ ...ask(), ...script("events=10,interval=40") });
    await short.withResponse();
    await anthropic.messages.create(ask());
    await short.finalMessage();
});

test("requests at once above the limit: 429, and room again when one has ended", async ({ admin, account, installation }) => {
    const { secret } = await admin.issue("One at once", { account_id: account, limits: { concurrency: 1 } });
    const { anthropic } = client(installation.url, secret, 0);
    const running = anthropic.messages.stream({ ...ask(), ...script("events=20,interval=50") });
    await running.withResponse();
    await expect(anthropic.messages.create(ask())).rejects.toBeInstanceOf(Anthropic.RateLimitError);
    await running.finalMessage();
    await anthropic.messages.create(ask());
});

test("what is no request: 400 for a body that is not JSON, 413 for one too large, 404 for a path unknown", async ({
    admin,
    account,
    installation,
    simulator,
}) => {
    const { secret } = await admin.issue("Clumsy", { account_id: account });
    const { total } = await simulator.ledger();
    const send = async (path: string, body: string) => {
        const answer = await fetch(installation.url + path, {
            method: "POST",
            headers: { "x-api-key": secret, "content-type": "application/json", "anthropic-version": "2023-06-01" },
            body,
        });
        expect(answer.headers.get("x-should-retry")).toBe("false");
        expect(answer.headers.get("request-id")).toBeTruthy();
        const { type, error } = (await answer.json()) as { type: string; error: { type: string; message: string } };
        expect(type).toBe("error");
        return [answer.status, error.type];
    };
    expect(await send("/api/v1/messages", "{nonsense")).toEqual([400, "invalid_request_error"]);
    expect(await send("/api/v1/messages", `{"model":"${MODEL}","model":"claude-opus-5"}`)).toEqual([400, "invalid_request_error"]);
    expect(await announce(installation.url, secret, (32 << 20) + 1)).toEqual([413, "request_too_large"]);
    expect(await send("/api/v1/nothing", "{}")).toEqual([404, "not_found_error"]);
    expect((await simulator.ledger()).total).toBe(total);
});

/** Announces a body of this size and sends none of it: the refusal must not wait for what it will not read. */
async function announce(url: string, secret: string, bytes: number): Promise<[number, string]> {
    const headers = { "x-api-key": secret, "content-type": "application/json", "content-length": bytes };
    return new Promise((answered, failed) => {
        const sent = request(`${url}/api/v1/messages`, { method: "POST", headers }, (answer) => {
            let text = "";
            answer.on("data", (chunk) => (text += chunk));
            answer.on("end", () => {
                sent.destroy();
                answered([answer.statusCode ?? 0, (JSON.parse(text) as { error: { type: string } }).error.type]);
            });
        });
        sent.once("error", failed);
        sent.flushHeaders();
    });
}

// Everything that is refused: the SDK's exception class, the reason in the caller's dialect, one attempt where trying
// again is pointless, and nothing sent to the provider.

import { request } from "node:http";

import Anthropic from "@anthropic-ai/sdk";

import { Admin, type KeySettings } from "../support/admin.ts";
import { MODEL, ask, client } from "../support/client.ts";
import type { Installation } from "../support/installation.ts";
import { signIn } from "../support/pages.ts";
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

test("an admin sees which key was refused, and why, without any of it being sent", async ({ page, admin, account, installation }) => {
    const { secret } = await admin.issue("Thrifty", { account_id: account, limits: { usd: { day: "0.0001" } } });
    const { anthropic } = client(installation.url, secret, 0);
    for (let n = 0; n < 3; n += 1) await expect(anthropic.messages.create(ask())).rejects.toThrow(Anthropic.PaymentRequiredError);
    await signIn(page, installation.url);
    await page.goto("/web/requests?refused=true");
    const refused = page.getByTestId("refused-request").filter({ hasText: "Thrifty" });
    await expect(async () => {
        await page.getByTestId("refresh").click();
        await expect(refused, "of one reason, one a minute").toHaveCount(1, { timeout: 1000 });
    }).toPass({ timeout: 10_000 });
    await expect(refused).toContainText("402");
    await expect(refused).toContainText("Over a budget");
    await expect(refused).toContainText("the whole daily budget of this API key is $0.0001");
    await page.getByTestId("refused-key").selectOption({ label: "Thrifty" });
    await expect(page.getByTestId("refused-request")).toHaveCount(1);
    await page.screenshot({ path: "test-results/refused-limit.png", fullPage: true });
    await refused.getByTestId("refused-details").click();
    await expect(page.getByTestId("refused-message")).toContainText("daily budget");
    await page.screenshot({ path: "test-results/refused-limit-details.png" });
});

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

test("a budget that has been used up says when it begins anew: 402 with retry-after, and nothing is tried again", async ({
    admin,
    account,
    installation,
}) => {
    // October has an hour more where clocks are set back.
    const month = (31 * 24 + 1) * 3600;
    for (const [unit, code, little] of [["usd", "budget_usd", "0.000001"], ["tokens", "budget_tokens", 1]] as const) {
        // A budget of exactly what the request can need: one fits, and after it no other does.
        const probe = await admin.issue(`Too little ${unit}`, { account_id: account, limits: { [unit]: { day: little } } });
        const told = await refused(client(installation.url, probe.secret).anthropic);
        const { could_need: need } = (told.error as { error: { causeway: { could_need: string | number } } }).error.causeway;
        for (const [window, most] of [["five_hours", 5 * 3600], ["month", month]] as const) {
            const { secret } = await admin.issue(`${unit} of ${window}`, { account_id: account, limits: { [unit]: { [window]: need } } });
            const { anthropic, sent } = client(installation.url, secret);
            await anthropic.messages.create(ask());
            const error = await refused(anthropic);
            expect(error).toBeInstanceOf(Anthropic.PaymentRequiredError);
            expect(error.error).toMatchObject({ error: { type: "billing_error", causeway: { code, window, scope: "key" } } });
            const seconds = Number(error.headers?.get("retry-after"));
            expect(seconds, window).toBeGreaterThan(0);
            expect(seconds, window).toBeLessThanOrEqual(most);
            expect(error.error).toMatchObject({ error: { causeway: { resets_in_seconds: seconds } } });
            expect(sent.length, "one that went well, one that was refused").toBe(2);
        }
    }
});

test("requests of five hours and of a month: 429 with the time of the reset", async ({ admin, account, installation }) => {
    for (const window of ["five_hours", "month"]) {
        const { secret } = await admin.issue(`One per ${window}`, { account_id: account, limits: { requests: { [window]: 1 } } });
        const { anthropic } = client(installation.url, secret, 0);
        await anthropic.messages.create(ask());
        const error = await refused(anthropic);
        expect(error).toBeInstanceOf(Anthropic.RateLimitError);
        expect(Number(error.headers?.get("retry-after"))).toBeGreaterThan(0);
        expect(error.error).toMatchObject({ error: { causeway: { code: "requests", window, limit: 1, used: 1 } } });
    }
});

test("limits of the member and of the organisation: whose they are is told, and every key of theirs is refused", async ({ installation, simulator }) => {
    const owner = await newcomer(installation, "Limited", "limited@example.com");
    await owner.account("Simulated", simulator.url);
    const keys = [await owner.issue("One"), await owner.issue("Another")];
    const { user } = await owner.get<{ user: { id: string } }>("/me");
    const places = { member: `/members/${user.id}`, organization: "/organization" };
    for (const [scope, path] of Object.entries(places)) {
        await owner.patch(path, { limits: { usd: { day: "0.0001" }, requests_per_minute: 1000 } });
        for (const { secret } of keys) {
            const error = await refused(client(installation.url, secret).anthropic);
            expect(error).toBeInstanceOf(Anthropic.PaymentRequiredError);
            expect(error.error).toMatchObject({ error: { causeway: { code: "budget_usd", scope, limit: "0.0001" } } });
        }
        await owner.patch(path, { limits: { requests: { week: 1 } } });
        const first = client(installation.url, keys[0]!.secret, 0).anthropic;
        if (scope === "member") await first.messages.create(ask());
        const error = await refused(client(installation.url, keys[1]!.secret, 0).anthropic);
        expect(error).toBeInstanceOf(Anthropic.RateLimitError);
        expect(error.error).toMatchObject({ error: { causeway: { code: "requests", scope, window: "week", limit: 1, used: 1 } } });
        await owner.patch(path, { limits: {} });
    }
    await client(installation.url, keys[0]!.secret).anthropic.messages.create(ask());
});

test("a balance that is used up: 402 that says what is left, without a time to come back at", async ({ admin, installation, simulator }) => {
    const owner = await newcomer(installation, "Prepaid", "prepaid@example.com");
    await owner.account("Simulated", simulator.url);
    const { secret } = await owner.issue("Prepaid");
    const { organization } = await owner.get<{ organization: { id: string } }>("/me");
    await admin.post(`/operator/organizations/${organization.id}/entries`, { kind: "credit", amount_usd: "0.0001" });
    const { anthropic, sent } = client(installation.url, secret);
    const { total } = await simulator.ledger();
    const error = await refused(anthropic);
    expect(error).toBeInstanceOf(Anthropic.PaymentRequiredError);
    expect(error.error).toMatchObject({
        error: {
            type: "billing_error",
            message: expect.stringMatching(/balance of this organization is \$0\.0001.*max_tokens/),
            causeway: { code: "balance", scope: "organization" },
        },
    });
    expect(error.headers?.get("retry-after")).toBeNull();
    expect(error.headers?.get("x-should-retry")).toBe("false");
    expect(sent.length).toBe(1);
    expect((await simulator.ledger()).total).toBe(total);
    await admin.post(`/operator/organizations/${organization.id}/entries`, { kind: "credit", amount_usd: "1" });
    await anthropic.messages.create(ask());
});

test("every account busy: 429 until one has room; none at all: 503, once", async ({ installation, simulator }) => {
    const owner = await newcomer(installation, "Busy", "busy@example.com");
    const account = await owner.account("Simulated", simulator.url, { concurrency: 1 });
    const { secret } = await owner.issue("Busy");
    const { anthropic } = client(installation.url, secret, 0);
    const running = anthropic.messages.stream({ ...ask(), ...script("events=20,interval=50") });
    await running.withResponse();
    const busy = await refused(anthropic);
    expect(busy).toBeInstanceOf(Anthropic.RateLimitError);
    expect(busy.error).toMatchObject({ error: { type: "rate_limit_error", causeway: { code: "accounts_busy" } } });
    await running.finalMessage();
    await anthropic.messages.create(ask());

    await owner.patch(`/accounts/${account}`, { enabled: false });
    const patient = client(installation.url, secret);
    const none = await refused(patient.anthropic);
    expect(patient.sent.length).toBe(1);
    expect(none).toBeInstanceOf(Anthropic.InternalServerError);
    expect(none.status).toBe(503);
    expect(none.error).toMatchObject({ error: { causeway: { code: "no_account" } } });
    expect(none.headers?.get("x-should-retry"), "waiting does not help").toBe("false");
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

/** What the SDK throws for a small request. */
async function refused(anthropic: Anthropic): Promise<InstanceType<typeof Anthropic.APIError>> {
    const thrown: unknown = await anthropic.messages.create(ask()).then(() => "it was answered", (error: unknown) => error);
    expect(thrown).toBeInstanceOf(Anthropic.APIError);
    return thrown as InstanceType<typeof Anthropic.APIError>;
}

/** The owner of an organisation that nobody else uses. */
async function newcomer(installation: Installation, organization: string, email: string): Promise<Admin> {
    const password = "correct horse battery staple";
    installation.createOwner(organization, organization, email, password);
    return Admin.signIn(installation.url, { email, password });
}

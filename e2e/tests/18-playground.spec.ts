// The playground: a real request seen on both sides of the conversion, with the bill that the usage has.

import { KINDS } from "../sdk/upstreams.ts";
import { Admin, OWNER } from "../support/admin.ts";
import { member } from "../support/member.ts";
import { signIn } from "../support/pages.ts";
import { script } from "../support/simulator.ts";
import { expect, test } from "../support/test.ts";

/** After this, every change has reached the relay. */
const HEARD = 1_500;

test("an Anthropic client at an account that speaks OpenAI's dialect: both sides, tokens and dollars as in the usage", async ({ page, admin, installation, simulator }) => {
    test.setTimeout(60_000);
    await admin.get("/me");
    const chat = KINDS.find(({ name }) => name === "Chat")!;
    await admin.put(`/operator/providers/${chat.provider}`, { enabled: true, changes: chat.described });
    const { id: account_id } = await admin.post<{ id: string }>("/accounts", {
        name: "Chat, for a look",
        provider: chat.provider,
        base_url: simulator.url,
        credential: { kind: "api_key", api_key: "sk-sim-playground" },
        dedicated: true,
    });
    await admin.post(`/accounts/${account_id}/test`);
    const key = await admin.issue("Looked on at", { account_id });
    await page.waitForTimeout(HEARD);
    await signIn(page, installation.url);
    await page.goto("/web/playground");
    await page.getByTestId("play-key").selectOption(key.id);
    await page.getByTestId("play-model").selectOption(chat.model);
    await page.getByTestId("play-prompt").fill("What is a causeway?");
    await expect(page.getByTestId("play-body")).toHaveValue(/"content": "What is a causeway\?"/);
    await page.getByTestId("send-play").click();

    await expect(page.getByTestId("play-charged")).toBeVisible();
    await expect(page.getByTestId("play-status")).toHaveText("HTTP 200");
    await expect(page.getByTestId("play-account")).toContainText("Chat, for a look · OpenAI Chat");
    const [sent, asked] = [page.getByTestId("client-request"), page.getByTestId("upstream-request")];
    await expect(sent).toContainText("POST /claude/v1/messages");
    await expect(sent).toContainText('"max_tokens": 1024');
    await expect(asked).toContainText("POST /v1/chat/completions");
    await expect(asked).toContainText("What is a causeway?");
    await asked.locator("summary").click();
    await expect(asked).toContainText("Bearer •••");
    await expect(page.locator("body")).not.toContainText("sk-sim-playground");
    const [got, said] = [page.getByTestId("client-answer"), page.getByTestId("upstream-answer")];
    await expect(got.getByTestId("play-event").first()).toContainText("message_start");
    await expect(got.getByTestId("play-event").last()).toContainText("message_stop");
    await expect(said.getByTestId("play-event").first()).toContainText("chat.completion.chunk");
    await expect(said.getByTestId("play-event").last()).toContainText("[DONE]");

    await expect.poll(async () => (await admin.rows(key.id)).length).toBe(1);
    const [row] = await admin.rows(key.id);
    const digits = async (testid: string) => Number((await page.getByTestId(testid).innerText()).replace(/\D/g, ""));
    const { tokens } = row!;
    expect([await digits("play-input"), await digits("play-output")]).toEqual([tokens.input, tokens.output]);
    const charged = await page.getByTestId("play-charged").innerText();
    expect(Number(charged.replace("$", ""))).toBe(Number(row!.cost_usd));
    expect(Number(row!.cost_usd)).toBeGreaterThan(0);
    await page.getByTestId("play-row").click();
    await expect(page.getByTestId("detail-cost")).toHaveText(charged);
    const log = await admin.get<{ items: { after: object; target: { id: string } }[] }>("/audit?action=key.play");
    expect(log.items.map(({ after, target }) => [after, target.id])).toEqual([[{ dialect: "anthropic" }, key.id]]);
    await admin.put(`/operator/providers/${chat.provider}`, { enabled: false });
});

test("what the relay refuses is shown as the client gets it, and nobody was asked", async ({ page, admin, account, installation }) => {
    await admin.get("/me");
    const key = await admin.issue("Without a budget", { account_id: account, limits: { usd: { total: "0.000001" } } });
    await page.waitForTimeout(HEARD);
    await signIn(page, installation.url);
    await page.goto("/web/playground");
    await page.getByTestId("play-key").selectOption(key.id);
    await page.getByTestId("play-model").selectOption("claude-haiku-5-5");
    await page.getByTestId("play-dialect").getByText("OpenAI Chat").click();
    await page.getByTestId("send-play").click();
    await expect(page.getByTestId("play-unbilled")).toBeVisible();
    await expect(page.getByTestId("play-status")).toHaveText("HTTP 402");
    await expect(page.getByTestId("client-answer").getByTestId("play-whole")).toContainText('"error": {');
    await expect(page.getByTestId("upstream-request")).toContainText("No account was sent anything.");
    expect(await admin.rows(key.id)).toEqual([]);
});

test("a body written by hand is sent as it is, and leaving is leaving", async ({ page, admin, account, installation }) => {
    await admin.get("/me");
    const key = await admin.issue("Left", { account_id: account });
    await page.waitForTimeout(HEARD);
    await signIn(page, installation.url);
    await page.goto("/web/playground");
    await page.getByTestId("play-key").selectOption(key.id);
    const slow = { model: "claude-haiku-5-5", max_tokens: 400, stream: true, messages: [{ role: "user", content: "By hand" }], ...script("events=200,interval=50") };
    await page.getByTestId("play-body").fill(JSON.stringify(slow));
    await expect(page.getByTestId("body-edited")).toBeVisible();
    await page.getByTestId("send-play").click();
    await expect(page.getByTestId("client-answer").getByTestId("play-event").nth(2)).toBeVisible();
    await page.getByTestId("cancel-play").click();
    await expect(page.getByTestId("play-outcome")).toContainText("You left");
    await expect(page.getByTestId("upstream-request")).toContainText('"By hand"');
    await expect.poll(async () => (await admin.rows(key.id))[0]?.outcome, { timeout: 20_000 }).toBe("client_left");
    await page.getByTestId("refill-body").click();
    await expect(page.getByTestId("body-edited")).toHaveCount(0);
});

test("a member sees own keys only, and is told where there is none", async ({ page, admin, account, installation }) => {
    expect(account).toBeTruthy();
    const email = "liskov-plays@example.com";
    await member(page, installation, admin, email);
    await page.goto("/web/playground");
    await expect(page.getByTestId("empty-state")).toContainText("No key yet");
    const own = await Admin.signIn(installation.url, { email, password: OWNER.password });
    const key = await own.issue("Barbara's own");
    await page.reload();
    await expect(page.getByTestId("play-key").locator("option")).toHaveCount(1);
    await expect(page.getByTestId("play-key")).toHaveValue(key.id);
});

// The first start, as a newcomer lives through it: from the printed link to a request on the dashboard with its
// dollars. One page from beginning to end; each test goes on where the last one stopped.

import type { Page } from "@playwright/test";

import { OWNER } from "../support/admin.ts";
import { MODEL, ask, client } from "../support/client.ts";
import { cost, nanos } from "../support/prices.ts";
import { script } from "../support/simulator.ts";
import { expect, listen, test } from "../support/test.ts";

test.describe.configure({ mode: "serial" });

let page: Page;
let complaints: string[];
let link: string;
let secret: string;
let charged: string;

test.beforeAll(async ({ browser, installation }) => {
    link = await installation.setupLink();
    const context = await browser.newContext({
        baseURL: installation.url,
        permissions: ["clipboard-read", "clipboard-write"],
    });
    page = await context.newPage();
    complaints = listen(page);
});

test.afterAll(async () => {
    await page.context().close();
});

test.afterEach(() => {
    expect(complaints, "the browser complained").toEqual([]);
});

test("nobody can sign in before the link was used", async () => {
    await page.goto("/");
    await expect(page).toHaveURL(/\/web\/sign-in/);
    await expect(page.getByText("Open the one-time set-up link")).toBeVisible();
    await page.goto("/web/setup");
    await expect(page.getByText("needs the one-time link")).toBeVisible();
});

test("the printed link leads to a form, and the form to the dashboard's empty state", async () => {
    await page.goto(link);
    await expect(page.getByTestId("organization")).toBeFocused();
    await page.getByTestId("organization").fill(OWNER.organization);
    await page.getByTestId("name").fill(OWNER.name);
    await page.getByTestId("email").fill(OWNER.email);
    await page.getByTestId("password").fill("short");
    await page.getByTestId("finish-setup").click();
    await expect(page.getByTestId("password")).toHaveAttribute("aria-invalid", "true");
    await page.getByTestId("password").fill(OWNER.password);
    await page.getByTestId("finish-setup").click();

    await expect(page.getByRole("heading", { level: 1, name: "Dashboard" })).toBeVisible();
    await expect(page.getByTestId("step-account")).toHaveAttribute("data-done", "false");
    await expect(page.getByTestId("step-key")).toHaveAttribute("data-done", "false");
});

test("an account is added where the first step leads, and its test lists the provider's models", async ({ simulator }) => {
    await page.getByTestId("step-account").getByRole("link").click();
    await expect(page.getByTestId("empty-state")).toBeVisible();
    await page.getByTestId("add-first-account").click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Add an upstream account");
    await page.locator("[data-provider=anthropic-compatible]").click();
    await page.getByTestId("wizard-next").click();
    await page.getByTestId("account-api-key").fill("sk-wrong-key");
    await page.getByTestId("account-base-url").fill(simulator.url);
    await page.getByTestId("wizard-next").click();
    await page.getByTestId("account-name").fill("Simulated");
    await page.getByTestId("save-account").click();
    await expect(page.getByTestId("test-outcome"), "it is tested at once").toHaveAttribute("data-outcome", "failed");
    await page.getByTestId("wizard-done").click();

    const row = page.getByTestId("account");
    await expect(row).toContainText("Simulated");
    await expect(row).not.toContainText("sk-wrong-key");
    await row.getByTestId("test-account").click();
    await expect(page.getByTestId("test-outcome")).toHaveAttribute("data-outcome", "failed");
    await page.getByTestId("close-test").click();

    await row.getByTestId("account-menu").click();
    await page.getByTestId("edit-account").click();
    await page.getByTestId("account-api-key").fill("sk-sim-journey");
    await page.getByTestId("save-account").click();
    await expect(page.getByTestId("account-dialog")).toBeHidden();
    await row.getByTestId("test-account").click();
    await expect(page.getByTestId("test-outcome")).toHaveAttribute("data-outcome", "ok");
    await expect(page.getByTestId("test-outcome")).toContainText(MODEL);
    await page.getByTestId("close-test").click();
    await expect(row).toContainText("12 models");
});

test("a key is issued with a budget, and its secret is copied", async () => {
    await page.getByRole("link", { name: "Dashboard" }).click();
    await expect(page.getByTestId("step-account")).toHaveAttribute("data-done", "true");
    await page.getByTestId("step-key").getByRole("link").click();
    await page.getByTestId("issue-first-key").click();
    await page.getByTestId("key-name").fill("Ada's laptop");
    await page.getByTestId("limits.usd.day").fill("not a number");
    await page.getByTestId("save-key").click();
    await expect(page.getByTestId("limits.usd.day")).toHaveAttribute("aria-invalid", "true");
    await page.getByTestId("limits.usd.day").fill("2.50");
    await page.getByTestId("save-key").click();

    await expect(page.getByTestId("issued-dialog")).toBeVisible();
    secret = (await page.getByTestId("secret").innerText()).trim();
    expect(secret).toMatch(/^cw_\w{20,}$/);
    await page.keyboard.press("Escape");
    await expect(page.getByTestId("issued-dialog"), "the secret is not lost by accident").toBeVisible();
    await page.getByTestId("copy-secret").click();
    await expect(page.getByTestId("copy-secret")).toHaveAttribute("data-copied", "true");
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret);
});

test("the set-up page has the key filled in and waits for its first request", async ({ installation }) => {
    await page.getByTestId("connect-key").click();
    await expect(page.getByTestId("connect-command")).toContainText(installation.url);
    await expect(page.getByTestId("connect-command")).toContainText(secret);
    await expect(page.getByTestId("first-request")).toHaveAttribute("data-state", "waiting");
});

test("a request made with that key turns the page green", async ({ installation, simulator }) => {
    const { anthropic } = client(installation.url, secret);
    const stream = anthropic.messages.stream({ ...ask(), ...script("tag=journey,shape=text") });
    const message = await stream.finalMessage();
    expect(message.content[0]).toMatchObject({ type: "text" });

    await expect(page.getByTestId("first-request")).toHaveAttribute("data-state", "arrived");
    const [entry] = (await simulator.ledger({ tag: "journey" })).entries;
    const exact = cost(MODEL, entry!.billed);
    await page.getByRole("link", { name: "Requests", exact: true }).click();
    charged = (await page.getByTestId("request-cost").getAttribute("title")) ?? "";
    expect(nanos(charged.replace("$", ""))).toBe(exact);
});

test("the request is in the log with its tokens, and on the dashboard with its dollars", async ({ simulator }) => {
    const [entry] = (await simulator.ledger({ tag: "journey" })).entries;
    await page.getByTestId("request-details").click();
    const details = page.getByTestId("request-dialog");
    await expect(details.getByTestId("detail-cost")).toHaveText(charged);
    await expect(details.getByTestId("tokens-input")).toHaveText(grouped(entry!.billed.input));
    await expect(details.getByTestId("tokens-output")).toHaveText(grouped(entry!.billed.output));
    await expect(details).toContainText(entry!.request_id);
    await page.keyboard.press("Escape");

    await page.getByRole("link", { name: "Dashboard" }).click();
    await expect(page.getByTestId("figure-requests")).toHaveText("1");
    await expect(page.getByTestId("figure-cost")).toHaveAttribute("title", charged);
    await expect(page.getByTestId("per-model")).toContainText(MODEL);
    await expect(page.getByTestId("per-key")).toContainText("Ada's laptop");
    await expect(page.getByTestId("per-account")).toContainText("Simulated");
    await page.getByRole("link", { name: "API keys" }).click();
    await expect(page.getByTestId("key")).toContainText("of $2.50");
});

test("the set-up link is dead the second time", async () => {
    await page.goto(link);
    await expect(page.getByText("Set-up is already done")).toBeVisible();
    await expect(page.getByTestId("finish-setup")).toHaveCount(0);
    const again = await page.request.post("/admin/v1/setup", {
        data: { ...OWNER, email: "eve@example.com", token: new URL(link).searchParams.get("token") },
    });
    expect(again.status()).toBeGreaterThanOrEqual(400);
    expect(again.status()).toBeLessThan(500);
});

test("who signs out is asked for the password, and a wrong one is refused in words", async () => {
    await page.goto("/web/keys");
    await page.getByTestId("profile").click();
    await page.getByTestId("sign-out").click();
    await expect(page).toHaveURL(/\/web\/sign-in/);
    await page.goto("/web/keys");
    await expect(page, "signed out here means signed out on the server").toHaveURL(/\/web\/sign-in\?next=/);

    await page.getByTestId("email").fill(OWNER.email);
    await page.getByTestId("password").fill("incorrect horse");
    await page.getByTestId("sign-in").click();
    await expect(page.getByTestId("form-error")).toHaveText("E-mail address and password do not match.");
    await page.getByTestId("password").fill(OWNER.password);
    await page.getByTestId("sign-in").click();
    await expect(page, "sign-in leads to where one wanted to go").toHaveURL(/\/web\/keys$/);
    await page.reload();
    await expect(page.getByTestId("key"), "a reload does not sign out").toBeVisible();
});

test("a disabled key is refused with the next request, and works again when enabled", async ({ installation }) => {
    const { anthropic } = client(installation.url, secret);
    const row = page.getByTestId("key");
    await row.getByTestId("key-menu").click();
    await page.getByTestId("switch-key").click();
    await expect(row).toContainText("Disabled");
    await expect(anthropic.messages.create(ask())).rejects.toMatchObject({ status: 401 });

    await row.getByTestId("key-menu").click();
    await page.getByTestId("switch-key").click();
    await expect(row).toContainText("Active");
    expect((await anthropic.messages.create(ask())).stop_reason).toBeTruthy();
});

/** As the pages write counts. */
function grouped(n: number): string {
    return n.toLocaleString("en-US");
}

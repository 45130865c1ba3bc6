// The operator: an organisation suspended and served again with its traffic, announcements that reach people, and an
// organisation entered in sight of its people.

import type { Page } from "@playwright/test";

import { OWNER } from "../support/admin.ts";
import { ask, client } from "../support/client.ts";
import { signIn } from "../support/pages.ts";
import { expect, test } from "../support/test.ts";

/** The person who owns the second organisation. */
const RIVAL = { name: "Grace Hopper", email: "grace@rivals.example", password: "correct horse battery staple" };

/** Signs another browser in as somebody else. */
async function signInAs(page: Page, url: string, email: string, password: string): Promise<void> {
    await page.goto(`${url}/web/sign-in`);
    await page.getByTestId("email").fill(email);
    await page.getByTestId("password").fill(password);
    await page.getByTestId("sign-in").click();
    await page.getByTestId("profile").waitFor({ state: "attached" });
}

test.beforeEach(async ({ page, admin, installation }) => {
    await admin.get("/me");
    await signIn(page, installation.url);
});

test("a suspended organisation is refused within two seconds by every instance, says why, and is served again", async ({ page, admin, account, installation }) => {
    test.setTimeout(60_000);
    const { secret } = await admin.issue("Before the suspension", { account_id: account });
    const second = await installation.secondInstance();
    const clients = [installation.url, second.url].map((url) => client(url, secret, 0).anthropic);
    for (const anthropic of clients) await anthropic.messages.create(ask());
    // One stream on each is under way when it happens: it would go on for a minute.
    const streams = clients.map(async (anthropic) => {
        for await (const _ of await anthropic.messages.create({ ...ask(), max_tokens: 2000, stream: true, metadata: { user_id: "sim:events=600,interval=100" } })) {
            // Read on.
        }
    });
    const ended = Promise.allSettled(streams);

    await page.goto("/web/operator/organizations");
    await page.getByTestId("tenant").getByRole("link", { name: OWNER.organization }).click();
    await page.getByTestId("suspend").click();
    await page.getByTestId("suspend-reason").fill("Invoice 7 is unpaid");
    await page.getByTestId("confirm-suspend").click();
    await expect(page.getByTestId("reactivate")).toBeVisible();
    const begun = Date.now();
    await expect(async () => {
        for (const anthropic of clients) await expect(anthropic.messages.create(ask())).rejects.toThrow(/suspended/);
    }).toPass({ timeout: 2_000 });
    for (const outcome of await ended) expect(outcome.status, "a stream that was under way has ended too").toBe("rejected");
    expect(Date.now() - begun).toBeLessThan(10_000);
    await second.server.stop();

    // Whoever opens a page is told why, and can only read.
    await page.goto("/web/keys");
    await expect(page.getByTestId("suspended")).toContainText("Invoice 7 is unpaid");
    await expect(page.getByTestId("issue-key")).toHaveCount(0);

    await page.goto("/web/operator/organizations");
    await page.getByTestId("tenant").getByRole("link", { name: OWNER.organization }).click();
    await page.getByTestId("reactivate").click();
    await expect(page.getByTestId("suspend")).toBeVisible();
    await clients[0]?.messages.create(ask());
});

test("an operator withdraws and confirms an organisation's e-mail domain", async ({ page, admin }) => {
    await admin.post("/sso/domains", { domain: "bridges.example" });
    await page.goto("/web/operator/organizations");
    await page.getByTestId("tenant").getByRole("link", { name: OWNER.organization }).click();
    const domain = page.getByTestId("tenant-domain").filter({ hasText: "bridges.example" });
    // The owner of the first organisation is the operator, whose own domains need nobody's word.
    await expect(domain).toContainText("Confirmed");
    await domain.getByTestId("decide-domain").click();
    await expect(domain).toContainText("Waiting for the operator");
    await domain.getByTestId("decide-domain").click();
    await expect(domain).toContainText("Confirmed");
    await expect(page.getByTestId("toasts")).toContainText("bridges.example");
});

test("what an operator announces stands above every page until it is dismissed or taken back", async ({ page }) => {
    await page.goto("/web/operator/announcements");
    await page.getByTestId("announce").click();
    await page.getByTestId("send-announcement").click();
    await expect(page.getByText("must have a text, unless text_zh does")).toBeVisible();
    await page.getByTestId("announce-en").fill("Maintenance on Sunday");
    await page.getByTestId("announce-level").selectOption("warning");
    await page.getByTestId("send-announcement").click();
    await expect(page.getByTestId("announcement-row").filter({ hasText: "Maintenance on Sunday" })).toHaveCount(1);

    await page.goto("/web/usage");
    const banner = page.getByTestId("announcement").filter({ hasText: "Maintenance on Sunday" });
    await expect(banner).toBeVisible();
    await banner.getByTestId("dismiss").click();
    await expect(banner).toHaveCount(0);
    await page.reload();
    await page.getByTestId("profile").waitFor({ state: "attached" });
    await expect(banner).toHaveCount(0);

    await page.goto("/web/operator/announcements");
    await page.getByTestId("announcement-row").filter({ hasText: "Maintenance on Sunday" }).getByTestId("withdraw").click();
    await expect(page.getByTestId("announcement-row").filter({ hasText: "Maintenance on Sunday" })).toContainText("Taken back");
});

test("an operator makes an organisation, enters it, and its owner reads that in the audit log", async ({ page, browser, installation }) => {
    installation.createOwner("Rivals", RIVAL.name, RIVAL.email, RIVAL.password);
    await page.goto("/web/operator/organizations");
    await page.getByTestId("create-tenant").click();
    await page.getByTestId("create-name").fill("Motors");
    await page.getByTestId("create-owner").fill(RIVAL.email);
    await page.getByTestId("confirm-create").click();
    await expect(page.getByTestId("tenant").filter({ hasText: "Motors" })).toHaveCount(1);

    await page.goto("/web/operator/organizations");
    await page.getByTestId("tenant").getByRole("link", { name: "Motors" }).click();
    await page.getByTestId("enter").click();
    await page.getByTestId("enter-reason").fill("Ticket 4711");
    await page.getByTestId("confirm-enter").click();
    await expect(page.getByTestId("inside")).toContainText("Motors");
    await expect(page.getByTestId("inside")).toContainText("Ticket 4711");
    // A page that is opened anew is still inside; one only reads there.
    await page.goto("/web/accounts");
    await expect(page.getByTestId("inside")).toBeVisible();
    await expect(page.getByTestId("add-account")).toHaveCount(0);
    await page.getByTestId("leave").click();
    await expect(page.getByTestId("inside")).toHaveCount(0);

    // Of the two that are theirs the first by name.
    const theirs = await (await browser.newContext()).newPage();
    await signInAs(theirs, installation.url, RIVAL.email, RIVAL.password);
    await theirs.goto(`${installation.url}/web/audit?by=operator`);
    const line = theirs.getByTestId("audit-line").filter({ hasText: "operator.enter" });
    await expect(line).toContainText(OWNER.name);
    await line.getByTestId("audit-details").click();
    await expect(theirs.getByTestId("diff")).toContainText("Ticket 4711");
    await theirs.context().close();
});

test("a page that is not for one's role says who can change that", async ({ page, browser, installation }) => {
    await page.goto("/web/");
    const theirs = await (await browser.newContext()).newPage();
    await signInAs(theirs, installation.url, RIVAL.email, RIVAL.password);
    await theirs.goto(`${installation.url}/web/operator/people`);
    await expect(theirs.getByTestId("forbidden")).toBeVisible();
    await theirs.context().close();
});

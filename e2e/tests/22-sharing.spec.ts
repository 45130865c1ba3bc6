// Members who lend accounts of their own: somebody who is nobody here yet is asked for one, shares it, renews it, withdraws
// it, and sees nothing else; and what comes of an invitation that is declined, taken back or somebody else's.

import type { Page } from "@playwright/test";

import { Admin } from "../support/admin.ts";
import { ask, client } from "../support/client.ts";
import { type Person, accept, another } from "../support/member.ts";
import { signIn } from "../support/pages.ts";
import { oauthProvider } from "../support/simulator.ts";
import { expect, test } from "../support/test.ts";

const PROVIDER = "lock-and-weir";
const PASSWORD = "frequencies hop along";

interface Shared {
    id: string;
    name: string;
    contributed_by: string | null;
    identity: { email: string | null } | null;
}

test.beforeEach(async ({ page, admin, simulator, installation }) => {
    await admin.put(`/operator/providers/${PROVIDER}`, { enabled: true, client_id: "causeway-e2e", changes: oauthProvider(simulator.url) });
    await signIn(page, installation.url);
});

async function account(admin: Admin, name: string): Promise<Shared> {
    const { items } = await admin.get<{ items: Shared[] }>("/accounts?limit=200");
    const found = items.find((one) => one.name === name);
    if (!found) throw new Error(`there is no account ${name}`);
    return found;
}

/** Fills the form of an invitation in and sends it; the link to hand over. */
async function invite(page: Page, fields: Record<string, string>): Promise<string> {
    await page.goto("/web/accounts");
    await page.getByTestId("invite-to-share").click();
    for (const [field, value] of Object.entries(fields)) {
        const control = page.getByTestId(`share-${field}`);
        await (field === "provider" ? control.selectOption(value) : control.fill(value));
    }
    await page.getByTestId("send-share").click();
    return (await page.getByTestId("link-dialog").locator("code").innerText()).trim();
}

/** The invitation of somebody in the list beside the accounts. */
function invitation(page: Page, person: Person, provider: string) {
    return page.getByTestId("share").filter({ hasText: person.email }).filter({ hasText: provider });
}

/** Enters an API key as the credential, up to where it is handed over. */
async function enterKey(page: Page, key: string): Promise<void> {
    const ways = page.getByTestId("sign-in-ways").getByRole("radio", { name: /API key/ });
    await expect(page.getByTestId("account-api-key").or(ways).first()).toBeVisible();
    if (await ways.count()) await ways.check();
    await page.getByTestId("account-api-key").fill(key);
    await page.getByTestId("wizard-next").click();
}

/** Agrees at the issuer as one of its people; the wizard goes on by itself. */
async function authorise(page: Page, email: string): Promise<void> {
    await page.getByTestId("begin-authorization").click();
    const opened = page.context().waitForEvent("page");
    await page.getByTestId("open-issuer").click();
    const issuer = await opened;
    await issuer.getByRole("radio", { name: email }).check();
    await issuer.getByRole("button", { name: "Allow" }).click();
    await expect(issuer.locator("body")).toContainText(email);
    await issuer.close();
    await expect(page.getByTestId("identity"), "whose it is, before anything is sent").toContainText(email);
}

/** Goes through the last steps. */
async function handOver(page: Page, name: string, verb: "is there" | "is renewed"): Promise<void> {
    await page.getByTestId("save-account").click();
    await expect(page.getByTestId("account-made")).toContainText(`${name} ${verb}`);
    await expect(page.getByTestId("test-outcome")).toHaveAttribute("data-outcome", "ok");
    await page.getByTestId("wizard-done").click();
    await expect(own(page, name)).toBeVisible();
}

function own(page: Page, name: string) {
    return page.getByTestId("own-account").filter({ hasText: name });
}

async function relayed(admin: Admin, url: string, id: string): Promise<string> {
    const key = await admin.issue(`Through ${id}`, { account_id: id });
    const { _request_id: request } = await client(url, key.secret, 0).anthropic.messages.create(ask());
    expect((await admin.row(key.id, request)).status).toBe(200);
    return key.secret;
}

test("somebody new is invited by link, shares two accounts, and sees nothing but those", async ({ page, admin, browser, simulator, installation }) => {
    test.setTimeout(120_000);
    const hedy: Person = { name: "Hedy Lamarr", email: "hedy@example.com", password: PASSWORD };
    await simulator.oauthAccount("acct-hedy", hedy.email);
    const pool = await admin.post<{ id: string }>("/pools", { name: "Borrowed", account_ids: [] });

    await page.goto("/web/accounts");
    await page.getByTestId("invite-to-share").click();
    await page.getByTestId("share-provider").selectOption("anthropic-compatible");
    await expect(page.getByTestId("share-base-url"), "this provider has no address of its own").toBeVisible();
    await page.getByTestId("share-provider").selectOption(PROVIDER);
    await expect(page.getByTestId("share-base-url")).toHaveCount(0);
    await page.getByTestId("share-provider").selectOption("anthropic-compatible");
    await page.getByTestId("share-base-url").fill("ftp://nowhere");
    await page.getByTestId("share-email").fill(hedy.email);
    await page.getByTestId("share-name").fill("Hedy's key");
    await page.getByTestId("share-message").fill("For the research team, until March");
    await page.getByTestId("share-pools").getByLabel("Borrowed").check();
    await page.getByTestId("send-share").click();
    await expect(page.getByTestId("share-base-url")).toHaveAttribute("aria-invalid", "true");
    await page.getByTestId("share-base-url").fill(simulator.url);
    await page.screenshot({ path: "test-results/share-invite.png" });
    await page.getByTestId("send-share").click();
    const link = (await page.getByTestId("one-time-link").innerText()).trim();
    expect(link).toContain("/web/accept#");
    await page.getByTestId("link-done").click();
    const row = invitation(page, hedy, "Anthropic-compatible");
    await expect(row).toContainText("Waiting");
    await expect(row).toContainText("not a member yet");
    await expect(row.getByTestId("copy-share-link"), "it can be copied as long as the page is open").toBeVisible();
    await expect(page.getByTestId("account").filter({ hasText: "Hedy's key" })).toHaveCount(0);

    const theirs = await another(browser, installation.url);
    await theirs.page.goto(link);
    await expect(theirs.page.getByText("To Stepping Stones, as Contributor.")).toBeVisible();
    await accept(theirs.page, link, hedy);
    await expect(theirs.page.getByRole("heading", { level: 1 }), "who may see nothing else starts here").toHaveText("Shared accounts");
    await expect(theirs.page).toHaveURL(/\/web\/share$/);
    await expect(theirs.page.getByRole("navigation").getByRole("link")).toHaveText(["Shared accounts"]);
    const asked = theirs.page.getByTestId("own-invitation");
    await expect(asked).toContainText("Ada Lovelace asks you to share an account at Anthropic-compatible");
    await expect(asked).toContainText("For the research team, until March");
    await expect(asked).toContainText("Hedy's key");
    await expect(asked).not.toContainText("Borrowed");

    await asked.getByTestId("follow-invitation").click();
    await expect(theirs.page.getByTestId("fixed-address")).toHaveText(simulator.url);
    await expect(theirs.page.getByTestId("account-base-url"), "whoever invites says where it goes").toHaveCount(0);
    await enterKey(theirs.page, "sk-sim-hedy");
    await expect(theirs.page.getByTestId("hand-over")).toContainText("Hedy's key");
    await expect(theirs.page.getByTestId("account-name"), "it has a name").toHaveCount(0);
    await theirs.page.screenshot({ path: "test-results/share-confirm.png" });
    await handOver(theirs.page, "Hedy's key", "is there");
    await expect(asked).toHaveCount(0);
    const first = await account(admin, "Hedy's key");
    await relayed(admin, installation.url, first.id);
    const members = await admin.get<{ members: { account_id: string }[] }>(`/pools/${pool.id}`);
    expect(members.members.map((member) => member.account_id)).toEqual([first.id]);

    // A second one: they are a member by now, so that the link leads straight to the invitation.
    const second = await invite(page, { email: hedy.email, provider: PROVIDER });
    expect(second).toContain("/web/share?invitation=");
    await page.getByTestId("link-done").click();
    await theirs.page.goto(second);
    await theirs.page.getByTestId("sign-in-ways").getByRole("radio", { name: /Authorisation in the browser/ }).check();
    await expect(theirs.page.getByTestId("provider-notice")).toContainText("the team pays for");
    await theirs.page.getByTestId("redirects").getByRole("radio", { name: /By itself/ }).check();
    await authorise(theirs.page, hedy.email);
    await theirs.page.getByTestId("wizard-next").click();
    await expect(theirs.page.getByTestId("account-name")).toHaveValue("Stream and Weir, Hedy Lamarr");
    await theirs.page.getByTestId("account-name").fill("Hedy's subscription");
    await handOver(theirs.page, "Hedy's subscription", "is there");
    await expect(own(theirs.page, "Hedy's subscription")).toContainText(hedy.email);
    await expect(theirs.page.getByTestId("own-account")).toHaveCount(2);
    await theirs.page.screenshot({ path: "test-results/share-own.png", fullPage: true });
    await relayed(admin, installation.url, (await account(admin, "Hedy's subscription")).id);

    await page.goto("/web/accounts");
    await expect(page.getByTestId("account").filter({ hasText: "Hedy's key" }).getByTestId("shared-by")).toHaveText("Shared by Hedy Lamarr");
    await expect(invitation(page, hedy, "Anthropic-compatible")).toContainText("Shared");
    await page.screenshot({ path: "test-results/share-admin.png", fullPage: true });

    for (const path of ["/web/accounts", "/web/keys", "/web/members", "/web/usage", "/web/settings"]) {
        await theirs.page.goto(path);
        await expect(theirs.page.getByTestId("forbidden"), path).toBeVisible();
    }
    await expect(theirs.page.getByTestId("forbidden")).toContainText("you are Contributor");
    await theirs.page.getByRole("link", { name: "To the shared accounts" }).click();
    await expect(theirs.page.getByTestId("own-account")).toHaveCount(2);
    const session = await Admin.signIn(installation.url, hedy);
    for (const path of ["/accounts", "/keys", "/members", "/pools", "/usage/summary", `/accounts/${first.id}`]) {
        await expect(session.get(path), path).rejects.toThrow("403");
    }
    expect((await session.get<Shared[]>("/me/accounts")).map((one) => one.name).sort()).toEqual(["Hedy's key", "Hedy's subscription"]);
    expect(theirs.complaints).toEqual([]);
    await theirs.page.context().close();
});

test("whoever shares an account is reminded, renews it as the same person only, and withdraws it", async ({ page, admin, browser, simulator, installation }) => {
    test.setTimeout(120_000);
    const sophie: Person = { name: "Sophie Wilson", email: "sophie@example.com", password: PASSWORD };
    await simulator.oauthAccount("acct-sophie", sophie.email);
    await simulator.oauthAccount("acct-somebody", "somebody@example.com");
    const theirs = await another(browser, installation.url);
    const link = await invite(page, { email: sophie.email, provider: PROVIDER, name: "Spanning tree" });
    await accept(theirs.page, link, sophie);
    await theirs.page.getByTestId("follow-invitation").click();
    await theirs.page.getByTestId("sign-in-ways").getByRole("radio", { name: /Authorisation in the browser/ }).check();
    await theirs.page.getByTestId("redirects").getByRole("radio", { name: /By itself/ }).check();
    await authorise(theirs.page, sophie.email);
    await theirs.page.getByTestId("wizard-next").click();
    await handOver(theirs.page, "Spanning tree", "is there");
    const { id } = await account(admin, "Spanning tree");

    // No mail is sent here, so the administrator is shown what to hand over.
    await page.goto("/web/accounts");
    const row = page.getByTestId("account").filter({ hasText: "Spanning tree" });
    await row.getByTestId("account-menu").click();
    await page.getByTestId("remind-account").and(page.locator(":visible")).click();
    await expect(page.getByTestId("link-dialog")).toContainText("Sophie Wilson");
    const renewal = (await page.getByTestId("handed-link").innerText()).trim();
    expect(renewal).toContain(`/web/share?renew=${id}`);
    await page.getByTestId("link-done").click();
    await page.goto(`/web/accounts/${id}`);
    await expect(page.getByTestId("shared-by")).toHaveText("Shared by Sophie Wilson");
    await page.getByTestId("remind-account").click();
    await expect(page.getByTestId("handed-link")).toHaveText(renewal);

    await theirs.page.goto(renewal);
    await expect(theirs.page.getByRole("heading", { level: 1 })).toHaveText("Renew an account");
    await expect(theirs.page.getByTestId("sign-in-ways").getByRole("radio", { name: /API key/ }), "as it signed in before").toHaveCount(0);
    await theirs.page.getByTestId("redirects").getByRole("radio", { name: /By itself/ }).check();
    await authorise(theirs.page, "somebody@example.com");
    await expect(theirs.page.getByTestId("another-account")).toContainText("cannot take its place");
    await expect(theirs.page.getByTestId("wizard-next")).toHaveCount(0);
    await theirs.page.screenshot({ path: "test-results/share-stranger.png", fullPage: true });
    await theirs.page.goto(renewal);
    await theirs.page.getByTestId("redirects").getByRole("radio", { name: /By itself/ }).check();
    await authorise(theirs.page, sophie.email);
    await theirs.page.getByTestId("wizard-next").click();
    await expect(theirs.page.getByTestId("account-name")).toHaveCount(0);
    await handOver(theirs.page, "Spanning tree", "is renewed");
    const key = await relayed(admin, installation.url, id);

    await own(theirs.page, "Spanning tree").getByTestId("test-own").click();
    await expect(theirs.page.getByTestId("test-outcome")).toHaveAttribute("data-outcome", "ok");
    await theirs.page.getByTestId("close-test").click();
    await own(theirs.page, "Spanning tree").getByTestId("withdraw-own").click();
    await expect(theirs.page.getByTestId("confirm").and(theirs.page.locator(":visible"))).toContainText("The credential is erased at once, and requests stop using the account.");
    await theirs.page.getByTestId("confirm-action").and(theirs.page.locator(":visible")).click();
    await expect(theirs.page.getByTestId("empty-state")).toContainText("You share no account");
    await expect(client(installation.url, key, 0).anthropic.messages.create(ask()), "nothing goes there any more").rejects.toThrow();
    await page.goto("/web/accounts");
    await expect(page.getByTestId("shares")).toContainText("Spanning tree");
    await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
    await expect(row).toHaveCount(0);
    await theirs.page.goto(renewal);
    await expect(theirs.page.getByTestId("no-such-share")).toContainText("You have no such account");
    expect(theirs.complaints).toEqual([]);
    await theirs.page.context().close();
});

test("an invitation is declined, another taken back, and a third is for somebody else", async ({ page, admin, browser, installation }) => {
    const mary: Person = { name: "Mary Kenneth Keller", email: "mary@example.com", password: PASSWORD };
    const theirs = await another(browser, installation.url);
    await accept(theirs.page, await invite(page, { email: mary.email, provider: PROVIDER }), mary);
    await theirs.page.getByTestId("decline-invitation").click();
    await theirs.page.getByTestId("confirm-action").and(theirs.page.locator(":visible")).click();
    await expect(theirs.page.getByTestId("empty-state")).toContainText("You share no account");
    await page.goto("/web/accounts");
    const row = invitation(page, mary, "Stream and Weir");
    await expect(row).toContainText("Declined");
    await expect(row.getByTestId("remind-share"), "nothing comes of it any more").toHaveCount(0);

    const link = await invite(page, { email: mary.email, provider: PROVIDER, name: "Second thoughts" });
    await page.getByTestId("link-done").click();
    const second = row.filter({ hasText: "Second thoughts" });
    await second.getByTestId("remind-share").click();
    await expect(page.getByTestId("handed-link"), "it leads to the same invitation").toHaveText(link);
    await page.getByTestId("link-done").click();
    await theirs.page.goto(link);
    await expect(theirs.page.getByRole("heading", { level: 1 })).toHaveText("Share an account");
    await second.getByTestId("revoke-share").click();
    await page.getByTestId("confirm-action").and(page.locator(":visible")).click();
    await expect(second).toContainText("Revoked");
    await theirs.page.goto(link);
    await expect(theirs.page.getByTestId("no-such-share")).toContainText("This invitation is not open");
    await expect(theirs.page.getByTestId("no-such-share")).toContainText(mary.email);
    await theirs.page.getByRole("link", { name: "To the shared accounts" }).click();
    await expect(theirs.page.getByTestId("empty-state")).toBeVisible();

    const third = await invite(page, { email: mary.email, provider: PROVIDER });
    await page.goto(third);
    await expect(page.getByTestId("no-such-share"), "the owner is not the one who was asked").toBeVisible();
    const { items } = await admin.get<{ items: { action: string }[] }>("/audit");
    expect(items.map((line) => line.action)).toEqual(expect.arrayContaining(["share.create", "share.decline", "share.revoke"]));
    expect(theirs.complaints).toEqual([]);
    await theirs.page.context().close();
});

test("whoever was invited and has not come in yet cannot use a link that was taken back", async ({ page, browser, installation }) => {
    const person: Person = { name: "Nobody", email: "nobody@example.com", password: PASSWORD };
    const link = await invite(page, { email: person.email, provider: PROVIDER });
    await page.getByTestId("link-done").click();
    await invitation(page, person, "Stream and Weir").getByTestId("revoke-share").click();
    await page.getByTestId("confirm-action").and(page.locator(":visible")).click();
    await expect(invitation(page, person, "Stream and Weir")).toContainText("Revoked");
    const theirs = await another(browser, installation.url);
    await theirs.page.goto(link);
    await expect(theirs.page.getByTestId("bad-link")).toBeVisible();
    await theirs.page.context().close();
});

test("the role is given on the page of members, and not by a link that anybody may use", async ({ page, admin, browser, installation }) => {
    const lynn: Person = { name: "Lynn Conway", email: "lynn@example.com", password: PASSWORD };
    const theirs = await another(browser, installation.url);
    await accept(theirs.page, await invite(page, { email: lynn.email, provider: PROVIDER, message: "Your subscription, please" }), lynn);
    await page.goto("/web/members");
    const row = page.getByTestId("member").filter({ hasText: lynn.email });
    await expect(row).toContainText("Contributor");
    await row.getByTestId("member-menu").click();
    await row.getByTestId("change-role").click();
    const roles = page.getByTestId("role");
    await expect(roles).toContainText("Shares accounts of their own and sees only those.");
    await roles.getByText("Viewer", { exact: true }).click();
    await page.getByTestId("save-role").click();
    await expect(row).toContainText("Viewer");
    await theirs.page.goto("/web/");
    await expect(theirs.page.getByRole("heading", { level: 1 }), "whoever may see more starts where everybody does").toHaveText("Dashboard");
    await theirs.page.getByRole("link", { name: "Shared accounts" }).click();
    await expect(theirs.page.getByTestId("own-invitation")).toContainText("Your subscription, please");

    await theirs.page.setViewportSize({ width: 390, height: 844 });
    await theirs.page.evaluate(() => localStorage.setItem("causeway.language", "zh"));
    await theirs.page.reload();
    await expect(theirs.page.getByRole("heading", { level: 1 })).toHaveText("共享账户");
    await expect(theirs.page.getByTestId("own-invitation")).toContainText("请您共享");
    expect(await theirs.page.evaluate(() => document.documentElement.scrollWidth), "on a phone").toBeLessThanOrEqual(390);
    await theirs.page.screenshot({ path: "test-results/share-phone-zh.png", fullPage: true });
    await theirs.page.getByTestId("follow-invitation").click();
    await expect(theirs.page.getByTestId("steps")).toBeVisible();
    expect(await theirs.page.evaluate(() => document.documentElement.scrollWidth), "on a phone").toBeLessThanOrEqual(390);
    await theirs.page.screenshot({ path: "test-results/share-wizard-zh.png", fullPage: true });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto("/web/accounts");
    await expect(invitation(page, lynn, "Stream and Weir")).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth), "on a phone").toBeLessThanOrEqual(390);
    await page.screenshot({ path: "test-results/share-admin-phone.png", fullPage: true });

    await admin.patch("/organization/sign-in", { registration: "approval" });
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto("/web/members");
    await page.getByTestId("open-link").click();
    await expect(page.getByTestId("link-role").getByRole("radio")).toHaveCount(2);
    expect(theirs.complaints).toEqual([]);
    await theirs.page.context().close();
});

// Adding accounts as people do: with a key, with a service account's file, and by consent at the issuer, in all three ways
// back; each until a request has gone through the account. And what must be refused on the way.

import type { Page } from "@playwright/test";

import { Admin } from "../support/admin.ts";
import { ask, client } from "../support/client.ts";
import { signIn } from "../support/pages.ts";
import { oauthProvider } from "../support/simulator.ts";
import { expect, test } from "../support/test.ts";

const PROVIDER = "stream-and-weir";
const OTHERS = { organization: "Downriver", name: "Grace Hopper", email: "grace@downriver.example", password: "another battery staple horse" };

test.beforeAll(async ({ admin, simulator }) => {
    await admin.put(`/operator/providers/${PROVIDER}`, { enabled: true, client_id: "causeway-e2e", changes: oauthProvider(simulator.url) });
    await simulator.oauthTerms({ device_interval: 1 });
});

test.beforeEach(async ({ page, installation }) => {
    await signIn(page, installation.url);
});

/** Chooses a provider in the wizard. */
async function choose(page: Page, provider: string): Promise<void> {
    await page.goto("/web/accounts");
    await page.getByTestId("add-account").or(page.getByTestId("add-first-account")).first().click();
    await page.locator(`[data-testid=provider-option][data-provider="${provider}"]`).click();
    await page.getByTestId("wizard-next").click();
}

/** Begins an authorisation: the way, and for codes the way back. */
async function begin(page: Page, way: RegExp, back?: RegExp): Promise<void> {
    await choose(page, PROVIDER);
    await page.getByTestId("sign-in-ways").getByRole("radio", { name: way }).check();
    if (back) await page.getByTestId("redirects").getByRole("radio", { name: back }).check();
    await page.getByTestId("begin-authorization").click();
    await expect(page.getByTestId("authorise")).toHaveAttribute("data-status", "pending");
    await expect(page.getByTestId("authorization-left")).toHaveText(/Expires in \d+:\d\d/);
}

/** The issuer's page in a window of its own, opened by a link of the wizard. */
async function issuer(page: Page, link: string): Promise<Page> {
    const opened = page.context().waitForEvent("page");
    await page.getByTestId(link).click();
    return opened;
}

/** Agrees, or does not, as one of the issuer's people. */
async function decide(window: Page, email: string, decision: "Allow" | "Deny" = "Allow"): Promise<void> {
    await window.getByRole("radio", { name: email }).check();
    await window.getByRole("button", { name: decision }).click();
}

/** The address that the wizard's button copies. */
async function link(page: Page): Promise<string> {
    return (await page.getByTestId("open-issuer").getAttribute("href")) ?? "";
}

/** What the issuer's own page shows to be pasted, in a browser that knows nothing of ours. */
async function agreed(page: Page, address: string, email: string): Promise<string> {
    const context = await page.context().browser()!.newContext();
    const window = await context.newPage();
    await window.goto(address);
    await decide(window, email);
    const shown = await window.locator("#code").innerText();
    await context.close();
    return shown;
}

/** Names and saves what was authorised or typed, looks at the test, and sends a request through the account. */
async function saved(page: Page, admin: Admin, url: string, name: string): Promise<void> {
    await page.getByTestId("wizard-next").click();
    await page.getByTestId("account-name").fill(name);
    await page.getByTestId("save-account").click();
    await expect(page.getByTestId("account-made")).toContainText(`${name} is there`);
    await expect(page.getByTestId("test-outcome")).toBeVisible();
    await relayed(admin, url, name);
}

interface Added {
    id: string;
    name: string;
    owner_id: string | null;
    credential_kind: string;
    identity: { email: string | null } | null;
}

async function account(admin: Admin, name: string): Promise<Added> {
    const { items } = await admin.get<{ items: Added[] }>("/accounts?limit=200");
    const found = items.find((one) => one.name === name);
    if (!found) throw new Error(`there is no account ${name}`);
    return found;
}

async function relayed(admin: Admin, url: string, name: string): Promise<void> {
    const { id } = await account(admin, name);
    const key = await admin.issue(`Through ${name}`, { account_id: id });
    const { _request_id: request } = await client(url, key.secret, 0).anthropic.messages.create(ask());
    expect((await admin.row(key.id, request)).status).toBe(200);
}

test("code and PKCE: the browser comes back by itself, and the wizard goes on", async ({ page, admin, installation }) => {
    await begin(page, /Authorisation in the browser/, /By itself/);
    await expect(page.getByTestId("provider-notice")).toContainText("the team pays for");
    await expect(page.getByTestId("private-window")).toBeVisible();
    const window = await issuer(page, "open-issuer");
    await decide(window, "grace@example.com");
    await expect(window.locator("body")).toContainText("grace@example.com");
    await window.close();
    await expect(page.getByTestId("identity"), "whose it is, before anything is saved").toContainText("grace@example.com");
    await expect(page.getByTestId("test-outcome")).toHaveCount(0);
    await saved(page, admin, installation.url, "Grace by callback");
    await expect(page.getByTestId("test-outcome")).toHaveAttribute("data-outcome", "ok");
    expect((await account(admin, "Grace by callback")).identity?.email).toBe("grace@example.com");

    await page.getByTestId("wizard-done").click();
    const row = page.getByTestId("account").filter({ hasText: "Grace by callback" });
    await expect(row.getByTestId("account-email")).toHaveText("grace@example.com");
});

test("code and PKCE: a pasted code goes on, but not with another state, and not twice", async ({ page, admin, installation }) => {
    await begin(page, /Authorisation in the browser/, /By a code/);
    const shown = await agreed(page, await link(page), "ada@example.com");
    const [code, state] = shown.split("#");
    await page.getByTestId("pasted-code").fill(`${code}#${state!.slice(0, -4)}AAAA`);
    await page.getByTestId("submit-code").click();
    await expect(page.getByTestId("pasted-code")).toHaveAttribute("aria-invalid", "true");
    await expect(page.getByTestId("authorise")).toContainText("state");
    await expect(page.getByTestId("authorise"), "nothing is lost by it").toHaveAttribute("data-status", "pending");
    await page.getByTestId("pasted-code").fill(shown);
    await page.getByTestId("submit-code").click();
    await expect(page.getByTestId("identity")).toContainText("ada@example.com");
    await saved(page, admin, installation.url, "Ada by code");

    await begin(page, /Authorisation in the browser/, /By a code/);
    await page.getByTestId("pasted-code").fill(shown);
    await page.getByTestId("submit-code").click();
    await expect(page.getByTestId("pasted-code"), "a code that was used").toHaveAttribute("aria-invalid", "true");
    await page.getByTestId("cancel-authorization").click();
    await expect(page.getByTestId("authorise")).not.toHaveAttribute("data-status");
});

test("code and PKCE: the address bar of a page that does not load is as good; an account that is there already is renewed", async ({ page, admin }) => {
    await begin(page, /Authorisation in the browser/, /By the address bar/);
    const context = await page.context().browser()!.newContext();
    const window = await context.newPage();
    await window.goto(await link(page));
    const ended = window.waitForRequest(/^http:\/\/(localhost|127\.0\.0\.1):54545\//);
    await decide(window, "ada@example.com").catch(() => {});
    const address = (await ended).url();
    await context.close();
    await page.getByTestId("pasted-code").fill(address);
    await page.getByTestId("submit-code").click();
    await expect(page.getByTestId("known-account")).toContainText("Ada by code");
    await page.getByTestId("wizard-next").click();
    await expect(page.getByTestId("account-name"), "its name stays").toHaveCount(0);
    await page.getByTestId("save-account").click();
    await expect(page.getByTestId("account-made")).toContainText("Ada by code is there");
    const { items } = await admin.get<{ items: Added[] }>("/accounts?limit=200");
    expect(items.filter((one) => one.identity?.email === "ada@example.com")).toHaveLength(1);
});

test("who does not agree is told so in the issuer's own words, and can begin again", async ({ page }) => {
    await begin(page, /Authorisation in the browser/, /By itself/);
    const window = await issuer(page, "open-issuer");
    await decide(window, "ada@example.com", "Deny");
    await expect(page.getByTestId("issuer-message")).toHaveText("The owner of the account did not agree.");
    await expect(page.getByTestId("authorization-over")).toContainText("access_denied");
    await window.close();
    await page.getByTestId("begin-authorization").click();
    await expect(page.getByTestId("authorise")).toHaveAttribute("data-status", "pending");
});

test("the code of another organisation's authorisation is worth nothing here", async ({ page, admin, installation }) => {
    installation.createOwner(OTHERS.organization, OTHERS.name, OTHERS.email, OTHERS.password);
    const theirs = await Admin.signIn(installation.url, OTHERS);
    const begun = await theirs.post<{ id: string; url: string }>("/accounts/authorizations", { provider: PROVIDER, auth: "oauth_code", redirect: "page" });
    const shown = await agreed(page, begun.url, "grace@example.com");
    await begin(page, /Authorisation in the browser/, /By a code/);
    await page.getByTestId("pasted-code").fill(shown);
    await page.getByTestId("submit-code").click();
    await expect(page.getByTestId("pasted-code")).toHaveAttribute("aria-invalid", "true");
    await expect(admin.post(`/accounts/authorizations/${begun.id}/code`, { code: shown })).rejects.toThrow("404");
    // It is theirs, and still good for them.
    const ended = await theirs.post<{ status: string }>(`/accounts/authorizations/${begun.id}/code`, { code: shown });
    expect(ended.status).toBe("authorized");
});

test("device code: the wizard notices by itself that the code was typed in", async ({ page, admin, simulator, installation }) => {
    await simulator.oauthAccount("acct-joan", "joan@example.com");
    await begin(page, /Device code/);
    const code = await page.getByTestId("user-code").innerText();
    expect(code).toMatch(/^[A-Z]{4}-[A-Z]{4}$/);
    await expect(page.getByTestId("verification-uri")).toHaveText(`${simulator.url}/oauth/activate`);
    const window = await issuer(page, "open-verification");
    await expect(window.getByLabel("Code shown by the device")).toHaveValue(code);
    await decide(window, "joan@example.com");
    await expect(window.locator("body")).toContainText("The device is connected");
    await window.close();
    await expect(page.getByTestId("identity")).toContainText("joan@example.com");
    await saved(page, admin, installation.url, "Joan by device");
});

test("device code: a refusal at the issuer reaches the wizard", async ({ page }) => {
    await begin(page, /Device code/);
    const window = await issuer(page, "open-verification");
    await decide(window, "grace@example.com", "Deny");
    await expect(window.locator("body")).toContainText("The device was not connected");
    await window.close();
    await expect(page.getByTestId("issuer-message")).toContainText("The owner of the account did not agree.");
});

test("a service account's file says whose it is, and requests go through it", async ({ page, admin, simulator, installation }) => {
    const file = await simulator.serviceAccount("quarry");
    const { client_email: email } = JSON.parse(file) as { client_email: string };
    await choose(page, "vertex");
    await page.getByTestId("sign-in-ways").getByRole("radio", { name: /Service account/ }).check();
    await expect(page.getByLabel("Location")).toBeVisible();
    await page.getByTestId("account-key-file").setInputFiles({ name: "key.json", mimeType: "application/json", buffer: Buffer.from(file) });
    await expect(page.getByTestId("key-file-says")).toContainText(email);
    await page.getByText("Another address").click();
    await page.getByTestId("account-base-url").fill(`${simulator.url}/v1/projects/quarry/locations/europe-west1`);
    await saved(page, admin, installation.url, "Quarry");
    expect((await account(admin, "Quarry")).credential_kind).toBe("service_account");
});

test("a place of the provider's address that does not fit is refused at its field", async ({ page }) => {
    await choose(page, "azure-openai");
    await page.getByTestId("account-api-key").fill("sk-azure");
    await page.getByLabel("Resource").fill("our resource");
    await page.getByTestId("wizard-next").click();
    await page.getByTestId("account-name").fill("Azure");
    await page.getByTestId("save-account").click();
    await expect(page.getByLabel("Resource")).toHaveAttribute("aria-invalid", "true");
    await expect(page.getByLabel("Resource"), "nothing that was typed is lost").toHaveValue("our resource");
    await page.getByTestId("wizard-next").click();
    await expect(page.getByTestId("account-name")).toHaveValue("Azure");
});

test("an API key: its header, the pool it goes into and whom to remind", async ({ page, admin, simulator, installation }) => {
    const pool = await admin.post<{ id: string }>("/pools", { name: "Mill race", account_ids: [] });
    await choose(page, "anthropic-compatible");
    await page.getByTestId("sign-in-ways").getByRole("radio", { name: /API key/ }).check();
    await page.getByTestId("account-api-key").fill("sk-sim-onboarded");
    await page.getByTestId("account-header").selectOption({ label: "Authorization: Bearer …" });
    await page.getByTestId("account-base-url").fill(simulator.url);
    await page.getByTestId("wizard-next").click();
    await page.getByTestId("account-pools").getByLabel("Mill race").check();
    await page.getByTestId("wizard-back").click();
    await expect(page.getByTestId("account-api-key")).toHaveValue("sk-sim-onboarded");
    await saved(page, admin, installation.url, "Mill");
    await expect(page.getByTestId("test-outcome")).toHaveAttribute("data-outcome", "ok");
    const { id, owner_id: owner } = await account(admin, "Mill");
    expect(owner, "whoever adds it is reminded").toBeTruthy();
    const found = await admin.get<{ members: { account_id: string }[] }>(`/pools/${pool.id}`);
    expect(found.members.map((member) => member.account_id)).toEqual([id]);
    const { entries } = await simulator.ledger();
    expect(entries.some(({ headers }) => headers.some(([name]) => name.toLowerCase() === "authorization"))).toBe(true);
});

test("a provider that needs the operator says so", async ({ page }) => {
    await choose(page, "codex");
    await expect(page.getByTestId("closed-ways")).toContainText("Authorisation in the browser");
    await expect(page.getByTestId("closed-ways").getByRole("link"), "an operator is shown where").toHaveAttribute("href", "/web/operator/providers");
});

// Pictures of every page, light and dark, desktop and phone width, for a person to look at: `make screenshots`.
// Not a test: it fails only where a page cannot be reached.

import { join } from "node:path";

import type { Page } from "@playwright/test";

import { Admin, type IssuedKey, OWNER } from "./support/admin.ts";
import { ask, client } from "./support/client.ts";
import { OTHER_PAGES, PAGES } from "./support/pages.ts";
import { oauthProvider, script } from "./support/simulator.ts";
import { expect, test } from "./support/test.ts";

const DIRECTORY = process.env.SCREENSHOTS ?? "screenshots";
const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

test("every page", async ({ page, installation, simulator }) => {
    const { url } = installation;
    await page.emulateMedia({ reducedMotion: "reduce" });
    await page.goto(`${url}/web/sign-in`);
    await shoot(page, "01-sign-in-before-set-up");
    await page.goto(await installation.setupLink());
    await shoot(page, "02-set-up");

    const admin = await Admin.enter(url, () => installation.setupLink());
    await page.goto(`${url}/web/sign-in`);
    await page.getByTestId("email").fill(OWNER.email);
    await page.getByTestId("password").fill("not this one");
    await page.getByTestId("sign-in").click();
    await expect(page.getByTestId("form-error")).toBeVisible();
    await shoot(page, "03-sign-in-refused");
    await page.getByTestId("password").fill(OWNER.password);
    await page.getByTestId("sign-in").click();
    await expect(page.getByTestId("profile")).toBeVisible();
    for (const { name, path, heading } of PAGES.filter(({ name }) => name !== "prices")) {
        await page.goto(url + path);
        await expect(page.getByRole("heading", { level: 1 })).toHaveText(heading);
        await shoot(page, `04-empty-${name}`);
    }

    const held = await fill(admin, url, simulator.url);
    for (const { name, path, heading } of [...PAGES, ...OTHER_PAGES]) {
        await page.goto(url + path);
        await expect(page.getByRole("heading", { level: 1 })).toHaveText(heading);
        await shoot(page, `05-${name}`);
    }

    await page.goto(`${url}/web/requests`);
    await page.getByTestId("request-details").first().click();
    await shoot(page, "06-request-details");
    await page.goto(`${url}/web/usage?by=time&days=1&step=hour`);
    await expect(page.getByTestId("usage-row").first()).toBeVisible();
    await shoot(page, "06-usage-by-hour");
    await page.getByTestId("import-usage").click();
    const buffer = Buffer.from('{"colour":1}\n[]\n');
    await page.getByTestId("import-file").setInputFiles({ name: "usage.jsonl", mimeType: "application/x-ndjson", buffer });
    await expect(page.getByTestId("import-refused")).toHaveText("2");
    await shoot(page, "06-usage-import");
    await page.goto(`${url}/web/keys`);
    await page.getByTestId("issue-key").click();
    await shoot(page, "07-key-form");
    await page.getByTestId("key-name").fill("Grace's desktop");
    await page.getByTestId("save-key").click();
    await shoot(page, "08-key-issued");
    await page.getByTestId("connect-key").click();
    await expect(page.getByTestId("first-request")).toBeVisible();
    await shoot(page, "09-connect-waiting");
    await page.goto(`${url}/web/keys`);
    await page.getByTestId("key-menu").first().click();
    await shoot(page, "10-key-menu");
    // A menu closes when the window changes.
    await page.getByTestId("key-menu").first().click();
    await page.getByTestId("delete-key").click();
    await shoot(page, "11-key-delete");
    await page.goto(`${url}/web/accounts`);
    await wizard(page);
    await page.goto(`${url}/web/accounts`);
    await page.getByTestId("account-menu").first().click();
    await page.getByTestId("edit-account").and(page.locator(":visible")).click();
    await shoot(page, "12-account-form");
    await page.keyboard.press("Escape");
    await page.getByTestId("test-account").first().click();
    await expect(page.getByTestId("test-outcome")).toBeVisible();
    await shoot(page, "13-account-test");
    await page.keyboard.press("Escape");
    await page.getByTestId("account-menu").first().click();
    await shoot(page, "13-account-menu");
    await page.goto(`${url}/web/pools`);
    await page.getByTestId("pool-menu").first().click();
    await page.getByTestId("edit-pool").and(page.locator(":visible")).click();
    await expect(page.getByTestId("pool-account").first()).toBeVisible();
    await shoot(page, "13-pool-form");
    await page.keyboard.press("Escape");
    await page.goto(`${url}/web/operator/providers`);
    await page.locator("[data-provider=codex]").getByTestId("edit-provider").click();
    await page.getByTestId("provider-client-id").fill("app_Quarry");
    await page.getByTestId("provider-confirmation").fill("");
    await page.getByTestId("save-provider").click();
    await shoot(page, "13-provider-form");
    await page.keyboard.press("Escape");
    await page.getByTestId("add-provider").click();
    await shoot(page, "13-provider-own");
    await page.keyboard.press("Escape");
    await page.goto(`${url}/web/operator/organizations`);
    await page.getByTestId("create-tenant").click();
    await page.getByTestId("create-name").fill("Millers and Sons");
    await page.getByTestId("create-owner").fill("miller@example.com");
    await shoot(page, "13-organisation-form");
    await page.getByTestId("confirm-create").click();
    await expect(page.getByTestId("one-time-link")).toBeVisible();
    await shoot(page, "13-organisation-link");
    await page.getByTestId("owner-link-done").click();
    await page.goto(`${url}/web/prices`);
    await page.getByTestId("price-menu").first().click();
    await page.getByTestId("edit-price").click();
    await page.getByTestId("price-input").fill("twelve");
    await page.getByTestId("save-price").click();
    await shoot(page, "13-price-form");
    await page.keyboard.press("Escape");
    await page.getByTestId("price-overridden").getByText("Own prices").click();
    await expect(page.getByTestId("price")).toHaveCount(2);
    await shoot(page, "13-prices-own");
    await page.getByTestId("price-menu").first().click();
    await page.getByTestId("show-history").click();
    await expect(page.getByTestId("price-versions")).toBeVisible();
    await shoot(page, "13-price-history");
    await agree(admin);
    await page.goto(`${url}/web/billing`);
    await expect(page.getByTestId("entry").first()).toBeVisible();
    await shoot(page, "13-billing");
    await page.getByTestId("redeem").click();
    await shoot(page, "13-redeem");
    await page.goto(`${url}/web/operator/organizations`);
    await page.getByTestId("tenant").getByRole("link", { name: OWNER.organization }).click();
    await expect(page.getByTestId("terms")).toBeVisible();
    await shoot(page, "13-organisation");
    await page.getByTestId("credit").click();
    await shoot(page, "13-credit");
    await page.goto(`${url}/web/operator/codes`);
    await page.getByTestId("make-codes").click();
    await page.getByTestId("codes-amount").fill("25");
    await page.getByTestId("codes-count").fill("3");
    await shoot(page, "13-codes-form");
    await page.getByTestId("save-codes").click();
    await expect(page.getByTestId("made-codes")).toBeVisible();
    await shoot(page, "13-codes-made");
    await page.getByTestId("codes-done").click();
    await page.getByTestId("show-codes").last().click();
    await expect(page.getByTestId("code-row").first()).toBeVisible();
    await shoot(page, "13-codes-of-batch");
    await page.keyboard.press("Escape");
    await page.goto(`${url}/web/members`);
    await page.getByTestId("member-limits").first().click();
    await shoot(page, "19-member-limits");
    await page.goto(`${url}/web/keys`);
    await page.getByTestId("key-menu").last().click();
    await page.getByTestId("edit-key").click();
    await shoot(page, "20-key-edit");
    await page.goto(`${url}/web/my-key`);
    await shoot(page, "21-my-key-entry");
    await page.getByTestId("my-key").fill(held.secret);
    await page.getByTestId("show-key").click();
    await expect(page.getByTestId("my-limits")).toBeVisible();
    await shoot(page, "22-my-key");
    await page.getByTestId("forget-key").click();
    await page.goto(`${url}/web/`);
    await page.getByTestId("profile").click();
    await shoot(page, "14-profile", ["desktop"]);
    await page.setViewportSize(SIZES.phone);
    await page.goto(`${url}/web/`);
    await page.getByTestId("open-menu").click();
    await shoot(page, "15-menu", ["phone"]);
    await page.goto(`${url}/web/nowhere`);
    await shoot(page, "16-not-found");

    await page.evaluate(() => localStorage.setItem("causeway.language", "zh"));
    for (const { name, path } of PAGES) {
        await page.goto(url + path);
        await expect(page.getByRole("heading", { level: 1 })).toHaveText(/\p{Script=Han}/u);
        await shoot(page, `17-zh-${name}`);
    }
    await page.goto(`${url}/docs/`);
    await expect(page.locator(".opblock").first()).toBeVisible();
    await shoot(page, "18-docs", ["desktop"]);
});

/** The steps of adding an account. */
async function wizard(page: Page): Promise<void> {
    const choose = async (provider: string) => {
        await page.getByTestId("add-account").click();
        await page.locator(`[data-testid=provider-option][data-provider="${provider}"]`).click();
    };
    const leave = async () => {
        await page.goto(new URL("/web/accounts", page.url()).href);
    };
    await choose("github-copilot");
    await shoot(page, "12-wizard-provider");
    await leave();
    for (const provider of ["anthropic", "bedrock", "vertex", "azure-openai"]) {
        await choose(provider);
        await page.getByTestId("wizard-next").click();
        await shoot(page, `12-wizard-${provider}`);
        await leave();
    }
    const begin = async (way: RegExp) => {
        await choose("stream-and-weir");
        await page.getByTestId("wizard-next").click();
        await page.getByTestId("sign-in-ways").getByRole("radio", { name: way }).check();
    };
    await begin(/Device code/);
    await page.getByTestId("begin-authorization").click();
    await expect(page.getByTestId("user-code")).toBeVisible();
    await shoot(page, "12-wizard-device");
    await leave();
    await begin(/Authorisation in the browser/);
    await shoot(page, "12-wizard-before");
    await page.getByTestId("begin-authorization").click();
    await expect(page.getByTestId("open-issuer")).toBeVisible();
    await shoot(page, "12-wizard-code");
    for (const decision of ["Deny", "Allow"]) {
        const opened = page.context().waitForEvent("page");
        await page.getByTestId("open-issuer").click();
        const window = await opened;
        await window.getByRole("button", { name: decision }).click();
        await window.waitForURL(/oauth\/callback/);
        if (decision === "Allow") await window.screenshot({ path: join(DIRECTORY, "12-oauth-callback.png") });
        await window.close();
        if (decision === "Allow") break;
        await expect(page.getByTestId("issuer-message")).toBeVisible();
        await shoot(page, "12-wizard-refused");
        await page.getByTestId("begin-authorization").click();
    }
    await expect(page.getByTestId("identity")).toBeVisible();
    await shoot(page, "12-wizard-identity");
    await page.getByTestId("wizard-next").click();
    await expect(page.getByTestId("account-pools")).toBeVisible();
    await shoot(page, "12-wizard-usage");
    await page.getByTestId("save-account").click();
    await expect(page.getByTestId("test-outcome")).toBeVisible();
    await shoot(page, "12-wizard-outcome");
    await page.getByTestId("wizard-done").click();
    const row = page.getByTestId("account").filter({ hasText: "ada@example.com" });
    await row.getByTestId("account-menu").click();
    await page.getByTestId("edit-account").and(page.locator(":visible")).click();
    await shoot(page, "12-account-authorised");
    await leave();
    await page.goto(new URL("/web/keys", page.url()).href);
    await page.getByTestId("issue-key").click();
    await page.getByTestId("key-account").selectOption({ label: "Pools, in an order" });
    for (const name of ["Research", "One at a time"]) {
        await page.getByTestId("pool-to-add").selectOption({ label: name });
        await page.getByTestId("add-to-chain").click();
    }
    await page.getByTestId("key-pools").scrollIntoViewIfNeeded();
    await shoot(page, "12-key-pools");
    await leave();
}

/** One picture for each theme and size. The page follows the system's theme, so nothing is reloaded. */
async function shoot(page: Page, name: string, sizes: (keyof typeof SIZES)[] = ["desktop", "phone"]): Promise<void> {
    await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
    for (const size of sizes) {
        await page.setViewportSize(SIZES[size]);
        for (const colorScheme of ["light", "dark"] as const) {
            await page.emulateMedia({ colorScheme });
            // Charts draw themselves anew for a new width.
            await page.waitForTimeout(300);
            // What lies over the page (a dialog, a menu) belongs to the window and not to the length of the page.
            const fullPage = (await page.locator("dialog[open], [aria-expanded=true]").count()) === 0;
            await page.screenshot({ path: join(DIRECTORY, `${name}-${size}-${colorScheme}.png`), fullPage });
        }
    }
    await page.setViewportSize(SIZES.desktop);
}

/** What an operator has agreed with it. From then on its own prices do not count. */
async function agree(admin: Admin): Promise<void> {
    const { items } = await admin.get<{ items: { id: string }[] }>("/operator/organizations");
    const tenant = `/operator/organizations/${items[0]!.id}`;
    await admin.patch(tenant, { plan: { members: 10, keys: 40, limits: { usd: { month: "500" } } }, multiplier: "1.2" });
    await admin.post(`${tenant}/entries`, { kind: "credit", amount_usd: "250", note: "Invoice 2026-117" });
    await admin.post(`${tenant}/entries`, { kind: "adjustment", amount_usd: "-12.5", note: "Counted twice in October" });
    const made = await admin.post<{ codes: string[] }>("/operator/codes", { amount_usd: "25", count: 3, note: "Conference in Lyon" });
    await admin.post("/balance/redeem", { code: made.codes[0] });
    await admin.post("/operator/codes", { amount_usd: "5", count: 20, uses: 100, expires_at: new Date(Date.now() + 90 * 86_400_000).toISOString() });
}

/** What a team would have after a day. */
async function fill(admin: Admin, url: string, upstream: string): Promise<IssuedKey> {
    const main = await admin.account("Anthropic, research", upstream);
    await admin.account("Backup, eu-west", upstream);
    const broken = await admin.post<{ id: string }>("/accounts", {
        name: "Old contract",
        provider: "anthropic-compatible",
        base_url: upstream,
        credential: { kind: "api_key", api_key: "sk-revoked-long-ago" },
        priority: 900,
    });
    await admin.post(`/accounts/${broken.id}/test`);
    await admin.patch(`/accounts/${broken.id}`, { enabled: false });

    const price = { input: "0.09", output: "0.45", tiers: { priority: { input: "0.18", output: "0.9" } } };
    const next = new Date(Date.now() + 20 * 86_400_000).toISOString();
    await admin.put("/prices/overrides/claude-haiku-5-5", price);
    await admin.put("/prices/overrides/claude-haiku-5-5", { ...price, input: "0.07", from: next });
    await admin.put("/prices/overrides/house-*", { input: "1", output: "2", provider: "anthropic-compatible" });

    const reserve = await admin.account("Reserve for the night shift", upstream);
    await admin.patch(`/accounts/${reserve}`, { dedicated: true, draining: true });
    const shared = await admin.post<{ id: string }>("/pools", {
        name: "Research",
        strategy: "weighted",
        sticky_seconds: 1800,
        members: [{ account_id: main, weight: 3 }, { account_id: reserve }],
    });
    await admin.post("/pools", { name: "One at a time", strategy: "active_first", account_ids: [main, broken.id] });
    await admin.issue("Shared desk", { pool_ids: [shared.id] });
    const confirmation = "Our contract of 3 March permits it, see ticket 4711.";
    await admin.put("/operator/providers/xai", { enabled: true, client_id: "causeway-e2e", confirmation });
    await admin.put("/operator/providers/qwen", { enabled: false });
    await admin.put("/operator/providers/stream-and-weir", { enabled: true, client_id: "causeway-e2e", changes: oauthProvider(upstream) });

    const keys = await Promise.all([
        admin.issue("Ada's laptop", { account_id: main, limits: { requests_per_minute: 120, usd: { day: "0.25", month: "200" } } }),
        admin.issue("CI", { limits: { concurrency: 8, tokens: { day: 500_000 } }, models: { allow: ["claude-haiku-*"] } }),
        admin.issue("Nightly evaluation of the retrieval pipeline", { limits: { usd: { total: "1.5" } } }),
    ]);
    await admin.issue("Workshop", { expires_at: new Date(Date.now() + 40 * 86_400_000).toISOString(), enabled: false });
    const models = ["claude-sonnet-5-5", "claude-haiku-5-5", "claude-opus-5-5"];
    const scripts = ["shape=full", "shape=text", "cache_read=9000,in=800", "cut=close@9", "status=529", "in=2100,cache_5m=700"];
    for (let n = 0; n < 36; n += 1) {
        const key = keys[n % 3]!;
        const { anthropic } = client(url, key.secret, 0);
        const model = n % 3 === 1 ? "claude-haiku-5-5" : models[n % 5 % 3]!;
        const request = { ...ask("Water finds its way. ".repeat(1 + (n % 7) * 9)), model, ...script(`${scripts[n % scripts.length]},events=8`) };
        const call = n % 4 === 0 ? anthropic.messages.create(request) : anthropic.messages.stream(request).finalMessage();
        const failed = await call.then(
            () => false,
            () => true,
        );
        if (failed) for (const { id } of (await admin.get<{ items: { id: string }[] }>("/accounts")).items) await admin.recover(id);
    }
    await expect.poll(async () => (await admin.rows(keys[0].id)).length).toBeGreaterThan(9);

    const [owner] = (await admin.get<{ items: { id: string }[] }>("/members")).items;
    await admin.patch(`/members/${owner!.id}`, { limits: { usd: { week: "75" }, tokens_per_minute: 400_000 } });
    await admin.patch("/organization", { limits: { usd: { month: "900" }, concurrency: 40, queue: { length: 20, wait_seconds: 30 } } });
    return keys[0];
}

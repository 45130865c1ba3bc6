// Accounts out of files: dropped on the page, looked at, imported, used.

import type { Page } from "@playwright/test";

import { Admin } from "../support/admin.ts";
import { ask, client } from "../support/client.ts";
import { signIn } from "../support/pages.ts";
import { type Simulator, oauthProvider } from "../support/simulator.ts";
import { expect, test } from "../support/test.ts";

const PROVIDER = "imported-oauth";

/** Tokens that another program was given at the simulator's issuer, with the operator's client id. */
async function tokens(simulator: Simulator): Promise<{ access_token: string; refresh_token: string }> {
    const granted = await fetch(`${simulator.url}/_sim/oauth/grants`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ account: "acct-grace", client_id: "causeway-e2e" }),
    });
    expect(granted.ok).toBe(true);
    const { access, refresh } = (await granted.json()) as { access: string; refresh: string };
    return { access_token: access, refresh_token: refresh };
}

/** Lets a file fall on the area, as a browser does with a file from the desktop. */
async function drop(page: Page, name: string, content: string): Promise<void> {
    await page.getByTestId("import-file").setInputFiles({ name, mimeType: "application/json", buffer: Buffer.from(content) });
}

async function relayed(admin: Admin, url: string, name: string): Promise<void> {
    const { items } = await admin.get<{ items: { id: string; name: string }[] }>("/accounts?limit=200");
    const found = items.find((one) => one.name === name);
    if (!found) throw new Error(`there is no account ${name}`);
    const key = await admin.issue(`Through ${name}`, { account_id: found.id });
    const { _request_id: request } = await client(url, key.secret, 0).anthropic.messages.create(ask());
    expect((await admin.row(key.id, request)).status).toBe(200);
}

test.beforeAll(async ({ admin, simulator }) => {
    await admin.put(`/operator/providers/${PROVIDER}`, { enabled: true, client_id: "causeway-e2e", changes: oauthProvider(simulator.url) });
});

test.beforeEach(async ({ page, installation }) => {
    await signIn(page, installation.url);
});

test("a file is looked at, imported into a pool, and its accounts serve requests", async ({ page, admin, installation, simulator }) => {
    const pool = await admin.post<{ id: string }>("/pools", { name: "Imported", account_ids: [] });
    const granted = await tokens(simulator);
    const file = JSON.stringify([
        { name: "Imported key", provider: "anthropic", api_key: "sk-sim-imported-0001", base_url: simulator.url },
        { type: PROVIDER, email: "grace@example.com", expired: "2020-01-01T00:00:00Z", ...granted },
        { type: "claude", access_token: "sk-ant-oat01-closed", refresh_token: "sk-ant-ort01-closed" },
        { name: "Nowhere", provider: "acme", api_key: "sk-sim-imported-0002" },
    ]);
    await page.goto("/web/accounts");
    await page.getByTestId("import-accounts").click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Import accounts");
    await page.getByTestId("import-pool").locator("option", { hasText: "Imported" }).waitFor({ state: "attached" });
    await page.getByTestId("import-pool").selectOption({ label: "Imported" });
    await drop(page, "accounts.json", file);
    const report = page.getByTestId("import-report");
    await expect(report).toHaveAttribute("data-dry-run", "true");
    await expect(page.getByTestId("import-added")).toHaveText("2");
    await expect(page.getByTestId("import-refused")).toHaveText("2");
    const rows = page.getByTestId("import-item");
    await expect(rows.nth(1)).toContainText("grace@example.com");
    await expect(rows.nth(2).getByTestId("import-reason")).toContainText("ask its operator");
    await expect(rows.nth(3).getByTestId("import-reason")).toContainText("ask the operator");
    await expect(report).not.toContainText("sk-");
    const before = await admin.get<{ items: { name: string }[] }>("/accounts?limit=200");
    expect(before.items.map((one) => one.name)).not.toContain("Imported key");

    await page.getByTestId("import-do").click();
    await expect(report).toHaveAttribute("data-dry-run", "false");
    await expect(rows.nth(0)).toHaveAttribute("data-outcome", "added");
    await expect(rows.nth(0).getByTestId("import-link")).toHaveText("Imported key");
    const name = (await rows.nth(1).getByTestId("import-link").innerText()).trim();
    const { members } = await admin.get<{ members: object[] }>(`/pools/${pool.id}`);
    expect(members).toHaveLength(2);
    await relayed(admin, installation.url, "Imported key");
    // What the file has is over, so this one is refreshed first.
    await relayed(admin, installation.url, name);

    await page.getByTestId("import-another").click();
    await expect(report).toHaveCount(0);
    await expect(page.getByTestId("import-pool")).toBeVisible();
    await drop(page, "accounts.json", file);
    await expect(page.getByTestId("import-present")).toHaveText("2");
    await expect(page.getByTestId("import-do")).toHaveCount(0);
});

test("what is no credential file says so, on a phone too, and the wizard leads here", async ({ page }) => {
    await page.goto("/web/accounts/new");
    await page.getByTestId("import-instead").click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Import accounts");
    await page.setViewportSize({ width: 390, height: 844 });
    await drop(page, "notes.txt", "not a credential");
    await expect(page.getByTestId("import-item")).toHaveAttribute("data-outcome", "refused");
    await expect(page.getByTestId("import-reason")).toContainText("is not JSON");
    await expect(page.getByTestId("import-do")).toHaveCount(0);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    expect(wider, "the page does not scroll sideways").toBe(false);
    await drop(page, "cut.zip", "PK\u0003\u0004cut off");
    await expect(page.getByTestId("form-error")).toContainText("cut off or damaged");
});

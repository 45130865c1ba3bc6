// How an account has fared: its page with failures and rates, and checks by schedule; and a credential that a person has
// refreshed.

import { ask, client } from "../support/client.ts";
import { signIn } from "../support/pages.ts";
import { oauthProvider, script } from "../support/simulator.ts";
import { expect, test } from "../support/test.ts";

const PROVIDER = "sluice-and-gate";

test.beforeEach(async ({ page, admin, installation }) => {
    await admin.get("/me");
    await signIn(page, installation.url);
});

test("what failed at an account, and how often it answered, is on its page", async ({ page, admin, simulator, installation }) => {
    const account = await admin.account("Spillway", simulator.url);
    await admin.patch(`/accounts/${account}`, { dedicated: true });
    const { secret } = await admin.issue("Over the spillway", { account_id: account });
    const { anthropic } = client(installation.url, secret, 0);
    await anthropic.messages.create(ask());

    await page.goto("/web/accounts");
    await page.getByTestId("account").filter({ hasText: "Spillway" }).getByTestId("open-account").click();
    await expect(page.getByRole("heading", { name: "Spillway" })).toBeVisible();
    await expect(page.getByTestId("empty-state")).toContainText("Nothing has failed");
    await expect(page.getByTestId("account-span")).toHaveCount(3);

    await expect(anthropic.messages.create({ ...ask(), ...script("status=529,message=Flooded") })).rejects.toThrow();
    await expect(async () => {
        const { items } = await admin.get<{ items: object[] }>(`/accounts/${account}/failures`);
        expect(items).toHaveLength(1);
        const { spans } = await admin.get<{ spans: { rate: { answered: number } }[] }>(`/accounts/${account}/health`);
        expect(spans[0]!.rate.answered).toBe(1);
    }).toPass({ timeout: 10_000 });
    await page.reload();
    const failure = page.getByTestId("account-failure");
    await expect(failure).toHaveCount(1);
    await expect(failure).toContainText("Overloaded (529)");
    await expect(failure).toContainText("Flooded");
    await expect(failure).toContainText("Its client was told");
    const hour = page.getByTestId("account-span").first();
    await expect(hour).toContainText("Last hour");
    await expect(hour).toContainText("50.00 %");
    await expect(hour).toContainText("1 Overloaded");
    await expect(page.getByTestId("account-checks")).toContainText("not checked by itself");
    await page.screenshot({ path: "test-results/account-page.png", fullPage: true });
    await page.setViewportSize({ width: 390, height: 844 });
    await expect(failure).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth), "nothing is wider than a phone").toBeLessThanOrEqual(390);
    await page.screenshot({ path: "test-results/account-page-phone.png", fullPage: true });
    await page.setViewportSize({ width: 1280, height: 800 });

    await failure.getByRole("link").click();
    await expect(page).toHaveURL(/\/web\/requests\?request=/);
    const dialog = page.getByTestId("request-dialog");
    await expect(dialog.getByTestId("step")).toContainText("Overloaded");
    await expect(dialog.getByTestId("step")).toContainText("Spillway");
    await expect(dialog.getByTestId("step")).toContainText("Flooded");
    await page.keyboard.press("Escape");

    await page.getByTestId("requests-view").getByText("Refused", { exact: true }).click();
    await expect(page).toHaveURL(/\/web\/requests\?refused=true/);
    const refused = page.getByTestId("refused-request").filter({ hasText: "Over the spillway" });
    await expect(refused).toHaveCount(1);
    await expect(refused).toContainText("529");
    await page.screenshot({ path: "test-results/refused.png", fullPage: true });
    await refused.getByTestId("refused-details").click();
    await expect(dialog.getByTestId("step")).toContainText("was asked");
    await page.screenshot({ path: "test-results/refused-details.png" });
    await page.reload();
    await expect(refused).toHaveCount(1);
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth), "nothing is wider than a phone").toBeLessThanOrEqual(390);
    await page.screenshot({ path: "test-results/refused-phone.png", fullPage: true });
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto("/web/accounts");
    await expect(page.getByTestId("account").filter({ hasText: "Spillway" }).getByTestId("account-hour")).toHaveText("50.00 % answered in the last hour");
});

test("accounts are checked by the schedule of the settings, or by their own", async ({ page, admin, simulator }) => {
    const account = await admin.account("Gauge", simulator.url);
    await admin.patch(`/accounts/${account}`, { dedicated: true });

    await page.goto("/web/settings");
    await page.getByTestId("org-schedule").fill("every morning");
    await page.getByTestId("save-accounts").click();
    await expect(page.getByTestId("org-schedule")).toHaveAttribute("aria-invalid", "true");
    await page.getByTestId("org-schedule").fill("0 6 * * 1-5");
    await page.getByTestId("save-accounts").click();
    await expect(page.getByTestId("toasts")).toContainText("The settings are saved");
    await page.goto(`/web/accounts/${account}`);
    await expect(page.getByTestId("check-schedule")).toHaveText("0 6 * * 1-5");
    await expect(page.getByTestId("account-checks")).toContainText("as the organisation says");
    await expect(page.getByTestId("account-checks")).toContainText("no tokens, and it costs nothing");

    await page.goto("/web/accounts");
    await page.getByTestId("account").filter({ hasText: "Gauge" }).getByTestId("account-menu").click();
    await page.getByTestId("edit-account").and(page.locator(":visible")).click();
    await page.getByTestId("account-schedule").fill("* * * *");
    await page.getByTestId("save-account").click();
    await expect(page.getByTestId("account-schedule")).toHaveAttribute("aria-invalid", "true");
    await page.getByTestId("account-schedule").fill("* * * * *");
    await page.getByTestId("save-account").click();
    await expect(page.getByTestId("toasts")).toContainText("Gauge is saved");

    test.setTimeout(120_000);
    await expect(async () => {
        const { items } = await admin.get<{ items: { outcome: { ok: boolean } | null }[] }>(`/accounts/${account}/checks`);
        expect(items.some((check) => check.outcome?.ok)).toBe(true);
    }).toPass({ timeout: 90_000 });
    await page.goto(`/web/accounts/${account}`);
    await expect(page.getByTestId("account-check").last()).toContainText("Passed");
    await admin.patch(`/accounts/${account}`, { check_schedule: "off" });
    await admin.patch("/organization", { check_schedule: null });
    await page.reload();
    await expect(page.getByTestId("account-checks")).toContainText("not checked by itself");
});

test("a person has a token refreshed now, and is told when there is nothing to refresh", async ({ page, admin, simulator }) => {
    await admin.put(`/operator/providers/${PROVIDER}`, { enabled: true, client_id: "causeway-e2e", changes: oauthProvider(simulator.url) });
    await page.goto("/web/accounts/new");
    await page.locator(`[data-testid=provider-option][data-provider="${PROVIDER}"]`).click();
    await page.getByTestId("wizard-next").click();
    await page.getByTestId("sign-in-ways").getByRole("radio", { name: /Authorisation in the browser/ }).check();
    await page.getByTestId("redirects").getByRole("radio", { name: /By itself/ }).check();
    await page.getByTestId("begin-authorization").click();
    const opened = page.context().waitForEvent("page");
    await page.getByTestId("open-issuer").click();
    const issuer = await opened;
    await issuer.getByRole("radio", { name: "ada@example.com" }).check();
    await issuer.getByRole("button", { name: "Allow" }).click();
    await expect(issuer.locator("body")).toContainText("ada@example.com");
    await issuer.close();
    await expect(page.getByTestId("identity")).toContainText("ada@example.com");
    await page.getByTestId("wizard-next").click();
    await page.getByTestId("account-name").fill("Lock keeper");
    await page.getByTestId("save-account").click();
    await expect(page.getByTestId("test-outcome")).toHaveAttribute("data-outcome", "ok");

    await page.goto("/web/accounts");
    const row = page.getByTestId("account").filter({ hasText: "Lock keeper" });
    await row.getByTestId("account-menu").click();
    await page.getByTestId("refresh-account").and(page.locator(":visible")).click();
    await expect(page.getByTestId("toasts")).toContainText("Lock keeper");
    const { items } = await admin.get<{ items: { id: string; name: string; refreshed_at: string | null }[] }>("/accounts?limit=200");
    const refreshed = items.find((one) => one.name === "Lock keeper")!;
    expect(refreshed.refreshed_at).not.toBeNull();

    const plain = await admin.account("Plain key", simulator.url);
    await admin.patch(`/accounts/${plain}`, { dedicated: true });
    await page.reload();
    await page.getByTestId("account").filter({ hasText: "Plain key" }).getByTestId("account-menu").click();
    await expect(page.getByTestId("edit-account").and(page.locator(":visible"))).toBeVisible();
    await expect(page.getByTestId("refresh-account").and(page.locator(":visible")), "a key is good until somebody changes it").toHaveCount(0);
});

// Limits in the web admin and on the key holder's own page, as people set them and see them used.

import type { Page } from "@playwright/test";

import { ask, client } from "../support/client.ts";
import { signIn } from "../support/pages.ts";
import { script } from "../support/simulator.ts";
import { expect, test } from "../support/test.ts";

const LOW = { requests_per_minute: 50, usd: { total: "1000" } };

test.afterAll(async ({ admin }) => {
    await admin.patch("/organization", { limits: {}, time_zone: "Europe/Berlin", hold_mode: "strict", drain_seconds: 10 });
    for (const member of (await admin.get<{ items: { id: string }[] }>("/members")).items) await admin.patch(`/members/${member.id}`, { limits: {} });
});

test("a member's limits are set in their dialog, and every key of theirs counts in them", async ({ page, installation, admin, account }) => {
    const { secret } = await admin.issue("One of several", { account_id: account });
    await signIn(page, installation.url);
    await page.goto("/web/members");
    const row = page.getByTestId("member").filter({ hasText: "ada@example.com" });
    await row.getByTestId("member-limits").click();
    await expect(page.getByTestId("member-dialog")).toContainText("No limits");
    await page.getByTestId("limits.usd.month").fill("25");
    await page.getByTestId("limits.requests_per_minute").fill("0");
    await page.getByTestId("save-member").click();
    await expect(page.getByTestId("limits.requests_per_minute")).toHaveAttribute("aria-invalid", "true");
    await page.getByTestId("limits.requests_per_minute").fill("90");
    await page.getByTestId("save-member").click();
    await expect(row).toContainText("Month: $25.00");
    await expect(row).toContainText("90 requests/min");

    await client(installation.url, secret).anthropic.messages.create({ ...ask(), ...script("shape=text") });
    await row.getByTestId("member-limits").click();
    const minute = page.getByTestId("limit-state").filter({ hasText: "Requests a minute" });
    await expect(minute).toContainText(/[1-9]\d* of 90/);
    await expect(page.getByTestId("limit-state").filter({ hasText: "Dollars, Month" })).toContainText(/left.*begins anew .*\(.+\)/);
});

test("a queue needs all of its figures, and what is saved is there again", async ({ page, installation }) => {
    await signIn(page, installation.url);
    await page.goto("/web/settings");
    await page.getByTestId("limits.queue.length").fill("5");
    await page.getByTestId("save-limits").click();
    await expect(page.getByTestId("limits.queue.wait_seconds")).toHaveAttribute("aria-invalid", "true");
    await page.getByTestId("limits.queue.wait_seconds").fill("20");
    await page.getByTestId("limits.concurrency").fill("64");
    await page.getByTestId("save-limits").click();
    await expect(page.getByTestId("organization-standing")).toContainText("64");
    await page.reload();
    await expect(page.getByTestId("limits.queue.length")).toHaveValue("5");
    await expect(page.getByTestId("limits.concurrency")).toHaveValue("64");
});

test("settings are saved card by card", async ({ page, installation, admin }) => {
    await signIn(page, installation.url);
    await page.goto("/web/settings");
    await page.getByTestId("time-zone").selectOption("Asia/Tokyo");
    await page.getByTestId("week-start").selectOption("7");
    await page.getByTestId("save-general").click();
    await expect(page.getByTestId("toasts")).toContainText("saved");
    await page.getByTestId("hold-mode").getByText("What such requests usually cost").click();
    await page.getByTestId("drain-seconds").fill("15");
    await page.getByTestId("default-input").fill("3");
    await page.getByTestId("save-requests").click();
    await expect(page.getByTestId("default-output"), "half a price").toHaveAttribute("aria-invalid", "true");
    await page.getByTestId("default-input").fill("");
    await page.getByTestId("save-requests").click();
    await expect.poll(() => admin.get<object>("/organization")).toMatchObject({
        time_zone: "Asia/Tokyo",
        week_start: 7,
        hold_mode: "expected",
        on_redis_loss: "refuse",
        drain_seconds: 15,
        default_price: null,
    });
});

test("a budget of the organisation that is nearly used up is spoken of on the dashboard", async ({ page, installation, admin, account }) => {
    const { secret } = await admin.issue("Nearly there", { account_id: account });
    const { anthropic } = client(installation.url, secret);
    for (let n = 0; n < 5; n += 1) await anthropic.messages.create(ask());
    await admin.patch("/organization", { limits: { requests: { total: 1_000_000 } } });
    await signIn(page, installation.url);
    await expect(page.getByTestId("figure-requests")).toBeVisible();
    await expect(page.getByTestId("alert-budget")).toHaveCount(0);
    const standing = async () => {
        const { limits } = await admin.get<{ limits: { used: number }[] }>("/organization/limits");
        return limits[0]!.used;
    };
    await expect.poll(standing).toBeGreaterThanOrEqual(5);
    await admin.patch("/organization", { limits: { requests: { total: (await standing()) + 1 } } });
    await page.reload();
    const alert = page.getByTestId("alert-budget");
    await expect(alert).toContainText(/Requests, .*: \d\d % of/);
    await page.screenshot({ path: "test-results/budget-alert.png" });
    await anthropic.messages.create(ask());
    await expect(anthropic.messages.create(ask())).rejects.toThrow(/requests/);
    await page.reload();
    await expect(alert).toContainText("100 % of");
    await alert.getByRole("link").click();
    await expect(page).toHaveURL(/\/web\/settings/);
    await admin.patch("/organization", { limits: {} });
});

test("the holder of a key sees its limits and its use, and leaves nothing behind", async ({ page, context, installation, admin, account }) => {
    const { secret } = await admin.issue("Held by a guest", { account_id: account, limits: LOW });
    await client(installation.url, secret).anthropic.messages.create({ ...ask(), ...script("shape=text") });
    await page.goto("/web/my-key");
    await enter(page, "cw_nonsense");
    await expect(page.getByTestId("form-error")).toBeVisible();
    await enter(page, secret);

    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Held by a guest");
    const limits = page.getByTestId("my-limits");
    await expect(limits).toContainText("Of this key");
    const minute = limits.getByTestId("limit-state").filter({ hasText: "Requests a minute" });
    await expect(minute.filter({ hasText: "of 50" })).toContainText("1 of 50");
    await expect(limits, "those of the member hold as well").toContainText("Of all your keys together");
    await expect(page.getByTestId("my-requests")).toContainText("claude-sonnet-5-5");
    await expect(page.getByTestId("my-total")).toContainText("1 requests");
    await expect(page.getByTestId("my-models")).toContainText("claude-haiku-5-5");
    await expect(page.getByTestId("connect-command")).toContainText(secret);

    await page.reload();
    await expect(page.getByRole("heading", { level: 1 }), "kept in this tab").toHaveText("Held by a guest");
    const kept = await page.evaluate(() => JSON.stringify([localStorage, document.cookie]));
    expect(kept).not.toContain(secret);
    const other = await context.newPage();
    await other.goto(`${installation.url}/web/my-key`);
    await expect(other.getByTestId("my-key"), "and in no other").toBeVisible();
    await other.close();
    await page.getByTestId("forget-key").click();
    await expect(page.getByTestId("my-key")).toBeVisible();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
});

async function enter(page: Page, key: string): Promise<void> {
    await page.getByTestId("my-key").fill(key);
    await page.getByTestId("show-key").click();
}

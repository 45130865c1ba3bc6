// API tokens: made for what they may do, shown once, used as far as that goes, and revoked.

import { signIn } from "../support/pages.ts";
import { expect, test } from "../support/test.ts";

test("a token is made with a scope, reads what that is for and nothing else, and ends when it is revoked", async ({ page, admin, installation }) => {
    await admin.get("/me");
    await signIn(page, installation.url);
    await page.goto("/web/tokens");
    await page.getByTestId("make-token").click();
    await page.getByTestId("token-name").fill("Nightly report");
    await page.getByTestId("save-token").click();
    await expect(page.getByTestId("token-scopes")).toContainText("must have at least one scope");
    // Writing includes reading.
    await page.getByTestId("usage:read").check();
    await page.getByTestId("keys:write").check();
    await expect(page.getByTestId("keys:read")).toBeChecked();
    await expect(page.getByTestId("keys:read")).toBeDisabled();
    await page.getByTestId("keys:write").uncheck();
    await expect(page.getByTestId("keys:read")).not.toBeChecked();
    await page.getByTestId("save-token").click();
    const secret = (await page.getByTestId("token-secret").innerText()).trim();
    await expect(page.getByTestId("token-command")).toContainText("/admin/v1/usage/summary");
    await page.keyboard.press("Escape");
    await expect(page.getByTestId("token-secret"), "it is shown once, and not lost by a key").toBeVisible();
    await page.getByTestId("token-done").click();
    await expect(page.getByTestId("token-secret")).toHaveCount(0);
    const row = page.getByTestId("token").filter({ hasText: "Nightly report" });
    await expect(row).toContainText("usage:read");
    await expect(row).not.toContainText("keys:");

    const read = async (path: string) => {
        const answer = await fetch(`${installation.url}/admin/v1${path}`, { headers: { authorization: `Bearer ${secret}` } });
        await answer.text();
        return answer.status;
    };
    expect(await read("/usage/summary")).toBe(200);
    expect(await read("/keys")).toBe(403);
    expect(await read("/operator/providers"), "tokens are not for operators' pages").toBe(403);
    await page.reload();
    await expect(row).toContainText("127.0.0.1");

    await row.getByTestId("revoke-token").click();
    await page.getByTestId("confirm-action").and(page.locator(":visible")).click();
    await expect(page.getByTestId("toasts")).toContainText("Nightly report");
    await expect(row.getByTestId("revoke-token")).toHaveCount(0);
    await expect(async () => expect(await read("/usage/summary")).toBe(401)).toPass({ timeout: 5_000 });
});

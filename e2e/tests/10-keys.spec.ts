// Keys for people: a member within what the organisation allows, many at once with their file, and a secret that is
// replaced while the old one works on.

import { readFile } from "node:fs/promises";

import type { Page } from "@playwright/test";

import { ask, client } from "../support/client.ts";
import { member } from "../support/member.ts";
import { signIn } from "../support/pages.ts";
import { expect, test } from "../support/test.ts";

const CEILINGS = "/organization/key-ceilings";

test.afterAll(async ({ admin }) => {
    await admin.put(CEILINGS, {});
});

/** Whether the secret is served. */
async function works(url: string, secret: string): Promise<boolean> {
    try {
        await client(url, secret).anthropic.messages.create(ask());
        return true;
    } catch (error) {
        expect((error as { status?: number }).status).toBe(401);
        return false;
    }
}

async function open(page: Page, name: string, item: string): Promise<void> {
    await page.getByTestId("key").filter({ hasText: name }).getByTestId("key-menu").click();
    await page.getByTestId(item).and(page.locator(":visible")).click();
}

test("an admin sets what members may do, and a member issues a key within it and is refused above it", async ({ page, installation, admin, browser }) => {
    await signIn(page, installation.url);
    await page.goto("/web/settings");
    await page.getByTestId("ceiling-keys").fill("2");
    const card = page.getByTestId("ceilings");
    await card.getByLabel("Day", { exact: true }).first().fill("5");
    await page.getByTestId("save-ceilings").click();
    await expect(page.getByTestId("toasts")).toContainText("saved");
    expect(await admin.get<object>(CEILINGS)).toMatchObject({ ceilings: { keys: 2, limits: { usd: { day: "5.00" } } } });

    const context = await browser.newContext({ baseURL: installation.url });
    const theirs = await context.newPage();
    await member(theirs, installation, admin, "barbara@example.com");
    await theirs.goto("/web/keys");
    await theirs.getByTestId("issue-key").first().click();
    await expect(theirs.getByTestId("key-ceilings")).toContainText("$5.00");
    await theirs.getByTestId("key-name").fill("Barbara's laptop");
    await theirs.getByTestId("limits.usd.day").fill("6");
    await theirs.getByTestId("save-key").click();
    await expect(theirs.getByTestId("key-dialog")).toContainText("must be at most 5.00");
    await theirs.getByTestId("limits.usd.day").fill("4");
    await theirs.getByTestId("save-key").click();
    const secret = await theirs.getByTestId("secret").innerText();
    expect(secret).toMatch(/^cw_/);
    await theirs.getByTestId("secret-done").click();
    await expect(theirs.getByTestId("key")).toHaveCount(1);
    await expect(theirs.getByTestId("filter-owner")).toHaveCount(0);
    await context.close();
});

test("many keys are issued at once, saved as a file, changed and deleted together, and brought back", async ({ page, installation, account }) => {
    await signIn(page, installation.url);
    await page.goto("/web/keys");
    await page.getByTestId("issue-keys").click();
    await page.getByTestId("key-name").fill("Workshop");
    await page.getByTestId("key-count").fill("many");
    await page.getByTestId("save-key").click();
    await expect(page.getByTestId("key-count")).toHaveAttribute("aria-invalid", "true");
    await page.getByTestId("key-count").fill("3");
    await page.getByTestId("key-tags").fill("workshop, autumn");
    await page.getByTestId("key-account").selectOption(account);
    await page.getByTestId("save-key").click();
    await expect(page.getByTestId("secrets")).toContainText("Workshop 3");
    const saving = page.waitForEvent("download");
    await page.getByTestId("save-secrets").click();
    const file = (await readFile(await (await saving).path(), "utf8")).trimEnd().split("\r\n");
    expect(file[0]!.replace("\ufeff", "")).toBe("name,secret,id,device,tags,expires_at");
    expect(file).toHaveLength(4);
    expect(await works(installation.url, file[1]!.split(",")[1]!)).toBe(true);
    await page.getByTestId("secrets-done").click();

    await page.getByTestId("filter-tag").fill("autumn");
    await expect(page.getByTestId("key")).toHaveCount(3);
    await page.getByTestId("select-key").first().check();
    await page.getByTestId("select-all").click();
    await page.getByTestId("disable-many").click();
    await expect(page.getByTestId("key").filter({ hasText: "Disabled" })).toHaveCount(3);
    await page.getByTestId("select-key").first().check();
    await page.getByTestId("select-all").click();
    await page.getByTestId("enable-many").click();
    await expect(page.getByTestId("key").filter({ hasText: "Active" })).toHaveCount(3);
    await page.getByTestId("select-key").first().check();
    await page.getByTestId("select-all").click();
    await page.getByTestId("delete-many").click();
    await page.getByTestId("confirm-action").and(page.locator(":visible")).click();
    await expect(page.getByTestId("key")).toHaveCount(0);
    await page.getByTestId("keys-tabs").getByText("Deleted").click();
    const first = page.getByTestId("key").filter({ hasText: "Workshop 1" });
    await first.getByTestId("restore-key").click();
    await expect(first).toHaveCount(0);
    expect(await works(installation.url, file[1]!.split(",")[1]!)).toBe(true);
    expect(await works(installation.url, file[2]!.split(",")[1]!)).toBe(false);
});

test("while a rotation overlaps both secrets work, and then only the new one", async ({ page, installation, admin, account }) => {
    const { secret: old } = await admin.issue("To be rotated", { account_id: account });
    await signIn(page, installation.url);
    await page.goto("/web/keys");
    await open(page, "To be rotated", "rotate-key");
    await page.getByTestId("overlap").selectOption("60");
    await page.getByTestId("rotate").click();
    const fresh = await page.getByTestId("new-secret").innerText();
    await expect(page.getByTestId("secrets-state")).toContainText(/works until/);
    expect([await works(installation.url, old), await works(installation.url, fresh)]).toEqual([true, true]);
    await page.getByTestId("end-overlap").click();
    await expect(page.getByTestId("toasts")).toContainText("no longer works");
    expect([await works(installation.url, old), await works(installation.url, fresh)]).toEqual([false, true]);
});

// Belonging to two organisations, and owning one by a link that the operator hands over.

import type { Page } from "@playwright/test";

import { signIn } from "../support/pages.ts";
import { expect, listen, test } from "../support/test.ts";

/** Somebody who owns two organisations in the end. */
const OWNER_OF_TWO = { name: "Radia Perlman", email: "radia@example.com", password: "a tree that spans the net" };

test("somebody who belongs to two organisations goes from one to the other and sees only that", async ({ browser, admin, installation }) => {
    test.setTimeout(60_000);
    installation.createOwner("Acequia", OWNER_OF_TWO.name, OWNER_OF_TWO.email, OWNER_OF_TWO.password);
    await admin.post("/operator/organizations", { name: "Brook", owner_email: OWNER_OF_TWO.email });

    const page = await (await browser.newContext({ baseURL: installation.url, locale: "en-GB" })).newPage();
    const complaints = listen(page);
    await page.goto("/web/sign-in");
    await page.getByTestId("email").fill(OWNER_OF_TWO.email);
    await page.getByTestId("password").fill(OWNER_OF_TWO.password);
    await page.getByTestId("sign-in").click();
    await expect(page.getByTestId("profile")).toContainText("Acequia");
    await page.goto("/web/keys");
    await page.getByTestId("issue-key").first().click();
    await page.getByTestId("key-name").fill("Only in Acequia");
    await page.getByTestId("save-key").click();
    await page.getByTestId("secret-done").click();
    await expect(page.getByTestId("key")).toHaveCount(1);

    await page.getByTestId("profile").click();
    const others = page.getByTestId("switch-organization");
    await expect(others).toHaveCount(1);
    await expect(others).toContainText("Brook");
    await expect(others).toContainText("Owner");
    await switchTo(page, "Brook");
    await page.goto("/web/keys");
    await expect(page.getByTestId("empty-state")).toBeVisible();
    await page.reload();
    await expect(page.getByTestId("profile"), "a page that is opened anew stays there").toContainText("Brook");

    await page.getByTestId("profile").click();
    await switchTo(page, "Acequia");
    await page.goto("/web/keys");
    await expect(page.getByTestId("key")).toHaveCount(1);
    expect(complaints).toEqual([]);
    await page.context().close();
});

/** Presses the organisation in the open menu. The page is opened anew: until it is, the menu shows the other's name too. */
async function switchTo(page: Page, name: string): Promise<void> {
    const anew = page.waitForEvent("load");
    await page.getByTestId("switch-organization").filter({ hasText: name }).click();
    await anew;
    await expect(page.getByTestId("profile")).toContainText(name);
}

test("an owner without an account is invited by a link that the operator sees once", async ({ page, browser, admin, installation }) => {
    await admin.get("/me");
    await signIn(page, installation.url);
    await page.goto("/web/operator/organizations");
    await page.getByTestId("create-tenant").click();
    await page.getByTestId("create-name").fill("Weir");
    await page.getByTestId("create-owner").fill("nobody");
    await page.getByTestId("create-owner").evaluate((input: HTMLInputElement) => input.form?.setAttribute("novalidate", ""));
    await page.getByTestId("confirm-create").click();
    await expect(page.getByTestId("create-owner")).toHaveAttribute("aria-invalid", "true");
    await page.getByTestId("create-owner").fill("elinor@example.com");
    await page.getByTestId("confirm-create").click();
    const link = (await page.getByTestId("one-time-link").innerText()).trim();
    expect(link).toContain("/web/accept#");
    await page.keyboard.press("Escape");
    await expect(page.getByTestId("one-time-link"), "it is shown once, and not lost by a key").toBeVisible();
    await page.getByTestId("copy-link").click();
    await expect(page.getByTestId("copy-link")).toHaveAttribute("data-copied", "true");
    await page.getByTestId("owner-link-done").click();
    await expect(page.getByTestId("one-time-link")).toHaveCount(0);
    await expect(page.getByTestId("tenant").filter({ hasText: "Weir" })).toHaveCount(1);
    await page.getByTestId("create-tenant").click();
    await expect(page.getByTestId("create-name"), "the dialog begins anew").toHaveValue("");

    const theirs = await (await browser.newContext({ baseURL: installation.url, locale: "en-GB" })).newPage();
    const complaints = listen(theirs);
    await theirs.goto(link);
    await theirs.getByTestId("email").fill("elinor@example.com");
    await theirs.getByTestId("name").fill("Elinor Ostrom");
    await theirs.getByTestId("password").fill("a commons that is governed");
    await theirs.getByTestId("accept").click();
    await expect(theirs.getByTestId("profile")).toContainText("Weir");
    await theirs.goto("/web/members");
    await expect(theirs.getByTestId("member").filter({ hasText: "elinor@example.com" })).toContainText("Owner");
    expect(complaints).toEqual([]);
    await theirs.context().close();
});

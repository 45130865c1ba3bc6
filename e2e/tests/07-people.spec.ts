// People: somebody is invited and comes in; somebody registers, is let in and has a key in hand; somebody belongs to two
// organisations; and the last owner stays.

import { ask, client } from "../support/client.ts";
import { another, member } from "../support/member.ts";
import { signIn } from "../support/pages.ts";
import { expect, test } from "../support/test.ts";

const PASSWORD = "a bridge over the river";

test.beforeEach(async ({ page, admin, installation }) => {
    await admin.get("/me");
    await signIn(page, installation.url);
});

test("somebody who is invited accepts, is in, signs in again, and is removed at once", async ({ page, admin, browser, installation }) => {
    await page.goto("/web/members");
    await page.getByTestId("invite").click();
    await page.getByTestId("invite-email").fill("grace@example.com");
    await page.getByTestId("invite-days").fill("a week");
    await page.getByTestId("send-invitation").click();
    await expect(page.getByTestId("invite-dialog").getByText("A whole number from 1 to 90.")).toBeVisible();
    await page.getByTestId("invite-days").fill("3");
    await page.getByTestId("send-invitation").click();
    const link = (await page.getByTestId("one-time-link").innerText()).trim();
    expect(link).toContain("/web/accept#");
    await page.getByTestId("link-done").click();
    await expect(page.getByTestId("invitation").filter({ hasText: "grace@example.com" })).toContainText("Member");

    const grace = await another(browser, installation.url);
    await grace.page.goto(link);
    await expect(grace.page.getByText("To Stepping Stones, as Member.")).toBeVisible();
    await grace.page.getByTestId("email").fill("mallory@example.com");
    await grace.page.getByTestId("name").fill("Grace Hopper");
    await grace.page.getByTestId("password").fill(PASSWORD);
    await grace.page.getByTestId("accept").click();
    await expect(grace.page.getByTestId("form-error")).toContainText("for another e-mail address");
    await grace.page.getByTestId("email").fill("grace@example.com");
    await grace.page.getByTestId("accept").click();
    await expect(grace.page.getByRole("heading", { level: 1, name: "Dashboard" })).toBeVisible();
    await grace.page.goto("/web/members");
    await expect(grace.page.getByTestId("member")).toHaveCount(1);
    await expect(grace.page.getByTestId("invite")).toHaveCount(0);

    await grace.page.getByTestId("profile").click();
    await grace.page.getByTestId("sign-out").click();
    await grace.page.getByTestId("email").fill("grace@example.com");
    await grace.page.getByTestId("password").fill(PASSWORD);
    await grace.page.getByTestId("sign-in").click();
    await expect(grace.page.getByTestId("profile")).toContainText("Grace Hopper");
    await expect(grace.page.getByTestId("profile")).toContainText("Stepping Stones");

    await page.goto(link.replace(installation.url, ""));
    await expect(page.getByTestId("bad-link")).toContainText("has been used");

    await page.goto("/web/members");
    const row = page.getByTestId("member").filter({ hasText: "grace@example.com" });
    await row.getByTestId("member-menu").click();
    await row.getByTestId("change-role").click();
    await page.getByTestId("role").getByText("Administrator").click();
    await page.getByTestId("save-role").click();
    await expect(row).toContainText("Administrator");
    await grace.page.goto("/web/members");
    await expect(grace.page.getByTestId("invite")).toBeVisible();
    await row.getByTestId("member-menu").click();
    await row.getByTestId("remove-member").click();
    await page.getByTestId("confirm-action").click();
    await expect(row).toHaveCount(0);
    const { items } = await admin.get<{ items: { action: string }[] }>("/audit");
    expect(items.map((line) => line.action)).toEqual(expect.arrayContaining(["invitation.create", "invitation.accept", "member.update", "member.remove"]));
    expect(grace.complaints).toEqual([]);
    await grace.page.context().close();
});

test("somebody who registers is let in and has a key in hand that works", async ({ page, account, browser, installation }) => {
    await page.goto("/web/settings");
    await page.getByTestId("registration-rule").getByText("Whom we let in").click();
    await page.getByTestId("save-sign-in-rules").click();
    await expect(page.getByTestId("toasts")).toContainText("saved");
    await page.goto("/web/members");
    await page.getByTestId("open-link").click();
    await page.getByTestId("link-name").fill("Summer school");
    await page.getByTestId("link-people").fill("2");
    await page.getByTestId("save-link").click();
    const link = (await page.getByTestId("one-time-link").innerText()).trim();
    await page.getByTestId("link-done").click();

    const alan = await another(browser, installation.url);
    await alan.page.goto(link);
    await expect(alan.page.getByText("An administrator lets you in.")).toBeVisible();
    await alan.page.getByTestId("email").fill("alan@example.com");
    await alan.page.getByTestId("name").fill("Alan Turing");
    await alan.page.getByTestId("password").fill("short");
    await alan.page.getByTestId("register").click();
    await expect(alan.page.getByTestId("password")).toHaveAttribute("aria-invalid", "true");
    await alan.page.getByTestId("password").fill(PASSWORD);
    await alan.page.getByTestId("register").click();
    await expect(alan.page.getByTestId("waiting")).toContainText("Stepping Stones");

    await page.reload();
    await page.getByTestId("registration").filter({ hasText: "Alan Turing" }).getByTestId("approve").click();
    await expect(page.getByTestId("member").filter({ hasText: "alan@example.com" })).toBeVisible();
    await page.reload();
    await expect(page.getByTestId("registration-link").filter({ hasText: "Summer school" })).toContainText("1 of 2");

    // The page would learn of it by itself; opening it anew in the same browser does so at once.
    await alan.page.goto("/web/register");
    await alan.page.getByTestId("get-key").click();
    const secret = (await alan.page.getByTestId("secret").innerText()).trim();
    expect(account).toBeTruthy();
    await client(installation.url, secret).anthropic.messages.create(ask());
    // Whoever was let in without having shown the address signs in with the password that they chose.
    await alan.page.getByRole("link", { name: "Sign in" }).click();
    await alan.page.getByTestId("email").fill("alan@example.com");
    await alan.page.getByTestId("password").fill(PASSWORD);
    await alan.page.getByTestId("sign-in").click();
    await expect(alan.page.getByTestId("profile")).toContainText("Alan Turing");
    expect(alan.complaints).toEqual([]);
    await alan.page.context().close();
});

test("somebody who forgot the password is helped by a link that an administrator makes", async ({ page, browser, installation, admin }) => {
    const theirs = await another(browser, installation.url);
    await member(theirs.page, installation, admin, "tony@example.com");
    await theirs.page.getByTestId("profile").click();
    await theirs.page.getByTestId("sign-out").click();

    await page.goto("/web/members");
    const row = page.getByTestId("member").filter({ hasText: "tony@example.com" });
    await row.getByTestId("member-menu").click();
    await row.getByTestId("reset-link").click();
    await page.getByTestId("make-reset-link").click();
    const link = (await page.getByTestId("one-time-link").innerText()).trim();
    await page.getByTestId("reset-done").click();
    await row.getByTestId("member-menu").click();
    await row.getByTestId("remove-totp").click();
    await page.getByTestId("confirm-action").click();
    await expect(page.getByTestId("toasts"), "the API's own words").toContainText("has no second factor");

    await theirs.page.goto(link);
    await theirs.page.getByTestId("password").fill("a boat beside the bridge");
    await theirs.page.getByTestId("reset-save").click();
    await theirs.page.getByTestId("to-sign-in").click();
    await theirs.page.getByTestId("email").fill("tony@example.com");
    await theirs.page.getByTestId("password").fill("a boat beside the bridge");
    await theirs.page.getByTestId("sign-in").click();
    await expect(theirs.page.getByTestId("profile")).toBeVisible();
    expect(theirs.complaints).toEqual([]);
    await theirs.page.context().close();
});

test("the last owner can neither leave nor step down, and somebody else can leave", async ({ page, admin, browser, installation }) => {
    await page.getByTestId("profile").click();
    await page.getByTestId("leave").click();
    const left = page.waitForResponse((answer) => answer.url().endsWith("/me/leave"));
    const token = (await admin.post<{ link: string }>("/invitations", { email: "edsger@example.com" })).link.split("#")[1]!;
    const edsger = await another(browser, installation.url);
    await edsger.page.goto(`/web/accept#${token}`);
    await edsger.page.getByTestId("email").fill("edsger@example.com");
    await edsger.page.getByTestId("name").fill("Edsger Dijkstra");
    await edsger.page.getByTestId("password").fill(PASSWORD);
    await edsger.page.getByTestId("accept").click();
    await edsger.page.getByTestId("profile").click();
    await edsger.page.getByTestId("leave").click();
    await edsger.page.getByTestId("confirm-action").click();
    await expect(edsger.page).toHaveURL(/\/web\/sign-in/);
    await edsger.page.context().close();

    await page.getByTestId("confirm-action").click();
    expect((await left).status()).toBe(409);
    await expect(page.getByTestId("toasts")).toContainText("at least one owner");
});

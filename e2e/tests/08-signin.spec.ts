// One's own account: a second factor and a recovery code, a new password, a session ended from another browser.

import { OWNER } from "../support/admin.ts";
import { signIn } from "../support/pages.ts";
import { expect, test } from "../support/test.ts";
import { code } from "../support/totp.ts";

test.beforeEach(async ({ page, admin, installation }) => {
    await admin.get("/me");
    await signIn(page, installation.url);
});

test("an authenticator app is set up, and a recovery code signs in without it", async ({ page }) => {
    await page.getByTestId("profile").click();
    await page.getByTestId("to-profile").click();
    await page.getByTestId("set-up-factor").click();
    await page.getByTestId("enrol-password").fill("not the password");
    await page.getByTestId("enrol-next").click();
    await expect(page.getByText("is not your password")).toBeVisible();
    await page.getByTestId("enrol-password").fill(OWNER.password);
    await page.getByTestId("enrol-next").click();
    await expect(page.getByTestId("qr")).toBeVisible();
    const drawn = await page.getByTestId("qr").evaluate((image: HTMLImageElement) => image.naturalWidth > 0);
    expect(drawn, "the picture is allowed by the content security policy").toBe(true);
    const secret = await page.getByTestId("totp-secret").innerText();
    await page.getByTestId("app-code").fill("000000");
    await page.getByTestId("turn-on").click();
    await expect(page.getByTestId("form-error")).toContainText("This code is wrong");
    await page.getByTestId("app-code").fill(code(secret));
    await page.getByTestId("turn-on").click();
    const codes = (await page.getByTestId("recovery-codes").innerText()).trim().split(/\s+/);
    expect(codes).toHaveLength(10);
    await page.keyboard.press("Escape");
    await expect(page.getByTestId("recovery-codes"), "they are shown once, and not lost by a key").toBeVisible();
    await page.getByTestId("codes-kept").click();
    await expect(page.getByTestId("factor-on")).toContainText("10 recovery codes are left");

    await page.getByTestId("profile").click();
    await page.getByTestId("sign-out").click();
    await page.getByTestId("email").fill(OWNER.email);
    await page.getByTestId("password").fill(OWNER.password);
    await page.getByTestId("sign-in").click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("One more step");
    await page.getByTestId("code").fill(codes[0]!.toUpperCase());
    await page.getByTestId("second-step").click();
    await expect(page.getByTestId("profile")).toBeVisible();

    await page.goto("/web/profile");
    await expect(page.getByTestId("factor-on")).toContainText("9 recovery codes are left");
    await page.getByTestId("stop-factor").click();
    await page.getByTestId("stop-password").fill(OWNER.password);
    await page.getByTestId("stop-code").fill(codes[0]!);
    await page.getByTestId("turn-off").click();
    await expect(page.getByTestId("form-error"), "a code that was used").toContainText("This code is wrong");
    await page.getByTestId("stop-code").fill(codes[1]!);
    await page.getByTestId("turn-off").click();
    await expect(page.getByTestId("set-up-factor")).toBeVisible();
});

test("a password is changed with the old one, and not to one that everybody uses", async ({ page }) => {
    const change = async (from: string, to: string) => {
        await page.getByTestId("current-password").fill(from);
        await page.getByTestId("new-password").fill(to);
        await page.getByTestId("end-others").setChecked(false);
        await page.getByTestId("change-password").click();
    };
    await page.goto("/web/profile");
    await change(OWNER.password, "password1234");
    await expect(page.getByTestId("new-password")).toHaveAttribute("aria-invalid", "true");
    await change("not the password", "a sentence nobody has used");
    await expect(page.getByTestId("current-password")).toHaveAttribute("aria-invalid", "true");
    await change(OWNER.password, "a sentence nobody has used");
    await expect(page.getByText("Your password is changed.")).toBeVisible();
    await expect(page.getByTestId("current-password")).toHaveValue("");
    await change("a sentence nobody has used", OWNER.password);
    await expect(page.getByTestId("current-password")).toHaveValue("");
});

test("a session is ended from another browser", async ({ page, browser, installation }) => {
    const elsewhere = await browser.newContext({ userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" });
    const other = await elsewhere.newPage();
    await signIn(other, installation.url);
    await page.goto("/web/profile");
    const row = page.getByTestId("session").filter({ hasText: "Firefox on Linux" });
    await expect(row).toHaveCount(1);
    await expect(page.getByTestId("session").filter({ hasText: "This one" })).toHaveCount(1);
    await row.getByTestId("end-session").click();
    await expect(row).toHaveCount(0);
    await other.goto(`${installation.url}/web/keys`);
    await expect(other, "signed out at once").toHaveURL(/\/web\/sign-in/);
    await elsewhere.close();
});

test("a forgotten password is a link away, or an administrator", async ({ page }) => {
    await page.getByTestId("profile").click();
    await page.getByTestId("sign-out").click();
    await page.getByTestId("forgot").click();
    await expect(page.getByText("This installation sends no mail.")).toBeVisible();
    await page.goto("/web/reset-password#token=nonsense");
    await expect(page, "the token is in no history").toHaveURL(/\/web\/reset-password$/);
    await page.getByTestId("password").fill("a sentence nobody has used");
    await page.getByTestId("reset-save").click();
    await expect(page.getByTestId("form-error")).toContainText("This link is not valid");
});

// Paying in advance: an operator's plan and credit, a code from hand to hand, a statement as a file.

import { readFile } from "node:fs/promises";

import { ask, client } from "../support/client.ts";
import { signIn } from "../support/pages.ts";
import { expect, test } from "../support/test.ts";

test.beforeEach(async ({ page, admin, installation }) => {
    await admin.get("/me");
    await signIn(page, installation.url);
});

test("codes are shown once, saved as a file, and redeemed once", async ({ page }) => {
    await page.goto("/web/operator/codes");
    await page.getByTestId("make-codes").click();
    await page.getByTestId("codes-amount").fill("twenty");
    await page.getByTestId("save-codes").click();
    await expect(page.getByText("Dollars such as 12.50.")).toBeVisible();
    await page.getByTestId("codes-amount").fill("20");
    await page.getByTestId("codes-count").fill("2");
    await page.getByTestId("codes-note").fill("Workshop");
    await page.getByTestId("save-codes").click();
    const codes = (await page.getByTestId("made-codes").innerText()).trim().split("\n");
    expect(codes).toHaveLength(2);
    const saving = page.waitForEvent("download");
    await page.getByTestId("save-made-codes").click();
    const file = await readFile(await (await saving).path(), "utf8");
    expect(file.trimEnd().split("\r\n")).toEqual(["code,amount_usd,uses,expires_at", ...codes.map((code) => `${code},20.00,1,`)]);
    await page.getByTestId("codes-done").click();
    await expect(page.getByText(codes[0]!)).toHaveCount(0);

    await page.goto("/web/billing");
    await expect(page.getByTestId("not-prepaid")).toBeVisible();
    await page.getByTestId("redeem").click();
    await page.getByTestId("code").fill("no such code");
    await page.getByTestId("redeem-code").click();
    await expect(page.getByText("There is no such code. Check what was typed.")).toBeVisible();
    await page.getByTestId("code").fill(codes[0]!.toLowerCase().replaceAll("-", " "));
    await page.getByTestId("redeem-code").click();
    await expect(page.getByTestId("balance-left")).toHaveText("$20.00");
    await page.getByTestId("redeem").click();
    await page.getByTestId("code").fill(codes[0]!);
    await page.getByTestId("redeem-code").click();
    await expect(page.getByText("This code has been used.")).toBeVisible();

    await page.goto("/web/operator/codes");
    await page.getByTestId("batch").filter({ hasText: "Workshop" }).getByTestId("show-codes").click();
    await expect(page.getByTestId("code-row").filter({ hasText: "Stepping Stones" })).toHaveCount(1);
    await page.getByTestId("revoke-code").and(page.locator(":enabled")).click();
    await expect(page.getByTestId("codes").getByText("Taken back")).toBeVisible();
});

test("an operator sets a plan, credits, suspends, and the organisation reads it in its own log", async ({ page, admin }) => {
    await page.goto("/web/operator/organizations");
    await page.getByTestId("tenant-search").fill("stepping");
    await page.getByTestId("tenant").getByRole("link", { name: "Stepping Stones" }).click();
    await expect(page.getByTestId("terms")).toBeVisible();
    await page.getByTestId("plan-members").fill("x");
    await page.getByTestId("save-terms").click();
    await expect(page.getByText("A whole number.", { exact: true })).toBeVisible();
    await page.getByTestId("plan-members").fill("25");
    await page.getByTestId("limits.usd.month").fill("0");
    await page.getByTestId("save-terms").click();
    await expect(page.getByText("Dollars above 0 such as 12.50, or empty for no limit.")).toBeVisible();
    await page.getByTestId("limits.usd.month").fill("1,000");
    await page.getByTestId("multiplier").fill("1.5");
    await page.getByTestId("save-terms").click();
    await expect(page.getByTestId("toasts")).toContainText("is saved");

    const before = await admin.get<{ balance_usd: string; prepaid: boolean }>("/balance");
    await page.getByTestId("credit").click();
    await page.getByTestId("credit-amount").fill("50");
    await page.getByTestId("credit-note").fill("Invoice 7");
    await page.getByTestId("add-credit").click();
    await expect(page.getByTestId("credit-dialog")).toBeHidden();
    await expect(page.getByTestId("entry").filter({ hasText: "Invoice 7" })).toContainText("+$50.00");
    const after = await admin.get<{ balance_usd: string }>("/balance");
    if (before.prepaid) expect(Number(after.balance_usd) - Number(before.balance_usd)).toBeCloseTo(50, 6);

    const tenant = page.url();
    await page.goto("/web/prices");
    await expect(page.getByTestId("prices-prepaid"), "the operator's prices count from now on").toBeVisible();
    await expect(page.getByTestId("set-price")).toHaveCount(0);
    await page.goto(tenant);

    await page.getByTestId("suspend").click();
    await page.getByTestId("suspend-reason").fill("Invoice 7 is unpaid");
    await page.getByTestId("confirm-suspend").click();
    await expect(page.getByTestId("reactivate")).toBeVisible();
    await page.getByTestId("reactivate").click();
    await expect(page.getByTestId("suspend")).toBeVisible();
    const audit = await admin.get<{ items: { action: string; actor: { kind: string } }[] }>("/audit");
    const decided = audit.items.filter((line) => line.actor.kind === "operator").map((line) => line.action);
    expect(decided).toEqual(expect.arrayContaining(["credit.add", "organization.decide"]));
    await admin.patch(page.url().replace(/.*\/web/, ""), { plan: {}, multiplier: "1", prepaid: false });
});

test("a statement adds up, on the page and in its file", async ({ page, admin, account, installation }) => {
    const { id, secret } = await admin.issue("Billed", { account_id: account });
    const request = await client(installation.url, secret).anthropic.messages.create(ask());
    await admin.row(id, request._request_id);
    // Months are the organization's: in its time zone the next one may have begun.
    const { time_zone: timeZone } = await admin.get<{ time_zone: string }>("/organization");
    const parts = new Intl.DateTimeFormat("en", { timeZone, year: "numeric", month: "2-digit" }).formatToParts();
    const part = (type: string) => parts.find((part) => part.type === type)?.value;
    const month = `${part("year")}-${part("month")}`;
    const statement = await admin.get<Record<string, string>>(`/statements/${month}`);
    const nanos = (text: string | undefined) => BigInt(Math.round(Number(text) * 1e9));
    expect(nanos(statement.opening_usd) + nanos(statement.credits_usd) - nanos(statement.usage_usd)).toBe(nanos(statement.closing_usd));

    await page.goto("/web/billing");
    await expect(page.getByTestId("statement-line").filter({ hasText: "Billed" })).toHaveCount(1);
    const saving = page.waitForEvent("download");
    await page.getByTestId("statement-csv").click();
    const saved = await saving;
    expect(saved.suggestedFilename()).toBe(`stepping-stones-${month}.csv`);
    const rows = (await readFile(await saved.path(), "utf8")).trimEnd().split("\r\n").slice(1);
    const amounts = rows.map((row) => nanos(row.split(",").at(-2)));
    expect(amounts.slice(0, -1).reduce((sum, amount) => sum + amount, 0n)).toBe(amounts.at(-1));
});

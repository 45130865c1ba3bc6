// Prices of the organisation's own: set in the page, used by the next request, planned, looked back on, removed.

import { ask, client } from "../support/client.ts";
import { signIn } from "../support/pages.ts";
import { script } from "../support/simulator.ts";
import { expect, test } from "../support/test.ts";

const MODEL = "claude-haiku-5-5";

test("a price that is set counts for the next request, and its history says who set it", async ({ page, admin, account, installation }) => {
    expect(account).toBeTruthy();
    const key = await admin.issue("Priced");
    const figures = script("in=1000,out=5,cache_read=0,cache_5m=0,cache_1h=0");
    const create = () => client(installation.url, key.secret, 0).anthropic.messages.create({ ...ask(), model: MODEL, ...figures });
    await signIn(page, installation.url);
    await page.goto(`${installation.url}/web/prices`);
    await expect(page.getByTestId("price-table")).toContainText("comes with Causeway");
    await page.getByTestId("price-provider").selectOption("anthropic");
    await page.getByTestId("price-search").fill(MODEL);
    const named = page.getByTestId("price").filter({ has: page.getByText(MODEL, { exact: true }) });
    const row = named.filter({ hasText: "anthropic" });
    // The search closes a menu that was opened before its answer came.
    await expect(async () => {
        await row.getByTestId("price-menu").click();
        await page.getByTestId("edit-price").click({ timeout: 1_000 });
    }).toPass();
    await expect(page.getByTestId("price-input")).toHaveValue("0.10");

    // What is no price is said beside its field, here and by the server.
    await page.getByTestId("price-input").fill("a dollar");
    await page.getByTestId("save-price").click();
    await expect(page.getByTestId("price-dialog")).toContainText("Dollars such as 12.50");
    await page.getByTestId("price-input").fill("40");
    await page.getByTestId("price-output").fill("0");
    await page.getByTestId("price-from").fill("2020-01-01");
    await page.getByTestId("save-price").click();
    await expect(page.getByTestId("price-dialog")).toContainText("must not be in the past");
    await page.getByTestId("price-from").fill("");
    await page.getByTestId("save-price").click();
    await expect(page.getByTestId("price-dialog")).toBeHidden();
    await expect(row).toContainText("Own price");
    await expect(row).toContainText("$40.00");

    await create();
    await expect.poll(async () => (await admin.rows(key.id)).map((r) => r.cost_usd)).toEqual(["0.04"]);

    await row.getByTestId("price-menu").click();
    await page.getByTestId("show-history").click();
    await expect(page.getByTestId("price-versions")).toContainText("In force");
    await page.keyboard.press("Escape");

    await row.getByTestId("price-menu").click();
    await page.getByTestId("remove-price").click();
    await page.getByTestId("confirm-action").click();
    await expect(row).not.toContainText("Own price");
    await create();
    await expect.poll(async () => (await admin.rows(key.id)).map((r) => r.cost_usd).sort()).toEqual(["0.0001025", "0.04"]);
});

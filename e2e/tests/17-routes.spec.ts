// Model routes: a name of one's own for a model, as a person makes it, and as a client then asks for it.

import { client, ask } from "../support/client.ts";
import { signIn } from "../support/pages.ts";
import { expect, test } from "../support/test.ts";

/** After this, every change has reached the relay. */
const HEARD = 1_500;

test("a name leads to a model, its answers have that name, and it is gone when its route is", async ({ page, admin, simulator, installation }) => {
    await admin.account("Routed", simulator.url);
    const key = await admin.issue("Routes");
    await signIn(page, installation.url);
    await page.goto("/web/model-routes");
    await page.getByTestId("add-route").or(page.getByTestId("add-first-route")).first().click();
    await page.getByTestId("route-pattern").fill("house model");
    await page.getByTestId("route-model").fill("claude-sonnet-5-5");
    await page.getByTestId("save-route").click();
    await expect(page.getByTestId("route-dialog").getByTestId("form-error")).toContainText("without spaces");
    await page.getByTestId("route-pattern").fill("house-model");
    await page.getByTestId("save-route").click();
    const row = page.getByTestId("route").filter({ hasText: "house-model" });
    await expect(row).toContainText("Alias");
    await expect(row).toContainText("beside the original");
    await expect(row.getByTestId("route-target")).toContainText("claude-sonnet-5-5");

    await page.waitForTimeout(HEARD);
    const answer = await client(installation.url, key.secret, 0).anthropic.messages.create({ ...ask("Which one?"), model: "house-model" });
    expect(answer.model, "the client's own word").toBe("house-model");

    await row.getByTestId("route-menu").click();
    await page.getByTestId("delete-route").and(page.locator(":visible")).click();
    await page.getByTestId("confirm-action").and(page.locator(":visible")).click();
    await expect(row).toHaveCount(0);
    await page.waitForTimeout(HEARD);
    await expect(client(installation.url, key.secret, 0).anthropic.messages.create({ ...ask("And now?"), model: "house-model" })).rejects.toThrow(/house-model|no_account/);
});

// What the database will not take: seen by its organisation, written again by the operator once nothing stands in its way,
// or closed for a reason.

import { signIn } from "../support/pages.ts";
import { MODEL } from "../support/client.ts";
import { expect, test } from "../support/test.ts";

test.beforeEach(async ({ page, admin, installation }) => {
    await admin.get("/me");
    await signIn(page, installation.url);
});

test("requests that could not be written are written again, or closed for a reason, and nothing is counted twice", async ({
    page,
    admin,
    account,
    installation,
}) => {
    const key = await admin.issue("Lost for a while", { account_id: account });
    const ask = async (client: string) => {
        const headers = { "x-api-key": key.secret, "anthropic-version": "2023-06-01", "content-type": "application/json", "user-agent": client };
        const body = JSON.stringify({ model: MODEL, max_tokens: 20, messages: [{ role: "user", content: "Hello" }] });
        const answer = await fetch(`${installation.url}/api/v1/messages`, { method: "POST", headers, body });
        expect(answer.status).toBe(200);
        await answer.arrayBuffer();
    };
    installation.sql("alter table usage add constraint refuses check (client not like 'lost/%')");
    await ask("lost/1");
    await ask("lost/2");
    await ask("kept/1");
    await expect(async () => {
        expect((await admin.get<{ dead_letters: number }>("/ledger")).dead_letters).toBe(2);
        expect(await admin.rows(key.id)).toHaveLength(1);
    }).toPass();
    installation.sql("alter table usage drop constraint refuses");

    await page.goto("/web/usage");
    await page.getByTestId("show-dead-letters").click();
    await expect(page.getByTestId("dead-letter")).toHaveCount(2);
    await expect(page.getByTestId("dead-letter").first()).toContainText("refuses");
    await page.keyboard.press("Escape");

    await page.getByTestId("settle-dead-letters").click();
    await expect(page.getByTestId("tenant-letter")).toHaveCount(2);
    await page.getByTestId("tenant-letter").first().getByTestId("write-letter").click();
    await expect(page.getByTestId("tenant-letter")).toHaveCount(1);
    await expect(async () => expect(await admin.rows(key.id)).toHaveLength(2)).toPass();
    await page.getByTestId("close-letter").click();
    await page.getByTestId("close-letter-reason").fill("A request of a test");
    await page.getByTestId("confirm-close-letter").click();
    await expect(page.getByTestId("tenant-letter")).toHaveCount(0);
    expect((await admin.get<{ dead_letters: number }>("/ledger")).dead_letters).toBe(0);
    expect(await admin.rows(key.id)).toHaveLength(2);
    const { items } = await admin.get<{ items: { action: string; after: { because: string | null } }[] }>("/audit?action=dead_letter");
    expect(items.map(({ action, after }) => [action, after.because])).toEqual([
        ["dead_letter.close", "A request of a test"],
        ["dead_letter.write", null],
    ]);
});

// Clients: rules that recognise programs, tried on what came before they are saved, and a key for one program only.

import { signIn } from "../support/pages.ts";
import { expect, test } from "../support/test.ts";

/** After this, every change has reached the relay. */
const HEARD = 1_500;

test.beforeEach(async ({ page, admin, installation }) => {
    await admin.get("/me");
    await signIn(page, installation.url);
});

/** Asks as a program that calls itself so. */
async function askAs(url: string, secret: string, agent: string): Promise<{ status: number; code?: string }> {
    const response = await fetch(`${url}/claude/v1/messages`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-api-key": secret, "anthropic-version": "2023-06-01", "user-agent": agent },
        body: JSON.stringify({ model: "claude-sonnet-5-5", max_tokens: 64, messages: [{ role: "user", content: "Hello" }] }),
    });
    const body = (await response.json()) as { error?: { causeway?: { code?: string } } };
    const code = body.error?.causeway?.code;
    return code === undefined ? { status: response.status } : { status: response.status, code };
}

test("a rule is tried on the last day, saved, and a key is kept for what it recognises", async ({ page, admin, account, installation }) => {
    test.setTimeout(60_000);
    expect(account).toBeTruthy();
    const { url } = installation;
    const key = await admin.post<{ id: string; secret: string }>("/keys", { name: "Lighthouse" });
    await page.waitForTimeout(HEARD);
    for (const agent of ["lighthouse-agent/3.1 (linux)", "claude-cli/2.1.329 (external, cli)"]) {
        expect(await askAs(url, key.secret, agent)).toEqual({ status: 200 });
    }
    const rows = async (query: string) => (await admin.get<{ items: unknown[] }>(`/requests?key_id=${key.id}${query}`)).items.length;
    await expect.poll(() => rows("")).toBe(2);
    expect(await rows("&client_id=claude_code")).toBe(1);

    await page.goto("/web/clients");
    await expect(page.getByTestId("known-clients")).toContainText("Claude Code");
    await page.getByTestId("add-rule").click();
    await page.getByTestId("rule-name").fill("Lighthouse agent");
    await page.getByTestId("rule-client").fill("Lighthouse");
    await page.getByTestId("rule-matches").fill("lighthouse-agent/*");
    await page.getByTestId("save-rules").click();
    // Beside its field, and nowhere else.
    await expect(page.getByTestId("rule-client")).toHaveAttribute("aria-invalid", "true");
    await expect(page.getByTestId("own-rule")).toContainText("must have 1 to 40 characters of a-z");
    await expect(page.getByTestId("rule-name")).not.toHaveAttribute("aria-invalid");
    await expect(page.getByTestId("form-error")).toHaveCount(0);
    await page.getByTestId("rule-client").fill("lighthouse");
    await page.getByTestId("try-rules").click();
    const sum = page.locator("[data-testid=trial-sum][data-client=lighthouse]");
    await expect(sum).toContainText("Lighthouse agent");
    await expect(page.getByTestId("trial-row").filter({ hasText: "lighthouse-agent/3.1" })).toContainText("Not recognised");
    expect((await admin.get<{ version: number }>("/client-rules")).version, "a try changes nothing").toBe(0);
    await page.getByTestId("save-rules").click();
    await expect(page.getByTestId("known-clients")).toContainText("lighthouse");
    expect((await admin.get<{ version: number }>("/client-rules")).version).toBe(1);

    await page.goto("/web/keys");
    await page.getByTestId("key").filter({ hasText: "Lighthouse" }).getByTestId("key-menu").click();
    await page.getByTestId("edit-key").and(page.locator(":visible")).click();
    await page.getByTestId("key-rules").locator("summary").click();
    await page.getByTestId("key-clients").getByLabel("Lighthouse agent").check();
    await page.getByTestId("save-key").click();
    await expect(page.getByTestId("save-key")).toHaveCount(0);
    await page.waitForTimeout(HEARD);
    expect(await askAs(url, key.secret, "lighthouse-agent/3.2")).toEqual({ status: 200 });
    expect(await askAs(url, key.secret, "claude-cli/2.1.329 (external, cli)")).toEqual({ status: 403, code: "client_forbidden" });
    await expect.poll(() => rows("&client_id=lighthouse")).toBe(1);

    await page.goto(`/web/requests?key_id=${key.id}&client_id=lighthouse`);
    await expect(page.getByTestId("request")).toHaveCount(1);
    await page.goto(`/web/usage?by=client&key_id=${key.id}`);
    await expect(page.getByTestId("usage-row").filter({ hasText: "Lighthouse agent" })).toHaveCount(1);

    // Taken away again, so that other journeys meet the shipped rules alone.
    await page.goto("/web/clients");
    await page.getByTestId("remove-rule").click();
    await page.getByTestId("try-rules").click();
    await expect(page.getByTestId("trial")).toContainText("would be refused");
    await page.getByTestId("save-rules").click();
    await expect(page.getByTestId("known-client").filter({ hasText: "lighthouse" })).toContainText("No rule recognises it");
    await admin.patch(`/keys/${key.id}`, { enabled: false });
});

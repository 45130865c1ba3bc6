// Providers as the operator has them: a subscription that is switched on with a confirmation, a provider that is switched
// off, and one of the operator's own.

import type { Locator, Page } from "@playwright/test";

import { OWNER } from "../support/admin.ts";
import { signIn } from "../support/pages.ts";
import { expect, test } from "../support/test.ts";

test.beforeEach(async ({ page, admin, installation }) => {
    await admin.get("/me");
    await signIn(page, installation.url);
    await page.goto("/web/operator/providers");
});

function row(page: Page, provider: string): Locator {
    return page.locator(`[data-testid=provider][data-provider="${provider}"]`);
}

async function reset(page: Page, provider: string): Promise<void> {
    await row(page, provider).getByTestId("reset-provider").click();
    await page.getByTestId("confirm-action").and(page.locator(":visible")).click();
    await expect(row(page, provider).getByTestId("reset-provider")).toHaveCount(0);
}

/** The names of providers that an account can be added at. */
async function offered(page: Page): Promise<string[]> {
    await page.goto("/web/accounts");
    await page.getByTestId("add-account").click();
    await expect(page.getByTestId("provider-option").first()).toBeVisible();
    const names = await page.getByTestId("provider-option").locator(".font-medium").allInnerTexts();
    await page.goto("/web/operator/providers");
    return names.map((name) => name.trim());
}

test("a subscription is switched on by a client id and a confirmation, and by neither alone", async ({ page, admin }) => {
    const codex = row(page, "codex");
    await expect(codex).toContainText("Subscription");
    await expect(codex.getByTestId("provider-notice")).toContainText("between you and your provider");
    await expect(codex.getByTestId("closed-ways")).toContainText("Device code");

    await codex.getByTestId("edit-provider").click();
    await page.getByTestId("provider-client-id").fill("app_journeys");
    await page.getByTestId("save-provider").click();
    await expect(page.getByTestId("provider-confirmation")).toHaveAttribute("aria-invalid", "true");
    await expect(page.getByTestId("provider-dialog")).toContainText("say that you may use this provider's subscriptions");
    await page.getByTestId("provider-confirmation").fill("We may");
    await page.getByTestId("save-provider").click();
    await expect(page.getByTestId("provider-dialog")).toContainText("10 to 2000 characters");
    await page.getByTestId("provider-confirmation").fill("Our contract of 3 March permits it.");
    await page.getByTestId("save-provider").click();
    await expect(page.getByTestId("toasts")).toContainText("is saved");
    await expect(codex.getByTestId("closed-ways")).toHaveCount(0);
    await expect(codex.getByTestId("confirmed-by")).toContainText(`Confirmed by ${OWNER.name}`);
    const open = async () => {
        const presets = await admin.get<{ provider: string; sign_in: string[] }[]>("/providers");
        return presets.find((preset) => preset.provider === "codex")?.sign_in ?? [];
    };
    expect(await open()).toContain("device_code");

    // What was entered is there again, and saving it anew leaves the confirmation as it was.
    const before = await codex.getByTestId("confirmed-by").innerText();
    await codex.getByTestId("edit-provider").click();
    await expect(page.getByTestId("provider-client-id")).toHaveValue("app_journeys");
    await expect(page.getByTestId("provider-confirmation")).toHaveValue("Our contract of 3 March permits it.");
    await page.getByTestId("save-provider").click();
    await expect(page.getByTestId("provider-dialog")).toBeHidden();
    await expect(codex.getByTestId("confirmed-by")).toHaveText(before);

    await reset(page, "codex");
    await expect(codex.getByTestId("closed-ways")).toContainText("Device code");
    await expect(codex.getByTestId("confirmed-by")).toHaveCount(0);
    expect(await open()).not.toContain("device_code");
});

test("no account can be added at a provider that is switched off", async ({ page }) => {
    await row(page, "kimi").getByTestId("edit-provider").click();
    await page.getByTestId("provider-enabled").uncheck();
    await page.getByTestId("save-provider").click();
    await expect(row(page, "kimi")).toContainText("Disabled");
    expect((await offered(page)).filter((name) => /kimi/i.test(name))).toEqual([]);
    await reset(page, "kimi");
    await expect(row(page, "kimi")).toContainText("Enabled");
    expect((await offered(page)).filter((name) => /kimi/i.test(name))).toHaveLength(1);
});

test("a provider of the operator's own is described, offered, changed and deleted", async ({ page }) => {
    await page.getByTestId("add-provider").click();
    await page.getByTestId("provider-id").fill("openai");
    await page.getByTestId("save-provider").click();
    await expect(page.getByTestId("provider-dialog")).toContainText("There is such a provider");
    await page.getByTestId("provider-id").fill("the-house");
    const described = await page.getByTestId("provider-changes").inputValue();
    await page.getByTestId("provider-changes").fill("{ not JSON");
    await page.getByTestId("save-provider").click();
    await expect(page.getByTestId("provider-dialog")).toContainText("This is no JSON");
    await page.getByTestId("provider-changes").fill(described.replace("openai_chat", "esperanto"));
    await page.getByTestId("save-provider").click();
    await expect(page.getByTestId("provider-changes"), "the API's refusal stands at its field").toHaveAttribute("aria-invalid", "true");
    await expect(page.getByTestId("provider-dialog")).toContainText("esperanto");
    await page.getByTestId("provider-changes").fill(described.replace('"name": ""', '"name": "House models"'));
    await page.getByTestId("save-provider").click();
    await expect(row(page, "the-house")).toContainText("House models");
    await expect(row(page, "the-house")).toContainText("Added here");
    expect(await offered(page)).toContain("House models");

    await row(page, "the-house").getByTestId("edit-provider").click();
    await page.getByTestId("provider-changes").fill(described.replace('"name": ""', '"name": "Models of the house"'));
    await page.getByTestId("save-provider").click();
    await expect(row(page, "the-house")).toContainText("Models of the house");
    await row(page, "the-house").getByTestId("reset-provider").click();
    await page.getByTestId("confirm-action").and(page.locator(":visible")).click();
    await expect(row(page, "the-house")).toHaveCount(0);
});

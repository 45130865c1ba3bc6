// Single sign-on at the simulator's identity provider: an owner sets it up, people come in through it.

import type { Page } from "@playwright/test";

import { signIn } from "../support/pages.ts";
import { expect, listen, test } from "../support/test.ts";

const DOMAIN = "stones.example";

/** What one person does at the simulator's page. */
async function consent(page: Page, who: string, decision: "Allow" | "Deny"): Promise<void> {
    await expect(page.getByRole("heading", { name: "Sign in at the simulator" })).toBeVisible();
    await page.getByLabel("Subject or e-mail address").fill(who);
    await page.getByRole("button", { name: decision }).click();
}

/** From the sign-in page to the simulator's. */
async function leave(page: Page, email: string): Promise<void> {
    await page.getByTestId("sso-open").click();
    await page.getByTestId("sso-who").fill(email);
    await page.getByTestId("sso-continue").click();
}

test("an owner sets single sign-on up, and people come in with the role of their group", async ({ page, browser, admin, simulator, installation }) => {
    await admin.get("/me");
    for (const person of [
        { sub: "grace", email: `grace@${DOMAIN}`, email_verified: true, name: "Grace Hopper", groups: [] },
        { sub: "alan", email: `alan@${DOMAIN}`, email_verified: true, name: "Alan Turing", groups: ["llm-ops"] },
    ]) {
        const added = await fetch(`${simulator.url}/_sim/issuer/people`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify(person),
        });
        expect(added.status).toBe(204);
    }

    await signIn(page, installation.url);
    await page.goto("/web/settings");
    await page.getByTestId("sso-add").click();
    await page.getByTestId("sso-name").fill("Stones");
    await page.getByTestId("sso-issuer").fill("https://10.0.0.1");
    await page.getByTestId("sso-save").click();
    await expect(page.getByText("points into a private network")).toBeVisible();
    await page.getByTestId("sso-issuer").fill(`${simulator.url}/issuer`);
    await page.getByTestId("sso-save").click();
    // Registered there by the callback address, then put to use.
    await expect(page.getByTestId("sso-callback")).toContainText(`${installation.url}/admin/v1/auth/oidc/`);
    await page.getByTestId("sso-test").click();
    await expect(page.getByTestId("sso-tested")).toContainText("publishes 1 signing key");
    await page.getByTestId("sso-edit").click();
    await page.getByTestId("sso-client-id").fill("causeway");
    await page.getByTestId("sso-secret").fill("sim-client-secret");
    await page.getByTestId("sso-add-group").click();
    await page.getByTestId("sso-group").fill("llm-ops");
    await page.getByTestId("sso-role").selectOption("admin");
    await page.getByTestId("sso-auto-join").check();
    await page.getByTestId("sso-enabled").check();
    await page.getByTestId("sso-save").click();
    await expect(page.getByTestId("sso-row").getByText("Enabled")).toBeVisible();
    await page.getByTestId("sso-domain-name").fill(DOMAIN);
    await page.getByTestId("sso-domain-add").click();
    await expect(page.getByTestId("sso-domain")).toContainText("Confirmed");

    for (const { who, name, refuses } of [
        { who: `grace@${DOMAIN}`, name: "Grace Hopper", refuses: true },
        { who: "alan", name: "Alan Turing", refuses: false },
    ]) {
        const context = await browser.newContext({ baseURL: installation.url });
        const visitor = await context.newPage();
        const complaints = listen(visitor);
        await visitor.goto("/web/keys");
        await expect(visitor.getByTestId("sso-open")).toBeVisible();
        if (refuses) {
            await leave(visitor, "somebody@nowhere.example");
            await expect(visitor.getByText("No single sign-on is known for this.")).toBeVisible();
            await visitor.getByTestId("sso-who").fill(`grace@${DOMAIN}`);
            await visitor.getByTestId("sso-continue").click();
            await consent(visitor, who, "Deny");
            // As the issuer says it.
            await expect(visitor.getByTestId("sso-failure")).toContainText("access_denied: The person did not agree to sign in.");
            await visitor.getByTestId("sso-continue").click();
        } else {
            await leave(visitor, `alan@${DOMAIN}`);
        }
        await consent(visitor, who, "Allow");
        // Back where they wanted to go.
        await expect(visitor).toHaveURL(`${installation.url}/web/keys`);
        await expect(visitor.getByRole("heading", { name: "API keys" })).toBeVisible();
        await visitor.reload();
        await expect(visitor.getByRole("heading", { name: "API keys" })).toBeVisible();
        expect(complaints, `${name}'s browser complained`).toEqual([]);
        await context.close();
    }

    const { items } = await admin.get<{ items: { name: string; role: string }[] }>("/members");
    expect(items.find((member) => member.name === "Grace Hopper")?.role).toBe("member");
    expect(items.find((member) => member.name === "Alan Turing")?.role).toBe("admin");
    const lines = (await admin.get<{ items: { action: string; actor: { name: string } }[] }>("/audit?limit=100")).items;
    expect(lines.filter((line) => line.action === "sso.sign_in").map((line) => line.actor.name)).toEqual(["Alan Turing", "Grace Hopper"]);
    expect(lines.filter((line) => line.action === "sso.refuse")).toHaveLength(1);
});

// What holds for every page: keyboard, headings, labels, contrast, phone width, both languages, both themes.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import type { Page } from "@playwright/test";
import type { AxeResults } from "axe-core";

import { ask, client } from "../support/client.ts";
import { OTHER_PAGES, PAGES, signIn } from "../support/pages.ts";
import { expect, test } from "../support/test.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

test.beforeAll(async ({ admin, account, installation }) => {
    const { secret } = await admin.issue("Looked at", {
        account_id: account,
        limits: { requests_per_minute: 60, usd: { day: "5" } },
    });
    await client(installation.url, secret).anthropic.messages.create(ask());
});

test.beforeEach(async ({ page, installation }) => {
    await signIn(page, installation.url);
});

// One test a page and not one a rule: opening a page is most of what a rule costs.
for (const { name, path, heading } of [...PAGES, ...OTHER_PAGES]) {
    test(`${name}: nothing that axe objects to in light and dark, worked by keyboard, and fits on a phone`, async ({ page }) => {
        if (PAGES.some((page) => page.path === path)) {
            await page.goto("/web/");
            await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
            await tabTo(page, path);
            await page.keyboard.press("Enter");
        } else {
            await page.goto(path);
        }
        await expect(page.getByRole("heading", { level: 1 }), "one heading").toHaveText([heading]);
        await settled(page);
        for (const colorScheme of ["light", "dark"] as const) {
            await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
            await expect(page.locator("html")).toHaveAttribute("data-theme", colorScheme === "dark" ? "causeway-dark" : "causeway");
            expect(await axe(page), colorScheme).toEqual([]);
        }
        expect(await unreachable(page), "controls that Tab never reaches").toEqual([]);

        await page.setViewportSize({ width: 390, height: 844 });
        await page.goto("about:blank");
        await page.goto(path);
        await expect(page.getByRole("heading", { level: 1 })).toHaveText([heading]);
        await settled(page);
        expect(await page.evaluate(() => document.documentElement.scrollWidth), "on a phone").toBeLessThanOrEqual(390);
    });
}

test("the phone's menu opens, leads somewhere and closes", async ({ page }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto("/web/");
    await page.getByTestId("open-menu").click();
    await page.getByRole("link", { name: "Prices", exact: true }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Prices");
    await expect(page.getByRole("link", { name: "Prices", exact: true })).not.toBeInViewport();
});

test("dialogs keep the keyboard, close on Escape and give the focus back", async ({ page }) => {
    await page.goto("/web/keys");
    await page.getByTestId("issue-key").click();
    await expect(page.getByTestId("key-name")).toBeFocused();
    expect(await axe(page)).toEqual([]);
    for (let i = 0; i < 40; i += 1) {
        await page.keyboard.press("Tab");
        const within = await page.evaluate(() => {
            const at = document.activeElement;
            return at === document.body || at?.closest("dialog") !== null;
        });
        expect(within, `after ${i + 1} times Tab`).toBe(true);
    }
    await page.keyboard.press("Escape");
    await expect(page.getByTestId("key-dialog")).toBeHidden();
    await expect(page.getByTestId("issue-key")).toBeFocused();
});

test("the theme that was chosen persists, also before the first paint", async ({ page }) => {
    await page.goto("/web/");
    await page.getByTestId("profile").click();
    await page.getByTestId("theme-toggle").getByRole("button", { name: "Dark" }).click();
    await expect(page.locator("html")).toHaveAttribute("data-theme", "causeway-dark");
    await page.addInitScript(() => {
        const seen = new Set<string>();
        Object.assign(window, { seen });
        new MutationObserver(() => {
            if (document.body) seen.add(document.documentElement.dataset.theme ?? "none");
        }).observe(document, { childList: true, subtree: true, attributes: true });
    });
    await page.reload();
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    expect(await page.evaluate(() => [...(window as unknown as { seen: Set<string> }).seen])).toEqual(["causeway-dark"]);
});

test("both languages: the choice is taken at once, persists, and tells the browser", async ({ page }) => {
    await page.goto("/web/");
    await page.getByTestId("profile").click();
    await page.getByTestId("language-toggle").getByText("中文").click();
    await expect(page.locator("html")).toHaveAttribute("lang", "zh");
    for (const { path, heading } of PAGES) {
        await page.goto(path);
        const h1 = page.getByRole("heading", { level: 1 });
        await expect(h1).toHaveText(/\p{Script=Han}/u);
        await expect(h1).not.toHaveText(heading);
    }
    await page.getByTestId("profile").click();
    await page.getByTestId("language-toggle").getByText("EN").click();
    await expect(page.locator("html")).toHaveAttribute("lang", "en");
});

test("an address that leads nowhere says so and leads back", async ({ page }) => {
    await page.goto("/web/nowhere");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Page not found");
    expect(await axe(page)).toEqual([]);
    await page.getByRole("link", { name: "To the dashboard" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Dashboard");
});

test("the API documentation works without the network", async ({ page }) => {
    const elsewhere: string[] = [];
    page.on("request", (request) => {
        if (!request.url().startsWith(new URL(page.url()).origin) && /^https?:/.test(request.url())) elsewhere.push(request.url());
    });
    await page.goto("/docs/");
    await expect(page.locator(".opblock").first()).toBeVisible();
    await expect(page.getByText("/admin/v1/keys", { exact: true }).first()).toBeVisible();
    await expect(page.getByText("/api/v1/messages", { exact: true }).first()).toBeVisible();
    expect(elsewhere).toEqual([]);
});

test("over plain http on a name that is no secure context, signing in and copying still work", async ({ page, installation, admin }) => {
    await admin.issue("Copied without a clipboard");
    const lan = installation.url.replace("127.0.0.1", "causeway.lan");
    await signIn(page, lan);
    expect(await page.evaluate(() => isSecureContext)).toBe(false);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Dashboard");
    await page.reload();
    await expect(page.getByRole("heading", { level: 1 }), "the cookie came back").toHaveText("Dashboard");
    await page.goto(`${lan}/web/connect`);
    const copy = page.locator("figure").first().getByRole("button");
    await copy.click();
    await expect(copy).toHaveAttribute("data-copied", "true");
});

/** Waits until nothing is loading. */
async function settled(page: Page): Promise<void> {
    await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
    await page.evaluate(() => Promise.all(document.getAnimations().filter((a) => a.effect?.getComputedTiming().iterations !== Infinity).map((a) => a.finished.catch(() => {}))));
}

/** What axe finds against WCAG 2.2 A and AA, as `rule: elements`. */
async function axe(page: Page): Promise<string[]> {
    // Evaluated by the debugger, which the content security policy does not bind.
    await page.evaluate(AXE);
    const results = await page.evaluate(() => {
        const { axe } = window as unknown as { axe: { run(options: object): Promise<AxeResults> } };
        return axe.run({
            runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
            // It takes the initial in the avatar, which is hidden from screen readers, for a part of the visible label.
            rules: { "label-content-name-mismatch": { enabled: false } },
        });
    });
    return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
}

/** Presses Tab until the link to a page has the focus. */
async function tabTo(page: Page, path: string): Promise<void> {
    for (let i = 0; i < 40; i += 1) {
        await page.keyboard.press("Tab");
        const there = await page.evaluate(
            (path) => document.activeElement instanceof HTMLAnchorElement && document.activeElement.pathname === path,
            path,
        );
        if (there) return;
    }
    throw new Error(`Tab does not reach the link to ${path}`);
}

/** The controls that are visible and enabled and that a round of Tab does not reach. */
async function unreachable(page: Page): Promise<string[]> {
    const count = await page.evaluate(() => {
        const controls = [...document.querySelectorAll<HTMLElement>("a[href], button, input, select, textarea, summary")].filter(
            (control) => control.checkVisibility({ visibilityProperty: true }) && !control.matches(":disabled"),
        );
        // Of radio buttons that belong together the keyboard reaches the chosen one; arrow keys reach the others.
        const reached = controls.filter((c) => !(c instanceof HTMLInputElement && c.type === "radio" && !c.checked));
        reached.forEach((control) => control.setAttribute("data-unreached", ""));
        (document.activeElement as HTMLElement | null)?.blur();
        document.addEventListener("focusin", (event) => (event.target as Element).removeAttribute("data-unreached"));
        return reached.length;
    });
    for (let i = 0; i < count + 10; i += 1) await page.keyboard.press("Tab");
    return page.evaluate(() => [...document.querySelectorAll("[data-unreached]")].map((left) => left.outerHTML.slice(0, 160)));
}

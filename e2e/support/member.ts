// People beside the owner.

import type { Browser, Page } from "@playwright/test";

import { type Admin, OWNER } from "./admin.ts";
import type { Installation } from "./installation.ts";
import { listen } from "./test.ts";

/** Somebody else's browser, which must not complain either. */
export async function another(browser: Browser, baseURL: string): Promise<{ page: Page; complaints: string[] }> {
    const page = await (await browser.newContext({ baseURL, locale: "en-GB" })).newPage();
    return { page, complaints: listen(page) };
}

/** Somebody who follows the link of an invitation into the organisation. */
export interface Person {
    name: string;
    email: string;
    password: string;
}

/** Follows that link; the page is theirs from then on. */
export async function accept(page: Page, link: string, { name, email, password }: Person): Promise<void> {
    await page.goto(link);
    await page.getByTestId("email").fill(email);
    await page.getByTestId("name").fill(name);
    await page.getByTestId("password").fill(password);
    await page.getByTestId("accept").click();
    await page.getByTestId("profile").waitFor({ state: "attached" });
}

/** Invites somebody as a member; they accept in the page, which is theirs from then on. */
export async function member(page: Page, installation: Installation, admin: Admin, email: string): Promise<void> {
    const { link } = await admin.post<{ link: string }>("/invitations", { email, role: "member", delivery: "link" });
    const person = { name: "Barbara Liskov", email, password: OWNER.password };
    await accept(page, `${installation.url}/web/accept${new URL(link).hash}`, person);
}

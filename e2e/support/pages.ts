// The pages for members, and how to be one.

import type { Page } from "@playwright/test";

import { OWNER } from "./admin.ts";

/** Every page in the menu. */
export const PAGES = [
    { name: "dashboard", path: "/web/", heading: "Dashboard" },
    { name: "requests", path: "/web/requests", heading: "Requests" },
    { name: "keys", path: "/web/keys", heading: "API keys" },
    { name: "accounts", path: "/web/accounts", heading: "Upstream accounts" },
    { name: "prices", path: "/web/prices", heading: "Prices" },
    { name: "connect", path: "/web/connect", heading: "Connect Claude Code" },
] as const;

/** Gives the page the owner's session, without the form. */
export async function signIn(page: Page, url: string): Promise<void> {
    const { email, password } = OWNER;
    const answer = await page.request.post(`${url}/admin/v1/auth/sign-in`, { data: { email, password } });
    if (!answer.ok()) throw new Error(`signing in: ${answer.status()} ${await answer.text()}`);
}

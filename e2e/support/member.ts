// People beside the owner.

import type { Page } from "@playwright/test";

import { type Admin, OWNER } from "./admin.ts";
import type { Installation } from "./installation.ts";

/** Invites somebody as a member, lets them accept, and signs the page in as them. */
export async function member(page: Page, installation: Installation, admin: Admin, email: string): Promise<void> {
    const { link } = await admin.post<{ link: string }>("/invitations", { email, role: "member", delivery: "link" });
    const answer = await fetch(`${installation.url}/admin/v1/join/invitation`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ token: new URL(link).hash.slice(1), email, name: "Barbara Liskov", password: OWNER.password }),
    });
    if (!answer.ok) throw new Error(`the invitation was not accepted: ${answer.status} ${await answer.text()}`);
    await page.goto(`${installation.url}/web/sign-in`);
    await page.getByTestId("email").fill(email);
    await page.getByTestId("password").fill(OWNER.password);
    await page.getByTestId("sign-in").click();
    await page.getByTestId("profile").waitFor({ state: "attached" });
}

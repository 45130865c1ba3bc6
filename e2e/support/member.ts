// People beside the owner.

import type { Page } from "@playwright/test";

import { type Admin, OWNER } from "./admin.ts";
import type { Installation } from "./installation.ts";

/** Invites somebody as a member; they accept in the page, which is theirs from then on. */
export async function member(page: Page, installation: Installation, admin: Admin, email: string): Promise<void> {
    const { link } = await admin.post<{ link: string }>("/invitations", { email, role: "member", delivery: "link" });
    await page.goto(`${installation.url}/web/accept${new URL(link).hash}`);
    await page.getByTestId("email").fill(email);
    await page.getByTestId("name").fill("Barbara Liskov");
    await page.getByTestId("password").fill(OWNER.password);
    await page.getByTestId("accept").click();
    await page.getByTestId("profile").waitFor({ state: "attached" });
}

// The pages for members, and how to be one.

import type { Page } from "@playwright/test";

import { OWNER } from "./admin.ts";

/** Every page in the menu. */
export const PAGES = [
    { name: "dashboard", path: "/web/", heading: "Dashboard" },
    { name: "requests", path: "/web/requests", heading: "Requests" },
    { name: "usage", path: "/web/usage", heading: "Usage" },
    { name: "keys", path: "/web/keys", heading: "API keys" },
    { name: "accounts", path: "/web/accounts", heading: "Upstream accounts" },
    { name: "pools", path: "/web/pools", heading: "Pools" },
    { name: "proxies", path: "/web/proxies", heading: "Proxies" },
    { name: "model-routes", path: "/web/model-routes", heading: "Model routes" },
    { name: "clients", path: "/web/clients", heading: "Clients" },
    { name: "prices", path: "/web/prices", heading: "Prices" },
    { name: "billing", path: "/web/billing", heading: "Billing" },
    { name: "organisations", path: "/web/operator/organizations", heading: "Organisations" },
    { name: "codes", path: "/web/operator/codes", heading: "Codes" },
    { name: "members", path: "/web/members", heading: "Members" },
    { name: "tokens", path: "/web/tokens", heading: "API tokens" },
    { name: "audit", path: "/web/audit", heading: "Audit log" },
    { name: "announcements", path: "/web/announcements", heading: "Announcements" },
    { name: "people", path: "/web/operator/people", heading: "People" },
    { name: "global-prices", path: "/web/operator/prices", heading: "Global prices" },
    { name: "providers", path: "/web/operator/providers", heading: "Providers" },
    { name: "operator-announcements", path: "/web/operator/announcements", heading: "Announcements" },
    { name: "operator-audit", path: "/web/operator/audit", heading: "Installation audit" },
    { name: "settings", path: "/web/settings", heading: "Settings" },
    { name: "playground", path: "/web/playground", heading: "Playground" },
    { name: "connect", path: "/web/connect", heading: "Connect Claude Code" },
    { name: "share", path: "/web/share", heading: "Shared accounts" },
] as const;

/** Pages that are reached from elsewhere than the menu. */
export const OTHER_PAGES = [
    { name: "new-account", path: "/web/accounts/new", heading: "Add an upstream account" },
    { name: "import-accounts", path: "/web/accounts/import", heading: "Import accounts" },
    { name: "profile", path: "/web/profile", heading: "My profile" },
    { name: "reset-password", path: "/web/reset-password#token=nothing", heading: "Choose a new password" },
] as const;

/** Signs the page in as the owner. */
export async function signIn(page: Page, url: string): Promise<void> {
    await page.goto(`${url}/web/sign-in`);
    await page.getByTestId("email").fill(OWNER.email);
    await page.getByTestId("password").fill(OWNER.password);
    await page.getByTestId("sign-in").click();
    await page.getByTestId("profile").waitFor({ state: "attached" });
}

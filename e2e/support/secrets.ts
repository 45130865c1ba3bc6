// The secrets that the journeys make: remembered where `make test` (`.ci/secrets.sh`) compares them with every log.

import { appendFileSync } from "node:fs";
import { join } from "node:path";

import type { BrowserContext } from "@playwright/test";

/** Members of a body that hold a secret, wherever they stand. */
const NAMES =
    /^(access_token|api_key|claim|client_secret|credential|current_password|link|new_password|password|recovery_codes|refresh_token|secret|ticket|token|url)$/;

/** What is shorter could stand in a log by chance. */
const SHORTEST = 16;

/** Remembers a secret that nothing may log. */
export function secret(text: string): void {
    const directory = process.env.CAUSEWAY_TEST_LOGS;
    if (directory && text.length >= SHORTEST && !text.includes("\n")) {
        appendFileSync(join(directory, "secrets-e2e"), `${text}\n`);
    }
}

/** Remembers the secrets in a body that went to the API or came from it. */
export function secretsIn(body: unknown, named = false): void {
    if (typeof body === "string") {
        if (named) secret(bare(body));
    } else if (Array.isArray(body)) {
        for (const item of body) secretsIn(item, named);
    } else if (body && typeof body === "object") {
        for (const [name, member] of Object.entries(body)) secretsIn(member, NAMES.test(name));
    }
}

/** Remembers the secrets that a browser sends to the admin API and gets from it, cookies too. */
export function watch(context: BrowserContext): void {
    context.on("request", (request) => secretsIn(json(request.postData() ?? "")));
    context.on("response", (response) => {
        if (!new URL(response.url()).pathname.startsWith("/admin/")) return;
        // A page that is left takes its answers along.
        void response.text().then((text) => secretsIn(json(text)), () => {});
        void response.headerValues("set-cookie").then((cookies) => {
            for (const cookie of cookies) secret(/^[^=]+=([^;]*)/.exec(cookie)?.[1] ?? "");
        }, () => {});
    });
}

/** Of a link only what makes it worth something: the fragment, or the last value of its query. */
function bare(text: string): string {
    if (!text.includes("://")) return text;
    // These name something that only its own person can do anything with.
    if (/\?(invitation|renew|again)=/.test(text)) return "";
    const end = /[#?]([^#?]*)$/.exec(text)?.[1] ?? "";
    return end.slice(end.lastIndexOf("=") + 1);
}

function json(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

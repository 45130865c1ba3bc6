// What every test starts from: one simulator and one installation for each worker, the owner's session, and a page
// that fails its test when the browser complains.

import { type ConsoleMessage, type Page, test as base } from "@playwright/test";

import { Admin } from "./admin.ts";
import { Installation } from "./installation.ts";
import { watch } from "./secrets.ts";
import { Simulator } from "./simulator.ts";

/** What the tests of one worker share. */
interface Shared {
    simulator: Simulator;
    installation: Installation;
    /** The owner's session; sets the installation up where the first journey has not. */
    admin: Admin;
    /** An account at the simulator that serves every model that it lists. */
    account: string;
}

/** What every test has for itself. */
interface Own {
    serverLog: void;
}

export const test = base.extend<Own, Shared>({
    simulator: [
        async ({}, use) => {
            const simulator = await Simulator.start();
            await use(simulator);
            await simulator.stop();
        },
        { scope: "worker" },
    ],
    installation: [
        async ({}, use) => {
            const installation = await Installation.start();
            await use(installation);
            await installation.remove();
        },
        { scope: "worker", timeout: 120_000 },
    ],
    admin: [
        async ({ installation }, use) => {
            await use(await Admin.enter(installation.url, () => installation.setupLink()));
        },
        { scope: "worker" },
    ],
    account: [
        async ({ admin, simulator }, use) => {
            await use(await admin.account("Simulated", simulator.url));
        },
        { scope: "worker" },
    ],
    serverLog: [
        async ({ installation }, use, info) => {
            await use();
            if (info.status !== info.expectedStatus) {
                await info.attach("server.log", { body: installation.log.split("\n").slice(-200).join("\n") });
            }
        },
        { auto: true },
    ],
    baseURL: async ({ installation }, use) => use(installation.url),
    context: async ({ context }, use) => {
        watch(context);
        await use(context);
    },
    page: async ({ page }, use) => {
        const complaints = listen(page);
        await use(page);
        base.expect(complaints, "the browser complained").toEqual([]);
    },
});

export { expect } from "@playwright/test";

/** Collects what a browser says when a page is broken: errors, violations of the content security policy, panics. */
export function listen(page: Page): string[] {
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
        if (["error", "warning"].includes(message.type()) && !isExpected(message)) {
            complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
        }
    });
    return complaints;
}

/**
 * Chromium reports every answer above 399, and being told that one is not signed in, or that a key is wrong, is an answer like any other. On
 * plain http it remarks that a header which asks for more isolation has no effect there.
 */
function isExpected(message: ConsoleMessage): boolean {
    const url = message.location().url;
    const refusal =
        message.text().startsWith("Failed to load resource") &&
        // What is typed into a form may be refused, and is then said beside its field.
        (message.text().includes("status of 422") ||
            // The last owner who would leave is told that they cannot.
            (message.text().includes("status of 409") && url.endsWith("/me/leave")) ||
            // A pool that keys name stays.
            (message.text().includes("status of 409") && /\/pools\/[^/]+$/.test(url)) ||
            // So does a proxy that accounts name; and an account whose key another proxy would read wants it entered again.
            (message.text().includes("status of 409") && /\/((proxies|accounts)\/[^/]+|organization)$/.test(url)) ||
            // Who has no second factor cannot lose it.
            (message.text().includes("status of 409") && /\/members\/[^/]+\/totp$/.test(url)) ||
            // A wrong code of the second step is said beside its field too.
            /\/admin\/v1\/(auth\/(refresh|sign-in|second-step)|me\/totp\/(confirm|disable)|setup|join\/invitation)$/.test(url) ||
            /\/api\/v1\/(key-info|models)(\?|$)/.test(url));
    return refusal || message.text().startsWith("The Cross-Origin-Opener-Policy header has been ignored");
}

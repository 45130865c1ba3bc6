// Two workers with an installation and a simulator each. Whole files go to whoever is free, in their order, so a file must
// pass after any others, and alone; the first one is a first start. A test that fails is a failure: nothing is tried twice.

import { defineConfig } from "@playwright/test";

import { chromium } from "./support/browser.ts";

const screenshots = Boolean(process.env.SCREENSHOTS);

export default defineConfig({
    testDir: ".",
    testMatch: screenshots ? "screenshots.ts" : "tests/*.spec.ts",
    workers: 2,
    retries: 0,
    forbidOnly: true,
    // After a failure everything is started anew, so that many failures would take long and say no more than a few.
    maxFailures: screenshots ? 1 : Number(process.env.MAX_FAILURES ?? 5),
    timeout: screenshots ? 300_000 : 30_000,
    expect: { timeout: 10_000 },
    reporter: [["list"], ["./support/summary.ts"]],
    outputDir: "test-results",
    use: {
        viewport: { width: 1280, height: 800 },
        deviceScaleFactor: 1,
        locale: "en-GB",
        timezoneId: "Europe/Berlin",
        actionTimeout: 10_000,
        screenshot: "only-on-failure",
        trace: "off",
        launchOptions: chromium(),
    },
});

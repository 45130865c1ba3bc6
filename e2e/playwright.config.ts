// One worker, one installation, in the order of the files: the first file is the first start, and the last one kills
// the server. A test that fails is a failure: nothing is tried twice.

import { defineConfig } from "@playwright/test";

import { chromium } from "./support/browser.ts";

const screenshots = Boolean(process.env.SCREENSHOTS);

export default defineConfig({
    testDir: ".",
    testMatch: screenshots ? "screenshots.ts" : "tests/*.spec.ts",
    workers: 1,
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

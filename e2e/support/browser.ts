// Which Chromium the journeys run in: CHROMIUM, else the system's, else the one that Playwright has fetched.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

import type { LaunchOptions } from "@playwright/test";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const ON_MACOS = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/** Where Chromium is, and how to start it. */
export function chromium(): LaunchOptions {
    const found = (process.env.PATH ?? "")
        .split(delimiter)
        .flatMap((directory) => NAMES.map((name) => join(directory, name)))
        .concat(ON_MACOS)
        .find((path) => existsSync(path));
    const executablePath = process.env.CHROMIUM ?? found;
    return {
        ...(executablePath ? { executablePath } : {}),
        // A name that is no secure context, as an address in a local network is none.
        args: ["--host-resolver-rules=MAP causeway.lan 127.0.0.1", "--disable-dev-shm-usage"],
    };
}

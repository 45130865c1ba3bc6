// What failed and why, once more at the very end: the report of each failure ends with the server's log, which is long, and
// whoever reads the last screen of a run should not have to look for the reason above it.

import type { Reporter, TestCase, TestResult } from "@playwright/test/reporter";

const LINES = 20;

export default class Summary implements Reporter {
    readonly #failures: string[] = [];

    onTestEnd(test: TestCase, result: TestResult): void {
        if (result.status === "passed" || result.status === "skipped") return;
        // Colours are for terminals, and this is for logs too.
        const text = result.errors.map((error) => error.message ?? error.value ?? "").join("\n").replace(/\u001b\[[0-9;]*m/g, "");
        const lines = text.split("\n").slice(0, LINES).map((line) => `    ${line.slice(0, 400)}`);
        this.#failures.push([`  ${test.location.file.split("/").pop()}: ${test.title} (${result.status})`, ...lines].join("\n"));
    }

    onEnd(): void {
        if (this.#failures.length > 0) console.log(`\nwhat failed:\n${this.#failures.join("\n")}`);
    }

    printsToStdio(): boolean {
        return false;
    }
}

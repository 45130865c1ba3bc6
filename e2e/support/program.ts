// A program that is started beside the tests: its lines are kept, can be waited for, and it is stopped by its own pid.

import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { createInterface } from "node:readline";

const ROOT = resolve(import.meta.dirname, "../..");

/** A binary of ours: CAUSEWAY_TARGET names the directory, `target/debug` by default. */
export function binary(name: string): string {
    const path = resolve(ROOT, process.env.CAUSEWAY_TARGET ?? "target/debug", name);
    if (!existsSync(path)) throw new Error(`${path} is not there: cargo build -p causeway-server -p causeway-simulator`);
    return path;
}

/** A running program. */
export class Program {
    /** What it has said so far, on both outputs. */
    readonly lines: string[] = [];
    readonly #child: ChildProcess;
    readonly #ended: Promise<string>;
    #running = true;
    #changed: () => void = () => {};

    constructor(file: string, args: string[], env: Record<string, string> = {}) {
        // Settings of whoever runs the tests must not reach what is tested.
        const { PATH = "", HOME = "", TMPDIR } = process.env;
        this.#child = spawn(file, args, {
            env: { PATH, HOME, ...(TMPDIR ? { TMPDIR } : {}), ...env },
            stdio: ["ignore", "pipe", "pipe"],
        });
        for (const output of [this.#child.stdout, this.#child.stderr]) {
            if (!output) continue;
            createInterface({ input: output }).on("line", (line) => {
                this.lines.push(line);
                this.#changed();
            });
        }
        this.#ended = new Promise((done) => {
            this.#child.once("error", (error) => done(error.message));
            this.#child.once("exit", (code, signal) => done(signal ?? `status ${code}`));
        });
        void this.#ended.then(() => {
            this.#keep(file);
            this.#running = false;
            this.#changed();
        });
    }

    get pid(): number {
        return this.#child.pid ?? 0;
    }

    get running(): boolean {
        return this.#running;
    }

    /** Leaves what it has said where `make test` searches it for secrets. What is printed for a person to use is no log. */
    #keep(file: string): void {
        const directory = process.env.CAUSEWAY_TEST_LOGS;
        if (!directory) return;
        const logged = this.lines.filter((line) => !/\/web\/setup\?token=/.test(line));
        appendFileSync(join(directory, `log-e2e-${basename(file)}-${this.pid}`), `${logged.join("\n")}\n`);
    }

    /** The first match of `pattern` in a line, also in one said before. */
    async said(pattern: RegExp, patienceMs = 60_000): Promise<RegExpExecArray> {
        const deadline = Date.now() + patienceMs;
        for (;;) {
            for (const line of this.lines) {
                const match = pattern.exec(line);
                if (match) return match;
            }
            const left = deadline - Date.now();
            if (!this.#running || left <= 0) {
                const why = this.#running ? `did not say so within ${patienceMs} ms` : `ended (${await this.#ended})`;
                throw new Error(`waiting for ${pattern}: it ${why}. It said:\n${this.lines.join("\n")}`);
            }
            await new Promise<void>((next) => {
                const timer = setTimeout(next, left);
                this.#changed = () => {
                    clearTimeout(timer);
                    next();
                };
            });
        }
    }

    /** Sends a signal and waits until it has ended; after `patienceMs` it is killed. Returns how it ended. */
    async stop(signal: NodeJS.Signals = "SIGTERM", patienceMs = 30_000): Promise<string> {
        if (this.#running) this.#child.kill(signal);
        const timer = setTimeout(() => this.#child.kill("SIGKILL"), patienceMs);
        const how = await this.#ended;
        clearTimeout(timer);
        return how;
    }
}

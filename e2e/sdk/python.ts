// The SDKs in Python, which ../python/matrix.py runs.

import { spawn } from "node:child_process";
import { resolve } from "node:path";

import { FAULTS, type Result, type Upstream } from "./matrix.ts";

const HOME = resolve(import.meta.dirname, "../python");

/** Everything that a module has to show, upstream by upstream. */
export async function python(module: string, relay: string, simulator: string, upstreams: Upstream[]): Promise<Result[][]> {
    // No setting of whoever runs this is to reach the SDKs: they read keys, addresses and proxies from the environment.
    const env = { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", LANG: "C.UTF-8" };
    const child = spawn(resolve(HOME, ".venv/bin/python"), ["-B", "matrix.py"], { cwd: HOME, env, stdio: ["pipe", "pipe", "pipe"] });
    const [out, said] = [text(child.stdout), text(child.stderr)];
    const ended = new Promise<number | null>((done, failed) => child.on("error", failed).on("close", done));
    child.stdin.end(JSON.stringify({ module, relay, simulator, upstreams, faults: FAULTS }));
    const code = await ended;
    if (code !== 0) throw new Error(`${module} ended with ${code}:\n${await said}`);
    return JSON.parse(await out) as Result[][];
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
    stream.setEncoding("utf8");
    let all = "";
    for await (const piece of stream) all += piece;
    return all;
}

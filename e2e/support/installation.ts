// `causeway up` as a person starts it: the built binary on a free port, in a data directory that is removed at the end.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Program, binary } from "./program.ts";

/** One installation. It survives its server. */
export class Installation {
    readonly url: string;
    readonly #data: string;
    readonly #port: number;
    #server: Program | undefined;

    private constructor(data: string, port: number) {
        this.#data = data;
        this.#port = port;
        this.url = `http://127.0.0.1:${port}`;
    }

    /** Makes an installation and starts it. */
    static async start(): Promise<Installation> {
        const made = new Installation(mkdtempSync(join(tmpdir(), "causeway-e2e-")), await freePort());
        try {
            await made.start();
        } catch (error) {
            await made.remove();
            throw error;
        }
        return made;
    }

    /** Starts the server, and waits until it says that it is ready. */
    async start(): Promise<void> {
        this.#server = new Program(binary("causeway"), ["up", "--data", this.#data, "--port", `${this.#port}`], {
            PUBLIC_URL: this.url,
            METRICS_LISTEN: "127.0.0.1:0",
            UPSTREAM_ALLOW_PRIVATE: "127.0.0.0/8",
            SHUTDOWN_GRACE_SECONDS: "5",
        });
        await this.#server.said(/^Causeway is ready at /);
    }

    /** The one-time link that the first start prints. */
    async setupLink(): Promise<string> {
        const [link] = (await this.#server?.said(/http:\/\/\S+\/web\/setup\?token=\S+/, 5_000)) ?? [""];
        return link;
    }

    /** Makes an organisation with its owner, as `causeway admin create` does. */
    createOwner(org: string, name: string, email: string, password: string): void {
        const args = ["admin", "create", "--data", this.#data, "--org", org, "--name", name, "--email", email, "--password-stdin"];
        const { PATH = "", HOME = "" } = process.env;
        execFileSync(binary("causeway"), args, { input: `${password}\n`, env: { PATH, HOME }, stdio: ["pipe", "ignore", "inherit"] });
    }

    /** Another instance on the same Postgres and Redis, as `causeway serve` runs several. The caller stops it. */
    async secondInstance(): Promise<{ url: string; server: Program }> {
        const { value, sockets, database } = this.#stores();
        const port = await freePort();
        const url = `http://127.0.0.1:${port}`;
        const server = new Program(binary("causeway"), ["serve", "--port", `${port}`], {
            DATABASE_URL: database,
            REDIS_URL: `redis+unix://${join(sockets, "redis.sock")}?pass=${value("REDIS_PASSWORD")}`,
            CAUSEWAY_SECRET_KEY: value("CAUSEWAY_SECRET_KEY"),
            PUBLIC_URL: this.url,
            METRICS_LISTEN: "127.0.0.1:0",
            UPSTREAM_ALLOW_PRIVATE: "127.0.0.0/8",
        });
        for (let tries = 0; ; tries++) {
            const answer = await fetch(`${url}/ready`).catch(() => undefined);
            if (answer?.ok) return { url, server };
            if (tries > 300 || !server.running) {
                await server.stop("SIGKILL");
                throw new Error(`the second instance does not become ready:\n${server.lines.join("\n")}`);
            }
            await new Promise((next) => setTimeout(next, 100));
        }
    }

    /** A statement of the database's owner, for what only somebody with the database can do. */
    sql(statement: string): void {
        const { PATH = "" } = process.env;
        execFileSync("psql", ["-qX", "-v", "ON_ERROR_STOP=1", "-c", statement, this.#stores().database], { env: { PATH }, stdio: "inherit" });
    }

    /** What the server has said since it was started. */
    get log(): string {
        return this.#server?.lines.join("\n") ?? "";
    }

    /** kill -9. */
    async kill(): Promise<void> {
        await this.#server?.stop("SIGKILL");
    }

    /** Stops the server, or what it left running, and removes the data. */
    async remove(): Promise<void> {
        if (this.#server?.running) await this.#server.stop();
        for (const file of ["postgres/postmaster.pid", "redis/redis.pid"]) {
            const path = join(this.#services(), file);
            if (existsSync(path)) endProcess(Number.parseInt(readFileSync(path, "utf8"), 10));
        }
        for (const directory of [this.#services(), this.#data]) {
            // Postgres may still be deleting files of its own.
            rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
        }
    }

    /** Where Postgres and Redis are reached, and what is kept of their secrets. */
    #stores(): { value: (name: string) => string; sockets: string; database: string } {
        const secrets = readFileSync(join(this.#data, "secrets.env"), "utf8");
        const value = (name: string) => new RegExp(`^${name}=(\\S+)$`, "m").exec(secrets)?.[1] ?? "";
        const sockets = [join(this.#services(), "run"), join("/tmp", `causeway-${value("CAUSEWAY_INSTANCE")}`)].find(existsSync) ?? "";
        const database = `postgres://causeway:${value("POSTGRES_PASSWORD")}@localhost:5432/causeway?host=${encodeURIComponent(sockets)}`;
        return { value, sockets, database };
    }

    /** Files of Postgres and Redis: they are elsewhere when root starts us. */
    #services(): string {
        const secrets = join(this.#data, "secrets.env");
        const beside = join(this.#data, "services");
        if (process.getuid?.() !== 0 || !existsSync(secrets)) return beside;
        const id = /^CAUSEWAY_INSTANCE=(\S+)$/m.exec(readFileSync(secrets, "utf8"))?.[1];
        return id ? join("/var/lib/causeway", id) : beside;
    }
}

function endProcess(pid: number): void {
    try {
        if (pid > 1) process.kill(pid, "SIGTERM");
    } catch {
        // It has ended meanwhile.
    }
}

/** Free again at once; a stranger could take it, but nobody does within a test. */
async function freePort(): Promise<number> {
    return new Promise((found, failed) => {
        const server = createServer();
        server.once("error", failed);
        server.listen(0, "127.0.0.1", () => {
            const address = server.address();
            server.close(() => found(typeof address === "object" && address ? address.port : 0));
        });
    });
}

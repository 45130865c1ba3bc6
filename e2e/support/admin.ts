// The admin API as a script uses it: signed in as the owner, JSON in and out.

import { secretsIn } from "./secrets.ts";
import type { Tokens } from "./simulator.ts";

/** The person whom the first start makes, by the journey or by `Admin.enter`. */
export const OWNER = {
    organization: "Stepping Stones",
    name: "Ada Lovelace",
    email: "ada@example.com",
    password: "correct horse battery staple",
};

/** A row of the request log; only what is used here. */
export interface Row {
    request_id: string;
    key_id: string;
    model: string;
    stream: boolean;
    status: number;
    outcome: "completed" | "client_left" | "upstream_cut" | "upstream_error" | "interrupted";
    estimated: boolean;
    tokens: Tokens & { reasoning: number };
    cost_usd: string;
    upstream_request_id: string | null;
    error: string | null;
}

/** A key with its secret. */
export interface IssuedKey {
    id: string;
    secret: string;
}

/** What a key is issued with, besides its name. */
export interface KeySettings {
    limits?: object;
    models?: { allow?: string[]; deny?: string[] };
    account_id?: string;
    pool_ids?: string[];
    expires_at?: string;
    enabled?: boolean;
}

/** An owner's session. */
export class Admin {
    readonly #base: string;
    readonly #token: string;

    private constructor(base: string, token: string) {
        this.#base = base;
        this.#token = token;
    }

    /** Signs in, after setting up with `link` where that has not been done. */
    static async enter(url: string, link: () => Promise<string>): Promise<Admin> {
        const base = `${url}/admin/v1`;
        const { setup_required: required } = (await (await fetch(`${base}/instance`)).json()) as { setup_required: boolean };
        if (required) {
            const token = new URL(await link()).searchParams.get("token");
            await call("POST", `${base}/setup`, undefined, { ...OWNER, token });
        }
        return Admin.signIn(url, OWNER);
    }

    /** Signs in as anybody who can. */
    static async signIn(url: string, { email, password }: { email: string; password: string }): Promise<Admin> {
        const base = `${url}/admin/v1`;
        const session = await call<{ access_token: string }>("POST", `${base}/auth/sign-in`, undefined, { email, password });
        return new Admin(base, session.access_token);
    }

    async get<T>(path: string): Promise<T> {
        return call<T>("GET", this.#base + path, this.#token);
    }

    async post<T>(path: string, body: object = {}): Promise<T> {
        return call<T>("POST", this.#base + path, this.#token, body);
    }

    async put<T>(path: string, body: object): Promise<T> {
        return call<T>("PUT", this.#base + path, this.#token, body);
    }

    async patch<T>(path: string, body: object): Promise<T> {
        return call<T>("PATCH", this.#base + path, this.#token, body);
    }

    /** An account at the simulator, tested so that its models are known. */
    async account(name: string, baseUrl: string, limits: object = {}): Promise<string> {
        const { id } = await this.post<{ id: string }>("/accounts", {
            name,
            limits,
            provider: "anthropic-compatible",
            base_url: baseUrl,
            credential: { kind: "api_key", api_key: "sk-sim-e2e" },
        });
        await this.post(`/accounts/${id}/test`);
        return id;
    }

    /** Ends what rests of an account after a failure, and waits until every instance has heard of it. */
    async recover(account: string): Promise<void> {
        // What has failed a moment ago may not be written down yet.
        await new Promise((resolve) => setTimeout(resolve, 300));
        await this.post(`/accounts/${account}/reset`);
        await new Promise((resolve) => setTimeout(resolve, 700));
    }

    async issue(name: string, settings: KeySettings = {}): Promise<IssuedKey> {
        return this.post<IssuedKey>("/keys", { name, ...settings });
    }

    /** The newest rows of a key, at most 200. */
    async rows(keyId: string): Promise<Row[]> {
        return (await this.get<{ items: Row[] }>(`/requests?key_id=${keyId}&limit=200`)).items;
    }

    /**
     * The row of one request, which is written a moment after its answer has ended. The id is the one that the SDK
     * shows: the `request-id` header, which is the provider's own wherever the provider has answered.
     */
    async row(keyId: string, requestId: string | null | undefined): Promise<Row> {
        const deadline = Date.now() + 10_000;
        for (;;) {
            const found = (await this.rows(keyId)).filter((row) => requestId && [row.request_id, row.upstream_request_id].includes(requestId));
            if (found.length === 1 && found[0]) return found[0];
            if (found.length > 1) throw new Error(`${found.length} rows for ${requestId}`);
            if (Date.now() > deadline) throw new Error(`no row for ${requestId} within 10 s`);
            await new Promise((next) => setTimeout(next, 100));
        }
    }
}

async function call<T>(method: string, url: string, token?: string, body?: object): Promise<T> {
    secretsIn(body);
    const answer = await fetch(url, {
        method,
        headers: {
            ...(token ? { authorization: `Bearer ${token}` } : {}),
            ...(body ? { "content-type": "application/json" } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text}`);
    const parsed: unknown = text ? JSON.parse(text) : undefined;
    secretsIn(parsed);
    return parsed as T;
}

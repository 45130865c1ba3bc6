// The scripted provider as a program of its own, and its truth ledger.

import { Program, binary } from "./program.ts";

/** Token counts in disjoint buckets. */
export interface Tokens {
    input: number;
    output: number;
    cache_read: number;
    cache_write_5m: number;
    cache_write_1h: number;
}

/** What the simulator knows about one request; only what is used here. */
export interface Entry {
    method: string;
    path: string;
    headers: [string, string][];
    leaks: string[];
    tag: string | null;
    model: string | null;
    request_id: string;
    status: number | null;
    outcome: "open" | "completed" | "cut_by_client" | "cut_by_fault";
    billed: Tokens;
}

interface Ledger {
    total: number;
    open: number;
    entries: Entry[];
}

/** A running simulator. */
export class Simulator {
    readonly url: string;
    readonly #program: Program;

    private constructor(program: Program, url: string) {
        this.#program = program;
        this.url = url;
    }

    static async start(): Promise<Simulator> {
        const program = new Program(binary("causeway-simulator"), ["--listen", "127.0.0.1:0"]);
        const [, url = ""] = await program.said(/^simulator ready on (http:\/\/\S+)/);
        return new Simulator(program, url);
    }

    /** The ledger, or the entries with a tag or a request id. */
    async ledger(where: { tag?: string; request_id?: string } = {}): Promise<Ledger> {
        const query = new URLSearchParams({ limit: "1000", ...where });
        return (await (await fetch(`${this.url}/_sim/ledger?${query}`)).json()) as Ledger;
    }

    /** The one entry that was answered with this `request-id`. */
    async entry(requestId: string | null): Promise<Entry> {
        const { entries } = await this.ledger({ request_id: requestId ?? "none" });
        if (entries.length !== 1 || !entries[0]) throw new Error(`${entries.length} entries for ${requestId}`);
        return entries[0];
    }

    /** Changes the terms of the issuer of accounts. */
    async oauthTerms(terms: object): Promise<void> {
        await this.#post("/_sim/oauth", { terms });
    }

    /** Gives the issuer another person. */
    async oauthAccount(id: string, email: string): Promise<void> {
        await this.#post("/_sim/oauth/accounts", { id, email, organisation: `org-${id}` });
    }

    /** Makes a service account of a project; its key file. */
    async serviceAccount(project: string): Promise<string> {
        return (await this.#post("/_sim/service-accounts", { project })).text();
    }

    async #post(path: string, body: object): Promise<Response> {
        const headers = { "content-type": "application/json" };
        const answer = await fetch(this.url + path, { method: "POST", headers, body: JSON.stringify(body) });
        if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
        return answer;
    }

    async stop(): Promise<void> {
        await this.#program.stop();
    }
}

/** The simulator as a provider of the operator's own, with its issuer: everything that people can authorise there. */
export function oauthProvider(url: string): object {
    const oauth = `${url}/oauth`;
    return {
        name: "Stream and Weir",
        dialects: [{ dialect: "anthropic", path: "/v1/messages", count_path: "/v1/messages/count_tokens" }],
        base_url: url,
        auth: ["oauth_code", "device_code", "api_key"],
        headers: { "anthropic-version": "2023-06-01" },
        models: { path: "/v1/models?limit=1000" },
        rule_sets: ["common"],
        oauth: {
            authorize: `${oauth}/authorize`,
            token: `${oauth}/token`,
            device: `${oauth}/device`,
            redirects: [{ kind: "hosted" }, { kind: "page", url: `${oauth}/paste` }, { kind: "loopback", port: 54545, path: "/callback" }],
            scopes: ["openid"],
            identity: { subject: ["/account/uuid"], organization: ["/organization/uuid"], email: ["/account/email_address"] },
        },
        notice: { en: "Agree with the account that the team pays for.", zh: "请使用团队付费的账户授权。" },
    };
}

/** What makes the simulator play a script: it travels in the one field that a relay passes on and nobody reads. */
export function script(text: string): { metadata: { user_id: string } } {
    return { metadata: { user_id: `sim:${text}` } };
}

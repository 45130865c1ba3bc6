// Upstream accounts of four dialects, none of which speaks a second one, and keys for them: one for each SDK and dialect.

import type { Admin } from "../support/admin.ts";
import { type Access, FAULTS, type Fault, type Upstream } from "./matrix.ts";

/** A dialect, with a provider that speaks nothing else. */
export interface Kind {
    name: string;
    provider: string;
    model: string;
    /** What an operator says of a provider that is not shipped. */
    described?: object;
}

const own = (name: string, dialect: object) => ({
    name,
    dialects: [dialect],
    auth: ["api_key"],
    key_header: "bearer",
    models: { path: "/v1/models" },
    rule_sets: ["common", "openai"],
});

export const KINDS: Kind[] = [
    { name: "Anthropic", provider: "anthropic", model: "claude-haiku-5-5" },
    {
        name: "Chat",
        provider: "only-chat",
        model: "gpt-4.1",
        described: own("Chat only", { dialect: "openai_chat", path: "/v1/chat/completions" }),
    },
    {
        name: "Responses",
        provider: "only-responses",
        model: "gpt-5.5",
        described: own("Responses only", { dialect: "openai_responses", path: "/v1/responses" }),
    },
    { name: "Gemini", provider: "gemini", model: "gemini-2.5-flash" },
];

/** Limits of the keys that we refuse ourselves. */
const LIMITS: Partial<Record<string, object>> = {
    spent: { usd: { total: "0.000000001" } },
    throttled: { requests_per_minute: 1 },
};

/** Accounts and keys of one SDK at one provider. The operator has described the provider. */
export async function upstream(admin: Admin, simulator: string, sdk: string, kind: Kind): Promise<Upstream & { keyId: string; faultIds: string[] }> {
    const made = async (what: string): Promise<Access & { id: string }> => {
        const name = `${sdk} ${kind.name} ${what}`;
        const secret = `sk-sim-${name.replace(/[^a-z0-9]+/gi, "-")}`;
        const { id: account_id } = await admin.post<{ id: string }>("/accounts", {
            name,
            provider: kind.provider,
            base_url: simulator,
            credential: { kind: "api_key", api_key: secret },
        });
        const { id, secret: key } = await admin.issue(name, { account_id, limits: LIMITS[what] ?? {} });
        return { id, key, upstream: secret };
    };
    const { id: keyId, ...good } = await made("good");
    const faults = {} as Record<Fault, Access>;
    const faultIds: string[] = [];
    for (const fault of Object.keys(FAULTS) as Fault[]) {
        if (fault === "stranger") {
            faults[fault] = { key: `cw_${"x".repeat(40)}`, upstream: "" };
            continue;
        }
        const { id, ...access } = await made(fault);
        faults[fault] = access;
        // What was told costs nothing; what broke off is billed as far as it came, and what came before the limit as a whole.
        if (fault !== "broken" && fault !== "throttled") faultIds.push(id);
    }
    return { name: kind.name, model: kind.model, good, faults, keyId, faultIds };
}

// What a request costs, worked out from the table that the product ships and independently of the product's own
// arithmetic: BigInt, every bucket exactly, one division at the end, half a nano-dollar rounded up.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import type { Tokens } from "./simulator.ts";

type Dollars = Partial<Record<keyof Tokens, string>>;

interface Model {
    usd_per_million: Dollars;
    long_context?: { above_tokens: number; usd_per_million: Dollars }[];
}

const FILE = resolve(import.meta.dirname, "../../backend/domain/data/prices.json");
const TABLE = JSON.parse(readFileSync(FILE, "utf8")) as { providers: Record<string, Record<string, Model>> };
const PER_DOLLAR = 1_000_000_000n;
const PER_MILLION = 1_000_000n;

/** Dollars as a decimal string to nano-dollars. */
export function nanos(dollars: string): bigint {
    const [, whole, fraction = ""] = /^(\d+)(?:\.(\d{1,9}))?$/.exec(dollars) ?? [];
    if (whole === undefined) throw new Error(`${dollars} is no amount`);
    return BigInt(whole) * PER_DOLLAR + BigInt(fraction.padEnd(9, "0"));
}

/** The cost of these tokens of a provider's model, in nano-dollars. */
export function cost(model: string, tokens: Tokens, provider = "anthropic"): bigint {
    const entry = listed(provider, model);
    const prompt = tokens.input + tokens.cache_read + tokens.cache_write_5m + tokens.cache_write_1h;
    const tiers = (entry.long_context ?? []).filter((tier) => prompt > tier.above_tokens);
    const tier = tiers.sort((a, b) => b.above_tokens - a.above_tokens)[0];
    const prices = tier?.usd_per_million ?? entry.usd_per_million;
    const buckets = ["input", "output", "cache_read", "cache_write_5m", "cache_write_1h"] as const;
    const exact = buckets.filter((bucket) => tokens[bucket] > 0).reduce((sum, bucket) => sum + BigInt(tokens[bucket]) * nanos(priceOf(prices, bucket, model)), 0n);
    return (exact + PER_MILLION / 2n) / PER_MILLION;
}

/** A provider that has no models of its own in the table sells anybody's: those of the first who has them. */
function listed(provider: string, model: string): Model {
    const sections = TABLE.providers[provider] ? [provider] : ["anthropic", ...Object.keys(TABLE.providers).sort()];
    const entry = sections.map((name) => TABLE.providers[name]?.[model]).find(Boolean);
    if (!entry) throw new Error(`${model} is not in the table`);
    return entry;
}

/** Every model used here has a price for whatever is bought, so that no rule for missing ones is repeated. */
function priceOf(prices: Dollars, bucket: keyof Tokens, model: string): string {
    const price = prices[bucket];
    if (price === undefined) throw new Error(`${model} has no price for ${bucket}`);
    return price;
}

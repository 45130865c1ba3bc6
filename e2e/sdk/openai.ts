// What both of OpenAI's dialects have in common in its SDK.

import OpenAI from "openai";

import type { Sdk, Where } from "./matrix.ts";

/** An SDK without retries of its own. */
export function client(where: Where, apiKey: string): OpenAI {
    return new OpenAI({ baseURL: `${where.relay}/openai/v1`, apiKey, maxRetries: 0 });
}

/** A response that has failed is an event, and no exception. */
export class Failed extends Error {}

/** Our own code for a refusal. OpenAI's, beside it, is what its clients decide by. */
function code(error: InstanceType<typeof OpenAI.APIError>): string | undefined {
    return (error.error as { causeway?: { code?: string } } | undefined)?.causeway?.code;
}

export const tells: Sdk["tells"] = {
    stranger: (error) => error instanceof OpenAI.AuthenticationError,
    spent: (error) => error instanceof OpenAI.APIError && error.status === 402 && code(error) === "budget_usd",
    throttled: (error) =>
        error instanceof OpenAI.RateLimitError && code(error) === "requests_per_minute" && Number(error.headers.get("retry-after")) > 0,
    invalid: (error) => error instanceof OpenAI.BadRequestError && error.message.includes("told-by-the-script"),
    limited: (error) => error instanceof OpenAI.RateLimitError && error.message.includes("told-by-the-script"),
    overloaded: (error) => error instanceof OpenAI.InternalServerError,
    broken: (error) => error instanceof OpenAI.APIError || error instanceof Failed,
};

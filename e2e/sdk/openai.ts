// What both of OpenAI's dialects have in common in its SDK.

import OpenAI from "openai";

import type { Sdk, Where } from "./matrix.ts";

/** An SDK without retries of its own. */
export function client(where: Where, apiKey: string): OpenAI {
    return new OpenAI({ baseURL: `${where.relay}/openai/v1`, apiKey, maxRetries: 0 });
}

/** A response that has failed is an event, and no exception. */
export class Failed extends Error {}

export const tells: Sdk["tells"] = {
    stranger: (error) => error instanceof OpenAI.AuthenticationError,
    invalid: (error) => error instanceof OpenAI.BadRequestError && error.message.includes("told-by-the-script"),
    limited: (error) => error instanceof OpenAI.RateLimitError && error.message.includes("told-by-the-script"),
    overloaded: (error) => error instanceof OpenAI.InternalServerError,
    broken: (error) => error instanceof OpenAI.APIError || error instanceof Failed,
};

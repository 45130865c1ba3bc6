// The official Anthropic SDK, pointed at the relay.

import Anthropic from "@anthropic-ai/sdk";

/** The model of requests whose model does not matter. */
export const MODEL = "claude-sonnet-5-5";

/** A client, and the HTTP requests that it has made. */
export interface Client {
    anthropic: Anthropic;
    sent: string[];
}

/** A client with the SDK's own retries, unless told otherwise. */
export function client(url: string, key: string, maxRetries = 2): Client {
    const sent: string[] = [];
    const anthropic = new Anthropic({
        baseURL: `${url}/api`,
        apiKey: key,
        authToken: null,
        maxRetries,
        fetch: (input, init) => {
            sent.push(`${init?.method ?? "GET"} ${String(input)}`);
            return fetch(input, init);
        },
    });
    return { anthropic, sent };
}

/** A small request. */
export function ask(text = "How do you cross a river?"): Pick<
    Anthropic.MessageCreateParamsNonStreaming,
    "model" | "max_tokens" | "messages"
> {
    return { model: MODEL, max_tokens: 400, messages: [{ role: "user", content: text }] };
}

// Anthropic's SDK.

import Anthropic from "@anthropic-ai/sdk";
import { jsonSchemaOutputFormat } from "@anthropic-ai/sdk/helpers/json-schema";

import { PNG, SCHEMA, type Sdk, type Usage, type Where, check, isFiller, isWeather, play } from "./matrix.ts";

const TOOLS: Anthropic.Tool[] = [{ name: "forecast", description: "Tells the weather", input_schema: { ...SCHEMA, required: [...SCHEMA.required] } }];

function usage(message: Anthropic.Message): Usage {
    const { input_tokens: input, cache_read_input_tokens: read, cache_creation_input_tokens: written, output_tokens: output } = message.usage;
    return [input + (read ?? 0) + (written ?? 0), read ?? 0, output];
}

function text(message: Anthropic.Message): string {
    return message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
}

export function anthropic(where: Where): Sdk {
    const { model, good } = where.upstream;
    const client = (apiKey: string) => new Anthropic({ baseURL: `${where.relay}/api`, apiKey, authToken: null, maxRetries: 0 });
    const sdk = client(good.key);
    const told = (script: string) => play(where, good.upstream, script);
    const user = (content: Anthropic.MessageParam["content"]): Anthropic.MessageParam => ({ role: "user", content });
    const ask = { model, max_tokens: 400, system: "Be brief", messages: [user("How do you cross a river?")] };

    const create = (body: Anthropic.MessageCreateParamsNonStreaming) => sdk.messages.create(body);
    const stream = (body: Anthropic.MessageCreateParamsNonStreaming) => sdk.messages.stream(body).finalMessage();

    const tools = async (send: typeof create | typeof stream): Promise<Usage[]> => {
        await told("shape=full,out=60,events=24");
        const first = await send({ ...ask, tools: TOOLS });
        const calls = first.content.filter((block) => block.type === "tool_use");
        check(calls.length === 2 && first.stop_reason === "tool_use", `${calls.length} calls, ${first.stop_reason}`);
        for (const { name, input } of calls) {
            check(name === "forecast", name);
            isWeather(input);
        }
        const results = calls.map(({ id }) => ({ type: "tool_result" as const, tool_use_id: id, content: "sunny" }));
        await told("text_bytes=80");
        const messages = [...ask.messages, { role: "assistant" as const, content: first.content }, user(results)];
        const second = await send({ ...ask, tools: TOOLS, messages });
        isFiller(text(second), 80);
        return [usage(first), usage(second)];
    };

    return {
        cases: {
            chat: async () => {
                await told("text_bytes=200");
                const message = await create(ask);
                isFiller(text(message), 200);
                check(message.stop_reason === "end_turn", `${message.stop_reason}`);
                return [usage(message)];
            },
            stream: async () => {
                await told("text_bytes=200,piece=9,events=20");
                const events = sdk.messages.stream(ask);
                let said = "";
                events.on("text", (delta) => (said += delta));
                const message = await events.finalMessage();
                isFiller(said, 200);
                isFiller(text(message), 200);
                return [usage(message)];
            },
            tools: () => tools(create),
            "tools streamed": () => tools(stream),
            schema: async () => {
                const message = await sdk.messages.parse({ ...ask, output_config: { format: jsonSchemaOutputFormat(SCHEMA) } });
                isWeather(message.parsed_output);
                return [usage(message)];
            },
            image: async () => {
                const image = { type: "image" as const, source: { type: "base64" as const, media_type: "image/png" as const, data: PNG } };
                await told("text_bytes=40");
                const message = await create({ ...ask, messages: [user([image, { type: "text", text: "What is it?" }])] });
                isFiller(text(message), 40);
                return [usage(message)];
            },
        },
        ask: (key) => client(key).messages.create(ask),
        read: (key) => client(key).messages.stream(ask).finalMessage(),
        tells: {
            stranger: (error) => error instanceof Anthropic.AuthenticationError,
            spent: (error) => error instanceof Anthropic.APIError && error.status === 402 && error.message.includes("budget_usd"),
            throttled: (error) => error instanceof Anthropic.RateLimitError && Number(error.headers.get("retry-after")) > 0,
            invalid: (error) => error instanceof Anthropic.BadRequestError && error.message.includes("told-by-the-script"),
            limited: (error) => error instanceof Anthropic.RateLimitError && error.message.includes("told-by-the-script"),
            overloaded: (error) => error instanceof Anthropic.InternalServerError && error.status === 529,
            broken: (error) => error instanceof Anthropic.APIError,
        },
    };
}

// OpenAI's SDK, Chat Completions.

import OpenAI from "openai";

import { PNG, SCHEMA, type Sdk, type Usage, type Where, check, isFiller, isWeather, play } from "./matrix.ts";
import { client, tells } from "./openai.ts";

type Completion = OpenAI.ChatCompletion;
type Body = OpenAI.ChatCompletionCreateParamsNonStreaming;

const TOOLS: OpenAI.ChatCompletionTool[] = [
    { type: "function", function: { name: "forecast", description: "Tells the weather", parameters: { ...SCHEMA } } },
];

function usage({ usage: told }: Completion): Usage {
    check(told, "no usage");
    return [told.prompt_tokens, told.prompt_tokens_details?.cached_tokens ?? 0, told.completion_tokens];
}

export function openaiChat(where: Where): Sdk {
    const { model, good } = where.upstream;
    const sdk = client(where, good.key);
    const told = (script: string) => play(where, good.upstream, script);
    const messages: OpenAI.ChatCompletionMessageParam[] = [
        { role: "system", content: "Be brief" },
        { role: "user", content: "How do you cross a river?" },
    ];
    const ask: Body = { model, max_completion_tokens: 400, messages };
    const message = (completion: Completion) => {
        const choice = completion.choices[0];
        check(choice, "no choice");
        return choice.message;
    };

    const create = (body: Body): Promise<Completion> => sdk.chat.completions.create(body);
    const stream = (body: Body): Promise<Completion> =>
        sdk.chat.completions.stream({ ...body, stream: true, stream_options: { include_usage: true } }).finalChatCompletion();

    const tools = async (send: typeof create): Promise<Usage[]> => {
        await told("shape=full,out=60,events=24");
        const first = await send({ ...ask, tools: TOOLS });
        const turn = message(first);
        const calls = (turn.tool_calls ?? []).filter((call) => call.type === "function");
        check(calls.length === 2 && first.choices[0]?.finish_reason === "tool_calls", `${calls.length} calls`);
        for (const call of calls) {
            check(call.function.name === "forecast", call.function.name);
            isWeather(JSON.parse(call.function.arguments));
        }
        const results = calls.map(({ id }) => ({ role: "tool" as const, tool_call_id: id, content: "sunny" }));
        await told("text_bytes=80");
        const plain = calls.map(({ id, type, function: { name, arguments: given } }) => ({ id, type, function: { name, arguments: given } }));
        const own = { role: "assistant" as const, content: turn.content, tool_calls: plain };
        const second = await send({ ...ask, tools: TOOLS, messages: [...messages, own, ...results] });
        isFiller(message(second).content, 80);
        return [usage(first), usage(second)];
    };

    return {
        cases: {
            chat: async () => {
                await told("text_bytes=200");
                const completion = await create(ask);
                isFiller(message(completion).content, 200);
                check(completion.choices[0]?.finish_reason === "stop", `ended by ${completion.choices[0]?.finish_reason}`);
                return [usage(completion)];
            },
            stream: async () => {
                await told("text_bytes=200,piece=9,events=20");
                const options = { stream: true as const, stream_options: { include_usage: true } };
                const events = sdk.chat.completions.stream({ ...ask, ...options });
                let said = "";
                events.on("content", (delta) => (said += delta));
                const completion = await events.finalChatCompletion();
                isFiller(said, 200);
                isFiller(message(completion).content, 200);
                return [usage(completion)];
            },
            tools: () => tools(create),
            "tools streamed": () => tools(stream),
            schema: async () => {
                const schema = { name: "weather", strict: true, schema: { ...SCHEMA } };
                const response_format = { type: "json_schema" as const, json_schema: schema };
                const completion = await sdk.chat.completions.parse({ ...ask, response_format });
                isWeather(completion.choices[0]?.message.parsed);
                return [usage(completion)];
            },
            image: async () => {
                const url = `data:image/png;base64,${PNG}`;
                await told("text_bytes=40");
                const content = [{ type: "text" as const, text: "What is it?" }, { type: "image_url" as const, image_url: { url } }];
                const completion = await create({ ...ask, messages: [{ role: "user", content }] });
                isFiller(message(completion).content, 40);
                return [usage(completion)];
            },
        },
        ask: (key) => client(where, key).chat.completions.create(ask),
        read: async (key) => {
            for await (const _ of await client(where, key).chat.completions.create({ ...ask, stream: true }));
        },
        tells,
    };
}

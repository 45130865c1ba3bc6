// OpenAI's SDK, Responses.

import type OpenAI from "openai";

import { PNG, SCHEMA, type Sdk, type Usage, type Where, check, isFiller, isWeather, play } from "./matrix.ts";
import { Failed, client, tells } from "./openai.ts";

type Response = OpenAI.Responses.Response;
type Body = OpenAI.Responses.ResponseCreateParamsNonStreaming;

const TOOLS: OpenAI.Responses.FunctionTool[] = [
    { type: "function", name: "forecast", description: "Tells the weather", parameters: { ...SCHEMA }, strict: true },
];

function usage({ usage: told }: Response): Usage {
    check(told, "no usage");
    return [told.input_tokens, told.input_tokens_details.cached_tokens, told.output_tokens];
}

export function openaiResponses(where: Where): Sdk {
    const { model, good } = where.upstream;
    const sdk = client(where, good.key);
    const told = (script: string) => play(where, good.upstream, script);
    const input: OpenAI.Responses.ResponseInput = [{ role: "user", content: "How do you cross a river?" }];
    const ask: Body = { model, max_output_tokens: 400, store: false, instructions: "Be brief", input };

    const create = (body: Body): Promise<Response> => sdk.responses.create(body);
    const stream = (body: Body): Promise<Response> => sdk.responses.stream({ ...body, stream: true }).finalResponse();

    const tools = async (send: typeof create): Promise<Usage[]> => {
        await told("shape=full,out=60,events=24");
        const first = await send({ ...ask, tools: TOOLS });
        const calls = first.output.filter((item) => item.type === "function_call");
        check(calls.length === 2, `${calls.length} calls`);
        for (const call of calls) {
            check(call.name === "forecast", call.name);
            isWeather(JSON.parse(call.arguments));
        }
        const results = calls.map(({ call_id }) => ({ type: "function_call_output" as const, call_id, output: "sunny" }));
        // What helpers add to items is not sent back.
        const own = JSON.parse(JSON.stringify(first.output, (name, value) => (/^parsed/.test(name) ? undefined : value)));
        await told("text_bytes=80");
        const second = await send({ ...ask, tools: TOOLS, input: [...input, ...own, ...results] });
        isFiller(second.output_text, 80);
        return [usage(first), usage(second)];
    };

    return {
        cases: {
            chat: async () => {
                await told("text_bytes=200");
                const response = await create(ask);
                isFiller(response.output_text, 200);
                check(response.status === "completed", `${response.status}`);
                return [usage(response)];
            },
            stream: async () => {
                await told("text_bytes=200,piece=9,events=20");
                const events = sdk.responses.stream({ ...ask, stream: true });
                let said = "";
                events.on("response.output_text.delta", ({ delta }) => (said += delta));
                const response = await events.finalResponse();
                isFiller(said, 200);
                isFiller(response.output_text, 200);
                return [usage(response)];
            },
            tools: () => tools(create),
            "tools streamed": () => tools(stream),
            schema: async () => {
                const format = { type: "json_schema" as const, name: "weather", strict: true, schema: { ...SCHEMA } };
                const response = await sdk.responses.parse({ ...ask, text: { format } });
                isWeather(response.output_parsed);
                return [usage(response)];
            },
            image: async () => {
                const image = { type: "input_image" as const, image_url: `data:image/png;base64,${PNG}`, detail: "auto" as const };
                const content = [{ type: "input_text" as const, text: "What is it?" }, image];
                await told("text_bytes=40");
                const response = await create({ ...ask, input: [{ role: "user", content }] });
                isFiller(response.output_text, 40);
                return [usage(response)];
            },
        },
        ask: (key) => client(where, key).responses.create(ask),
        read: async (key) => {
            for await (const event of await client(where, key).responses.create({ ...ask, stream: true })) {
                if (event.type === "response.failed") throw new Failed(event.response.error?.message);
            }
        },
        tells,
    };
}

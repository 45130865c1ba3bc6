// Google's SDK.

import { ApiError, type Content, type GenerateContentConfig, type GenerateContentResponse, GoogleGenAI, type Part } from "@google/genai";

import { PNG, SCHEMA, type Sdk, type Usage, type Where, check, isFiller, isWeather, play } from "./matrix.ts";

const TOOLS: GenerateContentConfig = {
    tools: [{ functionDeclarations: [{ name: "forecast", description: "Tells the weather", parametersJsonSchema: SCHEMA }] }],
};

/** An answer put together: its parts, and the usage that came last. */
interface Whole {
    parts: Part[];
    usage: Usage;
}

function usage({ usageMetadata: told }: GenerateContentResponse): Usage {
    check(told, "no usage");
    return [told.promptTokenCount ?? 0, told.cachedContentTokenCount ?? 0, (told.candidatesTokenCount ?? 0) + (told.thoughtsTokenCount ?? 0)];
}

function parts(response: GenerateContentResponse): Part[] {
    return response.candidates?.[0]?.content?.parts ?? [];
}

function text(whole: Whole): string {
    return whole.parts.map((part) => (part.thought ? "" : (part.text ?? ""))).join("");
}

export function genai(where: Where): Sdk {
    const { model, good } = where.upstream;
    const client = (apiKey: string) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: `${where.relay}/gemini` } });
    const sdk = client(good.key);
    const told = (script: string) => play(where, good.upstream, script);
    const config: GenerateContentConfig = { systemInstruction: "Be brief", maxOutputTokens: 400 };
    const ask: Content[] = [{ role: "user", parts: [{ text: "How do you cross a river?" }] }];

    const create = async (contents: Content[], more: GenerateContentConfig = {}): Promise<Whole> => {
        const response = await sdk.models.generateContent({ model, contents, config: { ...config, ...more } });
        return { parts: parts(response), usage: usage(response) };
    };
    const stream = async (contents: Content[], more: GenerateContentConfig = {}): Promise<Whole> => {
        const whole: Whole = { parts: [], usage: [0, 0, 0] };
        for await (const chunk of await sdk.models.generateContentStream({ model, contents, config: { ...config, ...more } })) {
            whole.parts.push(...parts(chunk).filter((part) => part.text !== ""));
            if (chunk.candidates?.[0]?.finishReason) whole.usage = usage(chunk);
        }
        return whole;
    };

    const tools = async (send: typeof create): Promise<Usage[]> => {
        await told("shape=full,out=60,events=24");
        const first = await send(ask, TOOLS);
        const calls = first.parts.flatMap((part) => part.functionCall ?? []);
        check(calls.length === 2, `${calls.length} calls`);
        for (const { name, args } of calls) {
            check(name === "forecast", `${name}`);
            isWeather(args);
        }
        const results = calls.map(({ id, name }) => ({
            functionResponse: { ...(id ? { id } : {}), ...(name ? { name } : {}), response: { weather: "sunny" } },
        }));
        await told("text_bytes=80");
        const second = await send([...ask, { role: "model", parts: first.parts }, { role: "user", parts: results }], TOOLS);
        isFiller(text(second), 80);
        return [first.usage, second.usage];
    };

    return {
        cases: {
            chat: async () => {
                await told("text_bytes=200");
                const whole = await create(ask);
                isFiller(text(whole), 200);
                return [whole.usage];
            },
            stream: async () => {
                await told("text_bytes=200,piece=9,events=20");
                const whole = await stream(ask);
                check(whole.parts.length > 1, "no stream");
                isFiller(text(whole), 200);
                return [whole.usage];
            },
            tools: () => tools(create),
            "tools streamed": () => tools(stream),
            schema: async () => {
                const whole = await create(ask, { responseMimeType: "application/json", responseJsonSchema: SCHEMA });
                isWeather(JSON.parse(text(whole)));
                return [whole.usage];
            },
            image: async () => {
                await told("text_bytes=40");
                const image = { inlineData: { mimeType: "image/png", data: PNG } };
                const whole = await create([{ role: "user", parts: [image, { text: "What is it?" }] }]);
                isFiller(text(whole), 40);
                return [whole.usage];
            },
        },
        ask: (key) => client(key).models.generateContent({ model, contents: ask, config }),
        read: async (key) => {
            let ended = false;
            for await (const chunk of await client(key).models.generateContentStream({ model, contents: ask, config })) {
                ended ||= Boolean(chunk.candidates?.[0]?.finishReason);
            }
            check(ended, "it ends as if that were all");
        },
        tells: {
            stranger: (error) => error instanceof ApiError && error.status === 401,
            spent: (error) => error instanceof ApiError && error.status === 402 && error.message.includes("BUDGET_USD"),
            throttled: (error) => error instanceof ApiError && error.status === 429 && error.message.includes("REQUESTS_PER_MINUTE"),
            invalid: (error) => error instanceof ApiError && error.status === 400 && error.message.includes("told-by-the-script"),
            limited: (error) => error instanceof ApiError && error.status === 429 && error.message.includes("told-by-the-script"),
            // Google's own word for it is 503; what the provider says in its own dialect passes as it is.
            overloaded: (error) => error instanceof ApiError && [503, 529].includes(error.status),
            broken: (error) => error instanceof ApiError,
        },
    };
}

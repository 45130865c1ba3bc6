// What every official SDK is tried with against every upstream dialect, in whatever language: the cases, the faults, what
// goes in and what comes out.

/** A relay key, and the provider's key of the only account that it may use. */
export interface Access {
    key: string;
    upstream: string;
}

/**
 * What may go wrong, and what the simulator is told to do for it. What is refused by us never reaches it: a key that is not
 * known, one whose budget is used up, and the second request in a minute of one that may send one.
 */
export const FAULTS = {
    stranger: "",
    spent: "",
    throttled: "",
    invalid: "status=400,message=told-by-the-script",
    limited: "status=429,message=told-by-the-script,retry_after=1",
    overloaded: "status=529,message=told-by-the-script",
    broken: "cut=reset@6,events=30,interval=2",
} as const;

export type Fault = keyof typeof FAULTS;

/** Accounts of one dialect: one for what goes well, and one for each fault, because accounts rest after most of them. */
export interface Upstream {
    name: string;
    model: string;
    good: Access;
    faults: Record<Fault, Access>;
}

/** All that a run needs to know; Python gets it as JSON. */
export interface Where {
    relay: string;
    simulator: string;
    upstream: Upstream;
}

/** What an SDK was told of one request's usage: all input, the part read from a cache, all output. */
export type Usage = [input: number, cached: number, output: number];

/** What came of one case. */
export interface Result {
    what: string;
    /** What was not as it should be. */
    wrong: string | null;
    usage: Usage[];
}

export const CASES = ["chat", "stream", "tools", "tools streamed", "schema", "image"] as const;

export type Case = (typeof CASES)[number];

/** An SDK against one upstream. */
export interface Sdk {
    cases: Record<Case, () => Promise<Usage[]>>;
    /** One small request without the SDK's own retries. */
    ask(key: string): Promise<unknown>;
    /** The same as a stream, read to its end. */
    read(key: string): Promise<unknown>;
    /** Whether a fault is told as the SDK's users know it. */
    tells: Record<Fault, (error: unknown) => boolean>;
}

/** What the simulator calls a tool with, and gives where JSON is wanted. */
export const CITY = "Zürich";
export const NOTE = 'said "maybe" \\ 東京 🗼';

/** What it says where it is told to say so many bytes. */
const FILLER = "All work and no play makes a long answer. ";

/** A picture of one point. */
export const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** As strict as OpenAI wants it. */
export const SCHEMA = {
    type: "object",
    properties: {
        city: { type: "string", description: "Where" },
        days: { type: "integer" },
        note: { type: "string" },
        nested: {
            type: "object",
            properties: {
                list: { type: "array", items: { anyOf: [{ type: "number" }, { type: "boolean" }, { type: "null" }] } },
            },
            required: ["list"],
            additionalProperties: false,
        },
    },
    required: ["city", "days", "note", "nested"],
    additionalProperties: false,
} as const;

export function check(right: unknown, what: string): asserts right {
    if (!right) throw new Error(what);
}

/** Whether the text is what the simulator was told to say, `bytes` long. */
export function isFiller(text: string | null | undefined, bytes: number): void {
    const whole = FILLER.repeat(Math.ceil(bytes / FILLER.length)).slice(0, bytes);
    check(text === whole, `said ${JSON.stringify(text)}`);
}

/** Whether an object is what the simulator gives. */
export function isWeather(given: unknown): void {
    const { city, note } = (given ?? {}) as { city?: string; note?: string };
    check(city === CITY && note === NOTE, `given ${JSON.stringify(given)}`);
}

/** What the simulator does with the next request at this account. */
export async function play(where: Where, upstream: string, script: string): Promise<void> {
    const rule = { key: upstream, times: 1, script };
    const answer = await fetch(`${where.simulator}/_sim/script`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(rule),
    });
    check(answer.ok, `the simulator does not take ${script}: ${answer.status}`);
}

/** Everything, one after the other. */
export async function run(where: Where, sdk: Sdk): Promise<Result[]> {
    const results: Result[] = [];
    for (const what of CASES) {
        let usage: Usage[] = [];
        let wrong: string | null = null;
        try {
            usage = await sdk.cases[what]();
        } catch (error) {
            wrong = told(error);
        }
        results.push({ what, wrong, usage });
    }
    for (const what of Object.keys(FAULTS) as Fault[]) {
        results.push({ what, wrong: await fault(where, sdk, what), usage: [] });
    }
    return results;
}

async function fault(where: Where, sdk: Sdk, what: Fault): Promise<string | null> {
    const { key, upstream } = where.upstream.faults[what];
    try {
        if (FAULTS[what]) await play(where, upstream, FAULTS[what]);
        if (what === "throttled") await sdk.ask(key);
        await (what === "broken" ? sdk.read(key) : sdk.ask(key));
        return "no error";
    } catch (error) {
        return sdk.tells[what](error) ? null : told(error);
    }
}

function told(error: unknown): string {
    return error instanceof Error ? `${error.constructor.name}: ${error.message}` : String(error);
}

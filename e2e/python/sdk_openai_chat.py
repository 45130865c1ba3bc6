"""OpenAI's SDK, Chat Completions."""

import json

from matrix import PNG, SCHEMA, check, is_filler, is_weather
from sdk_openai import TELLS, client

TOOLS = [{"type": "function", "function": {"name": "forecast", "description": "Tells the weather", "parameters": SCHEMA}}]


def usage(completion):
    told = completion.usage
    cached = told.prompt_tokens_details.cached_tokens if told.prompt_tokens_details else 0
    return [told.prompt_tokens, cached or 0, told.completion_tokens]


class Sdk:
    TELLS = TELLS

    def __init__(self, where):
        self.where, self.sdk = where, client(where, where.key)
        messages = [
            {"role": "system", "content": "Be brief"},
            {"role": "user", "content": "How do you cross a river?"},
        ]
        self.body = {"model": where.model, "max_completion_tokens": 400, "messages": messages}

    def streamed(self, body):
        options = {"include_usage": True}
        with self.sdk.chat.completions.stream(**body, stream_options=options) as stream:
            said = "".join(event.delta for event in stream if event.type == "content.delta")
            return said, stream.get_final_completion()

    def chat(self):
        self.where.play("text_bytes=200")
        completion = self.sdk.chat.completions.create(**self.body)
        is_filler(completion.choices[0].message.content, 200)
        check(completion.choices[0].finish_reason == "stop", completion.choices[0].finish_reason)
        return [usage(completion)]

    def stream(self):
        self.where.play("text_bytes=200,piece=9,events=20")
        said, completion = self.streamed(self.body)
        is_filler(said, 200)
        is_filler(completion.choices[0].message.content, 200)
        return [usage(completion)]

    def tools(self):
        return self.call(lambda body: self.sdk.chat.completions.create(**body))

    def tools_streamed(self):
        return self.call(lambda body: self.streamed(body)[1])

    def call(self, send):
        self.where.play("shape=full,out=60,events=24")
        body = {**self.body, "tools": TOOLS}
        first = send(body)
        message = first.choices[0].message
        calls = message.tool_calls or []
        check(len(calls) == 2 and first.choices[0].finish_reason == "tool_calls", f"{len(calls)} calls")
        for call in calls:
            check(call.function.name == "forecast", call.function.name)
            is_weather(json.loads(call.function.arguments))
        plain = [
            {"id": c.id, "type": "function", "function": {"name": c.function.name, "arguments": c.function.arguments}}
            for c in calls
        ]
        own = {"role": "assistant", "content": message.content, "tool_calls": plain}
        results = [{"role": "tool", "tool_call_id": call.id, "content": "sunny"} for call in calls]
        self.where.play("text_bytes=80")
        second = send({**body, "messages": [*body["messages"], own, *results]})
        is_filler(second.choices[0].message.content, 80)
        return [usage(first), usage(second)]

    def schema(self):
        wanted = {"type": "json_schema", "json_schema": {"name": "weather", "strict": True, "schema": SCHEMA}}
        completion = self.sdk.chat.completions.create(**self.body, response_format=wanted)
        is_weather(json.loads(completion.choices[0].message.content))
        return [usage(completion)]

    def image(self):
        image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
        content = [{"type": "text", "text": "What is it?"}, image]
        self.where.play("text_bytes=40")
        body = {**self.body, "messages": [{"role": "user", "content": content}]}
        completion = self.sdk.chat.completions.create(**body)
        is_filler(completion.choices[0].message.content, 40)
        return [usage(completion)]

    def ask(self, key):
        client(self.where, key).chat.completions.create(**self.body)

    def read(self, key):
        for _ in client(self.where, key).chat.completions.create(**self.body, stream=True):
            pass

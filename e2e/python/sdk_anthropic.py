"""Anthropic's SDK."""

import json

import anthropic
from matrix import PNG, SCHEMA, check, is_filler, is_weather

TOOLS = [{"name": "forecast", "description": "Tells the weather", "input_schema": SCHEMA}]


def usage(message):
    told = message.usage
    read, written = told.cache_read_input_tokens or 0, told.cache_creation_input_tokens or 0
    return [told.input_tokens + read + written, read, told.output_tokens]


def text(message):
    return "".join(block.text for block in message.content if block.type == "text")


class Sdk:
    TELLS = {
        "stranger": lambda error: isinstance(error, anthropic.AuthenticationError),
        "spent": lambda error: (
            isinstance(error, anthropic.APIStatusError) and error.status_code == 402 and "budget_usd" in str(error)
        ),
        "throttled": lambda error: (
            isinstance(error, anthropic.RateLimitError) and int(error.response.headers["retry-after"]) > 0
        ),
        "invalid": lambda error: isinstance(error, anthropic.BadRequestError) and "told-by-the-script" in str(error),
        "limited": lambda error: isinstance(error, anthropic.RateLimitError) and "told-by-the-script" in str(error),
        "overloaded": lambda error: isinstance(error, anthropic.InternalServerError) and error.status_code == 529,
        "broken": lambda error: isinstance(error, anthropic.APIError),
    }

    def __init__(self, where):
        self.where, self.sdk = where, self.client(where, where.key)
        messages = [{"role": "user", "content": "How do you cross a river?"}]
        self.body = {"model": where.model, "max_tokens": 400, "system": "Be brief", "messages": messages}

    @staticmethod
    def client(where, key):
        return anthropic.Anthropic(base_url=f"{where.relay}/api", api_key=key, max_retries=0)

    def chat(self):
        self.where.play("text_bytes=200")
        message = self.sdk.messages.create(**self.body)
        is_filler(text(message), 200)
        check(message.stop_reason == "end_turn", message.stop_reason)
        return [usage(message)]

    def stream(self):
        self.where.play("text_bytes=200,piece=9,events=20")
        with self.sdk.messages.stream(**self.body) as stream:
            is_filler("".join(stream.text_stream), 200)
            message = stream.get_final_message()
        is_filler(text(message), 200)
        return [usage(message)]

    def tools(self):
        return self.call(lambda body: self.sdk.messages.create(**body))

    def tools_streamed(self):
        def send(body):
            with self.sdk.messages.stream(**body) as stream:
                return stream.get_final_message()

        return self.call(send)

    def call(self, send):
        self.where.play("shape=full,out=60,events=24")
        body = {**self.body, "tools": TOOLS}
        first = send(body)
        calls = [block for block in first.content if block.type == "tool_use"]
        check(len(calls) == 2 and first.stop_reason == "tool_use", f"{len(calls)} calls")
        for call in calls:
            check(call.name == "forecast", call.name)
            is_weather(call.input)
        results = [{"type": "tool_result", "tool_use_id": call.id, "content": "sunny"} for call in calls]
        self.where.play("text_bytes=80")
        own = [block.model_dump(exclude_none=True) for block in first.content]
        turns = [{"role": "assistant", "content": own}, {"role": "user", "content": results}]
        second = send({**body, "messages": body["messages"] + turns})
        is_filler(text(second), 80)
        return [usage(first), usage(second)]

    def schema(self):
        output = {"format": {"type": "json_schema", "schema": SCHEMA}}
        message = self.sdk.messages.create(**self.body, output_config=output)
        is_weather(json.loads(text(message)))
        return [usage(message)]

    def image(self):
        image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
        content = [image, {"type": "text", "text": "What is it?"}]
        self.where.play("text_bytes=40")
        message = self.sdk.messages.create(**{**self.body, "messages": [{"role": "user", "content": content}]})
        is_filler(text(message), 40)
        return [usage(message)]

    def ask(self, key):
        self.client(self.where, key).messages.create(**self.body)

    def read(self, key):
        with self.client(self.where, key).messages.stream(**self.body) as stream:
            stream.get_final_message()

"""OpenAI's SDK, Responses."""

import json

from matrix import PNG, SCHEMA, check, is_filler, is_weather
from sdk_openai import TELLS, Failed, client

TOOLS = [
    {"type": "function", "name": "forecast", "description": "Tells the weather", "parameters": SCHEMA, "strict": True}
]


def usage(response):
    told = response.usage
    return [told.input_tokens, told.input_tokens_details.cached_tokens, told.output_tokens]


def sent_back(item):
    """An item without what the SDK's helpers have added to it."""
    plain = item.model_dump(exclude_none=True)
    plain.pop("parsed_arguments", None)
    for part in plain.get("content", []):
        part.pop("parsed", None)
    return plain


class Sdk:
    TELLS = TELLS

    def __init__(self, where):
        self.where, self.sdk = where, client(where, where.key)
        self.input = [{"role": "user", "content": "How do you cross a river?"}]
        self.body = {"model": where.model, "max_output_tokens": 400, "store": False, "instructions": "Be brief"}

    def streamed(self, body):
        with self.sdk.responses.stream(**body) as stream:
            said = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
            return said, stream.get_final_response()

    def chat(self):
        self.where.play("text_bytes=200")
        response = self.sdk.responses.create(**self.body, input=self.input)
        is_filler(response.output_text, 200)
        check(response.status == "completed", response.status)
        return [usage(response)]

    def stream(self):
        self.where.play("text_bytes=200,piece=9,events=20")
        said, response = self.streamed({**self.body, "input": self.input})
        is_filler(said, 200)
        is_filler(response.output_text, 200)
        return [usage(response)]

    def tools(self):
        return self.call(lambda body: self.sdk.responses.create(**body))

    def tools_streamed(self):
        return self.call(lambda body: self.streamed(body)[1])

    def call(self, send):
        self.where.play("shape=full,out=60,events=24")
        body = {**self.body, "tools": TOOLS}
        first = send({**body, "input": self.input})
        calls = [item for item in first.output if item.type == "function_call"]
        check(len(calls) == 2, f"{len(calls)} calls")
        for call in calls:
            check(call.name == "forecast", call.name)
            is_weather(json.loads(call.arguments))
        results = [{"type": "function_call_output", "call_id": call.call_id, "output": "sunny"} for call in calls]
        own = [sent_back(item) for item in first.output]
        self.where.play("text_bytes=80")
        second = send({**body, "input": [*self.input, *own, *results]})
        is_filler(second.output_text, 80)
        return [usage(first), usage(second)]

    def schema(self):
        wanted = {"format": {"type": "json_schema", "name": "weather", "strict": True, "schema": SCHEMA}}
        response = self.sdk.responses.create(**self.body, input=self.input, text=wanted)
        is_weather(json.loads(response.output_text))
        return [usage(response)]

    def image(self):
        image = {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "auto"}
        content = [{"type": "input_text", "text": "What is it?"}, image]
        self.where.play("text_bytes=40")
        response = self.sdk.responses.create(**self.body, input=[{"role": "user", "content": content}])
        is_filler(response.output_text, 40)
        return [usage(response)]

    def ask(self, key):
        client(self.where, key).responses.create(**self.body, input=self.input)

    def read(self, key):
        for event in client(self.where, key).responses.create(**self.body, input=self.input, stream=True):
            if event.type == "response.failed":
                raise Failed(event.response.error)

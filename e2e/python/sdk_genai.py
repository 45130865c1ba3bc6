"""Google's SDK."""

import base64
import json

from google import genai
from google.genai import errors, types
from matrix import PNG, SCHEMA, check, is_filler, is_weather

TOOLS = [
    {
        "function_declarations": [
            {"name": "forecast", "description": "Tells the weather", "parameters_json_schema": SCHEMA}
        ]
    }
]


def usage(response):
    told = response.usage_metadata
    output = (told.candidates_token_count or 0) + (told.thoughts_token_count or 0)
    return [told.prompt_token_count, told.cached_content_token_count or 0, output]


def parts(response):
    content = response.candidates[0].content if response.candidates else None
    return (content.parts if content else None) or []


def text(own):
    return "".join(part.text for part in own if part.text and not part.thought)


SCRIPT = "told-by-the-script"


def status(*codes, said=""):
    def tells(error):
        kind = errors.ClientError if codes[0] < 500 else errors.ServerError
        return isinstance(error, kind) and error.code in codes and said in str(error)

    return tells


class Sdk:
    TELLS = {
        "stranger": status(401),
        "spent": status(402, said="BUDGET_USD"),
        "throttled": status(429, said="REQUESTS_PER_MINUTE"),
        "invalid": status(400, said=SCRIPT),
        "limited": status(429, said=SCRIPT),
        # Google's own word for it is 503; what the provider says in its own dialect passes as it is.
        "overloaded": status(503, 529),
        "broken": lambda error: isinstance(error, errors.APIError),
    }

    def __init__(self, where):
        self.where, self.sdk = where, self.client(where, where.key)
        self.body = [types.Content(role="user", parts=[types.Part(text="How do you cross a river?")])]
        self.config = {"system_instruction": "Be brief", "max_output_tokens": 400}

    @staticmethod
    def client(where, key):
        options = types.HttpOptions(base_url=f"{where.relay}/gemini")
        return genai.Client(api_key=key, http_options=options)

    def create(self, contents, **more):
        config = {**self.config, **more}
        response = self.sdk.models.generate_content(model=self.where.model, contents=contents, config=config)
        return parts(response), usage(response)

    def streamed(self, contents, **more):
        config = {**self.config, **more}
        own, told = [], None
        for chunk in self.sdk.models.generate_content_stream(
            model=self.where.model, contents=contents, config=config
        ):
            own += [part for part in parts(chunk) if part.text != ""]
            if chunk.candidates and chunk.candidates[0].finish_reason:
                told = usage(chunk)
        return own, told

    def chat(self):
        self.where.play("text_bytes=200")
        own, told = self.create(self.body)
        is_filler(text(own), 200)
        return [told]

    def stream(self):
        self.where.play("text_bytes=200,piece=9,events=20")
        own, told = self.streamed(self.body)
        check(len(own) > 1, "no stream")
        is_filler(text(own), 200)
        return [told]

    def tools(self):
        return self.call(self.create)

    def tools_streamed(self):
        return self.call(self.streamed)

    def call(self, send):
        self.where.play("shape=full,out=60,events=24")
        own, first = send(self.body, tools=TOOLS)
        calls = [part.function_call for part in own if part.function_call]
        check(len(calls) == 2, f"{len(calls)} calls")
        for call in calls:
            check(call.name == "forecast", call.name)
            is_weather(call.args)
        results = [
            types.Part(
                function_response=types.FunctionResponse(id=call.id, name=call.name, response={"weather": "sunny"})
            )
            for call in calls
        ]
        turns = [types.Content(role="model", parts=own), types.Content(role="user", parts=results)]
        self.where.play("text_bytes=80")
        own, second = send(self.body + turns, tools=TOOLS)
        is_filler(text(own), 80)
        return [first, second]

    def schema(self):
        own, told = self.create(self.body, response_mime_type="application/json", response_json_schema=SCHEMA)
        is_weather(json.loads(text(own)))
        return [told]

    def image(self):
        image = types.Part(inline_data=types.Blob(mime_type="image/png", data=base64.b64decode(PNG)))
        self.where.play("text_bytes=40")
        own, told = self.create([types.Content(role="user", parts=[image, types.Part(text="What is it?")])])
        is_filler(text(own), 40)
        return [told]

    def ask(self, key):
        # It closes what it has open when nobody holds it any more.
        client = self.client(self.where, key)
        client.models.generate_content(
            model=self.where.model, contents=self.body, config=self.config
        )

    def read(self, key):
        ended, client = False, self.client(self.where, key)
        for chunk in client.models.generate_content_stream(
            model=self.where.model, contents=self.body, config=self.config
        ):
            ended = ended or bool(chunk.candidates and chunk.candidates[0].finish_reason)
        check(ended, "it ends as if that were all")

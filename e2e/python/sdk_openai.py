"""What both of OpenAI's dialects have in common in its SDK."""

import openai


class Failed(Exception):
    """A response that has failed is an event, and no exception."""


def code(error):
    """Our own code for a refusal. OpenAI's, beside it, is what its clients decide by."""
    return error.body["causeway"]["code"]


TELLS = {
    "stranger": lambda error: isinstance(error, openai.AuthenticationError),
    "spent": lambda error: (
        isinstance(error, openai.APIStatusError) and error.status_code == 402 and code(error) == "budget_usd"
    ),
    "throttled": lambda error: (
        isinstance(error, openai.RateLimitError)
        and code(error) == "requests_per_minute"
        and int(error.response.headers["retry-after"]) > 0
    ),
    "invalid": lambda error: isinstance(error, openai.BadRequestError) and "told-by-the-script" in str(error),
    "limited": lambda error: isinstance(error, openai.RateLimitError) and "told-by-the-script" in str(error),
    "overloaded": lambda error: isinstance(error, openai.InternalServerError),
    "broken": lambda error: isinstance(error, (openai.APIError, Failed)),
}


def client(where, key):
    return openai.OpenAI(base_url=f"{where.relay}/openai/v1", api_key=key, max_retries=0)

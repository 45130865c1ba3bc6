"""What both of OpenAI's dialects have in common in its SDK."""

import openai


class Failed(Exception):
    """A response that has failed is an event, and no exception."""


TELLS = {
    "stranger": lambda error: isinstance(error, openai.AuthenticationError),
    "invalid": lambda error: isinstance(error, openai.BadRequestError) and "told-by-the-script" in str(error),
    "limited": lambda error: isinstance(error, openai.RateLimitError) and "told-by-the-script" in str(error),
    "overloaded": lambda error: isinstance(error, openai.InternalServerError),
    "broken": lambda error: isinstance(error, (openai.APIError, Failed)),
}


def client(where, key):
    return openai.OpenAI(base_url=f"{where.relay}/openai/v1", api_key=key, max_retries=0)

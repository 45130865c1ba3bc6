"""What every official SDK is tried with against every upstream dialect: the same as in ../sdk/matrix.ts, in Python.

Reads what is to be done from standard input, as JSON: the address of the relay and of the simulator, the upstreams, the
faults, and the names of the SDKs. Writes what came of it to standard output.
"""

import importlib
import json
import sys
import urllib.request

CASES = ["chat", "stream", "tools", "tools streamed", "schema", "image"]
CITY = "Zürich"
NOTE = 'said "maybe" \\ 東京 🗼'
FILLER = "All work and no play makes a long answer. "
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

# As strict as OpenAI wants it.
SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "Where"},
        "days": {"type": "integer"},
        "note": {"type": "string"},
        "nested": {
            "type": "object",
            "properties": {
                "list": {
                    "type": "array",
                    "items": {"anyOf": [{"type": "number"}, {"type": "boolean"}, {"type": "null"}]},
                }
            },
            "required": ["list"],
            "additionalProperties": False,
        },
    },
    "required": ["city", "days", "note", "nested"],
    "additionalProperties": False,
}


class Where:
    """One upstream, the relay before it, and the simulator behind it."""

    def __init__(self, relay, simulator, upstream):
        self.relay, self.simulator, self.upstream = relay, simulator, upstream
        self.model, self.key = upstream["model"], upstream["good"]["key"]

    def play(self, script, upstream=None):
        """What the simulator does with the next request at this account."""
        rule = {"key": upstream or self.upstream["good"]["upstream"], "times": 1, "script": script}
        request = urllib.request.Request(
            f"{self.simulator}/_sim/script",
            data=json.dumps(rule).encode(),
            headers={"content-type": "application/json"},
        )
        # Not through a proxy that the environment may name.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as answer:
            check(answer.status == 204, f"the simulator does not take {script}")


def check(right, what):
    if not right:
        raise AssertionError(what)


def is_filler(text, size):
    """Whether the text is what the simulator was told to say."""
    whole = (FILLER * (size // len(FILLER) + 1))[:size]
    check(text == whole, f"said {text!r}")


def is_weather(given):
    """Whether an object is what the simulator gives."""
    check(given["city"] == CITY and given["note"] == NOTE, f"given {given!r}")


def run(where, sdk, faults):
    for what in CASES:
        usage, wrong = [], None
        try:
            usage = getattr(sdk, what.replace(" ", "_"))()
        except Exception as error:
            wrong = told(error)
        yield {"what": what, "wrong": wrong, "usage": usage}
    for what, script in faults.items():
        yield {"what": what, "wrong": fault(where, sdk, what, script), "usage": []}


def fault(where, sdk, what, script):
    access = where.upstream["faults"][what]
    try:
        if script:
            where.play(script, access["upstream"])
        if what == "throttled":
            sdk.ask(access["key"])
        (sdk.read if what == "broken" else sdk.ask)(access["key"])
    except Exception as error:
        return None if sdk.TELLS[what](error) else told(error)
    return "no error"


def told(error):
    return f"{type(error).__name__}: {error}"


def main():
    job = json.load(sys.stdin)
    module = importlib.import_module(job["module"])
    results = []
    for upstream in job["upstreams"]:
        where = Where(job["relay"], job["simulator"], upstream)
        results.append(list(run(where, module.Sdk(where), job["faults"])))
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()

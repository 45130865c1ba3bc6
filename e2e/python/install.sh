#!/bin/sh
# The official SDKs in Python, in a virtual environment of their own: e2e/python/.venv. Does nothing when it has what
# requirements.txt says. Every file that pip downloads must have a checksum that stands there.
set -eu
cd "$(dirname "$0")"

# Google's SDK wants 3.11.
found=""
for name in python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null 2>&1 && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        found=$name
        break
    fi
done
[ -n "$found" ] || { echo "e2e: Python 3.11 or newer is missing: .ci/install.sh test installs it" >&2; exit 1; }

version=$("$found" -c 'import sys; print(sys.version)')
wanted=$(cat requirements.txt; echo "$version")
[ "$wanted" != "$(cat .venv/installed 2>/dev/null || true)" ] || exit 0
echo "e2e: installing the Python packages of e2e/python/requirements.txt (the SDKs of Anthropic, OpenAI and Google)" >&2
rm -rf .venv
"$found" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --only-binary :all: \
    --requirement requirements.txt >&2
printf '%s\n' "$wanted" >.venv/installed

#!/bin/sh
# Searches everything that the tests' processes have logged for every secret that the tests have made: keys, passwords,
# tokens, links, credentials. The tests leave both in CAUSEWAY_TEST_LOGS, as log-* and secrets-*.
set -eu
cd "${CAUSEWAY_TEST_LOGS:?names the directory that the tests have written to}"

find . -name 'secrets-*' -exec cat {} + | sort -u >secrets
secrets=$(wc -l <secrets)
bytes=$(find . -name 'log-*' -exec cat {} + | wc -c)

# A search among nothing would always succeed.
if [ -z "${ONLY:-}" ] && { [ "$secrets" -lt 200 ] || [ "$bytes" -lt 100000 ]; }; then
    echo "only $secrets secrets and $bytes bytes of logs were kept: the tests do not keep what they should" >&2
    exit 1
fi
found=$(find . -name 'log-*' -exec grep -F -f secrets -H -- {} + | head -n 20 || true)
if [ -n "$found" ]; then
    printf 'a secret stands in a log:\n%s\n' "$found" >&2
    exit 1
fi
echo "none of $secrets secrets stands in $bytes bytes of logs"

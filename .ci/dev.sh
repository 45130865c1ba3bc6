#!/bin/sh
# make dev: the server is rebuilt and restarted when a source of it changes (its Postgres and Redis go on with their
# data), the web admin is rebuilt and the browser reloaded when one of its sources changes.
set -eu
cd "$(dirname "$0")/.."
. .ci/env.sh
.ci/install.sh up
. .ci/env.sh

frontend/build.sh --dev
frontend/build.sh --dev --watch &
web=$!
server=
stamp=$(mktemp)
stop() {
    trap - EXIT INT TERM
    for pid in $server $web; do kill "$pid" 2>/dev/null || true; done
    wait
    rm -f "$stamp"
}
trap stop EXIT
trap 'exit 130' INT TERM

changed() {
    find backend openapi migrations Cargo.toml Cargo.lock -newer "$stamp" -type f ! -name '*.md' -print -quit | grep -q .
}

while :; do
    touch "$stamp"
    if cargo build --package causeway-server; then
        if [ -n "$server" ]; then
            kill "$server" 2>/dev/null || true
            wait "$server" || true
        fi
        target/debug/causeway up &
        server=$!
    fi
    until changed; do sleep 1; done
done

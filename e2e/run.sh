#!/bin/sh
# Journeys in Chromium and the official SDKs against the built binary and the built web admin.
#
#   e2e/run.sh                       every test; arguments go to Playwright, such as tests/03-sdk.spec.ts
#   e2e/run.sh screenshots DIR       pictures of every page instead
#
# Tests what is built: target/debug, or the directory named by CAUSEWAY_TARGET. Builds only what is missing.
set -eu
if [ "${1:-}" = screenshots ]; then
    SCREENSHOTS=${2:?"where to? e2e/run.sh screenshots DIR"}
    case $SCREENSHOTS in /*) ;; *) SCREENSHOTS=$PWD/$SCREENSHOTS ;; esac
    export SCREENSHOTS
    shift 2
fi
cd "$(dirname "$0")"

# npm ci starts by deleting node_modules, so it runs only when the lock file is not the installed one.
if ! cmp -s package-lock.json node_modules/.installed-lock.json; then
    echo "e2e: installing the npm packages of e2e/package-lock.json (Playwright and the official SDKs)" >&2
    npm ci --loglevel=error
    cp package-lock.json node_modules/.installed-lock.json
fi

python/install.sh

found=${CHROMIUM:-}
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    found=${found:-$(command -v "$name" || true)}
done
if [ -z "$found" ] && [ ! -d "/Applications/Google Chrome.app" ]; then
    echo "e2e: there is no Chromium, so Playwright fetches one" >&2
    node_modules/.bin/playwright install chromium
fi

built=../${CAUSEWAY_TARGET:-target/debug}
if [ ! -x "$built/causeway" ] || [ ! -x "$built/causeway-simulator" ]; then
    (cd .. && SQLX_OFFLINE=true cargo build --locked --quiet --bins)
fi
[ -f ../frontend/dist/index.html ] || ../frontend/build.sh

node_modules/.bin/tsc --project .
exec node_modules/.bin/playwright test "$@"

#!/bin/sh
# Builds the web admin into frontend/dist: tool chain, npm packages, bundle. Quick when nothing changed.
# Arguments go to the bundler: --watch rebuilds on change and reloads the browser, --dev skips optimisation.
set -eu
cd "$(dirname "$0")/.."

wasm_env=$(.ci/wasm-toolchain.sh)

# npm ci starts by deleting node_modules, so it runs only when the lock file is not the installed one.
if ! cmp -s frontend/package-lock.json frontend/node_modules/.installed-lock.json; then
    echo "build: installing the npm packages of frontend/package-lock.json (Tailwind, daisyUI)" >&2
    (cd frontend && npm ci --loglevel=error)
    cp frontend/package-lock.json frontend/node_modules/.installed-lock.json
fi

CARGO_TERM_QUIET=${CARGO_TERM_QUIET:-true}
export CARGO_TERM_QUIET
# In the web admin's own target directory: a build of the server neither waits for this one nor replaces what runs here.
exec cargo run --package causeway-bundle --target-dir target-wasm -- --cargo-env "$wasm_env" "$@"

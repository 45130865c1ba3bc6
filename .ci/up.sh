#!/bin/sh
# make up: installs what is missing, builds, and becomes the server (so that signals reach it).
# Settings come by the environment: CAUSEWAY_DATA, DEMO, PORT, LISTEN and the others of .env.example.
set -eu
cd "$(dirname "$0")/.."
. .ci/env.sh

.ci/install.sh up
. .ci/env.sh
# Shown as it goes the first time, when it takes so long that one would think it had stopped.
CARGO_TERM_QUIET=true
if [ ! -x target/release/causeway ]; then
    CARGO_TERM_QUIET=false
    echo "up: building the web admin and the server: the first time takes about 20 minutes on two processors" >&2
fi
export CARGO_TERM_QUIET
frontend/build.sh
cargo build --release --package causeway-server
exec target/release/causeway up

#!/bin/sh
# make up: installs what is missing, builds, and becomes the server (so that signals reach it).
# Settings come by the environment: CAUSEWAY_DATA, DEMO, PORT, LISTEN and the others of .env.example.
set -eu
cd "$(dirname "$0")/.."
. .ci/env.sh

.ci/install.sh up
. .ci/env.sh
frontend/build.sh
cargo build --release --quiet --package causeway-server
exec target/release/causeway up

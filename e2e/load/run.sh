#!/bin/sh
# make bench: builds as for production, then measures for about three minutes. Arguments go to causeway-bench.
#   PROFILE=release builds faster and runs a little slower: for working on the benchmark itself.
set -eu
cd "$(dirname "$0")/../.."
. .ci/env.sh

profile=${PROFILE:-dist}
programs=${CARGO_TARGET_DIR:-target}/$profile
echo "bench: building with --profile $profile; the first time takes several minutes on all cores" >&2
cargo build --locked --quiet --profile "$profile" \
    --package causeway-server --package causeway-simulator --package causeway-load
exec "$programs/causeway" services --durable -- "$programs/causeway-bench" "$@"

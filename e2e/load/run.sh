#!/bin/sh
# make bench: builds as for production, then measures for about ten minutes: single answers, then what is live, large or
# many, then pools. With arguments, which go to causeway-bench, only what they say.
#   PROFILE=release builds faster and runs a little slower: for working on the benchmark itself.
set -eu
cd "$(dirname "$0")/../.."
. .ci/env.sh

profile=${PROFILE:-dist}
programs=${CARGO_TARGET_DIR:-target}/$profile
echo "bench: building with --profile $profile; the first time takes several minutes on all cores" >&2
build="cargo build --locked --profile $profile"
[ "$profile" != dist ] || build=.ci/dist.sh
$build --quiet --package causeway-server --package causeway-simulator --package causeway-load

bench() { "$programs/causeway" services --durable -- "$programs/causeway-bench" "$@"; }
if [ $# -gt 0 ]; then
    bench "$@"
else
    bench
    bench --traffic --rounds 3
    bench --pools
fi

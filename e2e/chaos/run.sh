#!/bin/sh
# make chaos: limits and ledger while instances, Redis and Postgres die. Arguments go to causeway-chaos.
#   QUICK=1 is the short form, with debug binaries: about a minute.
#   BUILT=1 takes what the tests have built.
#   PROFILE=release is what the long form is built with.
set -eu
cd "$(dirname "$0")/../.."
. .ci/env.sh

if [ -n "${QUICK:-}" ]; then
    profile=dev programs=${CARGO_TARGET_DIR:-target}/debug
    set -- --quick "$@"
else
    profile=${PROFILE:-release}
    programs=${CARGO_TARGET_DIR:-target}/$profile
    echo "chaos: building with --profile $profile" >&2
fi
[ -n "${BUILT:-}" ] ||
    cargo build --locked --quiet --profile "$profile" --package causeway-server --package causeway-chaos
exec "$programs/causeway-chaos" "$@"

#!/bin/sh
# make fuzz: every family of backend/dialect/tests/fuzz.rs for FUZZ_MINUTES each, as many at a time as there are cores. A
# process for each, because they count memory. FAMILIES="name …" runs some.
set -eu
cd "$(dirname "$0")/.."
. .ci/env.sh

cores=$(getconf _NPROCESSORS_ONLN)
cargo test --locked --profile fuzz -p causeway-dialect --test fuzz --no-run
run="cargo test --quiet --locked --profile fuzz -p causeway-dialect --test fuzz --"
families=${FAMILIES:-$($run --list --format terse | sed -n 's/: test$//p')}
export run
# A family's words are printed when it is over, so that they stay together.
printf '%s\n' $families | xargs -P "$cores" -I '{}' sh -c '
    out=$($run --exact --nocapture "$1" 2>&1) && status=0 || status=$?
    printf "\n== %s\n%s\n" "$1" "$out"
    exit "$status"
' sh '{}'

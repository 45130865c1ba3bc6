#!/bin/sh
# make profile: records anew what .ci/dist.sh optimises for, in backend/server/dist.profdata.gz. Builds a server that counts
# how often each of its branches is taken, and sends it the requests of the benchmark: about twenty minutes on two processors.
# Worth it when the compiler or crates were changed, or much of what a request takes.
set -eu
cd "$(dirname "$0")/.."
. .ci/env.sh

recorded=backend/server/dist.profdata.gz
target=${CARGO_TARGET_DIR:-target}/profile
case $target in /*) ;; *) target=$PWD/$target ;; esac
programs=$target/dist
counts=$target/counts
profdata=$(find "$(rustc --print sysroot)" -name llvm-profdata | head -n 1)

# What is counted is the same without optimising across crates, which takes as long again. Macros and build scripts count
# too, for nothing.
echo "profile: building a server that counts" >&2
LLVM_PROFILE_FILE=/dev/null CARGO_TARGET_DIR=$target \
    RUSTFLAGS="-Cprofile-generate -Clto=off -Clinker-plugin-lto=no -Cdebuginfo=0" \
    cargo build --locked --profile dist \
    --package causeway-server --package causeway-simulator --package causeway-load

rm -rf "$counts" "$target/bench"
export LLVM_PROFILE_FILE="$counts/%m-%p.profraw"
# bench <report> …: no goal is met by who counts meanwhile, but a run that came to its end has left its report.
bench() {
    report=$target/bench/$1
    shift
    "$programs/causeway" services --durable -- "$programs/causeway-bench" --out "$target/bench" --rounds 1 "$@" || true
    [ -s "$report" ] || { echo "profile: the benchmark broke off" >&2; exit 1; }
}
bench report.json
bench traffic.json --traffic
bench pools.json --pools
# The simulator and the benchmark have counted as well; of this much only the server has the relay in it.
servers=""
for one in "$counts"/*.profraw; do
    if "$profdata" show --all-functions "$one" | grep -q causeway_relay; then servers="$servers $one"; fi
done
# shellcheck disable=SC2086
"$profdata" merge --sparse --output "$target/all.profdata" $servers
gzip -9nc "$target/all.profdata" > "$recorded"
host=$(rustc -vV | sed -n 's/^host: //p')
printf 'compiler: %s\ncrates: %s\n' "$(rustc -V), $host" "$(cksum < Cargo.lock)" > "$recorded.txt"
ls -l "$recorded" >&2

#!/bin/sh
# Builds what is released, into target/dist: optimised across all crates, and for the ways that requests really take, as they
# were counted once by `make profile`. Arguments are cargo's: .ci/dist.sh --package causeway-server
set -eu
cd "$(dirname "$0")/.."
. .ci/env.sh

recorded=backend/server/dist.profdata.gz
target=${CARGO_TARGET_DIR:-target}
# Every crate is compiled in a directory of its own.
case $target in /*) ;; *) target=$PWD/$target ;; esac
compiler="$(rustc -V), $(rustc -vV | sed -n 's/^host: //p')"
known=$(sed -n 's/^compiler: //p' "$recorded.txt")
if [ "$compiler" = "$known" ]; then
    # Its name tells what is in it: cargo looks at the flags, and not into the file.
    sum=$(cksum < "$recorded" | tr ' ' -)
    counts=$target/dist-$sum.profdata
    if [ ! -e "$counts" ]; then
        mkdir -p "$target"
        rm -f "$target"/dist-*.profdata
        gzip -dc "$recorded" > "$counts.part"
        mv "$counts.part" "$counts"
    fi
    # Parted by what no path has in it, as a space may be.
    flags=$(printf '%s' "${RUSTFLAGS:-}" | tr -s ' ' '\037')
    export CARGO_ENCODED_RUSTFLAGS="${flags:+$flags$(printf '\037')}-Cprofile-use=$counts"
    [ "$(cksum < Cargo.lock)" = "$(sed -n 's/^crates: //p' "$recorded.txt")" ] ||
        echo "dist: other crates than when $recorded was recorded; \`make profile\` makes the most of these" >&2
else
    # Every compiler has other names for functions, so nothing would be found in it.
    echo "dist: $recorded was recorded with $known, and this is $compiler: a request will take about a third longer;" \
        "\`make profile\` records it with this one" >&2
fi
# jemalloc: no huge pages where the system would give them unasked, for most of hyper's buffers is never touched, and a stream
# would need two fifths more memory. A thread of its own gives back what was needed in a rush, also when nothing happens after it.
export JEMALLOC_SYS_WITH_MALLOC_CONF=thp:never,background_thread:true
# It is built for the pages of the machine that builds it, unless it is told: those of 64 KiB, which some of these have, do for
# all.
case $(uname -m) in aarch64 | arm64) export JEMALLOC_SYS_WITH_LG_PAGE=16 ;; esac
exec cargo build --locked --profile dist "$@"

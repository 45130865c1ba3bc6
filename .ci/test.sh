#!/bin/sh
# make test: every kind of test, each phase with its time. Stops at the first phase that fails.
#   ONLY="fmt build" runs some phases; CAUSEWAY_TEST_THREADS sets how many tests run at once, instead of two a processor.
set -eu
cd "$(dirname "$0")/.."
. .ci/env.sh

times=""
phase() {
    name=$1
    shift
    case " ${ONLY:-$name} " in *" $name "*) ;; *) return 0 ;; esac
    printf '\n== %s: %s\n' "$name" "$*"
    begun=$(date +%s)
    if "$@"; then
        spent=$(($(date +%s) - begun))
        times="$times$(printf '%-9s %4d s' "$name" "$spent")
"
        printf '== %s: ok, %d s\n' "$name" "$spent"
    else
        status=$?
        printf '\n%s== %s: FAILED after %d s\n' "$times" "$name" "$(($(date +%s) - begun))" >&2
        exit "$status"
    fi
}

deny() {
    if cargo deny --version >/dev/null 2>&1; then
        cargo deny --all-features check --config .ci/deny.toml bans licenses sources
    else
        echo "cargo-deny is not installed, so licences and sources are not checked (cargo install --locked cargo-deny)"
    fi
}

# Clippy's driver is a compiler too: what it judges it also builds, so nothing is compiled once for each. Every command
# that is to use what it has built has to name it.
with_clippy() {
    env RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS="-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__" "$@"
}

# Side by side: each has stretches that only one processor can work at. The web admin has a target directory of its own, and
# a debug build of the server does not embed it.
build() {
    frontend/build.sh &
    web=$!
    # A shell keeps Ctrl-C from what it runs in the background.
    trap 'kill "$web" 2>/dev/null; exit 130' INT TERM
    with_clippy cargo build --locked --workspace --all-targets || {
        kill "$web" 2>/dev/null || true
        return 1
    }
    wait "$web" || return 1
    trap - INT TERM
}

# Private Postgres and Redis, removed afterwards. The binary is the one that the tests build. Two at once on each processor:
# a third of their time tests wait for something.
backend() {
    threads=${CAUSEWAY_TEST_THREADS:-$((2 * $(getconf _NPROCESSORS_ONLN)))}
    with_clippy target/debug/causeway services -- \
        cargo nextest run --locked --workspace --config-file .ci/nextest.toml --test-threads "$threads"
}

# Building them takes minutes, so only when there are some: an opening fence in a doc comment that is Rust.
doc_tests() {
    fences='FNR == 1 { open = 0 }
        /^[ \t]*\/\/[\/!] ```/ { open = !open; if (open && /```(rust|should_panic|no_run)?[ \t]*$/) found = 1 }
        END { exit !found }'
    # shellcheck disable=SC2046
    if awk "$fences" $(git ls-files 'backend/*.rs' 'openapi/*.rs'); then
        cargo test --doc --quiet
    else
        echo "there are none"
    fi
}

# Everything that the tests' processes log, and every secret that the tests make, for the phase that compares them.
CAUSEWAY_TEST_LOGS=$PWD/target/test-logs
export CAUSEWAY_TEST_LOGS
rm -rf "$CAUSEWAY_TEST_LOGS"
mkdir -p "$CAUSEWAY_TEST_LOGS"

phase install .ci/install.sh test
. .ci/env.sh
phase fmt cargo fmt --all --check
phase deny deny
# From a cold start nothing can be reused, and keeping what could be costs time.
[ -d target/debug ] || export CARGO_INCREMENTAL=0
phase build build
phase backend backend
phase doc doc_tests
phase chaos env QUICK=1 BUILT=1 e2e/chaos/run.sh
phase e2e e2e/run.sh
phase secrets .ci/secrets.sh
printf '\n%sall passed\n' "$times"

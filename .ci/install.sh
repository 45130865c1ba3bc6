#!/bin/sh
# Installs what is missing on this machine, says what and why, and does nothing when nothing is missing.
#
#   .ci/install.sh up      build tools, Rust, Postgres, Redis, and what the web admin is built with
#   .ci/install.sh web     build tools, Rust, and what the web admin is built with
#   .ci/install.sh test    the same as up, with cargo-nextest, a Chromium and Python's venv
#   .ci/install.sh bench   the same as up, with nginx
#   .ci/install.sh profile the same as bench, with LLVM's tools for profiles
#   .ci/install.sh chaos   build tools, Rust, Postgres and Redis
#
# Debian and Ubuntu by apt, macOS by brew. Services of packages that it installs are not started: Causeway runs
# private ones. Set CAUSEWAY_NO_INSTALL=1 to be told what is missing instead.
set -eu
cd "$(dirname "$0")/.."
. .ci/env.sh
. .ci/packages.sh

tools() {
    command -v cc >/dev/null 2>&1 || need build-essential - "a C compiler: parts of the dependencies are C"
    command -v curl >/dev/null 2>&1 || need "curl ca-certificates" curl "to download Rust, and for the examples"
    command -v git >/dev/null 2>&1 || need git git "cargo uses it"
}

# Debian's rust is too old for this tree, so it is rustup's, in the home directory as usual.
rust() {
    command -v cargo >/dev/null 2>&1 && return 0
    [ -z "${CAUSEWAY_NO_INSTALL:-}" ] || die "Rust is missing: see https://rustup.rs"
    say "installing Rust by rustup into ${CARGO_HOME:-$HOME/.cargo}: Causeway is written in it"
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal -c rustfmt -c clippy
    . .ci/env.sh
}

major() { "$@" --version 2>/dev/null | sed -n '1s/[^0-9]*\([0-9][0-9]*\).*/\1/p'; }

newest_postgres() {
    newest=0
    for program in "$(command -v postgres || true)" /usr/lib/postgresql/*/bin/postgres /usr/pgsql-*/bin/postgres \
        /opt/homebrew/opt/postgresql*/bin/postgres /usr/local/opt/postgresql*/bin/postgres; do
        [ -x "$program" ] || continue
        version=$(major "$program")
        [ "${version:-0}" -le "$newest" ] || newest=$version
    done
    echo "$newest"
}

newest_redis() {
    for name in redis-server valkey-server; do
        command -v "$name" >/dev/null 2>&1 && major "$name" && return 0
    done
    echo 0
}

services() {
    [ "$(newest_postgres)" -ge 15 ] || need postgresql postgresql@17 "Postgres keeps accounts, keys and the ledger"
    [ "$(newest_redis)" -ge 7 ] || need redis-server redis "Redis keeps limits and open reservations"
    install_needed
    if [ "$(newest_postgres)" -lt 15 ] && [ -x /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh ]; then
        say "this distribution's Postgres is older than 15; adding the packages of postgresql.org"
        as_root /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y >&2
        need postgresql-17 - "Postgres 15 or newer"
        install_needed
    fi
    [ "$(newest_postgres)" -ge 15 ] || die "Postgres 15 or newer is needed and this distribution has none; see https://www.postgresql.org/download/"
    [ "$(newest_redis)" -ge 7 ] || die "Redis 7 or newer is needed and this distribution has none; see https://redis.io/docs/latest/operate/oss_and_stack/install/"
}

web() {
    # Installs Node.js and a compiler for wasm32; prints the environment for it, which the build asks for again.
    .ci/wasm-toolchain.sh >/dev/null
}

nextest() {
    cargo nextest --version >/dev/null 2>&1 && return 0
    [ -z "${CAUSEWAY_NO_INSTALL:-}" ] || die "cargo-nextest is missing: cargo install --locked cargo-nextest"
    say "installing cargo-nextest (some minutes): it runs the tests"
    cargo install --locked --quiet cargo-nextest
}

llvm_tools() {
    [ -z "$(find "$(rustc --print sysroot)" -name llvm-profdata)" ] || return 0
    [ -z "${CAUSEWAY_NO_INSTALL:-}" ] || die "LLVM's tools are missing: rustup component add llvm-tools"
    say "installing LLVM's tools by rustup: they put together what was counted"
    rustup component add llvm-tools
}

# The journeys run in a real browser. Ubuntu's package is a snap, which does not run everywhere; Playwright fetches
# its own there.
browser() {
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    [ ! -d "/Applications/Google Chrome.app" ] || return 0
    if grep -qs '^ID=debian' /etc/os-release; then
        need "chromium fonts-noto-cjk" - "the journeys of the web admin run in it"
    fi
}

# The official SDKs in Python are tried too; Google's wants 3.11, which is not every distribution's python3. On Debian
# the module that makes virtual environments is a package of its own.
python() {
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        "$name" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return 0
    done
    version=$(python3 -c 'import sys; print(sys.version_info < (3, 11))' 2>/dev/null || true)
    case $version in
        True) need "python3.11 python3.11-venv" python "the official SDKs in Python, which the tests try, want 3.11" ;;
        *) need "python3 python3-venv" python "the tests try the official SDKs in Python, in an environment of their own" ;;
    esac
}

case "${1:-}" in
    web) tools; install_needed; rust; web ;;
    up) tools; services; rust; web ;;
    test) tools; browser; python; services; rust; web; nextest ;;
    bench|profile)
        tools
        command -v nginx >/dev/null 2>&1 || need nginx nginx "the benchmark's yardstick"
        services; rust; web
        [ "$1" = bench ] || llvm_tools
        ;;
    chaos) tools; services; rust ;;
    *) die "usage: .ci/install.sh up|web|test|bench|profile|chaos" ;;
esac

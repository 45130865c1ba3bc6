#!/bin/sh
# Decides how wasm32 is built, and is the only place that does.
#
# Installs what the web admin's build is missing, says what and why on stderr, and prints on stdout the
# environment the inner `cargo build` needs (NAME=value words; empty for the normal way). Running it again
# changes nothing.
#
#   1. rustup's wasm32-unknown-unknown target, the normal way: same compiler as everything else.
#   2. Where rustup cannot fetch it: Debian's rustc-web with its std sources. That std must be compiled by the
#      same compiler, hence -Zbuild-std with Debian's rustc (and RUSTC_BOOTSTRAP, because the flag is unstable).
#
# WASM_TOOLCHAIN=rustup|debian forces one of them.
set -eu

TARGET=wasm32-unknown-unknown
NODE_MAJOR=20

say() { printf 'wasm-toolchain: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

apt_install() {
    command -v apt-get >/dev/null 2>&1 || die "please install: $*"
    sudo=""
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null 2>&1 || die "as root, please run: apt-get install -y $*"
        sudo=sudo
    fi
    $sudo apt-get update -qq >&2 || say "apt-get update failed; trying with the package lists that are here"
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$@" >&2 \
        || die "apt-get could not install: $*"
}

node_is_recent() {
    command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 \
        && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge "$1" ]
}

ensure_node() {
    node_is_recent "$NODE_MAJOR" && return 0
    if ! node_is_recent 18; then
        say "installing nodejs and npm: Tailwind builds the style sheet with them"
        if command -v brew >/dev/null 2>&1; then brew install node >&2; else apt_install nodejs npm; fi
    fi
    node_is_recent "$NODE_MAJOR" || say "Node.js $NODE_MAJOR or newer is recommended, this is $(node --version)"
}

rustup_has_target() {
    command -v rustc >/dev/null 2>&1 && [ -d "$(rustc --print sysroot)/lib/rustlib/$TARGET/lib" ]
}

try_rustup() {
    rustup_has_target && return 0
    command -v rustup >/dev/null 2>&1 || return 1
    say "adding rustup's $TARGET target: the web admin is compiled to WebAssembly"
    rustup target add "$TARGET" >&2 && rustup_has_target
}

debian_rustc() {
    # rustc-web is Debian's current rustc (the plain one is years old on stable releases).
    [ -x /usr/bin/rustc ] && [ -d "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library/std" ] \
        && [ -x /usr/bin/rust-lld ] && /usr/bin/rust-lld -flavor wasm --version >/dev/null 2>&1
}

try_debian() {
    [ "$(uname -s)" = Linux ] || return 1
    if ! debian_rustc; then
        say "installing Debian's rustc-web, its std sources and lld: they can build $TARGET without rustup"
        apt_install rustc-web rust-web-src rust-web-llvm
        # rust-lld is a link to the lld of the same LLVM, which is only a recommendation of rust-web-llvm.
        lld=$(readlink /usr/bin/rust-lld || true)
        [ -z "$lld" ] || command -v "$lld" >/dev/null 2>&1 || apt_install "$lld"
        debian_rustc || return 1
    fi
    printf 'RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_abort\n'
}

ensure_node
case "${WASM_TOOLCHAIN:-auto}" in
    rustup) try_rustup ;;
    debian) try_debian ;;
    auto)
        if ! try_rustup; then
            say "rustup cannot provide $TARGET here; using Debian's compiler instead"
            try_debian
        fi
        ;;
    *) die "WASM_TOOLCHAIN accepts rustup or debian, not '$WASM_TOOLCHAIN'" ;;
esac || die "no way found to build $TARGET; install rustup's target by: rustup target add $TARGET"

# Sourced by install.sh: collects packages, then installs them at once by apt or brew.

say() { printf 'install: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

apt_packages=""
brew_packages=""

# need <apt packages> <brew packages or -> <why>
need() {
    say "missing: $1 ($3)"
    apt_packages="$apt_packages $1"
    [ "$2" = - ] || brew_packages="$brew_packages $2"
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        die "as root, please run: $*"
    fi
}

# Packages of services start them when installed. This file, while it is there, says not to.
POLICY=/usr/sbin/policy-rc.d

install_needed() {
    [ -n "$apt_packages$brew_packages" ] || return 0
    if [ -n "${CAUSEWAY_NO_INSTALL:-}" ]; then
        die "CAUSEWAY_NO_INSTALL is set; please install: $apt_packages"
    elif command -v apt-get >/dev/null 2>&1; then
        by_apt
    elif command -v brew >/dev/null 2>&1; then
        # shellcheck disable=SC2086
        [ -z "$brew_packages" ] || brew install $brew_packages >&2
    else
        die "neither apt-get nor brew is here; please install: $apt_packages"
    fi
    apt_packages="" brew_packages=""
}

by_apt() {
    as_root apt-get update -qq >&2 || say "apt-get update failed; trying with the package lists that are here"
    made_policy=""
    if [ ! -e "$POLICY" ]; then
        made_policy=yes
        trap 'as_root rm -f "$POLICY"' EXIT
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$POLICY" >/dev/null
        as_root chmod 755 "$POLICY"
    fi
    status=0
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $apt_packages >&2 || status=$?
    if [ -n "$made_policy" ]; then
        as_root rm -f "$POLICY"
        trap - EXIT
    fi
    [ "$status" = 0 ] || die "apt-get could not install:$apt_packages"
    # Not at the next boot either. Only what was installed just now, never one that was here before.
    if command -v systemctl >/dev/null 2>&1; then
        for service in postgresql redis-server nginx; do
            case " $apt_packages " in
                *" $service "*) as_root systemctl disable --quiet "$service" >/dev/null 2>&1 || true ;;
            esac
        done
    fi
}

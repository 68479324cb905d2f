#!/usr/bin/env bash
# Checks for the toolchains, installs what Debian can install, and says what is missing and what to do.
#
#   scripts/setup.sh build   what `make up` needs
#   scripts/setup.sh test    what `make test` needs as well: a browser, a container runtime, what clusters are made with
set -euo pipefail

need() { # command, hint
    command -v "$1" >/dev/null || { echo "error: $1 is missing" >&2; echo "hint: $2" >&2; exit 1; }
}

packages() { # installs the packages whose command is missing: command=package ...
    local missing=()
    for pair in "$@"; do
        command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
    done
    [ ${#missing[@]} -eq 0 ] || install "${missing[@]}"
}

install() { # package ...
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "error: missing: $*" >&2
        echo "hint: install these packages, or run as root on Debian to have it done" >&2
        exit 1
    fi
    echo "installing $*"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

need cargo "install Rust 1.95 or newer: https://rustup.rs"
need node "install Node.js 20 or newer: https://nodejs.org"
need npm "install npm, it comes with Node.js"
packages cc=gcc make=make
if [ "${1:-build}" = test ]; then
    need go "install Go 1.26 or newer: https://go.dev/dl"
    packages chromium=chromium containerd=containerd runc=runc busybox=busybox-static mkfs.ext4=e2fsprogs \
        ip=iproute2 nft=nftables pkg-config=pkg-config
    # runc filters system calls with it; it is a library, so there is no command to look for.
    pkg-config --exists libseccomp || install libseccomp-dev
fi

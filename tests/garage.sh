#!/usr/bin/env bash
# Builds garage once, a real S3-compatible server, outside of the checkout (some minutes); tests that want one find it there.
set -euo pipefail
cache="${HINDCAST_CACHE:-$HOME/.cache/hindcast}/garage"
[ ! -x "$cache/bin/garage" ] || exit 0
CARGO_TARGET_DIR="$cache/target" CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
    cargo install --quiet --locked --root "$cache" garage@2.5.0 --no-default-features --features bundled-libs,sqlite
rm -rf "$cache/target"

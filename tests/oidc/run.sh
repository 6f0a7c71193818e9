#!/usr/bin/env bash
# Signs people in through a real OpenID Connect provider: the npm package oidc-provider, run here.
# Exit code 77: skipped, and said why.
set -euo pipefail
cd "$(dirname "$0")"
command -v node >/dev/null && command -v npm >/dev/null || { echo "node and npm are needed"; exit 77; }
cache="${HINDCAST_CACHE:-$HOME/.cache/hindcast}/oidc"
mkdir -p "$cache"
if [ ! -d "$cache/node_modules/oidc-provider" ]; then
    npm install --silent --no-audit --no-fund --prefix "$cache" oidc-provider@9.13.3 >/dev/null 2>&1 ||
        { echo "oidc-provider could not be installed with npm"; exit 77; }
fi
binary="${HINDCAST_BINARY:-${CARGO_TARGET_DIR:-$HOME/.cache/hindcast/target}/debug/hindcast}"
[ -x "$binary" ] || cargo build --workspace --quiet --manifest-path ../../Cargo.toml
cp story.mjs "$cache/story.mjs"
exec node "$cache/story.mjs" "$binary"

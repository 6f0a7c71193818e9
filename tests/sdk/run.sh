#!/usr/bin/env bash
# Runs Intercom's official SDKs, unchanged but for their base URL, against a server of ours.
#   tests/sdk/run.sh [BINARY]    the newest of the release and debug builds when none is given
# The SDKs are installed into $HINDCAST_SDK_CACHE (default ~/.cache/hindcast/sdk), never into the checkout.
# Ends with 77 when something had to be skipped, and says what.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${HINDCAST_SDK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hindcast/sdk}
node_sdk=intercom-client@7.0.3
python_sdk=python-intercom==5.0.1
skipped=

skip() { skipped=yes; printf 'skipped  %s\n' "$*"; }

built=${CARGO_TARGET_DIR:-$here/../../target}
newest() { ls -t "$@" 2>/dev/null || true; }
binary=${1:-$(newest "$built"/release/hindcast "$built"/debug/hindcast | head -n 1)}
[ -x "$binary" ] || { echo "there is no binary: run cargo build --bin hindcast first"; exit 1; }

folder=$(mktemp -d)
server=
finish() {
    [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server"; } || true
    rm -rf "$folder"
}
trap finish EXIT

# A server on a free port, and a token for the workspace it begins with.
NO_COLOR=1 "$binary" serve --data "$folder/data" --listen 127.0.0.1:0 >/dev/null 2>"$folder/log" &
server=$!
for _ in $(seq 100); do
    HINDCAST_URL=$(sed -n 's|.*listening.*address=\(127[0-9.:]*\).*|http://\1|p' "$folder/log")
    [ -z "$HINDCAST_URL" ] || break
    kill -0 "$server" 2>/dev/null || { cat "$folder/log"; exit 1; }
    sleep 0.1
done
HINDCAST_TOKEN=$("$binary" token create sdk --data "$folder/data" --scope read,ingest 2>>"$folder/log")
export HINDCAST_URL HINDCAST_TOKEN
"$here/intercom/events.sh" >"$folder/events.ndjson"
"$binary" ingest "$folder/events.ndjson" >/dev/null 2>>"$folder/log" || { cat "$folder/log"; exit 1; }

if ! command -v npm >/dev/null; then
    skip "Intercom's SDK for Node: there is no npm"
elif ! { [ -d "$cache/node/node_modules/${node_sdk%@*}" ] ||
    npm install --silent --no-fund --no-audit --prefix "$cache/node" "$node_sdk"; } 2>"$folder/npm"; then
    skip "Intercom's SDK for Node: npm could not install $node_sdk: $(tail -n 1 "$folder/npm")"
else
    NODE_PATH=$cache/node/node_modules node "$here/intercom/story.cjs"
fi

if ! command -v python3 >/dev/null; then
    skip "Intercom's SDK for Python: there is no python3"
elif ! { "$cache/python/bin/python" -c 'import intercom' ||
    { python3 -m venv "$cache/python" && "$cache/python/bin/pip" install --quiet "$python_sdk"; }; } 2>"$folder/pip"; then
    skip "Intercom's SDK for Python: pip could not install $python_sdk: $(tail -n 1 "$folder/pip")"
else
    "$cache/python/bin/python" "$here/intercom/story.py"
fi

[ -z "$skipped" ] || exit 77

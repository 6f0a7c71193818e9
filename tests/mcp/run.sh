#!/usr/bin/env bash
# The official SDK for Python (PyPI: mcp) reads the log, and goes through the gateway to a server that it runs itself.
#   tests/mcp/run.sh [BINARY]    the newest of the release and debug builds when none is given
# The SDK is installed into $HINDCAST_MCP_CACHE (default ~/.cache/hindcast/mcp), never into the checkout.
# Ends with 77 when something had to be skipped, and says what.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${HINDCAST_MCP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hindcast/mcp}
sdk=mcp==2.3.0

if ! command -v python3 >/dev/null; then
    echo "skipped  MCP's SDK for Python: there is no python3"
    exit 77
fi
if ! { "$cache/bin/python" -c 'import mcp.client.client' ||
    { python3 -m venv "$cache" && "$cache/bin/pip" install --quiet --disable-pip-version-check "$sdk"; }; } 2>/dev/null; then
    echo "skipped  MCP's SDK for Python: $sdk cannot be installed (python3 with venv and PyPI are needed)"
    exit 77
fi

built=${CARGO_TARGET_DIR:-$here/../../target}
newest() { ls -t "$@" 2>/dev/null || true; }
binary=${1:-$(newest "$built"/release/hindcast "$built"/debug/hindcast | head -n 1)}
[ -x "$binary" ] || { echo "there is no binary: run cargo build --bin hindcast first"; exit 1; }

folder=$(mktemp -d)
server=
upstream=
finish() {
    for one in $upstream $server; do { kill "$one" 2>/dev/null && wait "$one"; } 2>/dev/null || true; done
    rm -rf "$folder"
}
trap finish EXIT

# A server with somebody who answers, that may reach an upstream on this machine.
cat >"$folder/hindcast.toml" <<SETTINGS
[data]
folder = "$folder/data"
keys = "$folder/keys"
[deliver]
allow = ["127.0.0.0/8"]
SETTINGS
export HINDCAST_CONFIG="$folder/hindcast.toml"
: >"$folder/log"
NO_COLOR=1 "$binary" serve --listen 127.0.0.1:0 >"$folder/out" 2>"$folder/log" &
server=$!
for _ in $(seq 100); do
    HINDCAST_URL=$(sed -n 's|.*listening.*address=\(127[0-9.:]*\).*|http://\1|p' "$folder/log")
    [ -z "$HINDCAST_URL" ] || break
    kill -0 "$server" 2>/dev/null || { cat "$folder/log"; exit 1; }
    sleep 0.1
done
export HINDCAST_URL
code=$(cat "$folder/out" "$folder/log" | sed -n 's|.*type this code: \([^ ]*\).*|\1|p' | head -n 1)
curl -fsS -o /dev/null "$HINDCAST_URL/setup" -H "Origin: $HINDCAST_URL" -d "code=$code&name=Ana&email=ana@shop.example&workspace=Shop" \
    -d 'zone=UTC&language=en&password=three+long+words+of+mine' || { cat "$folder/out" "$folder/log"; exit 1; }
token() { "$binary" token create "$@" 2>"$folder/told" || { cat "$folder/told" >&2; exit 1; }; }
READER_TOKEN=$(token reader --scope read,ingest)
AGENT_TOKEN=$(token Fin --scope decide)
BOSS_TOKEN=$(token boss --scope approve,policies --person ana@shop.example)
export READER_TOKEN AGENT_TOKEN BOSS_TOKEN

UPSTREAM_PORT=$("$cache/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export UPSTREAM_PORT PYTHONDONTWRITEBYTECODE=1 HINDCAST_BINARY="$binary"
"$cache/bin/python" "$here/upstream.py" >"$folder/upstream" 2>&1 &
upstream=$!
timeout 120 "$cache/bin/python" "$here/story.py" || { cat "$folder/upstream" "$folder/log"; exit 1; }

#!/usr/bin/env bash
# Lets schemathesis (PyPI) ask the server everything its own /openapi.json allows, and more. Exits with 77 when it is skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
target="${CARGO_TARGET_DIR:-$HOME/.cache/hindcast/target}"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/hindcast/schemathesis"
binary="${HINDCAST_BINARY:-$target/debug/hindcast}"
[ -x "$binary" ] || cargo build --workspace --quiet

if ! [ -x "$cache/bin/schemathesis" ]; then
    python3 -m venv "$cache" 2>/dev/null && "$cache/bin/pip" install --quiet --disable-pip-version-check 'schemathesis>=4,<5' \
        || { echo "skipped: schemathesis cannot be installed (python3 with venv and PyPI are needed)"; exit 77; }
fi

folder=$(mktemp -d)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$binary" serve --data "$folder/data" --listen "127.0.0.1:$port" >"$folder/out" 2>"$folder/log" &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$folder" "$folder/data-keys"' EXIT
for _ in $(seq 200); do
    python3 -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:$port/readyz')" 2>/dev/null && break
    kill -0 $server 2>/dev/null || { cat "$folder/log"; exit 1; }
    sleep 0.1
done
workspace=$(awk '/^workspace/ { print $2 }' "$folder/out")
token=$(awk '/^token/ { print $2 }' "$folder/out")

# The tail never ends, so it is asked by our own tests only. One check is left out, positive_data_acceptance: it wants
# whatever fits a schema to be accepted, and no schema can say what the search grammar takes, that a token must not
# have expired already, or that an event has either changes or documents to compare.
cd "$folder"
"$cache/bin/schemathesis" run "http://127.0.0.1:$port/openapi.json" \
    --header "Authorization: Bearer $token" --header "Hindcast-Workspace: $workspace" \
    --exclude-path-regex '^/v1/tail$' --checks all --exclude-checks positive_data_acceptance --max-examples "${HINDCAST_EXAMPLES:-40}" --seed 20261121 \
    --request-timeout 20 --workers 1 --no-color
kill -0 $server || { echo "the server died"; cat "$folder/log"; exit 1; }
if grep -i panicked "$folder/log"; then exit 1; fi

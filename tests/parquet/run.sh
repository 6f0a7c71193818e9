#!/usr/bin/env bash
# Lets DuckDB (PyPI) read the segments of a demo and compares them with what the API answers. Exits with 77 when skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
target="${CARGO_TARGET_DIR:-$HOME/.cache/hindcast/target}"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/hindcast/duckdb"
binary="${HINDCAST_BINARY:-$target/debug/hindcast}"
[ -x "$binary" ] || cargo build --workspace --quiet

if ! "$cache/bin/python" -c 'import duckdb' 2>/dev/null; then
    python3 -m venv "$cache" 2>/dev/null && "$cache/bin/pip" install --quiet --disable-pip-version-check 'duckdb>=1,<3' \
        || { echo "skipped: DuckDB cannot be installed (python3 with venv and PyPI are needed)"; exit 77; }
fi

folder=$(mktemp -d)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$binary" demo --data "$folder/data" --listen "127.0.0.1:$port" --events 160000 >"$folder/out" 2>"$folder/log" &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$folder" "$folder/data-keys"' EXIT
for _ in $(seq 3000); do
    grep -q 'dG9r' "$folder/out" && ls "$folder"/data/segments/*/[0-9]*/rows.parquet >/dev/null 2>&1 && break
    kill -0 $server 2>/dev/null || { cat "$folder/log"; exit 1; }
    sleep 0.1
done
token=$(grep -o 'dG9r[A-Za-z0-9+/=]*' "$folder/out" | head -1)
"$cache/bin/python" tests/parquet/compare.py "$folder/data" "http://127.0.0.1:$port" "$token"

#!/usr/bin/env bash
# DuckDB and ClickHouse (chdb, both from PyPI) read the Parquet of a bucket in a real S3-compatible server (garage), beside a
# server on a real PostgreSQL, and every number must be what the server answers itself. Exits with 77 when skipped.
# HINDCAST_LAKE_EVENTS says how many events there are (66000).
set -euo pipefail
source "$(dirname "$0")/../destinations/common.sh"
binary="${HINDCAST_BINARY:-${CARGO_TARGET_DIR:-$HOME/.cache/hindcast/target}/debug/hindcast}"
[ -x "$binary" ] || cargo build --workspace --quiet
# What DuckDB reads buckets with comes as a package of its own, which must be of the very same version.
python_with lake duckdb==1.5.5 duckdb-extension-httpfs==1.5.5 chdb==4.4.0

port=$(free_port) demo=$(free_port)
# ClickHouse takes any storage that it does not know by its address to be in this region.
start_garage us-east-1
# The server may write; whoever asks questions has a key that can only read.
garage_key analyst --read
reader=$id reader_secret=$secret
garage_key hindcast --read --write --owner
printf '%s' "$secret" >"$folder/secret"
start_postgres -c shared_buffers=32MB

cat >"$folder/hindcast.toml" <<TOML
[data]
folder = "$folder/data"
keys = "$folder/keys"
[storage]
database = "postgres://hindcast@${folder//\//%2F}%2Fdatabase/postgres"
bucket = "s3://audit/logs"
bucket_endpoint = "http://127.0.0.1:$s3"
bucket_region = "us-east-1"
bucket_access_key = "$id"
bucket_secret_file = "$folder/secret"
[segments]
seal_entries = 1500
seal_after_minutes = 1
merge_entries = 24000
[limits]
requests_per_10s = 100000
TOML
"$binary" serve --config "$folder/hindcast.toml" --listen "127.0.0.1:$port" >"$folder/told" 2>"$folder/log" &
pids+=($!)
# A demo invents the events, a year of them, and packs them in its folder.
"$binary" demo --data "$folder/invented" --listen "127.0.0.1:$demo" --events "${HINDCAST_LAKE_EVENTS:-66000}" \
    >"$folder/demo" 2>"$folder/demo.log" &
inventor=$!
pids+=($inventor)
for _ in $(seq 3000); do
    grep -q 'dG9r' "$folder/demo" && ls "$folder"/invented/segments/*/[0-9]*/rows.parquet >/dev/null 2>&1 && break
    kill -0 $inventor 2>/dev/null || { cat "$folder/demo.log"; exit 1; }
    sleep 0.1
done
token() { grep -o 'dG9r[A-Za-z0-9+/=]*' "$folder/$1" | head -1; }
HINDCAST_TOKEN=$(token demo) "$binary" export --url "http://127.0.0.1:$demo" --output "$folder/year.ndjson" 2>/dev/null >&2
kill $inventor
# Its folder is read later, which nobody else may have open.
wait $inventor || true

until_listening "$port"
export HINDCAST_CONFIG="$folder/hindcast.toml" HINDCAST_URL="http://127.0.0.1:$port" HINDCAST_TOKEN="$(token told)"
export HINDCAST_BINARY="$binary" S3="127.0.0.1:$s3" AWS_ID="$reader" AWS_SECRET="$reader_secret"
PYTHONDONTWRITEBYTECODE=1 "$python" tests/lake/story.py "$folder" || { tail -20 "$folder/log"; exit 1; }

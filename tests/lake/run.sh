#!/usr/bin/env bash
# DuckDB and ClickHouse (chdb, both from PyPI) read the Parquet of a bucket in a real S3-compatible server (garage), beside a
# server on a real PostgreSQL, and every number must be what the server answers itself. Exits with 77 when skipped.
# HINDCAST_LAKE_EVENTS says how many events there are (66000).
set -euo pipefail
source "$(dirname "$0")/../destinations/common.sh"
binary="${HINDCAST_BINARY:-${CARGO_TARGET_DIR:-$HOME/.cache/hindcast/target}/debug/hindcast}"
[ -x "$binary" ] || cargo build --workspace --quiet
garage="$cache/garage/bin/garage"
[ -x "$garage" ] || skip "there is no garage (tests/garage.sh builds it once)"
postgres=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -x "$postgres/postgres" ] || skip "PostgreSQL is not installed (Debian's package postgresql)"
# What DuckDB reads buckets with comes as a package of its own, which must be of the very same version.
python_with lake duckdb==1.5.5 duckdb-extension-httpfs==1.5.5 chdb==4.4.0

s3=$(free_port) rpc=$(free_port) port=$(free_port) demo=$(free_port)
# ClickHouse takes any storage that it does not know by its address to be in this region.
cat >"$folder/garage.toml" <<TOML
metadata_dir = "$folder/meta"
data_dir = "$folder/objects"
db_engine = "sqlite"
replication_factor = 1
rpc_bind_addr = "127.0.0.1:$rpc"
rpc_public_addr = "127.0.0.1:$rpc"
rpc_secret = "$(printf '17%.0s' $(seq 32))"
[s3_api]
s3_region = "us-east-1"
api_bind_addr = "127.0.0.1:$s3"
TOML
run() { "$garage" -c "$folder/garage.toml" "$@" 2>>"$folder/garage.log"; }
# Not through a function: it would be the shell around it that is ended.
"$garage" -c "$folder/garage.toml" server >"$folder/garage.out" 2>&1 &
pids+=($!)
until_listening "$s3"
node=$(run node id | head -1 | cut -d@ -f1)
run layout assign -z here -c 4G "$node" >/dev/null && run layout apply --version 1 >/dev/null
run bucket create audit >/dev/null
# The server may write; whoever asks questions has a key that can only read.
keys_of() { run key create "$1" >"$folder/access-$1"; }
keys_of hindcast && keys_of analyst
id_of() { grep -oE "GK[0-9a-f]+" "$folder/access-$1" | head -1; }
secret_of() { grep -oE '[0-9a-f]{64}' "$folder/access-$1" | head -1; }
run bucket allow --read --write --owner audit --key hindcast >/dev/null
run bucket allow --read audit --key analyst >/dev/null
printf '%s' "$(secret_of hindcast)" >"$folder/secret"

# It does not run as root.
owner() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
mkdir "$folder/database"
chmod 755 "$folder"
[ "$(id -u)" != 0 ] || chown postgres "$folder/database"
owner "$postgres/initdb" --username hindcast --auth trust --encoding UTF8 --locale C -D "$folder/database/data" >/dev/null
owner "$postgres/postgres" -c listen_addresses= -c shared_buffers=32MB -k "$folder/database" -D "$folder/database/data" \
    2>"$folder/postgres.log" &
for _ in $(seq 300); do [ -S "$folder/database/.s.PGSQL.5432" ] && break; sleep 0.1; done
pids+=("$(head -1 "$folder/database/data/postmaster.pid")")

cat >"$folder/hindcast.toml" <<TOML
[data]
folder = "$folder/data"
keys = "$folder/keys"
[storage]
database = "postgres://hindcast@${folder//\//%2F}%2Fdatabase/postgres"
bucket = "s3://audit/logs"
bucket_endpoint = "http://127.0.0.1:$s3"
bucket_region = "us-east-1"
bucket_access_key = "$(id_of hindcast)"
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
export HINDCAST_BINARY="$binary" S3="127.0.0.1:$s3" AWS_ID="$(id_of analyst)" AWS_SECRET="$(secret_of analyst)"
PYTHONDONTWRITEBYTECODE=1 "$python" tests/lake/story.py "$folder" || { tail -20 "$folder/log"; exit 1; }

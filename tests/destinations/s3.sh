#!/usr/bin/env bash
# A real S3-compatible server (garage) takes our files; DuckDB reads the Parquet from it, and the digests verify from a copy.
set -euo pipefail
source "$(dirname "$0")/common.sh"
garage="$cache/garage/bin/garage"
[ -x "$garage" ] || skip "there is no garage (tests/garage.sh builds it once)"
python_with s3 'duckdb>=1,<3' zstandard==0.25.0
s3=$(free_port) rpc=$(free_port)
cat >"$folder/garage.toml" <<TOML
metadata_dir = "$folder/meta"
data_dir = "$folder/data"
db_engine = "sqlite"
replication_factor = 1
rpc_bind_addr = "127.0.0.1:$rpc"
rpc_public_addr = "127.0.0.1:$rpc"
rpc_secret = "$(printf '17%.0s' $(seq 32))"
[s3_api]
s3_region = "garage"
api_bind_addr = "127.0.0.1:$s3"
TOML
run() { "$garage" -c "$folder/garage.toml" "$@" 2>>"$folder/garage.log"; }
# Not through a function: it would be the shell around it that is ended.
"$garage" -c "$folder/garage.toml" server >"$folder/server.log" 2>&1 &
pids+=($!)
until_listening "$s3"
node=$(run node id | head -1 | cut -d@ -f1)
run layout assign -z here -c 1G "$node" >/dev/null && run layout apply --version 1 >/dev/null
run bucket create audit >/dev/null
keys=$(run key create sender)
id=$(grep -oE 'GK[0-9a-f]+' <<<"$keys" | head -1) secret=$(grep -iE 'secret' <<<"$keys" | grep -oE '[0-9a-f]{64}' | head -1)
run bucket allow --read --write --owner audit --key sender >/dev/null
export AWS_ID="$id" AWS_SECRET="$secret" S3="127.0.0.1:$s3"
settings() { printf '{"bucket": "s3://audit/%s", "region": "garage", "endpoint": "http://127.0.0.1:%s", "access_key": "%s", "secret_key": "%s", "file": "%s"}' "$1" "$s3" "$id" "$secret" "$1"; }
peer ndjson s3 native "$(settings ndjson)"
peer parquet s3 native "$(settings parquet)"
send || { tail -20 "$folder/server.log"; exit 1; }
# Once more: whoever sends again after a crash finds everything there.
send || { tail -20 "$folder/server.log"; exit 1; }
"$python" tests/destinations/s3.py "$folder"
for kind in ndjson parquet; do
    python3 verify/digests.py "$folder/copy/$kind/workspace=acme" --vkey "@$folder/key"
done
# A changed byte is noticed.
file=$(find "$folder/copy/ndjson" -name '*.zst' | sort | head -1)
printf 'x' >>"$file"
if python3 verify/digests.py "$folder/copy/ndjson/workspace=acme" --vkey "@$folder/key" >"$folder/verdict"; then
    echo "a changed file was not noticed"; exit 1
fi
grep -q 'was changed' "$folder/verdict"

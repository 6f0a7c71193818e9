#!/usr/bin/env bash
# A real S3-compatible server (garage) takes our files; DuckDB reads the Parquet from it, and the digests verify from a copy.
set -euo pipefail
source "$(dirname "$0")/common.sh"
python_with s3 'duckdb>=1,<3' zstandard==0.25.0
start_garage garage
garage_key sender --read --write --owner
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

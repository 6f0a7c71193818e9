#!/usr/bin/env bash
# OpenTelemetry's own Protocol Buffers (PyPI opentelemetry-proto) decode what we send, in both encodings; a small receiver made
# of them answers.
set -euo pipefail
source "$(dirname "$0")/common.sh"
python_with otlp opentelemetry-proto==1.45.2
port=$(free_port)
"$python" tests/destinations/otlp.py receive "$folder" "$port" >"$folder/log" 2>&1 &
pids+=($!)
until_listening "$port"
for encoding in protobuf json; do
    for compression in gzip none; do
        peer "$encoding-$compression" otlp native "{\"url\": \"http://127.0.0.1:$port/$encoding-$compression/v1/logs\", \"encoding\": \"$encoding\", \"compression\": \"$compression\", \"header\": \"x-api-key\", \"header_value\": \"k\"}"
    done
done
send || { cat "$folder/log"; exit 1; }
"$python" tests/destinations/otlp.py compare "$folder"

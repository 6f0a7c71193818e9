#!/usr/bin/env bash
# One, two and three servers over one PostgreSQL and one S3-compatible storage, all on this machine: what they take in, what the
# database alone takes of the same rows, and how long a server with an empty folder needs for its first search.
# Needs Debian's postgresql and a garage (`tests/garage.sh`). Usage: benches/nodes/run.sh [EVENTS]
set -euo pipefail
cd "$(dirname "$0")/../.."
events="${1:-300k}"
source tests/destinations/common.sh
hindcast="${HINDCAST_BINARY:-${CARGO_TARGET_DIR:-target}/release/hindcast}"
[ -n "${HINDCAST_BINARY:-}" ] || cargo build --release --workspace --quiet

settings() { # of node $1 in the schema $2
    cat <<TOML
[server]
listen = "127.0.0.1:$3"
[data]
folder = "$folder/$2-$1/data"
keys = "$folder/$2-keys-$1"
[storage]
database = "postgres://hindcast@${database//\//%2F}/postgres"
schema = "$2"
bucket = "s3://audit/$2"
bucket_endpoint = "http://127.0.0.1:$s3"
bucket_region = "garage"
bucket_access_key = "$id"
bucket_secret_file = "$folder/secret"
[limits]
requests_per_10s = 10000000
[alerts]
judge = false
TOML
}
ready() { until curl -sf "http://127.0.0.1:$1/readyz" >/dev/null; do sleep 0.1; done; }
start_node() { # $1 in the schema $2, all with the keys of the first
    mkdir -p "$folder/$2-$1"
    [ "$1" = 1 ] || cp -r "$folder/$2-keys-1" "$folder/$2-keys-$1"
    port=$(free_port)
    settings "$1" "$2" "$port" >"$folder/$2-$1.toml"
    "$hindcast" serve --config "$folder/$2-$1.toml" >"$folder/$2-$1.out" 2>"$folder/$2-$1.log" &
    pids+=($!); nodes+=($!)
    ready "$port"
    ports+=("127.0.0.1:$port")
}
start_postgres -c max_connections=200 -c shared_buffers=256MB -c max_wal_size=4GB
start_garage garage
garage_key bench --read --write --owner
printf '%s' "$secret" >"$folder/secret"
printf 'servers\tfigure\tvalue\tunit\tconditions\n'
for count in 1 2 3; do
    schema="bench$count" ports=() nodes=()
    for node in $(seq "$count"); do start_node "$node" "$schema"; done
    workspace=$(sed -n 's/^workspace *//p' "$folder/$schema-1.out" | awk '{print $1}')
    "$hindcast" token create --config "$folder/$schema-1.toml" --workspace "$workspace" --scope ingest,read bench \
        2>/dev/null | tail -1 >"$folder/token"
    "$hindcast" bench --events "$events" --at "$(IFS=,; echo "${ports[*]}")" --token-file "$folder/token" | sed "s/^/$count\t/"
    if [ "$count" = 3 ]; then
        # Enough time for what was appended to be packed; then a server that has nothing.
        sleep 5
        start_node 4 "$schema"
        for question in 'action:person.*' 'failed' ''; do
            took=$(curl -sf -o /dev/null -w '%{time_total}' -H "authorization: Bearer $(cat "$folder/token")" \
                --get --data-urlencode "q=$question" --data-urlencode limit=50 "http://${ports[3]}/v1/events")
            printf 'cold\tfirst search\t%s\ts\tq=%s\n' "$took" "$question"
        done
    fi
    kill "${nodes[@]}"; wait "${nodes[@]}" 2>/dev/null || true
done
# What the database takes of rows like ours: a row of 1000 packed entries, and the head that is held meanwhile.
as_postgres psql -q -h "$database" -U hindcast -d postgres -c "
    CREATE TABLE head (workspace text PRIMARY KEY, size bigint) WITH (fillfactor = 50); INSERT INTO head VALUES ('one', 0);
    CREATE TABLE run (workspace text, first bigint, packed bytea, PRIMARY KEY (workspace, first));
    ALTER TABLE run ALTER COLUMN packed SET STORAGE EXTERNAL;"
cat >"$folder/rows.sql" <<'SQL'
BEGIN;
UPDATE head SET size = size + 1000 WHERE workspace = 'one' RETURNING size \gset
INSERT INTO run VALUES ('one', :size, decode(repeat(md5(:size::text), 4000), 'hex'));
COMMIT;
SQL
chmod 644 "$folder/rows.sql"
rate=$(as_postgres pgbench -n -h "$database" -U hindcast -d postgres -f "$folder/rows.sql" -c 3 -j 2 -T 10 2>/dev/null |
    sed -n 's/^tps = \([0-9.]*\).*/\1/p')
printf 'database\trows alone\t%s\tevents/s\tpgbench: 1000 entries a row of 64 kB, one head, 3 connections\n' "$(awk "BEGIN{print int($rate*1000)}")"

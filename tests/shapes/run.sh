#!/usr/bin/env bash
# The stories of the server once more, in the shape of many machines: what is kept lies in a real PostgreSQL of our own and in a
# bucket, here a folder.
#   tests/shapes/run.sh [FILTER …]
set -euo pipefail
cd "$(dirname "$0")/../.."
programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -n "$programs" ] || { echo "skipped: PostgreSQL is not installed (Debian's package postgresql)"; exit 77; }
folder=$(mktemp -d)
# PostgreSQL does not run as root.
as() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
end() { as "$programs/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$folder"; }
trap end EXIT
[ "$(id -u)" != 0 ] || chown postgres "$folder"
as "$programs/initdb" --username hindcast --auth trust --encoding UTF8 --locale C.UTF-8 -D "$folder/data" >/dev/null
# Nothing of it outlives the run, so nothing is synced.
as "$programs/pg_ctl" -D "$folder/data" -w -l "$folder/log" \
    -o "-c listen_addresses= -c fsync=off -c full_page_writes=off -c max_connections=1000 -c shared_buffers=256MB -c max_locks_per_transaction=1024 -k $folder" start >/dev/null
export HINDCAST_TEST_DATABASE="postgres://hindcast@$(sed 's,/,%2F,g' <<<"$folder")/postgres"
if ! cargo test --workspace --quiet --test it "$@"; then
    echo "What PostgreSQL told last:"
    tail -n 40 "$folder/log"
    exit 1
fi

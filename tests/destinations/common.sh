# What the scripts here share. Each starts a receiver, lets us send, and reads back what arrived; 77 means skipped.
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
cache="${HINDCAST_CACHE:-$HOME/.cache/hindcast}"
folder=$(mktemp -d)
export HINDCAST_PEERS="$folder"
pids=()
finish() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$folder"
}
trap finish EXIT

skip() { echo "skipped: $*"; exit 77; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# A peer for the test to send to: its name, its kind, its format, its settings.
peer() { printf '{"kind": "%s", "format": "%s", "settings": %s}\n' "$2" "$3" "$4" >"$folder/$1.json"; }
send() { cargo test --workspace --quiet --lib deliver::peers -- --ignored --nocapture; }

# Python with packages of its own.
python_with() {
    local of="$cache/destinations-$1" && shift
    if [ ! -x "$of/bin/python" ] || ! "$of/bin/pip" freeze --disable-pip-version-check 2>/dev/null | grep -qi "^${1%%[=<>]*}=="; then
        python3 -m venv "$of" 2>/dev/null && "$of/bin/pip" install --quiet --disable-pip-version-check "$@" \
            || skip "$* cannot be installed (python3 with venv and PyPI are needed)"
    fi
    python="$of/bin/python"
}
until_listening() {
    for _ in $(seq 300); do
        python3 -c "import socket; socket.create_connection(('127.0.0.1', $1), 1).close()" 2>/dev/null && return
        sleep 0.1
    done
    echo "nobody listens at $1"; exit 1
}

# A bucket called audit in a real S3-compatible server, in a region: `$s3` is its port, `garage_key NAME RIGHTS…` sets `$id` and `$secret`.
start_garage() {
    garage="$cache/garage/bin/garage"
    [ -x "$garage" ] || skip "there is no garage (tests/garage.sh builds it once)"
    s3=$(free_port)
    local rpc; rpc=$(free_port)
    cat >"$folder/garage.toml" <<TOML
metadata_dir = "$folder/meta"
data_dir = "$folder/objects"
db_engine = "sqlite"
replication_factor = 1
rpc_bind_addr = "127.0.0.1:$rpc"
rpc_public_addr = "127.0.0.1:$rpc"
rpc_secret = "$(printf '17%.0s' $(seq 32))"
[s3_api]
s3_region = "$1"
api_bind_addr = "127.0.0.1:$s3"
TOML
    # Not through a function: it would be the shell around it that is ended.
    "$garage" -c "$folder/garage.toml" server >"$folder/server.log" 2>&1 &
    pids+=($!)
    until_listening "$s3"
    garage layout assign -z here -c 10G "$(garage node id | head -1 | cut -d@ -f1)" >/dev/null
    garage layout apply --version 1 >/dev/null
    garage bucket create audit >/dev/null
}
garage() { "$garage" -c "$folder/garage.toml" "$@" 2>>"$folder/garage.log"; }
garage_key() {
    local made; made=$(garage key create "$1")
    garage bucket allow "${@:2}" audit --key "$1" >/dev/null
    id=$(grep -oE 'GK[0-9a-f]+' <<<"$made" | head -1)
    secret=$(grep -iE 'secret' <<<"$made" | grep -oE '[0-9a-f]{64}' | head -1)
}

# A PostgreSQL of our own, on a socket in `$database`; more settings of it may follow. It does not run as root.
start_postgres() {
    local programs; programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
    [ -x "$programs/postgres" ] || skip "PostgreSQL is not installed (Debian's package postgresql)"
    PATH="$programs:$PATH"
    database="$folder/database"
    mkdir "$database" && chmod 755 "$folder"
    [ "$(id -u)" != 0 ] || chown postgres "$database"
    as_postgres "$programs/initdb" --username hindcast --auth trust --encoding UTF8 --locale C -D "$database/data" >/dev/null
    as_postgres "$programs/postgres" -D "$database/data" -k "$database" -c listen_addresses= "$@" 2>"$folder/postgres.log" &
    until as_postgres "$programs/psql" -h "$database" -U hindcast -d postgres -c 'SELECT 1' >/dev/null 2>&1; do sleep 0.1; done
    pids+=("$(head -1 "$database/data/postmaster.pid")")
}
as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

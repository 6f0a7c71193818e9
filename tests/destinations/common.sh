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

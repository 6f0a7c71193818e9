#!/usr/bin/env bash
# Runs the gate's clients in Python and TypeScript against a server of ours; the one in Rust has a story in tests/it/clients.rs.
#   tests/clients/run.sh [BINARY]    the newest of the release and debug builds when none is given
# Ends with 77 when something had to be skipped, and says what.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export CLIENTS=$here/../../clients
cache=${XDG_CACHE_HOME:-$HOME/.cache}/hindcast/clients
typescript=typescript@5.9.3
skipped=

skip() { skipped=yes; printf 'skipped  %s\n' "$*"; }

built=${CARGO_TARGET_DIR:-$here/../../target}
newest() { ls -t "$@" 2>/dev/null || true; }
binary=${1:-$(newest "$built"/release/hindcast "$built"/debug/hindcast | head -n 1)}
[ -x "$binary" ] || { echo "there is no binary: run cargo build --bin hindcast first"; exit 1; }

folder=$(mktemp -d)
server=
finish() {
    [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server"; } || true
    rm -rf "$folder"
}
trap finish EXIT

# A server with somebody who answers, a tool, and a cap on what it pays.
NO_COLOR=1 "$binary" serve --data "$folder/data" --listen 127.0.0.1:0 >"$folder/out" 2>"$folder/log" &
server=$!
for _ in $(seq 100); do
    HINDCAST_URL=$(sed -n 's|.*listening.*address=\(127[0-9.:]*\).*|http://\1|p' "$folder/log")
    [ -z "$HINDCAST_URL" ] || break
    kill -0 "$server" 2>/dev/null || { cat "$folder/log"; exit 1; }
    sleep 0.1
done
export HINDCAST_URL
code=$(cat "$folder/out" "$folder/log" | sed -n 's|.*type this code: \([^ ]*\).*|\1|p' | head -n 1)
curl -fsS -o /dev/null "$HINDCAST_URL/setup" -H "Origin: $HINDCAST_URL" -d "code=$code&name=Ana&email=ana@shop.example&workspace=Shop" \
    -d 'zone=UTC&language=en&password=three+long+words+of+mine' || { cat "$folder/out" "$folder/log"; exit 1; }
token() { "$binary" token create "$@" --data "$folder/data" 2>>"$folder/log"; }
AGENT_TOKEN=$(token agent --scope decide,ingest)
BOSS_TOKEN=$(token boss --scope approve,policies --person ana@shop.example)
export AGENT_TOKEN BOSS_TOKEN
put() { curl -fsS -X "$1" "$HINDCAST_URL$2" -H "Authorization: Bearer $BOSS_TOKEN" -H 'Content-Type: application/json' -d "$3" >/dev/null; }
put PUT /v1/tools/order.refund '{"writes": true, "input_schema": {"type": "object", "required": ["amount_cents"], "properties": {"amount_cents": {"type": "integer"}, "order": {"type": "string"}}}}'
put PUT /v1/policies/refunds '{"text": "@id(\"cap\") @reason(\"Large refunds are for people.\") forbid(principal is Agent, action == Action::\"order.refund\", resource) when { context.arguments.amount_cents > 5000 } unless { context has approval && context.approval.granted };"}'
put POST /v1/policies/refunds/activate '{"version": 1, "enforced": 1}'

if command -v python3 >/dev/null; then python3 "$here/story.py"; else skip "the client in Python: there is no python3"; fi

if ! command -v npm >/dev/null; then
    skip "the client in TypeScript: there is no npm"
elif ! { [ -x "$cache/node_modules/.bin/tsc" ] ||
    npm install --silent --no-fund --no-audit --prefix "$cache" "$typescript" @types/node@20; } 2>"$folder/npm"; then
    skip "the client in TypeScript: npm could not install $typescript: $(tail -n 1 "$folder/npm")"
else
    mkdir "$folder/ts"
    cp "$CLIENTS/typescript/gate.ts" "$here/story.mts" "$folder/ts/"
    echo '{"type": "module"}' >"$folder/ts/package.json"
    "$cache/node_modules/.bin/tsc" --strict --target es2022 --module nodenext --moduleResolution nodenext --skipLibCheck \
        --typeRoots "$cache/node_modules/@types" --types node --outDir "$folder/ts/out" "$folder"/ts/*.ts "$folder"/ts/*.mts
    cp "$folder/ts/package.json" "$folder/ts/out/"
    node "$folder/ts/out/story.mjs"
fi

[ -z "$skipped" ] || exit 77

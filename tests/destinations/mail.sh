#!/usr/bin/env bash
# aiosmtpd takes our mail in the clear, with STARTTLS and with TLS from the start, signed in; Python's own parser reads it back.
set -euo pipefail
source "$(dirname "$0")/common.sh"
command -v openssl >/dev/null || skip "there is no openssl"
python_with mail aiosmtpd
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$folder/server.key" -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
    -addext basicConstraints=critical,CA:FALSE -days 2 -out "$folder/server.pem" 2>/dev/null

plain=$(free_port) starttls=$(free_port) tls=$(free_port)
"$python" tests/destinations/mail.py serve "$folder" "$plain" "$starttls" "$tls" >"$folder/server.log" 2>&1 &
pids+=($!)
until_listening "$tls"

ca=$(python3 -c 'import json, sys; print(json.dumps(open(sys.argv[1]).read()))' "$folder/server.pem")
common='"to": "Ana <ana@example.com>, ben@example.com", "from": "Audit log <audit@example.com>", "host": "127.0.0.1"'
login='"user": "mailer", "password": "correct horse"'
peer plain email native "{$common, \"port\": $plain, \"tls\": \"none\", \"language\": \"ja\"}"
peer starttls email native "{$common, \"port\": $starttls, \"tls\": \"starttls\", \"language\": \"de\", $login, \"ca\": $ca}"
peer tls email native "{$common, \"port\": $tls, \"tls\": \"tls\", \"language\": \"fr\", $login, \"ca\": $ca}"
send
"$python" tests/destinations/mail.py read "$folder" || { tail -20 "$folder/server.log"; exit 1; }

#!/usr/bin/env bash
# rsyslog (Debian) takes our messages over TCP in both framings, TLS with certificates on both sides, and UDP; we read back
# what it wrote.
set -euo pipefail
source "$(dirname "$0")/common.sh"
daemon=$(command -v rsyslogd || echo /usr/sbin/rsyslogd)
[ -x "$daemon" ] || skip "there is no rsyslogd (apt install rsyslog rsyslog-gnutls)"
modules=$(ls -d /usr/lib/*/rsyslog | head -1)
command -v openssl >/dev/null || skip "there is no openssl"
counted=$(free_port) lines=$(free_port) tls=$(free_port) udp=$(free_port)

cd "$folder"
issue() {
    openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -subj "/CN=$1" -out "$1.csr" 2>/dev/null
    printf 'subjectAltName=IP:127.0.0.1,DNS:%s\nbasicConstraints=CA:FALSE\n' "$1" >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile "$1.ext" -out "$1.pem" 2>/dev/null
}
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -subj /CN=test-ca -days 2 -out ca.pem 2>/dev/null
issue server && issue client
cd - >/dev/null

with_tls=0; [ -e "$modules/lmnsd_gtls.so" ] && with_tls=1
# What it received, as it understood it: one JSON object a line.
cat >"$folder/rsyslog.conf" <<CONF
global(workDirectory="$folder" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off"
    defaultNetstreamDriverCAFile="$folder/ca.pem" defaultNetstreamDriverCertFile="$folder/server.pem" defaultNetstreamDriverKeyFile="$folder/server.key")
module(load="imptcp")
module(load="imudp")
template(name="told" type="list" option.jsonf="on") {
    property(outname="priority" name="pri" format="jsonf")
    property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
    property(outname="host" name="hostname" format="jsonf")
    property(outname="app" name="app-name" format="jsonf")
    property(outname="id" name="msgid" format="jsonf")
    property(outname="data" name="structured-data" format="jsonf")
    property(outname="message" name="msg" format="jsonf")
}
$(for name in counted lines tls udp; do
    echo "ruleset(name=\"$name\") { action(type=\"omfile\" file=\"$folder/got.$name\" template=\"told\") }"
done)
input(type="imptcp" address="127.0.0.1" port="$counted" ruleset="counted")
input(type="imptcp" address="127.0.0.1" port="$lines" ruleset="lines")
input(type="imudp" address="127.0.0.1" port="$udp" ruleset="udp" rcvbufSize="8m")
$([ $with_tls = 1 ] && cat <<TLS
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="x509/certvalid")
input(type="imtcp" address="127.0.0.1" port="$tls" ruleset="tls")
TLS
)
CONF
"$daemon" -n -f "$folder/rsyslog.conf" -i "$folder/pid" >"$folder/rsyslog.log" 2>&1 &
pids+=($!)
until_listening "$counted"

pem() { python3 -c 'import json, sys; print(json.dumps(open(sys.argv[1]).read()))' "$folder/$1"; }
peer counted syslog native "{\"address\": \"127.0.0.1:$counted\", \"transport\": \"tcp\"}"
peer lines syslog cef "{\"address\": \"127.0.0.1:$lines\", \"transport\": \"tcp\", \"framing\": \"lines\"}"
peer udp syslog leef "{\"address\": \"127.0.0.1:$udp\", \"transport\": \"udp\", \"message_bytes\": 8000}"
[ $with_tls = 1 ] && peer tls syslog ocsf "{\"address\": \"127.0.0.1:$tls\", \"ca\": $(pem ca.pem), \"certificate\": $(pem client.pem), \"key\": $(pem client.key)}"
send
python3 tests/destinations/syslog.py "$folder" || { tail -20 "$folder/rsyslog.log"; exit 1; }
[ $with_tls = 1 ] || echo "skipped: TLS, there is no rsyslog-gnutls"

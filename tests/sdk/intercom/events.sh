#!/bin/sh
# Prints what the two stories next to this file are about: 43 sign-ins and two things of interest.
set -eu
ada='{"type":"user","id":"991267464","name":"Ada Lovelace","email":"ada@example.com"}'
from='{"ip":"192.0.2.7"}'
echo "{\"action\":\"shop.opened\",\"actor\":$ada,\"context\":$from,\"occurred_at\":\"2024-12-18T15:00:00Z\"}"
for minute in $(seq 10 52); do
    echo "{\"action\":\"user.signed_in\",\"actor\":$ada,\"context\":$from,\"occurred_at\":\"2024-12-18T16:$minute:00Z\"}"
done
echo "{\"action\":\"app_name_change\",\"actor\":$ada,\"context\":$from,\"occurred_at\":\"2024-12-18T17:00:00Z\",\"before\":\"Old Co\",\"after\":\"New Co\"}"

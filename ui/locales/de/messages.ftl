# Nachrichten an Menschen: Alarme und Einträge als E-Mail, in Slack und in Teams.

why-entry = Ein Eintrag genügte: { $activity }.
why-entries = Die Regel zählte { $value } passende Einträge (Zeitraum: { $time }).
why-distinct = Die Regel zählte { $value } verschiedene Werte von { $field } (Zeitraum: { $time }).
why-sum = Die Summe von { $field } war { $value } (Zeitraum: { $time }).
why-average = Der Durchschnitt von { $field } war { $value } (Zeitraum: { $time }).
why-percentile = Das Perzentil von { $field } war { $value } (Zeitraum: { $time }).
why-median = Der Median von { $field } war { $value } (Zeitraum: { $time }).
why-threshold = Der Schwellenwert ist { $threshold }.
why-values = Darunter: { $values }.
why-share = Das sind { $share } % von allen.
why-sequence = Dies kam zusammen (Zeitraum: { $time }): { $parts }.
why-silence = Es kam lange nichts: { $time }. Um diese Zeit der Woche ist eine Pause von dieser Länge üblich: { $usual }.

message-footer = hindcast sendet dies, weil ein Ziel des Workspace { $workspace } es so vorsieht. Inhaber und Sicherheitsadmins entscheiden darüber unter Einstellungen, Ziele.
message-more = und { $count } weitere
message-open-entry = Eintrag öffnen
message-open-alert = Alarm öffnen
message-open-log = Aktivitätsprotokoll öffnen
message-when = Wann
message-who = Wer
message-where = Von wo
message-outcome = Ergebnis
message-test = Ein Test von hindcast
message-test-told = Jemand prüft, ob Nachrichten hier ankommen. Es ist nichts geschehen, und dies steht in keinem Protokoll.
message-severity = Schweregrad
message-critical = Kritisch
message-high = Hoch
message-medium = Mittel
message-low = Niedrig
message-informational = Information
message-about = Betrifft
message-first-seen = Zuerst gesehen
message-last-seen = Zuletzt gesehen
message-response = Was zu tun ist
message-evidence = Belege
message-alerts = { $count ->
    [one] { $count } Alarm
   *[other] { $count } Alarme
} in { $workspace }
message-entries = { $count ->
    [one] { $count } Eintrag
   *[other] { $count } Einträge
} in { $workspace }
message-between = Von { $from } bis { $until }.
message-others = Andere Aktivitäten
message-first = Die ersten davon

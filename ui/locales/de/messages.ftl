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

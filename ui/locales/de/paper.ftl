# Dokumente auf Papier.

paper-log = Protokoll von { $workspace }
paper-query = Abfrage
paper-everything = alles
paper-made = Erstellt
paper-reader = Erstellt für
paper-hash = SHA-256 aller Einträge als NDJSON
paper-cut = Die neuesten { $shown } von { $count } Einträgen stehen hier einzeln. Alle enthält der NDJSON-Export derselben Abfrage, dessen SHA-256 oben steht.
paper-narrowed = Wer dieses Dokument erstellen ließ, sieht nicht alles in diesem Protokoll, und das Dokument zeigt nicht mehr.
paper-checkpoint = Signierter Checkpoint
paper-anchor = Wurzel und Größe wurden vom Server signiert. Wer diese Seite aufbewahrt, kann später damit beweisen, dass bis zu dieser Größe nichts geändert oder entfernt wurde.
paper-summary = Am häufigsten
paper-time = Zeit (UTC)
paper-index = Index
paper-page = Seite { $page } von { $pages }
paper-proof-none = Dieses Protokoll hat noch keinen signierten Checkpoint.
paper-proof-log = Protokoll
paper-proof-size = Abgedeckte Einträge
paper-proof-root = Wurzel
paper-proof-key = Schlüssel-ID
paper-proof-verified = Zuletzt vollständig überprüft
paper-proof-never = noch nicht
paper-proof-broken = Was zuletzt von diesem Protokoll gelesen wurde, ist nicht das, was signiert wurde. Alles hier Genannte ist mit einer Sicherung zu vergleichen.

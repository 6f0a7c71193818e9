permission-read-alerts = Alarme und Regeln sehen
permission-manage-alerts = Über Alarme entscheiden und Regeln ändern

# Alarme: der Eingang, ein Alarm, die Regeln und ihre Tests.

nav-alerts = Alarme
alerts-purpose = Was die Regeln gefunden haben und jemand ansehen sollte.
alerts-waiting = { $count ->
    [one] { $count } offener Alarm
   *[other] { $count } offene Alarme
}
alerts-states = Zustände der Alarme
alerts-open = Offen
alerts-acknowledged = In Arbeit
alerts-resolved = Erledigt
alerts-muted = Stumm
alerts-all = Alle
alerts-mine = Meine
alerts-none = Hier sind keine Alarme.
alerts-none-match = Kein Alarm passt dazu.
alerts-never = Noch keine Alarme
alerts-never-told = Hindcast bringt einen Grundstock an Regeln mit, die jeden eintreffenden Eintrag ansehen: fehlgeschlagene und ungewöhnliche Anmeldungen, wachsende Rollen, Exporte und Löschungen, Token und Webhooks, Bots außer Rand und Band. Was sie finden, steht hier.
alerts-never-rules = Regeln ansehen
alerts-never-send = Alarme weiterleiten
alerts-never-send-told = Jeder Alarm ist auch ein Eintrag. Ein Ziel der Art email, slack oder teams oder jedes andere mit der Abfrage action:alert.raised sagt ihn weiter.
alerts-older = Ältere Alarme
alerts-bulk = Mit den gewählten Alarmen
alerts-none-chosen = Wählen Sie mindestens einen Alarm.
alerts-done-acknowledged = { $count ->
    [one] { $count } Alarm in Arbeit genommen.
   *[other] { $count } Alarme in Arbeit genommen.
}
alerts-done-assigned = { $count ->
    [one] { $count } Alarm zugewiesen.
   *[other] { $count } Alarme zugewiesen.
}
alerts-done-muted = { $count ->
    [one] { $count } Alarm stummgeschaltet.
   *[other] { $count } Alarme stummgeschaltet.
}
alerts-done-resolved = { $count ->
    [one] { $count } Alarm erledigt.
   *[other] { $count } Alarme erledigt.
}
alerts-done-reopened = { $count ->
    [one] { $count } Alarm wieder geöffnet.
   *[other] { $count } Alarme wieder geöffnet.
}
undo = Rückgängig
filter = Filtern

severity-critical = Kritisch
severity-high = Hoch
severity-medium = Mittel
severity-low = Niedrig
severity-informational = Hinweis
severity-any = Jeder Schweregrad
severity-from = Ab { $severity }

alert-severity = Schweregrad
alert-what = Was und warum
alert-count = Anzahl
alert-first = Zuerst
alert-last = Zuletzt
alert-assignee = Zugewiesen an
alert-nobody = Niemand
alert-rule = Regel
alert-rule-gone = Die Regel wurde gelöscht.
alert-choose = Auswählen
alert-choose-one = Auswählen: { $title } { $about }
alert-hidden = (verborgen)
alert-storm = mehr davon
alert-acknowledge = In Arbeit nehmen
alert-assign = Zuweisen
alert-mute-hour = 1 Stunde stumm
alert-mute-day = 1 Tag stumm
alert-muted-until = stumm bis { $time }
alert-resolve = Erledigen
alert-reopen = Wieder öffnen
alert-disposition = Entscheidung
alert-note = Notiz (freiwillig, steht im Protokoll)
alert-expected-assignee = Wählen Sie jemanden aus diesem Arbeitsbereich, der Alarme sehen darf.
alert-expected-disposition = Wählen Sie, wie entschieden wurde.
disposition-true-positive = Richtig: das, wonach die Regel sucht
disposition-benign = Harmlos: das, aber es war erlaubt
disposition-false-positive = Fehlalarm: die Regel lag falsch
disposition-past = In der Vergangenheit gefunden
alert-why = Warum
alert-evidence = Belege
alert-integrity-of = Integrität des Eintrags { $index }
alert-evidence-more = { $count ->
    [one] und { $count } Eintrag davor
   *[other] und { $count } Einträge davor
}
alert-evidence-gone = { $count ->
    [one] { $count } Eintrag dahinter ist abgelaufen; dass es ihn gab, bleibt bewiesen.
   *[other] { $count } Einträge dahinter sind abgelaufen; dass es sie gab, bleibt bewiesen.
}
alert-evidence-unseen = { $count ->
    [one] { $count } Eintrag dahinter ist für Ihre Rolle verborgen.
   *[other] { $count } Einträge dahinter sind für Ihre Rolle verborgen.
}
alert-usual = Was üblich ist
alert-usual-told = Alle Einträge der Aktivitäten, um die es der Regel geht, in den 30 Tagen bis zum Alarm.
alert-history = Verlauf
alert-history-none = Über diesen Alarm steht noch nichts im Protokoll.
alert-act = Was damit geschieht
alert-steps = Nächste Schritte
alert-false = Wann die Regel falsch liegt

alert-rules = Alarmregeln
alert-rules-purpose = Sie beurteilen jeden Eintrag, in der Reihenfolge des Protokolls.
rule-any = Jede Regel
rules-own = Eigene Regeln
rules-sign-in = A · Anmeldung
rules-authentication = B · Authentifizierung und Sicherheitseinstellungen
rules-people = C · Rollen und Personen
rules-data = D · Datenexporte und Löschungen
rules-apps = E · Apps, Token und Webhooks
rules-impersonation = F · Handeln als jemand anderes
rules-settings = G · Automatisierung und Einstellungen
rules-agents = H · Bots und KI-Agenten
rules-log = I · Das Protokoll selbst
rule-state = Zustand
rule-on = An
rule-off = Aus
rule-asleep = Schläft
rule-asleep-for = Leere Liste: { $lists }
rule-broken = Fehlerhaft
rule-muted-until = Stumm bis { $time }
rule-raised = Alarme
rule-precision = Trefferquote
rule-precision-of = { $percent } % von { $count }
rule-tune-or-retire = Anpassen oder abschalten
rule-last = Letzter Alarm
rule-switch = An oder aus
rule-switch-one = { $rule } ist an
rule-lists = Listen, die Regeln verwenden
rule-lists-told = Ein Wert je Zeile. Eine Regel, die eine Liste braucht, schläft, solange sie leer ist.
list-own-domains-told = Etwa @example.com, jeweils mit dem @: Einladungen an andere Adressen fallen auf.
list-own-hosts-told = Etwa hooks.example.com: Webhooks zu anderen Hosts fallen auf.
list-too-long = Höchstens { $count } Werte mit je 256 Bytes.

rule-new = Neue Regel
rule-new-told = Regeln werden in Sigma geschrieben. Eine neue bleibt zunächst aus: Testen Sie sie an der Vergangenheit und schalten Sie sie dann ein.
rule-make = Regel speichern
rule-copy = Als eigene Regel kopieren
rule-delete = Regel löschen
rule-reset = Auf den Lieferzustand zurücksetzen
rule-tunables = Was sich anpassen lässt
rule-settings = Wie sie alarmiert
rule-quiet = Ruhezeit in Minuten
rule-quiet-told = War von etwas so lange nichts zu hören, gilt es beim nächsten Mal als neuer Alarm.
rule-mute = Stumm bis
rule-mute-told = Alarme werden aufbewahrt, aber niemandem gemeldet.
rule-text = Text
rule-yaml = Sigma-YAML
rule-shipped-told = Diese Regel gehört zu hindcast. Um ihren Text zu ändern, kopieren Sie sie als eigene Regel.
rule-warnings = Sie läuft, aber:
rule-expected-quiet = Erwartet wird eine ganze Zahl von Minuten von 1 bis { $max }.
rule-expected-time = Erwartet wird ein Datum mit Uhrzeit.
rule-twice = Eine andere Regel hat die ID { $id }. Geben Sie dieser eine eigene.
rule-id-stays = Die ID einer Regel bleibt: Ihre Alarme sind darunter abgelegt. Kopieren Sie die Regel, um ihr eine andere zu geben.
rule-too-many = Mehr Regeln kann es nicht geben. Löschen Sie zuerst eine.
rule-conflict = Jemand hat diese Regel inzwischen geändert. Kopieren Sie Ihren Text, laden Sie die Seite neu und ändern Sie ihn dort.
tunable-between = { $default }, solange nichts anderes gewählt ist; von { $min } bis { $max }
tunable-default = { $default }, solange nichts anderes gewählt ist
tunable-expected-number = Erwartet wird eine Zahl.

flaw-at = Zeile { $line }, Spalte { $column }: { $told }
flaw-yaml = Das ist kein YAML: { $told }
flaw-sigma = Das ist kein Sigma: { $told }
flaw-unsupported = { $feature } wird nicht unterstützt.
flaw-unsupported-hint = { $feature } wird nicht unterstützt; { $hint }.
flaw-field = Kein Eintrag hat das Feld { $field }.
flaw-field-meant = Kein Eintrag hat das Feld { $field }. Meinten Sie { $meant }?
flaw-action = Die Aktion { $action } kennt hindcast nicht.
flaw-action-meant = Die Aktion { $action } kennt hindcast nicht. Meinten Sie { $meant }?
flaw-rule = { $name } ist keine Regel dieses Textes.
flaw-missing = { $attribute } fehlt: { $expected }
flaw-invalid = { $attribute }: erwartet wird { $expected }
flaw-too-much = { $what }: höchstens { $max }, es sind { $found }
flaw-weakened = { $told }

test-past = An der Vergangenheit testen
test-told = Getestet wird, was im Formular steht, gespeichert oder nicht. Es wird kein Alarm ausgelöst.
test-days = Wie weit zurück
test-last-days = Letzte { $days } Tage
test-begin = Testen
rule-compare = Mit der Vergangenheit vergleichen
rule-compare-told = Welche Alarme mit dem, was im Formular steht, dazukämen und welche wegfielen. Nichts wird gespeichert.
test-look-again = Stand ansehen
test-running = { $percent } % · { $judged } von { $size } Einträgen beurteilt
test-would = { $alerts ->
    [one] Sie hätte { $alerts } Alarm
   *[other] Sie hätte { $alerts } Alarme
} in { $days } Tagen ausgelöst.
test-cancelled = Der Test wurde abgebrochen.
test-failed = Der Test ist abgebrochen: { $told }
test-gone = Diesen Test gibt es nicht mehr: Ein anderer wurde begonnen, oder der Server wurde neu gestartet.
test-by-day = Alarme nach Tagen (UTC)
test-day = Tag
test-bar = { $day }: { $count ->
    [one] { $count } Alarm
   *[other] { $count } Alarme
}
test-more = { $count ->
    [one] und { $count } weiterer
   *[other] und { $count } weitere
}

tile-alerts = Offene Alarme
tile-alerts-told = unabhängig vom Zeitraum oben
view-alert = Über neue informieren
destination-for-query = Das neue Ziel erhält, was diese Abfrage findet:

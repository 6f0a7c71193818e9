# The integrity page.

integrity-purpose = Ob alles noch da ist, so wie es geschrieben wurde.
integrity-quarantined = Die gespeicherten Daten dieses Protokolls weichen von den signierten ab. Bis zur Reparatur ist es schreibgeschützt.
integrity-log = Das Protokoll
integrity-origin = Name
integrity-size = Einträge
integrity-signed = Signierte Einträge
integrity-key = Prüfschlüssel
integrity-key-id = Schlüssel-ID
integrity-key-told = Bewahren Sie den Schlüssel anderswo auf: Wer das Protokoll mit einem Schlüssel von dieser Seite prüft, verlässt sich auf diese Seite.
integrity-more = Wie das funktioniert und wo die Grenzen liegen
integrity-offline = Ohne diesen Server überprüfen
integrity-offline-told = Die erste Zeile prüft den Nachweis eines Eintrags, die zweite einen ganzen Datenordner. Beide kommen ohne diesen Server aus, und ihr Exit-Code sagt, was sie gefunden haben.
integrity-checkpoints = Signierte Checkpoints
integrity-signature = Signatur
signature-good = Gültig
signature-bad = Ungültig

verify-all = Alles überprüfen
verify-all-told = Liest jeden Eintrag vom ersten bis zum letzten, berechnet seinen Hash neu und vergleicht das Ergebnis mit jedem signierten Checkpoint.
verify-all-begin = Jetzt alles überprüfen
verify-running = { $percent } % · { $read } von { $size } Einträgen
verify-intact = Intakt: { $count ->
    [one] { $count } Eintrag wurde gelesen und entspricht
   *[other] { $count } Einträge wurden gelesen und entsprechen
} dem, was signiert wurde.
verify-damaged = Nicht intakt. Folgendes wurde gefunden:
verify-unfinished = Die Überprüfung konnte nicht abgeschlossen werden. Es ist keine Abweichung bekannt; versuchen Sie es erneut.
verify-last = Zuletzt gelesen und für intakt befunden: { $when }.
percent-pattern = {"{n}"} %
verify-damaged-masked = Nicht intakt. Was gefunden wurde, sehen alle, die die Systemeinstellungen einsehen dürfen; es steht auch im Diagnoseprotokoll des Servers.
verify-elsewhere = Der Server überprüft gerade einen anderen Workspace. Bitte versuchen Sie es in ein paar Minuten erneut.
verify-lately = Es wurde erst vor Kurzem alles gelesen. Eine neue Überprüfung ist in { $seconds } s möglich.

integrity-diverged = Außerhalb dieses Systems liegt ein Checkpoint vor, den diese Installation signiert hat und dem ihr Protokoll widerspricht: Entweder wurde eine ältere Kopie der Daten zurückgespielt, oder zwei Installationen verwenden denselben Schlüssel. Bis der Betreiber eingreift, wird nichts signiert.
integrity-anchors = Zeugen und Anker
integrity-anchors-told = Sie erhalten den neuesten Checkpoint dieser Installation. Was er abdeckt, lässt sich nicht mehr unbemerkt umschreiben, auch nicht mit Zugriff auf diesen Server und seinen Schlüssel.
integrity-anchors-none = Niemand außerhalb dieses Servers erhält seine Checkpoints: Wer den Server und seinen Schlüssel in der Hand hat, könnte die Vergangenheit unbemerkt umschreiben. Der Betreiber kann in den Einstellungen des Servers Zeugen und Anker angeben.
integrity-anchors-overdue = Seit längerer Zeit, als der Betreiber zulässt, hat kein Checkpoint diesen Server verlassen.
integrity-anchored = Zuletzt verankert
integrity-anchored-via = { $when } über { $name }
integrity-anchored-never = Noch nie
integrity-fingerprint = Fingerabdruck des Checkpoints
integrity-unanchored = Noch nicht verankert
integrity-unanchored-none = Keine Einträge
integrity-unanchored-count = { $count ->
    [one] { $count } Eintrag
   *[other] { $count } Einträge
}, der älteste: { $when }
anchor-name = Name
anchor-kind = Art
anchor-last = Zuletzt übermittelt
anchor-state = Zustand
anchor-witness = Zeuge
anchor-file = Datei
anchor-syslog = Syslog
anchor-webhook = Webhook
anchor-tsa = Zeitstempeldienst
anchor-works = Funktioniert
anchor-fails = Schlägt fehl
anchor-waits = Noch nicht übermittelt

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
integrity-offline-told = Die ersten beiden Zeilen prüfen ein Beweispaket oder den Nachweis eines Eintrags, mit unserem Programm oder mit einem kurzen in Python, die dritte einen ganzen Datenordner. Alle kommen ohne diesen Server aus, und ihr Exit-Code sagt, was sie gefunden haben.
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
evidence = Datei prüfen
evidence-told = Legen Sie hier ein Beweispaket (.auditbundle) oder den Nachweis eines Eintrags (.tlog-proof) ab, um zu erfahren, ob es das ist, was signiert wurde. Die Datei wird beim Eintreffen gelesen und nicht aufbewahrt; dass sie geprüft wurde, steht im Protokoll.
evidence-file = Datei
evidence-limit = Höchstens { $most } MB.
evidence-check = Prüfen
evidence-missing = Bitte wählen Sie eine Datei aus.
evidence-too-large = Die Datei ist nicht vollständig angekommen oder größer als { $most } MB. `hindcast verify` nimmt Dateien jeder Größe.
evidence-verdict = Ergebnis
evidence-checked = Was geprüft wurde
evidence-again = Weitere Datei prüfen
evidence-verified = Die Datei ist das, was signiert wurde, und zwar mit dem Schlüssel dieses Protokolls.
evidence-unpinned = Die Datei ist das, was signiert wurde, aber mit einem Schlüssel, den sie selbst mitbringt: Sie stammt nicht aus diesem Protokoll. Vergleichen Sie den Schlüssel mit einem, den Sie von anderswo haben.
evidence-gap = Was vorhanden ist, wurde so signiert, aber es fehlt etwas, das kein Hinweis erklärt.
evidence-diverged = Das Protokoll hat zwei Stände signiert, die nicht beide wahr sein können.
evidence-invalid = Die Datei ist nicht das, was signiert wurde.
evidence-unreadable = Über diese Datei lässt sich nichts sagen.
evidence-received = Empfangen
evidence-what = Inhalt
evidence-range = jeder Eintrag von { $first } bis { $last }
evidence-filtered = was eine Abfrage gefunden hat; dass es alles ist, wird nicht gezeigt
evidence-counted = { $open } offen, { $withheld } zurückgehalten, { $gone } nicht mehr vorhanden
evidence-query = Abfrage
evidence-closed = Ausgeblendete Felder
evidence-own-key = der dieses Protokolls
evidence-its-key = der mit der Datei kam
evidence-gaps = Unerklärte Lücken
evidence-not-shown = Nicht gezeigt wird, dass alles protokolliert wurde, was geschah, und was die Abfrage des Pakets finden würde. Signaturen von Zeugen und einen Checkpoint, den Sie aufbewahrt haben, vergleicht `hindcast verify`.

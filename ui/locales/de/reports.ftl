# Berichte: die Seiten, und was die Dokumente sagen.

nav-reports = Berichte
reports-purpose = Was das Protokoll über einen Zeitraum zu sagen hat, zum Lesen, Drucken und Weitergeben.
reports-none = Noch keine Berichte
reports-none-told = Wählen Sie unten eine Vorlage und einen Zeitraum.
report-new = Neuer Bericht
report-template = Vorlage
report-from = Von
report-until = Bis
report-days-told = Ganze Tage in UTC; beide Tage gehören dazu.
report-language = Sprache
report-query = Nur Einträge, auf die diese Abfrage zutrifft
report-query-told = Leer für alles, was Sie sehen dürfen. Der Zeitraum steht oben.
report-make = Bericht erstellen
report-narrowed-told = Ihre Rolle sieht nicht alles, und der Bericht zeigt nicht mehr.
report-making = { $report }: wird erstellt, { $percent } % fertig
report-failed = { $report }: konnte nicht erstellt werden. Bitte versuchen Sie es erneut. Schlägt es wieder fehl, nennen Sie Ihrer Administration den Zeitpunkt.
report-busy = Es werden gerade andere Berichte erstellt. Bitte versuchen Sie es danach erneut.
report-wrong-time = Der erste Tag darf nicht nach dem letzten liegen, und beide müssen gültige Tage sein.
report-wrong-query = Diese Abfrage lässt sich nicht mit „{ $topic }“ verbinden. Bitte grenzen Sie den Bericht anders ein.
report-query-time = Lassen Sie die Zeit in der Abfrage weg; sie steht oben.
report-made-by = Erstellt von
report-made-at = Erstellt am
report-pdf = PDF herunterladen
report-json = JSON herunterladen
report-kept = Aufbewahrt bis { $date }
report-recorded-as = Die Prüfsummen dieses Berichts stehen im Protokoll.
report-verify = Bericht prüfen
report-verify-told = Wählen Sie das PDF oder JSON eines Berichts. Sein SHA-256 wird unter den Berichten gesucht, die laut diesem Protokoll erstellt wurden. Die Datei wird nicht aufbewahrt.
report-verify-file = Datei
report-verify-found = Das ist der Bericht „{ $report }“, unverändert, so wie er am { $when } erstellt wurde.
report-verify-entry = Eintrag { $index }
report-verify-unknown = Hier wurde kein Bericht mit diesem SHA-256 erstellt: Die Datei wurde geändert, oder sie kommt anderswoher.
report-verify-none = Wählen Sie zuerst eine Datei.
report-reviews = Durchsicht
report-reviews-none = Bisher hat niemand bestätigt, diesen Bericht durchgesehen zu haben.
report-review-by = { $who }, { $when }
report-review-note = Anmerkung (optional)
report-review-sign = Ich habe diesen Bericht durchgesehen
report-review-told = Ihre Bestätigung wird als Eintrag im Protokoll festgehalten.
report-access-review = Überprüfung der Zugriffe
report-access-review-told = Wer kam und ging, Rollen, Token und was Rollen mit weitreichenden Rechten getan haben.
report-privileged-changes = Privilegierte Änderungen
report-privileged-changes-told = Was Inhaber und Admins getan haben, und Änderungen an Rollen, Anmeldung und Einstellungen.
report-data-exports = Datenexporte
report-data-exports-told = Was exportiert und gelöscht wurde und wer das Protokoll gelesen hat.
report-failed-sign-ins = Fehlgeschlagene Anmeldungen
report-failed-sign-ins-told = Wer sich vergeblich anmelden wollte und wie die Anmeldung geschützt ist.
report-ai-agents = Aktionen von KI-Agenten
report-ai-agents-told = Was KI-Agenten getan haben, woran sie gehindert wurden und wie sie eingerichtet sind.
report-incident-timeline = Verlauf eines Vorfalls
report-incident-timeline-told = Alles, worauf eine Abfrage zutrifft, in der Reihenfolge, in der es geschah.
report-evidence = Nachweise für { $standard }
report-evidence-told = Abschnitt für Abschnitt, welche Nachweise dieses Protokoll hat.
report-gdpr = die DSGVO
report-period = { $from } bis { $until }
report-workspace = Workspace
report-time = Zeitraum
report-entries = Einträge in diesem Zeitraum
report-version = Erstellt mit
report-narrowed-to = Eingegrenzt auf
report-evidence-for = Dies sind Nachweise zu den genannten Abschnitten, dem Protokoll entnommen. Ob die Abschnitte erfüllt sind, sagt der Bericht nicht; das beurteilt, wer ihn prüft. Worum es in einem Abschnitt geht, steht hier in unseren Worten; was er verlangt, ist im Standard selbst nachzulesen.
report-clause = Abschnitt
report-clause-about = Worum es geht
report-topic = Nachweis
report-samples = Beispiele (Index)
report-verdict = Befund
report-recorded = Nachweise vorhanden
report-nothing = nichts aufgezeichnet
report-compared = mit anderen verglichen, siehe unten
report-controls = Abschnitte und Nachweise
report-nothing-told = In diesem Zeitraum wurde nichts dergleichen aufgezeichnet.
report-counted = { $count ->
    [one] { $count } Eintrag
   *[other] { $count } Einträge
}
report-newest = { $count ->
    [one] Hier steht nur der neueste.
   *[other] Hier stehen die neuesten { $count }.
}
report-timeline = Verlauf
report-queries = Abfragen und Anzahlen
report-limits = Was dieser Bericht nicht beweist
report-limit-sources = Das Protokoll enthält, was seine Quellen gesendet haben. Was sie nie gesendet haben, steht nicht darin.
report-limit-key = Wer sowohl die Daten als auch den Signaturschlüssel hat, könnte ein anderes Protokoll schreiben. Checkpoints, die anderswo aufbewahrt werden, etwa diese Seite, machen das sichtbar.
report-limit-clock = Wann etwas geschah, haben die Quellen angegeben; Eingangszeiten stammen von der Uhr des Servers.
report-limit-law = Ein Bericht ist weder Rechtsberatung noch Prüfungsurteil.
report-clock-lead = { $count ->
    [one] Ein Eintrag ging ein, bevor er laut seiner Quelle geschah: Die Uhr einer Quelle ging gegenüber der des Servers um bis zu { $seconds } s vor.
   *[other] { $count } Einträge gingen ein, bevor sie laut ihrer Quelle geschahen: Die Uhr einer Quelle ging gegenüber der des Servers um bis zu { $seconds } s vor.
}
report-clock-no-lead = Kein Eintrag dieses Zeitraums ging ein, bevor er laut seiner Quelle geschah.
report-clock-compared = Zeugen und Zeitstempeldienste haben Checkpoints nach ihren eigenen Uhren bestätigt. Die Abweichung enthält die Dauer ihrer Antwort; unter null ging die Uhr des Servers nach.
report-clock-uncompared = Für diesen Zeitraum ist keine Bestätigung eines Checkpoints durch einen Zeugen oder Zeitstempeldienst bekannt; von jedem werden die neuesten 20 behalten.
report-clock-unmeasured = hindcast misst nicht, ob die Uhr des Servers einer Zeitquelle folgt; darum kümmert sich das Betriebssystem. Soll das hier als Nachweis stehen, senden Sie jede Kontrolle als Eintrag mit der Aktion control.checked und dem Ziel control/clock.
report-clock-by = Bestätigt von
report-clock-ours = Uhr des Servers (UTC)
report-clock-theirs = Andere Uhr (UTC)
report-clock-difference = Abweichung
report-clock-seconds = { $seconds } s
report-days = { $count ->
    [one] Einträge im Verlauf: die meisten am { $day }, { $count } Eintrag
   *[other] Einträge im Verlauf: die meisten am { $day }, { $count } Einträge
}
topic-sign-ins = Anmeldungen
topic-failed-sign-ins = Fehlgeschlagene Anmeldungen
topic-teammates = Zu- und Abgänge von Teammitgliedern
topic-roles = Rollen, Berechtigungen und Teams
topic-tokens = Token und Schlüssel
topic-privileged = Aktionen von Inhabern und Admins
topic-impersonation = Handeln im Namen anderer
topic-sign-in-settings = Anmeldeverfahren
topic-settings = Einstellungen
topic-exports = Exporte und Zugriffe auf personenbezogene Daten
topic-deletions = Löschungen
topic-log-access = Zugriffe auf das Protokoll
topic-integrity = Überprüfung des Protokolls
topic-retention = Aufbewahrung, Sperren und Maskierung
topic-server = Starts und Stopps des Servers
topic-gaps = Lücken und Ausfälle der Protokollierung
topic-recovery = Sicherung und Wiederherstellung
topic-alerts = Alarme
topic-policies = Regeln, Richtlinien und Freigaben
topic-reviews = Durchsichten und Kontrollen
topic-clocks = Uhren
topic-ai-agents = Aktionen von KI-Agenten
topic-ai-refused = Woran KI-Agenten gehindert wurden
topic-ai-settings = Einrichtung von KI-Agenten
report-repeat = Wiederholen
report-repeat-not = Nur jetzt
report-repeat-week = Jeden Montag, über die Woche davor
report-repeat-month = Am Ersten jedes Monats, über den Monat davor
report-repeat-told = Ein wiederholter Bericht braucht keine Tage. Er erscheint hier, sobald er erstellt ist; per E-Mail wird er noch nicht verschickt.
report-schedules = Wiederholt
report-schedule-week = jede Woche für { $who }, das nächste Mal am { $next }
report-schedule-month = jeden Monat für { $who }, das nächste Mal am { $next }
report-schedule-end = Nicht mehr wiederholen
report-schedules-full = Dieser Workspace wiederholt schon { $count } Berichte. Beenden Sie zuerst einen davon.

report-mail-to = Per E-Mail an (optional)
report-mail-to-told = Adressen, durch Kommas getrennt. Sie erhalten jedes Mal das PDF, sobald es fertig ist.
report-mail-wrong = Erwartet werden bis zu 20 Adressen, durch Kommas getrennt.
report-mailing = Wird an { $to } gesendet.
report-mailed = An { $to } gesendet.
report-mailed-but = An { $to } gesendet, aber nicht an alle: { $problem }
report-mail-again = Noch nicht an { $to } gesendet: { $problem } Nächster Versuch: { $time }.
report-mail-given-up = Konnte nicht an { $to } gesendet werden: { $problem }
report-mail-told = Dies ist ein Bericht über das Protokoll des Workspace { $workspace }, erstellt für { $who }.
report-mail-large = Das PDF ist für eine E-Mail zu groß; es kann auf der Seite des Berichts heruntergeladen werden.
report-mail-open = Bericht öffnen
report-mail-footer = hindcast sendet dies, weil { $who } es beim Erstellen des Berichts so gewünscht hat. Unter „Berichte“ lässt es sich beenden.

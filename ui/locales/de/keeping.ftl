# Wie lange Einträge aufbewahrt werden, Löschsperren und Löschung.

settings-retention = Aufbewahrung
settings-erasure = Löschung
permission-settings-retention = Festlegen, wie lange Einträge aufbewahrt werden, und Löschsperren setzen
permission-erase = Löschungen beantragen und Anträgen anderer zustimmen

retention-days = Aufbewahrung in Tagen
retention-days-told = Gerechnet ab dem Eingang eines Eintrags. Bleibt das Feld leer, werden Einträge unbegrenzt aufbewahrt.
retention-categories = Abweichende Fristen für einzelne Kategorien
retention-category-days = Tage
retention-for-ever = Unbegrenzt
retention-categories-told = Bleibt eine Zeile leer, gilt für die Kategorie dieselbe Frist wie für alles andere.
retention-archive = Tage bis zur Archivierung
retention-archive-told = Archivierte Einträge werden nur mit archive:yes durchsucht, aber wie alle anderen aufbewahrt und überprüft.
retention-locked = Gesperrte Tage
retention-locked-told = Vor Ablauf dieser Frist verfällt nichts, und nichts Jüngeres kann gelöscht werden. Die Sperre lässt sich verlängern, aber weder verkürzen noch aufheben.
retention-locked-limit = Wer Dateien auf dem Server ändern kann, den hält die Sperre nicht auf. Sie macht eine solche Änderung aber nachweisbar.
retention-waits = Das gilt ab { $when }, weil Einträge damit früher verfallen als bisher.
retention-full = Der Verfall wartet auf Platz auf dem Datenträger: Was bleibt, muss neu geschrieben werden. Nichts geht verloren, und es wird weiter versucht, bis genug frei ist.
retention-failing = Die Einträge konnten noch nicht verfallen. Es wird weiter versucht; das Diagnoseprotokoll des Servers nennt den Grund.
retention-apply = Jetzt anwenden
retention-applied = Einträge, deren Frist abgelaufen ist, werden jetzt entfernt.
retention-now = Was jetzt verfällt
retention-now-none = Zurzeit verfällt nichts.
retention-now-some = { $count ->
    [one] { $count } Eintrag verfällt
   *[other] { $count } Einträge verfallen
} bei der nächsten Anwendung, etwa einmal pro Stunde.
retention-now-held = { $count ->
    [one] { $count } weiterer würde verfallen, wird aber von einer Löschsperre (Legal Hold) gehalten.
   *[other] { $count } weitere würden verfallen, werden aber von einer Löschsperre (Legal Hold) gehalten.
}
retention-went = Was bisher verfallen ist
retention-proof = Abgelaufene Einträge behalten ihren Platz im signierten Baum. Ein Hinweis im Protokoll nennt sie und belegt, dass nichts Jüngeres entfernt wurde.
expected-retention-days = Erwartet wird eine Zahl von 1 bis { $max } oder ein leeres Feld.
expected-retention-locked = Erwartet werden mindestens { $days } Tage, denn so lange ist die Sperre gesetzt.
expected-retention-archive = Erwartet werden weniger Tage, als Einträge aufbewahrt werden.

holds = Löschsperren (Legal Holds)
holds-none = Es ist keine Löschsperre gesetzt.
holds-told = Einträge unter einer Löschsperre verfallen nicht und werden nicht gelöscht, auch solche nicht, die später hinzukommen.
hold-new = Löschsperre setzen
hold-name = Name
hold-name-told = Zum Beispiel ein Aktenzeichen.
hold-query = Welche Einträge
hold-query-told = Eine Suche, zum Beispiel actor:ana@example.com. Bleibt das Feld leer, wird alles gehalten.
hold-reason = Grund
hold-place = Sperre setzen
hold-placed = Gesetzt
hold-released = Aufgehoben
hold-release = Aufheben
hold-release-of = Löschsperre { $name } aufheben
expected-hold-query = Erwartet wird eine gültige Suche.

erasure-told = Die Werte verschwinden, ihre Hashes bleiben: Was vom Protokoll übrig ist, lässt sich weiterhin überprüfen. Ein Hinweis nennt die betroffenen Einträge, und eine signierte Bescheinigung bestätigt die Löschung.
erasure-new = Löschung beantragen
erasure-person = Eine Person
erasure-ids = IDs der Person
erasure-ids-told = Eine pro Zeile. Gesucht wird jeweils die ganze ID.
erasure-texts = E-Mail-Adressen und Namen der Person
erasure-texts-told = Je Zeile ein Text. Gesucht wird in allen Feldern, unabhängig von Groß- und Kleinschreibung.
erasure-fields = Oder einzelne Felder der Einträge, die eine Suche findet
erasure-query = Suche
erasure-sections = Felder
erasure-sections-told = Namen von Abschnitten wie context oder meta:phone, einer pro Zeile.
erasure-basis = Anlass
erasure-basis-request = Die Person hat es verlangt (Art. 17 DSGVO)
erasure-basis-secret = Ein Geheimnis wurde versehentlich protokolliert
erasure-basis-other = Ein anderer Grund
erasure-reference = Aktenzeichen
erasure-reference-told = Wo der Antrag liegt, zum Beispiel eine Ticketnummer. Sie bleibt im Protokoll, nennen Sie darum nicht die Person.
erasure-ask = Beantragen
erasure-never = Was gelöscht wurde, kann niemand wiederherstellen.
erasure-limits = Kopien außerhalb dieses Servers werden nicht erreicht: heruntergeladene Dateien und Backups, bis sie ersetzt sind. Wird ein Backup eingespielt, wird alles erneut gelöscht, bevor es jemand sehen kann.
erasure-second = Eine Löschung braucht eine zweite Person
erasure-second-told = Dann kann niemand dem eigenen Antrag zustimmen.
erasures = Löschungen
erasures-none = Bisher wurde keine Löschung beantragt.
erasure-state-requested = Wartet auf eine zweite Person
erasure-state-approved = Wird ausgeführt
erasure-state-full = Wartet auf Platz auf dem Datenträger
erasure-state-failing = Konnte noch nicht ausgeführt werden; es wird weiter versucht
erasure-state-rejected = Abgelehnt
erasure-state-blocked = Durch eine Löschsperre oder die Aufbewahrungssperre gehalten
erasure-state-done = Gelöscht
erasure-counting = Wird gezählt …
erasure-counted = { $entries ->
    [one] { $entries } Eintrag
   *[other] { $entries } Einträge
}, { $sections ->
    [one] { $sections } Feld
   *[other] { $sections } Felder
}
erasure-blocked = { $count ->
    [one] { $count } davon wird gehalten
   *[other] { $count } davon werden gehalten
}
erasure-what-person = Alles mit: { $what }
erasure-what-fields = { $fields } aus: { $query }
erasure-by = Beantragt von
erasure-decided = Entschieden von
erasure-agree = Löschen
erasure-agree-to = Löschen: { $id }
erasure-reject = Ablehnen
erasure-reject-of = Ablehnen: { $id }
erasure-own = Jemand anderes muss zustimmen.
erasure-certificate = Bescheinigung
erasure-notice = Hinweis
expected-erasure = Erwartet wird eine ID, eine E-Mail-Adresse oder ein Name mit mindestens drei Zeichen – oder eine Suche mit Feldern.
expected-sections = Erwartet werden Felder, auf die ein Eintrag verzichten kann, nicht { $name }.
erasure-not-decided = Darüber wurde bereits entschieden, oder es ist Ihr eigener Antrag.

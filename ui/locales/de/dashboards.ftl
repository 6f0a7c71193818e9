# Dashboards: the log in numbers.

board-overview = Übersicht
board-access = Zugriff
board-changes = Änderungen
board-people = Teammitglieder
open-in-log = Im Protokoll öffnen
latest = Neueste Einträge

tile-entries = Einträge
tile-people = Aktive Teammitglieder
tile-people-told = mit mindestens einem Eintrag
tile-failures = Fehlgeschlagen oder verweigert
tile-exports = Exporte und Datenzugriffe
tile-signed = Signierte Einträge
tile-signed-told = durch den neuesten Checkpoint
tile-sign-ins = Anmeldungen
tile-failed-sign-ins = Fehlgeschlagene Anmeldungen
tile-denied = Verweigert
tile-permissions = Berechtigungsänderungen
tile-settings = Einstellungsänderungen
tile-automation = Änderungen an Automatisierungen
tile-agents = Von KI-Agenten

change-same = genauso viele wie im Vorzeitraum
change-from-nothing = keine im Vorzeitraum
change-more = { $percent } % mehr als im Vorzeitraum
change-less = { $percent } % weniger als im Vorzeitraum

list-empty = Keine Einträge in diesem Zeitraum
list-finding = Am häufigsten: { $value } ({ $count })
latest-failed-sign-ins = Neueste fehlgeschlagene Anmeldungen
latest-permissions = Neueste Berechtigungsänderungen

heat = Verteilung über die Woche
heat-empty = Keine Einträge in diesem Zeitraum
heat-cell = { $day }, { $hour } Uhr: { $count ->
    [one] { $count } Eintrag
   *[other] { $count } Einträge
}
heat-cut = Hier werden nur die letzten Wochen des Zeitraums gezählt.
monday = Montag
tuesday = Dienstag
wednesday = Mittwoch
thursday = Donnerstag
friday = Freitag
saturday = Samstag
sunday = Sonntag

person-told = Einträge in diesem Zeitraum: { $count }. Neuester Eintrag insgesamt: { $when }.
refresh = Jede Minute aktualisieren
chart-svg = SVG herunterladen
chart-csv = CSV herunterladen
chart-begins = Von (UTC)
chart-ends = Bis (UTC)
chart-day = Tag
chart-hour = Stunde

# The log, its rows, its filters, and one entry.

log = Aktivitätsprotokoll
log-purpose = Wer was wann von wo aus getan hat – und ob es gelungen ist.
log-search = Protokoll durchsuchen
log-query = Suchanfrage
log-query-example = actor:"Ana" action:macro.* -outcome:success "refund policy"
log-count = { $count ->
    [one] { $count } Eintrag
   *[other] { $count } Einträge
}
log-count-range = { $count ->
    [one] { $count } Eintrag
   *[other] { $count } Einträge
} · { $range }
entries = Einträge
number = { $n }
search = Suchen
suggestions = Vorschläge
export = Exportieren
filters = Filter
loading = Wird geladen…
show-everything = Diagramm und Filter anzeigen
as-table = Als Tabelle anzeigen
columns = Spalten
columns-show = Anzeigen
query-meant = Meinten Sie:

range = Zeitraum
range-15m = Letzte 15 Minuten
range-1h = Letzte Stunde
range-24h = Letzte 24 Stunden
range-7d = Letzte 7 Tage
range-30d = Letzte 30 Tage
range-90d = Letzte 90 Tage
range-month = Dieser Monat
range-last-month = Letzter Kalendermonat
range-all = Gesamter Zeitraum
range-custom = Eigener Zeitraum
range-from = Von
range-to = Bis
range-apply = Zeitraum anzeigen

views = Gespeicherte Ansichten
view-sign-in-failures = Fehlgeschlagene Anmeldungen
view-permissions = Berechtigungsänderungen
view-exports = Exporte und Datenzugriffe
view-settings = Einstellungsänderungen
view-tokens = Token
view-mine = Meine Aktivitäten
view-save = Ansicht speichern
view-name = Name der Ansicht
view-shared = Sichtbar für
view-shared-own = Nur mich
view-shared-listed = Alle, im Rahmen ihrer Berechtigungen
view-shared-opened = Alle; die Einträge werden für Betrachter freigegeben
view-first = Protokoll mit dieser Ansicht öffnen
first-view = Protokoll öffnen mit
view-remove = Ansicht „{ $name }“ entfernen

chip = { $key }: { $value }
chip-not = ohne { $key }: { $value }
chip-text = „{ $text }“
chip-text-not = ohne „{ $text }“
chip-remove = Filter { $chip } entfernen
chips-clear = Alle Filter entfernen

tail = Live-Modus
tail-new-pattern = {"{n}"} neue Einträge
tail-new-one-pattern = {"{n}"} neuer Eintrag
tail-gap-pattern = {"{n}"} Einträge wurden übersprungen. Laden Sie die Seite neu, um sie zu sehen.
tail-gap-one-pattern = {"{n}"} Eintrag wurde übersprungen. Laden Sie die Seite neu, um ihn zu sehen.
tail-rate-pattern = {"{n}"} pro Minute
tail-paused = Pausiert – Verbindung unterbrochen
tail-stopped = Beendet
tail-continue = Fortsetzen

histogram-finding = Höchstwert ({ $when }): { $count ->
    [one] { $count } Eintrag
   *[other] { $count } Einträge
}
histogram-empty = Keine Einträge in diesem Zeitraum
histogram-bar = { $when }: { $count ->
    [one] { $count } Eintrag
   *[other] { $count } Einträge
}

outcome-success = Erfolgreich
outcome-failure = Fehlgeschlagen
outcome-denied = Verweigert
outcome-unknown = Unbekannt

column-outcome = Ergebnis
column-time = Zeit
column-who = Teammitglied
column-activity = Aktivität
column-target = Zielobjekt
column-ip = IP-Adresse
column-location = Ort
column-source = Quelle

facet-category = Kategorie
facet-action = Aktivität
facet-actor = Teammitglied
facet-role = Rolle
facet-actor-type = Art des Akteurs
facet-outcome = Ergebnis
facet-source = Quelle
facet-country = Land
facet-target = Art des Zielobjekts
facet-ip = IP-Adresse
facet-more = { $n } weitere…

category-authentication = Authentifizierung
category-conversations = Konversationen
category-settings = Einstellungen
category-agents-roles = Teammitglieder & Rollen
category-labels-topics = Labels & Themen
category-automation-macros = Automatisierung & Makros
category-ai-agents = KI-Agenten
category-content = Inhalte
category-data-exports = Daten & Exporte
category-billing = Abrechnung
category-integrations = Integrationen
category-system = System
category-other = Sonstiges

actor-user = Person
actor-agent = KI-Agent
actor-automation = Automatisierung
actor-api-key = API-Schlüssel
actor-app = App
actor-system = System
actor-anonymous = Nicht angemeldet

source-ui = Browser
source-api = API
source-cli = Befehlszeile
source-import = Import

table-caption = Einträge, neueste zuerst
row-menu = Nach Werten dieser Zeile filtern
filter-for = Nur { $value }
filter-out = Ohne { $value }
filter-similar = Einträge derselben Aktivität
grouped = ×{ $n }
group-on = Gleichartige gruppieren
group-off = Einzeln anzeigen
on-behalf-of = für { $name }
forged = Name evtl. gefälscht
forged-told = In diesem Namen sind Schriftsysteme gemischt, sodass er wie ein anderer aussehen kann.
received-later = { $duration } später empfangen
all-late = Diese Einträge wurden erst lange nach dem Geschehen empfangen, z. B. durch einen Import. Öffnen Sie einen, um beide Zeiten zu sehen.
older = Ältere Einträge
older-more = 50 weitere laden
back-to-newest = Zu den neuesten Einträgen

empty-never = Noch ist nichts geschehen
empty-never-told = Sobald Ereignisse eingehen, sehen Sie hier, wer was wann von wo aus getan und was sich dadurch geändert hat. Erstellen Sie ein Token und senden Sie das erste Ereignis:
empty-never-act = Token erstellen
empty-filtered = Keine passenden Einträge
empty-nearest = Nächstgelegener Treffer: { $when }.
empty-show-all = Gesamten Zeitraum anzeigen
empty-widen = Auf 30 Tage erweitern
empty-nowhere = Auch außerhalb dieses Zeitraums gibt es keine Treffer.

tab-summary = Übersicht
tab-changes = Änderungen ({ $n })
tab-context = Kontext
tab-integrity = Integrität
tab-raw = Rohdaten
entry-parts = Bereiche des Eintrags
entry-newer = Neuer
entry-older = Älter
entry-erased = { $count ->
    [one] { $count } Feld dieses Eintrags wurde gelöscht. Was übrig ist, lässt sich weiterhin überprüfen.
   *[other] { $count } Felder dieses Eintrags wurden gelöscht. Was übrig ist, lässt sich weiterhin überprüfen.
}
entry-erased-notices = Hinweise auf Löschungen

fact-who = Wer
fact-on-behalf-of = Im Auftrag von
fact-activity = Aktivität
fact-category = Kategorie
fact-outcome-reason = Grund für das Ergebnis
fact-targets = Zielobjekt
fact-reason = Angegebener Grund
fact-description = Beschreibung
fact-occurred = Geschehen am
fact-received = Empfangen am
fact-source = Quelle
fact-ip = IP-Adresse
fact-location = Ort
fact-session = Sitzung
fact-request = Anfrage
fact-user-agent = User-Agent
fact-policy = Richtlinie
fact-metadata = Metadaten
fact-id = ID

changes-none = Dieser Eintrag enthält keine Werte vor und nach einer Änderung.
changes-caption = Was sich geändert hat
change-field = Feld
change-before = Vorher
change-after = Nachher
change-added = ＋ hinzugefügt
change-removed = － entfernt
change-changed = ～ geändert
change-masked = •••• (geheim, nicht gespeichert)
copy-patch = Als JSON Patch kopieren

around-actor = Vom selben Akteur
around-target = Zum selben Zielobjekt
around-session = In derselben Sitzung

check-leaf = Der gespeicherte Eintrag hat den Hash, der beim Schreiben festgehalten wurde.
check-leaf-bad = Der gespeicherte Eintrag hat nicht den festgehaltenen Hash: Er wurde verändert.
check-signature = Der neueste Checkpoint ist mit dem Schlüssel dieses Protokolls signiert.
check-signature-bad = Der neueste Checkpoint ist nicht mit dem Schlüssel dieses Protokolls signiert.
check-path = { $steps ->
    [one] { $steps } Hash führt
   *[other] { $steps } Hashes führen
} vom Eintrag zur signierten Wurzel des Protokolls (Einträge: { $size }).
check-path-bad = Die Hashes führen nicht vom Eintrag zur signierten Wurzel.
check-unsigned = Noch deckt kein Checkpoint diesen Eintrag ab. Das dauert einen Moment; versuchen Sie es gleich noch einmal.
check-good = Intakt: Dieser Eintrag ist unverändert Teil des signierten Protokolls.
check-bad = Nicht nachgewiesen. Sehen Sie sich die Schritte unten an.
verify-now = Jetzt überprüfen
proof-json = Nachweis (JSON)
proof-file = Nachweisdatei
proof-index = Position im Protokoll
proof-leaf = Blatt-Hash
proof-size = Größe des Baums
proof-root = Wurzel
proof-path = Pfad
proof-path-none = Keine Hashes
proof-path-count = { $n ->
    [one] { $n } Hash
   *[other] { $n } Hashes
}
proof-note = Signierter Checkpoint
proof-offline = Selbst überprüfen, ohne diesen Server
proof-offline-told = Wäre dieser Server manipuliert, könnte auch diese Seite falsche Angaben machen. Laden Sie die Nachweisdatei herunter und überprüfen Sie sie auf einem anderen Rechner, mit einem Schlüssel, den Sie dort aufbewahren:

values-find = Wert suchen
values-none = Kein passender Wert.
panel-wide = Detailbereich verbreitern
panel-narrow = Detailbereich verschmälern
mistake-key = Dieses Suchfeld gibt es nicht.
mistake-value = Das Suchfeld { $key } kennt diesen Wert nicht. Möglich sind { $values }.
mistake-time = Diese Angabe ist für das Suchfeld { $key } nicht möglich. Möglich sind ein Tag oder ein Zeitpunkt wie 2026-11-21 oder 2026-11-21T19:40:00Z, today, yesterday, -7d oder -24h, eines davon nach >=, >, < oder <=, oder A..B vom früheren zum späteren Zeitpunkt.
mistake-network = Dies ist weder eine Adresse noch ein Netz wie 203.0.113.9, 203.0.113.0/24 oder 2001:db8::/32.
mistake-country = Dies ist kein Land. Geben Sie den Code aus zwei Buchstaben ein, zum Beispiel JP.
mistake-path = Dies ist kein Pfad zu einem geänderten Feld. Schreiben Sie /conditions/0/value oder conditions.0.value.
mistake-empty = Das Suchfeld { $key } hat keinen Wert. Schreiben Sie ihn direkt hinter den Doppelpunkt.
mistake-word = Hier steht kein Wort, nach dem gesucht werden kann.
mistake-quote = Ein Anführungszeichen fehlt oder steht an der falschen Stelle. Setzen Sie den ganzen Wert in Anführungszeichen.
mistake-star = Das Suchfeld { $key } nimmt nur ganze Werte, ohne *.
mistake-star-place = Ein * kann nur am Ende stehen.
mistake-star-word = Text wird nach ganzen Wörtern gefunden, ohne *.
mistake-id = Dies sieht wie eine ID aus, und IDs werden nicht als Text gefunden. Verwenden Sie id: oder request:.
mistake-long = Die Suchanfrage ist zu lang. Erlaubt sind { $count } Zeichen.
mistake-terms = Die Suchanfrage hat zu viele Bedingungen. Erlaubt sind { $count }.

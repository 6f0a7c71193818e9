# What every page says.

-brand = Hindcast
product = { -brand }

skip-to-content = Zum Inhalt springen
nav = Hauptnavigation
menu = Menü
nav-log = Protokoll
nav-dashboards = Dashboards
nav-integrity = Integrität
nav-exports = Exporte
nav-settings = Einstellungen
nav-help = Hilfe

workspace-switch = Workspace wechseln
workspace-instance = Dieser Server
search-everything = Alles durchsuchen
language = Sprache
language-is = Sprache: { $code } ({ $name })
theme = Design
theme-system = Systemeinstellung
theme-light = Hell
theme-dark = Dunkel
account-of = Konto von { $name }
my-preferences = Meine Einstellungen
my-activity = Meine Aktivitäten
sign-out = Abmelden
close = Schließen
copy = Kopieren
copied = Kopiert
later = Später
go-on = Weiter
or = oder
with-aside = { $told } ({ $aside })
save = Speichern
cancel = Abbrechen
remove = Entfernen
add = Hinzufügen
yes = Ja
no = Nein
unknown = Unbekannt
erased-person = Gelöschte Person

offline = Verbindung unterbrochen – neuer Versuch läuft.
signed-out = Sie sind nicht mehr angemeldet. Falls Sie etwas eingegeben haben, steht es noch auf dieser Seite.

chain-signed = Signierte Einträge: { $entries }
chain-empty = Noch nichts signiert
chain-broken = Nicht intakt
notice-diverged = Die Historie dieses Servers ist nicht die bezeugte. Bis der Betreiber eingreift, wird nichts signiert.
notice-quarantined = Die gespeicherten Daten dieses Protokolls weichen von den signierten ab. Sie können das Protokoll weiterhin ansehen; bis zur Reparatur werden keine Einträge hinzugefügt.
notice-quarantined-more = Befund anzeigen

narrowed-teams = Sie sehen, was Ihre Teams und Sie selbst betrifft.
narrowed-own = Sie sehen Ihre eigenen Aktivitäten und was für Betrachter freigegeben ist.
narrowed-hidden = Für Ihre Rolle ausgeblendet: { $fields }.

role-owner = Inhaber
role-security-admin = Sicherheitsadmin
role-support-ops-manager = Support-Ops-Manager
role-auditor = Prüfer
role-viewer = Betrachter

field-address = IP-Adressen und Orte
field-user-agent = User-Agents
field-session = Sitzungen und Anfragen
field-email = E-Mail-Adressen
field-values = Werte von Änderungen
field-metadata = Metadaten
field-text = Gründe und Beschreibungen

time-ahead = in der Zukunft
time-now = gerade eben
time-minutes = { $n ->
    [one] vor { $n } Minute
   *[other] vor { $n } Minuten
}
time-hours = { $n ->
    [one] vor { $n } Stunde
   *[other] vor { $n } Stunden
}
time-days = { $n ->
    [one] vor { $n } Tag
   *[other] vor { $n } Tagen
}
time-months = { $n ->
    [one] vor { $n } Monat
   *[other] vor { $n } Monaten
}
time-years = { $n ->
    [one] vor { $n } Jahr
   *[other] vor { $n } Jahren
}
lasting-seconds = { $n ->
    [one] { $n } Sekunde
   *[other] { $n } Sekunden
}
lasting-minutes = { $n ->
    [one] { $n } Minute
   *[other] { $n } Minuten
}
lasting-hours = { $n ->
    [one] { $n } Stunde
   *[other] { $n } Stunden
}
lasting-days = { $n ->
    [one] { $n } Tag
   *[other] { $n } Tage
}

shortcuts = Tastenkürzel
shortcuts-off = Tastenkürzel lassen sich in Ihren Einstellungen deaktivieren.
key-search = Suchen
key-help = Diese Hilfe anzeigen
key-next = Nächster und vorheriger Eintrag
key-open = Eintrag öffnen
key-close = Geöffnetes schließen
key-menu = Nach Werten der Zeile filtern
key-tail = Live-Modus ein oder aus
key-facets = Zu den Filtern
key-export = Exportieren
key-newest = Zu den neuesten Einträgen
key-change = Nächste und vorherige Änderung

form-errors = Bitte prüfen Sie diese Felder:
expected-name = Geben Sie einen Namen mit 1 bis 120 Zeichen ein.
expected-text = Geben Sie 1 bis { $max } Zeichen ein.
expected-email = Geben Sie eine E-Mail-Adresse ein, z. B. ana@example.com.
expected-zone = Geben Sie eine Zeitzone an, z. B. Europe/Berlin.

refused-sign-in = Bitte melden Sie sich an
refused-sign-in-told = Ihre Sitzung ist abgelaufen, oder Sie haben sich noch nicht angemeldet. Es ist nichts verloren gegangen.
refused-no-workspace = Sie gehören keinem Workspace an
refused-no-workspace-told = Sie wurden aus Ihrem letzten Workspace entfernt. Ein Inhaber oder Sicherheitsadmin kann Sie wieder einladen.
refused-forbidden = Ihre Rolle erlaubt das nicht
refused-forbidden-told = Dafür ist die Berechtigung { $permission } nötig. Ein Inhaber oder Sicherheitsadmin des Workspace kann Ihnen eine Rolle zuweisen, die sie enthält.
refused-not-found = Hier ist nichts
refused-not-found-told = Diese Seite gibt es nicht, oder Sie haben keinen Zugriff darauf.
refused-other-site = Diese Anfrage kam von einer anderen Website
refused-other-site-told = Zur Sicherheit wurde nichts ausgeführt. Bitte kehren Sie zur Seite zurück und versuchen Sie es erneut.
refused-ours = Hier ist etwas schiefgelaufen
refused-ours-told = Der Fehler liegt bei uns, nicht bei Ihnen. Was im Protokoll stand, ist sicher; Ihre Aktion wurde nicht ausgeführt. Bitte versuchen Sie es erneut. Tritt der Fehler wieder auf, nennen Sie Ihrem Administrator die unten stehende Nummer.
refused-yours = Das war nicht möglich
refused-back = Zurück
refused-again = Erneut versuchen
refused-request = Nummer der Anfrage: { $id }
refused-busy = Es wurde zu viel auf einmal angefragt. Bitte warten Sie ein paar Sekunden und versuchen Sie es erneut.

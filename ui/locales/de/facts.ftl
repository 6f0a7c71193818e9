# Was beim Eintreffen eines Ereignisses ermittelt wird: auf der Seite eines Eintrags, unter Einstellungen, Geodaten, und im Kalender.

fact-noted = Beim Eintreffen bemerkt
fact-network = Netz
fact-behind-proxies = Adresse hinter den Proxys
fact-program = Browser und System
approximately = ≈ { $place }

noted-country-new = Neues Land für diese Person
noted-address-new = Neue Adresse für diese Person
noted-agent-new = Neuer Browser für diese Person
noted-off-hours = Außerhalb der Arbeitszeit
noted-hour-rare = Um diese Uhrzeit sonst kaum aktiv
noted-dormant = Erste Aktivität seit { $days } Tagen
noted-travel = Mindestens { $kmh } km/h seit der letzten Anmeldung
noted-neighbour = Letzte Anmeldung war aus einem Nachbarland
noted-impersonation = Beim Handeln im Namen einer anderen Person
noted-widens = Gibt mehr Rechte als zuvor
noted-narrows = Gibt weniger Rechte als zuvor
noted-self = Betrifft die handelnde Person selbst
noted-host-new = Erster Webhook zu diesem Host
noted-actions = { $count } Einträge dieser Person innerhalb einer Stunde
noted-more-than-usual = Heute weit häufiger als an anderen Tagen

address-private = private Adresse
address-loopback = dieser Rechner
address-link-local = Link-Local-Adresse
address-cgnat = geteilte Adresse eines Anbieters (CGNAT)
address-documentation = Adresse für Dokumentation
address-benchmarking = Adresse für Tests
address-multicast = Multicast-Adresse
address-unspecified = keine Adresse
address-reserved = reservierte Adresse

device-computer = Computer
device-phone = Telefon
device-tablet = Tablet
device-bot = Crawler
device-program = Programm

settings-geo = Geodaten
geo-told = Wo eine Adresse liegt, wird beim Eintreffen eines Ereignisses ermittelt und mit dem Eintrag aufbewahrt. Andere Daten gelten nur für spätere Einträge.
geo-in-use = In Verwendung
geo-what = Kennt
geo-kind-city = Städte
geo-kind-country = Länder
geo-kind-asn = Netze (ASN)
geo-source = Quelle
geo-date = Stand
geo-licence = Lizenz und Namensnennung
geo-table = Ländertabelle dieser Version
geo-table-licence = Öffentliche Daten von IPtoASN (iptoasn.com), aus ip-location-db; Public Domain Dedication and License 1.0. Ungefähr: Etwa 7 von 100 Adressen liegen in einem anderen Land.
geo-table-idle = Wird nicht gefragt, weil eine Datei Länder kennt.
geo-table-off = Es werden keine Länder ermittelt: Die Ländertabelle ist ausgeschaltet, und keine Datei kennt Länder.
geo-file-licence = Siehe Herausgeber. GeoLite2 (MaxMind) und DB-IP Lite wollen dort genannt werden, wo ihre Daten zu sehen sind.
geo-uploaded = Hochgeladen
geo-configured = In der Konfigurationsdatei genannt
geo-problem = Was jetzt dort liegt, ist nicht verwendbar: { $why }
geo-upload = Datei hochladen
geo-upload-told = Eine MaxMind DB (.mmdb) mit Städten, Ländern oder Netzen, höchstens { $max } MB. Sie ersetzt eine hochgeladene Datei derselben Art.
geo-upload-file = Datei
geo-upload-do = Hochladen
geo-reload = Alle Dateien neu lesen
geo-remove-of = { $what } entfernen
geo-refused = Die Datei wurde nicht übernommen, alles bleibt, wie es war: { $why }
geo-missing = Wählen Sie eine Datei von höchstens { $max } MB.
geo-not-yours = Die Dateien gelten für den ganzen Server. Seine Administratoren ändern sie.
geo-addresses = Adressen dieses Workspace
trusted-proxies = Vertrauenswürdige Proxys
trusted-proxies-told = Nennt ein Ereignis eine davon als Adresse, so zählt die nächste Adresse, für die es weitergeleitet wurde und die nicht dazugehört. Beide werden aufbewahrt.
egress-networks = VPNs und andere Ausgänge
egress-networks-told = Eine Anmeldung von hier sagt nichts darüber, wo jemand ist; daher wird keine Reise ermittelt.

working-days = Arbeitstage
holidays = Feiertage
holidays-told = Daten wie 2026-12-25, eines je Zeile.
expected-holidays = Geben Sie höchstens { $max } Daten wie 2026-12-25 ein.
expected-working-days = Wählen Sie mindestens einen Arbeitstag.

# Worum es in jedem Abschnitt eines Standards geht, in eigenen Worten und nicht denen des Standards.

## SOC 2

clause-soc-cc4-1 = Prüfen, ob Kontrollen wirken
clause-soc-cc6-1 = Wer Zugang hat und wie er geschützt ist
clause-soc-cc6-2 = Konten anlegen und entziehen
clause-soc-cc6-3 = Rechte nach Rolle vergeben
clause-soc-cc6-6 = Unbefugte von außen abwehren
clause-soc-cc6-7 = Kontrolle über ausgehende Daten
clause-soc-cc6-8 = Keine unerwünschte Software oder Einstellung
clause-soc-cc7-1 = Änderungen bemerken, die Lücken öffnen
clause-soc-cc7-2 = Auf Ungewöhnliches achten
clause-soc-cc7-3 = Auffälliges beurteilen
clause-soc-cc7-4 = Auf Vorfälle reagieren
clause-soc-cc7-5 = Nach Vorfällen wiederherstellen
clause-soc-cc8-1 = Änderungen freigegeben und nachvollziehbar
clause-soc-a1-2 = Sicherungen, die sich einspielen lassen
clause-soc-c1-1 = Vertrauliche Daten kennen und bewahren
clause-soc-c1-2 = Vertrauliche Daten beseitigen
clause-soc-p4-2 = Personendaten nur so lange wie nötig
clause-soc-p6-1 = Weitergabe von Personendaten

## ISO/IEC 27001:2022, annex A

clause-iso-a-5-16 = Identitäten vom ersten bis zum letzten Tag
clause-iso-a-5-18 = Rechte vergeben, prüfen und entziehen
clause-iso-a-5-28 = Beweise so sichern, dass sie standhalten
clause-iso-a-5-33 = Aufzeichnungen vor Verlust und Fälschung schützen
clause-iso-a-5-34 = Personendaten schützen
clause-iso-a-8-2 = Weitreichende Rechte knapp halten
clause-iso-a-8-5 = Sichere Anmeldung
clause-iso-a-8-9 = Einstellungen unter Kontrolle
clause-iso-a-8-10 = Nicht mehr benötigte Daten löschen
clause-iso-a-8-13 = Sicherungen anlegen und erproben
clause-iso-a-8-15 = Protokolle führen, schützen und auswerten
clause-iso-a-8-16 = Auf Ungewöhnliches achten
clause-iso-a-8-17 = Uhren im Gleichlauf

## PCI DSS 4.0.1, requirement 10

clause-pci-10-2-1-1 = Protokolliert: Zugriffe auf Kartendaten
clause-pci-10-2-1-2 = Protokolliert: Aktionen von Admins
clause-pci-10-2-1-3 = Protokolliert: Zugriffe auf Protokolle
clause-pci-10-2-1-4 = Protokolliert: abgewiesene Versuche
clause-pci-10-2-1-5 = Protokolliert: Änderungen an Konten und Zugangsdaten
clause-pci-10-2-1-6 = Protokolliert: Start, Stopp und Pause der Protokollierung
clause-pci-10-2-1-7 = Protokolliert: Systemobjekte angelegt oder gelöscht
clause-pci-10-3-1 = Protokolle liest nur, wer muss
clause-pci-10-3-2 = Niemand kann Protokolle ändern
clause-pci-10-3-3 = Protokolle bald andernorts gesichert
clause-pci-10-3-4 = Geänderte Protokolle fallen auf
clause-pci-10-4-1 = Protokolle täglich durchsehen
clause-pci-10-4-3 = Auffälligem nachgehen
clause-pci-10-5-1 = Protokolle eines Jahres, die letzten drei Monate griffbereit
clause-pci-10-6-1 = Uhren im Gleichlauf
clause-pci-10-7-2 = Ausgefallene Schutzmaßnahmen bemerken und beheben

## HIPAA, 45 CFR

clause-hipaa-164-308-a-1-ii-d = Aktivitäten regelmäßig durchsehen
clause-hipaa-164-308-a-3 = Zugang nur für Personal, das ihn braucht
clause-hipaa-164-308-a-5-ii-c = Anmeldungen beobachten
clause-hipaa-164-312-a = Zugang nur für Berechtigte
clause-hipaa-164-312-b = Aktivitäten aufzeichnen und prüfen
clause-hipaa-164-312-c-1 = Daten vor unbefugter Änderung und Zerstörung schützen
clause-hipaa-164-312-d = Nachweis, wer jemand ist
clause-hipaa-164-316-b-2-i = Unterlagen sechs Jahre aufbewahren

## GDPR

clause-gdpr-5-1-e = Nicht länger speichern als nötig
clause-gdpr-5-1-f = Vor Missbrauch und Verlust schützen
clause-gdpr-5-2 = Es nachweisen können
clause-gdpr-15 = Auskunft an die betroffene Person
clause-gdpr-17 = Löschung auf Verlangen
clause-gdpr-18 = Einschränkung auf Verlangen
clause-gdpr-25 = Schutz von Anfang an eingebaut
clause-gdpr-30 = Verzeichnis, was mit Daten geschieht
clause-gdpr-32 = Sicherheit, die dem Risiko entspricht
clause-gdpr-33-34 = Verletzungen rechtzeitig melden

# Taking entries out.

exports-purpose = Ihre Exporte, jeweils { $days ->
    [one] { $days } Tag
   *[other] { $days } Tage
} lang aufbewahrt.
exports-none = Noch keine Exporte
exports-none-told = Große Exporte werden hier als Datei erstellt und stehen danach zum Herunterladen bereit. Starten Sie einen im Protokoll, mit den Filtern, die Sie brauchen.
export-new = Neuer Export
export-everything = { $count ->
    [one] { $count } Eintrag
   *[other] { $count } Einträge
}, Zeitraum: { $range }
export-query = { $count ->
    [one] { $count } Eintrag
   *[other] { $count } Einträge
}, Zeitraum: { $range }, Suchanfrage: { $query }
export-size = Etwa { $size }.
export-at-once = Der Download beginnt sofort.
export-as-job = So viel lässt sich nicht sofort herunterladen: Es wird eine Datei erstellt, die Sie unter „Exporte“ finden, sobald sie fertig ist.
export-narrowed = Mit Ihrer Rolle sehen Sie nicht alles; das gilt auch für Ihren Export.
export-layout = Format
export-keep = Zuerst in eine Datei schreiben
export-keep-told = Sie finden sie unter „Exporte“, mit ihrer SHA-256-Prüfsumme. Ein abgebrochener Download lässt sich dort fortsetzen.
export-utc = Zeiten sind in UTC angegeben. Ihr Export wird selbst als Eintrag protokolliert.
export-what = Inhalt
export-state = Status
export-bytes = Größe
export-asked-at = Angefordert
export-acts = Aktionen
export-until = bis { $date }
export-queued = Wartet
export-running = Wird erstellt
export-ready = Bereit
export-failed = Fehlgeschlagen
export-cancelled = Abgebrochen
download = Herunterladen

layout-xlsx = Excel-Arbeitsmappe (XLSX)
layout-xlsx-told = Mit echten Datumswerten und einer Kopfzeile zum Filtern; Texte werden nie zu Formeln. Werte, die für eine Zelle zu lang sind, stehen in einem zweiten Blatt.
layout-pdf = PDF
layout-pdf-told = Seiten zum Lesen, Drucken und Aufbewahren: barrierefrei und archivierbar, mit Zahlen und dem neuesten signierten Checkpoint. Nur die neuesten Einträge stehen einzeln darin; der SHA-256 aller Einträge als NDJSON ist abgedruckt.
layout-csv-excel = CSV für Excel
layout-csv-excel-told = Für Tabellenprogramme; kein Wert wird als Formel gedeutet.
layout-csv = CSV, unverändert
layout-csv-told = Für Programme: jeder Wert genau wie aufgezeichnet.
layout-json = JSON
layout-json-told = Eine Liste der Einträge mit allem, was aufgezeichnet wurde.
layout-ndjson = NDJSON
layout-ndjson-told = Ein Eintrag pro Zeile, für große Mengen.
layout-parquet = Parquet
layout-parquet-told = Spaltenformat für DuckDB, Spark und andere Abfrage-Engines.
layout-bundle = Beweispaket, vollständiger Abschnitt
layout-bundle-told = Für Prüfer: Vom ersten bis zum letzten gefundenen Eintrag ist alles nachgewiesen, und nachweislich fehlt nichts. Was die Abfrage nicht gefunden hat, wird zurückgehalten: Nur sein Platz und seine Zeit stehen darin. Jeder kann es ohne den Server prüfen.
layout-bundle-found = Beweispaket, nur das Gefundene
layout-bundle-found-told = Die gefundenen Einträge, jeder mit eigenem Nachweis. Dass es keine weiteren gibt, wird nicht gezeigt.
export-manifest = Begleitblatt
export-manifest-download = Begleitblatt herunterladen (JSON)
export-indexes = Erste und letzte Position im Protokoll
export-times = Erste und letzte Zeit

export-outdated = Seit diese Datei erstellt wurde, hat sich geändert, was Sie sehen dürfen. Sie kann deshalb nicht mehr heruntergeladen werden. Bitte starten Sie den Export erneut.
export-enough = Sie haben bereits { $count } wartende Exporte. Bitte starten Sie diesen, sobald einer davon fertig ist, oder brechen Sie einen ab.
export-enough-of-workspace = In diesem Workspace warten bereits { $count } Exporte. Bitte versuchen Sie es in ein paar Minuten erneut.
export-full = Für weitere Exportdateien ist kein Platz. Bitte entfernen Sie Exporte, die nicht mehr gebraucht werden, oder versuchen Sie es erneut, wenn ältere abgelaufen sind.
export-too-many = { $count } Einträge sind mehr als die { $most }, die eine Excel-Arbeitsmappe hier fasst. Bitte grenzen Sie den Export ein, oder wählen Sie CSV, NDJSON oder Parquet.
export-problem = Die Datei konnte nicht erstellt werden. Bitte versuchen Sie es erneut. Schlägt es wieder fehl, nennen Sie Ihrem Administrator den Zeitpunkt.
export-problem-space = Für eine Datei dieser Größe war kein Platz. Bitte grenzen Sie den Export ein, oder entfernen Sie Exporte, die nicht mehr gebraucht werden.
export-problem-time = Es hat zu lange gedauert. Bitte grenzen Sie den Export ein.

# Taking entries out.

exports-purpose = Your exports, kept for { $days ->
    [one] { $days } day
   *[other] { $days } days
}.
exports-none = No exports yet
exports-none-told = Large exports are prepared here and can be downloaded once they are ready. Start one from the log, with the filters you need.
export-new = New export
export-everything = { $count ->
    [one] { $count } entry
   *[other] { $count } entries
} · { $range }
export-query = { $count ->
    [one] { $count } entry
   *[other] { $count } entries
} · { $range } · query: { $query }
export-size = About { $size }.
export-at-once = It is sent at once.
export-as-job = That is too much to wait for: it is written to a file, which you find under Exports when it is ready.
export-narrowed = Your role does not see everything, and neither does what you export.
export-layout = Layout
export-keep = Write to a file first
export-keep-told = You find it under Exports, with its SHA-256, and a download that broke off goes on where it was.
export-utc = Times are in UTC. That you exported is an entry in the log.
export-what = What
export-state = State
export-bytes = Size
export-asked-at = Asked for
export-acts = Actions
export-until = until { $date }
export-queued = Waiting
export-running = Being written
export-ready = Ready
export-failed = Failed
export-cancelled = Cancelled
download = Download

layout-xlsx = Excel workbook (XLSX)
layout-xlsx-told = Real dates, a first row that filters, and texts that are never formulas. Values too long for a cell stand in a second sheet.
layout-pdf = PDF
layout-pdf-told = Pages to read, print and keep: tagged and archivable, with counts and the newest signed checkpoint. Only the newest entries are listed one by one; the SHA-256 of all of them as NDJSON is printed.
layout-csv-excel = CSV for Excel
layout-csv-excel-told = Opens in spreadsheets; no value is taken for a formula.
layout-csv = CSV, as it is
layout-csv-told = For programs: every value exactly as recorded.
layout-json = JSON
layout-json-told = One list of entries with everything that was recorded.
layout-ndjson = NDJSON
layout-ndjson-told = One entry for each line, for large amounts.
layout-parquet = Parquet
layout-parquet-told = Columns for DuckDB, Spark and other engines.
layout-bundle = Evidence bundle, complete range
layout-bundle-told = For auditors: everything from the first to the last entry found is accounted for, and provably nothing is missing. What the query did not find is withheld: only its place and time are told. Anybody can verify it without the server.
layout-bundle-found = Evidence bundle, only what was found
layout-bundle-found-told = The entries found, each with its own proof. That there are no others is not shown.
export-manifest = Manifest
export-manifest-download = Download the manifest (JSON)
export-indexes = First and last place in the log
export-times = First and last time

export-outdated = What you are allowed to see has changed since this file was written, so it cannot be downloaded any more. Please start the export again.
export-enough = You already have { $count } exports waiting. Please start this one when one of them is done, or cancel one.
export-enough-of-workspace = This workspace already has { $count } exports waiting. Please try again in a few minutes.
export-full = There is no room for more export files. Please remove exports that are no longer needed, or try again once older ones have expired.
export-too-many = { $count } entries are more than the { $most } that an Excel workbook holds here. Please narrow the export down, or choose CSV, NDJSON or Parquet.
export-problem = The file could not be written. Please try again. If it fails again, tell your administrator when it happened.
export-problem-space = There was no room for a file of this size. Please narrow the export down, or remove exports that are no longer needed.
export-problem-time = It took too long. Please narrow the export down.

# Reports: the pages, and what the documents say.

nav-reports = Reports
reports-purpose = What the log has to say about a time, to read, print and hand on.
reports-none = No reports yet
reports-none-told = Choose a template and a time below.
report-new = New report
report-template = Template
report-from = From
report-until = To
report-days-told = Whole days in UTC; both days are in it.
report-language = Language
report-query = Only entries that answer this query
report-query-told = Empty for everything you may see. The time is given above.
report-make = Make report
report-narrowed-told = Your role does not see everything, and neither does the report.
report-making = { $report }: being made, { $percent } % done
report-failed = { $report }: could not be made. Please try again. If it fails again, tell your administrator when it happened.
report-busy = Other reports are being made. Please try again when they are done.
report-wrong-time = The first day must not be after the last, and both must be dates.
report-wrong-query = This query cannot be asked together with “{ $topic }”. Please narrow the report by something else.
report-query-time = Leave the time out of the query; it is given above.
report-made-by = Made by
report-made-at = Made at
report-pdf = Download PDF
report-json = Download JSON
report-kept = Kept until { $date }
report-recorded-as = The checksums of this report are in the log.
report-verify = Verify a report
report-verify-told = Choose the PDF or JSON of a report. Its SHA-256 is looked up among the reports that this log says were made. The file is not kept.
report-verify-file = File
report-verify-found = This is the report “{ $report }”, unchanged, as it was made on { $when }.
report-verify-entry = Entry { $index }
report-verify-unknown = No report with this SHA-256 was made here: the file was changed, or it comes from elsewhere.
report-verify-none = Choose a file first.
report-reviews = Looked at
report-reviews-none = Nobody has signed off yet that they looked at this report.
report-review-by = { $who }, { $when }
report-review-note = Note (optional)
report-review-sign = I have looked at this report
report-review-told = Your sign-off is an entry in the log.
report-access-review = Access review
report-access-review-told = Who joined and left, roles, tokens, and what powerful roles did.
report-privileged-changes = Privileged changes
report-privileged-changes-told = What owners and admins did, and changes of roles, sign-in and settings.
report-data-exports = Data exports
report-data-exports-told = What was taken out, deleted, and who read the log.
report-failed-sign-ins = Failed sign-ins
report-failed-sign-ins-told = Who tried to sign in in vain, and how sign-in is protected.
report-ai-agents = AI agent actions
report-ai-agents-told = What AI agents did, what they were kept from, and how they are set up.
report-incident-timeline = Incident timeline
report-incident-timeline-told = Everything that answers a query, in the order in which it happened.
report-evidence = Evidence for { $standard }
report-evidence-told = Clause by clause, what this log has as evidence.
report-gdpr = the GDPR
report-period = { $from } to { $until }
report-workspace = Workspace
report-time = Time
report-entries = Entries in this time
report-version = Made with
report-narrowed-to = Narrowed to
report-evidence-for = This is evidence for the clauses named, taken from the log. It does not say that they are met; that is for whoever examines it to judge. What a clause is about is said in our words; what it demands must be read in the standard itself.
report-clause = Clause
report-clause-about = What it is about
report-topic = Evidence
report-samples = Examples (index)
report-verdict = Finding
report-recorded = evidence recorded
report-nothing = nothing recorded
report-compared = compared with others, see below
report-controls = Clauses and evidence
report-nothing-told = Nothing of this sort was recorded in this time.
report-counted = { $count ->
    [one] { $count } entry
   *[other] { $count } entries
}
report-newest = { $count ->
    [one] Only the newest entry is listed here.
   *[other] The newest { $count } are listed here.
}
report-timeline = Timeline
report-queries = Queries and counts
report-limits = What this does not prove
report-limit-sources = The log holds what its sources sent. What they never sent is not in it.
report-limit-key = Whoever holds both the data and the signing key could write another log. Checkpoints that are kept elsewhere, such as this page, make that visible.
report-limit-clock = Times at which something happened are those that sources gave; times of receipt are those of the server’s clock.
report-limit-law = A report is no legal advice and no audit opinion.
report-clock-lead = { $count ->
    [one] One entry was received before it happened, going by its source: a source’s clock was ahead of the server’s by up to { $seconds } s.
   *[other] { $count } entries were received before they happened, going by their sources: a source’s clock was ahead of the server’s by up to { $seconds } s.
}
report-clock-no-lead = No entry of this time was received before it happened, going by its source.
report-clock-compared = Witnesses and time-stamping authorities confirmed checkpoints with their own clocks. The difference includes the time that their answer took; below zero, the server’s clock was behind.
report-clock-uncompared = No confirmation of a checkpoint by a witness or a time-stamping authority is known for this time; of each, the newest 20 are remembered.
report-clock-unmeasured = hindcast does not measure whether the server’s clock follows a time source; the operating system does. To have that here as evidence, send each check of it as an entry with the action control.checked and the target control/clock.
report-clock-by = Confirmed by
report-clock-ours = Server’s clock (UTC)
report-clock-theirs = Their clock (UTC)
report-clock-difference = Difference
report-clock-seconds = { $seconds } s
report-days = { $count ->
    [one] Entries over time: most on { $day }, { $count } entry
   *[other] Entries over time: most on { $day }, { $count } entries
}
topic-sign-ins = Sign-ins
topic-failed-sign-ins = Failed sign-ins
topic-teammates = Teammates joining and leaving
topic-roles = Roles, permissions and teams
topic-tokens = Tokens and keys
topic-privileged = Actions of owners and admins
topic-impersonation = Acting as somebody else
topic-sign-in-settings = How people sign in
topic-settings = Settings
topic-exports = Exports and access to personal data
topic-deletions = Deletions and erasures
topic-log-access = Access to the log
topic-integrity = Verification of the log
topic-retention = Retention, holds and masking
topic-server = Starts and stops of the server
topic-gaps = Gaps and failures of logging
topic-recovery = Backup and restore
topic-alerts = Alerts
topic-policies = Rules, policies and approvals
topic-reviews = Reviews
topic-clocks = Clocks
topic-ai-agents = Actions of AI agents
topic-ai-refused = What AI agents were kept from
topic-ai-settings = How AI agents are set up
report-repeat = Repeat
report-repeat-not = Only now
report-repeat-week = Every Monday, over the week before
report-repeat-month = On the first of each month, over the month before
report-repeat-told = A repeated report needs no dates. It appears here when it is made; it is not sent by mail yet.
report-schedules = Repeated
report-schedule-week = every week for { $who }, next on { $next }
report-schedule-month = every month for { $who }, next on { $next }
report-schedule-end = Stop repeating
report-schedules-full = This workspace already repeats { $count } reports. Stop one of them first.

report-mail-to = Mail it to (optional)
report-mail-to-told = Addresses, separated by commas. They get the PDF when it is ready, each time.
report-mail-wrong = Up to 20 addresses are expected, separated by commas.
report-mailing = Is being mailed to { $to }.
report-mailed = Mailed to { $to }.
report-mailed-but = Mailed to { $to }, but not to all: { $problem }
report-mail-again = Not yet mailed to { $to }: { $problem } It is tried again at { $time }.
report-mail-given-up = Could not be mailed to { $to }: { $problem }
report-mail-told = This is a report about the log of the workspace { $workspace }, made for { $who }.
report-mail-large = The PDF is too large for a mail; it can be downloaded from the page of the report.
report-mail-open = Open the report
report-mail-footer = hindcast sends this because { $who } asked for it when they had the report made. They can end it under Reports.

permission-read-alerts = See alerts and rules
permission-manage-alerts = Decide about alerts, and change rules

# Alerts: the inbox, one alert, the rules and their tests.

nav-alerts = Alerts
alerts-purpose = What the rules found worth a person’s time.
alerts-waiting = { $count ->
    [one] { $count } open alert
   *[other] { $count } open alerts
}
alerts-states = States of alerts
alerts-open = Open
alerts-acknowledged = Acknowledged
alerts-resolved = Resolved
alerts-muted = Muted
alerts-all = All
alerts-mine = Mine
alerts-none = No alerts here.
alerts-none-match = No alerts match.
alerts-never = No alerts yet
alerts-never-told = Hindcast comes with a starter set of rules, which look at every entry as it arrives: failed and unusual sign-ins, roles that grow, exports and deletions, tokens and webhooks, bots that run wild. What they find is shown here.
alerts-never-rules = See the rules
alerts-never-send = Send alerts elsewhere
alerts-never-send-told = Every alert is an entry too. A destination of the kind email, slack or teams, or any other, with the query action:alert.raised tells people of it.
alerts-older = Older alerts
alerts-bulk = With the chosen alerts
alerts-none-chosen = Choose at least one alert.
alerts-done-acknowledged = { $count ->
    [one] { $count } alert acknowledged.
   *[other] { $count } alerts acknowledged.
}
alerts-done-assigned = { $count ->
    [one] { $count } alert assigned.
   *[other] { $count } alerts assigned.
}
alerts-done-muted = { $count ->
    [one] { $count } alert muted.
   *[other] { $count } alerts muted.
}
alerts-done-resolved = { $count ->
    [one] { $count } alert resolved.
   *[other] { $count } alerts resolved.
}
alerts-done-reopened = { $count ->
    [one] { $count } alert opened again.
   *[other] { $count } alerts opened again.
}
undo = Undo
filter = Filter

severity-critical = Critical
severity-high = High
severity-medium = Medium
severity-low = Low
severity-informational = Informational
severity-any = Any severity
severity-from = { $severity } and graver

alert-severity = Severity
alert-what = What and why
alert-count = Times
alert-first = First seen
alert-last = Last seen
alert-assignee = Assigned to
alert-nobody = Nobody
alert-rule = Rule
alert-rule-gone = The rule was deleted.
alert-choose = Choose
alert-choose-one = Choose: { $title } { $about }
alert-hidden = (hidden)
alert-storm = more of the same
alert-acknowledge = Acknowledge
alert-assign = Assign
alert-mute-hour = Mute for 1 hour
alert-mute-day = Mute for 1 day
alert-muted-until = muted until { $time }
alert-resolve = Resolve
alert-reopen = Open again
alert-disposition = Decision
alert-note = Note (optional, kept in the log)
alert-expected-assignee = Choose somebody of this workspace who may see alerts.
alert-expected-disposition = Choose how it was decided.
disposition-true-positive = True positive: it was what the rule is after
disposition-benign = Benign: it was, and it was allowed
disposition-false-positive = False positive: the rule was wrong
disposition-past = Found in the past
alert-why = Why
alert-evidence = Evidence
alert-integrity-of = Integrity of entry { $index }
alert-evidence-more = { $count ->
    [one] and { $count } entry before
   *[other] and { $count } entries before
}
alert-evidence-gone = { $count ->
    [one] { $count } entry behind it has expired; that it was there is still proven.
   *[other] { $count } entries behind it have expired; that they were there is still proven.
}
alert-evidence-unseen = { $count ->
    [one] { $count } entry behind it is hidden by your role.
   *[other] { $count } entries behind it are hidden by your role.
}
alert-usual = What is usual
alert-usual-told = All entries of the activities that the rule is about, in the 30 days up to the alert.
alert-history = History
alert-history-none = Nothing is in the log about this alert yet.
alert-act = What to do about it
alert-steps = Next steps
alert-false = When the rule is wrong

alert-rules = Alert rules
alert-rules-purpose = Each entry is judged by them, in the order of the log.
rule-any = Any rule
rules-own = Your own rules
rules-sign-in = A · Sign-in
rules-authentication = B · Authentication and security settings
rules-people = C · Roles and people
rules-data = D · Data exports and deletions
rules-apps = E · Apps, tokens and webhooks
rules-impersonation = F · Impersonation
rules-settings = G · Automation and settings
rules-agents = H · Bots and AI agents
rules-log = I · The log itself
rule-state = State
rule-on = On
rule-off = Off
rule-asleep = Asleep
rule-asleep-for = Empty list: { $lists }
rule-broken = Broken
rule-muted-until = Muted until { $time }
rule-raised = Alerts
rule-precision = Right
rule-precision-of = { $percent } % of { $count }
rule-tune-or-retire = Tune or retire
rule-last = Last alert
rule-switch = On or off
rule-switch-one = { $rule } is on
rule-lists = Lists that rules use
rule-lists-told = One value a line. A rule that needs a list sleeps while it is empty.
list-own-domains-told = Such as @example.com, each with its @: whoever is invited from elsewhere is worth a look.
list-own-hosts-told = Such as hooks.example.com: webhooks to other hosts are worth a look.
list-too-long = At most { $count } values of 256 bytes each.

rule-new = New rule
rule-new-told = A rule is written in Sigma. It is kept switched off: test it on the past, then switch it on.
rule-make = Keep rule
rule-copy = Copy as your own rule
rule-delete = Delete rule
rule-reset = Back to how it came
rule-tunables = What can be tuned
rule-settings = How it alerts
rule-quiet = Quiet time in minutes
rule-quiet-told = When nothing was heard of a thing for so long, it is a new alert when it comes again.
rule-mute = Mute until
rule-mute-told = Alerts are kept, but nobody is told of them.
rule-text = Text
rule-yaml = Sigma YAML
rule-shipped-told = This rule comes with hindcast. To change its text, copy it as your own rule.
rule-warnings = It runs, but:
rule-expected-quiet = Expected a whole number of minutes from 1 to { $max }.
rule-expected-time = Expected a date with a time.
rule-twice = Another rule has the id { $id }. Give this one an id of its own.
rule-id-stays = The id of a rule stays: its alerts are kept under it. Copy the rule to give it another one.
rule-too-many = There are as many rules as there may be. Delete one first.
rule-conflict = Somebody changed this rule meanwhile. Copy your text, load the page again, and change it there.
tunable-between = { $default } unless it is changed; from { $min } to { $max }
tunable-default = { $default } unless it is changed
tunable-expected-number = Expected a number.

flaw-at = Line { $line }, column { $column }: { $told }
flaw-yaml = This is not YAML: { $told }
flaw-sigma = This is not Sigma: { $told }
flaw-unsupported = { $feature } is not supported.
flaw-unsupported-hint = { $feature } is not supported; { $hint }.
flaw-field = No entry has the field { $field }.
flaw-field-meant = No entry has the field { $field }. Did you mean { $meant }?
flaw-action = The action { $action } is not one that hindcast knows.
flaw-action-meant = The action { $action } is not one that hindcast knows. Did you mean { $meant }?
flaw-rule = { $name } is not a rule of this text.
flaw-missing = { $attribute } is missing: { $expected }
flaw-invalid = { $attribute }: expected { $expected }
flaw-too-much = { $what }: at most { $max }, there are { $found }
flaw-weakened = { $told }

test-past = Test on the past
test-told = Tests what stands in the form, saved or not. Nothing is raised.
test-days = How far back
test-last-days = Last { $days } days
test-begin = Test
rule-compare = Compare on the past
rule-compare-told = Which alerts there would have been more and which fewer with what stands in the form. Nothing is saved.
test-look-again = See how far it is
test-running = { $percent } % · { $judged } of { $size } entries judged
test-would = { $alerts ->
    [one] It would have raised { $alerts } alert
   *[other] It would have raised { $alerts } alerts
} in { $days } days.
test-cancelled = The test was cancelled.
test-failed = The test broke off: { $told }
test-gone = This test is not there any more: another one was begun, or the server was started again.
test-by-day = Alerts by day (UTC)
test-day = Day
test-bar = { $day }: { $count ->
    [one] { $count } alert
   *[other] { $count } alerts
}
test-more = { $count ->
    [one] and { $count } more
   *[other] and { $count } more
}

tile-alerts = Open alerts
tile-alerts-told = whatever the time above
view-alert = Tell me of new ones
destination-for-query = The new destination will get what this query finds:

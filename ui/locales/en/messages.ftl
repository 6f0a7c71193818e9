# Messages to people: alerts and entries as mail, in Slack and in Teams.

why-entry = One entry was enough: { $activity }.
why-entries = The rule counted { $value } matching entries within { $time }.
why-distinct = The rule counted { $value } different values of { $field } within { $time }.
why-sum = The sum of { $field } within { $time } was { $value }.
why-average = The average of { $field } within { $time } was { $value }.
why-percentile = The percentile of { $field } within { $time } was { $value }.
why-median = The median of { $field } within { $time } was { $value }.
why-threshold = The threshold is { $threshold }.
why-values = Among them: { $values }.
why-share = That is { $share } % of all.
why-sequence = These came together within { $time }: { $parts }.
why-silence = Nothing came for { $time }. At this time of the week, { $usual } without an entry is usual.

message-footer = hindcast sends this because a destination of the workspace { $workspace } asks for it. Owners and security admins decide that under Settings, Destinations.
message-more = and { $count } more
message-open-entry = Open the entry
message-open-alert = Open the alert
message-open-log = Open the activity log
message-when = When
message-who = Who
message-where = From where
message-outcome = Outcome
message-test = A test from hindcast
message-test-told = Somebody sees whether messages arrive here. Nothing happened, and this is in no log.
message-severity = Severity
message-critical = Critical
message-high = High
message-medium = Medium
message-low = Low
message-informational = Informational
message-about = About
message-first-seen = First seen
message-last-seen = Last seen
message-response = What to do
message-evidence = Evidence
message-alerts = { $count ->
    [one] { $count } alert
   *[other] { $count } alerts
} in { $workspace }
message-entries = { $count ->
    [one] { $count } entry
   *[other] { $count } entries
} in { $workspace }
message-between = From { $from } to { $until }.
message-others = Other activities
message-first = The first of them

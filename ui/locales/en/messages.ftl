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

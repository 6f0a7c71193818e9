# The log, its rows, its filters, and one entry.

log = Activity log
log-purpose = Who did what, when, from where, and whether it worked.
log-search = Search the log
log-query = Query
log-query-example = actor:"Ana" action:macro.* -outcome:success "refund policy"
log-count = { $count ->
    [one] { $count } entry
   *[other] { $count } entries
}
log-count-range = { $count ->
    [one] { $count } entry
   *[other] { $count } entries
} · { $range }
entries = Entries
number = { $n }
search = Search
suggestions = Suggestions
export = Export
filters = Filters
loading = Loading…
show-everything = Show chart and filters
as-table = View as table
columns = Columns
columns-show = Show
query-meant = Did you mean:

range = Time range
range-15m = Last 15 minutes
range-1h = Last hour
range-24h = Last 24 hours
range-7d = Last 7 days
range-30d = Last 30 days
range-90d = Last 90 days
range-month = This month
range-last-month = Last calendar month
range-all = All time
range-custom = Custom range
range-from = From
range-to = To
range-apply = Show this range

views = Saved views
view-sign-in-failures = Sign-in failures
view-permissions = Permission changes
view-exports = Exports and data access
view-settings = Settings changes
view-tokens = Tokens
view-mine = My activity
view-save = Save view
view-name = Name of the view
view-shared = Who finds it
view-shared-own = Only me
view-shared-listed = Everybody, each with what they may see
view-shared-opened = Everybody, and viewers may see these entries
view-first = The log opens with it
first-view = The log opens with
view-remove = Remove the view { $name }

chip = { $key }: { $value }
chip-not = not { $key }: { $value }
chip-text = “{ $text }”
chip-text-not = not “{ $text }”
chip-remove = Remove the filter { $chip }
chips-clear = Clear all

tail = Live tail
tail-new-pattern = {"{n}"} new entries
tail-new-one-pattern = {"{n}"} new entry
tail-gap-pattern = {"{n}"} entries were skipped. Reload to see them.
tail-gap-one-pattern = {"{n}"} entry was skipped. Reload to see it.
tail-rate-pattern = {"{n}"} per minute
tail-paused = Paused – connection lost
tail-stopped = Stopped
tail-continue = Resume

histogram-finding = Busiest: { $when }, { $count ->
    [one] { $count } entry
   *[other] { $count } entries
}
histogram-empty = Nothing in this range
histogram-bar = { $when }: { $count ->
    [one] { $count } entry
   *[other] { $count } entries
}

outcome-success = Success
outcome-failure = Failed
outcome-denied = Denied
outcome-unknown = Unknown

column-outcome = Outcome
column-time = Time
column-who = Teammate
column-activity = Activity
column-target = Target
column-ip = IP address
column-location = Location
column-source = Source

facet-category = Category
facet-action = Activity
facet-actor = Teammate
facet-role = Role
facet-actor-type = Kind of actor
facet-outcome = Outcome
facet-source = Source
facet-country = Country
facet-target = Target type
facet-ip = IP address
facet-more = { $n } more…

category-authentication = Authentication
category-conversations = Conversations
category-settings = Settings
category-agents-roles = Agents & roles
category-labels-topics = Labels & topics
category-automation-macros = Automation & macros
category-ai-agents = AI agents
category-content = Content
category-data-exports = Data & exports
category-billing = Billing
category-integrations = Integrations
category-system = System
category-other = Other

actor-user = Person
actor-agent = AI agent
actor-automation = Automation
actor-api-key = API key
actor-app = App
actor-system = System
actor-anonymous = Not signed in

source-ui = Browser
source-api = API
source-cli = Command line
source-import = Import

table-caption = Entries, newest first
row-menu = Filter by this row
filter-for = Only { $value }
filter-out = Without { $value }
filter-similar = Entries of the same activity
grouped = ×{ $n }
group-on = Group repeats
group-off = Show every entry
on-behalf-of = for { $name }
forged = looks forged
forged-told = This name mixes scripts so that it may look like another.
received-later = received { $duration } later
all-late = These entries were received long after they happened, such as by an import. Open one to see both times.
older = Older entries
older-more = Load 50 more
back-to-newest = Back to the newest

empty-never = Nothing has happened yet
empty-never-told = As soon as events come in, they are here: who did what, when, from where, with what it changed. Make a token and send the first one:
empty-never-act = Make a token
empty-filtered = No entries match
empty-nearest = The nearest match is on { $when }.
empty-show-all = Show all time
empty-widen = Widen to 30 days
empty-nowhere = There is no match at any time.

tab-summary = Summary
tab-changes = Changes ({ $n })
tab-context = Context
tab-integrity = Integrity
tab-raw = Raw
entry-parts = Parts of the entry
entry-newer = Newer
entry-older = Older
entry-erased = { $count ->
    [one] { $count } field of this entry was erased. What is left still verifies.
   *[other] { $count } fields of this entry were erased. What is left still verifies.
}
entry-erased-notices = Notices of erasures

fact-who = Who
fact-on-behalf-of = On behalf of
fact-activity = Activity
fact-category = Category
fact-outcome-reason = Reason of the outcome
fact-targets = Target
fact-reason = Reason given
fact-description = Description
fact-occurred = Happened
fact-received = Received
fact-source = Source
fact-ip = IP address
fact-location = Location
fact-session = Session
fact-request = Request
fact-user-agent = User agent
fact-policy = Policy
fact-metadata = Metadata
fact-id = ID

changes-none = This entry records no before and after.
changes-caption = What changed
change-field = Field
change-before = Before
change-after = After
change-added = ＋ added
change-removed = － removed
change-changed = ～ changed
change-masked = •••• (a secret, not kept)
copy-patch = Copy as JSON Patch

around-actor = By the same actor
around-target = On the same target
around-session = In the same session

check-leaf = The stored entry has the hash that was recorded when it was written.
check-leaf-bad = The stored entry does not have the hash that was recorded: it was altered.
check-signature = The newest checkpoint is signed with the key of this log.
check-signature-bad = The newest checkpoint is not signed with the key of this log.
check-path = { $steps ->
    [one] { $steps } hash leads
   *[other] { $steps } hashes lead
} from the entry to the signed root over { $size } entries.
check-path-bad = The hashes do not lead from the entry to the signed root.
check-unsigned = No checkpoint covers this entry yet. That takes a moment; try again.
check-good = Intact: this entry is part of the signed log, as it was written.
check-bad = Not proven. Look at the steps below.
verify-now = Verify now
proof-json = Proof (JSON)
proof-file = Proof file
proof-index = Place in the log
proof-leaf = Leaf hash
proof-size = Size of the tree
proof-root = Root
proof-path = Path
proof-path-none = No hashes
proof-path-count = { $n ->
    [one] { $n } hash
   *[other] { $n } hashes
}
proof-note = Signed checkpoint
proof-offline = Verify it yourself, without this server
proof-offline-told = If this server were compromised, so could be what this page says. Download the proof file and check it on another machine, with a key that you keep there:

values-find = Find a value
values-none = No value matches.
panel-wide = Make the panel wider
panel-narrow = Make the panel narrower
mistake-key = There is no such search key.
mistake-value = The key { $key } does not take this value. It is one of { $values }.
mistake-time = The key { $key } does not take this. It takes a day or a time such as 2026-11-21 or 2026-11-21T19:40:00Z, today, yesterday, -7d or -24h, one of those after >=, >, < or <=, or A..B from the earlier to the later.
mistake-network = This is no address and no network, such as 203.0.113.9, 203.0.113.0/24 or 2001:db8::/32.
mistake-country = This is no country. Write its two letters, such as JP.
mistake-path = This is no path to a changed field. Write /conditions/0/value or conditions.0.value.
mistake-empty = The key { $key } has no value. Write it right after the colon.
mistake-word = There is no word to search for here.
mistake-quote = A quotation mark is missing or in the wrong place. Put quotation marks around the whole value.
mistake-star = The key { $key } takes whole values, without *.
mistake-star-place = A * can only stand at the end.
mistake-star-word = Text is found by whole words, without *.
mistake-id = This looks like an id, and ids are not found as text. Use id: or request:.
mistake-long = The search is too long. It may have { $count } characters.
mistake-terms = The search has too many conditions. It may have { $count }.

# Dashboards: the log in numbers.

board-overview = Overview
board-access = Access
board-changes = Changes
board-people = Teammates
open-in-log = Open in the log
latest = Latest

tile-entries = Entries
tile-people = Active teammates
tile-people-told = with at least one entry
tile-failures = Failed or denied
tile-exports = Exports and data access
tile-signed = Entries signed
tile-signed-told = by the newest checkpoint
tile-sign-ins = Sign-ins
tile-failed-sign-ins = Failed sign-ins
tile-denied = Denied
tile-permissions = Permission changes
tile-settings = Settings changes
tile-automation = Changes to automation
tile-agents = By AI agents

change-same = as many as in the previous period
change-from-nothing = none in the previous period
change-more = { $percent } % more than in the previous period
change-less = { $percent } % fewer than in the previous period

list-empty = Nothing in this range
list-finding = Most: { $value } ({ $count })
latest-failed-sign-ins = Latest failed sign-ins
latest-permissions = Latest permission changes

heat = When in the week
heat-empty = Nothing in this range
heat-cell = { $day }, { $hour }: { $count ->
    [one] { $count } entry
   *[other] { $count } entries
}
heat-cut = Only the newest weeks of the range are counted here.
monday = Monday
tuesday = Tuesday
wednesday = Wednesday
thursday = Thursday
friday = Friday
saturday = Saturday
sunday = Sunday

person-told = Entries in this range: { $count }. Latest entry overall: { $when }.
refresh = Refresh every minute
chart-svg = Download SVG
chart-csv = Download CSV
chart-begins = From (UTC)
chart-ends = Until (UTC)
chart-day = Day
chart-hour = Hour

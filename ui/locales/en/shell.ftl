# What every page says.

-brand = Hindcast
product = { -brand }

skip-to-content = Skip to content
nav = Main
menu = Menu
nav-log = Log
nav-dashboards = Dashboards
nav-integrity = Integrity
nav-exports = Exports
nav-settings = Settings
nav-help = Help

workspace-switch = Switch workspace
workspace-instance = This server
search-everything = Search everything
language = Language
language-is = Language: { $code } ({ $name })
theme = Theme
theme-system = As the system
theme-light = Light
theme-dark = Dark
account-of = Account of { $name }
my-preferences = My preferences
my-activity = My activity
sign-out = Sign out
close = Close
copy = Copy
copied = Copied
later = Later
go-on = Continue
or = or
with-aside = { $told } ({ $aside })
save = Save
cancel = Cancel
remove = Remove
add = Add
yes = Yes
no = No
unknown = Unknown
erased-person = Erased person

offline = Connection lost – retrying.
signed-out = You are no longer signed in. Anything you typed is still on this page.

chain-signed = Entries signed: { $entries }
chain-empty = Nothing signed yet
chain-broken = Not intact
notice-diverged = The history of this server is not the one that was witnessed. Nothing is signed until an operator acts.
notice-quarantined = What is stored of this log is not what was signed. Viewing goes on; nothing is appended until it is repaired.
notice-quarantined-more = Show what was found

narrowed-teams = You see what concerns your teams and yourself.
narrowed-own = You see your own activity and what is opened to viewers.
narrowed-hidden = Your role hides: { $fields }.

role-owner = Owner
role-security-admin = Security admin
role-support-ops-manager = Support-ops manager
role-auditor = Auditor
role-viewer = Viewer

field-address = IP addresses and places
field-user-agent = user agents
field-session = sessions and requests
field-email = email addresses
field-values = values of changes
field-metadata = metadata
field-text = reasons and descriptions

time-ahead = in the future
time-now = just now
time-minutes = { $n ->
    [one] { $n } minute ago
   *[other] { $n } minutes ago
}
time-hours = { $n ->
    [one] { $n } hour ago
   *[other] { $n } hours ago
}
time-days = { $n ->
    [one] { $n } day ago
   *[other] { $n } days ago
}
time-months = { $n ->
    [one] { $n } month ago
   *[other] { $n } months ago
}
time-years = { $n ->
    [one] { $n } year ago
   *[other] { $n } years ago
}
lasting-seconds = { $n ->
    [one] { $n } second
   *[other] { $n } seconds
}
lasting-minutes = { $n ->
    [one] { $n } minute
   *[other] { $n } minutes
}
lasting-hours = { $n ->
    [one] { $n } hour
   *[other] { $n } hours
}
lasting-days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}

shortcuts = Keyboard shortcuts
shortcuts-off = You can switch them off in your preferences.
key-search = Search
key-help = Show this help
key-next = Next and previous entry
key-open = Open the entry
key-close = Close what is open
key-menu = Filter by what is in the row
key-tail = Live tail on or off
key-facets = Go to the filters
key-export = Export
key-newest = Back to the newest
key-change = Next and previous change

form-errors = Please check these fields:
expected-name = A name of 1 to 120 characters is expected.
expected-text = Between 1 and { $max } characters are expected.
expected-email = An email address is expected, such as ana@example.com.
expected-zone = A time zone is expected, such as Europe/Berlin.

refused-sign-in = Please sign in
refused-sign-in-told = Your session has ended, or you have not signed in yet. Nothing is lost.
refused-no-workspace = You are in no workspace
refused-no-workspace-told = Somebody removed you from the last one. An owner or a security admin can invite you again.
refused-forbidden = Your role does not allow this
refused-forbidden-told = The permission { $permission } is needed. An owner or a security admin of the workspace can give you a role that has it.
refused-not-found = There is nothing here
refused-not-found-told = The page does not exist, or not for you.
refused-other-site = This request came from another site
refused-other-site-told = To be safe, nothing was done. Please go back to the page and try again.
refused-ours = Something went wrong here
refused-ours-told = It is our fault, not yours. What was in the log is safe, and what you wanted was not done. Please try again; if it happens again, tell your administrator the number below.
refused-yours = This could not be done
refused-back = Back
refused-again = Try again
refused-request = Request number: { $id }
refused-busy = Too much was asked for at once. Please wait a few seconds and try again.

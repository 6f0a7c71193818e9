# How long entries are kept, legal holds and erasure.

settings-retention = Retention
settings-erasure = Erasure
permission-settings-retention = Decide how long entries are kept, and place legal holds
permission-erase = Ask for erasures and agree to those of others

retention-days = Days that entries are kept
retention-days-told = Counted from when an entry was received. Leave it empty to keep entries for ever.
retention-categories = Longer or shorter for some categories
retention-category-days = Days
retention-for-ever = For ever
retention-categories-told = Leave a row empty to treat the category like everything else.
retention-archive = Days until entries move to the archive
retention-archive-told = Archived entries are searched only when archive:yes is asked for, but are kept and verified like all others.
retention-locked = Locked days
retention-locked-told = Nothing goes before this many days, and nothing younger can be erased. The lock can be lengthened, never shortened or taken back.
retention-locked-limit = The lock does not stop somebody who can change files on the server. It does make such a change provable.
retention-waits = This takes effect on { $when }, because entries go sooner than before.
retention-full = Letting go waits for space on the disk: what stays has to be written anew. Nothing is lost, and it is tried again until there is room.
retention-failing = Entries could not be let go yet. It is tried again; the server’s own log says why.
retention-apply = Apply now
retention-applied = Entries that were kept long enough are being let go now.
retention-now = What goes now
retention-now-none = Nothing goes at the moment.
retention-now-some = { $count ->
    [one] { $count } entry goes
   *[other] { $count } entries go
} the next time the policy is applied, about once an hour.
retention-now-held = { $count ->
    [one] { $count } more would go, but a legal hold keeps it.
   *[other] { $count } more would go, but a legal hold keeps them.
}
retention-went = What went before
retention-proof = Expired entries keep their place in the signed tree. A notice in the log says which went, and proves that nothing younger did.
expected-retention-days = A number of days from 1 to { $max } is expected, or nothing.
expected-retention-locked = At least { $days } days are expected, because that is locked.
expected-retention-archive = Fewer days than entries are kept are expected.

holds = Legal holds
holds-none = No legal hold is in place.
holds-told = Entries under a legal hold neither expire nor are erased, also those that come later.
hold-new = Place a legal hold
hold-name = Name
hold-name-told = Such as the number of a case.
hold-query = Which entries
hold-query-told = A search, such as actor:ana@example.com. Leave it empty to keep everything.
hold-reason = Reason
hold-place = Place the hold
hold-placed = Placed
hold-released = Released
hold-release = Release
hold-release-of = Release the hold { $name }
expected-hold-query = A search that can be understood is expected.

erasure-told = Values go, their hashes stay: what is left of the log still verifies. A notice says which entries lost something, and a signed certificate that it was done.
erasure-new = Ask for an erasure
erasure-person = A person
erasure-ids = Their ids
erasure-ids-told = One in each line. Each is looked for as a whole.
erasure-texts = Their email addresses and names
erasure-texts-told = One in each line. They are looked for in every field, in upper or lower case.
erasure-fields = Or some fields of the entries that a search finds
erasure-query = Search
erasure-sections = Fields
erasure-sections-told = Names of sections, such as context or meta:phone, one in each line.
erasure-basis = Why
erasure-basis-request = The person asked for it (GDPR Art. 17)
erasure-basis-secret = A secret was logged by mistake
erasure-basis-other = Another reason
erasure-reference = Reference
erasure-reference-told = Where the request is kept, such as the number of a ticket. It stays in the log, so do not name the person.
erasure-ask = Ask for it
erasure-never = What was erased cannot be brought back by anyone.
erasure-limits = Copies outside of this server are not reached: files that were downloaded, and backups until they are replaced. When a backup is restored, everything is erased again before anybody can see it.
erasure-second = An erasure needs a second person
erasure-second-told = Then nobody can agree to what they asked for themselves.
erasures = Erasures
erasures-none = Nothing was ever asked to be erased.
erasure-state-requested = Waits for a second person
erasure-state-approved = Being carried out
erasure-state-full = Waits for space on the disk
erasure-state-failing = Could not be carried out yet; it is tried again
erasure-state-rejected = Rejected
erasure-state-blocked = Kept by a legal hold or the lock
erasure-state-done = Erased
erasure-counting = Being counted …
erasure-counted = { $entries ->
    [one] { $entries } entry
   *[other] { $entries } entries
}, { $sections ->
    [one] { $sections } field
   *[other] { $sections } fields
}
erasure-blocked = { $count ->
    [one] { $count } of them is kept
   *[other] { $count } of them are kept
}
erasure-what-person = Everything that names: { $what }
erasure-what-fields = { $fields } of: { $query }
erasure-by = Asked for by
erasure-decided = Decided by
erasure-agree = Erase
erasure-agree-to = Erase: { $id }
erasure-reject = Reject
erasure-reject-of = Reject: { $id }
erasure-own = Somebody else has to agree.
erasure-certificate = Certificate
erasure-notice = Notice
expected-erasure = An id, an email address or a name of at least three characters is expected, or a search with fields.
expected-sections = Fields that an entry can do without are expected, not { $name }.
erasure-not-decided = It was decided already, or you asked for it yourself.

# Documents on paper.

paper-log = Log of { $workspace }
paper-query = Query
paper-everything = everything
paper-made = Made
paper-reader = Made for
paper-hash = SHA-256 of all entries as NDJSON
paper-cut = The newest { $shown } of { $count } entries are listed here one by one. All of them are in the NDJSON export of the same query, whose SHA-256 is given above.
paper-narrowed = Whoever had this made does not see everything in this log, and neither does this document.
paper-checkpoint = Signed checkpoint
paper-anchor = Root and size were signed by the server. Whoever keeps this page can later prove with it that nothing up to this size was changed or removed.
paper-summary = Most frequent
paper-time = Time (UTC)
paper-index = Index
paper-page = Page { $page } of { $pages }
paper-proof-none = This log has no signed checkpoint yet.
paper-proof-log = Log
paper-proof-size = Entries covered
paper-proof-root = Root
paper-proof-key = Key ID
paper-proof-verified = Last verified in full
paper-proof-never = not yet
paper-proof-broken = What was last read of this log is not what was signed. Whatever stands here must be checked against a backup.

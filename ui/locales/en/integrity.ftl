# The integrity page.

integrity-purpose = Whether everything is still there, as it was written.
integrity-quarantined = What is stored of this log is not what was signed. It is read-only until it is repaired.
integrity-log = The log
integrity-origin = Name
integrity-size = Entries
integrity-signed = Entries signed
integrity-key = Verifier key
integrity-key-id = Key ID
integrity-key-told = Keep the key somewhere else: whoever checks the log with a key from this page trusts this page.
integrity-more = How this works, and what it cannot do
integrity-offline = Verify without this server
integrity-offline-told = The first two lines check an evidence bundle or the proof of one entry, with our program or with a short one in Python; the third checks a whole data folder. None needs anything of this server, and each exits with a code that says what it found.
integrity-checkpoints = Signed checkpoints
integrity-signature = Signature
signature-good = Valid
signature-bad = Not valid

verify-all = Verify everything
verify-all-told = Reads every entry from the first to the last, hashes it again, and compares the outcome with every signed checkpoint.
verify-all-begin = Verify everything now
verify-running = { $percent } % · { $read } of { $size } entries
verify-intact = Intact: { $count ->
    [one] { $count } entry was read and is
   *[other] { $count } entries were read and are
} what was signed.
verify-damaged = Not intact. This was found:
verify-unfinished = This could not be finished. Nothing is known to be wrong; try again.
verify-last = Last read and found intact: { $when }.
percent-pattern = {"{n}"} %
verify-damaged-masked = Not intact. What was found is shown to those who may see the system settings, and is in the server’s own log.
verify-elsewhere = The server is verifying another workspace at the moment. Please try again in a few minutes.
verify-lately = Everything was read a short while ago. You can verify again in { $seconds } s.

integrity-diverged = Somebody outside holds a checkpoint that this installation signed and that its log contradicts: an older copy of the data was put back, or two installations write with one key. Nothing is signed until an operator acts.
integrity-anchors = Witnesses and anchors
integrity-anchors-told = They learn the newest checkpoint of this installation. What it covers cannot be rewritten unnoticed, not even by whoever holds this machine and its key.
integrity-anchors-none = Nobody outside of this machine learns its checkpoints: whoever holds the machine and its key could rewrite the past unnoticed. The operator can name witnesses and anchors in the settings of the server.
integrity-anchors-overdue = No checkpoint has left this machine for longer than the operator allows.
integrity-anchored = Last anchored
integrity-anchored-via = { $when } via { $name }
integrity-anchored-never = Never
integrity-fingerprint = Fingerprint of that checkpoint
integrity-unanchored = Not anchored yet
integrity-unanchored-none = No entries
integrity-unanchored-count = { $count ->
    [one] { $count } entry
   *[other] { $count } entries
}, the oldest from { $when }
anchor-name = Name
anchor-kind = Kind
anchor-last = Last told
anchor-state = State
anchor-witness = Witness
anchor-file = File
anchor-syslog = Syslog
anchor-webhook = Webhook
anchor-tsa = Time-stamping authority
anchor-works = Works
anchor-fails = Fails
anchor-waits = Not told yet
evidence = Verify a file
evidence-told = Drop an evidence bundle (.auditbundle) or the proof of an entry (.tlog-proof) here to learn whether it is what was signed. The file is read as it arrives and is not kept; that it was verified is an entry in the log.
evidence-file = File
evidence-limit = At most { $most } MB.
evidence-check = Verify
evidence-missing = Please choose a file.
evidence-too-large = The file did not arrive as a whole, or it is larger than { $most } MB. `hindcast verify` takes files of any size.
evidence-verdict = Verdict
evidence-checked = What was checked
evidence-again = Verify another file
evidence-verified = The file is what was signed, under the key of this log.
evidence-unpinned = The file is what was signed, but under a key that came with it: it is not of this log. Compare that key with one you have from elsewhere.
evidence-gap = What is there is what was signed, but something is missing that no notice explains.
evidence-diverged = The log has signed two heads that cannot both be true.
evidence-invalid = The file is not what was signed.
evidence-unreadable = Nothing can be said about this file.
evidence-received = Received
evidence-what = What it has
evidence-range = every entry from { $first } to { $last }
evidence-filtered = what a query found; that these are all is not shown
evidence-counted = { $open } open, { $withheld } withheld, { $gone } gone
evidence-query = Query
evidence-closed = Hidden fields
evidence-own-key = the one of this log
evidence-its-key = the one that came with the file
evidence-gaps = Unexplained gaps
evidence-not-shown = Not shown: that everything that happened was logged, and what the query of the bundle would find. Signatures of witnesses, and a checkpoint you kept, are compared by `hindcast verify`.

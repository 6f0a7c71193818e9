//! The `README.txt` of a bundle: what it is, and how to verify it, for somebody who has never heard of us.

use super::{About, Mode};

/// The text.
pub(super) fn readme(about: &About, key: &str) -> String {
    let About { origin, size, from, until, count, withheld, gone, query, made_at, closed, .. } = about;
    let query = if query.is_empty() { "everything" } else { query };
    let what = match about.mode {
        Mode::Range => format!(
            "It is a complete range: every entry from {from} up to, not including, {until} is accounted for.\n\
             {count} are open. {withheld} are withheld, because the query below did not find them: only their place, kind and\n\
             time are told. {gone} are gone, erased or expired; a notice in notices.jsonl must say so."
        ),
        Mode::Filtered => format!(
            "It has the {count} entries that the query below found, each with its own proof. That there are no others is not\n\
             shown: a complete range would show that."
        ),
    };
    let closed = match closed.as_slice() {
        [] => "Nothing was hidden from whoever took it.".to_owned(),
        fields => format!(
            "Hidden from whoever took it: {}. What may hold that is closed in every entry: only its hash is here.",
            fields.join(", ")
        ),
    };
    format!(
        "EVIDENCE FROM AN AUDIT LOG\n\
         ==========================\n\n\
         This file was taken from the log {origin} on {made_at}, when {size} entries of it were signed.\n\
         The query was: {query}\n\n\
         {what}\n{closed}\n\n\
         HOW TO VERIFY IT\n\n\
         You need no server and no network, and two independent programs can do it:\n\n\
         \x20   hindcast verify THIS.auditbundle --vkey 'KEY'\n\
         \x20   python3 verify.py THIS.auditbundle --vkey 'KEY'\n\n\
         KEY is the verifier key of the log. Ask the people who run the log for it, on another way than this file came:\n\
         by telephone, from a contract, from an earlier audit. This bundle says it is\n\n\
         \x20   {key}\n\n\
         verify.py is in this file too (tar xf THIS.auditbundle verify.py). If you do not trust whoever gave you the\n\
         bundle, take it from elsewhere; it is one file of plain Python, meant to be read.\n\n\
         WHAT THE VERDICT MEANS\n\n\
         VERIFIED    it is what was signed, under the key you gave\n\
         UNPINNED    it is what was signed, under the key that came with it: compare that key\n\
         GAP         something is missing that no notice explains\n\
         DIVERGED    the log has signed two things that cannot both be true\n\
         INVALID     it is not what was signed\n\
         UNREADABLE  nothing can be said\n\n\
         WHAT IT DOES NOT SHOW\n\n\
         That everything that happened was logged. That whoever has the signing key did not write another history before\n\
         somebody else kept a checkpoint: compare with one you kept (--saved), and look for witnesses (--witness).\n"
    )
}

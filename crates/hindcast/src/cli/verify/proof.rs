//! One entry and its proof: hashes what the opening shows, up to a root that the log has signed.

use anyhow::{Context as _, bail};
use hindcast_event::{Entry, Event, Kind, Salts, Timestamp, push_section};
use hindcast_ledger::{Commitment, Disclosure, Hash, Opening, TlogProof, VerifierKey};
use serde::Deserialize;

use super::Verdict;
use crate::hex::unhex;

/// What a proof file proves.
pub(super) struct Proven {
    origin: String,
    index: u64,
    size: u64,
    witnesses: (usize, usize),
    erased: usize,
    /// The entry as JSON, if nothing of it was erased.
    pub entry: Option<String>,
    received_at: Timestamp,
}

/// What an opening shows; see `docs/formats/entry.md`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    version: u8,
    kind: u8,
    received_at_us: u64,
    sections: Vec<Section>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    name: Option<String>,
    value: Option<String>,
    salt: Option<String>,
    digest: Option<String>,
}

/// Checks a proof file from its first line to its last.
pub(super) fn check(text: &str, key: &VerifierKey, witnesses: &[VerifierKey]) -> anyhow::Result<Proven> {
    let proof: TlogProof = text.parse()?;
    let extra = proof.extra().context("the file does not carry the entry, only its proof")?;
    let shown: Shown = serde_json::from_slice(extra).context("the entry in the file cannot be read")?;
    if shown.version != hindcast_ledger::commitment::VERSION {
        bail!("the entry has version {}, which a newer hindcast knows", shown.version);
    }
    let opening = Opening::new(shown.sections.into_iter().map(disclosure).collect::<anyhow::Result<_>>()?)?;
    let commitment = Commitment::new(shown.kind, shown.received_at_us, opening.body()?);
    let published = proof.verify(&commitment.leaf(), key, witnesses)?;
    let received_at = i64::try_from(shown.received_at_us).map(Timestamp::from_micros)?;
    let erased =
        opening.disclosures().iter().filter(|section| matches!(section, Disclosure::Erased { .. })).count();
    Ok(Proven {
        origin: published.checkpoint.origin().to_owned(),
        index: proof.index(),
        size: published.checkpoint.size(),
        witnesses: (published.seen_by.len(), witnesses.len()),
        erased,
        entry: if erased == 0 {
            Some(entry(&opening, proof.index(), shown.kind, received_at)?)
        } else {
            None
        },
        received_at,
    })
}

impl Proven {
    /// A value that is gone may have been erased rightly; only its notice, elsewhere in the log, can say so.
    pub fn verdict(&self) -> Verdict {
        if self.erased == 0 { Verdict::Verified } else { Verdict::Gap }
    }

    /// What is known now.
    pub fn says(&self) -> String {
        let Self { origin, index, size, received_at, erased, witnesses: (seen, asked), .. } = self;
        let mut says = format!(
            "entry {index} of {origin}, received {received_at}, is in the signed log of {size} entries"
        );
        if *asked > 0 {
            says.push_str(&format!("; {seen} of {asked} witnesses saw it"));
        }
        if *erased > 0 {
            says.push_str(&format!("; {erased} of its values are gone, look for the notice"));
        }
        says
    }
}

fn disclosure(section: Section) -> anyhow::Result<Disclosure> {
    match section {
        Section { name: Some(name), value: Some(value), salt: Some(salt), digest: None } => {
            Ok(Disclosure::Open { salt: unhex(&salt)?, name, value })
        }
        Section { name, value: None, salt: None, digest: Some(digest) } => {
            Ok(Disclosure::Erased { digest: Hash::from_bytes(unhex(&digest)?), name })
        }
        _ => bail!("a section of the entry is neither open nor erased"),
    }
}

fn entry(opening: &Opening, index: u64, kind: u8, received_at: Timestamp) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    for (name, value) in opening.sections() {
        push_section("", name, value, &mut bytes);
    }
    let event = Event::from_bytes(&bytes)?;
    let kind = Kind::from_byte(kind).with_context(|| format!("the kind {kind} is unknown"))?;
    let mut json = Vec::new();
    Entry { index, received_at, kind, salts: Salts::Key([0; 16]), event }.write_json(&mut json)?;
    Ok(String::from_utf8(json)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_event::{Arrival, Draft};
    use hindcast_ledger::{Checkpoint, Signer, leaf_hash, node_hash};
    use serde_json::{Value, json};

    fn signer() -> Signer {
        Signer::new("audit.example.com/w/acme/0", &[0x42; 32]).expect("a key")
    }

    /// A file that proves an entry to be the second of two, after `change` was made to its opening.
    fn file(change: impl FnOnce(&mut Value)) -> String {
        let draft = r#"{"action":"macro.updated","actor":{"type":"user","id":"u_1"},"metadata":{"a":"b"}}"#;
        let mut bytes = Vec::new();
        let arrival = Arrival { now: Timestamp::from_micros(7), random: [1; 10] };
        Draft::parse(draft).expect("valid").encode(&arrival, &mut bytes).expect("fits");
        let opening =
            Opening::full(&[9; 16], Event::from_bytes(&bytes).expect("sound").sections()).expect("opens");
        let leaf = Commitment::new(0, 7, opening.body().expect("a body")).leaf();
        let sections = opening.disclosures().iter().map(|section| match section {
            Disclosure::Open { salt, name, value } => {
                json!({"name": name, "value": value, "salt": crate::hex::hex(salt)})
            }
            Disclosure::Erased { .. } => Value::Null,
        });
        let mut shown =
            json!({"version": 1, "kind": 0, "received_at_us": 7, "sections": sections.collect::<Vec<_>>()});
        change(&mut shown);
        let first = leaf_hash(b"first");
        let checkpoint =
            Checkpoint::new("audit.example.com/w/acme/0", 2, node_hash(&first, &leaf)).expect("good");
        let note = checkpoint.sign(&signer()).expect("signed");
        TlogProof::new(Some(shown.to_string().into_bytes()), 1, vec![first], note)
            .expect("a proof")
            .to_string()
    }

    #[test]
    fn an_entry_is_verified_and_shown() {
        let proven = check(&file(|_| ()), signer().verifier_key(), &[]).expect("proven");
        assert_eq!((proven.verdict(), proven.index, proven.size), (Verdict::Verified, 1, 2));
        let entry: Value = serde_json::from_str(proven.entry.as_deref().expect("whole")).expect("JSON");
        assert_eq!((&entry["action"], &entry["metadata"]["a"]), (&json!("macro.updated"), &json!("b")));
        assert!(proven.says().contains("entry 1 of audit.example.com/w/acme/0"), "{}", proven.says());
    }

    #[test]
    fn an_erased_value_is_a_gap_that_still_proves() {
        let erase = |shown: &mut Value| {
            let meta =
                shown["sections"].as_array_mut().expect("a list").iter_mut().find(|s| s["name"] == "meta:a");
            let meta = meta.expect("there");
            let salt = unhex::<16>(meta["salt"].as_str().expect("hex")).expect("16 bytes");
            let digest =
                hindcast_ledger::commitment::digest(&salt, "meta:a", meta["value"].as_str().expect("text"));
            let digest: String = digest.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            *meta = json!({"digest": digest});
        };
        let proven = check(&file(erase), signer().verifier_key(), &[]).expect("proven");
        assert_eq!((proven.verdict(), proven.entry), (Verdict::Gap, None));
    }

    #[test]
    fn what_was_changed_is_invalid() {
        let key = signer();
        let refused = |change: fn(&mut Value)| check(&file(change), key.verifier_key(), &[]).is_err();
        assert!(refused(|shown| shown["sections"][0]["value"] = json!(r#"{"id":"u_2","type":"user"}"#)));
        assert!(refused(|shown| shown["received_at_us"] = json!(8)));
        assert!(refused(|shown| shown["kind"] = json!(1)));
        assert!(refused(|shown| shown["version"] = json!(2)));
        assert!(refused(|shown| shown["sections"].as_array_mut().expect("a list").swap(0, 1)));
        assert!(refused(
            |shown| shown["sections"] = shown["sections"].as_array().expect("a list")[1..].into()
        ));
        assert!(refused(|shown| shown["sections"][0]["salt"] = json!("00")));
        assert!(refused(|shown| shown["more"] = json!(1)));
        let other = Signer::new("audit.example.com/w/acme/0", &[0x43; 32]).expect("a key");
        assert!(check(&file(|_| ()), other.verifier_key(), &[]).is_err(), "another key");
        assert!(check("", key.verifier_key(), &[]).is_err());
    }
}

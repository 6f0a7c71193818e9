//! Logs made by hand, and bundles of them that can be taken apart and put together otherwise.

use hindcast::bundle::{About, Mode, Record, Section, Sides};
use hindcast_ledger::{
    Checkpoint, Commitment, Cosigner, Hash, HashSource, Opening, Signer, TlogProof, empty_root, node_hash,
    prove_inclusion, prove_range,
};

pub const ORIGIN: &str = "audit.example.com/w/acme/0";
const NOW: u64 = 1_795_290_012_345_678;
/// How many entries a log has; the notices stand at [`ERASURE`] and [`EXPIRY`].
pub const SIZE: u64 = 13;
pub const ERASURE: u64 = 9;
pub const EXPIRY: u64 = 10;

/// An entry in the making.
#[derive(Clone)]
pub struct Made {
    pub kind: u8,
    pub time: u64,
    key: [u8; 16],
    pub sections: Vec<(String, String)>,
}

/// A log that fits into memory.
#[derive(Clone)]
pub struct Log {
    pub origin: String,
    seed: u8,
    pub entries: Vec<Made>,
}

/// How a record is shown.
#[derive(Clone, Copy, PartialEq)]
pub enum Form {
    Open,
    Withheld,
    Gone,
    /// Without the values of metadata.
    Erased,
}

struct Leaves(Vec<Hash>);

impl HashSource for Leaves {
    type Error = std::convert::Infallible;

    fn subtree(&self, level: u8, index: u64) -> Result<Hash, Self::Error> {
        Ok(match level {
            0 => self.0[index as usize],
            _ => node_hash(&self.subtree(level - 1, index * 2)?, &self.subtree(level - 1, index * 2 + 1)?),
        })
    }
}

impl Log {
    /// The log that everything here is about.
    pub fn new() -> Self {
        let entries = (0..SIZE).map(|nth| Made {
            kind: u8::from(nth == 11),
            time: NOW + nth * 1_000_000,
            key: [nth as u8 + 1; 16],
            sections: [
                ("actor", format!(r#"{{"email":"a{nth}@example.com","id":"u_{nth}","type":"user"}}"#)),
                ("change:/name", r#"{"after":"new","before":"ü \"old\""}"#.to_owned()),
                ("context", r#"{"ip":"203.0.113.42"}"#.to_owned()),
                ("core", format!(r#"{{"action":"ticket.assigned","id":"{nth}"}}"#)),
                ("meta:group", format!("\"Tier {nth}\"")),
                ("meta:plan", "\"gold\"".to_owned()),
                ("target.0", r#"{"id":"483920","type":"ticket"}"#.to_owned()),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .to_vec(),
        });
        let mut log = Self { origin: ORIGIN.to_owned(), seed: 0x42, entries: entries.collect() };
        log.notice(ERASURE, 2, "[[5,6]]", None);
        let (last, cutoff) = (log.commitment(2), log.entries[2].time);
        log.notice(EXPIRY, 3, "[[0,3]]", Some((&last, cutoff)));
        log
    }

    /// Puts a notice into the log.
    pub fn notice(&mut self, at: u64, kind: u8, covers: &str, expiry: Option<(&str, u64)>) {
        let made = &mut self.entries[at as usize];
        made.kind = kind;
        made.sections = vec![
            ("core".to_owned(), r#"{"action":"log.notice"}"#.to_owned()),
            ("meta:covers".to_owned(), covers.to_owned()),
        ];
        if let Some((last, cutoff)) = expiry {
            made.sections.push(("meta:cutoff_us".to_owned(), cutoff.to_string()));
            made.sections.push(("meta:last".to_owned(), format!("\"{last}\"")));
        }
    }

    /// The same entries under another name.
    pub fn named(mut self, origin: &str) -> Self {
        self.origin = origin.to_owned();
        self
    }

    /// The same log, signed by somebody else.
    pub fn signed_by(mut self, seed: u8) -> Self {
        self.seed = seed;
        self
    }

    pub fn signer(&self) -> Signer {
        Signer::new(&self.origin, &[self.seed; 32]).expect("a key")
    }

    pub fn key(&self) -> String {
        self.signer().verifier_key().to_string()
    }

    /// The 42 bytes of an entry in hexadecimal.
    pub fn commitment(&self, index: u64) -> String {
        self.committed(index).to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn opening(&self, index: u64) -> Opening {
        let made = &self.entries[index as usize];
        let sections = made.sections.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Opening::full(&made.key, sections).expect("sections")
    }

    fn committed(&self, index: u64) -> Commitment {
        let made = &self.entries[index as usize];
        Commitment::new(made.kind, made.time, self.opening(index).body().expect("a body"))
    }

    fn leaves(&self) -> Leaves {
        Leaves((0..self.entries.len() as u64).map(|index| self.committed(index).leaf()).collect())
    }

    pub fn leaf(&self, index: u64) -> Hash {
        self.committed(index).leaf()
    }

    pub fn checkpoint(&self, size: u64) -> Checkpoint {
        let leaves = self.leaves();
        let path = prove_range(&leaves, size, size, size).expect("within");
        let root = path.left.into_iter().rev().reduce(|right, left| node_hash(&left, &right));
        Checkpoint::new(&self.origin, size, root.unwrap_or_else(empty_root)).expect("good")
    }

    /// The signed checkpoint of so many entries.
    pub fn note(&self, size: u64) -> String {
        self.checkpoint(size).sign(&self.signer()).expect("signed").to_string()
    }

    /// The same, seen by a witness.
    pub fn seen_note(&self, size: u64) -> String {
        let mut note = self.checkpoint(size).sign(&self.signer()).expect("signed");
        note.add(note.cosign(&witness(), 1_795_290_060)).expect("added");
        note.to_string()
    }

    pub fn record(&self, index: u64, form: Form) -> Record {
        let made = &self.entries[index as usize];
        let mut opening = self.opening(index);
        let shown =
            |record: Record| Record { kind: Some(made.kind), received_at_us: Some(made.time), ..record };
        let record = Record { index, ..Record::default() };
        match form {
            Form::Gone => Record { leaf: Some(self.leaf(index).to_hex()), ..record },
            Form::Withheld => {
                shown(Record { body: Some(opening.body().expect("a body").to_hex()), ..record })
            }
            Form::Open | Form::Erased => {
                if form == Form::Erased {
                    opening.erase("meta:group", false);
                    opening.erase("meta:plan", false);
                }
                let sections = opening.disclosures().iter().map(Section::from).collect();
                shown(Record { sections: Some(sections), ..record })
            }
        }
    }

    pub fn with_path(&self, index: u64, size: u64, form: Form) -> Record {
        let path = prove_inclusion(&self.leaves(), index, size).expect("within");
        Record { path: Some(path.iter().map(Hash::to_string).collect()), ..self.record(index, form) }
    }

    /// A bundle of a range.
    pub fn range(&self, from: u64, until: u64, size: u64, form: impl Fn(u64) -> Form) -> Parts {
        let proof = prove_range(&self.leaves(), from, until, size).expect("within");
        let hashes = |hashes: Vec<Hash>| hashes.iter().map(Hash::to_string).collect();
        let sides = Sides { left: hashes(proof.left), right: hashes(proof.right) };
        let records: Vec<_> = (from..until).map(|index| self.record(index, form(index))).collect();
        self.parts(Mode::Range, from..until, size, Some(sides), records)
    }

    /// A bundle of some entries.
    pub fn filtered(&self, indexes: &[u64], size: u64) -> Parts {
        let records: Vec<_> = indexes.iter().map(|index| self.with_path(*index, size, Form::Open)).collect();
        let range = indexes[0]..indexes[indexes.len() - 1] + 1;
        self.parts(Mode::Filtered, range, size, None, records)
    }

    fn parts(
        &self,
        mode: Mode,
        range: std::ops::Range<u64>,
        size: u64,
        sides: Option<Sides>,
        records: Vec<Record>,
    ) -> Parts {
        let notices = match size > EXPIRY {
            true => vec![self.with_path(ERASURE, size, Form::Open), self.with_path(EXPIRY, size, Form::Open)],
            false => Vec::new(),
        };
        let about = About {
            format: "hindcast-bundle/1".to_owned(),
            mode,
            origin: self.origin.clone(),
            size,
            from: range.start,
            until: range.end,
            count: 0,
            withheld: 0,
            gone: 0,
            query: "action:ticket.*".to_owned(),
            made_at: "2026-12-01T09:00:00Z".to_owned(),
            closed: Vec::new(),
            anchors: Vec::new(),
        };
        let vkey = format!("{}\n", self.key());
        Parts { about, note: self.seen_note(size), vkey, sides, notices, records, anchors: Vec::new() }
            .counted()
    }

    /// A proof file of one entry; `shown` changes the text of its opening.
    pub fn proof(&self, index: u64, size: u64, form: Form, shown: impl Fn(String) -> String) -> String {
        let record = self.record(index, form);
        let sections = serde_json::to_string(&record.sections).expect("JSON");
        let (kind, time) = (record.kind.expect("open"), record.received_at_us.expect("open"));
        let json = format!(r#"{{"version":1,"kind":{kind},"received_at_us":{time},"sections":{sections}}}"#);
        let path = prove_inclusion(&self.leaves(), index, size).expect("within");
        let note = self.note(size).parse().expect("a note");
        TlogProof::new(Some(shown(json).into_bytes()), index, path, note).expect("a proof").to_string()
    }
}

pub fn witness() -> Cosigner {
    Cosigner::new("witness.example.net/w1", &[0x43; 32]).expect("a key")
}

/// A bundle in parts.
#[derive(Clone)]
pub struct Parts {
    pub about: About,
    pub note: String,
    pub vkey: String,
    pub sides: Option<Sides>,
    pub notices: Vec<Record>,
    pub records: Vec<Record>,
    pub anchors: Vec<(String, Vec<u8>)>,
}

impl Parts {
    /// Says of itself what it has.
    pub fn counted(mut self) -> Self {
        let count =
            |has: fn(&Record) -> bool| self.records.iter().filter(|record| has(record)).count() as u64;
        self.about.count = count(|record| record.sections.is_some());
        self.about.withheld = count(|record| record.body.is_some());
        self.about.gone = count(|record| record.leaf.is_some());
        self
    }

    /// The sections of a record.
    pub fn sections(&mut self, nth: usize) -> &mut Vec<Section> {
        self.records[nth].sections.as_mut().expect("an open record")
    }

    /// The members in their order.
    pub fn members(&self) -> Vec<(String, Vec<u8>)> {
        let line = |json: String| (json + "\n").into_bytes();
        let lines = |records: &[Record]| {
            records.iter().flat_map(|record| line(serde_json::to_string(record).expect("JSON"))).collect()
        };
        let mut members = vec![
            ("README.txt".to_owned(), b"Read me.\n".to_vec()),
            ("verify.py".to_owned(), b"print('VERIFIED')\n".to_vec()),
            ("bundle.json".to_owned(), line(serde_json::to_string(&self.about).expect("JSON"))),
            ("checkpoint".to_owned(), self.note.clone().into_bytes()),
            ("vkey".to_owned(), self.vkey.clone().into_bytes()),
        ];
        members.extend(self.anchors.clone());
        if let Some(sides) = &self.sides {
            members.push(("proof.json".to_owned(), line(serde_json::to_string(sides).expect("JSON"))));
        }
        members.push(("notices.jsonl".to_owned(), lines(&self.notices)));
        members.push(("records.jsonl".to_owned(), lines(&self.records)));
        members
    }

    pub fn tar(&self) -> Vec<u8> {
        tar(&self.members())
    }
}

/// A tar as `docs/formats/bundle.md` describes it.
pub fn tar(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar = Vec::new();
    for (name, bytes) in members {
        tar.extend(header(name, bytes.len(), |_| ()));
        tar.extend(bytes);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    tar
}

/// The header of a member, with a good checksum over whatever `change` made of it.
pub fn header(name: &str, size: usize, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    let fields = format!("0000644\x000000000\x000000000\0{size:011o}\x0000000000000\0        0");
    block[100..157].copy_from_slice(fields.as_bytes());
    block[257..265].copy_from_slice(b"ustar\x0000");
    change(&mut block);
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

//! An entry: an event at its index in a ledger.

use crate::Timestamp;
use crate::event::{Damaged, Event};
use crate::json::write_string;
use crate::salts::{Key, Left, Salts};

/// What an entry is for; the byte is part of the commitment (`docs/formats/entry.md`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Somebody did something.
    #[default]
    Event = 0,
    /// The server or an administrator of it did something.
    System = 1,
    /// Values were erased.
    ErasureNotice = 2,
    /// Entries expired.
    RetentionNotice = 3,
    /// A legal hold was set or lifted.
    Hold = 4,
    /// The checkpoint of a workspace, kept in the instance log.
    Checkpoint = 5,
    /// The first entry of a later epoch.
    Genesis = 6,
    /// The signing key changed.
    KeyChange = 7,
    /// Nothing happened, provably.
    Heartbeat = 8,
}

impl Kind {
    /// All kinds, by their byte.
    pub const ALL: [Self; 9] = [
        Self::Event,
        Self::System,
        Self::ErasureNotice,
        Self::RetentionNotice,
        Self::Hold,
        Self::Checkpoint,
        Self::Genesis,
        Self::KeyChange,
        Self::Heartbeat,
    ];

    /// Reads the byte of a commitment.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.get(usize::from(byte)).copied()
    }

    /// The word for it in JSON and queries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::System => "system",
            Self::ErasureNotice => "erasure_notice",
            Self::RetentionNotice => "retention_notice",
            Self::Hold => "hold",
            Self::Checkpoint => "checkpoint",
            Self::Genesis => "genesis",
            Self::KeyChange => "key_change",
            Self::Heartbeat => "heartbeat",
        }
    }

    /// Reads [`Self::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// An event at its index in a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its place in the ledger, from 0.
    pub index: u64,
    /// Our clock when it got its index; never decreasing.
    pub received_at: Timestamp,
    /// What it is for.
    pub kind: Kind,
    /// Salts the commitment, and says what is erased.
    pub salts: Salts<'a>,
    /// What happened.
    pub event: Event<'a>,
}

impl Entry<'_> {
    /// Appends the entry as people and programs read it, without a line break.
    pub fn write_json(&self, out: &mut Vec<u8>) -> Result<(), Damaged> {
        let view = self.event.view()?;
        let mut object = Object::open(out);
        object.raw("index", self.index.to_string().as_bytes());
        object.text("id", &view.id);
        if self.kind != Kind::Event {
            object.text("kind", self.kind.as_str());
        }
        if let Salts::Left(left) = self.salts {
            object.raw("erased", left.erased().to_string().as_bytes());
        }
        object.text("action", &view.action);
        object.text("occurred_at", &view.occurred_at.to_string());
        object.text("received_at", &self.received_at.to_string());
        object.raw("actor", view.actor.as_bytes());
        object.maybe("on_behalf_of", view.on_behalf_of);
        object.maybe("authorized_by", view.authorized_by);
        object.list("targets", view.targets.iter(), |target, out| out.extend_from_slice(target.as_bytes()));
        object.list("changes", view.changes.iter(), |(path, sides), out| {
            out.extend_from_slice(b"{\"path\":");
            write_string(path, out);
            if *sides != "{}" {
                out.push(b',');
            }
            out.extend_from_slice(&sides.as_bytes()[1..]);
        });
        object.with("outcome", |out| {
            let mut outcome = Object::open(out);
            outcome.text("result", view.result.as_str());
            view.outcome_reason.iter().for_each(|reason| outcome.text("reason", reason));
            view.outcome_code.iter().for_each(|code| outcome.text("code", code));
            outcome.close();
        });
        object.maybe("context", view.context);
        object.maybe("facts", view.facts);
        object.maybe("reason", view.reason);
        object.maybe("description", view.description);
        if !view.metadata.is_empty() {
            object.with("metadata", |out| {
                let mut metadata = Object::open(out);
                view.metadata.iter().for_each(|(name, value)| metadata.raw(name, value.as_bytes()));
                metadata.close();
            });
        }
        object.close();
        Ok(())
    }
}

/// Writes a JSON object member by member.
struct Object<'o> {
    out: &'o mut Vec<u8>,
    before: u8,
}

impl<'o> Object<'o> {
    fn open(out: &'o mut Vec<u8>) -> Self {
        Self { out, before: b'{' }
    }

    fn with(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.out.push(self.before);
        self.before = b',';
        write_string(name, self.out);
        self.out.push(b':');
        write(self.out);
    }

    fn raw(&mut self, name: &str, json: &[u8]) {
        self.with(name, |out| out.extend_from_slice(json));
    }

    fn text(&mut self, name: &str, text: &str) {
        self.with(name, |out| write_string(text, out));
    }

    fn maybe(&mut self, name: &str, json: Option<&str>) {
        if let Some(json) = json {
            self.raw(name, json.as_bytes());
        }
    }

    fn list<T>(
        &mut self,
        name: &str,
        items: impl ExactSizeIterator<Item = T>,
        write: impl Fn(T, &mut Vec<u8>),
    ) {
        if items.len() == 0 {
            return;
        }
        self.with(name, |out| {
            let mut before = b'[';
            for item in items {
                out.push(before);
                before = b',';
                write(item, out);
            }
            out.push(b']');
        });
    }

    fn close(self) {
        if self.before == b'{' {
            self.out.push(b'{');
        }
        self.out.push(b'}');
    }
}

/// Entries in one piece of memory, in the order they were pushed.
///
/// One record is `u8 form, u8 kind, 16 bytes key, u32 length, sections`. The form is 0; or 1 for an entry of which something
/// is erased, where the key's place has the length of what is left of its salts, which then stands before the sections.
/// Index and time stand beside the records, because a run of new entries implies them.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    records: Vec<u8>,
    places: Vec<Place>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    index: u64,
    received_at: Timestamp,
    at: usize,
}

const FORM_FULL: u8 = 0;
const FORM_LEFT: u8 = 1;
const RECORD_HEAD_BYTES: usize = 22;

/// Appends a record to a run of new ones; `write` appends the sections and says whether they are to be kept.
pub fn push_record<E>(
    kind: Kind,
    key: &Key,
    records: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    push_form(kind, Salts::Key(*key), records, write)
}

fn push_form<E>(
    kind: Kind,
    salts: Salts<'_>,
    records: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let at = records.len();
    let (form, place, left) = match &salts {
        Salts::Key(key) => (FORM_FULL, *key, [].as_slice()),
        Salts::Left(left) => (FORM_LEFT, length_as_key(left.as_bytes().len()), left.as_bytes()),
    };
    records.extend_from_slice(&[form, kind as u8]);
    records.extend_from_slice(&place);
    records.extend_from_slice(&[0; 4]);
    records.extend_from_slice(left);
    if let Err(error) = write(records) {
        records.truncate(at);
        return Err(error);
    }
    let length = (records.len() - at - RECORD_HEAD_BYTES - left.len()) as u32;
    records[at + 18..at + 22].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

fn length_as_key(length: usize) -> Key {
    let mut place = Key::default();
    place[..4].copy_from_slice(&(length as u32).to_be_bytes());
    place
}

impl Entries {
    /// No entries yet, but room for so many and for so many bytes of records.
    pub fn with_capacity(entries: usize, record_bytes: usize) -> Self {
        Self { records: Vec::with_capacity(record_bytes), places: Vec::with_capacity(entries) }
    }

    /// A run of new entries as the journal keeps it: index and time count up by one from the first.
    pub fn from_run(first_index: u64, first_time: Timestamp, records: Vec<u8>) -> Result<Self, Damaged> {
        let mut places = Vec::new();
        let mut at = 0;
        while at < records.len() {
            let count = places.len() as u64;
            let received_at = Timestamp::from_micros(first_time.micros() + count as i64);
            places.push(Place { index: first_index + count, received_at, at });
            let record = split_record(&records, at)?;
            record.check()?;
            at = record.next;
        }
        Ok(Self { records, places })
    }

    /// Gives back memory that is not used, if there is much of it.
    pub fn trim(&mut self) {
        if self.records.capacity() > self.records.len() + self.records.len() / 4 {
            self.records.shrink_to_fit();
            self.places.shrink_to_fit();
        }
    }

    /// Gives a run its place: index and time count up by one from the first.
    pub fn settle(&mut self, first_index: u64, first_time: Timestamp) {
        for (count, place) in self.places.iter_mut().enumerate() {
            place.index = first_index + count as u64;
            place.received_at = Timestamp::from_micros(first_time.micros() + count as i64);
        }
    }

    /// Appends the entries of `other`, with their places.
    pub fn append(&mut self, other: &Self) {
        let shift = self.records.len();
        self.records.extend_from_slice(&other.records);
        self.places.extend(other.places.iter().map(|place| Place { at: place.at + shift, ..*place }));
    }

    /// The records as [`Self::from_run`] reads them.
    pub fn records(&self) -> &[u8] {
        &self.records
    }

    /// Appends a new entry, whose place is given later by [`Self::settle`]; `write` appends its sections, as
    /// [`crate::Draft::encode`] does, or says why they are not to be kept.
    pub fn push_new<E>(
        &mut self,
        kind: Kind,
        key: &Key,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let at = self.records.len();
        push_record(kind, key, &mut self.records, write)?;
        self.places.push(Place { index: self.places.len() as u64, received_at: Timestamp::default(), at });
        Ok(())
    }

    /// Appends an entry.
    pub fn push(&mut self, entry: Entry<'_>) {
        let place = Place { index: entry.index, received_at: entry.received_at, at: self.records.len() };
        let pushed = push_form(entry.kind, entry.salts, &mut self.records, |out| {
            out.extend_from_slice(entry.event.as_bytes());
            Ok::<_, std::convert::Infallible>(())
        });
        match pushed {
            Ok(()) => self.places.push(place),
            Err(never) => match never {},
        }
    }

    /// Appends an entry whose sections `write` puts together, with [`crate::push_section`] and names ascending.
    pub fn push_with(
        &mut self,
        index: u64,
        received_at: Timestamp,
        kind: Kind,
        key: &Key,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        let place = Place { index, received_at, at: self.records.len() };
        let pushed = push_record(kind, key, &mut self.records, |out| {
            write(out);
            Ok::<_, std::convert::Infallible>(())
        });
        match pushed {
            Ok(()) => self.places.push(place),
            Err(never) => match never {},
        }
    }

    /// The same, of an entry of which something is erased; `left` is what is left of its salts, as [`Left`] reads it.
    pub fn push_left(
        &mut self,
        index: u64,
        received_at: Timestamp,
        kind: Kind,
        left: &[u8],
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), Damaged> {
        let at = self.records.len();
        let left = Salts::Left(Left::checked(left));
        let pushed = push_form(kind, left, &mut self.records, |out| {
            write(out);
            Ok::<_, Damaged>(())
        });
        let pushed = pushed.and_then(|()| split_record(&self.records, at)?.check());
        match pushed {
            Ok(()) => self.places.push(Place { index, received_at, at }),
            Err(_) => self.records.truncate(at),
        }
        pushed
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The entry at position `at`, counted from 0 in the order they were pushed.
    pub fn get(&self, at: usize) -> Option<Entry<'_>> {
        let place = self.places.get(at)?;
        // Records were checked, or written by us, when they were taken in.
        let record = split_record(&self.records, place.at).ok()?;
        let (kind, salts, event) = (record.kind, record.salts(), Event::checked(record.event));
        Some(Entry { index: place.index, received_at: place.received_at, kind, salts, event })
    }

    /// The entries in the order they were pushed.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Entry<'_>> + ExactSizeIterator {
        (0..self.len()).map(|at| match self.get(at) {
            Some(entry) => entry,
            None => unreachable!("records are checked when they are taken in"),
        })
    }
}

/// A record taken apart, not yet checked.
struct Record<'r> {
    kind: Kind,
    key: Key,
    left: Option<&'r [u8]>,
    event: &'r [u8],
    next: usize,
}

impl<'r> Record<'r> {
    fn salts(&self) -> Salts<'r> {
        self.left.map_or(Salts::Key(self.key), |left| Salts::Left(Left::checked(left)))
    }

    fn check(&self) -> Result<(), Damaged> {
        let event = Event::from_bytes(self.event)?;
        self.left.map_or(Ok(()), |left| Left::of(event, left).map(drop))
    }
}

fn split_record(records: &[u8], at: usize) -> Result<Record<'_>, Damaged> {
    let cut = || Damaged("a record is cut short".into());
    let (head, rest) =
        records.get(at..).and_then(|r| r.split_first_chunk::<RECORD_HEAD_BYTES>()).ok_or_else(cut)?;
    let number =
        |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]) as usize;
    let kind =
        Kind::from_byte(head[1]).ok_or_else(|| Damaged(format!("kind {} is unknown", head[1]).into()))?;
    let left_bytes = match head[0] {
        FORM_FULL => 0,
        FORM_LEFT => number(2),
        form => return Err(Damaged(format!("a record has the unknown form {form}").into())),
    };
    let (left, rest) = rest.split_at_checked(left_bytes).ok_or_else(cut)?;
    let event = rest.get(..number(18)).ok_or_else(cut)?;
    let mut key = Key::default();
    key.copy_from_slice(&head[2..18]);
    let left = (head[0] == FORM_LEFT).then_some(left);
    Ok(Record { kind, key, left, event, next: at + RECORD_HEAD_BYTES + left_bytes + event.len() })
}

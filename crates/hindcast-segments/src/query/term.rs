//! The values a field may be asked for, and what each matches.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use crate::words::{Wanted, fold, query_words};

/// One value a field is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Term {
    /// There is any value at all (`alert:any`).
    Any,
    /// This value; folded if [`super::Key::is_folded`] says so, and then compared with the folded field.
    Is(String),
    /// A value that begins like this, folded likewise.
    Prefix(String),
    /// An actor or a target.
    Name(Name),
    /// A changed path.
    Path(Path),
    /// An address or a network.
    Network(Network),
}

impl Term {
    /// Says whether everything that `other` matches is matched by this too, both being of one key. There may be
    /// more that is than this says: of names it knows little.
    pub(super) fn holds(&self, other: &Term) -> bool {
        match (self, other) {
            (Term::Any, _) => true,
            (Term::Prefix(begin), Term::Is(value) | Term::Prefix(value)) => value.starts_with(begin),
            (Term::Name(name), Term::Name(other)) => name == other || name.holds(other),
            (Term::Path(path), Term::Path(other)) => other.term_prefix().starts_with(&path.term_prefix()),
            (Term::Network(network), Term::Network(other)) => network.holds(other),
            _ => self == other,
        }
    }
}

/// Somebody or something, by id, by email address or by words of its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// As it was typed, without a final `*`.
    pub text: String,
    /// The type before the slash of a target, folded.
    pub kind: Option<String>,
    /// What is after that slash, or all of the text: compared with ids to the letter.
    pub id: String,
    /// The same folded: compared with folded email addresses.
    pub folded: String,
    /// Its words, all of which a name (or an email address) must have. None when a type is given, and none
    /// when it is an address or a random id, for such are meant exactly.
    pub words: Vec<String>,
    /// Whether any ending will do: of the id, of the email address, of the last word.
    pub prefix: bool,
}

/// What an entry says of its actor, or of one of its targets.
#[derive(Debug, Clone, Copy, Default)]
pub struct Named<'a> {
    /// Its type.
    pub kind: &'a str,
    /// Its id.
    pub id: &'a str,
    /// Its email address.
    pub email: Option<&'a str>,
    /// Its name.
    pub name: Option<&'a str>,
}

impl Name {
    /// An actor as typed.
    pub(super) fn actor(text: &str, prefix: bool) -> Name {
        Name::new(text, None, text, prefix)
    }

    /// A target as typed: `type/id`, or anything that an actor can be.
    pub(super) fn target(text: &str, prefix: bool) -> Name {
        match text.split_once('/') {
            Some((kind, id)) if !fold(kind).trim().is_empty() => {
                Name::new(text, Some(fold(kind).trim().to_owned()), id, prefix)
            }
            _ => Name::actor(text, prefix),
        }
    }

    fn new(text: &str, kind: Option<String>, id: &str, prefix: bool) -> Name {
        let asked = query_words(id);
        let is_exact = kind.is_some() || !asked.skipped.is_empty() || id.contains('@');
        Name {
            text: text.to_owned(),
            kind,
            id: id.to_owned(),
            folded: fold(id).trim().to_owned(),
            words: if is_exact { Vec::new() } else { asked.words },
            prefix,
        }
    }

    /// Says so of `macro/*` and `macro/42`.
    fn holds(&self, other: &Name) -> bool {
        let begins = other.text.starts_with(&self.text) && other.id.starts_with(&self.id);
        self.prefix && self.kind.is_some() && self.kind == other.kind && begins
    }

    /// Says whether this is the one an entry speaks of.
    pub fn matches(&self, named: &Named<'_>) -> bool {
        let same = |wanted: &str, found: &str| {
            if self.prefix { found.starts_with(wanted) } else { found == wanted }
        };
        if let Some(kind) = &self.kind {
            // An id may have a slash of its own.
            return fold(named.kind) == *kind && same(&self.id, named.id) || same(&self.text, named.id);
        }
        if same(&self.id, named.id) || named.email.is_some_and(|email| same(&self.folded, &fold(email))) {
            return true;
        }
        if self.words.is_empty() {
            return false;
        }
        let mut wanted =
            if self.prefix { Wanted::all_but_the_end(&self.words) } else { Wanted::all(&self.words) };
        for text in [named.name, named.email].into_iter().flatten() {
            wanted.look_at(text);
        }
        wanted.is_met()
    }
}

/// A path in a document, matched step by step from its beginning: `permissions` has `permissions/inbox` in it,
/// and not `permissions_old`.
///
/// Index [`Path::index_term`] of every changed path; then the answer is one enumeration of the terms that
/// begin with [`Path::term_prefix`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path {
    /// The folded steps.
    pub segments: Vec<String>,
    /// Whether any ending of the last step will do.
    pub prefix: bool,
}

impl Path {
    /// A JSON Pointer (`/conditions/0/value`), or steps between dots or slashes; no step of those is empty.
    pub(super) fn parse(text: &str, prefix: bool) -> Option<Path> {
        let steps: Vec<String> = match text.strip_prefix('/') {
            Some(pointer) => pointer.split('/').map(unescaped).collect(),
            None => text.split(if text.contains('/') { '/' } else { '.' }).map(str::to_owned).collect(),
        };
        let mut segments: Vec<String> = steps.iter().map(|step| fold(step).into_owned()).collect();
        let (last, before) = segments.split_last_mut()?;
        last.truncate(last.trim_end().len());
        let has_gap = before.iter().any(String::is_empty) || last.is_empty() && !prefix;
        if has_gap && !text.starts_with('/') {
            return None;
        }
        Some(Path { segments, prefix })
    }

    /// The path as a JSON Pointer.
    pub fn pointer(&self) -> String {
        self.segments.iter().flat_map(|segment| ["/".to_owned(), escaped(segment)]).collect()
    }

    /// What the index terms of all paths that match begin with.
    pub fn term_prefix(&self) -> String {
        let pointer = self.pointer();
        if self.prefix { pointer } else { pointer + "/" }
    }

    /// The term under which a changed JSON Pointer is indexed: its folded steps, each closed by a slash.
    pub fn index_term(pointer: &str) -> String {
        let steps = pointer.strip_prefix('/').into_iter().flat_map(|steps| steps.split('/'));
        let mut term = String::with_capacity(pointer.len() + 1);
        for step in steps {
            term.push('/');
            term.push_str(&escaped(&fold(&unescaped(step))));
        }
        term + "/"
    }

    /// Says whether a changed JSON Pointer is this path or below it.
    pub fn matches(&self, pointer: &str) -> bool {
        Path::index_term(pointer).starts_with(&self.term_prefix())
    }
}

fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

fn escaped(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}

/// The addresses that begin with the same bits.
///
/// IPv4 addresses written as IPv6 (`::ffff:203.0.113.9`) are IPv4 addresses here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

impl Network {
    /// An address, or one and a number of bits: `203.0.113.0/24`. Bits after those do not count.
    pub(super) fn parse(text: &str) -> Option<Network> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
            None => (text, None),
        };
        let written: IpAddr = address.parse().ok()?;
        let address = written.to_canonical();
        let width = width(address);
        let bits = match bits {
            None => width,
            // The bits of "::ffff:203.0.113.0/120" are counted in the long form.
            Some(bits) if written != address => bits.checked_sub(128 - 32)?,
            Some(bits) => bits,
        };
        (bits <= width).then(|| Network { first: with_rest(address, bits, false), bits })
    }

    /// The first and the last address, for enumerating sorted addresses.
    pub fn range(&self) -> (IpAddr, IpAddr) {
        (self.first, with_rest(self.first, self.bits, true))
    }

    /// Says whether an address is one of these.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        width(address) == width(self.first) && with_rest(address, self.bits, false) == self.first
    }

    fn holds(&self, other: &Network) -> bool {
        self.bits <= other.bits && self.contains(other.first)
    }

    /// Says whether the text of an address is one of these.
    pub fn matches(&self, address: &str) -> bool {
        address.parse().is_ok_and(|address| self.contains(address))
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The address with all bits after the first `bits` off, or on.
fn with_rest(address: IpAddr, bits: u8, on: bool) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let rest = u32::MAX.checked_shr(u32::from(bits)).unwrap_or(0);
            let address = address.to_bits();
            IpAddr::V4(Ipv4Addr::from_bits(if on { address | rest } else { address & !rest }))
        }
        IpAddr::V6(address) => {
            let rest = u128::MAX.checked_shr(u32::from(bits)).unwrap_or(0);
            let address = address.to_bits();
            IpAddr::V6(Ipv6Addr::from_bits(if on { address | rest } else { address & !rest }))
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.bits == width(self.first) {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}/{}", self.first, self.bits)
        }
    }
}

//! Where an entry has what policies read, and how it is found without parsing the sections: they are written in one spelling,
//! the members of an object in ascending order.

use super::asked::Asked;
use super::kind::{Kind, instant};
use super::vocabulary::follows_address;
use cedar_policy::RestrictedExpression;
use hindcast_event::Timestamp;
use hindcast_event::json;

/// The part of an entry a value stands in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Actor,
    Target,
    Context,
    Facts,
    OnBehalfOf,
    Reason,
    Meta(String),
    OccurredAt,
    Changes,
    Simulated,
    Approval,
    /// Entries of this action never have it.
    Never,
}

/// One step into an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Step {
    pub name: String,
    /// Where it is absent, it is known to be absent.
    pub told: bool,
}

/// A value that policies read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    /// As policies call it, the variable first.
    pub path: Vec<String>,
    pub place: Place,
    /// The way from the section to the value.
    pub steps: Vec<Step>,
    /// Where the section is absent, the value is known to be absent.
    told: bool,
    pub kind: Kind,
}

/// What was found of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Found<'a> {
    /// The JSON text.
    Text(&'a str),
    /// The time of the entry.
    At(Timestamp),
    Flag(bool),
    /// The value is the request's own: its approval, the paths that changed.
    Asked,
    /// It is known that there is none; so many parts of the path are there.
    Absent(usize),
    /// Nobody knows.
    NotRecorded,
}

impl Read {
    pub fn of(path: &[String], place: Place, told: bool, kind: &Kind, rest: &[String]) -> Option<Self> {
        let mut kind = kind;
        let mut steps = Vec::new();
        for name in rest {
            let Kind::Record(members) = kind else { return None };
            let member = members.get(name)?;
            steps.push(Step { name: name.clone(), told: member.told_by_absence });
            kind = &member.kind;
        }
        Some(Self { path: path.to_vec(), place, steps, told, kind: kind.clone() })
    }

    /// The same where the first step is itself a member of the section.
    pub fn of_member(
        path: &[String],
        place: Place,
        name: &str,
        member: &super::kind::Member,
        rest: &[String],
    ) -> Option<Self> {
        let mut read = Self::of(path, place, false, &member.kind, rest)?;
        read.steps.insert(0, Step { name: name.to_owned(), told: member.told_by_absence });
        Some(read)
    }

    pub fn never(path: &[String]) -> Self {
        let steps = path.iter().skip(2).map(|name| Step { name: name.clone(), told: true }).collect();
        Self { path: path.to_vec(), place: Place::Never, steps, told: true, kind: Kind::Flag }
    }

    /// How the path is written in a policy.
    pub fn name(&self) -> String {
        self.path.join(".")
    }

    /// Whether it is read of the context.
    pub fn is_context(&self) -> bool {
        self.path.first().is_some_and(|variable| variable == "context")
    }

    /// What is found where the whole section is absent.
    fn without_section(&self, asked: &Asked<'_>) -> Found<'static> {
        let known = self.told && !asked.is_erased;
        if known { Found::Absent(self.path.len() - 1 - self.steps.len()) } else { Found::NotRecorded }
    }

    /// As Cedar holds it; nothing where it does not fit.
    pub fn value(&self, found: Found<'_>, asked: &Asked<'_>) -> Option<RestrictedExpression> {
        match found {
            Found::Text(text) => self.kind.value(&json::parse(text).ok()?),
            Found::At(time) => instant(time),
            Found::Flag(flag) => Some(RestrictedExpression::new_bool(flag)),
            Found::Asked if self.place == Place::Changes => {
                let paths = asked.changed().map(|path| RestrictedExpression::new_string(path.to_owned()));
                Some(RestrictedExpression::new_set(paths))
            }
            Found::Asked => {
                let approval = asked.approval?;
                let granted = RestrictedExpression::new_bool(approval.granted);
                let approvers = RestrictedExpression::new_long(i64::from(approval.approvers));
                match self.steps.last().map(|step| step.name.as_str()) {
                    Some("granted") => Some(granted),
                    Some(_) => Some(approvers),
                    None => {
                        let members = [("approvers".to_owned(), approvers), ("granted".to_owned(), granted)];
                        RestrictedExpression::new_record(members).ok()
                    }
                }
            }
            Found::Absent(_) | Found::NotRecorded => None,
        }
    }

    fn absent(&self, steps: usize, asked: &Asked<'_>) -> Found<'static> {
        let told = match self.steps.get(steps) {
            Some(step) => {
                step.told || (self.place == Place::Facts && follows_address(step) && asked.has_address())
            }
            None => self.told,
        };
        let parts = (self.path.len() + steps).saturating_sub(self.steps.len());
        if told && !asked.is_erased { Found::Absent(parts) } else { Found::NotRecorded }
    }
}

/// The order in which [`each`] wants its reads.
pub(crate) fn sort(reads: &mut Vec<Read>) {
    reads.sort_by(|a, b| {
        let names = |read: &Read| read.steps.iter().map(|step| step.name.clone()).collect::<Vec<_>>();
        (&a.place, names(a), &a.path).cmp(&(&b.place, names(b), &b.path))
    });
    reads.dedup();
}

/// Looks everything up in one pass over each section; `tell` hears of each read once, by its place in `reads`.
pub(crate) fn each<'a>(asked: &Asked<'a>, reads: &[Read], mut tell: impl FnMut(usize, Found<'a>)) {
    let mut from = 0;
    while let Some(first) = reads.get(from) {
        let count = reads[from..].iter().take_while(|read| read.place == first.place).count();
        let same = &reads[from..from + count];
        let section = match &first.place {
            Place::Actor => asked.actor,
            Place::Target => asked.target,
            Place::Context => asked.context,
            Place::Facts => asked.facts,
            Place::OnBehalfOf => asked.on_behalf_of,
            Place::Reason => asked.reason,
            Place::Meta(name) => asked.metadata(name),
            own => {
                same.iter().enumerate().for_each(|(at, read)| tell(from + at, own_value(own, read, asked)));
                from += count;
                continue;
            }
        };
        match section {
            Some(text) => walk(text, same, 0, from, asked, &mut tell),
            None => {
                same.iter().enumerate().for_each(|(at, read)| tell(from + at, read.without_section(asked)))
            }
        }
        from += count;
    }
}

fn own_value(place: &Place, read: &Read, asked: &Asked<'_>) -> Found<'static> {
    match place {
        Place::OccurredAt => Found::At(asked.occurred_at),
        Place::Simulated => Found::Flag(asked.is_simulated),
        Place::Changes if asked.is_erased => Found::NotRecorded,
        Place::Changes => Found::Asked,
        Place::Approval if asked.approval.is_some() => Found::Asked,
        // An approval that is not there is known not to be there.
        _ => Found::Absent(read.path.len().saturating_sub(1 + read.steps.len()).max(1)),
    }
}

/// `reads` share their first `depth` steps, and `text` is what stands there.
fn walk<'a>(
    text: &'a str,
    reads: &[Read],
    depth: usize,
    base: usize,
    asked: &Asked<'a>,
    tell: &mut impl FnMut(usize, Found<'a>),
) {
    let mut at = 0;
    while reads.get(at).is_some_and(|read| read.steps.len() == depth) {
        tell(base + at, Found::Text(text));
        at += 1;
    }
    if at == reads.len() {
        return;
    }
    let Some(mut members) = Members::of(text) else {
        (at..reads.len()).for_each(|at| tell(base + at, Found::NotRecorded));
        return;
    };
    while let Some(read) = reads.get(at) {
        let Some((name, value)) = members.next() else { break };
        let mut wanted = read.steps[depth].name.as_str();
        while wanted < name {
            tell(base + at, reads[at].absent(depth, asked));
            at += 1;
            let Some(read) = reads.get(at) else { return };
            wanted = read.steps[depth].name.as_str();
        }
        if wanted == name {
            let count = reads[at..].iter().take_while(|read| read.steps[depth].name == wanted).count();
            let same = &reads[at..at + count];
            if value == "null" {
                same.iter().enumerate().for_each(|(i, read)| tell(base + at + i, read.absent(depth, asked)));
            } else {
                walk(value, same, depth + 1, base + at, asked, tell);
            }
            at += count;
        }
    }
    for (at, read) in reads.iter().enumerate().skip(at) {
        let found = if members.is_broken { Found::NotRecorded } else { read.absent(depth, asked) };
        tell(base + at, found);
    }
}

/// The members of an object: names without escapes as they are, those with escapes passed over, and JSON texts.
pub(crate) struct Members<'a> {
    rest: &'a str,
    pub is_broken: bool,
}

impl<'a> Members<'a> {
    pub fn of(object: &'a str) -> Option<Self> {
        object.strip_prefix('{').map(|rest| Self { rest, is_broken: false })
    }

    fn step(&mut self) -> Option<(&'a str, &'a str)> {
        let key = self.rest.strip_prefix('"')?;
        let end = string_end(key.as_bytes())?;
        let value = key.get(end + 1..)?.strip_prefix(':')?;
        let stop = value_end(value.as_bytes())?;
        self.rest = match value.as_bytes().get(stop)? {
            b',' => value.get(stop + 1..)?,
            b'}' => "}",
            _ => return None,
        };
        Some((key.get(..end)?, value.get(..stop)?))
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.rest.starts_with('}') {
                return None;
            }
            let Some((name, value)) = self.step() else {
                self.is_broken = true;
                self.rest = "}";
                return None;
            };
            if !name.contains('\\') {
                return Some((name, value));
            }
        }
    }
}

/// The byte of the quote that ends a string, whose first quote is cut off.
fn string_end(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match *text.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The byte after a value.
fn value_end(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        match *text.get(at)? {
            b'"' => at += 2 + string_end(text.get(at + 1..)?)?,
            b'{' | b'[' => (depth, at) = (depth + 1, at + 1),
            b'}' | b']' | b',' if depth == 0 => return Some(at),
            b'}' | b']' => (depth, at) = (depth - 1, at + 1),
            _ => at += 1,
        }
    }
}

/// The text of a JSON string, if it is one without escapes.
pub(crate) fn plain(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains('\\')).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_event::json::Json;
    use hindcast_event::{Event, push_section};
    use proptest::prelude::*;

    const CORE: &str =
        r#"{"action":"a","id":"1","occurred_at":"2026-01-02T03:04:05Z","outcome":{"result":"success"}}"#;

    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("true".to_owned()),
            (-99_i32..99).prop_map(|number| number.to_string()),
            "[a-c\"\\\\{},:é]{0,4}".prop_map(|text| Json::String(text.into()).to_string()),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
                prop::collection::btree_map("[a-c\"]{1,2}", inner, 0..5).prop_map(|members| {
                    let name = |name: &String| Json::String(name.clone().into()).to_string();
                    let members: Vec<_> =
                        members.iter().map(|(key, value)| format!("{}:{value}", name(key))).collect();
                    format!("{{{}}}", members.join(","))
                }),
            ]
        })
    }

    fn read(steps: &[String]) -> Read {
        let steps = steps.iter().map(|name| Step { name: name.clone(), told: false }).collect();
        Read { path: vec!["context".into()], place: Place::Facts, steps, told: false, kind: Kind::Text }
    }

    fn with_facts(facts: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        [("core", CORE), ("facts", facts)]
            .iter()
            .for_each(|(name, text)| push_section("", name, text, &mut bytes));
        bytes
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_the_parser_finds(
            facts in json(),
            paths in prop::collection::vec(prop::collection::vec("[a-c]{1,2}", 0..4), 1..8),
        ) {
            let bytes = with_facts(&facts);
            let asked = Asked::of(Event::from_bytes(&bytes).expect("sections")).expect("an event");
            let mut reads: Vec<_> = paths.iter().map(|path| read(path)).collect();
            sort(&mut reads);
            let mut told = vec![None; reads.len()];
            each(&asked, &reads, |at, found| {
                assert!(told[at].replace(found).is_none(), "each is told once");
            });
            let whole = json::parse(&facts).expect("JSON");
            for (read, found) in reads.iter().zip(told) {
                let walked = read.steps.iter().try_fold(&whole, |json, step| json.get(&step.name));
                let walked = walked.filter(|json| read.steps.is_empty() || **json != Json::Null);
                match found.expect("told") {
                    Found::Text(text) => prop_assert_eq!(Some(&json::parse(text).expect("JSON")), walked),
                    Found::NotRecorded => prop_assert!(walked.is_none(), "{:?}", walked),
                    other => prop_assert!(false, "{:?}", other),
                }
            }
        }

        #[test]
        fn nothing_makes_it_panic(facts in "[\\[\\]{}\",:a\\\\é1]{0,20}", path in prop::collection::vec("[a1]", 0..3)) {
            let bytes = with_facts(&facts);
            let asked = Asked::of(Event::from_bytes(&bytes).expect("sections")).expect("an event");
            each(&asked, &[read(&path)], |_, _| {});
        }
    }
}

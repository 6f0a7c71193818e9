//! A query as terms to look up, and the sets of rows that these give.
//!
//! One evaluation serves segments and the tail: whatever has [`Postings`] can be asked.

use crate::error::SearchError;
use crate::limits::Budget;
use crate::query::{Clause, Key, Name, Network, Query, Term, TimeRange};
use crate::sight::Sight;
use crate::terms::{ACTOR, ON_BEHALF_OF, Somebody, tag, term};
use crate::walk::{Range, Walker, Without, all, any};
use hindcast_event::{Field, TARGETS_MAX};

/// Says which category an action belongs to.
pub type CategoryOf = fn(&str) -> &'static str;

/// What can be asked for the rows that have a term.
pub(crate) trait Postings {
    /// How many rows there are.
    fn rows(&self) -> u32;
    /// The rows that have a term.
    fn exact(&self, term: &[u8]) -> Result<Option<Walker<'_>>, SearchError>;
    /// For each term that begins like this and whose rest is to be kept, the rows that have it.
    fn within(
        &self,
        prefix: &[u8],
        keep: &dyn Fn(&[u8]) -> bool,
        budget: &Budget,
    ) -> Result<Vec<Walker<'_>>, SearchError>;
    /// The rows whose cell is exactly this.
    fn cell(&self, cell: Cell, value: &str, budget: &Budget) -> Result<Walker<'_>, SearchError>;
    /// The rows that were received within; nothing stands for all of them.
    fn received(&self, range: &TimeRange, budget: &Budget) -> Result<Option<Walker<'_>>, SearchError>;
}

/// Fields that are not indexed in segments, since each value is there once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Id,
    Request,
}

/// A query ready to be answered.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    wanted: Vec<Need>,
    unwanted: Vec<Need>,
    pub(crate) occurred: TimeRange,
    pub(crate) received: TimeRange,
    /// Whether what is archived is searched too.
    pub(crate) archive: bool,
    category_of: CategoryOf,
}

#[derive(Clone, Debug)]
enum Need {
    Exact(Vec<u8>),
    Prefix(Vec<u8>),
    Within(Network),
    Category(String),
    Cell(Cell, String),
    /// A target of any type, by its id and the zero byte after it.
    Target(Vec<u8>),
    /// Targets by how their ids begin, and by their type if that is said.
    Targets {
        begin: Vec<u8>,
        kind: Option<String>,
    },
    All(Vec<Need>),
    Any(Vec<Need>),
}

impl Plan {
    /// Works out what a query needs, within what the reader may see.
    pub(crate) fn of(query: &Query, sight: &Sight, category_of: CategoryOf) -> Result<Self, SearchError> {
        sight.allow(query)?;
        let mut plan = Self {
            wanted: query.words().iter().map(|word| word_anywhere(word, sight)).collect(),
            unwanted: Vec::new(),
            occurred: query.occurred,
            received: query.received,
            archive: query.archive,
            category_of,
        };
        for text in &query.not_texts {
            let words = text.words.iter().map(|word| word_anywhere(word, sight));
            plan.unwanted.push(Need::All(words.collect()));
        }
        if let Some(scope) = &sight.scope {
            // What is hidden from readers may still say which entries they see.
            let all = |clauses: &Vec<Clause>| {
                if clauses.is_empty() {
                    return Ok(Need::Any(Vec::new()));
                }
                let needs = clauses.iter().map(|clause| {
                    let any = clause.any.iter().map(|term| exactly(clause.key, term));
                    Ok(Need::Any(any.collect::<Result<_, SearchError>>()?))
                });
                Ok(Need::All(needs.collect::<Result<_, SearchError>>()?))
            };
            plan.wanted.push(Need::Any(scope.iter().map(all).collect::<Result<_, SearchError>>()?));
        }
        for clause in &query.clauses {
            let any = needs(clause, sight).collect::<Result<Vec<_>, _>>()?;
            if clause.not { &mut plan.unwanted } else { &mut plan.wanted }.push(Need::Any(any));
        }
        Ok(plan)
    }

    /// Whether rows are asked for by their times only.
    pub(crate) fn is_everything(&self) -> bool {
        self.wanted.is_empty() && self.unwanted.is_empty() && self.received == TimeRange::ALWAYS
    }

    /// The rows of `from..upto` that answer.
    pub(crate) fn rows<'a>(
        &self,
        postings: &'a dyn Postings,
        from: u32,
        upto: u32,
        budget: &Budget,
    ) -> Result<Walker<'a>, SearchError> {
        let nothing = || -> Walker<'a> { Box::new(Range::new(0, 0)) };
        let mut sets: Vec<Walker<'a>> = Vec::new();
        for need in &self.wanted {
            match self.set(need, postings, budget)? {
                Some(set) => sets.push(set),
                None => return Ok(nothing()),
            }
        }
        if self.received != TimeRange::ALWAYS
            && let Some(set) = postings.received(&self.received, budget)?
        {
            sets.push(set);
        }
        sets.push(Box::new(Range::new(from, upto)));
        let mut found = all(sets);
        for need in &self.unwanted {
            if let Some(set) = self.set(need, postings, budget)? {
                found = Box::new(Without::new(found, set));
            }
        }
        Ok(found)
    }

    fn set<'a>(
        &self,
        need: &Need,
        postings: &'a dyn Postings,
        budget: &Budget,
    ) -> Result<Option<Walker<'a>>, SearchError> {
        let some = |sets: Vec<Walker<'a>>| {
            if sets.is_empty() { Ok(None) } else { any(sets, postings.rows(), budget).map(Some) }
        };
        match need {
            Need::Exact(term) => postings.exact(term),
            Need::Prefix(prefix) => some(postings.within(prefix, &|_| true, budget)?),
            Need::Within(network) => {
                let keep =
                    |address: &[u8]| str::from_utf8(address).is_ok_and(|address| network.matches(address));
                some(postings.within(&[tag::IP], &keep, budget)?)
            }
            Need::Category(category) => {
                let keep =
                    |action: &[u8]| str::from_utf8(action).is_ok_and(|a| (self.category_of)(a) == category);
                some(postings.within(&[tag::ACTION], &keep, budget)?)
            }
            Need::Cell(cell, value) => postings.cell(*cell, value, budget).map(Some),
            Need::Target(id) => some(postings.within(id, &|kind| !kind.contains(&0), budget)?),
            Need::Targets { begin, kind } => {
                let keep = |rest: &[u8]| {
                    let asked = kind.as_ref().map(String::as_bytes);
                    asked.is_none_or(|kind| rest.rsplit(|&byte| byte == 0).next() == Some(kind))
                };
                some(postings.within(begin, &keep, budget)?)
            }
            Need::All(needs) => {
                let mut sets = Vec::with_capacity(needs.len());
                for need in needs {
                    match self.set(need, postings, budget)? {
                        Some(set) => sets.push(set),
                        None => return Ok(None),
                    }
                }
                Ok(Some(all(sets)))
            }
            Need::Any(needs) => {
                let sets = needs.iter().filter_map(|need| self.set(need, postings, budget).transpose());
                some(sets.collect::<Result<_, _>>()?)
            }
        }
    }
}

/// A word in any of the fields that the reader may see.
fn word_anywhere(word: &str, sight: &Sight) -> Need {
    Need::Any(sight.word_tags().map(|tag| Need::Exact(term(tag, word))).collect())
}

fn needs<'q>(clause: &'q Clause, sight: &'q Sight) -> impl Iterator<Item = Result<Need, SearchError>> + 'q {
    clause.any.iter().map(|term| need(clause.key, term, sight))
}

fn need(key: Key, asked: &Term, sight: &Sight) -> Result<Need, SearchError> {
    let tag = match key {
        Key::ActorId => ACTOR.id,
        Key::Action => tag::ACTION,
        Key::Role => tag::ROLE,
        Key::ActorType => tag::ACTOR_TYPE,
        Key::Outcome => tag::OUTCOME,
        Key::Country => tag::COUNTRY,
        Key::Source => tag::SOURCE,
        Key::Policy => tag::POLICY,
        Key::Session => tag::SESSION,
        Key::Kind => tag::KIND,
        Key::Ip => tag::IP,
        _ => 0,
    };
    Ok(match (key, asked) {
        (Key::Actor | Key::OnBehalfOf | Key::Principal, Term::Name(name)) => {
            let hides_email = sight.hidden.has(Field::Email);
            Need::Any(ways(key).iter().map(|tags| somebody(tags, name, hides_email)).collect())
        }
        (Key::Target, Term::Name(name)) => target(name, false),
        (Key::Changed, Term::Path(path)) => Need::Prefix(term(tag::CHANGED, &path.term_prefix())),
        (Key::Ip, Term::Network(network)) => Need::Within(*network),
        (Key::Category, Term::Is(category)) => Need::Category(category.clone()),
        (Key::Id, Term::Is(id)) => Need::Cell(Cell::Id, id.clone()),
        (Key::Request, Term::Is(request)) => Need::Cell(Cell::Request, request.clone()),
        (_, Term::Is(value)) if tag != 0 => Need::Exact(term(tag, value)),
        (_, Term::Prefix(value)) if tag != 0 => Need::Prefix(term(tag, value)),
        (_, Term::Any) if tag != 0 => Need::Prefix(vec![tag]),
        _ => return Err(SearchError::NotKept { key }),
    })
}

/// Actors and targets by their ids alone, and everything else as it is always meant.
fn exactly(key: Key, asked: &Term) -> Result<Need, SearchError> {
    match (key, asked) {
        (Key::Actor | Key::OnBehalfOf | Key::Principal, Term::Name(name)) => {
            Ok(Need::Any(ways(key).iter().map(|tags| same(tags.id, &name.id, name.prefix)).collect()))
        }
        (Key::Target, Term::Name(name)) => Ok(target(&Name { words: Vec::new(), ..name.clone() }, true)),
        _ => need(key, asked, &Sight::default()),
    }
}

fn same(tag: u8, value: &str, prefix: bool) -> Need {
    if prefix { Need::Prefix(term(tag, value)) } else { Need::Exact(term(tag, value)) }
}

/// In which ways somebody who is asked for has to do with an entry.
fn ways(key: Key) -> &'static [Somebody] {
    match key {
        Key::OnBehalfOf => &[ON_BEHALF_OF],
        Key::Principal => &[ACTOR, ON_BEHALF_OF],
        _ => &[ACTOR],
    }
}

fn somebody(tags: &Somebody, name: &Name, email_is_hidden: bool) -> Need {
    let mut any = vec![same(tags.id, &name.id, name.prefix)];
    any.extend(words(name, &[&[tags.word]]));
    if !email_is_hidden {
        any.push(same(tags.email, &name.folded, name.prefix));
        any.extend(words(name, &[&[tags.word], &[tags.email_word]]));
    }
    Need::Any(any)
}

fn target(name: &Name, exactly: bool) -> Need {
    let any_type = |id: &str| match name.prefix {
        true => Need::Targets { begin: term(tag::TARGET, id), kind: None },
        false => Need::Target([term(tag::TARGET, id), vec![0]].concat()),
    };
    if let Some(kind) = &name.kind {
        let asked = match name.prefix {
            true if name.id.is_empty() => Need::Exact(term(tag::TARGET_TYPE, kind)),
            true => Need::Targets { begin: term(tag::TARGET, &name.id), kind: Some(kind.clone()) },
            false => Need::Exact([&*term(tag::TARGET, &name.id), &[0], kind.as_bytes()].concat()),
        };
        if exactly {
            return asked;
        }
        // An id may have a slash of its own.
        return Need::Any(vec![asked, any_type(&name.text)]);
    }
    let mut any = vec![any_type(&name.id)];
    for nth in 0..TARGETS_MAX {
        any.extend(words(name, &[&[tag::TARGET_WORD, nth as u8]]));
    }
    Need::Any(any)
}

/// All words of a name, each in any of the fields, of the last one its beginning where any ending will do.
fn words(name: &Name, fields: &[&[u8]]) -> Option<Need> {
    let last = name.words.len().checked_sub(1)?;
    let word = |(nth, word): (usize, &String)| {
        let terms = fields.iter().map(|field| [field, word.as_bytes()].concat());
        let prefix = nth == last && name.prefix;
        Need::Any(terms.map(|term| if prefix { Need::Prefix(term) } else { Need::Exact(term) }).collect())
    };
    Some(Need::All(name.words.iter().enumerate().map(word).collect()))
}

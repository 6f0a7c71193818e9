//! Which values the answers have, and how often.
//!
//! Counted exactly, from the codes of the columns' pages: a text is looked at once for each dictionary it is in,
//! not once for each row.

use crate::columns::at;
use crate::error::{SearchError, SegmentError};
use crate::limits::Budget;
use crate::pages::{Texts, Values};
use crate::plan::Plan;
use crate::query::Query;
use crate::scan;
use crate::search::Snapshot;
use crate::segment::{Reading, Segment};
use crate::source::Source;
use crate::tail::Coded;
use crate::walk::END;
use crate::words::fold;
use hindcast_event::Field;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// The columns that are counted.
pub(crate) const FACET_COLUMNS: [usize; 7] =
    [at::ACTION, at::ACTOR, at::OUTCOME, at::SOURCE, at::COUNTRY, at::TARGET_TYPES, at::IP];

/// Threads that count together.
const THREADS: usize = 2;

/// A field whose values can be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FacetKind {
    /// The category of the action.
    Category,
    /// What was done.
    Action,
    /// Who did it: ids, with names as labels.
    Actor,
    /// The role they had.
    Role,
    /// What sort of actor it was.
    ActorType,
    /// How it went.
    Outcome,
    /// The channel.
    Source,
    /// The country.
    Country,
    /// The types of the targets; an entry counts once for each type it has.
    TargetType,
    /// The address.
    Ip,
}

impl FacetKind {
    /// All kinds, in the order people see them.
    pub const ALL: [Self; 10] = [
        Self::Category,
        Self::Action,
        Self::Actor,
        Self::Role,
        Self::ActorType,
        Self::Outcome,
        Self::Source,
        Self::Country,
        Self::TargetType,
        Self::Ip,
    ];

    /// The key of queries that narrows to one of its values. Target types are asked for as `target:type/*`, and
    /// actors, whose values are ids, are found by `actor_id` and nobody else with them.
    pub fn key(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::Action => "action",
            Self::Actor => "actor",
            Self::Role => "role",
            Self::ActorType => "actor_type",
            Self::Outcome => "outcome",
            Self::Source => "source",
            Self::Country => "country",
            Self::TargetType => "target",
            Self::Ip => "ip",
        }
    }

    /// The column it is worked out from.
    pub(crate) fn cells(self) -> usize {
        FACET_COLUMNS[self.column()]
    }

    /// The same as a place in [`FACET_COLUMNS`].
    pub(crate) fn column(self) -> usize {
        match self {
            Self::Category | Self::Action => 0,
            Self::Actor | Self::Role | Self::ActorType => 1,
            Self::Outcome => 2,
            Self::Source => 3,
            Self::Country => 4,
            Self::TargetType => 5,
            Self::Ip => 6,
        }
    }

    /// Calls `f` with the values of a cell, each with a label where it has one.
    pub(crate) fn each_value(self, cell: &str, snapshot: &Snapshot, mut f: impl FnMut(&str, Option<&str>)) {
        match self {
            Self::Category => f((snapshot.category_of)(&fold(cell)), None),
            Self::Action | Self::Outcome | Self::Source | Self::Country | Self::Ip => f(cell, None),
            Self::Actor => {
                let member = |name| scan::member_text(cell, name);
                if let Some(id) = member("id") {
                    let email = || member("email").filter(|_| !snapshot.sight.hidden.has(Field::Email));
                    f(&id, member("name").or_else(email).as_deref());
                }
            }
            Self::Role => scan::member_text(cell, "role").iter().for_each(|role| f(role, None)),
            Self::ActorType => scan::member_text(cell, "type").iter().for_each(|kind| f(kind, None)),
            Self::TargetType => scan::items(cell).filter_map(scan::text).for_each(|kind| f(&kind, None)),
        }
    }
}

/// The most frequent values of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facet {
    /// The field.
    pub kind: FacetKind,
    /// Its values, the most frequent first, ties by value.
    pub values: Vec<FacetValue>,
    /// How many different values there are in all.
    pub distinct: usize,
}

/// A value and how often it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetValue {
    /// The value as queries take it.
    pub value: String,
    /// What people call it, if something else.
    pub label: Option<String>,
    /// How many answers have it.
    pub count: u64,
}

/// The rows of a source that answer.
pub(crate) enum Matched {
    Between(u32, u32),
    Rows(Vec<u32>),
}

impl Matched {
    pub(crate) fn of(source: &Source, plan: &Plan, budget: &Budget) -> Result<Self, SearchError> {
        if plan.is_everything() {
            let (from, upto) = source.rows_within(&plan.occurred, budget)?;
            return Ok(Self::Between(from, upto.max(from)));
        }
        let mut walk = source.walk(plan, None, budget)?;
        let mut rows = Vec::new();
        while walk.row() != END {
            rows.push(walk.row());
            if rows.len().is_multiple_of(1 << 16) {
                budget.check()?;
            }
            walk.advance();
        }
        Ok(Self::Rows(rows))
    }

    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Between(from, upto) => from >= upto,
            Self::Rows(rows) => rows.is_empty(),
        }
    }

    /// The first row and the one after the last.
    pub(crate) fn bounds(&self) -> (u32, u32) {
        match self {
            Self::Between(from, upto) => (*from, *upto),
            Self::Rows(rows) => (rows.first().copied().unwrap_or(0), rows.last().map_or(0, |last| last + 1)),
        }
    }

    /// Calls `f` with those rows that are in `from..upto`.
    pub(crate) fn each_within(&self, from: u32, upto: u32, mut f: impl FnMut(u32)) {
        match self {
            Self::Between(first, end) => (from.max(*first)..upto.min(*end)).for_each(f),
            Self::Rows(rows) => {
                let start = rows.partition_point(|&row| row < from);
                rows[start..].iter().take_while(|&&row| row < upto).for_each(|&row| f(row));
            }
        }
    }
}

/// How often each cell is there.
pub(crate) type Counts = HashMap<String, u64>;

impl Snapshot {
    /// Counts the values of several fields over all answers.
    pub fn facets(
        &self,
        query: &Query,
        kinds: &[FacetKind],
        most: usize,
        budget: &Budget,
    ) -> Result<Vec<Facet>, SearchError> {
        kinds.iter().try_for_each(|&kind| self.sight.allow_facet(kind))?;
        let plan = self.plan(query)?;
        let candidates = self.candidates(&plan, None);
        let mut places: Vec<usize> = kinds.iter().map(|kind| kind.column()).collect();
        places.sort_unstable();
        places.dedup();
        let matched = shared(candidates.len(), |nth| {
            let source = candidates[nth].source()?;
            Ok((source, Matched::of(source, &plan, budget)?))
        })?;
        let counted = shared(matched.len() * places.len(), |nth| {
            let (source, rows) = &matched[nth / places.len()];
            let place = places[nth % places.len()];
            Ok((place, count(source, place, rows, budget)?))
        })?;
        let mut columns: HashMap<usize, Counts> = HashMap::new();
        for (place, counts) in counted {
            let column = columns.entry(place).or_default();
            for (value, count) in counts {
                *column.entry(value).or_default() += count;
            }
        }
        let none = Counts::new();
        Ok(kinds
            .iter()
            .map(|&kind| self.facet(kind, columns.get(&kind.column()).unwrap_or(&none), most))
            .collect())
    }

    /// The values of cells.
    pub(crate) fn facet(&self, kind: FacetKind, cells: &Counts, most: usize) -> Facet {
        // Of several labels of one value the one that is there most often is shown: over all cells that have it,
        // which may differ in what the reader does not see.
        let mut found: HashMap<String, (u64, HashMap<String, u64>)> = HashMap::new();
        for (cell, &count) in cells {
            kind.each_value(cell, self, |value, label| {
                let (total, labels) = match found.get_mut(value) {
                    Some(entry) => entry,
                    None => found.entry(value.to_owned()).or_default(),
                };
                *total += count;
                if let Some(label) = label {
                    *labels.entry(label.to_owned()).or_default() += count;
                }
            });
        }
        let distinct = found.len();
        let most_frequent = |labels: HashMap<String, u64>| {
            labels.into_iter().max_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0))).map(|(label, _)| label)
        };
        let values = found.into_iter().map(|(value, (count, labels))| FacetValue {
            value,
            label: most_frequent(labels),
            count,
        });
        let mut values: Vec<_> = values.collect();
        values.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        values.truncate(most);
        Facet { kind, values, distinct }
    }
}

/// Does pieces of work on two threads and keeps their order.
pub(crate) fn shared<T: Send>(
    count: usize,
    work: impl Fn(usize) -> Result<T, SearchError> + Sync,
) -> Result<Vec<T>, SearchError> {
    if count <= 1 {
        return (0..count).map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::with_capacity(count));
    let run = || -> Result<(), SearchError> {
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            if nth >= count {
                return Ok(());
            }
            let result = work(nth)?;
            done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((nth, result));
        }
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..THREADS).map(|_| scope.spawn(run)).collect();
        let mut result = run();
        for other in others {
            let panicked = || Err(SegmentError::internal("", "counting panicked").into());
            result = result.and(other.join().unwrap_or_else(|_| panicked()));
        }
        result
    })?;
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_unstable_by_key(|(nth, _)| *nth);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

fn count(source: &Source, place: usize, rows: &Matched, budget: &Budget) -> Result<Counts, SearchError> {
    let mut counts = Counts::new();
    each_cell_count(source, place, &mut |_| 0, 1, rows, budget, &mut |cell, found| {
        *counts.entry(cell.to_owned()).or_default() += found[0];
    })?;
    Ok(counts)
}

/// Counts the cells of a column by bucket, and calls `f` with each cell's counts; a cell may come more than once.
pub(crate) fn each_cell_count(
    source: &Source,
    place: usize,
    bucket_of: &mut dyn FnMut(u32) -> usize,
    buckets: usize,
    rows: &Matched,
    budget: &Budget,
    f: &mut dyn FnMut(&str, &[u64]),
) -> Result<(), SearchError> {
    match source {
        Source::Tail(part) => {
            let Coded { codes, values } = &part.coded()[place];
            let mut counts = vec![0_u64; values.len() * buckets];
            rows.each_within(0, codes.len() as u32, |row| {
                let code = codes[row as usize];
                if code != Coded::ABSENT {
                    counts[code as usize * buckets + bucket_of(row)] += 1;
                }
            });
            for (value, counts) in values.iter().zip(counts.chunks(buckets)) {
                if counts.iter().any(|&count| count > 0) {
                    f(value, counts);
                }
            }
            Ok(())
        }
        Source::Segment(segment) => {
            count_pages(segment, FACET_COLUMNS[place], bucket_of, buckets, rows, budget, f)
        }
    }
}

fn count_pages(
    segment: &Segment,
    column: usize,
    bucket_of: &mut dyn FnMut(u32) -> usize,
    buckets: usize,
    rows: &Matched,
    budget: &Budget,
    f: &mut dyn FnMut(&str, &[u64]),
) -> Result<(), SearchError> {
    if rows.is_empty() || segment.is_empty_column(column) {
        return Ok(());
    }
    let mut reading = Reading::new(budget)?;
    let mut coded: Option<CodeCounts> = None;
    let mut others: HashMap<String, Vec<u64>> = HashMap::new();
    let (from, upto) = rows.bounds();
    for nth in segment.page_of(column, from)..=segment.page_of(column, upto - 1) {
        let page = segment.page(column, nth, &mut reading)?;
        match &page.values {
            Values::Codes(codes) => {
                let group = segment.group_of(page.first);
                if let Some(done) = coded.take_if(|coded| coded.group != group) {
                    done.tell(f);
                }
                let coded = match &mut coded {
                    Some(coded) => coded,
                    none => {
                        let dictionary = segment.dictionary(column, group, &mut reading)?;
                        none.insert(CodeCounts::new(group, dictionary, buckets))
                    }
                };
                match page.places() {
                    None if buckets == 1
                        && page.first >= from
                        && page.first + page.rows <= upto
                        && is_whole(rows) =>
                    {
                        codes.iter().for_each(|&code| coded.count(code, 0));
                    }
                    _ => rows.each_within(page.first, page.first + page.rows, |row| {
                        if let Some(&code) = page.place(row).and_then(|place| codes.get(place)) {
                            coded.count(code, bucket_of(row));
                        }
                    }),
                }
            }
            Values::Texts(texts) => rows.each_within(page.first, page.first + page.rows, |row| {
                let Some(text) = page.place(row).and_then(|place| texts.get(place)) else { return };
                let counts = match others.get_mut(text) {
                    Some(counts) => counts,
                    None => others.entry(text.to_owned()).or_insert_with(|| vec![0; buckets]),
                };
                counts[bucket_of(row)] += 1;
            }),
            _ => {}
        }
    }
    coded.iter().for_each(|coded| coded.tell(f));
    others.iter().for_each(|(value, counts)| f(value, counts));
    Ok(())
}

/// How often each code of a row group's dictionary is there, by bucket.
struct CodeCounts {
    group: usize,
    dictionary: Arc<Texts>,
    buckets: usize,
    counts: Vec<u64>,
}

impl CodeCounts {
    fn new(group: usize, dictionary: Arc<Texts>, buckets: usize) -> Self {
        let counts = vec![0; dictionary.len() * buckets];
        Self { group, dictionary, buckets, counts }
    }

    fn count(&mut self, code: u32, bucket: usize) {
        if let Some(count) = self.counts.get_mut(code as usize * self.buckets + bucket) {
            *count += 1;
        }
    }

    fn tell(&self, f: &mut dyn FnMut(&str, &[u64])) {
        for (code, counts) in self.counts.chunks(self.buckets).enumerate() {
            if counts.iter().any(|&count| count > 0) {
                f(self.dictionary.get(code).unwrap_or_default(), counts);
            }
        }
    }
}

fn is_whole(rows: &Matched) -> bool {
    matches!(rows, Matched::Between(..))
}

//! Writes a report: asks the log topic by topic and says what it found.

use super::clocks::Clocks;
use super::evidence::{Evidence, href, newest};
use super::template::Template;
use super::topic::Topic;
use super::{Proof, figure};
use crate::app::App;
use crate::pages::{Clock, Text, count, number, short, value_label, visible};
use crate::paper::{Block, Column, Document, Format, Span, Table};
use anyhow::anyhow;
use hindcast_event::{Language, Timestamp};
use hindcast_ledger::WorkspaceId;
use hindcast_segments::query::{ParseContext, Query, TimeRange};
use hindcast_segments::{Budget, Facet, Sight, Snapshot};
use std::collections::BTreeMap;

/// Entries of a topic that are shown.
const SAMPLES: usize = 25;
/// Entries of a topic that are shown where a clause leads to it.
const SAMPLES_OF_CLAUSE: usize = 5;
/// Entries of a timeline.
const TIMELINE_MAX: usize = 1_000;

/// What a report is asked for.
pub struct Asked<'a> {
    pub workspace: &'a WorkspaceId,
    pub template: Template,
    /// From when, and until before when.
    pub time: (Timestamp, Timestamp),
    /// What it is narrowed to besides.
    pub narrowed: &'a Query,
    pub language: Language,
    /// For whom.
    pub reader: &'a str,
    pub sight: &'a Sight,
}

/// A report that is written.
pub struct Written {
    pub document: Document,
    /// How many entries of the time its reader sees.
    pub entries: u64,
    pub proof: Option<Proof>,
}

/// Writes a report. `done` hears how much is done, in a hundred parts.
pub fn write(
    app: &App,
    asked: &Asked<'_>,
    snapshot: &Snapshot,
    budget: &Budget,
    done: &dyn Fn(u64),
) -> anyhow::Result<Written> {
    let t = Text { language: asked.language };
    let all = within(asked.narrowed, asked.time);
    let entries = snapshot.count(&all, budget)?;
    let proof = Proof::newest(app, asked.workspace)?;
    let queries = queries(asked.template, &all);
    let queries = queries.map_err(|topic| anyhow!("{topic:?} cannot be asked together with the query"))?;
    let topics = asked.template.topics();
    let clauses = asked.template.clauses();
    let samples = if clauses.is_empty() { SAMPLES } else { SAMPLES_OF_CLAUSE };
    let mut found = BTreeMap::new();
    for (nth, (topic, query)) in queries.into_iter().enumerate() {
        done((nth * 80 / topics.len()) as u64);
        found.insert(topic, Evidence::gather(t, snapshot, query, samples, budget)?);
    }
    let mut blocks = head(app, asked, t, entries)?;
    if let Some(figure) = figure::days(t, snapshot, &all, asked.time, budget)? {
        blocks.push(Block::Paragraph(vec![Span::plain(&figure.told)]));
        blocks.push(Block::Figure(figure));
    }
    let clocks = topics.contains(&Topic::Clocks);
    let clocks = clocks.then(|| Clocks::compare(app, snapshot, &all, asked.time, budget)).transpose()?;
    if !clauses.is_empty() {
        blocks.extend(controls(t, asked.template, &found, clocks.as_ref()));
    }
    for topic in &topics {
        if let Some(evidence) = found.get(topic) {
            blocks.extend(section(t, *topic, evidence));
        }
        if *topic == Topic::Clocks {
            blocks.extend(clocks.iter().flat_map(|clocks| clocks.blocks(t)));
        }
    }
    if asked.template == Template::IncidentTimeline {
        blocks.extend(timeline(t, snapshot, &all, entries, budget)?);
    }
    blocks.extend(close(t, &topics, &found, &all, entries, proof.as_ref()));
    done(85);
    let (title, _) = asked.template.told(t);
    let clock = Clock::new("UTC", t.language);
    let title = format!("{title} · {}", period(&clock, t, asked.time));
    let foot = format!("hindcast · {}", proof.as_ref().map_or("", |proof| proof.root.as_str()));
    let document = Document {
        language: t.language,
        title,
        made_at: (app.clock)(),
        foot,
        page_of: t.paper_page("{page}", "{pages}").into_owned(),
        base: app.config.server.public_url.clone(),
        format: Format::Portrait,
        blocks,
    };
    Ok(Written { document, entries, proof })
}

/// What a report asks the log, topic by topic; or the topic that cannot be asked together with what it is narrowed to.
pub fn queries(template: Template, all: &Query) -> Result<Vec<(Topic, Query)>, Topic> {
    let topics = template.topics().into_iter().map(|topic| {
        let own = Query::parse(topic.query(), &ParseContext::default()).unwrap_or_default();
        let both = own.clauses.iter().try_fold(all.clone(), |query, clause| query.narrowed(clause));
        both.map(|query| (topic, query)).ok_or(topic)
    });
    topics.collect()
}

/// A query within a time.
pub fn within(query: &Query, (from, until): (Timestamp, Timestamp)) -> Query {
    let occurred = TimeRange { from: Some(from.micros()), until: Some(until.micros()) };
    Query { occurred, ..query.clone() }
}

/// A time in words, with the last day that is in it.
pub fn period(clock: &Clock, t: Text, (from, until): (Timestamp, Timestamp)) -> String {
    let last = Timestamp::from_micros(until.micros() - 1);
    t.report_period(clock.date(from), clock.date(last)).into_owned()
}

fn head(app: &App, asked: &Asked<'_>, t: Text, entries: u64) -> anyhow::Result<Vec<Block>> {
    let clock = Clock::new("UTC", t.language);
    let workspace = app.catalog.workspace(asked.workspace)?;
    let name = workspace.map_or_else(|| asked.workspace.to_string(), |known| short(&known.name));
    let mut facts = vec![
        (t.report_workspace(), Span::plain(name)),
        (t.report_time(), Span::plain(format!("{} (UTC)", period(&clock, t, asked.time)))),
        (t.paper_made(), Span::plain(format!("{} UTC", clock.time((app.clock)())))),
        (t.paper_reader(), Span::plain(short(asked.reader))),
        (t.report_entries(), Span::plain(number(count(entries), t.language))),
        (t.report_version(), Span::plain(format!("hindcast {}", env!("CARGO_PKG_VERSION")))),
    ];
    if !asked.narrowed.is_empty() {
        facts.push((t.report_narrowed_to(), Span::mono(visible(&asked.narrowed.to_string()))));
    }
    let facts = facts.into_iter().map(|(name, value)| (name.into_owned(), vec![value])).collect();
    let mut blocks = vec![Block::Facts(facts)];
    if !asked.template.clauses().is_empty() {
        blocks.push(Block::Note(vec![Span::plain(t.report_evidence_for())]));
    }
    if !asked.sight.is_everything() {
        blocks.push(Block::Note(vec![Span::plain(t.paper_narrowed())]));
    }
    Ok(blocks)
}

/// Clause by clause, what there is.
fn controls(
    t: Text,
    template: Template,
    found: &BTreeMap<Topic, Evidence>,
    clocks: Option<&Clocks>,
) -> Vec<Block> {
    let columns = vec![
        Column::new(t.report_clause(), 1.7),
        Column::new(t.report_clause_about(), 3.0),
        Column::new(t.report_topic(), 2.9),
        Column::number(t.entries(), 1.2),
        Column::new(t.report_samples(), 2.1),
        Column::new(t.report_verdict(), 2.4),
    ];
    let is_compared = clocks.is_some_and(Clocks::is_compared);
    let mut rows = Vec::new();
    for (clause, title, topics) in template.clauses() {
        for (nth, topic) in topics.iter().enumerate() {
            let Some(evidence) = found.get(topic) else { continue };
            let indexes: Vec<String> = evidence.indexes.iter().take(3).map(u64::to_string).collect();
            let verdict = match topic {
                _ if evidence.count > 0 => t.report_recorded(),
                Topic::Clocks if is_compared => t.report_compared(),
                _ => t.report_nothing(),
            };
            let (clause, title) = if nth == 0 { (*clause, title(t)) } else { ("", "".into()) };
            rows.push(vec![
                Span::strong(clause),
                Span::plain(title),
                Span::plain(topic.title(t)),
                Span::plain(number(count(evidence.count), t.language)).to(evidence.href()),
                Span::mono(indexes.join(" ")),
                Span::plain(verdict),
            ]);
        }
    }
    let caption = t.report_controls().into_owned();
    vec![Block::Heading(1, caption.clone()), Block::Table(Table { caption, columns, rows, row_heads: true })]
}

/// A topic: how many, who and what, and the newest.
fn section(t: Text, topic: Topic, evidence: &Evidence) -> Vec<Block> {
    let title = topic.title(t);
    let mut blocks = vec![Block::Heading(1, title.clone())];
    if evidence.count == 0 {
        blocks.push(Block::Paragraph(vec![Span::plain(t.report_nothing_told())]));
        return blocks;
    }
    let counted = t.report_counted(count(evidence.count)).into_owned();
    blocks.push(Block::Paragraph(vec![Span::strong(counted).to(evidence.href())]));
    blocks
        .extend(evidence.top.iter().filter(|facet| facet.distinct > 1).map(|facet| most_frequent(t, facet)));
    let shown = evidence.samples.len() as u64;
    if shown < evidence.count {
        blocks.push(Block::Paragraph(vec![Span::plain(t.report_newest(count(shown)))]));
    }
    blocks.push(Block::Table(listed(t, title, evidence.samples.clone())));
    blocks
}

fn most_frequent(t: Text, facet: &Facet) -> Block {
    let title =
        if facet.kind == hindcast_segments::FacetKind::Action { t.column_activity() } else { t.column_who() };
    let rows = facet.values.iter().map(|value| {
        vec![
            Span::plain(value_label(t, facet.kind, value)),
            Span::plain(number(count(value.count), t.language)),
        ]
    });
    let columns = vec![Column::new(title.clone(), 5.0), Column::number(t.entries(), 1.0)];
    Block::Table(Table { caption: title.into_owned(), columns, rows: rows.collect(), row_heads: true })
}

/// Entries as a table that is narrow enough for a page that stands.
fn listed(t: Text, caption: String, rows: Vec<Vec<Span>>) -> Table {
    let columns = vec![
        Column::new(t.paper_time(), 2.0),
        Column::new(t.column_who(), 2.0),
        Column::new(t.column_activity(), 4.6),
        Column::new(t.column_outcome(), 1.6),
        Column::number(t.paper_index(), 1.3),
    ];
    // Target and address stand in the log, to which the index leads.
    let rows = rows.into_iter().map(|row| {
        let kept = row.into_iter().enumerate().filter(|(nth, _)| !matches!(nth, 3 | 5));
        kept.map(|(_, cell)| cell).collect()
    });
    Table { caption, columns, rows: rows.collect(), row_heads: false }
}

/// Everything in the order in which it happened.
fn timeline(
    t: Text,
    snapshot: &Snapshot,
    all: &Query,
    entries: u64,
    budget: &Budget,
) -> anyhow::Result<Vec<Block>> {
    let (mut rows, _) = newest(t, snapshot, all, TIMELINE_MAX, budget)?;
    rows.reverse();
    let caption = t.report_timeline().into_owned();
    let mut blocks = vec![Block::Heading(1, caption.clone())];
    if rows.is_empty() {
        blocks.push(Block::Paragraph(vec![Span::plain(t.report_nothing_told())]));
    }
    if (rows.len() as u64) < entries {
        blocks.push(Block::Note(vec![Span::plain(t.report_newest(count(rows.len() as u64)))]));
    }
    if !rows.is_empty() {
        blocks.push(Block::Table(listed(t, caption, rows)));
    }
    Ok(blocks)
}

/// The end: what was asked, what it is tied to, and what it does not prove.
fn close(
    t: Text,
    topics: &[Topic],
    found: &BTreeMap<Topic, Evidence>,
    all: &Query,
    entries: u64,
    proof: Option<&Proof>,
) -> Vec<Block> {
    let line = |title: String, query: &Query, entries: u64| {
        let counted = Span::plain(number(count(entries), t.language)).to(href(query));
        vec![Span::plain(title), Span::mono(visible(&query.to_string())), counted]
    };
    let mut rows = vec![line(t.report_entries().into_owned(), all, entries)];
    rows.extend(topics.iter().filter_map(|topic| {
        let evidence = found.get(topic)?;
        Some(line(topic.title(t), &evidence.query, evidence.count))
    }));
    let columns = vec![
        Column::new(t.report_topic(), 2.4),
        Column::new(t.paper_query(), 6.0),
        Column::number(t.entries(), 1.2),
    ];
    let caption = t.report_queries().into_owned();
    let mut blocks = vec![
        Block::Heading(1, caption.clone()),
        Block::Table(Table { caption, columns, rows, row_heads: true }),
        Block::Heading(1, t.paper_checkpoint().into_owned()),
    ];
    blocks.extend(Proof::blocks(proof, t));
    blocks.push(Block::Heading(1, t.report_limits().into_owned()));
    let limits =
        [t.report_limit_sources(), t.report_limit_key(), t.report_limit_clock(), t.report_limit_law()];
    blocks.extend(limits.map(|limit| Block::Paragraph(vec![Span::plain(limit)])));
    blocks
}

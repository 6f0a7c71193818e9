//! What was read, judged: mis-tags, gaps and new kinds of questions, in one list.

use super::found::{About, Assigned, Cited, Found, Gapped, Insight, Kind, Mistagged, NewlyAsked, Trend};
use super::gather::Gathered;
use super::question::Question;
use hindcast_event::Timestamp;
use hindcast_text::{
    Cause, Correction, Drift, Gap, Mistag, Mistags, NewKind, Progress, Spread, Tagging, TextError, Topics,
};
use std::cmp::Reverse;

/// Conversations of one insight that are named.
const NAMED_MAX: usize = 200;
/// Insights of one kind that are told.
const OF_KIND_MAX: usize = 200;
/// Tags that were not looked at, named.
const LEFT_OUT_NAMED_MAX: usize = 200;
/// Each of the three parts counts as much in what `progress` hears.
const PARTS: usize = 3;
const OF: usize = 1_000;

/// Judges what was read. `progress` hears how much of how much.
pub(crate) fn work_out(
    gathered: &Gathered,
    question: &Question,
    progress: Progress<'_>,
) -> Result<Found, TextError> {
    let mut part =
        |nth: usize, done: usize, of: usize| progress(nth * OF + done.min(of) * OF / of.max(1), PARTS * OF);
    let mistags = mistags(gathered, &mut |done, of| part(0, done, of))?;
    let mut found = Found {
        read: gathered.reading.len(),
        without_text: gathered.without_text,
        beyond: gathered.beyond,
        judged: mistags.looked_at,
        suspects: mistags.suspects,
        tags_left_out: mistags.left_out.iter().take(LEFT_OUT_NAMED_MAX).cloned().collect(),
        articles: gathered.article_count,
        evidence: gathered.evidence,
        is_evidence_cut: gathered.is_evidence_cut,
        ..Found::default()
    };
    let mut ranked: Vec<(usize, f64, Insight)> = Vec::new();
    for pair in mistags.pairs.iter().take(OF_KIND_MAX) {
        ranked.push((pair.corrected, pair.suspects as f64, of_mistag(gathered, pair)));
    }
    if gathered.outcomes.iter().any(|outcome| outcome.unresolved) {
        let topics = gathered.reading.topics(&mut |done, of| part(1, done, of))?;
        found.kinds = topics.topics.len();
        let gaps = gathered.reading.gaps(&topics, &gathered.outcomes, &gathered.articles)?;
        for gap in gaps.iter().take(OF_KIND_MAX) {
            ranked.push((0, gap.score, of_gap(gathered, &topics, gap)));
        }
    }
    let since = question.new_since(gathered.newest);
    let drift = gathered.reading.drift(since, &mut |done, of| part(2, done, of))?;
    found.kinds = found.kinds.max(of_both(&drift));
    for kind in drift.new.iter().take(OF_KIND_MAX) {
        ranked.push((0, kind.topic.texts.len() as f64, of_new_kind(gathered, kind, since)));
    }
    ranked.sort_by(|a, b| Reverse(a.0).cmp(&Reverse(b.0)).then(b.1.total_cmp(&a.1)));
    found.insights = ranked.into_iter().map(|(_, _, insight)| insight).collect();
    found.insights.iter_mut().enumerate().for_each(|(at, insight)| insight.nr = at + 1);
    Ok(found)
}

fn of_both(drift: &Drift) -> usize {
    drift.kinds.max(drift.kinds_before)
}

fn mistags(gathered: &Gathered, progress: Progress<'_>) -> Result<Mistags, TextError> {
    let taggings: Vec<Tagging<'_>> = gathered
        .given
        .iter()
        .map(|given| Tagging {
            text: given.text,
            tag: &given.tag,
            assigner: given.by.as_deref(),
            version: given.version.as_deref(),
        })
        .collect();
    let corrections: Vec<Correction<'_>> = gathered
        .corrected
        .iter()
        .map(|(text, corrected)| Correction {
            text: *text,
            removed: &corrected.removed,
            added: &corrected.added,
            assigner: corrected.assigner.as_deref(),
            version: corrected.version.as_deref(),
        })
        .collect();
    match gathered.reading.mistags(&taggings, &corrections, progress) {
        Ok(mistags) => Ok(mistags),
        // Without tags nothing is tagged wrongly; what else there is to say is said.
        Err(TextError::TooFewTags { .. }) => {
            Ok(Mistags { pairs: Vec::new(), left_out: Vec::new(), suspects: 0, looked_at: 0 })
        }
        Err(other) => Err(other),
    }
}

fn of_mistag(gathered: &Gathered, pair: &Mistag) -> Insight {
    let assigned_by = pair.assigners.iter().map(|one| Assigned {
        by: one.name.clone(),
        version: one.version.clone(),
        count: one.texts,
        of: one.of,
        since: Timestamp::from_micros(one.first_at_micros),
    });
    let mistag = Mistagged {
        assigned: pair.assigned.clone(),
        expected: pair.expected.clone(),
        suspects: pair.suspects,
        corrected: pair.corrected,
        share_of_assigned: pair.share_of_assigned,
        share_of_expected: pair.share_of_expected,
        margin: pair.margin,
        assigned_by: assigned_by.collect(),
    };
    let about = About { mistag: Some(mistag), ..About::default() };
    insight(gathered, Kind::Mistag, &pair.texts, &pair.words, &pair.spread, about)
}

fn of_gap(gathered: &Gathered, topics: &Topics, gap: &Gap) -> Insight {
    let cited = |number: usize, similarity: f64| {
        let article = gathered.shelf.get(number)?;
        let (id, title, url) = (article.id.clone(), article.title.clone(), article.url.clone());
        Some(Cited { id, title, url, similarity })
    };
    let gapped = Gapped {
        cause: cause(gap.cause).to_owned(),
        causes: gap.causes.iter().map(|(one, count)| (cause(*one).to_owned(), *count)).collect(),
        volume: gap.volume,
        unresolved: gap.unresolved,
        between: (gap.share.low, gap.share.high),
        score: gap.score,
        nearest: gap.nearest.and_then(|nearest| cited(nearest.article, nearest.similarity)),
        shown_in_vain: gap.shown_in_vain.and_then(|number| {
            let near = gap.nearest.filter(|nearest| nearest.article == number);
            cited(number, near.map_or(0.0, |nearest| nearest.similarity))
        }),
    };
    let words = topics.topics.get(gap.topic).map(|topic| topic.words.as_slice()).unwrap_or_default();
    let about = About { gap: Some(gapped), ..About::default() };
    insight(gathered, Kind::Gap, &gap.texts, words, &gap.spread, about)
}

fn of_new_kind(gathered: &Gathered, kind: &NewKind, since: i64) -> Insight {
    let topic = &kind.topic;
    let others = topic.texts.iter().filter(|text| !topic.examples.contains(text));
    let texts: Vec<usize> = topic.examples.iter().chain(others).copied().collect();
    let asked = NewlyAsked {
        since: Timestamp::from_micros(since),
        tightness: f64::from(topic.tightness),
        nearest: kind.nearest.and_then(|(text, _)| gathered.ids.get(text).cloned()),
        similarity: kind.nearest.map_or(0.0, |(_, near)| f64::from(near)),
    };
    let about = About { new_kind: Some(asked), ..About::default() };
    insight(gathered, Kind::NewKind, &texts, &topic.words, &topic.spread, about)
}

fn insight(
    gathered: &Gathered,
    kind: Kind,
    texts: &[usize],
    words: &[String],
    spread: &Spread,
    about: About,
) -> Insight {
    let ids = texts.iter().filter_map(|text| gathered.ids.get(*text).cloned());
    Insight {
        nr: 0,
        kind,
        count: texts.len(),
        words: words.to_vec(),
        first_at: Timestamp::from_micros(spread.first_at_micros),
        last_at: Timestamp::from_micros(spread.last_at_micros),
        periods: spread.periods.to_vec(),
        trend: match spread.trend {
            hindcast_text::Trend::Rising => Trend::Rising,
            hindcast_text::Trend::Steady => Trend::Steady,
            hindcast_text::Trend::Falling => Trend::Falling,
        },
        about,
        conversations: ids.take(NAMED_MAX).collect(),
    }
}

fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::NoArticle => "no_article",
        Cause::NotCited => "not_cited",
        Cause::CitedInVain => "cited_in_vain",
        Cause::Blocked => "blocked",
    }
}

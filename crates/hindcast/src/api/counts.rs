//! Numbers about the entries that answer a query: how many, of which values, and when.

use super::caller::Reader;
use super::entries::room;
use super::error::Problem;
use super::lanes::Lanes;
use super::params::{Params, query, time, within};
use super::schema::Refusals;
use crate::app::App;
use axum::extract::State;
use axum::{Extension, Json};
use hindcast_event::{OutcomeResult, Timestamp};
use hindcast_segments::query::Query;
use hindcast_segments::{BUCKETS_MAX, FacetKind, FacetValue, SUGGEST_TIME_MAX, SUGGESTIONS_MAX, Snapshot};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

const TOP_DEFAULT: usize = 8;
const TOP_MAX: usize = 100;
/// `interval=auto` chooses the finest that gives no more stretches than this.
const AUTO_BUCKETS_MAX: i64 = 100;
const TYPED_BYTES_MAX: usize = 256;

/// Which entries to count.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CountOf {
    /// A query; everything when absent.
    #[param(max_length = 2000)]
    q: Option<String>,
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

/// A number of entries.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountBody {
    /// How many entries answer the query.
    count: u64,
}

/// Counts entries
#[utoipa::path(
    get, path = "/v1/count", tag = "events", operation_id = "countEvents", params(CountOf),
    responses((status = 200, body = CountBody), Refusals), security(("token" = [])),
)]
pub async fn count(
    State(app): State<Arc<App>>,
    reader: Reader,
    Extension(lanes): Extension<Arc<Lanes>>,
    Params(asked): Params<CountOf>,
) -> Result<Json<CountBody>, Problem> {
    let query = query((app.clock)(), asked.q.as_deref())?;
    let room = room(&app, &reader.workspace)?;
    let sight = reader.caller.token.sight.clone();
    let lanes = lanes.of(&reader.workspace);
    let count = lanes.query(&app, move |budget| Ok(room.seen_by(&sight).count(&query, budget)?)).await?;
    Ok(Json(CountBody { count }))
}

/// Which values to count.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FacetsOf {
    /// A query; everything when absent.
    #[param(max_length = 2000)]
    q: Option<String>,
    /// Fields, separated by commas: category, action, actor, role, actor_type, outcome, source, country, target, ip.
    #[param(
        example = "action,actor",
        pattern = "^(category|action|actor|role|actor_type|outcome|source|country|target|ip)(,(category|action|actor|role|actor_type|outcome|source|country|target|ip))*$"
    )]
    facet: String,
    /// How many values of each field are shown.
    #[param(minimum = 1, maximum = 100, default = 8)]
    top: Option<usize>,
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

/// The most frequent values of some fields.
#[derive(Debug, Serialize, ToSchema)]
pub struct FacetsBody {
    /// The fields in the order they were asked for.
    facets: Vec<FacetBody>,
}

/// The most frequent values of a field.
#[derive(Debug, Serialize, ToSchema)]
pub struct FacetBody {
    /// The field, as queries call it.
    facet: &'static str,
    /// The values, the most frequent first.
    values: Vec<ValueBody>,
    /// How many different values there are in all.
    distinct: usize,
}

/// A value and how often it is there.
#[derive(Debug, Serialize, ToSchema)]
pub struct ValueBody {
    /// The value as queries take it.
    value: String,
    /// What people call it, if something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    /// How many entries have it.
    count: u64,
}

impl From<FacetValue> for ValueBody {
    fn from(FacetValue { value, label, count }: FacetValue) -> Self {
        Self { value, label, count }
    }
}

/// Counts the values of fields
#[utoipa::path(
    get, path = "/v1/facets", tag = "events", operation_id = "facets", params(FacetsOf),
    responses((status = 200, body = FacetsBody), Refusals), security(("token" = [])),
)]
pub async fn facets(
    State(app): State<Arc<App>>,
    reader: Reader,
    Extension(lanes): Extension<Arc<Lanes>>,
    Params(asked): Params<FacetsOf>,
) -> Result<Json<FacetsBody>, Problem> {
    let top = within("top", asked.top.unwrap_or(TOP_DEFAULT), 1..=TOP_MAX)?;
    let query = query((app.clock)(), asked.q.as_deref())?;
    let mut kinds = Vec::new();
    for name in asked.facet.split(',') {
        let kind = kind("facet", name.trim())?;
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    let room = room(&app, &reader.workspace)?;
    let sight = reader.caller.token.sight.clone();
    let counted = lanes
        .of(&reader.workspace)
        .query(&app, move |budget| Ok(room.seen_by(&sight).facets(&query, &kinds, top, budget)?))
        .await?;
    let facets = counted.into_iter().map(|facet| FacetBody {
        facet: facet.kind.key(),
        values: facet.values.into_iter().map(ValueBody::from).collect(),
        distinct: facet.distinct,
    });
    Ok(Json(FacetsBody { facets: facets.collect() }))
}

fn kind(parameter: &str, name: &str) -> Result<FacetKind, Problem> {
    let found = FacetKind::ALL.into_iter().find(|kind| kind.key() == name);
    found.ok_or_else(|| {
        let known = FacetKind::ALL.map(FacetKind::key).join(", ");
        Problem::parameter(parameter, format!("{parameter} must be of {known}"))
    })
}

/// Which stretches of time to count in.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistogramOf {
    /// A query; everything when absent.
    #[param(max_length = 2000)]
    q: Option<String>,
    /// The beginning, in RFC 3339; the oldest entry when absent.
    #[param(format = DateTime)]
    from: Option<String>,
    /// The end, in RFC 3339; the newest entry when absent.
    #[param(format = DateTime)]
    to: Option<String>,
    /// How long a stretch is; at most 2,000 fit.
    #[param(inline, default = "auto")]
    interval: Option<Interval>,
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Interval {
    #[default]
    Auto,
    Minute,
    Hour,
    Day,
    Week,
    Month,
}

/// Entries by stretch of time.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistogramBody {
    /// How long a stretch is.
    interval: Interval,
    /// The stretches, oldest first; they follow each other without a gap.
    buckets: Vec<BucketBody>,
}

/// The entries of a stretch of time.
#[derive(Debug, Serialize, ToSchema)]
pub struct BucketBody {
    /// When it begins, in UTC.
    #[schema(format = DateTime)]
    start: String,
    /// All entries.
    count: u64,
    /// Those that worked.
    success: u64,
    /// Those that failed.
    failure: u64,
    /// Those that were not allowed.
    denied: u64,
    /// Those of which the source could not tell.
    unknown: u64,
}

/// Counts entries over time
///
/// In UTC; weeks begin on Monday.
#[utoipa::path(
    get, path = "/v1/histogram", tag = "events", operation_id = "histogram", params(HistogramOf),
    responses((status = 200, body = HistogramBody), Refusals), security(("token" = [])),
)]
pub async fn histogram(
    State(app): State<Arc<App>>,
    reader: Reader,
    Extension(lanes): Extension<Arc<Lanes>>,
    Params(asked): Params<HistogramOf>,
) -> Result<Json<HistogramBody>, Problem> {
    let query = query((app.clock)(), asked.q.as_deref())?;
    let from = asked.from.as_deref().map(|from| time("from", from)).transpose()?;
    let to = asked.to.as_deref().map(|to| time("to", to)).transpose()?;
    let interval = asked.interval.unwrap_or_default();
    let room = room(&app, &reader.workspace)?;
    let sight = reader.caller.token.sight.clone();
    let lanes = lanes.of(&reader.workspace);
    let counted = lanes.query(&app, move |budget| {
        let snapshot = room.seen_by(&sight);
        let (from, to) = match span(&snapshot, &query, budget)? {
            Some((oldest, newest)) => (from.unwrap_or(oldest), to.unwrap_or(newest)),
            None => (from.or(to).unwrap_or_default(), to.or(from).unwrap_or_default()),
        };
        let (interval, edges) = edges(from, to, interval)?;
        let histogram =
            snapshot.histogram(&query, &edges, FacetKind::Outcome, OutcomeResult::ALL.len(), budget)?;
        let of = |result: OutcomeResult, at: usize| {
            let found = histogram.values.iter().find(|(value, _)| value == result.as_str());
            found.and_then(|(_, counts)| counts.get(at).copied()).unwrap_or(0)
        };
        let buckets =
            histogram.totals.iter().zip(&edges).enumerate().map(|(at, (&count, &start))| BucketBody {
                start: Timestamp::from_micros(start).to_string(),
                count,
                success: of(OutcomeResult::Success, at),
                failure: of(OutcomeResult::Failure, at),
                denied: of(OutcomeResult::Denied, at),
                unknown: of(OutcomeResult::Unknown, at),
            });
        Ok(HistogramBody { interval, buckets: buckets.collect() })
    });
    counted.await.map(Json)
}

/// When the oldest and the newest answer happened; nothing when there is none.
fn span(
    snapshot: &Snapshot,
    query: &Query,
    budget: &hindcast_segments::Budget,
) -> Result<Option<(Timestamp, Timestamp)>, Problem> {
    let Some(last) = snapshot.count(query, budget)?.checked_sub(1) else { return Ok(None) };
    let at = |offset: u64| {
        let found = snapshot.slice(query, offset, 1, budget)?;
        let entry = found.get(0).ok_or_else(|| Problem::internal("an entry was counted and is gone"))?;
        Ok::<_, Problem>(entry.event.view().map_err(Problem::internal)?.occurred_at)
    };
    Ok(Some((at(last)?, at(0)?)))
}

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// 1970 began on a Thursday.
const FIRST_MONDAY: i64 = 4 * DAY;

impl Interval {
    /// About how long it is.
    fn micros(self) -> i64 {
        match self {
            Self::Auto | Self::Minute => MINUTE,
            Self::Hour => HOUR,
            Self::Day => DAY,
            Self::Week => 7 * DAY,
            Self::Month => 28 * DAY,
        }
    }

    /// The beginning of the stretch that holds a time.
    fn floor(self, micros: i64) -> i64 {
        let whole = |length: i64, from: i64| (micros - from).div_euclid(length) * length + from;
        match self {
            Self::Auto | Self::Minute => whole(MINUTE, 0),
            Self::Hour => whole(HOUR, 0),
            Self::Day => whole(DAY, 0),
            Self::Week => whole(7 * DAY, FIRST_MONDAY),
            Self::Month => {
                let text = Timestamp::from_micros(micros).to_string();
                let first = format!("{}-01T00:00:00.000000Z", &text[..7]);
                Timestamp::parse(&first).map_or(micros, Timestamp::micros)
            }
        }
    }

    /// The beginning of the next stretch.
    fn next(self, start: i64) -> i64 {
        match self {
            // Past the longest month, and before the end of the next one.
            Self::Month => self.floor(start + 32 * DAY),
            _ => start + self.micros(),
        }
    }
}

/// The edges of all stretches that a time from one to another touches.
fn edges(from: Timestamp, to: Timestamp, interval: Interval) -> Result<(Interval, Vec<i64>), Problem> {
    if to < from {
        return Err(Problem::parameter("to", "to must not lie before from"));
    }
    let (from, to) = (from.micros(), to.micros());
    let fits = |interval: &Interval| (to - from) / interval.micros() < AUTO_BUCKETS_MAX;
    let interval = match interval {
        Interval::Auto => {
            let finest =
                [Interval::Minute, Interval::Hour, Interval::Day, Interval::Week].into_iter().find(fits);
            finest.unwrap_or(Interval::Month)
        }
        chosen => chosen,
    };
    let mut edges = vec![interval.floor(from)];
    let mut edge = interval.next(edges[0]);
    while edge <= to && edges.len() <= BUCKETS_MAX {
        edges.push(edge);
        edge = interval.next(edge);
    }
    edges.push(edge);
    if edges.len() > BUCKETS_MAX + 1 {
        let detail = format!("there would be more than {BUCKETS_MAX} stretches: choose a longer interval");
        return Err(Problem::parameter("interval", detail));
    }
    Ok((interval, edges))
}

/// What is being typed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SuggestFor {
    /// The key of the query: category, action, actor, role, actor_type, outcome, source, country, target, ip.
    #[param(pattern = "^(category|action|actor|role|actor_type|outcome|source|country|target|ip)$")]
    key: String,
    /// What was typed so far.
    #[param(max_length = 256)]
    prefix: Option<String>,
    /// The rest of the query: only its answers count.
    #[param(max_length = 2000)]
    q: Option<String>,
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

/// Values that complete what is being typed.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuggestBody {
    /// The values, the most frequent first.
    values: Vec<ValueBody>,
}

/// Completes a value
///
/// It is asked for with every key that is pressed, so it takes 300 ms at most: where that is not enough to count
/// everything, the newest entries are counted.
#[utoipa::path(
    get, path = "/v1/suggest", tag = "events", operation_id = "suggest", params(SuggestFor),
    responses((status = 200, body = SuggestBody), Refusals), security(("token" = [])),
)]
pub async fn suggest(
    State(app): State<Arc<App>>,
    reader: Reader,
    Extension(lanes): Extension<Arc<Lanes>>,
    Params(asked): Params<SuggestFor>,
) -> Result<Json<SuggestBody>, Problem> {
    let kind = kind("key", &asked.key)?;
    let query = query((app.clock)(), asked.q.as_deref())?;
    let prefix = asked.prefix.unwrap_or_default();
    within("prefix", prefix.len(), 0..=TYPED_BYTES_MAX)?;
    let room = room(&app, &reader.workspace)?;
    let sight = reader.caller.token.sight.clone();
    let lanes = lanes.of(&reader.workspace);
    let found = lanes.query(&app, move |budget| {
        let budget = budget.within(SUGGEST_TIME_MAX);
        Ok(room.seen_by(&sight).suggest(&query, kind, &prefix, SUGGESTIONS_MAX, &budget)?)
    });
    Ok(Json(SuggestBody { values: found.await?.into_iter().map(ValueBody::from).collect() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(from: &str, to: &str, interval: Interval) -> Vec<String> {
        let at = |text: &str| Timestamp::parse(text).expect("a time");
        let (_, edges) = edges(at(from), at(to), interval).expect("edges");
        edges.into_iter().map(|edge| Timestamp::from_micros(edge).to_string()[..16].to_owned()).collect()
    }

    #[test]
    fn stretches_begin_where_people_expect_and_leave_no_gap() {
        let of = |interval| starts("2026-11-20T10:30:00Z", "2026-11-21T09:59:00Z", interval);
        assert_eq!(of(Interval::Day), ["2026-11-20T00:00", "2026-11-21T00:00", "2026-11-22T00:00"]);
        assert_eq!(of(Interval::Week), ["2026-11-16T00:00", "2026-11-23T00:00"], "Mondays");
        assert_eq!(of(Interval::Month), ["2026-11-01T00:00", "2026-12-01T00:00"]);
        assert_eq!(of(Interval::Hour).len(), 25);
        assert_eq!(of(Interval::Auto).len(), 25);
        let months = starts("2023-12-31T23:59:59Z", "2024-03-01T00:00:00Z", Interval::Month);
        assert_eq!(
            months.iter().map(|m| &m[..7]).collect::<Vec<_>>(),
            ["2023-12", "2024-01", "2024-02", "2024-03", "2024-04"]
        );
        assert_eq!(starts("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", Interval::Week).len(), 2);
    }

    #[test]
    fn too_many_stretches_are_refused() {
        let (from, to) = (Timestamp::MIN, Timestamp::MAX);
        for interval in [Interval::Minute, Interval::Day, Interval::Month, Interval::Auto] {
            assert!(edges(from, to, interval).is_err(), "{interval:?}");
        }
        assert!(edges(to, from, Interval::Day).is_err());
    }
}

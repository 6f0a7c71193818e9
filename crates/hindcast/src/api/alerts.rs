//! `/v1/alerts`: what the rules have to say, and the entries behind it with their proofs.

use super::caller::Watcher;
use super::entries::{OfWorkspace, room};
use super::error::Problem;
use super::lanes::{Lanes, blocking};
use super::params::{InPath, Params, short, within};
use super::proof::{Opened, ProofBody, prove_all};
use super::schema::{Entry, Refusals};
use crate::alerts::{Alert, id_of_key};
use crate::app::App;
use crate::catalog::{AlertState, AlertsWanted, KeptAlert, PersonId};
use crate::rooms::Room;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use hindcast_event::Hidden;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::detection::Severity;
use hindcast_rules::pack::code_of;
use hindcast_segments::Budget;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 200;
/// The key of a rule and the id of a person are no longer.
const KEY_CHARS_MAX: usize = 64;

/// Which alerts, and which page of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AlertsAsked {
    /// Only those in this state: `open`, `acknowledged`, `resolved` or `muted`.
    #[param(pattern = "^(open|acknowledged|resolved|muted)$")]
    state: Option<String>,
    /// Only those that are at least so grave: `informational`, `low`, `medium`, `high` or `critical`.
    #[param(pattern = "^(informational|low|medium|high|critical)$")]
    severity: Option<String>,
    /// Only those of this rule, by its key.
    #[param(max_length = 64, example = "A1")]
    rule: Option<String>,
    /// Only those of somebody, by their id.
    #[param(max_length = 64)]
    assignee: Option<String>,
    /// How many are shown.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
    /// Where the page begins, from `next` of the page before.
    #[param(pattern = "^[0-9a-f]{16}$")]
    cursor: Option<String>,
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

/// Alerts.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertsBody {
    /// Those that were heard of last first.
    alerts: Vec<AlertBody>,
    /// How many there are in each state, whatever was asked for.
    counts: BTreeMap<&'static str, u64>,
    /// The `cursor` of the next page; null after the last.
    next: Option<String>,
}

/// What a rule has to say. The same entries give the same, byte for byte, live and in a backtest.
#[derive(Debug, Serialize, ToSchema)]
pub struct SaidBody {
    /// Its id.
    id: String,
    /// The key of the rule.
    rule: String,
    /// The id of the rule, a UUID.
    rule_id: String,
    /// The hash of the rule's text and settings when it last said something.
    rule_version: String,
    /// The title of the rule.
    title: String,
    /// `informational`, `low`, `medium`, `high` or `critical`: the highest there was.
    severity: &'static str,
    /// What it is about: what the rule groups by, field and value.
    group: BTreeMap<String, String>,
    /// When the first thing happened that it is about.
    #[schema(format = DateTime)]
    first_seen: String,
    /// When the newest did.
    #[schema(format = DateTime)]
    last_seen: String,
    /// How often the rule said it.
    count: u64,
    /// Indexes of the entries behind it, the newest 50.
    #[schema(max_items = 50)]
    evidence: Vec<u64>,
    /// The numbers behind it: of one entry, a count, a sequence or a silence, which `kind` tells.
    #[schema(value_type = Object)]
    why: Value,
    /// Whether it stands for all that came of its rule beyond 500 alerts in an hour.
    storm: bool,
}

/// An alert.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertBody {
    /// What the rule says.
    #[serde(flatten)]
    said: SaidBody,
    /// Whether it waits for somebody: `open`, `acknowledged`, `resolved` or `muted`.
    state: &'static str,
    /// Who looks after it, by their id.
    assignee: Option<String>,
    /// How it was decided: `true_positive`, `benign` or `false_positive`; `past` when it was found long after it happened.
    disposition: Option<&'static str>,
    /// Until when it is muted.
    #[schema(format = DateTime)]
    muted_until: Option<String>,
    /// When it was raised.
    #[schema(format = DateTime)]
    raised_at: String,
}

/// An alert with the names of the entries behind it.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeAlert {
    /// The alert.
    #[serde(flatten)]
    alert: AlertBody,
    /// The entries behind it, in their order.
    entries: Vec<Behind>,
}

/// An entry behind an alert.
#[derive(Debug, Serialize, ToSchema)]
pub struct Behind {
    /// Its index.
    index: u64,
    /// The id of its event; null when the entry has expired.
    id: Option<String>,
}

/// The entries behind an alert.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvidenceBody {
    /// In their order.
    evidence: Vec<ProvenEntry>,
}

/// An entry behind an alert, with its proof.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProvenEntry {
    /// Its index.
    index: u64,
    /// Whether it has expired; the log has a notice that says so.
    gone: bool,
    /// The entry; null when it is gone.
    #[schema(value_type = Option<Entry>)]
    entry: Option<Box<RawValue>>,
    /// That it is in the log; null when it is gone.
    proof: Option<ProofBody>,
}

impl From<Alert> for SaidBody {
    fn from(alert: Alert) -> Self {
        Self {
            rule: code_of(&alert.rule).unwrap_or(&alert.rule).to_owned(),
            id: alert.id,
            rule_id: alert.rule,
            rule_version: alert.rule_version,
            title: alert.title,
            severity: alert.severity.as_str(),
            group: alert.group.into_iter().collect(),
            first_seen: alert.first_at.to_string(),
            last_seen: alert.last_at.to_string(),
            count: alert.count,
            evidence: alert.evidence,
            why: json!(alert.why),
            storm: alert.is_storm,
        }
    }
}

impl From<KeptAlert> for AlertBody {
    fn from(kept: KeptAlert) -> Self {
        Self {
            said: kept.alert.into(),
            state: kept.state.as_str(),
            assignee: kept.assignee.map(|person| person.0),
            disposition: kept.disposition.map(|disposition| disposition.as_str()),
            muted_until: kept.muted_until.map(|until| until.to_string()),
            raised_at: kept.raised_at.to_string(),
        }
    }
}

impl AlertsAsked {
    fn wanted(&self, app: &App, workspace: &WorkspaceId) -> Result<AlertsWanted, Problem> {
        let state = word(
            "state",
            self.state.as_deref(),
            AlertState::parse,
            &AlertState::ALL.map(AlertState::as_str),
        )?;
        let severities = Severity::ALL.map(Severity::as_str);
        let severity = word("severity", self.severity.as_deref(), Severity::parse, &severities)?;
        short("rule", self.rule.as_deref(), KEY_CHARS_MAX)?;
        short("assignee", self.assignee.as_deref(), KEY_CHARS_MAX)?;
        if let Some(cursor) = &self.cursor
            && app.catalog.alert(workspace, cursor, (app.clock)())?.is_none()
        {
            let detail = "the cursor is not of this list";
            return Err(Problem::new(StatusCode::BAD_REQUEST, "wrong_cursor", detail).field("cursor"));
        }
        Ok(AlertsWanted {
            state,
            severity,
            rule: self.rule.as_deref().map(id_of_key),
            assignee: self.assignee.clone().map(PersonId),
            after: self.cursor.clone(),
        })
    }
}

/// A parameter that is one of some words.
fn word<T>(
    name: &str,
    given: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
    words: &[&str],
) -> Result<Option<T>, Problem> {
    let Some(given) = given else { return Ok(None) };
    let wrong = || Problem::parameter(name, format!("{name} must be one of {}", words.join(", ")));
    parse(given).map(Some).ok_or_else(wrong)
}

/// The alert with an id, if it is of this workspace.
pub(super) fn found(app: &App, workspace: &WorkspaceId, id: &str) -> Result<KeptAlert, Problem> {
    let alert = app.catalog.alert(workspace, id, (app.clock)())?;
    alert.ok_or_else(|| Problem::not_found("there is no such alert"))
}

/// Lists alerts
///
/// Those that were heard of last first. One that grows meanwhile comes to the front again.
#[utoipa::path(
    get, path = "/v1/alerts", tag = "alerts", operation_id = "listAlerts", params(AlertsAsked),
    responses((status = 200, body = AlertsBody), Refusals), security(("token" = [])),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    watcher: Watcher,
    Params(asked): Params<AlertsAsked>,
) -> Result<Json<AlertsBody>, Problem> {
    let limit = within("limit", asked.limit.unwrap_or(LIMIT_DEFAULT), 1..=LIMIT_MAX)?;
    blocking(move || {
        let (workspace, now) = (&watcher.workspace, (app.clock)());
        let mut alerts = app.catalog.alerts(workspace, &asked.wanted(&app, workspace)?, now, limit + 1)?;
        let more = alerts.len() > limit;
        alerts.truncate(limit);
        let next = alerts.last().filter(|_| more).map(|last| last.alert.id.clone());
        let known = app.catalog.alert_counts(workspace, now)?;
        let counts = AlertState::ALL.map(|state| (state.as_str(), known.get(&state).copied().unwrap_or(0)));
        let alerts = alerts.into_iter().map(AlertBody::from).collect();
        Ok(Json(AlertsBody { alerts, counts: counts.into(), next }))
    })
    .await
}

/// Shows an alert
///
/// With the ids of the entries behind it.
#[utoipa::path(
    get, path = "/v1/alerts/{id}", tag = "alerts", operation_id = "getAlert",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses((status = 200, body = WholeAlert), Refusals), security(("token" = [])),
)]
pub async fn one(
    State(app): State<Arc<App>>,
    watcher: Watcher,
    Extension(lanes): Extension<Arc<Lanes>>,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<WholeAlert>, Problem> {
    let room = room(&app, &watcher.workspace)?;
    let (seen, lanes) = (app.clone(), lanes.of(&watcher.workspace));
    let whole = lanes.query(&app, move |budget| {
        let alert = found(&seen, &watcher.workspace, &id)?;
        let behind = |index: &u64| {
            let entries = room.store.snapshot().get(*index, budget)?;
            let view =
                entries.get(0).map(|entry| entry.event.view()).transpose().map_err(Problem::internal)?;
            Ok::<_, Problem>(Behind { index: *index, id: view.map(|view| view.id.into_owned()) })
        };
        let entries = alert.alert.evidence.iter().map(behind).collect::<Result<_, _>>()?;
        Ok(Json(WholeAlert { alert: alert.into(), entries }))
    });
    whole.await
}

/// Proves what is behind an alert
///
/// Every entry with a proof that it is in the log, as `GET /v1/events/{id}/proof` makes it, all of them under the same
/// checkpoint. Entries that have expired are named.
#[utoipa::path(
    get, path = "/v1/alerts/{id}/evidence", tag = "alerts", operation_id = "getAlertEvidence",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses((status = 200, body = EvidenceBody), Refusals), security(("token" = [])),
)]
pub async fn evidence(
    State(app): State<Arc<App>>,
    watcher: Watcher,
    Extension(lanes): Extension<Arc<Lanes>>,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<EvidenceBody>, Problem> {
    let room = room(&app, &watcher.workspace)?;
    let (seen, looked_at, lanes) = (app.clone(), room.clone(), lanes.of(&watcher.workspace));
    let read = lanes.query(&app, move |budget| {
        let alert = found(&seen, &watcher.workspace, &id)?.alert;
        alert.evidence.iter().map(|index| Ok((*index, opened(&looked_at, *index, budget)?))).collect()
    });
    let read: Vec<(u64, Option<Shown>)> = read.await?;
    let (mut evidence, mut to_prove) = (Vec::new(), Vec::new());
    for (index, one) in read {
        let (entry, opened) = one.unzip();
        to_prove.extend(opened.map(|opened| (index, opened)));
        evidence.push(ProvenEntry { index, gone: entry.is_none(), entry, proof: None });
    }
    let proofs = prove_all(&app, room, to_prove).await?;
    for (one, proof) in evidence.iter_mut().filter(|one| !one.gone).zip(proofs) {
        one.proof = Some(proof);
    }
    Ok(Json(EvidenceBody { evidence }))
}

/// An entry as it is shown, and what a proof needs of it.
type Shown = (Box<RawValue>, Opened);

/// Nothing when it is gone.
fn opened(room: &Room, index: u64, budget: &Budget) -> Result<Option<Shown>, Problem> {
    let entries = room.store.snapshot().get(index, budget)?;
    let Some(entry) = entries.get(0) else { return Ok(None) };
    let mut json = Vec::new();
    entry.write_json(&mut json).map_err(Problem::internal)?;
    let json = String::from_utf8(json).map_err(Problem::internal)?;
    let json = RawValue::from_string(json).map_err(Problem::internal)?;
    // Whoever has the scope sees everything.
    Ok(Some((json, Opened::of(&entry, Hidden::default())?)))
}

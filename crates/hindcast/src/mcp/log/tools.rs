//! The tools of the log: what each is called, takes and asks.

use super::Log;
use super::verify;
use crate::api::body::parse;
use crate::api::caller::PolicyEditor;
use crate::api::params::{InPath, Params};
use crate::api::{Problem, Simulator, counts, entries, replays, simulations};
use crate::catalog::Scope;
use crate::mcp::door::{TOLD_BYTES_MAX, too_much};
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use hindcast_event::{Activity, Language, Registry};
use http_body_util::BodyExt as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

/// Entries of a page where nobody says how many.
const LIMIT_DEFAULT: u64 = 20;
/// Activities that are named to somebody who meant one of them.
const ALIKE_MAX: usize = 20;

/// A question that can be asked of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    SearchLog,
    GetEntry,
    Count,
    Facets,
    ExplainActivity,
    VerifyEntry,
    ReplayReport,
}

impl Tool {
    pub const ALL: [Self; 7] = [
        Self::SearchLog,
        Self::GetEntry,
        Self::Count,
        Self::Facets,
        Self::ExplainActivity,
        Self::VerifyEntry,
        Self::ReplayReport,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::SearchLog => "search_log",
            Self::GetEntry => "get_entry",
            Self::Count => "count",
            Self::Facets => "facets",
            Self::ExplainActivity => "explain_activity",
            Self::VerifyEntry => "verify_entry",
            Self::ReplayReport => "replay_report",
        }
    }

    /// The scope it needs besides that of reading.
    pub fn needs(self) -> Option<Scope> {
        (self == Self::ReplayReport).then_some(Scope::Policies)
    }

    pub fn about(self) -> &'static str {
        match self {
            Self::SearchLog => {
                "Finds entries, newest first. Follow `next` as `cursor` for older ones. A query is made of words and conditions: \
                 `actor:ana`, `action:macro.*`, `category:authentication`, `outcome:failure`, `target:c-1`, `ip:10.0.0.0/8`, \
                 `occurred:-7d`, `-` before what must not be, quotes around a phrase, OR between alternatives. A page that would be too \
                 large has fewer entries."
            }
            Self::GetEntry => "Shows one entry, by its index in the log or by the id of its event.",
            Self::Count => "Counts the entries that answer a query; the grammar is that of search_log.",
            Self::Facets => {
                "Counts the most frequent values of fields among the entries that answer a query: who did most, what happened most."
            }
            Self::ExplainActivity => {
                "Explains an activity: what it is called, its category, how its sentence reads, and the metadata it usually carries."
            }
            Self::VerifyEntry => {
                "Proves that an entry is in the log as it is: the inclusion proof under a signed checkpoint, checked here, and what that \
                 proves and what it does not."
            }
            Self::ReplayReport => {
                "Shows the report of a kept replay of policies, or of a kept simulation of an agent, by its id. Without an id, lists the \
                 newest replays."
            }
        }
    }

    /// The JSON Schema of its arguments.
    pub fn schema(self) -> Map<String, Value> {
        let query =
            json!({ "type": "string", "maxLength": 2000, "description": "A query; everything when absent." });
        let id = json!({ "type": "string", "description": "An index, or the id of an event." });
        let (properties, required) = match self {
            Self::SearchLog => (
                json!({
                    "q": query,
                    "limit": { "type": "integer", "minimum": 1, "maximum": 1000, "default": LIMIT_DEFAULT },
                    "cursor": { "type": "string", "description": "`next` of the page before." },
                }),
                vec![],
            ),
            Self::GetEntry | Self::VerifyEntry => (json!({ "id": id }), vec!["id"]),
            Self::Count => (json!({ "q": query }), vec![]),
            Self::Facets => (
                json!({
                    "q": query,
                    "facet": { "type": "string", "description": "Fields, separated by commas: category, action, actor, role, \
                        actor_type, outcome, source, country, target, ip." },
                    "top": { "type": "integer", "minimum": 1, "maximum": 100, "default": 8 },
                }),
                vec!["facet"],
            ),
            Self::ExplainActivity => (
                json!({ "activity": { "type": "string", "description": "Such as macro.applied." } }),
                vec!["activity"],
            ),
            Self::ReplayReport => (
                json!({
                    "id": { "type": "string" },
                    "kind": { "enum": ["replay", "simulation"], "default": "replay" },
                }),
                vec![],
            ),
        };
        let schema = json!({
            "type": "object", "properties": properties, "required": required, "additionalProperties": false,
        });
        schema.as_object().cloned().unwrap_or_default()
    }

    /// Asks it. What it tells is JSON.
    pub async fn call(self, log: &Log, arguments: Map<String, Value>) -> Result<String, Problem> {
        // It is the token, or a header, that says which workspace.
        if arguments.contains_key("workspace") {
            let detail = "the workspace is that of the token, or of the header Hindcast-Workspace";
            return Err(Problem::parameter("workspace", detail));
        }
        match self {
            Self::SearchLog => search(log, arguments).await,
            Self::GetEntry => {
                let Id { id } = read(arguments)?;
                let lanes = Extension(log.lanes.clone());
                let answer =
                    entries::one(State(log.app.clone()), log.reader.clone(), lanes, InPath(id), whole());
                within("the entry", text_of(answer.await?).await?, "GET /v1/events/{id} shows it whole")
            }
            Self::Count => {
                let (state, reader) = (State(log.app.clone()), log.reader.clone());
                let answer =
                    counts::count(state, reader, Extension(log.lanes.clone()), Params(read(arguments)?));
                text_of(answer.await?).await
            }
            Self::Facets => {
                let (state, reader) = (State(log.app.clone()), log.reader.clone());
                let answer =
                    counts::facets(state, reader, Extension(log.lanes.clone()), Params(read(arguments)?));
                within("the answer", text_of(answer.await?).await?, "ask for fewer values with top")
            }
            Self::ExplainActivity => explain(&read::<Activities>(arguments)?.activity),
            Self::VerifyEntry => {
                let Id { id } = read(arguments)?;
                within(
                    "the proof",
                    verify::verify(log, id).await?,
                    "GET /v1/events/{id}/proof tells it whole",
                )
            }
            Self::ReplayReport => report(log, read(arguments)?).await,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Id {
    #[serde(deserialize_with = "index_or_id")]
    id: String,
}

/// Models write an index as a number, too.
fn index_or_id<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected an index, or the id of an event")]
    enum Either {
        Index(u64),
        Id(String),
    }
    Ok(match Either::deserialize(from)? {
        Either::Index(index) => index.to_string(),
        Either::Id(id) => id,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Activities {
    activity: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reports {
    id: Option<String>,
    #[serde(default)]
    kind: ReportKind,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ReportKind {
    #[default]
    Replay,
    Simulation,
}

/// Arguments as the API's own types read them, or which of them is wrong.
fn read<T: DeserializeOwned>(arguments: Map<String, Value>) -> Result<T, Problem> {
    parse(Value::Object(arguments).to_string().as_bytes())
}

fn whole() -> Params<entries::OfWorkspace> {
    Params(entries::OfWorkspace::default())
}

async fn search(log: &Log, mut arguments: Map<String, Value>) -> Result<String, Problem> {
    #[derive(Deserialize)]
    struct Page<'a> {
        #[serde(borrow)]
        entries: Vec<&'a RawValue>,
    }
    arguments.entry("limit").or_insert(LIMIT_DEFAULT.into());
    let found = searched(log, &arguments).await?;
    if found.len() <= TOLD_BYTES_MAX {
        return Ok(found);
    }
    let page: Page<'_> = serde_json::from_str(&found).map_err(Problem::internal)?;
    // What is around the entries takes less.
    let mut left = TOLD_BYTES_MAX - 1024;
    let fits = |entry: &&&RawValue| {
        let fits = entry.get().len() < left;
        left = left.saturating_sub(entry.get().len() + 1);
        fits
    };
    let fitting = page.entries.iter().take_while(fits).count();
    if fitting == 0 {
        let bytes = page.entries.first().map_or(0, |entry| entry.get().len());
        return Err(too_much("the first entry", bytes, "search around it, or see it with GET /v1/events"));
    }
    arguments.insert("limit".to_owned(), fitting.into());
    within("the page", searched(log, &arguments).await?, "ask for fewer entries with limit")
}

async fn searched(log: &Log, arguments: &Map<String, Value>) -> Result<String, Problem> {
    let asked = read(arguments.clone())?;
    let answer = entries::search(
        State(log.app.clone()),
        log.reader.clone(),
        Extension(log.lanes.clone()),
        Params(asked),
    );
    text_of(answer.await?).await
}

fn explain(code: &str) -> Result<String, Problem> {
    let registry = Registry::builtin();
    if let Some(known) = registry.all().iter().find(|known| known.code == code) {
        return Ok(explained(known).to_string());
    }
    let folded = code.to_lowercase();
    let begins = folded.split(['.', '_']).next().unwrap_or_default();
    let alike = registry.all().iter().filter(|known| {
        !begins.is_empty() && (known.code.starts_with(begins) || known.label.to_lowercase().contains(&folded))
    });
    let alike: Vec<_> = alike.take(ALIKE_MAX).map(|known| known.code).collect();
    let detail = match &alike[..] {
        [] => "the registry does not know this activity; it may still be in the log".to_owned(),
        alike => format!("the registry does not know this activity; it knows {}", alike.join(", ")),
    };
    Err(Problem::new(StatusCode::NOT_FOUND, "not_found", detail).field("activity"))
}

fn explained(known: &Activity) -> Value {
    json!({
        "activity": known.code,
        "label": known.label_in(Language::English),
        "category": known.category.code(),
        "sentence": known.sentence_in(Language::English),
        "sentence_says": "{…} stands for a value of the entry, […|…] for the first alternative whose values are there",
        "metadata": known.metadata,
        "intercom": known.intercom,
        "ocsf_class": known.ocsf_class,
        "ocsf_activity": known.ocsf_activity,
        "find": format!("action:{}", known.code),
    })
}

async fn report(log: &Log, asked: Reports) -> Result<String, Problem> {
    let (state, reader) = (State(log.app.clone()), &log.reader);
    let (workspace, caller) = (reader.workspace.clone(), reader.caller.clone());
    let answer = match (asked.kind, asked.id) {
        (ReportKind::Replay, Some(id)) => {
            let editor = PolicyEditor { workspace, caller };
            replays::one(state, editor, InPath(id), whole()).await?.into_response()
        }
        (ReportKind::Replay, None) => {
            let editor = PolicyEditor { workspace, caller };
            replays::list(state, editor, Params(Default::default())).await?.into_response()
        }
        (ReportKind::Simulation, id) => {
            crate::api::caller::permit(&caller, Scope::Conversations)?;
            let simulator = Simulator { workspace, caller };
            match id {
                Some(id) => simulations::one(state, simulator, InPath(id), whole()).await?.into_response(),
                None => {
                    return Err(Problem::parameter(
                        "id",
                        "name a simulation; GET /v1/simulations lists them",
                    ));
                }
            }
        }
    };
    within("the report", text_of(answer).await?, "the HTTP API and the pages show it whole")
}

/// The body of an answer of ours.
async fn text_of(answer: impl IntoResponse) -> Result<String, Problem> {
    let response: Response = answer.into_response();
    let body = response.into_body().collect().await.map_err(Problem::internal)?.to_bytes();
    String::from_utf8(body.to_vec()).map_err(Problem::internal)
}

fn within(what: &str, text: String, instead: &str) -> Result<String, Problem> {
    if text.len() <= TOLD_BYTES_MAX { Ok(text) } else { Err(too_much(what, text.len(), instead)) }
}

//! A draft: what a caller submits, read field by field into something we can keep.
//!
//! Reading refuses what it does not know, with the path of the field and what was expected, so that nothing a
//! caller meant is dropped in silence. Extra values belong into `metadata`. Secrets are masked here, before
//! anything is hashed, stored or logged.

use crate::Timestamp;
use crate::diff::{Change, diff};
use crate::json::{Json, JsonError, Path};
use crate::mask;
use std::borrow::Cow;
use std::net::IpAddr;

/// An action code is at most this long.
pub const ACTION_BYTES_MAX: usize = 128;
/// Ids, roles, kinds of things: at most this long.
pub const ID_BYTES_MAX: usize = 256;
/// Names, descriptions and reasons are at most this long.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;
/// An event names at most this many targets.
pub const TARGETS_MAX: usize = 100;
/// An event holds at most this many changes.
pub const CHANGES_MAX: usize = 400;
/// An event carries at most this many metadata values.
pub const METADATA_MAX: usize = 100;
/// The name of a metadata value, or the path of a change, is at most this long.
pub const SECTION_NAME_BYTES_MAX: usize = 240;

/// What a caller submits: read, checked and masked, but without an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft<'a> {
    /// The caller's own id; we give one where it is absent.
    pub id: Option<Cow<'a, str>>,
    /// What happened, such as `macro.updated` or `admin_login_success`.
    pub action: Cow<'a, str>,
    /// The caller's claim of when; the time of arrival where it is absent.
    pub occurred_at: Option<Timestamp>,
    /// How it went.
    pub outcome: Outcome<'a>,
    /// Who did it, as checked JSON.
    pub actor: Json<'a>,
    /// For whom it was done, as checked JSON.
    pub on_behalf_of: Option<Json<'a>>,
    /// The policy and approval that let it happen, as checked JSON.
    pub authorized_by: Option<Json<'a>>,
    /// To what it was done, each as checked JSON.
    pub targets: Vec<Json<'a>>,
    /// What changed, sorted by path.
    pub changes: Vec<Change<'a>>,
    /// From where, as checked JSON.
    pub context: Option<Json<'a>>,
    /// Why, in the words of the actor.
    pub reason: Option<Cow<'a, str>>,
    /// A sentence of the caller.
    pub description: Option<Cow<'a, str>>,
    /// Anything else, sorted by name.
    pub metadata: Vec<(Cow<'a, str>, Json<'a>)>,
}

/// How an action went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome<'a> {
    /// Whether it worked.
    pub result: OutcomeResult,
    /// Why, for people.
    pub reason: Option<Cow<'a, str>>,
    /// Why, for programs.
    pub code: Option<Cow<'a, str>>,
}

/// Whether an action worked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutcomeResult {
    /// It worked; what we assume when nothing is said.
    #[default]
    Success,
    /// It was tried and failed.
    Failure,
    /// It was not allowed.
    Denied,
    /// The source could not tell.
    Unknown,
}

impl OutcomeResult {
    /// All results, in the order people list them.
    pub const ALL: [Self; 4] = [Self::Success, Self::Failure, Self::Denied, Self::Unknown];

    /// The word for it in JSON and queries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Denied => "denied",
            Self::Unknown => "unknown",
        }
    }

    /// Reads [`Self::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.as_str() == word)
    }
}

/// The kinds of actors there are.
pub const ACTOR_TYPES: [&str; 7] = ["user", "agent", "automation", "api_key", "app", "system", "anonymous"];

/// Why a draft was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: expected {expected}")]
pub struct Invalid {
    /// The field, such as `actor.type` or `targets[2].name`.
    pub path: Path,
    /// What should have stood there.
    pub expected: Cow<'static, str>,
}

impl From<JsonError> for Invalid {
    fn from(error: JsonError) -> Self {
        Self { path: error.path, expected: error.expected }
    }
}

impl Invalid {
    fn here(expected: impl Into<Cow<'static, str>>) -> Self {
        Self { path: Path::root(), expected: expected.into() }
    }

    fn within(self, name: &str) -> Self {
        Self { path: self.path.within_member(name), ..self }
    }

    fn within_item(self, at: usize) -> Self {
        Self { path: self.path.within_item(at), ..self }
    }
}

type Read<T> = Result<T, Invalid>;

impl<'a> Draft<'a> {
    /// Reads a draft from one JSON text.
    pub fn parse(text: &'a str) -> Read<Self> {
        Self::read(crate::json::parse(text)?)
    }

    /// Reads a draft from JSON that is already taken apart.
    pub fn read(json: Json<'a>) -> Read<Self> {
        let mut id = None;
        let mut action = None;
        let mut occurred_at = None;
        let mut outcome = Outcome::default();
        let mut actor = None;
        let mut on_behalf_of = None;
        let mut authorized_by = None;
        let mut targets = Vec::new();
        let mut changes = None;
        let mut before = None;
        let mut after = None;
        let mut context = None;
        let mut reason = None;
        let mut description = None;
        let mut metadata = Vec::new();
        for (name, value) in members(json)? {
            let read: Read<()> = match name.as_ref() {
                "id" => identifier(value, ID_BYTES_MAX).map(|v| id = Some(v)),
                "action" => identifier(value, ACTION_BYTES_MAX).map(|v| action = Some(v)),
                "occurred_at" => time(&value).map(|v| occurred_at = Some(v)),
                "outcome" => read_outcome(value).map(|v| outcome = v),
                "actor" => read_actor(value).map(|v| actor = Some(v)),
                "on_behalf_of" => read_actor(value).map(|v| on_behalf_of = Some(v)),
                "authorized_by" => read_authority(value).map(|v| authorized_by = Some(v)),
                "targets" => read_targets(value).map(|v| targets = v),
                "changes" => read_changes(value).map(|v| changes = Some(v)),
                "before" => {
                    before = document(value);
                    Ok(())
                }
                "after" => {
                    after = document(value);
                    Ok(())
                }
                "context" => read_context(value).map(|v| context = Some(v)),
                "reason" => masked_text(value).map(|v| reason = Some(v)),
                "description" => masked_text(value).map(|v| description = Some(v)),
                "metadata" => read_metadata(value).map(|v| metadata = v),
                other => Err(unknown(other)),
            };
            read.map_err(|e| e.within(&name))?;
        }
        Ok(Self {
            id,
            action: action.ok_or_else(|| missing("action"))?,
            occurred_at,
            outcome,
            actor: actor.ok_or_else(|| missing("actor"))?,
            on_behalf_of,
            authorized_by,
            targets,
            changes: all_changes(changes, before, after)?,
            context,
            reason,
            description,
            metadata,
        })
    }
}

/// Sources say `null` for a document that did not exist yet, or no longer does.
fn document<'a>(json: Json<'a>) -> Option<Json<'a>> {
    Some(json).filter(|json| *json != Json::Null)
}

fn missing(name: &str) -> Invalid {
    Invalid::here("a value, it is required").within(name)
}

fn unknown(name: &str) -> Invalid {
    let expected = match name {
        "received_at" | "index" | "sequence" | "facts" | "integrity" | "kind" => {
            "nothing here, the server sets it".into()
        }
        "target" => "`targets`, a list".into(),
        "timestamp" | "created_at" | "time" => "`occurred_at`".into(),
        "user" | "performed_by" => "`actor`".into(),
        "ip" | "user_agent" => "it inside `context`".into(),
        _ => Cow::Borrowed("a field of an event; other values belong into `metadata`"),
    };
    Invalid::here(expected)
}

fn members<'a>(json: Json<'a>) -> Read<Vec<(Cow<'a, str>, Json<'a>)>> {
    match json {
        Json::Object(members) => Ok(members),
        other => Err(Invalid::here(format!("an object, not {}", other.noun()))),
    }
}

fn list<'a>(json: Json<'a>, max: usize) -> Read<Vec<Json<'a>>> {
    match json {
        Json::Array(items) if items.len() > max => {
            Err(Invalid::here(format!("at most {max} items, there are {}", items.len())))
        }
        Json::Array(items) => Ok(items),
        other => Err(Invalid::here(format!("an array, not {}", other.noun()))),
    }
}

fn text<'a>(json: Json<'a>, max: usize) -> Read<Cow<'a, str>> {
    match json {
        Json::String(text) if text.len() > max => {
            Err(Invalid::here(format!("at most {max} bytes, there are {}", text.len())))
        }
        Json::String(text) => Ok(text),
        other => Err(Invalid::here(format!("a string, not {}", other.noun()))),
    }
}

/// A text that programs compare: never empty, and without control characters.
fn identifier<'a>(json: Json<'a>, max: usize) -> Read<Cow<'a, str>> {
    let text = text(json, max)?;
    if text.is_empty() {
        return Err(Invalid::here("a text that is not empty"));
    }
    // Without stopping early, so that many bytes are compared at once.
    let strange = text.bytes().fold(false, |found, byte| found | !(b' '..0x7f).contains(&byte));
    if strange && text.chars().any(char::is_control) {
        return Err(Invalid::here("a text without control characters"));
    }
    Ok(text)
}

fn masked_text<'a>(json: Json<'a>) -> Read<Cow<'a, str>> {
    text(json, TEXT_BYTES_MAX).map(mask::text)
}

fn time(json: &Json<'_>) -> Read<Timestamp> {
    let expected = "a time as in RFC 3339, such as \"2026-11-21T19:40:12Z\", in the years 0001 to 9999";
    json.as_str().and_then(Timestamp::parse).ok_or_else(|| Invalid::here(expected))
}

/// Checks every member with `check` and puts the object back together; `null` members are left out.
fn checked<'a>(json: Json<'a>, mut check: impl FnMut(&str, Json<'a>) -> Read<Json<'a>>) -> Read<Json<'a>> {
    let given = members(json)?.into_iter().filter(|(_, value)| *value != Json::Null);
    let kept = given.map(|(name, value)| match check(&name, value) {
        Ok(value) => Ok((name, value)),
        Err(error) => Err(error.within(&name)),
    });
    kept.collect::<Read<_>>().map(Json::Object)
}

fn required<'a>(json: Json<'a>, names: &[&str]) -> Read<Json<'a>> {
    match names.iter().find(|name| json.get(name).is_none()) {
        Some(name) => Err(missing(name)),
        None => Ok(json),
    }
}

fn read_actor<'a>(json: Json<'a>) -> Read<Json<'a>> {
    let actor = checked(json, |name, value| match name {
        "type" => one_of(value, &ACTOR_TYPES),
        "id" | "email" | "role" => identifier(value, ID_BYTES_MAX).map(Json::String),
        "name" => text(value, TEXT_BYTES_MAX).map(Json::String),
        "ai" => checked(value, |_, value| text(value, ID_BYTES_MAX).map(Json::String)),
        _ => Err(Invalid::here("one of type, id, name, email, role, ai")),
    })?;
    required(actor, &["type", "id"])
}

fn one_of<'a>(json: Json<'a>, words: &[&str]) -> Read<Json<'a>> {
    match json.as_str() {
        Some(word) if words.contains(&word) => Ok(json),
        _ => Err(Invalid::here(format!("one of {}", words.join(", ")))),
    }
}

fn read_outcome<'a>(json: Json<'a>) -> Read<Outcome<'a>> {
    let mut outcome = Outcome::default();
    if matches!(json, Json::String(_)) {
        outcome.result = read_result(&json)?;
        return Ok(outcome);
    }
    for (name, value) in members(json)? {
        let read: Read<()> = match name.as_ref() {
            _ if value == Json::Null => Ok(()),
            "result" => read_result(&value).map(|v| outcome.result = v),
            "reason" => masked_text(value).map(|v| outcome.reason = Some(v)),
            "code" => identifier(value, ID_BYTES_MAX).map(|v| outcome.code = Some(v)),
            _ => Err(Invalid::here("one of result, reason, code")),
        };
        read.map_err(|e| e.within(&name))?;
    }
    Ok(outcome)
}

fn read_result(json: &Json<'_>) -> Read<OutcomeResult> {
    json.as_str()
        .and_then(OutcomeResult::parse)
        .ok_or_else(|| Invalid::here("one of success, failure, denied, unknown"))
}

fn read_authority<'a>(json: Json<'a>) -> Read<Json<'a>> {
    checked(json, |name, value| match (name, &value) {
        ("policy_version", Json::Number(_)) => Ok(value),
        ("policy_id" | "policy_version" | "decision" | "approval_id", _) => {
            identifier(value, ID_BYTES_MAX).map(Json::String)
        }
        _ => Err(Invalid::here("one of policy_id, policy_version, decision, approval_id")),
    })
}

fn read_targets<'a>(json: Json<'a>) -> Read<Vec<Json<'a>>> {
    let read = |(at, target): (usize, Json<'a>)| read_target(target).map_err(|e| e.within_item(at));
    list(json, TARGETS_MAX)?.into_iter().enumerate().map(read).collect()
}

fn read_target<'a>(json: Json<'a>) -> Read<Json<'a>> {
    let target = checked(json, |name, value| match name {
        "type" | "id" => identifier(value, ID_BYTES_MAX).map(Json::String),
        "name" => masked_text(value).map(Json::String),
        _ => Err(Invalid::here("one of type, id, name")),
    })?;
    required(target, &["type", "id"])
}

fn read_changes<'a>(json: Json<'a>) -> Read<Vec<Change<'a>>> {
    let read = |(at, change): (usize, Json<'a>)| read_change(change).map_err(|e| e.within_item(at));
    let mut changes: Vec<_> =
        list(json, CHANGES_MAX)?.into_iter().enumerate().map(read).collect::<Read<_>>()?;
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    match changes.windows(2).find(|pair| pair[0].path == pair[1].path) {
        Some(twice) => Err(Invalid::here(format!("each path once, {} is given twice", twice[0].path))),
        None => Ok(changes),
    }
}

fn read_change<'a>(json: Json<'a>) -> Read<Change<'a>> {
    let mut change = Change::default();
    let mut path = None;
    for (name, value) in members(json)? {
        match name.as_ref() {
            "path" => path = Some(pointer(value).map_err(|e| e.within("path"))?),
            "before" => change.before = Some(value),
            "after" => change.after = Some(value),
            _ => return Err(Invalid::here("one of path, before, after").within(&name)),
        }
    }
    change.path = path.ok_or_else(|| missing("path"))?;
    change.mask();
    Ok(change)
}

fn pointer<'a>(json: Json<'a>) -> Read<Cow<'a, str>> {
    let path = text(json, SECTION_NAME_BYTES_MAX)?;
    let escapes = path.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    if !(path.is_empty() || path.starts_with('/')) || !escapes {
        return Err(Invalid::here("a JSON Pointer, such as \"/conditions/0/value\""));
    }
    Ok(path)
}

fn all_changes<'a>(
    given: Option<Vec<Change<'a>>>,
    before: Option<Json<'a>>,
    after: Option<Json<'a>>,
) -> Read<Vec<Change<'a>>> {
    if before.is_none() && after.is_none() {
        return Ok(given.unwrap_or_default());
    }
    if given.is_some() {
        return Err(Invalid::here("either changes, or before and after").within("changes"));
    }
    let mut changes = diff(before, after);
    if changes.len() > CHANGES_MAX {
        let expected =
            format!("documents that differ in at most {CHANGES_MAX} places, these do in {}", changes.len());
        return Err(Invalid::here(expected).within("after"));
    }
    if let Some(long) = changes.iter().find(|change| change.path.len() > SECTION_NAME_BYTES_MAX) {
        let expected =
            format!("paths of at most {SECTION_NAME_BYTES_MAX} bytes, this one has {}", long.path.len());
        return Err(Invalid::here(expected).within("after"));
    }
    changes.iter_mut().for_each(Change::mask);
    Ok(changes)
}

fn read_context<'a>(json: Json<'a>) -> Read<Json<'a>> {
    checked(json, |name, value| match name {
        "ip" => address(value),
        "forwarded_for" => {
            let read = |(at, item): (usize, Json<'a>)| address(item).map_err(|e| e.within_item(at));
            list(value, 16)?.into_iter().enumerate().map(read).collect::<Read<_>>().map(Json::Array)
        }
        "geo" => read_geo(value),
        "user_agent" => text(value, 2048).map(mask::text).map(Json::String),
        "session_id" | "request_id" | "traceparent" | "source" => {
            identifier(value, ID_BYTES_MAX).map(Json::String)
        }
        _ => Err(Invalid::here(
            "one of ip, forwarded_for, geo, user_agent, session_id, request_id, traceparent, source",
        )),
    })
}

/// An address in its shortest spelling, so that one address is one term of the index.
fn address<'a>(json: Json<'a>) -> Read<Json<'a>> {
    let address = json.as_str().and_then(|text| text.parse::<IpAddr>().ok());
    let address = address.ok_or_else(|| Invalid::here("an IPv4 or IPv6 address"))?;
    Ok(Json::String(address.to_canonical().to_string().into()))
}

fn read_geo<'a>(json: Json<'a>) -> Read<Json<'a>> {
    checked(json, |name, value| match name {
        "country" => match value.as_str() {
            Some(code) if code.len() == 2 && code.bytes().all(|b| b.is_ascii_alphabetic()) => {
                Ok(Json::String(code.to_ascii_uppercase().into()))
            }
            _ => Err(Invalid::here("a country of two letters, as in ISO 3166-1")),
        },
        "city" | "region" => identifier(value, ID_BYTES_MAX).map(Json::String),
        "lat" | "lon" if matches!(value, Json::Number(_)) => Ok(value),
        _ => Err(Invalid::here("one of country, region, city, lat, lon")),
    })
}

fn read_metadata<'a>(json: Json<'a>) -> Read<Vec<(Cow<'a, str>, Json<'a>)>> {
    let mut metadata = members(json)?;
    if metadata.len() > METADATA_MAX {
        return Err(Invalid::here(format!("at most {METADATA_MAX} members, there are {}", metadata.len())));
    }
    for (name, value) in &mut metadata {
        if name.is_empty() || name.len() > SECTION_NAME_BYTES_MAX {
            return Err(Invalid::here(format!("a name of 1 to {SECTION_NAME_BYTES_MAX} bytes")).within(name));
        }
        mask::value(name, value);
    }
    Ok(metadata)
}

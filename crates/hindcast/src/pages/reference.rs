//! The reference of the API, drawn from our own OpenAPI document, so that it says what the server does.
//!
//! Operations by their tags, then the schemas that they share. Here is how the document is walked; [`schema`] says what a
//! schema is, [`example`] how an address is asked.

mod example;
mod known;
mod schema;

use super::answer::page;
use super::help::{Place, Topic};
use super::refusal::Refusal;
use super::shell::Shell;
use super::text::Text;
use super::visitor::Visitor;
use crate::api::described;
use crate::app::App;
use askama::Template;
use axum::extract::{ConnectInfo, FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::Response;
use example::{Example, Here};
use hindcast_event::Language;
use schema::{Field, Pieces, fields, kind, limits, marked, referred, told};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

/// These tags come first, in this order.
const FIRST: [&str; 4] = ["events", "reports", "integrity", "administration"];
/// So deep the schema of a body is opened, and that of an answer.
const BODY_LEVELS: usize = 3;
const ANSWER_LEVELS: usize = 2;

/// The address under which a visitor reached us, to be shown back to them and for nothing else: without a configured
/// one it is what the request says of itself.
pub struct Reached(pub String);

#[derive(Template)]
#[template(path = "reference.html")]
struct ReferencePage {
    shell: Shell,
    t: Text,
    topics: Vec<Place>,
    is_english: bool,
    groups: Vec<Group>,
    schemas: Vec<SchemaShown>,
}

/// The operations of a tag.
struct Group {
    name: String,
    /// Names it in addresses.
    id: String,
    operations: Vec<Operation>,
}

/// What can be done at an address.
struct Operation {
    id: String,
    method: String,
    path: String,
    /// Both, as in the first line of a request.
    line: String,
    summary: Pieces,
    told: Pieces,
    token: TokenNeed,
    parameters: Vec<Parameter>,
    body: Option<Body>,
    answers: Vec<Answer>,
    example: Example,
}

/// Whether a token is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TokenNeed {
    Always,
    Sometimes,
    Never,
}

/// Something that an address takes beside a body.
struct Parameter {
    name: String,
    /// Where it stands, in the words of the document: `query`, `path` or `header`.
    place: String,
    kind: Pieces,
    limits: Vec<String>,
    is_required: bool,
    told: Pieces,
}

/// What is sent.
struct Body {
    /// Names its heading.
    id: String,
    told: Pieces,
    contents: Vec<Content>,
}

/// What comes back.
struct Answer {
    status: String,
    told: Pieces,
    headers: Vec<(String, Pieces)>,
    contents: Vec<Content>,
}

/// A body in one content type.
struct Content {
    /// Names the heading of its fields.
    id: String,
    media: String,
    kind: Pieces,
    fields: Vec<Field>,
}

/// A schema that others refer to.
struct SchemaShown {
    name: String,
    /// Names it in addresses; types lead there.
    id: String,
    told: Pieces,
    kind: Pieces,
    limits: Vec<String>,
    fields: Vec<Field>,
}

impl FromRequestParts<Arc<App>> for Reached {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
        Ok(Self(crate::intercom::base(&app.config.server, peer, &parts.uri, &parts.headers)))
    }
}

/// `GET /docs/api`
pub async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Reached(base): Reached,
) -> Result<Response, Refusal> {
    let workspace = visitor.membership.workspace.as_str();
    page(&ReferencePage::new(
        Topic::Reference.shell(&visitor, &app),
        described(),
        &Here { base: &base, workspace },
    ))
}

impl ReferencePage {
    fn new(shell: Shell, document: &Value, here: &Here<'_>) -> Self {
        let t = shell.t;
        Self {
            shell,
            t,
            topics: Topic::Reference.places(t),
            is_english: t.language == Language::English,
            groups: groups(document, here),
            schemas: schemas(document),
        }
    }
}

impl TokenNeed {
    fn said(self, t: Text) -> Cow<'static, str> {
        match self {
            Self::Always => t.reference_needs_token(),
            Self::Sometimes => t.reference_may_need_token(),
            Self::Never => t.reference_needs_no_token(),
        }
    }

    /// An operation says which schemes will do; an empty one means that none is needed.
    fn of(operation: &Value) -> Self {
        let ways = list(&operation["security"]);
        let is_free = |way: &Value| way.as_object().is_none_or(Map::is_empty);
        match (ways.is_empty(), ways.iter().any(is_free)) {
            (true, _) => Self::Never,
            (_, true) => Self::Sometimes,
            _ => Self::Always,
        }
    }
}

fn groups(document: &Value, here: &Here<'_>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (path, methods) in members(&document["paths"]) {
        for (method, operation) in
            members(methods).filter(|(_, operation)| operation["responses"].is_object())
        {
            let tag = operation["tags"][0].as_str().unwrap_or("other");
            let shown = self::operation(document, method, path, operation, here);
            match groups.iter_mut().find(|group| group.name == tag) {
                Some(group) => group.operations.push(shown),
                None => groups.push(Group {
                    name: tag.to_owned(),
                    id: tag.replace(' ', "-"),
                    operations: vec![shown],
                }),
            }
        }
    }
    groups.sort_by_key(|group| FIRST.iter().position(|first| *first == group.name).unwrap_or(FIRST.len()));
    groups
}

fn operation(document: &Value, method: &str, path: &str, operation: &Value, here: &Here<'_>) -> Operation {
    let id = text(&operation["operationId"]);
    let body = &operation["requestBody"];
    let parameters = list(&operation["parameters"]).iter();
    let answers = members(&operation["responses"]);
    Operation {
        id: id.to_owned(),
        method: method.to_uppercase(),
        path: path.to_owned(),
        line: format!("{} {path}", method.to_uppercase()),
        summary: marked(text(&operation["summary"])),
        told: marked(text(&operation["description"])),
        token: TokenNeed::of(operation),
        parameters: parameters.map(|parameter| parameter_shown(document, parameter)).collect(),
        body: body.is_object().then(|| Body {
            id: format!("op-{id}-body"),
            told: marked(text(&body["description"])),
            contents: contents(document, &body["content"], BODY_LEVELS, &format!("op-{id}-body")),
        }),
        answers: answers.map(|(status, answer)| answered(document, id, status, answer)).collect(),
        example: example::example(method, path, operation, here),
    }
}

fn parameter_shown(document: &Value, parameter: &Value) -> Parameter {
    let schema = &parameter["schema"];
    Parameter {
        name: text(&parameter["name"]).to_owned(),
        place: text(&parameter["in"]).to_owned(),
        kind: kind(schema),
        limits: limits(document, schema),
        is_required: parameter["required"] == true,
        told: marked(text(&parameter["description"])),
    }
}

fn answered(document: &Value, operation: &str, status: &str, answer: &Value) -> Answer {
    // How a refusal looks is always the same, and shown once among the schemas.
    let levels = if status.starts_with('2') { ANSWER_LEVELS } else { 0 };
    let contents = contents(document, &answer["content"], levels, &format!("op-{operation}-{status}"));
    let told = match text(&answer["description"]) {
        "" => members(&answer["content"])
            .next()
            .map(|(_, one)| told(document, &one["schema"]))
            .unwrap_or_default(),
        told => marked(told),
    };
    let headers = members(&answer["headers"]);
    let headers = headers.map(|(name, header)| (name.clone(), marked(text(&header["description"]))));
    Answer { status: status.to_owned(), told, headers: headers.collect(), contents }
}

fn contents(document: &Value, content: &Value, levels: usize, id: &str) -> Vec<Content> {
    let shown = members(content).enumerate().map(|(at, (media, one))| Content {
        id: format!("{id}-{at}"),
        media: media.clone(),
        kind: kind(&one["schema"]),
        fields: fields(document, &one["schema"], levels),
    });
    shown.collect()
}

fn schemas(document: &Value) -> Vec<SchemaShown> {
    let schemas = members(&document["components"]["schemas"]).map(|(name, schema)| SchemaShown {
        name: name.clone(),
        id: format!("schema-{name}"),
        told: told(document, schema),
        kind: kind(schema),
        limits: limits(document, schema),
        fields: fields(document, schema, usize::from(referred(schema).is_some())),
    });
    schemas.collect()
}

/// The members of an object; of anything else, none.
fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// The items of an array; of anything else, none.
fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A text; of anything else, none.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::help::tests::{shell, tidy};
    use super::*;
    use serde_json::json;

    const HERE: Here<'static> = Here { base: "https://audit.example.com", workspace: "northwind" };

    #[test]
    fn every_operation_of_the_document_is_on_the_page_once() {
        let html = tidy(&ReferencePage::new(shell(), described(), &HERE));
        let mut count = 0;
        for (path, methods) in members(&described()["paths"]) {
            for (method, operation) in members(methods) {
                let line =
                    format!("<span class=\"method\">{}</span> <code>{path}</code>", method.to_uppercase());
                assert_eq!(html.matches(&line).count(), 1, "{line}");
                assert!(!text(&operation["operationId"]).is_empty());
                count += 1;
            }
        }
        assert_eq!(html.matches("<details class=\"endpoint\">").count(), count);
    }

    #[test]
    fn what_comes_first_is_how_events_come_in_and_are_found() {
        let groups = groups(described(), &HERE);
        let names: Vec<_> = groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names[..FIRST.len()], FIRST);
        let append = groups[0].operations.iter().find(|one| one.id == "appendEvents").expect("it is there");
        assert_eq!((append.line.as_str(), append.token), ("POST /v1/events", TokenNeed::Always));
        let body = append.body.as_ref().expect("a body");
        let fields: Vec<_> = body.contents[0].fields.iter().map(|field| field.path.as_str()).collect();
        for path in ["action", "actor", "actor.type", "targets[].id", "context.ip"] {
            assert!(fields.contains(&path), "{path} is not in {fields:?}");
        }
        let refused = append.answers.iter().find(|answer| answer.status == "422").expect("a refusal");
        assert!(refused.contents[0].fields.is_empty());
        assert_eq!(refused.contents[0].kind, [("Problem".to_owned(), true)]);
    }

    #[test]
    fn a_token_is_needed_always_sometimes_or_never() {
        for (security, need) in [
            (json!([{ "token": [] }]), TokenNeed::Always),
            (json!([{ "token": [] }, {}]), TokenNeed::Sometimes),
            (json!([]), TokenNeed::Never),
            (json!(null), TokenNeed::Never),
        ] {
            assert_eq!(TokenNeed::of(&json!({ "security": security })), need);
        }
    }
}

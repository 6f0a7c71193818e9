//! A mapping: how the rows of somebody's file become conversations. A row is a whole conversation, with its messages in a list
//! of it, or one message of it, when rows of one conversation follow each other.

use super::calls::{AgentIs, CallMapping, Lookups, drafts};
use super::{Read, chat, checked, flaw, list};
use crate::history::{
    Ai, Author, Cited, Conversation, Customer, Escalation, Flaw, Message, Rating, Resolution, Role, Tagging,
};
use crate::sources::mapping::{Row, Rule, zone};
use anyhow::{Context as _, bail, ensure};
use hindcast_event::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};

const PRODUCT_BYTES_MAX: usize = 40;
/// Fields of a conversation that a mapping may fill, besides `customer.attributes.…`.
const FIELDS: [&str; 28] = [
    "id",
    "channel",
    "language",
    "subject",
    "opened_at",
    "closed_at",
    "resolution",
    "rating",
    "rating_remark",
    "score",
    "tags",
    "tagged.by",
    "tagged.name",
    "tagged.type",
    "tagged.workflow",
    "tagged.version",
    "escalated_at",
    "escalated_to",
    "escalated_reason",
    "cited",
    "customer.id",
    "customer.name",
    "customer.email",
    "customer.tier",
    "ai.agent",
    "ai.version",
    "question",
    "answer",
];
const MESSAGE_FIELDS: [&str; 7] =
    ["at", "role", "text", "author.id", "author.name", "author.type", "internal"];
const TIMES: [&str; 4] = ["opened_at", "closed_at", "escalated_at", "at"];
const ATTRIBUTES: &str = "customer.attributes.";

/// How rows become conversations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HistoryMapping {
    /// What the rows are from.
    pub product: String,
    /// The zone of times that say none; UTC when nothing is said.
    #[serde(default)]
    zone: Option<String>,
    /// Where each field of a conversation comes from.
    #[serde(default)]
    conversation: BTreeMap<String, Rule>,
    /// Where the messages come from.
    #[serde(default)]
    message: MessageMapping,
    #[serde(default)]
    agent: AgentIs,
    /// How tool calls become entries.
    #[serde(default)]
    calls: CallMapping,
    /// Further targets of those entries: their type, and the argument that has their id.
    #[serde(default)]
    targets: BTreeMap<String, String>,
    /// The arguments that name records of a lookup.
    #[serde(default)]
    lookup: BTreeMap<String, LookupMapping>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct MessageMapping {
    /// The list of a row that has the messages; without it each row is one message, unless it has a `question`.
    from: Option<String>,
    /// `chat`: messages are as chat completions have them.
    shape: Option<Shape>,
    /// Where each field of a message comes from.
    fields: BTreeMap<String, Rule>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Shape {
    Chat,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LookupMapping {
    key: String,
}

/// A mapping at work on one file.
pub(crate) struct HistoryMapper {
    mapping: HistoryMapping,
    /// What has no time is taken to have happened then.
    at: Option<Timestamp>,
    lookups: Lookups,
    /// How often a row without an id was there that says the same.
    repeats: HashMap<[u8; 16], u32>,
    /// Conversations whose rows have ended.
    ended: HashSet<String>,
    /// The conversation whose rows come just now.
    open: Option<Conversation>,
}

/// What became of a row.
#[derive(Debug)]
pub(crate) enum Mapped {
    /// A conversation is whole: this row, or the rows before it.
    Whole(Box<Read>),
    /// It is a part of one that goes on.
    Part,
}

impl HistoryMapping {
    /// Reads a document in TOML, or in JSON when it begins with a brace.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let mapping: Self = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).context("the mapping cannot be read as JSON")?
        } else {
            toml::from_str(text).context("the mapping cannot be read as TOML")?
        };
        let plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        let product = &mapping.product;
        if product.is_empty() || product.len() > PRODUCT_BYTES_MAX || !product.bytes().all(plain) {
            bail!("product: expected 1 to {PRODUCT_BYTES_MAX} of a-z, 0-9, - and _");
        }
        Ok(mapping)
    }

    /// What the shape of chat completions needs: `id` and `messages`, and everything else as it may be there.
    pub fn of_chat(product: &str) -> anyhow::Result<Self> {
        Self::parse(
            &json!({
                "product": product,
                "conversation": {
                    "id": "id", "score": "score", "channel": "channel", "language": "language", "tags": "tags",
                    "opened_at": "created_at", "customer.id": "user", "ai.agent": "model",
                },
                "message": { "from": "messages", "shape": "chat", "fields": { "at": "created_at" } },
            })
            .to_string(),
        )
    }

    /// The argument that names a record of a lookup, where the mapping says it.
    pub fn key_of(&self, lookup: &str) -> Option<&str> {
        self.lookup.get(lookup).map(|lookup| lookup.key.as_str())
    }

    /// Gets ready for the rows of a file.
    pub fn mapper(mut self, at: Option<Timestamp>, lookups: Lookups) -> anyhow::Result<HistoryMapper> {
        let zone = self.zone.as_deref().map(zone).transpose()?;
        let check = |rules: &mut BTreeMap<String, Rule>, table: &str, known: &[&str], free: &str| {
            for (field, rule) in rules.iter_mut() {
                let is_known = known.contains(&field.as_str()) || !free.is_empty() && field.starts_with(free);
                ensure!(is_known, "{table}: {field} is no field; there are {}", known.join(", "));
                let checked = rule.checked(TIMES.contains(&field.as_str()), zone.as_ref());
                *rule = checked.with_context(|| format!("{table}: {field}"))?;
            }
            Ok(())
        };
        check(&mut self.conversation, "conversation", &FIELDS, ATTRIBUTES)?;
        check(&mut self.message.fields, "message.fields", &MESSAGE_FIELDS, "")?;
        let is_row = self.message.from.is_none();
        ensure!(
            self.message.shape.is_none() || !is_row,
            "message: shape is about a list of messages, so from is needed too"
        );
        ensure!(
            !is_row || self.conversation.contains_key("question") || self.message.fields.contains_key("text"),
            "message: expected from, message.fields.text or conversation.question: else nothing was said"
        );
        let (repeats, ended) = Default::default();
        Ok(HistoryMapper { mapping: self, at, lookups, repeats, ended, open: None })
    }
}

impl HistoryMapper {
    /// Takes a row. A conversation of several rows is whole when another begins, or at the [`Self::end`].
    pub fn take(&mut self, row: &Row) -> Result<Mapped, Vec<Flaw>> {
        let conversation = self.conversation(row)?;
        let goes_on = self.mapping.message.from.is_none()
            && self.mapping.conversation.contains_key("id")
            && !self.mapping.conversation.contains_key("question");
        if !goes_on {
            return Ok(Mapped::Whole(Box::new(self.read(conversation)?)));
        }
        if let Some(open) = self.open.as_mut().filter(|open| open.id == conversation.id) {
            open.messages.extend(conversation.messages);
            open.closed_at = conversation.closed_at.or(open.closed_at);
            open.resolution = conversation.resolution.or(open.resolution);
            let new = conversation.tags.into_iter();
            let new: Vec<_> = new.filter(|tag| !open.tags.iter().any(|known| known.tag == tag.tag)).collect();
            open.tags.extend(new);
            return Ok(Mapped::Part);
        }
        if self.ended.contains(&conversation.id) {
            return Err(flaw("id", "expected the rows of one conversation to follow each other"));
        }
        let before = self.open.replace(conversation);
        match before {
            Some(before) => {
                self.ended.insert(before.id.clone());
                Ok(Mapped::Whole(Box::new(self.read(before)?)))
            }
            None => Ok(Mapped::Part),
        }
    }

    /// The conversation that was still open at the end of the file.
    pub fn end(&mut self) -> Option<Result<Read, Vec<Flaw>>> {
        let open = self.open.take()?;
        Some(self.read(open))
    }

    fn read(&self, conversation: Conversation) -> Result<Read, Vec<Flaw>> {
        let conversation = checked(conversation)?;
        let HistoryMapping { calls, agent, targets, .. } = &self.mapping;
        let drafts = drafts(&conversation, calls, agent, targets, &self.lookups)?;
        Ok(Read { conversation, drafts })
    }

    fn conversation(&mut self, row: &Row) -> Result<Conversation, Vec<Flaw>> {
        let own_id = (!self.mapping.conversation.contains_key("id")).then(|| self.own_id(row));
        let fields = Found::of(&self.mapping.conversation, row)?;
        let id = own_id.or_else(|| fields.text("id"));
        let id = id.ok_or_else(|| flaw("id", "expected an id, the row says nothing for it"))?;
        let messages = match &self.mapping.message.from {
            Some(path) => find(row, path).map(list).unwrap_or_default(),
            None => &[],
        };
        let first = messages.first().and_then(|message| self.time_of(message).ok().flatten());
        let of_row = match self.mapping.message.from {
            Some(_) => Found(BTreeMap::new()),
            None => Found::of(&self.mapping.message.fields, row)?,
        };
        let row_at = of_row.time("at");
        let opened_at = fields.time("opened_at").or(first).or(row_at).or(self.at);
        let opened_at = opened_at.ok_or_else(|| {
            flaw("opened_at", "expected a time; a file without times needs to be told one (--at)")
        })?;
        let messages = match (&self.mapping.message.from, self.mapping.message.shape) {
            (Some(_), Some(Shape::Chat)) => chat::messages(messages, opened_at, |raw| self.time_of(raw))?,
            (Some(_), None) => self.listed(messages, opened_at)?,
            (None, _) => self.of_row(&fields, &of_row, opened_at)?,
        };
        let mut conversation = filled(&fields, opened_at)?;
        (conversation.id, conversation.source, conversation.messages) =
            (id, self.mapping.product.clone(), messages);
        if conversation.ai.is_none()
            && conversation.messages.iter().any(|message| message.role == Role::Agent)
        {
            let AgentIs { id, version, .. } = &self.mapping.agent;
            conversation.ai = Some(Ai { agent: id.clone(), version: version.clone() });
        }
        for (field, rule) in &self.mapping.conversation {
            let Some(name) = field.strip_prefix(ATTRIBUTES) else { continue };
            if let Ok(Some(value)) = rule.value(row) {
                let customer = conversation.customer.get_or_insert_default();
                customer.attributes.insert(name.to_owned(), value);
            }
        }
        Ok(conversation)
    }

    /// An id for a row that has none: by what it says and how often that was said before.
    fn own_id(&mut self, row: &Row) -> String {
        let hash = Sha256::digest(Value::Object(row.clone()).to_string());
        let mut short = [0; 16];
        short.copy_from_slice(&hash[..16]);
        let repeats = self.repeats.entry(short).or_default();
        *repeats += 1;
        format!("{}-{}-{repeats}", self.mapping.product, crate::hex::hex(&short))
    }

    fn time_of(&self, message: &Value) -> Result<Option<Timestamp>, String> {
        let (Some(rule), Value::Object(row)) = (self.mapping.message.fields.get("at"), message) else {
            return Ok(None);
        };
        Ok(rule.value(row)?.as_ref().and_then(super::time))
    }

    fn listed(&self, all: &[Value], opened_at: Timestamp) -> Result<Vec<Message>, Vec<Flaw>> {
        let mut messages = Vec::with_capacity(all.len());
        let mut at = opened_at;
        for (nth, raw) in all.iter().enumerate() {
            let within = |flaws: Vec<Flaw>| -> Vec<Flaw> {
                let path = |flaw: Flaw| Flaw { path: format!("messages[{nth}].{}", flaw.path), ..flaw };
                flaws.into_iter().map(path).collect()
            };
            let Value::Object(raw) = raw else {
                return Err(flaw(&format!("messages[{nth}]"), "expected an object"));
            };
            let found = Found::of(&self.mapping.message.fields, raw).map_err(within)?;
            let message = message(&found, at).map_err(within)?;
            at = Timestamp::from_micros(message.at.micros() + 1_000_000);
            messages.extend(Some(message).filter(|message| !message.text.is_empty()));
        }
        Ok(messages)
    }

    /// What a row that is no list says: a question and its answer, or a message.
    fn of_row(
        &self,
        fields: &Found<'_>,
        of_row: &Found<'_>,
        opened_at: Timestamp,
    ) -> Result<Vec<Message>, Vec<Flaw>> {
        let mut messages = Vec::new();
        let ai = self.mapping.agent.id.is_some();
        let answerer = if ai { Role::Agent } else { Role::Teammate };
        for (at, (field, role)) in (0..).zip([("question", Role::Customer), ("answer", answerer)]) {
            messages.extend(fields.text(field).map(|text| Message {
                at: Timestamp::from_micros(opened_at.micros() + at * 1_000_000),
                role,
                author: None,
                text,
                internal: false,
                calls: Vec::new(),
            }));
        }
        if self.mapping.message.fields.contains_key("text") {
            let next = self.open.as_ref().and_then(|open| open.messages.last());
            let next = next.filter(|_| of_row.time("at").is_none());
            let at = next.map_or(opened_at, |last| Timestamp::from_micros(last.at.micros() + 1_000_000));
            messages.extend(Some(message(of_row, at)?).filter(|message| !message.text.is_empty()));
        }
        Ok(messages)
    }
}

/// What was found for the fields.
struct Found<'m>(BTreeMap<&'m str, Value>);

impl<'m> Found<'m> {
    fn of(rules: &'m BTreeMap<String, Rule>, row: &Row) -> Result<Self, Vec<Flaw>> {
        let mut found = BTreeMap::new();
        let mut flaws = Vec::new();
        for (field, rule) in rules {
            match rule.value(row) {
                Ok(Some(value)) => drop(found.insert(field.as_str(), value)),
                Ok(None) => {}
                Err(why) => flaws.extend(flaw(field, why)),
            }
        }
        if flaws.is_empty() { Ok(Self(found)) } else { Err(flaws) }
    }

    fn text(&self, field: &str) -> Option<String> {
        self.0.get(field).and_then(super::text)
    }

    fn time(&self, field: &str) -> Option<Timestamp> {
        self.0.get(field).and_then(super::time)
    }

    /// A number, whether it is one or a text that says it.
    fn number(&self, field: &str) -> Result<Option<f64>, Vec<Flaw>> {
        let Some(value) = self.0.get(field) else { return Ok(None) };
        let read = super::text(value).and_then(|text| text.trim().parse().ok());
        read.map(Some).ok_or_else(|| flaw(field, format!("expected a number, found {value}")))
    }

    /// A text, or each of a list of them.
    fn texts(&self, field: &str) -> Vec<String> {
        match self.0.get(field) {
            Some(Value::Array(items)) => items.iter().filter_map(super::text).collect(),
            Some(value) => super::text(value).into_iter().collect(),
            None => Vec::new(),
        }
    }
}

fn message(found: &Found<'_>, at: Timestamp) -> Result<Message, Vec<Flaw>> {
    let role = match found.text("role").as_deref().unwrap_or("customer") {
        "customer" | "user" => Role::Customer,
        "teammate" | "human" => Role::Teammate,
        "agent" | "assistant" => Role::Agent,
        "system" => Role::System,
        other => {
            let words = Role::ALL.map(Role::as_str).join(", ");
            return Err(flaw("role", format!("expected one of {words}, found {other:?}")));
        }
    };
    let author = found.text("author.id").map(|id| Author {
        id,
        name: found.text("author.name"),
        kind: found.text("author.type"),
    });
    Ok(Message {
        at: found.time("at").unwrap_or(at),
        role,
        author,
        text: found.text("text").unwrap_or_default(),
        internal: matches!(found.0.get("internal"), Some(Value::Bool(true)))
            || found.text("internal").as_deref() == Some("true"),
        calls: Vec::new(),
    })
}

/// Everything but who it is and what was said.
fn filled(fields: &Found<'_>, opened_at: Timestamp) -> Result<Conversation, Vec<Flaw>> {
    let resolution = fields.text("resolution").map(|word| {
        let words = Resolution::ALL.map(Resolution::as_str).join(", ");
        Resolution::parse(&word)
            .ok_or_else(|| flaw("resolution", format!("expected one of {words}, found {word:?}")))
    });
    let rating = fields
        .number("rating")?
        .map(|score| Rating { score: score as u8, remark: fields.text("rating_remark") });
    let by = fields.text("tagged.by").map(|id| Author {
        id,
        name: fields.text("tagged.name"),
        kind: fields.text("tagged.type"),
    });
    let tagging = |tag: String| Tagging {
        at: opened_at,
        tag,
        act: Default::default(),
        by: by.clone(),
        workflow: fields.text("tagged.workflow"),
        version: fields.text("tagged.version"),
    };
    let (to, reason) = (fields.text("escalated_to"), fields.text("escalated_reason"));
    let escalated_at = fields.time("escalated_at");
    let is_escalated = escalated_at.is_some() || to.is_some() || reason.is_some();
    let escalation = Escalation { at: escalated_at.unwrap_or(opened_at), reason, to };
    let customer = Customer {
        id: fields.text("customer.id"),
        name: fields.text("customer.name"),
        email: fields.text("customer.email"),
        tier: fields.text("customer.tier"),
        ..Customer::default()
    };
    let ai = Ai { agent: fields.text("ai.agent"), version: fields.text("ai.version") };
    Ok(Conversation {
        id: String::new(),
        source: String::new(),
        channel: fields.text("channel"),
        language: fields.text("language"),
        subject: fields.text("subject"),
        customer: (customer != Customer::default()).then_some(customer),
        opened_at,
        closed_at: fields.time("closed_at"),
        messages: Vec::new(),
        tags: fields.texts("tags").into_iter().map(tagging).collect(),
        escalations: Vec::from_iter(is_escalated.then_some(escalation)),
        resolution: resolution.transpose()?,
        rating,
        cited: fields.texts("cited").into_iter().map(|id| Cited { id, title: None }).collect(),
        ai: (ai != Ai::default()).then_some(ai),
        score: fields.number("score")?,
    })
}

/// A member of a row by its name, or by a path into it.
fn find<'r>(row: &'r Row, path: &str) -> Option<&'r Value> {
    if let Some(found) = row.get(path) {
        return Some(found);
    }
    let mut steps = path.split('.');
    let first = row.get(steps.next()?)?;
    steps.try_fold(first, |at, step| match at {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        at => at.get(step),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapper(text: &str) -> HistoryMapper {
        let at = Timestamp::parse("2024-05-15T15:00:00Z");
        HistoryMapping::parse(text)
            .and_then(|mapping| mapping.mapper(at, Lookups::default()))
            .expect("a mapping")
    }

    fn row(json: Value) -> Row {
        let Value::Object(row) = json else { panic!("{json}") };
        row
    }

    fn whole(mapped: Mapped) -> Read {
        let Mapped::Whole(read) = mapped else { panic!("a part") };
        *read
    }

    #[test]
    fn a_row_with_a_question_is_a_conversation_and_the_same_twice_is_two() {
        let mut mapper =
            mapper("product = \"bank\"\n[conversation]\nquestion = \"text\"\ntags = \"category\"");
        let one = row(json!({ "text": "Where is my card?", "category": "card_arrival" }));
        let first = whole(mapper.take(&one).expect("mapped")).conversation;
        let second = whole(mapper.take(&one).expect("mapped")).conversation;
        assert_eq!(first.messages[0].text, "Where is my card?");
        assert_eq!(first.current_tags().into_iter().collect::<Vec<_>>(), ["card_arrival"]);
        assert_ne!(first.id, second.id);
        assert!(mapper.end().is_none());
    }

    #[test]
    fn rows_that_follow_each_other_are_one_conversation() {
        let mut mapper = mapper(
            "product = \"crm\"\n[conversation]\nid = \"c\"\n[message.fields]\ntext = \"said\"\nrole = \"who\"\nat = { from = \"when\", time = \"auto\" }",
        );
        let of =
            |c: &str, who: &str, when: &str| row(json!({ "c": c, "who": who, "said": "x", "when": when }));
        assert!(matches!(mapper.take(&of("1", "customer", "2026-01-01T10:00:00Z")), Ok(Mapped::Part)));
        assert!(matches!(mapper.take(&of("1", "agent", "2026-01-01T10:01:00Z")), Ok(Mapped::Part)));
        let one =
            whole(mapper.take(&of("2", "customer", "2026-01-02T10:00:00Z")).expect("mapped")).conversation;
        assert_eq!((one.id.as_str(), one.messages.len()), ("1", 2));
        assert_eq!(one.opened_at.to_string(), "2026-01-01T10:00:00.000000Z");
        let back = mapper.take(&of("1", "customer", "2026-01-03T10:00:00Z")).expect_err("apart");
        assert_eq!(back[0].path, "id");
        assert_eq!(mapper.end().expect("open").expect("good").conversation.id, "2");
        let bad = mapper.take(&of("3", "robot", "2026-01-03T10:00:00Z")).expect_err("no role");
        assert_eq!(bad[0].path, "role");
        let bad = mapper.take(&of("3", "agent", "soon")).expect_err("no time");
        assert_eq!(bad[0].path, "at");
    }

    #[test]
    fn calls_become_entries_with_what_was_known_of_their_thing() {
        let mapping = "product = \"air\"\n[conversation]\nid = \"id\"\n[message]\nfrom = \"traj\"\nshape = \"chat\"\n\
            [agent]\nid = \"gpt\"\n[calls]\nfailed = \"Error\"\nactions = { stop = \"order.cancel\" }\n\
            [targets]\nreservation = \"rid\"\n[lookup.reservation]\nkey = \"rid\"";
        let mapping = HistoryMapping::parse(mapping).expect("a mapping");
        assert_eq!(mapping.key_of("reservation"), Some("rid"));
        let mut lookups = Lookups::default();
        lookups.add("reservation", "rid", row(json!({ "R1": { "cabin": "economy" } }))).expect("added");
        assert!(lookups.add("arguments", "x", Row::new()).is_err());
        let at = Timestamp::parse("2024-05-15T15:00:00Z");
        let mut mapper = mapping.mapper(at, lookups).expect("works");
        let call = |id: &str, name: &str, arguments: &str| json!({ "id": id, "function": { "name": name, "arguments": arguments } });
        let read = row(json!({ "id": "7", "traj": [
            { "role": "assistant", "tool_calls": [call("a", "look", "{\"rid\":\"R1\"}"), call("b", "stop", "{\"rid\":\"R2\"}")] },
            { "role": "tool", "tool_call_id": "b", "content": "Error: no" },
        ] }));
        let Read { conversation, drafts } = whole(mapper.take(&read).expect("mapped"));
        assert_eq!(conversation.ai.as_ref().and_then(|ai| ai.agent.as_deref()), Some("gpt"));
        let drafts: Vec<Value> =
            drafts.iter().map(|draft| serde_json::from_str(draft).expect("JSON")).collect();
        assert_eq!(
            (&drafts[0]["action"], &drafts[1]["action"]),
            (&"tool.look".into(), &"order.cancel".into())
        );
        assert_eq!(drafts[0]["metadata"]["reservation"]["cabin"], "economy");
        assert_eq!(drafts[0]["metadata"]["arguments"], json!({ "rid": "R1" }));
        assert_eq!(drafts[1]["metadata"].get("reservation"), None);
        assert_eq!((&drafts[0]["outcome"], &drafts[1]["outcome"]), (&Value::Null, &"failure".into()));
        assert_eq!(
            drafts[1]["targets"],
            json!([{ "type": "conversation", "id": "7" }, { "type": "reservation", "id": "R2" }])
        );
    }

    #[test]
    fn a_bad_mapping_is_refused_with_what_is_wrong_with_it() {
        for (text, said) in [
            ("product = \"A b\"", "product"),
            ("product = \"x\"\n[conversation]\nwho = \"a\"\nquestion = \"b\"", "who"),
            ("product = \"x\"\n[mesage]\nfrom = \"a\"", "mesage"),
            ("product = \"x\"\n[conversation]\nid = \"a\"", "nothing was said"),
            ("product = \"x\"\n[message]\nshape = \"chat\"", "from"),
            (
                "product = \"x\"\n[message]\nfrom = \"m\"\n[message.fields]\nat = { from = \"t\", time = \"%\" }",
                "at",
            ),
            ("product = \"x\"\nzone = \"Mars/Base\"\n[message]\nfrom = \"m\"", "Mars/Base"),
            ("{\"product\":1}", "JSON"),
        ] {
            let made =
                HistoryMapping::parse(text).and_then(|mapping| mapping.mapper(None, Lookups::default()));
            let error = made.err().unwrap_or_else(|| panic!("{text}"));
            assert!(format!("{error:#}").contains(said), "{error:#}");
        }
        let mapping =
            HistoryMapping::parse("product = \"x\"\n[conversation]\nquestion = \"q\"").expect("good");
        let mut timeless = mapping.mapper(None, Lookups::default()).expect("works");
        assert_eq!(timeless.take(&row(json!({ "q": "?" }))).expect_err("no time")[0].path, "opened_at");
    }
}

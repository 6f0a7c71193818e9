//! A mapping: how the rows of somebody's file become events.
//!
//! A small document in TOML or JSON, kept beside the file and used again: for each field of an event, the column it comes
//! from, or a constant. What is not mapped is kept as metadata unless the document says otherwise. [`guess`] writes a
//! first one from the header.

mod guess;
mod place;
mod value;

pub(crate) use guess::guess;

use super::IMPORTED_FROM;
use anyhow::{Context as _, bail, ensure};
use hindcast_event::{Arrival, Draft, Timestamp};
use place::Place;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashMap};
pub(crate) use value::{Rule, zone};

const PRODUCT_BYTES_MAX: usize = 40;
const FIELDS_MAX: usize = 200;

/// How rows become events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mapping {
    /// What the rows are from, as entries will say.
    pub product: String,
    /// Whether columns that are not mapped are kept as metadata.
    #[serde(default = "yes")]
    pub keep_rest: bool,
    /// The zone of times that say none; UTC when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Where each field of an event comes from.
    pub fields: BTreeMap<String, Rule>,
}

/// A row: its columns and what is in them, or an object.
pub(crate) type Row = Map<String, Value>;

/// A field of a row that cannot be mapped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub(crate) struct Wrong {
    /// The field of the event.
    pub field: String,
    /// What is wrong with what was found for it.
    pub why: String,
}

/// A mapping at work on one file.
pub(crate) struct Mapper {
    mapping: Mapping,
    places: Vec<(Place, Rule)>,
    /// How often a row was there that says the same.
    repeats: HashMap<[u8; 16], u32>,
}

fn yes() -> bool {
    true
}

impl Mapping {
    /// Reads a document: JSON when it begins with a brace, or else TOML.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let mapping: Self = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).context("the mapping cannot be read as JSON")?
        } else {
            toml::from_str(text).context("the mapping cannot be read as TOML")?
        };
        let plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
        let product = &mapping.product;
        if product.is_empty() || product.len() > PRODUCT_BYTES_MAX || !product.bytes().all(plain) {
            bail!("product: expected 1 to {PRODUCT_BYTES_MAX} of a-z, 0-9, - and _");
        }
        ensure!(mapping.fields.len() <= FIELDS_MAX, "fields: expected at most {FIELDS_MAX}");
        for needed in ["action", "actor.id"] {
            ensure!(mapping.fields.contains_key(needed), "fields: {needed} is missing; every event has one");
        }
        Ok(mapping)
    }

    /// The document in TOML.
    pub fn to_toml(&self) -> anyhow::Result<String> {
        Ok(toml::to_string(self)?)
    }

    /// Gets ready for the rows of a file.
    pub fn mapper(self) -> anyhow::Result<Mapper> {
        let zone = self.zone.as_deref().map(zone).transpose()?;
        let mut places = Vec::with_capacity(self.fields.len());
        for (field, rule) in &self.fields {
            let place = Place::parse(field)?;
            let rule =
                rule.checked(place.is_time(), zone.as_ref()).with_context(|| format!("fields: {field}"))?;
            places.push((place, rule));
        }
        Ok(Mapper { mapping: self, places, repeats: HashMap::new() })
    }
}

impl Mapper {
    /// The draft that a row is, as JSON; or everything that is wrong with it.
    pub fn draft(&mut self, row: &Row) -> Result<String, Vec<Wrong>> {
        let mut draft = json!({});
        let mut wrong = Vec::new();
        for (place, rule) in &self.places {
            match rule.value(row) {
                Ok(Some(value)) => {
                    if let Err(why) = place.put(&mut draft, value) {
                        wrong.push(Wrong { field: place.name.clone(), why });
                    }
                }
                Ok(None) => {}
                Err(why) => wrong.push(Wrong { field: place.name.clone(), why }),
            }
        }
        if draft["actor"].is_object() && draft["actor"]["type"].is_null() {
            draft["actor"]["type"] = "user".into();
        }
        // A constant may say what kind of thing it would be where a row has none.
        if let Some(targets) = draft.get_mut("targets").and_then(Value::as_array_mut) {
            targets.retain(|target| !target["id"].is_null());
        }
        self.keep_rest(row, &mut draft);
        self.name(row, &mut draft);
        for (needed, value) in [("action", &draft["action"]), ("actor.id", &draft["actor"]["id"])] {
            if value.is_null() && !wrong.iter().any(|wrong| wrong.field == needed) {
                wrong.push(Wrong { field: needed.to_owned(), why: "the row says nothing for it".to_owned() });
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let draft = draft.to_string();
        let told = |field: &str, why: String| vec![Wrong { field: field.to_owned(), why }];
        let parsed = Draft::parse(&draft)
            .map_err(|invalid| told(invalid.path.as_str(), format!("expected {}", invalid.expected)))?;
        let arrival = Arrival { now: Timestamp::default(), random: [0; 10] };
        parsed.encode(&arrival, &mut Vec::new()).map_err(|error| told("", error.to_string()))?;
        Ok(draft)
    }

    fn keep_rest(&self, row: &Row, draft: &mut Value) {
        if !self.mapping.keep_rest {
            return;
        }
        for (column, value) in row {
            let is_used = self.places.iter().any(|(_, rule)| rule.uses(column));
            let says = !value.is_null() && *value != Value::String(String::new());
            if !is_used && says && draft["metadata"][column].is_null() {
                draft["metadata"][column] = value.clone();
            }
        }
    }

    /// Says where it is from; without an id it gets one by what it says and how often that was said before.
    fn name(&mut self, row: &Row, draft: &mut Value) {
        let product = &self.mapping.product;
        let own = draft["id"].as_str().map(str::to_owned);
        let id = own.clone().unwrap_or_else(|| {
            let hash = Sha256::digest(Value::Object(row.clone()).to_string());
            let mut short = [0; 16];
            short.copy_from_slice(&hash[..16]);
            let repeats = self.repeats.entry(short).or_default();
            *repeats += 1;
            format!("{}-{repeats}", crate::hex::hex(&short))
        });
        draft["id"] = format!("{product}-{id}").into();
        let mut from = json!({ "product": product, "id": id });
        if draft["occurred_at"].is_null() {
            from["time"] = "unknown".into();
        }
        draft["metadata"][IMPORTED_FROM] = from;
        draft["context"]["source"] = format!("import/{product}").into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPPING: &str = r#"
        product = "crm"
        zone = "Europe/Berlin"
        [fields]
        action = { from = "Event", map = { "Logged in" = "user.signed_in" } }
        "actor.id" = "User"
        "actor.name" = { from = ["First", "Last"], join = " " }
        occurred_at = { from = "When", time = "%d.%m.%Y %H:%M" }
        outcome = { from = "Result", map = { OK = "success", "Not OK" = "failure" }, otherwise = "unknown" }
        "targets.0.type" = { value = "account" }
        "targets.0.id" = "Account"
        "metadata.count" = { from = "Count", as = "json" }
    "#;

    fn row(pairs: &[(&str, &str)]) -> Row {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect()
    }

    fn mapper() -> Mapper {
        Mapping::parse(MAPPING).and_then(Mapping::mapper).expect("a mapping")
    }

    #[test]
    fn a_row_becomes_an_event() {
        let row = row(&[
            ("Event", "Logged in"),
            ("User", "u_1"),
            ("First", "Ada"),
            ("Last", ""),
            ("When", "21.07.2026 14:05"),
            ("Result", "OK"),
            ("Account", "7"),
            ("Count", "12"),
            ("Plan", "gold"),
            ("Empty", ""),
        ]);
        let mut mapper = mapper();
        let draft: Value = serde_json::from_str(&mapper.draft(&row).expect("a draft")).expect("JSON");
        assert_eq!((&draft["action"], &draft["outcome"]), (&"user.signed_in".into(), &"success".into()));
        assert_eq!(draft["actor"], json!({"type":"user","id":"u_1","name":"Ada"}));
        assert_eq!(draft["occurred_at"], "2026-07-21T12:05:00.000000Z", "summer in Berlin");
        assert_eq!(draft["targets"], json!([{"type":"account","id":"7"}]));
        assert_eq!((&draft["metadata"]["count"], &draft["metadata"]["Plan"]), (&12.into(), &"gold".into()));
        assert_eq!(draft["metadata"]["Empty"], Value::Null);
        assert_eq!(draft["context"]["source"], "import/crm");
        let again: Value = serde_json::from_str(&mapper.draft(&row).expect("a draft")).expect("JSON");
        assert_ne!(draft["id"], again["id"], "a row that is there twice happened twice");
        let other: Value = serde_json::from_str(&self::mapper().draft(&row).expect("a draft")).expect("JSON");
        assert_eq!(draft["id"], other["id"], "and the same file again is the same");
    }

    #[test]
    fn everything_wrong_with_a_row_is_said() {
        let row =
            row(&[("Event", "x"), ("User", "u"), ("When", "yesterday"), ("Count", "{"), ("Account", "1")]);
        let wrong = mapper().draft(&row).expect_err("wrong");
        let fields: Vec<_> = wrong.iter().map(|wrong| wrong.field.as_str()).collect();
        assert_eq!(fields, ["metadata.count", "occurred_at"]);
        assert!(wrong[1].why.contains("yesterday"), "{}", wrong[1]);
        let wrong = mapper().draft(&self::row(&[("Event", "x")])).expect_err("wrong");
        assert_eq!(wrong[0].to_string(), "actor.id: the row says nothing for it");
    }

    #[test]
    fn a_bad_mapping_is_refused_with_what_is_wrong_with_it() {
        for (text, said) in [
            ("product = \"\"\n[fields]\naction=\"a\"\n\"actor.id\"=\"b\"", "product"),
            ("product = \"x\"\n[fields]\naction=\"a\"", "actor.id is missing"),
            ("product = \"x\"\nfeilds = 1", "feilds"),
            ("product = \"x\"\n[fields]\naction=\"a\"\n\"actor.id\"=\"b\"\nwho=\"c\"", "who"),
            ("product = \"x\"\n[fields]\naction={from=\"a\",value=1}\n\"actor.id\"=\"b\"", "action"),
            ("product = \"x\"\nzone=\"Mars/Base\"\n[fields]\naction=\"a\"\n\"actor.id\"=\"b\"", "Mars/Base"),
            (
                "product = \"x\"\n[fields]\naction=\"a\"\n\"actor.id\"=\"b\"\noccurred_at={from=\"t\",time=\"%\"}",
                "occurred_at",
            ),
            ("{\"product\":1}", "JSON"),
        ] {
            let error =
                Mapping::parse(text).and_then(Mapping::mapper).err().unwrap_or_else(|| panic!("{text}"));
            assert!(format!("{error:#}").contains(said), "{error:#}");
        }
    }
}

//! Something that happened and may set workflows off, wherever it comes from.

use hindcast_rules::workflow::{Catalog, Cause, Facts, Trigger};
use serde_json::{Map, Value, json};

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Happened {
    /// What.
    pub trigger: Trigger,
    /// Names it among all that happens to this conversation: told twice, by whomever, it has the same name.
    pub id: String,
    /// To which conversation; empty for none.
    pub ticket: String,
    /// Which connector has that conversation: a kind, or empty when nobody said.
    pub product: String,
    /// What is known: JSON, by the names of fields.
    pub facts: Map<String, Value>,
    /// What fields held before, where that was told.
    pub before: Map<String, Value>,
    /// Whether a product told it, who may be telling of what workflows just did.
    pub is_echo_prone: bool,
    /// Whether it goes on: who does not match now is asked again later, so only a match counts, and only the first.
    pub is_standing: bool,
    /// The workflows that led to it, where that is known.
    pub causes: Vec<Cause>,
}

impl Happened {
    /// As it waits in the catalog.
    pub fn to_json(&self) -> Value {
        json!({
            "trigger": self.trigger.as_str(),
            "id": self.id,
            "ticket": self.ticket,
            "product": self.product,
            "facts": self.facts,
            "before": self.before,
            "echo": self.is_echo_prone,
            "causes": self.causes,
        })
    }

    /// Reads [`Self::to_json`] back.
    pub fn of_json(json: &Value) -> Option<Self> {
        let text = |name: &str| json[name].as_str().map(str::to_owned);
        Some(Self {
            trigger: Trigger::named(json["trigger"].as_str()?)?,
            id: text("id")?,
            ticket: text("ticket")?,
            product: text("product")?,
            facts: json["facts"].as_object().cloned().unwrap_or_default(),
            before: json["before"].as_object().cloned().unwrap_or_default(),
            is_echo_prone: json["echo"] == true,
            is_standing: false,
            causes: serde_json::from_value(json["causes"].clone()).unwrap_or_default(),
        })
    }

    /// What is known, as workflows ask for it. What does not fit its field counts as not recorded, and is named.
    pub fn known(&self, catalog: &Catalog) -> (Facts, Vec<String>) {
        let (mut facts, misfits) = Facts::from_json(&Value::Object(self.facts.clone()), catalog);
        if !self.before.is_empty() {
            let (before, _) = Facts::from_json(&Value::Object(self.before.clone()), catalog);
            let held = self.before.keys().filter_map(|name| Some((name.clone(), before.get(name)?.clone())));
            facts.changed_from(held.collect::<Vec<_>>());
        }
        (facts, misfits.iter().map(ToString::to_string).collect())
    }

    /// Whether what a product says may be the echo of what a workflow did: a customer's doing never is.
    pub fn may_be_echo(&self) -> bool {
        use Trigger::{Manual, MessageReceived, RatingReceived, TicketCreated};
        let is_customers = [Manual, MessageReceived, RatingReceived, TicketCreated].contains(&self.trigger);
        self.is_echo_prone && !is_customers
    }
}

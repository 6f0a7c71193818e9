//! What a workflow can ask for and do: fields with their types, and tools that were handed in.

use super::builtin::FIELDS;
use super::limits::TOOLS_MAX;
use super::nearest::nearest;
use super::tool::unfit;
use crate::detection;
use crate::tool::Tool;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// What kind of values a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// Any text.
    Text,
    /// One of a few words; in order if they can be compared with `lt` and `gt`.
    Enum {
        /// The words.
        values: Vec<String>,
        /// Whether they stand in order, least first.
        ordered: bool,
    },
    /// A number.
    Number,
    /// True or false.
    Bool,
    /// A point in time.
    Time,
    /// Several words, such as tags.
    Set,
}

impl Type {
    /// One of these words, in no order.
    pub fn one_of<S: Into<String>>(values: impl IntoIterator<Item = S>) -> Self {
        Self::Enum { values: values.into_iter().map(Into::into).collect(), ordered: false }
    }

    /// Reads the name of a type other than an enum.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "string" => Self::Text,
            "number" => Self::Number,
            "bool" => Self::Bool,
            "time" => Self::Time,
            "set" => Self::Set,
            _ => return None,
        })
    }

    /// As files spell it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Enum { .. } => "enum",
            Self::Number => "number",
            Self::Bool => "bool",
            Self::Time => "time",
            Self::Set => "set",
        }
    }

    /// In a sentence: `a string`, `one of low, normal, high, urgent`.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Enum { values, .. } => format!("one of {}", values.join(", ")),
            other => format!("a {}", other.as_str()),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why something cannot be handed in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// A field of the caller must begin with `custom.`.
    #[error(
        "`{0}`: the name of a field of your own begins with `custom.` and has letters, digits, `_`, `-` and dots"
    )]
    FieldName(String),
    /// A tool is none that workflows can call.
    #[error("tool `{name}`: {wrong}")]
    Tool {
        /// What it is called.
        name: String,
        /// What is wrong with it.
        wrong: String,
    },
    /// A limit of `limits.rs`.
    #[error("{what}: at most {max}")]
    TooMany {
        /// What is limited.
        what: &'static str,
        /// The limit.
        max: usize,
    },
}

/// The fields and tools a workflow is read against.
#[derive(Clone, Debug)]
pub struct Catalog {
    fields: BTreeMap<String, Type>,
    tools: BTreeMap<String, Tool>,
}

impl Default for Catalog {
    fn default() -> Self {
        Self::builtin()
    }
}

impl Catalog {
    /// The fields every workspace has, and no tools.
    pub fn builtin() -> Self {
        let own = FIELDS.iter().map(|field| (field.name.to_owned(), field.kind.to_type()));
        let entry = detection::fields().map(|name| (format!("event.{name}"), entry_type(name)));
        Self { fields: own.chain(entry).collect(), tools: BTreeMap::new() }
    }

    /// Adds a field of the workspace, whose name begins with `custom.`.
    pub fn add_field(&mut self, name: &str, kind: Type) -> Result<(), CatalogError> {
        if !is_declarable(name) {
            return Err(CatalogError::FieldName(name.to_owned()));
        }
        self.fields.insert(name.to_owned(), kind);
        Ok(())
    }

    /// Adds a tool; workflows call it by its name, which not every tool has that policies can speak of.
    pub fn add_tool(&mut self, tool: Tool) -> Result<(), CatalogError> {
        if let Some(wrong) = unfit(&tool) {
            return Err(CatalogError::Tool { name: tool.name, wrong: wrong.to_owned() });
        }
        if self.tools.len() >= TOOLS_MAX {
            return Err(CatalogError::TooMany { what: "tools", max: TOOLS_MAX });
        }
        self.tools.insert(tool.name.clone(), tool);
        Ok(())
    }

    /// All fields with their types, by name.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Type)> {
        self.fields.iter().map(|(name, kind)| (name.as_str(), kind))
    }

    /// All tools, by name.
    pub fn tools(&self) -> impl Iterator<Item = &Tool> {
        self.tools.values()
    }

    /// What a field holds; none if there is no such field.
    pub fn field(&self, name: &str) -> Option<Cow<'_, Type>> {
        let known = self.fields.get(canonical(name).as_ref()).map(Cow::Borrowed);
        known.or_else(|| is_metadata(name).then_some(Cow::Owned(Type::Text)))
    }

    /// A tool by its name.
    pub fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.get(name)
    }

    /// The field that was probably meant.
    pub(crate) fn nearest_field(&self, written: &str) -> Option<String> {
        let usual = match written {
            "tags" | "labels" | "ticket.labels" | "ticket.tag" => Some("ticket.tags"),
            "body" | "text" | "comment" | "message.body" | "message.content" => Some("message.text"),
            "status" | "ticket.state" | "state" => Some("ticket.status"),
            "email" | "requester.email" => Some("customer.email"),
            "group" | "team" | "ticket.group" => Some("ticket.team"),
            _ => None,
        };
        let by_tail = || {
            let same_tail = |name: &&str| name.split_once('.').is_some_and(|(_, tail)| tail == written);
            self.fields.keys().map(String::as_str).find(same_tail).map(str::to_owned)
        };
        let written = canonical(written);
        usual
            .map(str::to_owned)
            .or_else(by_tail)
            .or_else(|| nearest(&written, self.fields.keys().map(String::as_str)))
    }
}

/// A conversation is a ticket by another name: both spellings mean one field.
pub(crate) fn canonical(name: &str) -> Cow<'_, str> {
    match name.strip_prefix("conversation.") {
        Some(rest) => Cow::Owned(format!("ticket.{rest}")),
        None => Cow::Borrowed(name),
    }
}

/// Whether a file or a workspace may give the field a type.
pub(crate) fn is_declarable(name: &str) -> bool {
    is_metadata(name) || name.strip_prefix("custom.").is_some_and(is_path)
}

/// Metadata of an entry: whoever sends it names it.
fn is_metadata(name: &str) -> bool {
    name.strip_prefix("event.metadata.").is_some_and(is_path)
}

fn is_path(path: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    !path.is_empty() && path.len() <= 128 && path.chars().all(inside)
}

/// What a field of an entry holds.
pub(crate) fn entry_type(name: &str) -> Type {
    match name {
        "occurred_at" | "received_at" => Type::Time,
        "index"
        | "context.geo.lat"
        | "context.geo.lon"
        | "facts.actions_1h"
        | "facts.actor_age_days"
        | "facts.actor_dormant_days"
        | "facts.distinct_targets_1h"
        | "facts.hour_share_30d"
        | "facts.ip_asn"
        | "facts.same_action_1h"
        | "facts.travel_kmh"
        | "facts.z_same_action_30d" => Type::Number,
        "facts.actor_is_bot"
        | "facts.after_impersonation"
        | "facts.change_widens"
        | "facts.country_new_for_actor"
        | "facts.ip_new_for_actor"
        | "facts.off_hours"
        | "facts.self_target"
        | "facts.target_host_new"
        | "facts.travel_neighbour"
        | "facts.ua_new_for_actor" => Type::Bool,
        "targets.id"
        | "targets.type"
        | "targets.name"
        | "changes.path"
        | "changes.before"
        | "changes.after"
        | "context.forwarded_for" => Type::Set,
        _ => Type::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_known_by_both_names_or_its_neighbour_is_told() {
        let catalog = Catalog::builtin();
        assert_eq!(catalog.field("ticket.tags").as_deref(), Some(&Type::Set));
        assert_eq!(catalog.field("conversation.tags").as_deref(), Some(&Type::Set));
        assert_eq!(catalog.field("event.facts.actions_1h").as_deref(), Some(&Type::Number));
        assert_eq!(catalog.field("event.metadata.plan").as_deref(), Some(&Type::Text));
        for (written, meant) in [
            ("ticket.tag", "ticket.tags"),
            ("ticket.lanugage", "ticket.language"),
            ("conversation.statu", "ticket.status"),
            ("confidence", "ai.confidence"),
            ("event.actor.emial", "event.actor.email"),
        ] {
            assert!(catalog.field(written).is_none(), "{written}");
            assert_eq!(catalog.nearest_field(written).as_deref(), Some(meant), "{written}");
        }
        assert_eq!(catalog.nearest_field("weather.in.kyoto"), None);
    }

    #[test]
    fn a_field_of_the_workspace_stays_under_custom() {
        let mut catalog = Catalog::builtin();
        assert!(catalog.add_field("custom.seats", Type::Number).is_ok());
        assert_eq!(catalog.field("custom.seats").as_deref(), Some(&Type::Number));
        for wrong in ["ticket.status", "custom.", "custom.a b", "seats"] {
            assert!(catalog.add_field(wrong, Type::Text).is_err(), "{wrong}");
        }
    }
}

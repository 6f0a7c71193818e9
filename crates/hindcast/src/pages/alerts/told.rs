//! What is said of an alert: in the reader's language, and no more than they see of the entries behind it.

use crate::alerts::Alert;
use crate::alerts::why::why;
use crate::app::App;
use crate::catalog::CatalogError;
use crate::pages::format::list;
use crate::pages::rows::Who;
use crate::pages::safe::{isolated, short};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use hindcast_event::{Field, Hidden, hidden_of_context, hidden_of_facts};
use hindcast_rules::detection::{Severity, Why};
use hindcast_rules::pack;
use hindcast_segments::{Budget, Snapshot};
use std::collections::BTreeMap;

/// How much something matters, as a shape and a word: never as a colour alone.
#[derive(Clone, Debug)]
pub struct Mark {
    /// Its class.
    pub class: &'static str,
    /// Its shape.
    pub shape: &'static str,
    /// Its word.
    pub word: String,
    /// Where it leads; empty when nowhere.
    pub href: String,
}

impl Mark {
    pub(in crate::pages) fn of(t: Text, severity: Severity) -> Self {
        let (shape, word) = match severity {
            Severity::Critical => ("▲", t.severity_critical()),
            Severity::High => ("◆", t.severity_high()),
            Severity::Medium => ("●", t.severity_medium()),
            Severity::Low => ("○", t.severity_low()),
            Severity::Informational => ("·", t.severity_informational()),
        };
        Self { class: severity.as_str(), shape, word: word.into_owned(), href: String::new() }
    }
}

/// What entries are to be marked with because alerts are about them, for whoever may read those.
pub fn marks(app: &App, visitor: &Visitor, entries: &[u64]) -> Result<BTreeMap<u64, Mark>, CatalogError> {
    if !visitor.may(Permission::ReadAlerts) {
        return Ok(BTreeMap::new());
    }
    let behind = app.catalog.alerts_behind(&visitor.membership.workspace, entries)?;
    let marks = behind.into_iter().map(|(entry, (id, severity))| {
        (entry, Mark { href: format!("/alerts/{id}"), ..Mark::of(visitor.guest.text, severity) })
    });
    Ok(marks.collect())
}

/// What an alert is called: as the pack says it, or the rule of their own.
pub(super) fn title(t: Text, alert: &Alert) -> String {
    let texts = pack::code_of(&alert.rule).and_then(|code| pack::texts(t.language).rules.get(code));
    texts.map_or_else(|| short(&alert.title), |texts| texts.title.clone())
}

/// Whom or what it is about; empty when it is about nothing in particular. Somebody's name is looked up in the newest entry
/// behind it.
pub(super) fn about(visitor: &Visitor, seen: &Snapshot, alert: &Alert) -> String {
    let t = visitor.guest.text;
    if alert.is_storm {
        return t.alert_storm().into_owned();
    }
    let hidden = visitor.sight.hidden;
    let values = alert.group.iter().map(|(field, value)| {
        let name = || (field == "actor.id").then(|| name(t, seen, alert, value)).flatten();
        match is_hidden(hidden, field) {
            true => t.alert_hidden().into_owned(),
            false => name().unwrap_or_else(|| isolated(value)),
        }
    });
    let mut values: Vec<_> = values.filter(|value| !value.is_empty()).collect();
    values.dedup();
    list(&values, t.language)
}

/// What somebody with an id is called.
fn name(t: Text, seen: &Snapshot, alert: &Alert, id: &str) -> Option<String> {
    let found = seen.get(*alert.evidence.last()?, &Budget::default()).ok()?;
    let entry = found.get(0)?;
    let who = Who::acting(t, &entry.event.view().ok()?);
    (who.id == id).then(|| isolated(&who.name))
}

/// Why the rule alerted, without values that the visitor does not see.
pub(super) fn reason(visitor: &Visitor, alert: &Alert) -> String {
    let mut told = alert.why.clone();
    if let Why::Count { field: Some(field), values, .. } = &mut told
        && is_hidden(visitor.sight.hidden, field)
    {
        values.clear();
    }
    why(&told, visitor.guest.text)
}

/// Whether the values of a field are hidden in the entries themselves.
fn is_hidden(hidden: Hidden, field: &str) -> bool {
    let (section, rest) = field.split_once('.').unwrap_or((field, ""));
    let member = rest.split('.').next().unwrap_or_default();
    match section {
        "context" => hidden_of_context(hidden).contains(&member),
        "facts" => hidden_of_facts(hidden).contains(&member),
        "metadata" => hidden.has(Field::Metadata),
        "before" | "after" => hidden.has(Field::Values),
        "reason" | "description" => hidden.has(Field::Text),
        "outcome" => rest == "reason" && hidden.has(Field::Text),
        _ => rest == "email" && hidden.has(Field::Email),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_may_not_see_a_field_does_not_see_what_a_rule_groups_by() {
        let hidden = |fields: &[Field]| fields.iter().copied().collect::<Hidden>();
        for (field, kind) in [
            ("context.ip", Field::Address),
            ("facts.ip_country", Field::Address),
            ("context.user_agent", Field::UserAgent),
            ("context.session_id", Field::Session),
            ("actor.email", Field::Email),
            ("metadata.invite.email", Field::Metadata),
            ("after./role", Field::Values),
        ] {
            assert!(is_hidden(hidden(&[kind]), field), "{field}");
            let others: Vec<_> = Field::ALL.into_iter().filter(|other| *other != kind).collect();
            assert!(!is_hidden(hidden(&others), field), "{field}");
        }
        assert!(!is_hidden(hidden(&Field::ALL), "actor.id"));
    }
}

//! The filters beside the log: the most frequent values of some fields, each a link that narrows the list to it.

use super::asked::{Asked, Question, asks_for, quoted, toggled};
use super::countries::country;
use super::histogram::count;
use super::rows::{actor_type, condition, source_name};
use super::safe::short;
use super::text::Text;
use super::visitor::Visitor;
use crate::api::Problem;
use hindcast_event::{Category, ERASED_ACTOR_ID, Field, Language, Registry};
use hindcast_segments::query::{Clause, Key, Query};
use hindcast_segments::{Budget, FacetKind, FacetValue, Snapshot};

/// Values that are shown of each field.
const TOP: usize = 8;
/// Values of the longer list.
pub const MORE: usize = 100;
const KINDS: [FacetKind; 8] = [
    FacetKind::Category,
    FacetKind::Action,
    FacetKind::Actor,
    FacetKind::Role,
    FacetKind::Outcome,
    FacetKind::Source,
    FacetKind::Country,
    FacetKind::TargetType,
];

/// A field to narrow by.
#[derive(Clone, Debug)]
pub struct Facet {
    /// Its name in queries.
    pub key: &'static str,
    /// Its name for people.
    pub label: String,
    /// Its values, the most frequent first.
    pub values: Vec<Value>,
    /// How many more there are.
    pub more: usize,
}

/// A value to narrow to.
#[derive(Clone, Debug)]
pub struct Value {
    /// Its name.
    pub label: String,
    /// How often it is there.
    pub count: i64,
    /// Where it leads.
    pub href: String,
    /// Whether it is asked for.
    pub is_used: bool,
}

/// Counts the values of all fields. A field that is asked about is counted without that, so that there is a choice.
pub fn facets(
    visitor: &Visitor,
    asked: &Asked,
    question: &Question,
    snapshot: &Snapshot,
    budget: &Budget,
) -> Result<Vec<Facet>, Problem> {
    let t = visitor.guest.text;
    let hides = visitor.sight.hidden.has(Field::Address);
    let kinds: Vec<_> = KINDS.into_iter().filter(|kind| !(hides && *kind == FacetKind::Country)).collect();
    let (free, narrowed): (Vec<_>, Vec<_>) =
        kinds.iter().copied().partition(|kind| without_key(&question.query, *kind) == question.query);
    let mut counted = snapshot.facets(&question.query, &free, TOP, budget)?;
    for kind in narrowed {
        counted.extend(snapshot.facets(&without_key(&question.query, kind), &[kind], TOP, budget)?);
    }
    let facets = kinds.into_iter().filter_map(|kind| {
        let found = counted.iter().find(|facet| facet.kind == kind)?;
        let values = found.values.iter().map(|found| value(t, asked, &question.typed, kind, found));
        let values: Vec<_> = values.collect();
        Some(Facet {
            key: kind.key(),
            label: label(t, kind),
            more: found.distinct.saturating_sub(values.len()),
            values,
        })
    });
    Ok(facets.collect())
}

/// All values of one field, as far as a list can have them.
pub fn facet(
    visitor: &Visitor,
    asked: &Asked,
    question: &Question,
    key: &str,
    snapshot: &Snapshot,
    budget: &Budget,
) -> Result<Option<Facet>, Problem> {
    let Some(kind) = KINDS.into_iter().find(|kind| kind.key() == key) else { return Ok(None) };
    let t = visitor.guest.text;
    let counted = snapshot.facets(&without_key(&question.query, kind), &[kind], MORE, budget)?;
    Ok(counted.into_iter().next().map(|found| {
        let values = found.values.iter().map(|found| value(t, asked, &question.typed, kind, found)).collect();
        Facet { key: kind.key(), label: label(t, kind), values, more: 0 }
    }))
}

fn value(t: Text, asked: &Asked, typed: &Query, kind: FacetKind, found: &FacetValue) -> Value {
    let condition = condition_of(kind, &found.value);
    Value {
        label: value_label(t, kind, found),
        count: count(found.count),
        href: asked.with_query(toggled(typed, &condition)).href(),
        is_used: asks_for(typed, &condition),
    }
}

/// The condition that finds the entries with a value.
pub fn condition_of(kind: FacetKind, value: &str) -> String {
    match key_of(kind) {
        // A star stands outside of quotes.
        Some(Key::Target) => format!("target:{}*", quoted(&format!("{value}/"))),
        key => condition(key.map_or(kind.key(), Key::name), value),
    }
}

/// The key that narrows to the values of a field, and to nothing else.
fn key_of(kind: FacetKind) -> Option<Key> {
    match kind {
        // As an actor, an id would be looked for in names too.
        FacetKind::Actor => Some(Key::ActorId),
        kind => Key::named(kind.key()),
    }
}

/// What a value is called.
pub fn value_label(t: Text, kind: FacetKind, found: &FacetValue) -> String {
    match kind {
        FacetKind::Category => Category::from_code(&found.value)
            .map_or_else(|| short(&found.value), |category| category_label(t, category)),
        FacetKind::Action => Registry::builtin()
            .get(&found.value)
            .map_or_else(|| short(&found.value), |activity| activity.label_in(t.language).to_owned()),
        FacetKind::Outcome => match found.value.as_str() {
            "success" => t.outcome_success().into_owned(),
            "failure" => t.outcome_failure().into_owned(),
            "denied" => t.outcome_denied().into_owned(),
            _ => t.outcome_unknown().into_owned(),
        },
        FacetKind::Source => source_name(t, &found.value),
        FacetKind::Country => country(&found.value, t.language),
        FacetKind::ActorType => actor_type(t, &found.value),
        FacetKind::Actor if found.label.is_none() && found.value == ERASED_ACTOR_ID => {
            t.erased_person().into_owned()
        }
        _ => short(found.label.as_deref().unwrap_or(&found.value)),
    }
}

/// What a category is called.
pub fn category_label(t: Text, category: Category) -> String {
    if t.language == Language::English {
        return category.label().to_owned();
    }
    let label = match category {
        Category::Authentication => t.category_authentication(),
        Category::Conversations => t.category_conversations(),
        Category::Settings => t.category_settings(),
        Category::AgentsRoles => t.category_agents_roles(),
        Category::LabelsTopics => t.category_labels_topics(),
        Category::AutomationMacros => t.category_automation_macros(),
        Category::AiAgents => t.category_ai_agents(),
        Category::Content => t.category_content(),
        Category::DataExports => t.category_data_exports(),
        Category::Billing => t.category_billing(),
        Category::Integrations => t.category_integrations(),
        Category::System => t.category_system(),
        Category::Other => t.category_other(),
    };
    label.into_owned()
}

/// What a field is called.
pub fn label(t: Text, kind: FacetKind) -> String {
    let label = match kind {
        FacetKind::Category => t.facet_category(),
        FacetKind::Action => t.facet_action(),
        FacetKind::Actor => t.facet_actor(),
        FacetKind::Role => t.facet_role(),
        FacetKind::ActorType => t.facet_actor_type(),
        FacetKind::Outcome => t.facet_outcome(),
        FacetKind::Source => t.facet_source(),
        FacetKind::Country => t.facet_country(),
        FacetKind::TargetType => t.facet_target(),
        FacetKind::Ip => t.facet_ip(),
    };
    label.into_owned()
}

fn without_key(query: &Query, kind: FacetKind) -> Query {
    let key = key_of(kind);
    let stays = |clause: &&Clause| Some(clause.key) != key || clause.not;
    Query { clauses: query.clauses.iter().filter(stays).cloned().collect(), ..query.clone() }
}

//! What is known of an entry, one thing after the other.

use super::super::countries::country;
use super::super::facets::category_label;
use super::super::noted::{country_about, kind_of_address, network, noted, program};
use super::super::rows::{Who, condition, source_name, target_name};
use super::super::safe::{looks_forged, short, visible, visible_lines};
use super::super::visitor::Visitor;
use super::Asked;
use hindcast_event::{Entry, Registry, Timestamp, View};
use serde_json::Value;

/// Something known of an entry.
pub struct Fact {
    /// What it is.
    pub label: String,
    /// Its values.
    pub values: Vec<FactValue>,
}

/// A value, with where it leads.
#[derive(Default)]
pub struct FactValue {
    /// What it says.
    pub text: String,
    /// Where it leads, if anywhere.
    pub href: Option<String>,
    /// What is said beside it.
    pub aside: String,
    /// Whether it is an id, an address or a hash.
    pub mono: bool,
    /// Whether a name looks as if it were meant to look like another.
    pub forged: bool,
}

/// All of it that there is.
pub(super) fn facts(visitor: &Visitor, entry: &Entry<'_>, view: &View<'_>) -> Vec<Fact> {
    let t = visitor.guest.text;
    let mut facts = Vec::new();
    let mut fact = |label: std::borrow::Cow<'static, str>, values: Vec<FactValue>| {
        if !values.is_empty() {
            facts.push(Fact { label: label.into_owned(), values });
        }
    };
    let actor = json(view.actor);
    fact(t.fact_who(), vec![person("actor_id", Who::acting(t, view), &actor)]);
    fact(
        t.fact_on_behalf_of(),
        view.on_behalf_of
            .map(json)
            .map(|who| person("on_behalf_of", Who::of(t, &who, None), &who))
            .into_iter()
            .collect(),
    );
    let activity = Registry::builtin().get(&view.action);
    fact(
        t.fact_activity(),
        vec![FactValue {
            text: activity
                .map_or_else(|| short(&view.action), |activity| activity.label_in(t.language).to_owned()),
            href: Some(log_of(&condition("action", &view.action))),
            aside: short(&view.action),
            ..FactValue::default()
        }],
    );
    let category = Registry::builtin().category_of(&view.action);
    fact(
        t.fact_category(),
        vec![FactValue {
            text: category_label(t, category),
            href: Some(log_of(&condition("category", category.code()))),
            ..FactValue::default()
        }],
    );
    let told = [view.outcome_reason.as_deref(), view.outcome_code.as_deref()];
    let told: Vec<FactValue> = told.into_iter().flatten().map(plain).collect();
    fact(t.fact_outcome_reason(), told);
    fact(t.fact_targets(), view.targets.iter().map(|target| target_value(&json(target))).collect());
    fact(
        t.fact_reason(),
        view.reason.map(|text| plain(json(text).as_str().unwrap_or_default())).into_iter().collect(),
    );
    let description = view.description.map(|text| plain(json(text).as_str().unwrap_or_default()));
    fact(t.fact_description(), description.into_iter().collect());
    fact(t.fact_occurred(), vec![moment(visitor, view.occurred_at)]);
    fact(t.fact_received(), vec![moment(visitor, entry.received_at)]);
    let context = view.context.map(json).unwrap_or_default();
    let member = |name: &str| context[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let source = member("source").map(|source| FactValue {
        text: source_name(t, &source),
        href: Some(log_of(&condition("source", &source))),
        ..FactValue::default()
    });
    fact(t.fact_source(), source.into_iter().collect());
    let worked_out = view.facts.map(json).unwrap_or_default();
    let behind = worked_out["source_ip"].as_str();
    let kind = kind_of_address(t, &worked_out);
    let told_of = |is_judged: bool| if is_judged { kind.clone() } else { String::new() };
    let address = member("ip").map(|ip| FactValue { aside: told_of(behind.is_none()), ..linked(&ip, "ip") });
    fact(t.fact_ip(), address.into_iter().collect());
    let behind = behind.map(|ip| FactValue { aside: told_of(true), mono: true, ..plain(ip) });
    fact(t.fact_behind_proxies(), behind.into_iter().collect());
    let geo = &context["geo"];
    let places =
        [geo["city"].as_str().map(short), geo["country"].as_str().map(|code| country(code, t.language))];
    let places = places.into_iter().flatten().map(|text| FactValue { text, ..FactValue::default() });
    // Who sends the event knows better where it came from than an address does.
    let about = country_about(t, &worked_out).filter(|_| geo["country"].is_null());
    fact(t.fact_location(), places.chain(about).collect());
    fact(t.fact_network(), network(&worked_out).into_iter().collect());
    fact(t.fact_noted(), noted(t, &worked_out));
    fact(t.fact_session(), member("session_id").map(|id| linked(&id, "session")).into_iter().collect());
    fact(t.fact_request(), member("request_id").map(|id| linked(&id, "request")).into_iter().collect());
    fact(t.fact_user_agent(), member("user_agent").map(|agent| plain(&agent)).into_iter().collect());
    fact(t.fact_program(), program(t, &worked_out).into_iter().collect());
    let others = context.as_object().into_iter().flatten().filter(|(name, _)| {
        !["source", "ip", "geo", "session_id", "request_id", "user_agent"].contains(&name.as_str())
    });
    for (name, value) in others {
        fact(visible(name).into_owned().into(), vec![plain(&said(value))]);
    }
    if let Some(authorized) = view.authorized_by.map(json) {
        let policy = authorized.as_object().into_iter().flatten();
        let policy = policy
            .map(|(name, value)| FactValue { aside: visible(name).into_owned(), ..plain(&said(value)) });
        fact(t.fact_policy(), policy.collect());
    }
    let metadata = view.metadata.iter();
    let metadata = metadata
        .map(|(name, value)| FactValue { aside: visible(name).into_owned(), ..plain(&said(&json(value))) });
    fact(t.fact_metadata(), metadata.collect());
    fact(t.fact_id(), vec![FactValue { mono: true, ..plain(&view.id) }]);
    facts
}

fn person(key: &str, who: Who, actor: &Value) -> FactValue {
    let email = actor["email"].as_str().unwrap_or_default();
    let aside: Vec<String> =
        [who.marker, visible(email).into_owned()].into_iter().filter(|text| !text.is_empty()).collect();
    FactValue {
        forged: looks_forged(&who.name),
        text: who.name,
        href: (!who.id.is_empty()).then(|| log_of(&condition(key, &who.id))),
        aside: aside.join(" · "),
        mono: false,
    }
}

fn target_value(target: &Value) -> FactValue {
    let (kind, id) = (target["type"].as_str().unwrap_or_default(), target["id"].as_str().unwrap_or_default());
    let href = (!id.is_empty()).then(|| log_of(&condition("target", &format!("{kind}/{id}"))));
    FactValue {
        text: target_name(target),
        href,
        aside: short(&format!("{kind}/{id}")),
        ..FactValue::default()
    }
}

fn moment(visitor: &Visitor, at: Timestamp) -> FactValue {
    let (t, utc) = (visitor.guest.text, at.to_string());
    FactValue {
        text: t.with_aside(visitor.clock.time(at), visitor.clock.zone_shown(at)).into_owned(),
        aside: utc,
        ..FactValue::default()
    }
}

fn linked(value: &str, key: &str) -> FactValue {
    FactValue {
        text: visible(value).into_owned(),
        href: Some(log_of(&condition(key, value))),
        mono: true,
        ..FactValue::default()
    }
}

fn plain(text: &str) -> FactValue {
    FactValue { text: visible_lines(text), ..FactValue::default() }
}

/// A value as people read it: text without quotes, anything else as JSON.
fn said(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

pub(super) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// The log as it answers a query, whenever that was.
fn log_of(q: &str) -> String {
    Asked { q: q.to_owned(), range: "all".to_owned(), ..Asked::default() }.href()
}

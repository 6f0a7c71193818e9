//! What is asked for before other versions of a policy decide: how it is set, and what is missing of it, in words.

use super::problem;
use super::tools::{TOOLS, tools_page};
use crate::api::lanes::blocking;
use crate::app::App;
use crate::gate::edit;
use crate::gate::{Publish, gate_settings};
use crate::pages::answer::{page_with, redirect};
use crate::pages::fields::Fields;
use crate::pages::format::decimal;
use crate::pages::histogram::count;
use crate::pages::refusal::Refusal;
use crate::pages::settings::saved;
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_rules::simulation::gate::{Missing, Required, Threshold};
use hindcast_rules::simulation::limits::ENOUGH;
use hindcast_rules::simulation::measure::{Kind, Measure};
use std::str::FromStr;
use std::sync::Arc;

/// A replay may be at most a year old.
const AGE_MAX: u32 = 24 * 365;
const N_MAX: u64 = 1_000_000_000;
/// What can be asked for at most, by the name of its field.
const AT_MOST: [(&str, Measure); 5] = [
    ("changed", Measure::ChangedRate),
    ("unknown", Measure::UnknownRate),
    ("failed", Measure::ErrorRate),
    ("denied", Measure::NewlyDeniedRate),
    ("allowed", Measure::NewlyAllowedRate),
];

/// `POST /policies/settings/publish`
pub async fn save_publish(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let done = blocking(move || {
        let (t, workspace) = (visitor.guest.text, &visitor.membership.workspace);
        let before = gate_settings(&app, workspace)?.publish;
        match wanted(t, &before, &mut form) {
            Some(publish) => {
                edit::set_publish(&app, workspace, publish, &visitor.by()).map_err(problem)?;
                Ok(Ok(saved(&app, workspace, TOOLS)))
            }
            None => Ok(Err(tools_page(&app, &visitor, Some(form))?)),
        }
    });
    match done.await? {
        Ok(to) => Ok(redirect(&to)),
        Err(shown) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown),
    }
}

/// The form as it is set.
pub(super) fn filled(publish: &Publish) -> Vec<(&'static str, String)> {
    let on = |is_on: bool| if is_on { "yes".to_owned() } else { String::new() };
    let mut fields =
        vec![("second", on(publish.second_person)), ("required", on(publish.required.is_some()))];
    let required = publish.required.as_ref();
    let or = |value: Option<String>, else_: &str| value.unwrap_or_else(|| else_.to_owned());
    fields.push(("max_age_hours", or(required.map(|required| required.max_age_hours.to_string()), "72")));
    fields.push(("min_n", or(required.map(|required| required.min_n.to_string()), "1000")));
    for (name, measure) in AT_MOST {
        let thresholds = required.into_iter().flat_map(|required| &required.thresholds);
        let most = thresholds.filter(|asked| asked.measure == measure).find_map(|asked| asked.at_most);
        fields.push((name, most.map(|most| (most * 100.0).to_string()).unwrap_or_default()));
    }
    fields.retain(|(_, value)| !value.is_empty());
    fields
}

/// What a form asks for; nothing when something in it is wrong, which the form then says.
fn wanted(t: Text, before: &Publish, form: &mut Fields) -> Option<Publish> {
    let second_person = form.has("second");
    if !form.has("required") {
        return Some(Publish { second_person, required: None });
    }
    let max_age_hours = within(t, form, "max_age_hours", 1, AGE_MAX);
    let min_n = within(t, form, "min_n", ENOUGH, N_MAX);
    // What only the API can ask for stays.
    let kept = before.required.iter().flat_map(|required| &required.thresholds).copied();
    let mut thresholds: Vec<_> =
        kept.filter_map(|asked| asked.at_least.map(|_| Threshold { at_most: None, ..asked })).collect();
    for (name, measure) in AT_MOST {
        if !form.trimmed(name).is_empty()
            && let Some(percent) = within(t, form, name, 0.0, 100.0)
        {
            thresholds.push(Threshold { measure, at_least: None, at_most: Some(percent / 100.0) });
        }
    }
    let required = Required { kind: Kind::Policy, max_age_hours: max_age_hours?, min_n: min_n?, thresholds };
    form.is_good().then_some(Publish { second_person, required: Some(required) })
}

/// A number of a form; the form says what was expected.
fn within<N: FromStr + PartialOrd + ToString>(
    t: Text,
    form: &mut Fields,
    name: &'static str,
    min: N,
    max: N,
) -> Option<N> {
    let typed = form.trimmed(name).replace(',', ".").parse().ok();
    let good = typed.filter(|value| (&min..=&max).contains(&value));
    if good.is_none() {
        form.fail(name, t.publish_expected(min.to_string(), max.to_string()));
    }
    good
}

/// What is missing before a version decides, a sentence each.
pub(super) fn sentences(t: Text, missing: &[Missing]) -> Vec<String> {
    missing.iter().map(|missing| sentence(t, missing)).collect()
}

fn sentence(t: Text, missing: &Missing) -> String {
    match missing {
        Missing::NoRun { .. } => t.missing_run(),
        Missing::Incomplete { .. } | Missing::FromTheFuture { .. } => t.missing_whole(),
        Missing::TooOld { hours, max_hours, .. } => t.missing_age(hours.to_string(), max_hours.to_string()),
        Missing::TooFew { n, min } => t.missing_few(count(*n), count(*min)),
        Missing::NotMeasured { threshold } | Missing::Unsure { threshold, .. } => {
            t.missing_measured(named(t, threshold.measure))
        }
        Missing::NotMet { threshold, measured } => {
            let percent = decimal(measured.value * 100.0, t.language);
            t.missing_met(named(t, threshold.measure), format!("{percent} %"))
        }
    }
    .into_owned()
}

fn named(t: Text, measure: Measure) -> String {
    match measure {
        Measure::ChangedRate => t.measure_changed(),
        Measure::UnknownRate => t.measure_unknown(),
        Measure::ErrorRate => t.measure_failed(),
        Measure::NewlyDeniedRate => t.measure_denied(),
        Measure::NewlyAllowedRate => t.measure_allowed(),
        other => other.words().into(),
    }
    .into_owned()
}

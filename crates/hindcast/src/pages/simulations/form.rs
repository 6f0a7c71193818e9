//! What the form begins with: what is usual, what an earlier run was asked, or what an insight points at.

use super::wanted::Subject;
use super::{Kept, found};
use crate::alerts::{Rule, edit};
use crate::api::Problem;
use crate::app::App;
use crate::catalog::{ConversationsWanted, KeptReplay};
use crate::insights::Insight;
use crate::pages::fields::Fields;
use crate::pages::visitor::Visitor;
use crate::simulate::{AgentWanted, Wanted};
use hindcast_event::Timestamp;
use hindcast_rules::detection::{Lists, Tuned};
use hindcast_rules::simulation::case::CutAt;
use hindcast_rules::simulation::sample::Size;
use hindcast_rules::{RuleText, check};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is filled in, and what is said about it.
pub(super) struct Filled {
    pub form: Fields,
    pub note: Option<String>,
}

/// The form as the address asks for it: its own members first, then those of an earlier run or an insight, then what is usual.
pub(super) fn filled(app: &App, visitor: &Visitor, asked: Fields) -> Result<Filled, Problem> {
    let t = visitor.guest.text;
    let mut note = None;
    let mut before = Fields::default();
    if !asked.trimmed("again").is_empty() {
        let kept = found(app, &visitor.membership.workspace, asked.trimmed("again"))?;
        before = match kept.ok_or_else(|| Problem::not_found("there is no such simulation"))? {
            Kept::Agent(kept) => {
                of_agent(app, visitor, &serde_json::from_str(&kept.wanted).map_err(Problem::internal)?)?
            }
            Kept::Policy(kept) => of_policy(visitor, &kept),
        };
        note = Some(t.sim_again_told().into_owned());
    } else if !asked.trimmed("insights").is_empty() {
        before = of_insight(app, visitor, &asked)?;
        note = Some(t.sim_insight_told().into_owned());
    }
    let mut form = asked.over(before);
    // A policy without a version means the newest.
    let policy = form.trimmed("policy").to_owned();
    if !policy.is_empty() && !policy.contains('@') {
        let row = app.catalog.policy(&visitor.membership.workspace, &policy)?;
        let newest = row.map(|row| format!("{}@{}", row.name, row.newest));
        form = Fields::filled([("policy", newest.unwrap_or_default())]).over(form);
    }
    // `workflow=NAME&version=N` is how other pages point here; without a version the newest is meant.
    let workflow = form.trimmed("workflow").to_owned();
    if !workflow.is_empty() && form.trimmed("subject").is_empty() {
        form = Fields::filled([("subject", "workflow".to_owned())]).over(form);
    }
    if !workflow.is_empty() && !workflow.contains('@') {
        let number = match form.trimmed("version").parse::<i64>() {
            Ok(number) => Some(number),
            Err(_) => app.catalog.workflow(&visitor.membership.workspace, &workflow)?.map(|row| row.newest),
        };
        let chosen = number.map(|number| format!("{workflow}@{number}")).unwrap_or_default();
        let pairs = [("workflow", chosen), ("version", String::new())];
        form = Fields::filled(pairs).over(form);
    }
    // `rule=KEY` is how other pages point here: what is set now is filled in, to be changed.
    let rule = form.trimmed("rule").to_owned();
    if !rule.is_empty() && form.trimmed("subject").is_empty() {
        form = Fields::filled([("subject", "rule".to_owned())]).over(form);
        if let Some(rule) = edit::rule(app, &visitor.membership.workspace, &rule)? {
            form = form.over(as_set(&rule));
        }
    }
    let usual = [
        ("state", "on"),
        ("subject", "policy"),
        ("pname", "candidate"),
        ("baseline", if Subject::of(&form).is_agent() { "" } else { "enforced" }),
        ("size", "1000"),
        ("seed", "1"),
        ("cut", "human_reply"),
        ("agreement_min", "50"),
        ("confidence_min", "0"),
        ("concurrency", "4"),
        ("timeout", "30"),
        ("redact", "on"),
        ("currency", "USD"),
        ("per_resolution", "0.99"),
    ];
    // Whoever asks again has decided about what can be ticked or left empty.
    let is_first = form.trimmed("again").is_empty();
    let usual =
        usual.into_iter().filter(|(name, _)| is_first || !["redact", "per_resolution"].contains(name));
    let usual = Fields::filled(usual.map(|(name, value)| (name, value.to_owned())));
    Ok(Filled { form: form.over(usual), note })
}

fn day(visitor: &Visitor, at: Timestamp) -> String {
    visitor.clock.input(at).split('T').next().unwrap_or_default().to_owned()
}

fn of_agent(app: &App, visitor: &Visitor, wanted: &Wanted) -> Result<Fields, Problem> {
    let mut pairs: Vec<(&str, String)> = vec![
        ("name", wanted.name.clone()),
        ("seed", wanted.seed.to_string()),
        ("at_least", wanted.at_least.to_string()),
        ("cut", if wanted.cut == CutAt::AnyReply { "any_reply" } else { "human_reply" }.to_owned()),
        ("agreement_min", wanted.agreement_min.to_string()),
        ("confidence_min", wanted.confidence_min.to_string()),
        ("concurrency", wanted.concurrency.to_string()),
        ("hints", wanted.policy_hints.join("\n")),
        ("baseline", wanted.baseline.clone().unwrap_or_default()),
    ];
    match wanted.size {
        Size::All => pairs.push(("all", "on".to_owned())),
        Size::Of(size) => pairs.push(("size", size.to_string())),
    }
    for (name, ticked) in [("trial", wanted.trial), ("redact", wanted.redact)] {
        if ticked {
            pairs.push((name, "on".to_owned()));
        }
    }
    let subject = match &wanted.agent {
        AgentWanted::Recorded {} => Subject::Recorded,
        AgentWanted::Http { url, version, timeout_ms, .. } => {
            pairs.extend([("url", url.clone()), ("version", version.clone())]);
            pairs.push(("timeout", (timeout_ms / 1_000).max(1).to_string()));
            Subject::Http
        }
        AgentWanted::Mcp { url, version, timeout_ms, server, .. } => {
            pairs.extend([("url", url.clone()), ("version", version.clone())]);
            pairs.push(("timeout", (timeout_ms / 1_000).max(1).to_string()));
            pairs.push(("server", server.clone().unwrap_or_default()));
            Subject::Mcp
        }
        AgentWanted::Chat { url, model, version, system_prompt, temperature, timeout_ms, .. } => {
            pairs.extend([("url", url.clone()), ("version", version.clone()), ("model", model.clone())]);
            pairs.push(("system_prompt", system_prompt.clone().unwrap_or_default()));
            pairs.push(("temperature", temperature.map(|t| t.to_string()).unwrap_or_default()));
            pairs.push(("timeout", (timeout_ms / 1_000).max(1).to_string()));
            Subject::Chat
        }
    };
    pairs.push(("subject", subject.word().to_owned()));
    if let Ok(which) = wanted.which() {
        let words = [
            ("source", which.source),
            ("channel", which.channel),
            ("language", which.language),
            ("tag", which.tag),
            ("from", which.from.map(|at| day(visitor, at))),
            ("until", which.until.map(|at| day(visitor, at))),
        ];
        pairs.extend(words.into_iter().filter_map(|(name, value)| Some((name, value?))));
    }
    let budget = wanted.budget;
    let whole = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
    pairs.extend([
        ("budget_requests", whole(budget.requests)),
        ("budget_tokens", whole(budget.tokens)),
        ("budget_minutes", whole(budget.minutes.map(u64::from))),
        ("budget_cost", budget.cost_usd_micros.map(price).unwrap_or_default()),
    ]);
    // A text that is a saved version still is that version.
    if let Some((name, text)) = wanted.candidates.first_key_value() {
        let versions = app.catalog.policy_versions(&visitor.membership.workspace, name)?;
        let same = versions.iter().find(|version| version.text == *text);
        pairs.extend(same.map(|version| ("with", format!("{name}@{}", version.number))));
    }
    pairs.extend(plans(wanted));
    Ok(Fields::filled(pairs))
}

/// The prices of a forecast, as the form has them.
fn plans(wanted: &Wanted) -> Vec<(&'static str, String)> {
    use hindcast_rules::simulation::cost::Part;
    let Some(forecast) = &wanted.forecast else { return Vec::new() };
    let mut pairs = vec![("currency", forecast.currency.clone())];
    for part in forecast.plans.iter().flat_map(|plan| &plan.parts) {
        match *part {
            Part::PerResolution { price_micros, minimum } => pairs.extend([
                ("per_resolution", price(price_micros)),
                ("per_resolution_min", minimum.to_string()),
            ]),
            Part::Fixed { price_micros, included, extra_price_micros } => pairs.extend([
                ("fixed", price(price_micros)),
                ("fixed_included", included.to_string()),
                ("fixed_extra", extra_price_micros.map(price).unwrap_or_default()),
            ]),
            Part::Tokens { input_price_micros, output_price_micros } => pairs.extend([
                ("tokens_in", price(input_price_micros)),
                ("tokens_out", price(output_price_micros)),
            ]),
            Part::Seats { .. } => {}
        }
    }
    pairs
}

/// Millionths as they are typed.
fn price(micros: u64) -> String {
    let (whole, rest) = (micros / 1_000_000, micros % 1_000_000);
    match rest {
        0 => whole.to_string(),
        rest => format!("{whole}.{}", format!("{rest:06}").trim_end_matches('0')),
    }
}

fn of_policy(visitor: &Visitor, kept: &KeptReplay) -> Fields {
    if kept.new.kind == "workflow" {
        return of_workflow(visitor, kept);
    }
    if kept.new.kind == "rule" {
        return of_rule(visitor, kept);
    }
    let baseline = if kept.new.baseline.is_null() { "happened" } else { "enforced" };
    let mut pairs: Vec<(&str, String)> = vec![
        ("name", kept.new.name.clone()),
        ("filter", kept.new.filter.clone()),
        ("baseline", baseline.to_owned()),
    ];
    let (from, until) = kept.new.window;
    pairs.extend(from.map(|at| ("from", day(visitor, at))));
    pairs.extend(until.map(|at| ("until", day(visitor, at))));
    match super::names::tried(kept).first() {
        Some((name, Some(number))) => {
            pairs.extend([("subject", "policy".to_owned()), ("policy", format!("{name}@{number}"))]);
        }
        Some((name, None)) => {
            let policies = kept.new.candidate["policies"].as_array();
            let text = policies.into_iter().flatten().find(|policy| policy["name"] == name.as_str());
            let text = text.and_then(|policy| policy["text"].as_str()).unwrap_or_default();
            pairs.extend([
                ("subject", "text".to_owned()),
                ("pname", name.clone()),
                ("text", text.to_owned()),
            ]);
        }
        None => {}
    }
    Fields::filled(pairs)
}

/// A rule as it is set, or stands in its own form: everything that can be tuned is named, so that nothing is as it was by being
/// left out. The text of one that comes with hindcast is known.
pub(super) fn as_set(rule: &Rule) -> Fields {
    let plain = RuleText { tuned: BTreeMap::new(), ..rule.text() };
    let mut tuned: BTreeMap<String, Value> = BTreeMap::new();
    for tunable in check(&plain, &Lists::new()).rules.into_iter().flat_map(|info| info.tunables) {
        let value = match tunable.default {
            Tuned::Number(number) => json!(number),
            Tuned::Duration(text) => text.into(),
        };
        tuned.insert(tunable.name, value);
    }
    tuned.extend(rule.set.tuned.clone());
    let tuned: Vec<_> = tuned.iter().map(|(name, value)| tuned_line(name, value)).collect();
    // What is no whole minute is left as it is.
    let minutes = Some(rule.set.quiet_seconds).filter(|seconds| seconds.is_multiple_of(60));
    let yaml = if rule.is_shipped { String::new() } else { rule.yaml.clone().into_owned() };
    Fields::filled([
        ("tuned", tuned.join("\n")),
        ("quiet", minutes.map(|seconds| (seconds / 60).to_string()).unwrap_or_default()),
        ("yaml", yaml),
    ])
}

/// A tuned value in a line.
pub(super) fn tuned_line(name: &str, value: &Value) -> String {
    match value {
        Value::String(text) => format!("{name} = {text}"),
        Value::Number(number) => {
            format!("{name} = {}", number.as_f64().map_or_else(String::new, |number| number.to_string()))
        }
        value => format!("{name} = {value}"),
    }
}

fn of_rule(visitor: &Visitor, kept: &KeptReplay) -> Fields {
    let told = &kept.new.candidate["rules"][0];
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    let tuned = told["tuned"].as_object().into_iter().flatten();
    let tuned: Vec<_> = tuned.map(|(name, value)| tuned_line(name, value)).collect();
    let minutes = told["quiet_seconds"].as_u64().map(|seconds| (seconds / 60).to_string());
    let mut pairs: Vec<(&str, String)> = vec![
        ("name", kept.new.name.clone()),
        ("subject", "rule".to_owned()),
        ("rule", Some(text("key")).filter(|key| key != "new").unwrap_or_default()),
        ("yaml", text("text")),
        ("tuned", tuned.join("\n")),
        ("quiet", minutes.unwrap_or_default()),
        ("state", if told["on"] == false { "off" } else { "on" }.to_owned()),
        ("baseline", if kept.new.baseline["as"] == "nothing" { "nothing" } else { "enforced" }.to_owned()),
    ];
    let (from, until) = kept.new.window;
    pairs.extend(from.map(|at| ("from", day(visitor, at))));
    pairs.extend(until.map(|at| ("until", day(visitor, at))));
    Fields::filled(pairs)
}

fn of_workflow(visitor: &Visitor, kept: &KeptReplay) -> Fields {
    let numbered = |told: &Value| {
        let name = told["changed"][0].as_str()?;
        let one = told["workflows"].as_array()?.iter().find(|one| one["name"] == name)?;
        Some(format!("{name}@{}", one["number"].as_i64()?))
    };
    let baseline = match kept.new.baseline["as"].as_str() {
        Some("version") => numbered(&kept.new.baseline),
        word => word.map(str::to_owned),
    };
    let mut pairs: Vec<(&str, String)> = vec![
        ("name", kept.new.name.clone()),
        ("subject", "workflow".to_owned()),
        ("workflow", numbered(&kept.new.candidate).unwrap_or_default()),
        ("baseline", baseline.unwrap_or_default()),
    ];
    let (from, until) = kept.new.window;
    pairs.extend(from.map(|at| ("from", day(visitor, at))));
    pairs.extend(until.map(|at| ("until", day(visitor, at))));
    let which = ConversationsWanted::parse(&kept.new.filter).unwrap_or_default();
    let words = [
        ("source", which.source),
        ("channel", which.channel),
        ("language", which.language),
        ("tag", which.tag),
    ];
    pairs.extend(words.into_iter().filter_map(|(name, value)| Some((name, value?))));
    Fields::filled(pairs)
}

/// Where an insight points: the conversations of the tag it is about, and the agents that answered them, if any did.
fn of_insight(app: &App, visitor: &Visitor, asked: &Fields) -> Result<Fields, Problem> {
    let none = || Problem::not_found("there is no such insight");
    let workspace = &visitor.membership.workspace;
    let found = app.history.insights_found(workspace, asked.trimmed("insights"))?;
    let (_, found) = found.ok_or_else(none)?;
    let nr = asked.trimmed("nr");
    let insight = found.insights.into_iter().find(|one| nr.parse() == Ok(one.nr)).ok_or_else(none)?;
    let tag = tag_of(app, visitor, &insight)?;
    let which = ConversationsWanted { tag: tag.clone(), ai: Some(true), ..ConversationsWanted::default() };
    let has_agents = !app.history.sampled_from(workspace, &which)?.is_empty();
    let subject = if has_agents { Subject::Recorded } else { Subject::Http };
    let about = tag.clone().unwrap_or_default();
    let name = visitor.guest.text.sim_insight_name(about.as_str());
    let tag = tag.map(|tag| ("tag", tag));
    let pairs = [("subject", subject.word().to_owned()), ("name", name.trim().to_owned())];
    Ok(Fields::filled(pairs.into_iter().chain(tag)))
}

/// The tag of an insight: the one that was assigned wrongly, or the one most of its conversations have.
fn tag_of(app: &App, visitor: &Visitor, insight: &Insight) -> Result<Option<String>, Problem> {
    if let Some(mistag) = &insight.about.mistag {
        return Ok(Some(mistag.assigned.clone()));
    }
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for id in &insight.conversations {
        let Some(conversation) = app.history.get(&visitor.membership.workspace, id)? else { continue };
        for tag in conversation.current_tags() {
            *counts.entry(tag.to_owned()).or_default() += 1;
        }
    }
    let most = counts.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)));
    Ok(most.map(|(tag, _)| tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_typed_as_it_was_read() {
        assert_eq!(
            (price(990_000), price(7_000_000), price(1_234_500_000)),
            ("0.99".into(), "7".into(), "1234.5".into())
        );
    }
}

//! How a report came about: on what, with what, and what was left out.

use super::figure;
use super::names::agent_name;
use crate::catalog::{KeptReplay, Simulation};
use crate::pages::safe::short;
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::simulate::{AgentWanted, BudgetWanted, Wanted};
use hindcast_event::Timestamp;
use hindcast_rules::replay::Report as Replayed;
use hindcast_rules::simulation::case::CutAt;
use hindcast_rules::simulation::report::{Report, Setup};
use serde_json::Value;
use std::borrow::Cow;

/// Facts under their names; what is empty is left out.
#[derive(Default)]
struct Facts(Vec<(String, String)>);

impl Facts {
    fn add(&mut self, label: Cow<'static, str>, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.0.push((label.into_owned(), value));
        }
    }
}

/// Of a simulation of an agent.
pub(super) fn of_agent(
    visitor: &Visitor,
    kept: &Simulation,
    wanted: Option<&Wanted>,
    report: Option<&Report>,
) -> Vec<(String, String)> {
    let t = visitor.guest.text;
    let setup = match report {
        Some(report) => report.setup.clone(),
        None => serde_json::from_str::<Setup>(&kept.setup).unwrap_or_default(),
    };
    let mut facts = Facts::default();
    if let Some(wanted) = wanted {
        facts.add(t.sim_subject(), agent_name(t, &wanted.agent));
        if let AgentWanted::Http { url, .. } | AgentWanted::Chat { url, .. } = &wanted.agent {
            facts.add(t.sim_field_url(), short(url));
        }
        let tried: Vec<String> = wanted.candidates.keys().map(|name| short(name)).collect();
        facts.add(t.sim_method_policies(), tried.join(", "));
        facts.add(t.sim_method_filter(), filter(visitor, wanted));
    }
    facts.add(
        t.sim_method_sample(),
        t.sim_method_sample_told(
            figure(t, setup.planned),
            figure(t, setup.population),
            figure(t, u64::from(setup.days)),
        ),
    );
    facts.add(t.sim_field_seed(), setup.seed.to_string());
    let cut = match setup.cut {
        CutAt::HumanReply => t.sim_cut_human(),
        CutAt::AnyReply => t.sim_cut_any(),
    };
    facts.add(t.sim_field_cut(), cut);
    let standard = &setup.standard;
    facts.add(
        t.sim_method_standard(),
        t.sim_method_standard_told(i64::from(standard.agreement_min), i64::from(standard.confidence_min)),
    );
    if setup.unseen > 0 {
        facts.add(t.sim_method_left_out(), t.sim_method_unseen(figure(t, setup.unseen)));
    }
    if let Some(wanted) = wanted {
        let redact = if wanted.redact { t.sim_yes() } else { t.sim_no() };
        facts.add(t.sim_field_redact(), redact);
        facts.add(t.sim_budget(), budget(t, wanted.budget));
    }
    facts.add(t.sim_method_labels(), t.sim_method_labels_told());
    facts.add(t.sim_method_hash(), setup.candidate);
    facts.add(t.sim_method_engine(), setup.engine);
    facts.0
}

fn filter(visitor: &Visitor, wanted: &Wanted) -> String {
    let Ok(which) = wanted.which() else { return String::new() };
    let window = window(visitor, which.from, which.until);
    let words = [which.month, which.source, which.channel, which.language, which.tag];
    let words = words.into_iter().flatten().map(|word| short(&word));
    Some(window).filter(|window| !window.is_empty()).into_iter().chain(words).collect::<Vec<_>>().join(" · ")
}

/// From when until when; empty for always.
fn window(visitor: &Visitor, from: Option<Timestamp>, until: Option<Timestamp>) -> String {
    let t = visitor.guest.text;
    let minute = |at: Timestamp| visitor.clock.minute(at);
    match (from, until) {
        (None, None) => String::new(),
        (Some(from), None) => t.sim_since(minute(from)).into_owned(),
        (None, Some(until)) => t.sim_until(minute(until)).into_owned(),
        (Some(from), Some(until)) => t.sim_between(minute(from), minute(until)).into_owned(),
    }
}

fn budget(t: Text, budget: BudgetWanted) -> String {
    let BudgetWanted { requests, tokens, cost_usd_micros, minutes } = budget;
    let dollars = cost_usd_micros.map(|micros| format!("{:.2}", micros as f64 / 1e6));
    let parts = [
        requests.map(|n| t.sim_budget_of_requests(figure(t, n)).into_owned()),
        tokens.map(|n| t.sim_budget_of_tokens(figure(t, n)).into_owned()),
        dollars.map(|n| t.sim_budget_of_dollars(n).into_owned()),
        minutes.map(|n| t.sim_budget_of_minutes(figure(t, n.into())).into_owned()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Of a replay of policies, workflows or detection rules.
pub(super) fn of_policy(
    visitor: &Visitor,
    kept: &KeptReplay,
    report: Option<&Replayed>,
) -> Vec<(String, String)> {
    let t = visitor.guest.text;
    let mut facts = Facts::default();
    facts.add(t.sim_subject(), super::names::tried_name(t, kept));
    let version = |policies: &Value| policies["version"].as_str().map(short).unwrap_or_default();
    let other = || -> Option<String> {
        let tried = kept.new.baseline["changed"][0].as_str()?;
        let all = kept.new.baseline["workflows"].as_array()?;
        let number = all.iter().find(|one| one["name"] == tried)?["number"].as_i64()?;
        Some(t.sim_policy_version(short(tried), number.to_string()).into_owned())
    };
    let baseline = match kept.new.baseline["as"].as_str() {
        Some("nothing") if kept.new.kind == "rule" => t.sim_baseline_no_rule().into_owned(),
        Some("set") => t.sim_baseline_set().into_owned(),
        Some("other") => t.sim_baseline_version().into_owned(),
        Some("nothing") => t.sim_baseline_nothing().into_owned(),
        Some("version") => other().unwrap_or_else(|| t.sim_baseline_version().into_owned()),
        None if kept.new.baseline.is_null() => t.sim_baseline_happened().into_owned(),
        _ => t.sim_baseline_enforced().into_owned(),
    };
    facts.add(t.sim_baseline(), baseline);
    if kept.new.kind == "rule" {
        let told = &kept.new.candidate["rules"][0];
        let tuned = told["tuned"].as_object().into_iter().flatten();
        let tuned: Vec<_> = tuned.map(|(name, value)| short(&super::form::tuned_line(name, value))).collect();
        facts.add(t.rule_tunables(), tuned.join(", "));
        let minutes = told["quiet_seconds"].as_u64().unwrap_or_default() / 60;
        facts.add(t.rule_quiet(), figure(t, minutes));
    }
    let (from, until) = kept.new.window;
    let told = window(visitor, from, until);
    facts.add(t.sim_method_window(), if told.is_empty() { t.sim_always().into_owned() } else { told });
    facts.add(t.sim_method_filter(), short(&kept.new.filter));
    if let Some(report) = report {
        let summary = &report.summary;
        if let Some(part) = &report.workflows {
            facts.add(t.sim_method_happenings(), figure(t, part.happenings));
            facts.add(t.sim_method_left_out(), t.sim_method_unheard(figure(t, summary.not_asked)));
        } else if report.rules.is_some() {
            facts.add(t.sim_answers(), figure(t, summary.tally.evaluated));
            facts.add(
                t.sim_method_left_out(),
                t.sim_method_rule_left(figure(t, summary.not_asked), figure(t, summary.warm_up)),
            );
        } else {
            facts.add(t.sim_method_judged(), figure(t, summary.tally.evaluated));
            facts.add(
                t.sim_method_left_out(),
                t.sim_method_skipped(figure(t, summary.not_asked), figure(t, summary.decided_before)),
            );
        }
        let seen = [&summary.oldest, &summary.newest].map(|at| at.as_deref().and_then(Timestamp::parse));
        if let [Some(oldest), Some(newest)] = seen {
            facts.add(t.sim_method_seen(), window(visitor, Some(oldest), Some(newest)));
        }
    }
    facts.add(t.sim_method_candidate(), version(&kept.new.candidate));
    facts.add(t.sim_method_baseline(), version(&kept.new.baseline));
    facts.add(t.sim_method_hash(), short(&kept.new.question));
    facts.add(t.sim_method_by(), short(&kept.new.started_by));
    facts.0
}

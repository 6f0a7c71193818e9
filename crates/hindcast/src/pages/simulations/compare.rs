//! Two runs of the same kind beside each other, number by number.

use super::agent_tables::heads;
use super::names::{title_of_agent, title_of_policy};
use super::{Cell, Table, figure, interval, percent, points};
use crate::api::Problem;
use crate::app::App;
use crate::catalog::{KeptReplay, ReplayState, Simulation, SimulationState};
use crate::pages::format::decimal;
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use hindcast_rules::replay::Tally;
use hindcast_rules::simulation::report::Report;
use hindcast_rules::simulation::share::Share;

/// Runs that can be chosen.
const OTHERS_MAX: usize = 50;

/// Those that can be compared, and the comparison if one was chosen.
type Compared = (Vec<(String, String, bool)>, Option<Table>);

/// The runs of agents that can be compared with one.
pub(super) fn agents(
    app: &App,
    visitor: &Visitor,
    kept: &Simulation,
    with: &str,
) -> Result<Compared, Problem> {
    let t = visitor.guest.text;
    let all = app.catalog.simulations(&kept.workspace, None, OTHERS_MAX)?.unwrap_or_default();
    let all: Vec<_> = all
        .into_iter()
        .filter(|one| one.id != kept.id && one.state == SimulationState::Done && one.report.is_some())
        .collect();
    let others = all.iter().map(|one| {
        let when = visitor.clock.minute(one.created_at);
        (one.id.clone(), t.with_aside(title_of_agent(t, one), when).into_owned(), one.id == with)
    });
    let chosen = all.iter().find(|one| one.id == with);
    let report = |one: &Simulation| -> Option<Report> { serde_json::from_str(one.report.as_deref()?).ok() };
    let table = chosen.and_then(|other| {
        let (this, that) = (report(kept)?, report(other)?);
        Some(of_reports(t, &this, &that, title_of_agent(t, other)))
    });
    Ok((others.collect(), table))
}

fn of_reports(t: Text, this: &Report, that: &Report, name: String) -> Table {
    let rate = |label: std::borrow::Cow<'static, str>, of: fn(&Report) -> Share| {
        let (a, b) = (of(this), of(that));
        let cell = |share: &Share| match share.rate() {
            Some(rate) => Cell::number(percent(t, rate.rate)).about(interval(t, share)),
            None => Cell::number("–"),
        };
        let difference = a.rate().zip(b.rate()).map(|(a, b)| points(t, (a.rate - b.rate) * 100.0));
        let difference = difference.map(|by| t.sim_points(by).into_owned());
        vec![
            Cell::text(label),
            cell(&a),
            cell(&b),
            Cell::number(difference.unwrap_or_else(|| "–".to_owned())),
        ]
    };
    let count = |label: std::borrow::Cow<'static, str>, of: &dyn Fn(&Report) -> Option<f64>| {
        let shown = |n: Option<f64>| n.map_or_else(|| "–".to_owned(), |n| decimal(n, t.language));
        let (a, b) = (of(this), of(that));
        let difference = a.zip(b).map(|(a, b)| points(t, a - b)).unwrap_or_else(|| "–".to_owned());
        vec![Cell::text(label), Cell::number(shown(a)), Cell::number(shown(b)), Cell::number(difference)]
    };
    let thousandths = |n: Option<u64>| n.map(|n| n as f64 / 1_000.0);
    let rows = vec![
        rate(t.sim_resolution(), |report| report.resolution),
        rate(t.sim_outcome_escalated(), |report| report.outcome("escalated")),
        rate(t.sim_outcome_disagreed(), |report| report.outcome("disagreed")),
        rate(t.sim_outcome_failed(), |report| report.outcome("failed")),
        rate(t.sim_compare_actions(), |report| report.actions.exact_cases),
        count(t.sim_compare_f1(), &|report| report.tags.micro().f1.map(|f1| f1 * 100.0)),
        count(t.sim_safety_denied(), &|report| Some(report.safety.forbidden_calls as f64)),
        count(t.sim_tile_approvals(), &|report| report.approvals_per_day()),
        count(t.sim_used_agreement(), &|report| thousandths(report.agreement.thousandths())),
        count(t.sim_used_median(), &|report| report.latency_ms.percentile(50).map(|ms| ms as f64)),
        count(t.sim_used_replies(), &|report| thousandths(report.replies.thousandths())),
    ];
    Table { rows, ..bare(t, name, t.sim_compare_note().into_owned()) }
}

fn bare(t: Text, name: String, note: String) -> Table {
    Table {
        id: "compared",
        title: t.sim_compare().into_owned(),
        told: String::new(),
        heads: heads(&t.sim_measure(), &[&t.sim_compare_this(), &name, &t.sim_compare_difference()]),
        rows: Vec::new(),
        note,
    }
}

/// The replays that can be compared with one.
pub(super) fn policies(
    app: &App,
    visitor: &Visitor,
    kept: &KeptReplay,
    with: &str,
) -> Result<Compared, Problem> {
    let t = visitor.guest.text;
    let all = app.catalog.replays(&kept.workspace, None, OTHERS_MAX)?;
    let all: Vec<_> =
        all.into_iter().filter(|one| one.id != kept.id && one.state == ReplayState::Succeeded).collect();
    let all: Vec<_> = all.into_iter().filter(|one| one.new.kind == kept.new.kind).collect();
    let others = all.iter().map(|one| {
        let when = visitor.clock.minute(one.created_at);
        (one.id.clone(), t.with_aside(title_of_policy(t, one), when).into_owned(), one.id == with)
    });
    let tally = |one: &KeptReplay| -> Option<Tally> { serde_json::from_value(one.summary.clone()).ok() };
    let table = all.iter().find(|one| one.id == with).and_then(|other| {
        let (this, that) = (tally(kept)?, tally(other)?);
        let row = |label: std::borrow::Cow<'static, str>, of: fn(&Tally) -> u64| {
            let (a, b) = (of(&this), of(&that));
            let by = i64::try_from(a).unwrap_or(i64::MAX) - i64::try_from(b).unwrap_or(i64::MAX);
            let by = crate::pages::number(by, t.language);
            let by = if a > b { format!("+{by}") } else { by };
            let cells = [figure(t, a), figure(t, b), by].map(Cell::number);
            std::iter::once(Cell::text(label)).chain(cells).collect()
        };
        if kept.new.kind == "rule" {
            let rows = vec![
                row(t.sim_answers(), |tally| tally.evaluated),
                row(t.sim_change_none(), |tally| tally.unchanged),
                row(t.sim_change_matched(), |tally| tally.by_change.newly_matched),
                row(t.sim_change_not_matched(), |tally| tally.by_change.no_longer_matched),
                row(t.sim_answer_unknown(), |tally| tally.unknown),
            ];
            return Some(Table { rows, ..bare(t, title_of_policy(t, other), String::new()) });
        }
        if kept.new.kind == "workflow" {
            let rows = vec![
                row(t.sim_answers(), |tally| tally.evaluated),
                row(t.sim_change_none(), |tally| tally.unchanged),
                row(t.sim_change_matched(), |tally| tally.by_change.newly_matched),
                row(t.sim_change_not_matched(), |tally| tally.by_change.no_longer_matched),
                row(t.sim_change_actions(), |tally| tally.by_change.other_actions),
                row(t.sim_answer_unknown(), |tally| tally.unknown),
            ];
            return Some(Table { rows, ..bare(t, title_of_policy(t, other), String::new()) });
        }
        let rows = vec![
            row(t.sim_method_judged(), |tally| tally.evaluated),
            row(t.sim_change_none(), |tally| tally.unchanged),
            row(t.sim_change_denied(), |tally| tally.by_change.newly_denied),
            row(t.sim_change_approval(), |tally| tally.by_change.newly_needs_approval),
            row(t.sim_change_allowed(), |tally| tally.by_change.newly_allowed),
            row(t.sim_answer_unknown(), |tally| tally.unknown),
        ];
        Some(Table { rows, ..bare(t, title_of_policy(t, other), String::new()) })
    });
    Ok((others.collect(), table))
}

//! The report of a replay: which answers of the past would have been others, for whom, and by which policy. What is special about
//! workflows lies in `workflow.rs`, about detection rules in `rule.rs`.

use super::agent_tables::heads;
use super::list::{done_of_replay, progress, verdict_of_replay};
use super::matrix::{self, of_answers};
use super::names::{answer, change, tried};
use super::show::{Group, Notice, Pair, ReportPage, Side};
use super::{Cell, HERE, Table, Tile, compare, figure, method, rule, workflow};
use crate::api::{Problem, escaped};
use crate::app::App;
use crate::catalog::{KeptReplay, ReplayState};
use crate::jobs::replays;
use crate::pages::asked::Asked;
use crate::pages::format::decimal;
use crate::pages::rows::{Moment, condition};
use crate::pages::safe::short;
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use hindcast_event::Timestamp;
use hindcast_rules::replay::{Answer, ByAnswer, Change, Difference, Report, Tally};
use std::collections::BTreeMap;

/// Differences of a kind that are shown side by side, and entries and conversations that are named.
const PAIRS_SHOWN: usize = 12;
const EXAMPLES_SHOWN: usize = 8;
const CONVERSATIONS_SHOWN: usize = 40;
const ROWS_SHOWN: usize = 30;
const DAY_MICROS: f64 = 86_400_000_000.0;

/// The page with what is known of a replay.
pub(super) fn filled(
    app: &App,
    visitor: &Visitor,
    kept: &KeptReplay,
    with: &str,
    mut page: ReportPage,
) -> Result<ReportPage, Problem> {
    let t = visitor.guest.text;
    let text = app.catalog.replay_report(&kept.workspace, &kept.id)?;
    let report: Option<Report> =
        text.map(|text| serde_json::from_str(&text)).transpose().map_err(Problem::internal)?;
    let is_over = kept.state.is_over();
    let is_whole = kept.state == ReplayState::Succeeded;
    if !is_over {
        let (done, total) = done_of_replay(app, kept);
        page.running = Some(progress(t, done, total));
    }
    page.notices = notices(app, t, kept, report.as_ref());
    let (is_workflow, is_rule) = (kept.new.kind == "workflow", kept.new.kind == "rule");
    if let Some(report) = &report {
        match &report.workflows {
            Some(part) => workflow::reported(visitor, kept, report, part, &mut page),
            None if report.rules.is_some() => rule::reported(visitor, kept, report, &mut page),
            None => reported(visitor, kept, report, is_whole, &mut page),
        }
    }
    if is_over {
        (page.others, page.compared) = compare::policies(app, visitor, kept, with)?;
    }
    page.method = method::of_policy(visitor, kept, report.as_ref());
    page.method_told = match is_workflow {
        true => vec![t.sim_method_workflow().into_owned(), t.sim_method_workflow_limits().into_owned()],
        false if is_rule => vec![t.sim_method_rule().into_owned(), t.sim_method_rule_limits().into_owned()],
        false => vec![t.sim_method_replay().into_owned(), t.sim_method_unknown().into_owned()],
    };
    let may_run = visitor.may(Permission::RunSimulations);
    page.acts.cancel = may_run && !is_over;
    page.acts.remove = may_run && is_over;
    if is_whole && is_rule && visitor.may(Permission::ManageAlerts) {
        page.acts.activate.push(rule::activate(t, kept));
    }
    if is_whole && !is_workflow && !is_rule && visitor.may(Permission::ManagePolicies) {
        page.acts.activate = tried(kept)
            .into_iter()
            .filter_map(|(name, number)| {
                let number = number?;
                let words = t.sim_activate(short(&name), number.to_string()).into_owned();
                Some((format!("/policies/{}?version={number}#f-mode", escaped(&name)), words))
            })
            .collect();
    }
    let file = |name: &str| format!("{HERE}/{}/file/{name}", kept.id);
    if report.is_some() {
        page.files.push((file("report.json"), t.sim_file_json().into_owned()));
    }
    if is_whole {
        page.files.push((file("differences.csv"), t.sim_file_differences().into_owned()));
        page.files.push((file("junit.xml"), t.sim_file_junit().into_owned()));
    }
    Ok(page)
}

fn notices(app: &App, t: Text, kept: &KeptReplay, report: Option<&Report>) -> Vec<Notice> {
    let mut notices = Vec::new();
    match kept.state {
        ReplayState::Pending => notices.push(Notice::info(t.sim_notice_waiting())),
        ReplayState::Running => notices.push(Notice::info(t.sim_notice_running())),
        ReplayState::Cancelled => notices.push(Notice::warning(t.sim_notice_cancelled())),
        ReplayState::Failed => notices.push(Notice::warning(t.sim_notice_failed(short(&kept.problem)))),
        ReplayState::Succeeded => {}
    }
    let before = kept.new.baseline["version"].as_str();
    let now = match kept.new.kind {
        "workflow" => replays::baseline_now(app, kept).ok().flatten(),
        "rule" => replays::rule_now(app, kept).ok().flatten(),
        _ => before.and_then(|_| replays::enforced(app, &kept.workspace).ok()),
    };
    if kept.state.is_over() && now.is_some_and(|now| before.unwrap_or_default() != now) {
        notices.push(Notice::warning(t.sim_notice_stale()));
    }
    let Some(report) = report else { return notices };
    if kept.state == ReplayState::Succeeded && report.summary.tally.evaluated == 0 {
        notices.push(Notice::warning(match report.workflows {
            Some(_) => t.sim_notice_nothing_happened(),
            None if report.rules.is_some() => t.sim_notice_no_entries(),
            None => t.sim_notice_nothing(),
        }));
    }
    if !report.summary.errors.is_empty() {
        let items = report.summary.errors.iter().take(EXAMPLES_SHOWN).map(|error| short(error)).collect();
        let n = figure(t, report.summary.tally.failed);
        notices.push(Notice { items, ..Notice::warning(t.sim_notice_errors(n)) });
    }
    notices
}

fn reported(visitor: &Visitor, kept: &KeptReplay, report: &Report, is_whole: bool, page: &mut ReportPage) {
    let t = visitor.guest.text;
    let tally = &report.summary.tally;
    page.verdict = match is_whole {
        true => verdict_of_replay(t, tally),
        false => t.sim_verdict_partial().into_owned(),
    };
    page.sentence = t
        .sim_told_replay(figure(t, tally.changed), figure(t, tally.evaluated), figure(t, tally.unknown))
        .into_owned();
    page.tiles = tiles(t, report, is_whole);
    let has_baseline = report.baseline.is_some();
    page.matrices.extend(of_answers(t, &report.lanes.together, has_baseline, &Answer::OF_POLICIES));
    page.groups = groups(visitor, report, &|one| of_policies(t, one));
    page.groups_told = match page.groups.is_empty() {
        true => t.sim_changes_none().into_owned(),
        false => t.sim_changes_told().into_owned(),
    };
    page.tables.push(kinds(t, tally, &t.entries()));
    page.tables.push(lanes(t, report));
    page.tables.extend(conversations(t, report, t.sim_conversations_flagged()));
    page.tables.extend(by_policy(t, report));
    let log = |conditions: &[String]| {
        let q = conditions.iter().cloned().chain(Some(kept.new.filter.clone()).filter(|q| !q.is_empty()));
        let asked = Asked { range: "all".to_owned(), ..Asked::default() };
        asked.with_query(q.collect::<Vec<_>>().join(" ")).href()
    };
    page.tables.extend(tallied(
        t,
        "by-action",
        t.policy_activities(),
        &t.entries(),
        report
            .summary
            .by_action
            .iter()
            .map(|row| (short(&row.action), log(&[condition("action", &row.action)]), &row.tally)),
        report.summary.left_out.by_action,
    ));
    page.tables.extend(tallied(
        t,
        "by-actor",
        t.column_who(),
        &t.entries(),
        report.summary.by_actor.iter().map(|row| {
            let href = match row.actor_id.is_empty() {
                true => String::new(),
                false => log(&[condition("actor", &row.actor_id)]),
            };
            (format!("{} {}", short(&row.actor_type), short(&row.actor_id)), href, &row.tally)
        }),
        report.summary.left_out.by_actor,
    ));
    page.tables.extend(tallied(
        t,
        "by-day",
        t.sim_day(),
        &t.entries(),
        report.summary.by_day.iter().map(|row| (row.day.clone(), String::new(), &row.tally)),
        report.summary.left_out.by_day,
    ));
    page.tables.extend(missing(t, report, t.sim_missing_told(), &t.entries()));
}

fn tiles(t: Text, report: &Report, is_whole: bool) -> Vec<Tile> {
    let by = &report.summary.tally.by_change;
    let here = |n: u64| if n > 0 { "#differences".to_owned() } else { String::new() };
    let days = days(report);
    let per_day = days.map(|days| by.newly_needs_approval as f64 / days);
    let of = |label: std::borrow::Cow<'static, str>, n: u64, about: String| Tile {
        label: label.into_owned(),
        number: figure(t, n),
        about,
        href: here(n),
    };
    let changed = report.summary.tally.changed;
    let share = t.sim_of(figure(t, changed), figure(t, report.summary.tally.evaluated)).into_owned();
    let label = if is_whole { t.sim_tile_changed() } else { t.sim_tile_changed_partial() };
    vec![
        of(label, changed, share),
        of(t.sim_tile_denials(), by.newly_denied, t.sim_tile_denials_about().into_owned()),
        Tile {
            label: t.sim_tile_approvals().into_owned(),
            number: per_day.map_or_else(|| "–".to_owned(), |n| decimal(n, t.language)),
            about: t.sim_in_sample(figure(t, by.newly_needs_approval)).into_owned(),
            href: here(by.newly_needs_approval),
        },
        of(
            t.sim_tile_allowed(),
            by.newly_allowed,
            t.sim_unknown_too(figure(t, report.summary.tally.unknown)).into_owned(),
        ),
    ]
}

/// How many days were looked at; at least one.
fn days(report: &Report) -> Option<f64> {
    let at = |text: &Option<String>| text.as_deref().and_then(Timestamp::parse).map(|at| at.micros() as f64);
    let (oldest, newest) = (at(&report.summary.oldest)?, at(&report.summary.newest)?);
    Some(((newest - oldest) / DAY_MICROS).max(1.0))
}

/// How a difference is shown.
pub(super) struct Shown {
    /// What it is about, in parts.
    pub title: Vec<String>,
    pub before: Side,
    pub after: Side,
    /// Where its examples are.
    pub links: Vec<(String, String)>,
}

/// Differences by the answer before and after.
pub(super) fn groups(visitor: &Visitor, report: &Report, shown: &dyn Fn(&Difference) -> Shown) -> Vec<Group> {
    let t = visitor.guest.text;
    let mut by: BTreeMap<(&str, &str), Vec<&Difference>> = BTreeMap::new();
    for one in &report.differences {
        by.entry((one.baseline.as_str(), one.candidate.as_str())).or_default().push(one);
    }
    let mut all: Vec<_> = by.into_iter().collect();
    all.sort_by_key(|(_, some)| std::cmp::Reverse(some.iter().map(|one| one.count).sum::<u64>()));
    let group = |((from, to), some): ((&str, &str), Vec<&Difference>)| {
        let n = some.iter().map(|one| one.count).sum();
        let left = some.len().saturating_sub(PAIRS_SHOWN);
        let first = some.first();
        let name = |one| answer(t, one);
        Group {
            id: matrix::place(from, to),
            title: first
                .map(|one| t.sim_move(name(one.baseline), name(one.candidate)).into_owned())
                .unwrap_or_default(),
            n: figure(t, n),
            href: String::new(),
            pairs: some.into_iter().take(PAIRS_SHOWN).map(|one| pair(visitor, one, shown(one))).collect(),
            more: if left > 0 { t.sim_more_differences(left as i64).into_owned() } else { String::new() },
        }
    };
    all.into_iter().map(group).collect()
}

/// What policies said, and which.
fn of_policies(t: Text, one: &Difference) -> Shown {
    let side = |said, policies: &[String]| {
        let names: Vec<String> = policies.iter().map(|policy| short(policy)).collect();
        let by = if names.is_empty() { t.sim_by_nothing().into_owned() } else { names.join(", ") };
        Side {
            facts: vec![(t.sim_answer().into_owned(), answer(t, said)), (t.sim_by_policy().into_owned(), by)],
            text: String::new(),
        }
    };
    let tuple = &one.tuple;
    let who = format!("{} {}", short(&tuple.actor_type), short(&tuple.actor_id));
    let links = one.examples.iter().map(|index| (format!("/log/{index}"), format!("#{index}")));
    Shown {
        title: [who.trim(), &short(&tuple.action), &short(&tuple.target_type)].map(str::to_owned).into(),
        before: side(one.baseline, &one.baseline_policies),
        after: side(one.candidate, &one.candidate_policies),
        links: links.collect(),
    }
}

fn pair(visitor: &Visitor, one: &Difference, shown: Shown) -> Pair {
    let t = visitor.guest.text;
    let title: Vec<String> = shown.title.into_iter().filter(|part| !part.is_empty()).collect();
    let seen = [&one.first_seen, &one.last_seen]
        .map(|at| Timestamp::parse(at).map(|at| Moment::of(visitor, at).shown).unwrap_or_default());
    let [first, last] = seen;
    let mut reason = vec![
        change(t, one.change),
        t.sim_times(figure(t, one.count)).into_owned(),
        t.sim_between(first, last).into_owned(),
    ];
    if one.after_divergence > 0 {
        reason.push(t.sim_after_divergence(figure(t, one.after_divergence)).into_owned());
    }
    Pair {
        title: title.join(" · "),
        href: String::new(),
        reason: reason.join(" · "),
        before: shown.before,
        after: shown.after,
        links: shown.links.into_iter().take(EXAMPLES_SHOWN).collect(),
    }
}

/// How often each kind of change was seen.
pub(super) fn kinds(t: Text, tally: &Tally, what: &str) -> Table {
    let bar = |n: u64| (n * 100).checked_div(tally.evaluated).unwrap_or(0);
    let rows = Change::ALL.map(|kind| (kind, tally.of(kind)));
    Table {
        id: "kinds",
        title: t.sim_kinds().into_owned(),
        told: String::new(),
        heads: heads(&t.sim_change(), &[what]),
        rows: rows
            .into_iter()
            .filter(|(_, n)| *n > 0)
            .map(|(kind, n)| {
                vec![Cell::text(change(t, kind)), Cell { bar: Some(bar(n)), ..Cell::number(figure(t, n)) }]
            })
            .collect(),
        note: match tally.after_divergence {
            0 => String::new(),
            n => t.sim_divergence_note(figure(t, n)).into_owned(),
        },
    }
}

/// What happened, what the baseline says, and what the candidate says.
fn lanes(t: Text, report: &Report) -> Table {
    let lanes = &report.lanes;
    let happened = &lanes.happened;
    let row = |name: std::borrow::Cow<'static, str>, of: [u64; 4]| {
        let cells = of.map(|n| Cell::number(figure(t, n)));
        std::iter::once(Cell::text(name)).chain(cells).collect::<Vec<_>>()
    };
    let answers = |by: &ByAnswer| [by.allow, by.needs_approval, by.deny, by.unknown];
    let mut rows =
        vec![row(t.sim_matrix_happened(), [happened.let_through, 0, happened.denied, happened.unknown])];
    if report.baseline.is_some() {
        rows.push(row(t.sim_matrix_before(), answers(&lanes.baseline)));
    }
    rows.push(row(t.sim_matrix_after(), answers(&lanes.candidate)));
    Table {
        id: "lanes",
        title: t.sim_lanes().into_owned(),
        told: t.sim_lanes_told().into_owned(),
        heads: heads(
            &t.sim_lane(),
            &[&t.sim_answer_allow(), &t.sim_answer_approval(), &t.sim_answer_deny(), &t.sim_answer_unknown()],
        ),
        rows,
        note: String::new(),
    }
}

/// What became of conversations, and how the flagged ones went.
pub(super) fn conversations(
    t: Text,
    report: &Report,
    flagged_name: std::borrow::Cow<'static, str>,
) -> Option<Table> {
    let of = &report.conversations;
    if of.touched == 0 {
        return None;
    }
    let mean = |mean: Option<f64>| mean.map_or_else(|| "–".to_owned(), |mean| format!("{mean:.3}"));
    let scores = of.scores.as_ref();
    let row = |name: std::borrow::Cow<'static, str>, n: u64, score: String| {
        vec![Cell::text(name), Cell::number(figure(t, n)), Cell::number(score)]
    };
    let flagged = row(flagged_name, of.flagged, mean(scores.and_then(|scores| scores.flagged.mean)));
    let rest = row(
        t.sim_conversations_rest(),
        of.touched.saturating_sub(of.flagged),
        mean(scores.and_then(|scores| scores.rest.mean)),
    );
    let named = of.flagged_ids.iter().take(CONVERSATIONS_SHOWN);
    let mut rows = vec![flagged, rest];
    rows.extend(named.map(|id| {
        let href = format!("/conversations/{}", escaped(id));
        vec![Cell::text(short(id)).to(href), Cell::number(""), Cell::number("")]
    }));
    Some(Table {
        id: "conversations",
        title: t.nav_conversations().into_owned(),
        told: t.sim_conversations_told(figure(t, of.touched), figure(t, of.diverged)).into_owned(),
        heads: heads(&t.nav_conversations(), &[&t.sim_count(), &t.sim_score()]),
        rows,
        note: if scores.is_some() { t.sim_conversations_note().into_owned() } else { String::new() },
    })
}

fn by_policy(t: Text, report: &Report) -> Option<Table> {
    let mut all: Vec<_> = report.summary.by_policy.iter().collect();
    all.sort_by_key(|row| std::cmp::Reverse((row.changed, row.unknown, row.candidate)));
    let rows: Vec<Vec<Cell>> = all
        .into_iter()
        .take(ROWS_SHOWN)
        .map(|row| {
            let counts = [row.baseline, row.candidate, row.changed, row.unknown];
            let cells = counts.map(|n| Cell::number(figure(t, n)));
            std::iter::once(Cell::text(short(&row.policy))).chain(cells).collect()
        })
        .collect();
    (!rows.is_empty()).then(|| Table {
        id: "by-policy",
        title: t.sim_breakdown(t.sim_by_policy()).into_owned(),
        told: String::new(),
        heads: heads(
            &t.sim_by_policy(),
            &[
                &t.sim_matrix_before(),
                &t.sim_matrix_after(),
                &t.sim_changed_column(),
                &t.sim_answer_unknown(),
            ],
        ),
        rows,
        note: String::new(),
    })
}

pub(super) fn tallied<'r>(
    t: Text,
    id: &'static str,
    title: std::borrow::Cow<'static, str>,
    what: &str,
    all: impl Iterator<Item = (String, String, &'r Tally)>,
    left_out: u64,
) -> Option<Table> {
    let mut all: Vec<_> = all.collect();
    if id != "by-day" {
        all.sort_by_key(|(_, _, tally)| std::cmp::Reverse((tally.changed, tally.unknown, tally.evaluated)));
    }
    let left = all.len().saturating_sub(ROWS_SHOWN);
    let rows: Vec<Vec<Cell>> = all
        .into_iter()
        .take(ROWS_SHOWN)
        .map(|(name, href, tally)| {
            let share = (tally.changed * 100).checked_div(tally.evaluated).unwrap_or(0);
            vec![
                Cell::text(name).to(href),
                Cell::number(figure(t, tally.evaluated)),
                Cell { bar: Some(share), ..Cell::number(figure(t, tally.changed)) },
                Cell::number(figure(t, tally.unknown)),
            ]
        })
        .collect();
    let mut note = Vec::new();
    if left > 0 {
        note.push(t.sim_more_rows(left as i64).into_owned());
    }
    if left_out > 0 {
        note.push(t.sim_left_out(figure(t, left_out)).into_owned());
    }
    (!rows.is_empty()).then(|| Table {
        id,
        heads: heads(&title, &[what, &t.sim_changed_column(), &t.sim_answer_unknown()]),
        title: t.sim_breakdown(&*title).into_owned(),
        told: String::new(),
        rows,
        note: note.join(" "),
    })
}

/// What was not recorded and left answers unknown.
pub(super) fn missing(
    t: Text,
    report: &Report,
    told: std::borrow::Cow<'static, str>,
    what: &str,
) -> Option<Table> {
    let rows: Vec<Vec<Cell>> = report
        .summary
        .missing
        .iter()
        .take(ROWS_SHOWN)
        .map(|row| vec![Cell::text(short(&row.name)), Cell::number(figure(t, row.count))])
        .collect();
    (!rows.is_empty()).then(|| Table {
        id: "missing",
        title: t.sim_missing().into_owned(),
        told: told.into_owned(),
        heads: heads(&t.sim_fact(), &[what]),
        rows,
        note: String::new(),
    })
}

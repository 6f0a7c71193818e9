//! The report about a detection rule: the alerts it would have raised beside those it raises as it is set, and what it said of entries.

use super::agent_tables::heads;
use super::list::verdict_of_replay;
use super::matrix::of_answers;
use super::names::{answer, tried};
use super::replay::{Shown, groups, kinds, missing, tallied};
use super::show::{ReportPage, Side};
use super::{Cell, Head, Table, Tile, figure};
use crate::api::escaped;
use crate::catalog::{KeptReplay, ReplayState};
use crate::pages::alerts::Mark;
use crate::pages::asked::Asked;
use crate::pages::rows::{Moment, condition};
use crate::pages::safe::short;
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use hindcast_event::Timestamp;
use hindcast_rules::detection::Severity;
use hindcast_rules::pack;
use hindcast_rules::replay::{AlertRow, Answer, Difference, Report, RulePart, RuleRow};

const ROWS_SHOWN: usize = 30;
/// What an alert is about is told in so many values.
const VALUES_SHOWN: usize = 4;

/// Fills in what a replay of rules found.
pub(super) fn reported(visitor: &Visitor, kept: &KeptReplay, report: &Report, page: &mut ReportPage) {
    let t = visitor.guest.text;
    let tally = &report.summary.tally;
    let part = report.rules.clone().unwrap_or_default();
    page.verdict = match kept.state == ReplayState::Succeeded {
        true => verdict_of_replay(t, tally),
        false => t.sim_verdict_partial().into_owned(),
    };
    let sum = |of: fn(&RuleRow) -> u64| figure(t, part.by_rule.iter().map(of).sum());
    page.sentence = t
        .sim_told_rules(
            sum(|row| row.candidate_alerts),
            sum(|row| row.baseline_alerts),
            figure(t, tally.changed),
            figure(t, tally.evaluated),
            figure(t, tally.unknown),
        )
        .into_owned();
    page.tiles = tiles(t, report, &part);
    page.matrices.extend(of_answers(t, &report.lanes.together, true, &Answer::OF_RULES));
    page.groups = groups(visitor, report, &|one| shown(t, one));
    page.groups_told = match page.groups.is_empty() {
        true => t.sim_changes_none().into_owned(),
        false => t.sim_changes_rule_told().into_owned(),
    };
    page.tables.push(by_rule(t, &part));
    // Who it is about is for those who may look at alerts.
    if visitor.may(Permission::ReadAlerts) {
        let (added, removed) = (&part.added, &part.removed);
        page.tables.extend(alerts(visitor, "added", t.sim_alerts_added(), added, sum(|row| row.added)));
        page.tables.extend(alerts(
            visitor,
            "removed",
            t.sim_alerts_removed(),
            removed,
            sum(|row| row.removed),
        ));
    }
    page.tables.push(kinds(t, tally, &t.sim_answers()));
    let log = |conditions: &str| {
        let asked = Asked { range: "all".to_owned(), ..Asked::default() };
        asked.with_query(conditions.to_owned()).href()
    };
    let by_action = report.summary.by_action.iter();
    let by_action =
        by_action.map(|row| (short(&row.action), log(&condition("action", &row.action)), &row.tally));
    let left = &report.summary.left_out;
    let name = t.policy_activities();
    page.tables.extend(tallied(t, "by-action", name, &t.sim_answers(), by_action, left.by_action));
    let by_actor = report.summary.by_actor.iter().map(|row| {
        let href = match row.actor_id.is_empty() {
            true => String::new(),
            false => log(&condition("actor", &row.actor_id)),
        };
        (format!("{} {}", short(&row.actor_type), short(&row.actor_id)), href, &row.tally)
    });
    page.tables.extend(tallied(t, "by-actor", t.column_who(), &t.sim_answers(), by_actor, left.by_actor));
    let by_day = report.summary.by_day.iter().map(|row| (row.day.clone(), String::new(), &row.tally));
    page.tables.extend(tallied(t, "by-day", t.sim_day(), &t.sim_answers(), by_day, left.by_day));
    page.tables.extend(missing(t, report, t.sim_missing_rule_told(), &t.sim_answers()));
}

/// Where the rule that was tried is set, and what the way there is called.
pub(super) fn activate(t: Text, kept: &KeptReplay) -> (String, String) {
    let key = kept.new.candidate["rules"][0]["key"].as_str().unwrap_or("new");
    let name = tried(kept).into_iter().next().map(|(name, _)| name).unwrap_or_default();
    match key {
        "new" => ("/alerts/rules/new".to_owned(), t.rule_new().into_owned()),
        key => (format!("/alerts/rules/{}", escaped(key)), t.sim_activate_rule(short(&name)).into_owned()),
    }
}

fn tiles(t: Text, report: &Report, part: &RulePart) -> Vec<Tile> {
    let sum = |of: fn(&RuleRow) -> u64| part.by_rule.iter().map(of).sum::<u64>();
    let of = |label: std::borrow::Cow<'static, str>, n: u64, about: String, href: &str| Tile {
        label: label.into_owned(),
        number: figure(t, n),
        about,
        href: if n > 0 { href.to_owned() } else { String::new() },
    };
    let tally = &report.summary.tally;
    let before = t.sim_alerts_before(figure(t, sum(|row| row.baseline_alerts))).into_owned();
    let graver = t.sim_alerts_graver(figure(t, sum(|row| row.graver)), figure(t, sum(|row| row.milder)));
    vec![
        of(t.sim_tile_alerts(), sum(|row| row.candidate_alerts), before, "#by-rule"),
        of(t.sim_alerts_added(), sum(|row| row.added), String::new(), "#added"),
        of(t.sim_alerts_removed(), sum(|row| row.removed), graver.into_owned(), "#removed"),
        of(
            t.sim_changed_column(),
            tally.changed,
            t.sim_unknown_too(figure(t, tally.unknown)).into_owned(),
            "#differences",
        ),
    ]
}

/// How a difference is shown.
fn shown(t: Text, one: &Difference) -> Shown {
    let side = |said: Answer, grave: &[String]| {
        let mut facts = vec![(t.sim_answer().into_owned(), answer(t, said))];
        let grave = grave.iter().filter_map(|word| Severity::parse(word)).map(|one| Mark::of(t, one).word);
        facts.extend(grave.map(|word| (t.alert_severity().into_owned(), word)));
        Side { facts, text: String::new() }
    };
    let tuple = &one.tuple;
    let who = format!("{} {}", short(&tuple.actor_type), short(&tuple.actor_id));
    let links = one.examples.iter().map(|index| (format!("/log/{index}"), format!("#{index}")));
    Shown {
        title: [who.trim(), &short(&tuple.action), &short(&tuple.target_type)].map(str::to_owned).into(),
        before: side(one.baseline, &one.baseline_actions),
        after: side(one.candidate, &one.candidate_actions),
        links: links.collect(),
    }
}

fn by_rule(t: Text, part: &RulePart) -> Table {
    let rows = part.by_rule.iter().take(ROWS_SHOWN).map(|row| {
        let about = if row.listens { t.sim_rule_listens().into_owned() } else { String::new() };
        let name = match pack::texts(t.language).rules.get(&row.rule) {
            Some(texts) => texts.title.clone(),
            None if row.title.is_empty() => short(&row.rule),
            None => short(&row.title),
        };
        let counts = [
            row.baseline_alerts,
            row.candidate_alerts,
            row.same,
            row.added,
            row.removed,
            row.baseline.matched,
            row.candidate.matched,
        ];
        let cells = counts.map(|n| Cell::number(figure(t, n)));
        std::iter::once(Cell::text(name).about(about)).chain(cells).collect()
    });
    Table {
        id: "by-rule",
        title: t.sim_breakdown(t.sim_kind_rule()).into_owned(),
        told: t.sim_by_rule_told().into_owned(),
        heads: heads(
            &t.sim_kind_rule(),
            &[
                &t.sim_alerts_head_before(),
                &t.sim_alerts_head_after(),
                &t.sim_alerts_same(),
                &t.sim_proposed_added(),
                &t.sim_proposed_removed(),
                &t.sim_matched_before(),
                &t.sim_matched_after(),
            ],
        ),
        rows: rows.collect(),
        note: String::new(),
    }
}

/// Alerts that only one side raises; each leads to the newest entry behind it.
fn alerts(
    visitor: &Visitor,
    id: &'static str,
    title: std::borrow::Cow<'static, str>,
    all: &[AlertRow],
    count: String,
) -> Option<Table> {
    let t = visitor.guest.text;
    let rows: Vec<Vec<Cell>> = all
        .iter()
        .map(|row| {
            let about: Vec<String> = match row.is_storm {
                true => vec![t.sim_alert_storm().into_owned()],
                false => row.about.iter().take(VALUES_SHOWN).map(|(_, value)| short(value)).collect(),
            };
            let about = if about.is_empty() { short(&row.rule) } else { about.join(" · ") };
            let at = |text: &str| {
                Timestamp::parse(text).map(|at| Moment::of(visitor, at).shown).unwrap_or_default()
            };
            let entry = row.evidence.last();
            vec![
                Cell::text(about).about(short(&row.rule)),
                Cell::text(Mark::of(t, row.severity).word),
                Cell::text(at(&row.first_at)),
                Cell::text(at(&row.last_at)),
                Cell::number(figure(t, row.count)),
                Cell::text(entry.map(|index| format!("#{index}")).unwrap_or_default())
                    .to(entry.map(|index| format!("/log/{index}")).unwrap_or_default()),
            ]
        })
        .collect();
    let shown = figure(t, rows.len() as u64);
    let note = if shown == count { String::new() } else { t.sim_of(shown, count).into_owned() };
    (!rows.is_empty()).then(|| Table {
        id,
        title: title.into_owned(),
        told: t.sim_alerts_told().into_owned(),
        heads: vec![
            Head::text(t.sim_alert_about()),
            Head::text(t.alert_severity()),
            Head::text(t.sim_alert_began()),
            Head::text(t.sim_alert_last()),
            Head::number(t.sim_alert_times()),
            Head::text(t.sim_alert_entry()),
        ],
        rows,
        note,
    })
}

//! The report about a workflow: what it would have matched and proposed in the past, and what became of those conversations.

use super::agent_tables::heads;
use super::list::verdict_of_replay;
use super::matrix::of_answers;
use super::names::answer;
use super::replay::{Shown, conversations, groups, kinds, missing, tallied};
use super::show::{ReportPage, Side};
use super::{Cell, Table, Tile, figure, happening};
use crate::catalog::KeptReplay;
use crate::pages::safe::short;
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use hindcast_rules::replay::{Answer, BecameRow, ByAnswer, Difference, Report, WorkflowPart};

const ROWS_SHOWN: usize = 30;

/// Fills in what a replay of workflows found.
pub(super) fn reported(
    visitor: &Visitor,
    kept: &KeptReplay,
    report: &Report,
    part: &WorkflowPart,
    page: &mut ReportPage,
) {
    let t = visitor.guest.text;
    let tally = &report.summary.tally;
    let is_whole = kept.state == crate::catalog::ReplayState::Succeeded;
    page.verdict = match is_whole {
        true => verdict_of_replay(t, tally),
        false => t.sim_verdict_partial().into_owned(),
    };
    page.sentence = t
        .sim_told_workflows(
            figure(t, tally.changed),
            figure(t, tally.evaluated),
            figure(t, part.happenings),
            figure(t, tally.unknown),
        )
        .into_owned();
    let tried = kept.new.candidate["changed"][0].as_str().unwrap_or_default();
    page.tiles = tiles(t, report, part, tried);
    page.matrices.extend(of_answers(t, &report.lanes.together, true, &Answer::OF_WORKFLOWS));
    page.groups = groups(visitor, report, &|one| shown(visitor, kept, one));
    page.groups_told = match page.groups.is_empty() {
        true => t.sim_changes_none().into_owned(),
        false => t.sim_changes_workflow_told().into_owned(),
    };
    page.tables.push(by_workflow(t, part));
    page.tables.push(kinds(t, tally, &t.sim_answers()));
    page.tables.extend(proposed(t, part));
    page.tables.extend(became(t, part));
    page.tables.extend(gate(t, part));
    page.tables.extend(conversations(t, report, t.sim_conversations_changed()));
    let by_trigger = report.summary.by_action.iter();
    let by_trigger = by_trigger.map(|row| (short(&row.action), String::new(), &row.tally));
    page.tables.extend(tallied(t, "by-trigger", t.sim_trigger(), &t.sim_answers(), by_trigger, 0));
    let by_day = report.summary.by_day.iter().map(|row| (row.day.clone(), String::new(), &row.tally));
    let left = report.summary.left_out.by_day;
    page.tables.extend(tallied(t, "by-day", t.sim_day(), &t.sim_answers(), by_day, left));
    page.tables.extend(missing(t, report, t.sim_missing_workflow_told(), &t.sim_answers()));
}

fn tiles(t: Text, report: &Report, part: &WorkflowPart, tried: &str) -> Vec<Tile> {
    let by = &report.summary.tally.by_change;
    let row = part.by_workflow.iter().find(|row| row.workflow == tried).cloned().unwrap_or_default();
    let matched = |by: &ByAnswer| by.matched + by.stopped + by.held;
    let changed = |label: std::borrow::Cow<'static, str>, n: u64, about: String| Tile {
        label: label.into_owned(),
        number: figure(t, n),
        about,
        href: if n > 0 { "#differences".to_owned() } else { String::new() },
    };
    vec![
        Tile {
            label: t.sim_tile_would_match().into_owned(),
            number: figure(t, matched(&row.candidate)),
            about: t
                .sim_tile_asked(figure(t, row.candidate_asked), figure(t, matched(&row.baseline)))
                .into_owned(),
            href: "#by-workflow".to_owned(),
        },
        changed(t.sim_change_matched(), by.newly_matched, String::new()),
        changed(t.sim_change_not_matched(), by.no_longer_matched, String::new()),
        changed(
            t.sim_change_actions(),
            by.other_actions,
            t.sim_unknown_too(figure(t, report.summary.tally.unknown)).into_owned(),
        ),
    ]
}

/// How a difference is shown; its examples lead to what both sides said, condition by condition.
fn shown(visitor: &Visitor, kept: &KeptReplay, one: &Difference) -> Shown {
    let t = visitor.guest.text;
    let side = |said: Answer, behind: &[String], actions: &[String]| {
        let words = |all: &[String]| all.iter().map(|word| short(word)).collect::<Vec<_>>();
        let mut facts = vec![(t.sim_answer().into_owned(), answer(t, said))];
        if !behind.is_empty() {
            facts.push((t.sim_stopped_by().into_owned(), words(behind).join(", ")));
        }
        let proposed = match actions.is_empty() {
            true => t.sim_proposes_nothing().into_owned(),
            false => words(actions).join(" · "),
        };
        facts.push((t.sim_proposes().into_owned(), proposed));
        Side { facts, text: String::new() }
    };
    let may_read = visitor.may(Permission::ReadConversations);
    let examples = one.happenings.iter().filter(|_| may_read);
    let links = examples
        .map(|one| (happening::href(&kept.id, &one.conversation, &one.happened), short(&one.conversation)));
    Shown {
        title: vec![short(&one.tuple.actor_id), short(&one.tuple.action)],
        before: side(one.baseline, &one.baseline_policies, &one.baseline_actions),
        after: side(one.candidate, &one.candidate_policies, &one.candidate_actions),
        links: links.collect(),
    }
}

fn by_workflow(t: Text, part: &WorkflowPart) -> Table {
    let mut all: Vec<_> = part.by_workflow.iter().collect();
    all.sort_by_key(|row| std::cmp::Reverse((row.changed, row.unknown, row.candidate_asked)));
    let matched = |by: &ByAnswer| by.matched + by.stopped + by.held;
    let of = |n: u64, asked: u64| Cell::number(t.sim_of(figure(t, n), figure(t, asked)));
    let rows = all.into_iter().take(ROWS_SHOWN).map(|row| {
        let untold = row.untold.iter().map(|one| short(one)).collect::<Vec<_>>().join(", ");
        let untold = if untold.is_empty() { String::new() } else { t.sim_untold(untold).into_owned() };
        vec![
            Cell::text(short(&row.workflow)).about(untold),
            of(matched(&row.baseline), row.baseline_asked),
            of(matched(&row.candidate), row.candidate_asked),
            Cell::number(figure(t, row.candidate.stopped + row.candidate.held)),
            Cell::number(figure(t, row.changed)),
            Cell::number(figure(t, row.unknown)),
        ]
    });
    Table {
        id: "by-workflow",
        title: t.sim_breakdown(t.sim_kind_workflow()).into_owned(),
        told: t.sim_by_workflow_told().into_owned(),
        heads: heads(
            &t.sim_kind_workflow(),
            &[
                &t.sim_matrix_before(),
                &t.sim_matrix_after(),
                &t.sim_stopped_or_held(),
                &t.sim_changed_column(),
                &t.sim_answer_unknown(),
            ],
        ),
        rows: rows.collect(),
        note: String::new(),
    }
}

fn proposed(t: Text, part: &WorkflowPart) -> Option<Table> {
    let mut all: Vec<_> = part.by_proposed.iter().collect();
    all.sort_by_key(|row| std::cmp::Reverse((row.added + row.removed + row.changed, row.candidate)));
    let rows = all.into_iter().take(ROWS_SHOWN).map(|row| {
        let maybe = row.baseline_maybe.max(row.candidate_maybe);
        let maybe = if maybe > 0 { t.sim_unknown_too(figure(t, maybe)).into_owned() } else { String::new() };
        let counts = [row.baseline, row.candidate, row.added, row.removed, row.changed];
        let cells = counts.map(|n| Cell::number(figure(t, n)));
        std::iter::once(Cell::text(short(&row.action)).about(maybe)).chain(cells).collect()
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    (!rows.is_empty()).then(|| Table {
        id: "proposed",
        title: t.sim_proposed().into_owned(),
        told: t.sim_proposed_told().into_owned(),
        heads: heads(
            &t.sim_proposed_action(),
            &[
                &t.sim_matrix_before(),
                &t.sim_matrix_after(),
                &t.sim_proposed_added(),
                &t.sim_proposed_removed(),
                &t.sim_proposed_otherwise(),
            ],
        ),
        rows,
        note: String::new(),
    })
}

/// What really became of conversations beside what was proposed for them.
fn became(t: Text, part: &WorkflowPart) -> Option<Table> {
    let name = |row: &BecameRow| match row.what.as_str() {
        "escalated" => t.sim_outcome_escalated().into_owned(),
        _ => short(&row.tag),
    };
    let rows = part.became.iter().take(ROWS_SHOWN).map(|row| {
        let counts = [row.baseline, row.baseline_and_happened, row.candidate, row.candidate_and_happened];
        let cells = counts.map(|n| Cell::number(figure(t, n)));
        [Cell::text(name(row)), Cell::number(figure(t, row.happened))].into_iter().chain(cells).collect()
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    (!rows.is_empty()).then(|| Table {
        id: "became",
        title: t.sim_became().into_owned(),
        told: t.sim_became_told().into_owned(),
        heads: heads(
            &t.sim_became_tag(),
            &[
                &t.sim_matrix_happened(),
                &t.sim_matrix_before(),
                &t.sim_became_both(),
                &t.sim_matrix_after(),
                &t.sim_became_both(),
            ],
        ),
        rows,
        note: t.sim_became_note().into_owned(),
    })
}

fn gate(t: Text, part: &WorkflowPart) -> Option<Table> {
    let gate = part.gate.as_ref()?;
    let row = |name: std::borrow::Cow<'static, str>, by: &ByAnswer| {
        let cells = Answer::OF_POLICIES.map(|one| Cell::number(figure(t, by.of(one))));
        std::iter::once(Cell::text(name)).chain(cells).collect::<Vec<_>>()
    };
    Some(Table {
        id: "gate",
        title: t.sim_gate().into_owned(),
        told: t.sim_gate_told().into_owned(),
        heads: heads(
            &t.sim_lane(),
            &[&t.sim_answer_allow(), &t.sim_answer_approval(), &t.sim_answer_deny(), &t.sim_answer_unknown()],
        ),
        rows: vec![row(t.sim_matrix_before(), &gate.baseline), row(t.sim_matrix_after(), &gate.candidate)],
        note: String::new(),
    })
}

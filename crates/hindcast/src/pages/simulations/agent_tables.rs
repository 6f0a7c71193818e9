//! The tables of the report about an agent.

use super::agent::Place;
use super::matrix::{Accuracy, Tags};
use super::names::{class, failure, outcome, reason};
use super::{Cell, Head, Table, figure, interval, percent};
use crate::api::{Problem, escaped};
use crate::pages::format::decimal;
use crate::pages::safe::short;
use crate::pages::text::Text;
use hindcast_rules::simulation::actions::Compared;
use hindcast_rules::simulation::bounded::Bounded;
use hindcast_rules::simulation::report::Report;
use hindcast_rules::simulation::share::Share;

/// Rows of a breakdown.
const GROUPS_SHOWN: usize = 30;

impl Place<'_> {
    pub(super) fn outcomes(&self, shares: &[(&str, Share)]) -> Table {
        let t = self.t();
        let row = |(word, share): &(&str, Share)| {
            let href = format!("{}?outcome={word}", self.cases);
            vec![Cell::text(outcome(t, word)), Cell::count(t, share.hits(), href), Cell::share(t, share)]
        };
        Table {
            id: "outcomes",
            title: t.sim_outcomes().into_owned(),
            told: String::new(),
            heads: heads(&t.sim_outcome(), &[&t.sim_cases(), &t.sim_share()]),
            rows: shares.iter().map(row).collect(),
            note: String::new(),
        }
    }

    pub(super) fn reasons(&self, report: &Report) -> Option<Table> {
        let t = self.t();
        let mut all: Vec<_> = report.escalations.iter().filter(|(_, share)| share.hits() > 0).collect();
        all.sort_by_key(|(_, share)| std::cmp::Reverse(share.hits()));
        let mut rows: Vec<Vec<Cell>> = all
            .into_iter()
            .map(|(why, share)| {
                let href = format!("{}?reason={}", self.cases, why.as_str());
                vec![Cell::text(reason(t, *why)), Cell::count(t, share.hits(), href), Cell::share(t, share)]
            })
            .collect();
        rows.extend(report.failures.iter().map(|(how, n)| {
            let href = format!("{}?outcome=failed", self.cases);
            let name = t.sim_failure(failure(t, *how)).into_owned();
            vec![Cell::text(name), Cell::count(t, *n, href), Cell::number("")]
        }));
        (!rows.is_empty()).then(|| Table {
            id: "reasons",
            title: t.sim_reasons().into_owned(),
            told: String::new(),
            heads: heads(&t.sim_reason(), &[&t.sim_cases(), &t.sim_share()]),
            rows,
            note: String::new(),
        })
    }

    /// What really became of the same conversations.
    pub(super) fn historic(&self, report: &Report) -> Option<Table> {
        let (t, historic) = (self.t(), &report.historic);
        (report.resolution.n() > 0).then(|| Table {
            id: "historic",
            title: t.sim_historic().into_owned(),
            told: t.sim_historic_told().into_owned(),
            heads: heads(&t.sim_ending(), &[&t.sim_cases(), &t.sim_share()]),
            rows: [
                (t.resolution_confirmed(), &historic.confirmed, "?ended=confirmed"),
                (t.resolution_assumed(), &historic.assumed, "?ended=assumed"),
                (t.resolution_escalated(), &historic.escalated, "?ended=escalated"),
                (t.resolution_negative_feedback(), &historic.negative_feedback, "?ended=negative_feedback"),
                (t.resolution_procedure_handoff(), &historic.procedure_handoff, "?ended=procedure_handoff"),
                (t.sim_historic_human(), &historic.human_reply, ""),
                (t.sim_historic_known(), &historic.known, ""),
            ]
            .into_iter()
            .map(|(name, share, query)| {
                let href = if query.is_empty() { String::new() } else { format!("{}{query}", self.cases) };
                vec![Cell::text(name), Cell::count(t, share.hits(), href), Cell::share(t, share)]
            })
            .collect(),
            note: String::new(),
        })
    }

    pub(super) fn actions(&self, report: &Report) -> Option<Table> {
        let (t, actions) = (self.t(), &report.actions);
        if actions.total == Compared::default() {
            return None;
        }
        let row = |name: String, one: &Compared| {
            let counts = [one.expected, one.proposed, one.exact, one.wrong_argument, one.missing, one.extra];
            let mut cells = vec![Cell::text(name)];
            cells.extend(counts.map(|n| Cell::number(figure(t, n))));
            cells.push(Cell::count(t, one.forbidden, self.with("denied", one.forbidden)));
            cells
        };
        let mut rows = vec![row(t.sim_actions_all().into_owned(), &actions.total)];
        rows.extend(actions.by_tool.groups.iter().map(|(tool, one)| row(short(tool), one)));
        let wrong: Vec<String> = actions
            .wrong_arguments
            .groups
            .iter()
            .map(|(name, n)| t.sim_actions_wrong(short(name), figure(t, *n)).into_owned())
            .collect();
        let exact = actions.exact_cases.rate().map(|rate| percent(t, rate.rate));
        Some(Table {
            id: "actions",
            title: t.sim_actions().into_owned(),
            told: t
                .sim_actions_told(exact.unwrap_or_else(|| "–".to_owned()), interval(t, &actions.exact_cases))
                .into_owned(),
            heads: heads(
                &t.tool(),
                &[
                    &t.sim_actions_expected(),
                    &t.sim_actions_proposed(),
                    &t.sim_actions_exact(),
                    &t.sim_actions_argument(),
                    &t.sim_actions_missing(),
                    &t.sim_actions_extra(),
                    &t.sim_actions_forbidden(),
                ],
            ),
            rows,
            note: wrong.join(" · "),
        })
    }

    /// What the agent knew nothing about.
    pub(super) fn gaps(&self, report: &Report) -> Result<Option<Table>, Problem> {
        let t = self.t();
        let gaps = self.app.catalog.simulation_gaps(&self.kept.id)?;
        let unknown = report.unknown_tool_results;
        if gaps.is_empty() && unknown == 0 {
            return Ok(None);
        }
        let rows = gaps.iter().map(|gap| {
            let name = if gap.tag.is_empty() { t.sim_class_none().into_owned() } else { short(&gap.tag) };
            let href = format!("{}?reason=no_knowledge&tag={}", self.cases, escaped(&gap.tag));
            vec![Cell::text(name), Cell::count(t, gap.n, href)]
        });
        Ok(Some(Table {
            id: "gaps",
            title: t.sim_gaps().into_owned(),
            told: t.sim_gaps_told().into_owned(),
            heads: heads(&t.sim_topic(), &[&t.sim_cases()]),
            rows: rows.collect(),
            note: t.sim_gaps_tools(figure(t, unknown)).into_owned(),
        }))
    }

    pub(super) fn rules(&self, report: &Report) -> Option<Table> {
        let t = self.t();
        let mut all: Vec<_> = report.rules.groups.iter().collect();
        all.sort_by_key(|(_, one)| std::cmp::Reverse((one.prevented, one.cases)));
        let rows: Vec<Vec<Cell>> = all
            .into_iter()
            .map(|(rule, one)| {
                let href = format!("{}?rule={}", self.cases, escaped(rule));
                vec![
                    Cell::text(short(rule)),
                    Cell::count(t, one.cases, href),
                    Cell::number(figure(t, one.prevented)),
                ]
            })
            .collect();
        (!rows.is_empty()).then(|| Table {
            id: "rules",
            title: t.sim_rules().into_owned(),
            told: t.sim_rules_told().into_owned(),
            heads: heads(&t.sim_rule(), &[&t.sim_rules_cases(), &t.sim_rules_prevented()]),
            rows,
            note: String::new(),
        })
    }

    pub(super) fn safety(&self, report: &Report) -> Table {
        let (t, safety) = (self.t(), &report.safety);
        let rows = [
            (t.sim_safety_denied(), safety.forbidden_calls, "denied"),
            (t.sim_safety_approvals(), safety.approvals, "approvals"),
            (t.sim_safety_undecided(), safety.undecided, "undecided"),
            (t.sim_safety_invented(), safety.invented_tools, "invented"),
            (t.sim_safety_personal(), safety.personal_data, "personal"),
            (t.sim_safety_uncited(), safety.uncited.hits(), "uncited"),
            (t.sim_safety_tools(), report.unknown_tool_results, "unknown_tools"),
        ];
        Table {
            id: "safety",
            title: t.sim_safety().into_owned(),
            told: String::new(),
            heads: heads(&t.sim_measure(), &[&t.sim_count()]),
            rows: rows
                .into_iter()
                .map(|(name, n, what)| vec![Cell::text(name), Cell::count(t, n, self.with(what, n))])
                .collect(),
            note: String::new(),
        }
    }

    pub(super) fn breakdowns(&self, report: &Report) -> Vec<Table> {
        let (t, of) = (self.t(), &report.breakdown);
        let table = |id, title: std::borrow::Cow<'static, str>, key: &str, groups: &Bounded<Share, 100>| {
            let mut all: Vec<_> = groups.groups.iter().collect();
            if key != "month" {
                all.sort_by_key(|(_, share)| std::cmp::Reverse(share.n()));
            }
            let row = |(name, share): (&String, &Share)| {
                let label = if name.is_empty() { t.sim_class_none().into_owned() } else { short(name) };
                let href = format!("{}?{key}={}", self.cases, escaped(name));
                vec![Cell::text(label), Cell::count(t, share.n(), href), Cell::share(t, share)]
            };
            let left = all.len().saturating_sub(GROUPS_SHOWN);
            Table {
                id,
                told: String::new(),
                heads: heads(&title, &[&t.sim_cases(), &t.sim_resolution()]),
                title: t.sim_breakdown(&*title).into_owned(),
                rows: all.into_iter().take(GROUPS_SHOWN).map(row).collect(),
                note: if left > 0 { t.sim_more_rows(left as i64).into_owned() } else { String::new() },
            }
        };
        let all = [
            table("by-tag", t.conversation_tags(), "tag", &of.tag),
            table("by-channel", t.conversation_channel(), "channel", &of.channel),
            table("by-language", t.conversation_language(), "language", &of.language),
            table("by-month", t.sim_month(), "month", &of.month),
        ];
        all.into_iter().filter(|table| table.rows.len() > 1).collect()
    }
}

/// Columns: one of words, the others of numbers.
pub(super) fn heads(first: &str, others: &[&str]) -> Vec<Head> {
    std::iter::once(Head::text(first)).chain(others.iter().map(|label| Head::number(*label))).collect()
}

fn ratio(t: Text, of: Option<f64>) -> Cell {
    Cell::number(of.map_or_else(|| "–".to_owned(), |of| percent(t, of)))
}

/// Precision, recall and F1 of each tag.
pub(super) fn per_tag(t: Text, tags: &Tags) -> Option<Table> {
    if tags.labelled == 0 {
        return None;
    }
    let mut all: Vec<_> = tags.per_tag.iter().collect();
    all.sort_by(|a, b| b.support.cmp(&a.support).then(a.tag.cmp(&b.tag)));
    let row = |name: String, support: Cell, accuracy: &Accuracy| {
        vec![
            Cell::text(name),
            support,
            ratio(t, accuracy.precision),
            ratio(t, accuracy.recall),
            ratio(t, accuracy.f1),
        ]
    };
    let mut rows: Vec<Vec<Cell>> = all
        .iter()
        .map(|one| {
            let (extra, missed) = (figure(t, one.extra), figure(t, one.missed));
            let about = t.sim_tag_counts(figure(t, one.both), missed, extra).into_owned();
            row(class(t, &one.tag), Cell::number(figure(t, one.support)).about(about), &one.accuracy)
        })
        .collect();
    rows.push(row(t.sim_tags_micro().into_owned(), Cell::number(""), &tags.micro));
    let shown = |of: Option<f64>| of.map_or_else(|| "–".to_owned(), |of| percent(t, of));
    Some(Table {
        id: "per-tag",
        title: t.sim_tags().into_owned(),
        told: t.sim_tags_told(shown(tags.macro_f1), shown(tags.jaccard)).into_owned(),
        heads: heads(
            &t.sim_tag(),
            &[&t.sim_tags_support(), &t.sim_tags_precision(), &t.sim_tags_recall(), &t.sim_tags_f1()],
        ),
        rows,
        note: String::new(),
    })
}

/// How long answers took and what they used.
pub(super) fn used(t: Text, report: &Report) -> Table {
    let whole = |n: Option<u64>| n.map_or_else(|| "–".to_owned(), |n| figure(t, n));
    let mean = |thousandths: Option<u64>| {
        thousandths.map_or_else(|| "–".to_owned(), |n| decimal(n as f64 / 1_000.0, t.language))
    };
    let cents = report.usage.cost_usd_micros;
    let cost = cents.thousandths().map_or_else(|| "–".to_owned(), |n| format!("{:.4}", n as f64 / 1e9));
    let rows = [
        (t.sim_used_median(), whole(report.latency_ms.percentile(50))),
        (t.sim_used_slow(), whole(report.latency_ms.percentile(95))),
        (t.sim_used_replies(), mean(report.replies.thousandths())),
        (t.sim_used_agreement(), mean(report.agreement.thousandths())),
        (t.sim_used_input(), mean(report.usage.input_tokens.thousandths())),
        (t.sim_used_output(), mean(report.usage.output_tokens.thousandths())),
        (t.sim_used_cost(), cost),
    ];
    Table {
        id: "used",
        title: t.sim_used().into_owned(),
        told: String::new(),
        heads: heads(&t.sim_measure(), &[&t.sim_value()]),
        rows: rows.into_iter().map(|(name, value)| vec![Cell::text(name), Cell::number(value)]).collect(),
        note: t.sim_used_note().into_owned(),
    }
}

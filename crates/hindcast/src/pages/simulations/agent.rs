//! The report about an agent: what it would have resolved, where it would have been stopped, and how that differs from before.

use super::case::{self, trace};
use super::list::{done_of, progress};
use super::matrix::{self, Accuracy, Tags};
use super::names::{OUTCOMES, class, failure, outcome, reason, title_of_agent, wanted_of};
use super::show::{Group, Notice, Pair, ReportPage};
use super::{Cell, HERE, Head, Table, Tile, compare, figure, interval, method, money, percent, points};
use crate::api::{Problem, escaped};
use crate::app::App;
use crate::catalog::{OutcomeCount, Simulation, SimulationState};
use crate::jobs::simulations;
use crate::pages::format::decimal;
use crate::pages::safe::short;
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use crate::simulate::Wanted;
use hindcast_rules::simulation::actions::Compared;
use hindcast_rules::simulation::bounded::{Bounded, Examples};
use hindcast_rules::simulation::changes::{Changes, Difference, Move};
use hindcast_rules::simulation::limits::ENOUGH;
use hindcast_rules::simulation::report::Report;
use hindcast_rules::simulation::share::Share;
use hindcast_rules::simulation::verdict::Verdict;
use serde::Deserialize;
use serde_json::json;

/// Of each kind of difference so many are shown side by side.
const PAIRS_SHOWN: usize = 3;
/// Rows of a breakdown.
const GROUPS_SHOWN: usize = 30;

/// A report as it is read for a page: what was counted, and what pages show of its closed parts.
struct Read {
    report: Report,
    tags: Tags,
    moves: Vec<Move>,
}

#[derive(Default, Deserialize)]
struct Closed {
    #[serde(default)]
    tags: Tags,
    #[serde(default)]
    changes: Option<ClosedChanges>,
}

#[derive(Default, Deserialize)]
struct ClosedChanges {
    #[serde(default)]
    moves: Vec<Move>,
}

/// Where a run is, and where its cases are.
struct Place<'p> {
    app: &'p App,
    visitor: &'p Visitor,
    kept: &'p Simulation,
    wanted: Option<Wanted>,
    cases: String,
}

/// The page with what is known of a run.
pub(super) fn filled(
    app: &App,
    visitor: &Visitor,
    kept: &Simulation,
    with: &str,
    mut page: ReportPage,
) -> Result<ReportPage, Problem> {
    let t = visitor.guest.text;
    let place = Place {
        app,
        visitor,
        kept,
        wanted: wanted_of(kept),
        cases: format!("{HERE}/{}/cases", escaped(&kept.id)),
    };
    let read = kept.report.as_deref().map(read).transpose()?;
    let is_running = kept.state == SimulationState::Running;
    page.running = is_running.then(|| progress(t, done_of(app, kept), kept.planned));
    page.notices = place.notices(read.as_ref())?;
    match &read {
        Some(read) => place.report(read, &mut page)?,
        None => place.so_far(&mut page)?,
    }
    if !is_running {
        let others = compare::agents(app, visitor, kept, with)?;
        (page.others, page.compared) = (others.0, others.1);
    }
    page.method =
        method::of_agent(visitor, kept, place.wanted.as_ref(), read.as_ref().map(|read| &read.report));
    page.method_told = vec![
        t.sim_method_rate().into_owned(),
        t.sim_method_interval(ENOUGH as i64).into_owned(),
        t.sim_method_limits().into_owned(),
    ];
    let may_run = visitor.may(Permission::RunSimulations);
    page.acts.cancel = may_run && is_running;
    page.acts.remove = may_run && !is_running;
    let is_partial = read.as_ref().is_none_or(|read| !read.report.is_complete());
    page.acts.go_on = may_run && !is_running && is_partial && kept.same_as.is_none();
    if may_run && kept.state == SimulationState::Done {
        page.acts.against = format!("{HERE}/new?again={id}&baseline={id}", id = kept.id);
    }
    let file = |name: &str| format!("{HERE}/{}/file/{name}", kept.id);
    if read.is_some() {
        page.files.push((file("report.json"), t.sim_file_json().into_owned()));
    }
    page.files.push((file("cases.csv"), t.sim_file_cases().into_owned()));
    Ok(page)
}

fn read(text: &str) -> Result<Read, Problem> {
    let report: Report = serde_json::from_str(text).map_err(Problem::internal)?;
    let closed: Closed = serde_json::from_str(text).map_err(Problem::internal)?;
    Ok(Read { report, tags: closed.tags, moves: closed.changes.unwrap_or_default().moves })
}

/// A share of what was counted in the catalog.
fn share(hits: u64, weighted_hits: u64, all: &[OutcomeCount]) -> Share {
    let sum = |of: fn(&OutcomeCount) -> u64| all.iter().map(of).fold(0, u64::saturating_add);
    let written = json!({
        "n": sum(|one| one.n), "hits": hits, "weight": sum(|one| one.weight),
        "weight_squares": sum(|one| one.weight_squares), "weighted_hits": weighted_hits,
    });
    serde_json::from_value(written).unwrap_or_default()
}

impl Place<'_> {
    fn t(&self) -> Text {
        self.visitor.guest.text
    }

    fn notices(&self, read: Option<&Read>) -> Result<Vec<Notice>, Problem> {
        let (t, kept) = (self.t(), self.kept);
        let mut notices = Vec::new();
        match kept.state {
            SimulationState::Running => notices.push(Notice::info(t.sim_notice_running())),
            SimulationState::Cancelled => notices.push(Notice::warning(t.sim_notice_cancelled())),
            SimulationState::Failed => {
                notices.push(Notice::warning(t.sim_notice_failed(short(&kept.reason))))
            }
            SimulationState::Done if !kept.reason.is_empty() => {
                notices.push(Notice::warning(t.sim_notice_budget(short(&kept.reason))));
            }
            SimulationState::Done => {}
        }
        if let Some(same) = &kept.same_as {
            let link = Some((format!("{HERE}/{}", escaped(same)), t.sim_notice_same_link().into_owned()));
            notices.push(Notice { link, ..Notice::info(t.sim_notice_same()) });
        }
        let is_over = kept.state != SimulationState::Running;
        if is_over && simulations::has_changed(self.app, kept).unwrap_or(false) {
            notices.push(Notice::warning(t.sim_notice_stale()));
        }
        if let Some(read) = read {
            let n = read.report.resolution.n();
            if n < ENOUGH {
                notices.push(Notice::warning(t.sim_notice_few(figure(t, n), ENOUGH as i64)));
            }
            if read.tags.labelled == 0 {
                notices.push(Notice::info(t.sim_notice_no_labels()));
            }
            if let Some(missing) = self.unmet(&read.report) {
                notices.push(match missing.is_empty() {
                    true => Notice { tone: "success", ..Notice::info(t.sim_notice_met()) },
                    false => Notice { items: missing, ..Notice::warning(t.sim_notice_unmet()) },
                });
            }
        }
        Ok(notices)
    }

    /// What is missing of what was required; nothing where nothing was.
    fn unmet(&self, report: &Report) -> Option<Vec<String>> {
        let required = self.wanted.as_ref()?.required.as_ref()?;
        let summary = report.summary(simulations::ended_at(self.kept));
        let now = (self.app.clock)();
        let missing =
            hindcast_rules::simulation::gate::missing(required, &report.setup.candidate, now, &[summary]);
        Some(missing.iter().map(ToString::to_string).collect())
    }

    /// What is there before there is a report: counts of the cases that were looked at.
    fn so_far(&self, page: &mut ReportPage) -> Result<(), Problem> {
        let t = self.t();
        let counts = self.app.catalog.simulation_outcomes(&self.kept.id)?;
        let of = |word: &str| counts.iter().find(|one| one.outcome == word);
        let resolved = of("resolved").map_or((0, 0), |one| (one.n, one.weight));
        let resolution = share(resolved.0, resolved.1, &counts);
        page.verdict = t.sim_verdict_partial().into_owned();
        page.sentence =
            t.sim_told_partial(figure(t, resolution.n()), figure(t, self.kept.planned)).into_owned();
        if resolution.n() == 0 {
            return Ok(());
        }
        page.tiles.push(self.tile_of_resolution(&resolution, true));
        let shares: Vec<(&str, Share)> = OUTCOMES
            .into_iter()
            .map(|word| {
                (word, of(word).map_or_else(|| share(0, 0, &counts), |one| share(one.n, one.weight, &counts)))
            })
            .collect();
        page.tables.push(self.outcomes(&shares));
        let endings = self.app.catalog.simulation_endings(&self.kept.id)?;
        page.matrices.extend(matrix::of_endings(t, &endings, &self.cases));
        Ok(())
    }

    fn report(&self, read: &Read, page: &mut ReportPage) -> Result<(), Problem> {
        let (t, report) = (self.t(), &read.report);
        let verdict = report.verdict();
        page.verdict = super::list::verdict(t, &verdict);
        page.sentence = self.sentence(report, &verdict);
        let is_partial = !report.is_complete();
        page.tiles = vec![
            self.tile_of_resolution(&report.resolution, is_partial),
            self.tile_of_difference(report),
            Tile {
                label: t.sim_tile_denials().into_owned(),
                number: figure(t, report.safety.forbidden_calls),
                about: t.sim_in_cases(figure(t, report.safety.forbidden_cases.hits())).into_owned(),
                href: self.with("denied", report.safety.forbidden_calls),
            },
            Tile {
                label: t.sim_tile_approvals().into_owned(),
                number: report.approvals_per_day().map_or_else(|| "–".to_owned(), |n| decimal(n, t.language)),
                about: t.sim_in_sample(figure(t, report.safety.approvals)).into_owned(),
                href: self.with("approvals", report.safety.approvals),
            },
        ];
        page.matrices.extend(read.tags.matrix(t, &self.cases));
        let endings = self.app.catalog.simulation_endings(&self.kept.id)?;
        page.matrices.extend(matrix::of_endings(t, &endings, &self.cases));
        self.differences(read, page)?;
        let outcomes: Vec<(&str, Share)> = OUTCOMES.map(|word| (word, report.outcome(word))).into();
        page.tables.push(self.outcomes(&outcomes));
        page.tables.extend(self.reasons(report));
        page.tables.extend(self.historic(report));
        page.tables.extend(per_tag(t, &read.tags));
        page.tables.extend(self.actions(report));
        page.tables.extend(self.gaps(report)?);
        page.tables.extend(self.rules(report));
        page.tables.push(self.safety(report));
        page.tables.extend(self.breakdowns(report));
        page.tables
            .extend(self.kept.forecast.as_deref().map(|text| money::tables(t, text)).unwrap_or_default());
        page.tables.push(used(t, report));
        Ok(())
    }

    fn sentence(&self, report: &Report, verdict: &Verdict) -> String {
        let t = self.t();
        let mut told = Vec::new();
        if let Verdict::Partial { done, planned } = verdict {
            told.push(t.sim_told_partial(figure(t, *done), figure(t, *planned)).into_owned());
        }
        if let Some(rate) = report.resolution.rate() {
            let said = t.sim_told_resolution(
                percent(t, rate.rate),
                interval(t, &report.resolution),
                figure(t, report.resolution.n()),
            );
            told.push(said.into_owned());
        }
        if let Some(difference) = report.changes.as_ref().and_then(Changes::difference) {
            told.push(self.told_difference(&difference));
        }
        told.join(if t.language == hindcast_event::Language::Japanese { "" } else { " " })
    }

    fn told_difference(&self, difference: &Difference) -> String {
        let t = self.t();
        let Difference { points: by, low, high, n } = *difference;
        t.sim_told_difference(
            points(t, by),
            self.baseline().map_or_else(String::new, |(_, name)| name),
            points(t, low),
            points(t, high),
            figure(t, n),
        )
        .into_owned()
    }

    /// The run it is compared with: id and name. The id is empty once it is gone.
    fn baseline(&self) -> Option<(String, String)> {
        let id = self.wanted.as_ref()?.baseline.clone()?;
        let t = self.t();
        let kept = self.app.catalog.simulation(&self.kept.workspace, &id).ok().flatten();
        Some(match kept {
            Some(kept) => (id, title_of_agent(t, &kept)),
            None => (String::new(), t.sim_baseline_gone().into_owned()),
        })
    }

    fn tile_of_resolution(&self, resolution: &Share, is_partial: bool) -> Tile {
        let t = self.t();
        let about = t.sim_interval_of(interval(t, resolution), figure(t, resolution.n())).into_owned();
        let label = if is_partial { t.sim_tile_resolution_partial() } else { t.sim_tile_resolution() };
        Tile {
            label: label.into_owned(),
            number: resolution.rate().map_or_else(|| "–".to_owned(), |rate| percent(t, rate.rate)),
            about,
            href: format!("{}?outcome=resolved", self.cases),
        }
    }

    fn tile_of_difference(&self, report: &Report) -> Tile {
        let t = self.t();
        let label = t.sim_tile_difference().into_owned();
        match (report.changes.as_ref().and_then(Changes::difference), self.baseline()) {
            (Some(difference), Some((id, name))) => Tile {
                label,
                number: t.sim_points(points(t, difference.points)).into_owned(),
                about: t
                    .sim_difference_about(points(t, difference.low), points(t, difference.high), name)
                    .into_owned(),
                href: if id.is_empty() { String::new() } else { format!("{HERE}/{}", escaped(&id)) },
            },
            _ => Tile {
                label,
                number: "–".to_owned(),
                about: t.sim_verdict_alone().into_owned(),
                href: String::new(),
            },
        }
    }

    /// Cases in which something is there; nowhere for none.
    fn with(&self, what: &str, n: u64) -> String {
        if n > 0 { format!("{}?with={what}", self.cases) } else { String::new() }
    }

    fn outcomes(&self, shares: &[(&str, Share)]) -> Table {
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

    fn reasons(&self, report: &Report) -> Option<Table> {
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
    fn historic(&self, report: &Report) -> Option<Table> {
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

    fn actions(&self, report: &Report) -> Option<Table> {
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
    fn gaps(&self, report: &Report) -> Result<Option<Table>, Problem> {
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

    fn rules(&self, report: &Report) -> Option<Table> {
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

    fn safety(&self, report: &Report) -> Table {
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

    fn breakdowns(&self, report: &Report) -> Vec<Table> {
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

    /// Cases that came to something else than in the baseline.
    fn differences(&self, read: &Read, page: &mut ReportPage) -> Result<(), Problem> {
        let t = self.t();
        let Some((baseline, name)) = self.baseline() else {
            page.groups_told = t.sim_differences_alone().into_owned();
            return Ok(());
        };
        let mut moves: Vec<&Move> = read.moves.iter().collect();
        moves.sort_by_key(|one| std::cmp::Reverse(one.n));
        page.groups_told = match moves.is_empty() {
            true => t.sim_differences_none(name.as_str()).into_owned(),
            false => t.sim_differences_told(name.as_str()).into_owned(),
        };
        for one in moves {
            let pairs = self.pairs(&baseline, &one.examples)?;
            let left = one.n.saturating_sub(pairs.len() as u64);
            page.groups.push(Group {
                id: matrix::place(&one.from, &one.to),
                title: t.sim_move(outcome(t, &one.from), outcome(t, &one.to)).into_owned(),
                n: figure(t, one.n),
                href: format!("{}?from={}&outcome={}", self.cases, one.from, one.to),
                more: if left > 0 { t.sim_more_cases(figure(t, left)).into_owned() } else { String::new() },
                pairs,
            });
        }
        Ok(())
    }

    fn pairs(&self, baseline: &str, examples: &Examples) -> Result<Vec<Pair>, Problem> {
        let mut pairs = Vec::new();
        for conversation in examples.ids().take(PAIRS_SHOWN) {
            let catalog = &self.app.catalog;
            let Some(now) = catalog.simulation_case_of(&self.kept.id, conversation)? else { continue };
            let Some(before) = catalog.simulation_case_of(baseline, conversation)? else { continue };
            let after = trace(self.visitor, &now);
            pairs.push(Pair {
                title: short(conversation),
                href: format!("{}/{}", self.cases, now.nr),
                reason: case::why(self.t(), &now),
                before: trace(self.visitor, &before),
                after,
                links: Vec::new(),
            });
        }
        Ok(pairs)
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
fn per_tag(t: Text, tags: &Tags) -> Option<Table> {
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
fn used(t: Text, report: &Report) -> Table {
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

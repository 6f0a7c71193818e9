//! The report about an agent: what it would have resolved, where it would have been stopped, and how that differs from before.

use super::agent_tables::{per_tag, used};
use super::case::{self, trace};
use super::list::{done_of, progress};
use super::matrix::{self, Tags};
use super::names::{OUTCOMES, outcome, title_of_agent, wanted_of};
use super::show::{Group, Notice, Pair, ReportPage};
use super::{HERE, Tile, compare, figure, interval, method, money, percent, points};
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
use hindcast_rules::simulation::bounded::Examples;
use hindcast_rules::simulation::changes::{Changes, Difference, Move};
use hindcast_rules::simulation::limits::ENOUGH;
use hindcast_rules::simulation::report::Report;
use hindcast_rules::simulation::share::Share;
use hindcast_rules::simulation::verdict::Verdict;
use serde::Deserialize;
use serde_json::json;

/// Of each kind of difference so many are shown side by side.
const PAIRS_SHOWN: usize = 3;

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
pub(super) struct Place<'p> {
    pub app: &'p App,
    pub visitor: &'p Visitor,
    pub kept: &'p Simulation,
    wanted: Option<Wanted>,
    pub cases: String,
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
    pub fn t(&self) -> Text {
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
    pub fn with(&self, what: &str, n: u64) -> String {
        if n > 0 { format!("{}?with={what}", self.cases) } else { String::new() }
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

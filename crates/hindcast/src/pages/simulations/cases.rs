//! The cases behind a number: those of an outcome, a reason, a cell of a matrix, a rule, a kind of conversation.

use super::case::why;
use super::names::{class, ending, outcome, reason, title_of_agent, wanted_of};
use super::{HERE, figure, of_agent};
use crate::api::lanes::Lanes;
use crate::api::{Problem, escaped};
use crate::app::App;
use crate::catalog::{Simulation, SimulationCase};
use crate::pages::answer::page;
use crate::pages::refusal::Refusal;
use crate::pages::safe::short;
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use hindcast_rules::simulation::case::{Case, Resolution, Stratum};
use hindcast_rules::simulation::outcome::{Outcome, Reason};
use hindcast_rules::simulation::report::Setup;
use hindcast_rules::simulation::score::Scored;
use hindcast_rules::simulation::tags::Tags;
use hindcast_segments::Budget;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

const PAGE_ROWS: usize = 50;
/// Cases are read from the catalog so many at once.
const AT_ONCE: usize = 500;
/// What cases can be narrowed by, as the address has it.
const FILTERS: [&str; 13] = [
    "outcome",
    "reason",
    "expected",
    "predicted",
    "ended",
    "from",
    "rule",
    "with",
    "tag",
    "channel",
    "language",
    "month",
    "find",
];

#[derive(Template)]
#[template(path = "simulation_cases.html")]
struct CasesPage {
    shell: Shell,
    t: Text,
    back: String,
    back_to: String,
    /// What it is narrowed by, and the address without that.
    chips: Vec<(String, String)>,
    here: String,
    find: String,
    kept: Vec<(&'static str, String)>,
    rows: Vec<Row>,
    later: Option<String>,
}

/// A case in the list.
struct Row {
    href: String,
    conversation: String,
    kind: String,
    outcome: String,
    why: String,
    agreement: String,
    weight: String,
}

/// What the address asks for.
#[derive(Clone, Default)]
struct Asked {
    chosen: BTreeMap<&'static str, String>,
    after: i64,
}

impl Asked {
    fn read(raw: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(raw.as_bytes()) {
            if name == "after" {
                asked.after = value.parse().unwrap_or(0);
            } else if let Some(known) = FILTERS.into_iter().find(|known| *known == name)
                // A kind of conversation without a tag is one too.
                && (!value.is_empty() || known != "find")
            {
                asked.chosen.insert(known, value.into_owned());
            }
        }
        asked
    }

    fn href(&self, here: &str, without: &str, after: i64) -> String {
        let pairs = self.chosen.iter().filter(|(name, _)| **name != without);
        let pairs: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        let after = (after > 0).then(|| format!("after={after}"));
        let all: Vec<String> = pairs.into_iter().chain(after).collect();
        if all.is_empty() { here.to_owned() } else { format!("{here}?{}", all.join("&")) }
    }

    fn of(&self, name: &str) -> Option<&str> {
        self.chosen.get(name).map(String::as_str)
    }
}

/// What is needed to tell whether a case is meant.
struct Sieve<'s> {
    asked: &'s Asked,
    tags: Tags,
    /// What the baseline made of each conversation, where that is asked for.
    before: HashMap<String, String>,
}

impl Sieve<'_> {
    fn takes(&self, case: &SimulationCase) -> Result<bool, Problem> {
        let Some(looked) = &case.looked else { return Ok(false) };
        let is = |name: &str, value: &str| self.asked.of(name).is_none_or(|wanted| wanted == value);
        if !is("outcome", &looked.outcome) {
            return Ok(false);
        }
        let find = self.asked.of("find").map(str::to_lowercase);
        if find.is_some_and(|find| !case.conversation.to_lowercase().contains(find.trim())) {
            return Ok(false);
        }
        let stratum: Stratum = serde_json::from_str(&case.stratum).unwrap_or_default();
        let kinds = [
            ("tag", &stratum.tag),
            ("channel", &stratum.channel),
            ("language", &stratum.language),
            ("month", &stratum.month),
        ];
        if !kinds.into_iter().all(|(name, value)| is(name, value)) {
            return Ok(false);
        }
        if let Some(ended) = self.asked.of("ended") {
            let kept: Case = serde_json::from_str(&looked.case).map_err(Problem::internal)?;
            if super::names::ending_word(kept.historic.resolution) != ended {
                return Ok(false);
            }
        }
        let scored: Scored = serde_json::from_str(&looked.scored).map_err(Problem::internal)?;
        if !self.takes_score(&scored) {
            return Ok(false);
        }
        let before = self.before.get(&case.conversation);
        Ok(self.asked.of("from").is_none_or(|from| before.is_some_and(|before| before == from)))
    }

    fn takes_score(&self, scored: &Scored) -> bool {
        let reason = match scored.outcome {
            Outcome::Escalated { reason } => reason.as_str(),
            _ => "",
        };
        let cells = || scored.tags.as_ref().map(|tags| self.tags.cells_of(tags)).unwrap_or_default();
        let is = |wanted: Option<&str>, value: &str| wanted.is_none_or(|wanted| wanted == value);
        let (expected, predicted) = (self.asked.of("expected"), self.asked.of("predicted"));
        let in_cell = expected.is_none() && predicted.is_none()
            || cells().iter().any(|(row, column)| is(expected, row) && is(predicted, column));
        let has = self.asked.of("with").is_none_or(|with| match with {
            "denied" => scored.denied > 0,
            "approvals" => scored.approvals > 0,
            "undecided" => scored.undecided > 0,
            "invented" => scored.invented_tools > 0,
            "personal" => scored.personal_data > 0,
            "uncited" => scored.uncited,
            "unknown_tools" => scored.unknown_tool_results > 0,
            _ => false,
        });
        let by_rule =
            self.asked.of("rule").is_none_or(|rule| scored.stopped_by.iter().any(|by| by.rule == rule));
        is(self.asked.of("reason"), reason) && in_cell && has && by_rule
    }
}

/// `GET /simulations/{id}/cases`
pub async fn list(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadSimulations)?;
    let asked = Asked::read(&raw.unwrap_or_default());
    let own = app.clone();
    let shown = lanes.query(&app, move |budget| {
        let Some(kept) = of_agent(&own, &visitor.membership.workspace, &id)? else { return Ok(None) };
        cases_page(&own, &visitor, &kept, &asked, budget).map(Some)
    });
    page(&shown.await?.ok_or(Refusal::NotFound)?)
}

#[derive(Deserialize)]
struct WithSetup {
    setup: Setup,
}

/// The classes of the matrix; a run that has no report yet has none.
fn matrix_of(kept: &Simulation) -> Tags {
    let report: Option<WithSetup> = kept.report.as_deref().and_then(|text| serde_json::from_str(text).ok());
    Tags::new(&report.map(|report| report.setup.classes).unwrap_or_default())
}

fn cases_page(
    app: &App,
    visitor: &Visitor,
    kept: &Simulation,
    asked: &Asked,
    budget: &Budget,
) -> Result<CasesPage, Problem> {
    let t = visitor.guest.text;
    let here = format!("{HERE}/{}/cases", escaped(&kept.id));
    let baseline = wanted_of(kept).and_then(|wanted| wanted.baseline).filter(|_| asked.of("from").is_some());
    let baseline = match baseline {
        Some(id) => of_agent(app, &visitor.membership.workspace, &id)?,
        None => None,
    };
    let before = match baseline {
        Some(run) => app.catalog.simulation_outcome_of_each(&run.id)?,
        None => HashMap::new(),
    };
    let sieve = Sieve { asked, tags: matrix_of(kept), before };
    let (mut after, mut rows) = (asked.after, Vec::new());
    'pages: loop {
        budget.check()?;
        let page = app.catalog.simulation_cases(&kept.id, asked.of("outcome"), after, AT_ONCE)?;
        let Some(last) = page.last() else { break };
        after = last.nr;
        for case in page {
            if sieve.takes(&case)? {
                rows.push(case);
                if rows.len() > PAGE_ROWS {
                    break 'pages;
                }
            }
        }
    }
    let is_more = rows.len() > PAGE_ROWS;
    rows.truncate(PAGE_ROWS);
    let later = rows.last().filter(|_| is_more).map(|last| asked.href(&here, "", last.nr));
    let chips = asked.chosen.iter().map(|(name, value)| (chip(t, name, value), asked.href(&here, name, 0)));
    Ok(CasesPage {
        shell: Shell::of(visitor, app, Section::Simulations, t.sim_cases_title()),
        t,
        back: format!("{HERE}/{}", escaped(&kept.id)),
        back_to: title_of_agent(t, kept),
        chips: chips.collect(),
        find: asked.of("find").unwrap_or_default().to_owned(),
        kept: asked
            .chosen
            .iter()
            .filter(|(name, _)| **name != "find")
            .map(|(n, v)| (*n, v.clone()))
            .collect(),
        rows: rows.iter().map(|case| row(t, &here, case)).collect(),
        here,
        later,
    })
}

fn row(t: Text, here: &str, case: &SimulationCase) -> Row {
    let stratum: Stratum = serde_json::from_str(&case.stratum).unwrap_or_default();
    let kind: Vec<String> = [&stratum.tag, &stratum.channel, &stratum.language, &stratum.month]
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(|part| short(part))
        .collect();
    let scored: Option<Scored> =
        case.looked.as_ref().and_then(|looked| serde_json::from_str(&looked.scored).ok());
    let agreement = scored.as_ref().and_then(|scored| scored.agreement);
    Row {
        href: format!("{here}/{}", case.nr),
        conversation: short(&case.conversation),
        kind: kind.join(" · "),
        outcome: case.looked.as_ref().map(|looked| outcome(t, &looked.outcome)).unwrap_or_default(),
        why: why(t, case),
        agreement: agreement
            .map_or_else(|| "–".to_owned(), |percent| t.sim_percent(percent.to_string()).into_owned()),
        weight: figure(t, case.weight.saturating_add(500) / 1_000),
    }
}

/// What a filter says.
fn chip(t: Text, name: &str, value: &str) -> String {
    let resolution = |word: &str| {
        Resolution::ALL.into_iter().find(|one| super::names::ending_word(*one) == word).unwrap_or_default()
    };
    let (label, value) = match name {
        "outcome" => (t.sim_outcome(), outcome(t, value)),
        "reason" => (t.sim_reason(), reason(t, Reason::of_words(value))),
        "expected" => (t.sim_matrix_people(), class(t, value)),
        "predicted" => (t.sim_matrix_agent(), class(t, value)),
        "ended" => (t.sim_ending(), ending(t, resolution(value))),
        "from" => (t.sim_before(), outcome(t, value)),
        "rule" => (t.sim_rule(), short(value)),
        "with" => (t.sim_with(), with_name(t, value)),
        "tag" => (t.sim_tag(), if value.is_empty() { class(t, "(none)") } else { short(value) }),
        "channel" => (t.conversation_channel(), short(value)),
        "language" => (t.conversation_language(), short(value)),
        "month" => (t.sim_month(), short(value)),
        _ => (t.sim_cases_find(), short(value)),
    };
    t.sim_chip(label, value).into_owned()
}

fn with_name(t: Text, what: &str) -> String {
    let name = match what {
        "denied" => t.sim_safety_denied(),
        "approvals" => t.sim_safety_approvals(),
        "undecided" => t.sim_safety_undecided(),
        "invented" => t.sim_safety_invented(),
        "personal" => t.sim_safety_personal(),
        "uncited" => t.sim_safety_uncited(),
        "unknown_tools" => t.sim_safety_tools(),
        other => return short(other),
    };
    name.into_owned()
}

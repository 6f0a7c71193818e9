//! The form that begins a simulation: what is tried, against what, on what, and what it may cost.

use super::form::{Filled, as_set, filled};
use super::names::{title_of_agent, wanted_of};
use super::wanted::{
    Refused, Subject, of_agent, of_policy, of_rule as wanted_rule, of_workflow, refuse_agent, refuse_policy,
};
use super::{HERE, figure};
use crate::alerts::{Rule, lists};
use crate::api::lanes::Lanes;
use crate::api::{Problem, escaped};
use crate::app::App;
use crate::catalog::{ReplayState, SimulationState};
use crate::jobs::replays::Begun;
use crate::jobs::{replays, simulations};
use crate::pages::answer::{page, page_with, redirect};
use crate::pages::fields::Fields;
use crate::pages::format::lasting;
use crate::pages::refusal::Refusal;
use crate::pages::safe::{short, visible};
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use crate::rooms::Room;
use crate::simulate::{AgentWanted, Wanted};
use askama::Template;
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_rules::pack;
use hindcast_rules::policy::Flaw;
use hindcast_rules::simulation::report::Report;
use hindcast_segments::Budget;
use hindcast_segments::query::{Query, TimeRange};
use std::sync::Arc;

/// Of each policy so many versions can be chosen, the newest first.
const VERSIONS_SHOWN: usize = 5;
/// Runs that can be compared with.
const BASELINES_SHOWN: usize = 30;
/// Entries a second that a replay looks at where nothing is known; it has to manage as many.
const ENTRIES_A_SECOND: f64 = 20_000.0;
/// How long an answer takes where nothing is known.
const ANSWER_MS: u64 = 2_000;

/// Value, name, and whether it is chosen.
type Choice = (String, String, bool);

#[derive(Template)]
#[template(path = "simulation_new.html")]
pub(in crate::pages) struct NewPage {
    shell: Shell,
    t: Text,
    form: Fields,
    subject: Subject,
    tabs: Vec<(String, String, bool)>,
    told: String,
    note: Option<String>,
    problem: Option<String>,
    flaws: Vec<String>,
    estimate: Vec<String>,
    /// Versions of policies.
    policies: Vec<Choice>,
    /// Versions of workflows.
    workflows: Vec<Choice>,
    /// Detection rules, and whether the one that is tried is asked.
    rules: Vec<Choice>,
    states: Vec<Choice>,
    with: Vec<Choice>,
    baselines: Vec<Choice>,
    cuts: Vec<Choice>,
    filters: Vec<Filter>,
    conversations: u64,
}

/// Something conversations can be narrowed by.
struct Filter {
    name: &'static str,
    label: String,
    choices: Vec<Choice>,
}

impl NewPage {
    fn is(&self, word: &str) -> bool {
        self.subject.word() == word
    }

    fn count(&self) -> String {
        figure(self.t, self.conversations)
    }
}

/// `GET /simulations/new`
pub async fn blank(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::RunSimulations)?;
    let asked = Fields::read(raw.unwrap_or_default().as_bytes());
    let own = app.clone();
    let shown = lanes.query(&app, move |_| {
        let Filled { form, note } = filled(&own, &visitor, asked)?;
        let mut page = new_page(&own, &visitor, form, Refused::default())?;
        page.note = note;
        Ok(page)
    });
    page(&shown.await?)
}

/// What came of a form: where to go, or the page again and its status.
type Done = Result<String, (StatusCode, Box<NewPage>)>;

/// `POST /simulations`: begins it, with the checks of the API.
pub async fn begin(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::RunSimulations)?;
    if Subject::of(&form) == Subject::Workflow {
        visitor.needs(Permission::ReadConversations)?;
    }
    if Subject::of(&form) == Subject::Rule {
        visitor.needs(Permission::ReadAlerts)?;
    }
    let room = visitor.room(&app)?;
    let own = app.clone();
    let done = lanes.query(&app, move |_| begun(&own, &room, &visitor, form)).await?;
    match done {
        Ok(to) => Ok(redirect(&to)),
        Err((status, shown)) => page_with(status, &*shown),
    }
}

fn begun(app: &Arc<App>, room: &Arc<Room>, visitor: &Visitor, mut form: Fields) -> Result<Done, Problem> {
    let t = visitor.guest.text;
    let refused = if Subject::of(&form).is_agent() {
        match of_agent(app, visitor, &mut form)? {
            Some(wanted) => match simulations::begin(app, &room.id, wanted, &visitor.by()) {
                Ok(begun) => return Ok(Ok(format!("{HERE}/{}", begun.id))),
                Err(why) => refuse_agent(t, &mut form, why)?,
            },
            None => Refused::default(),
        }
    } else {
        let begun = match Subject::of(&form) {
            Subject::Workflow => {
                of_workflow(visitor, &mut form).map(|wanted| replays::begin_workflows(app, room, wanted))
            }
            Subject::Rule => {
                wanted_rule(visitor, &mut form).map(|wanted| replays::begin_rules(app, room, wanted))
            }
            _ => of_policy(visitor, &mut form).map(|wanted| replays::begin(app, room, wanted)),
        };
        match begun {
            Some(Ok(Begun::New(kept))) => return Ok(Ok(format!("{HERE}/{}", kept.id))),
            Some(Ok(Begun::Served(kept))) => return Ok(Ok(format!("{HERE}/{}?served=yes", kept.id))),
            Some(Err(why)) => refuse_policy(t, &mut form, why)?,
            None => Refused::default(),
        }
    };
    let status = match refused.problem {
        Some(_) => StatusCode::CONFLICT,
        None => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Ok(Err((status, Box::new(new_page(app, visitor, form, refused)?))))
}

/// The form for a rule as it stands in its own form, saved or not.
pub(in crate::pages) fn of_rule(app: &App, visitor: &Visitor, rule: &Rule) -> Result<NewPage, Problem> {
    let key = if rule.key == "new" { String::new() } else { rule.key.clone() };
    let asked = [("subject", "rule".to_owned()), ("rule", key), ("state", "on".to_owned())];
    let form = Fields::filled(asked).over(as_set(rule));
    let mut page = new_page(app, visitor, form, Refused::default())?;
    page.note = Some(visitor.guest.text.sim_rule_carried().into_owned());
    Ok(page)
}

/// `POST /simulations/estimate`: what it would take, and nothing is begun.
pub async fn estimate(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::RunSimulations)?;
    let room = visitor.room(&app)?;
    let own = app.clone();
    let shown = lanes.query(&app, move |budget| {
        let (refused, told) = estimated(&own, &room, &visitor, &mut form, budget)?;
        let is_good = form.is_good() && refused.problem.is_none();
        let page = new_page(&own, &visitor, form, refused)?;
        Ok((is_good, NewPage { estimate: told, ..page }))
    });
    let (is_good, shown) = shown.await?;
    page_with(if is_good { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &shown)
}

fn estimated(
    app: &App,
    room: &Room,
    visitor: &Visitor,
    form: &mut Fields,
    budget: &Budget,
) -> Result<(Refused, Vec<String>), Problem> {
    let t = visitor.guest.text;
    let nothing = |refused| Ok((refused, Vec::new()));
    if Subject::of(form) == Subject::Workflow {
        let Some(wanted) = of_workflow(visitor, form) else { return nothing(Refused::default()) };
        return match replays::conversations_asked_about(app, &room.id, &wanted) {
            Ok(n) => Ok((Refused::default(), vec![t.sim_estimate_workflow(figure(t, n)).into_owned()])),
            Err(why) => nothing(refuse_policy(t, form, why)?),
        };
    }
    if Subject::of(form) == Subject::Rule {
        let Some(wanted) = wanted_rule(visitor, form) else { return nothing(Refused::default()) };
        return match replays::entries_asked_about(app, room, &wanted) {
            Ok(entries) => {
                let seconds = entries as f64 / speed(app, room)?;
                let time = lasting(t, (seconds.ceil() as i64).max(1) * 1_000_000);
                Ok((Refused::default(), vec![t.sim_estimate_replay(figure(t, entries), time).into_owned()]))
            }
            Err(why) => nothing(refuse_policy(t, form, why)?),
        };
    }
    if !Subject::of(form).is_agent() {
        let Some(wanted) = of_policy(visitor, form) else { return nothing(Refused::default()) };
        let (from, until) = wanted.window;
        let within = TimeRange { from: from.map(|at| at.micros()), until: until.map(|at| at.micros()) };
        let is_forward = from.zip(until).is_none_or(|(from, until)| from < until);
        let Some(occurred) = wanted.filter.occurred.intersection(&within).filter(|_| is_forward) else {
            form.fail("until", t.sim_expected_later());
            return nothing(Refused::default());
        };
        let query = Query { occurred, ..wanted.filter };
        let entries = room.store.snapshot().count(&query, budget)?;
        let seconds = entries as f64 / speed(app, room)?;
        let time = lasting(t, (seconds.ceil() as i64).max(1) * 1_000_000);
        return Ok((Refused::default(), vec![t.sim_estimate_replay(figure(t, entries), time).into_owned()]));
    }
    let Some(wanted) = of_agent(app, visitor, form)? else { return nothing(Refused::default()) };
    match simulations::estimated(app, &room.id, &wanted) {
        Ok(setup) => {
            let told = t.sim_estimate_sample(figure(t, setup.planned), figure(t, setup.population));
            let mut told = vec![told.into_owned()];
            told.extend(asked(app, t, room, &wanted, setup.planned)?);
            Ok((Refused::default(), told))
        }
        Err(why) => nothing(refuse_agent(t, form, why)?),
    }
}

/// How many requests, and how long they take.
fn asked(app: &App, t: Text, room: &Room, wanted: &Wanted, planned: u64) -> Result<Vec<String>, Problem> {
    if wanted.agent == (AgentWanted::Recorded {}) {
        return Ok(vec![t.sim_estimate_recorded().into_owned()]);
    }
    let known = answer_ms(app, room, &wanted.agent)?;
    let ms = known.unwrap_or(ANSWER_MS).saturating_mul(planned) / u64::from(wanted.concurrency.max(1));
    let time = lasting(t, i64::try_from(ms).unwrap_or(i64::MAX / 1_000).saturating_mul(1_000).max(1_000_000));
    let mut told = vec![
        match known {
            Some(known) => t.sim_estimate_known(figure(t, planned), time, figure(t, known)),
            None => t.sim_estimate_guess(figure(t, planned), time, figure(t, ANSWER_MS)),
        }
        .into_owned(),
    ];
    if wanted.budget.requests.is_some_and(|requests| requests < planned) {
        told.push(t.sim_estimate_budget().into_owned());
    }
    Ok(told)
}

/// How long the same agent took to answer in an earlier run.
fn answer_ms(app: &App, room: &Room, agent: &AgentWanted) -> Result<Option<u64>, Problem> {
    let address = |agent: &AgentWanted| match agent {
        AgentWanted::Recorded {} => String::new(),
        AgentWanted::Http { url, .. } | AgentWanted::Mcp { url, .. } | AgentWanted::Chat { url, .. } => {
            url.clone()
        }
    };
    let earlier = app.catalog.simulations(&room.id, None, BASELINES_SHOWN)?.unwrap_or_default();
    Ok(earlier.iter().find_map(|one| {
        let same = wanted_of(one).is_some_and(|wanted| address(&wanted.agent) == address(agent));
        let report: Report = serde_json::from_str(one.report.as_deref().filter(|_| same)?).ok()?;
        report.latency_ms.percentile(50)
    }))
}

/// How many entries a second the last replay looked at.
fn speed(app: &App, room: &Room) -> Result<f64, Problem> {
    let earlier = app.catalog.replays(&room.id, None, BASELINES_SHOWN)?;
    let of = |one: &crate::catalog::KeptReplay| {
        let micros = one.finished_at?.micros() - one.created_at.micros();
        (one.state == ReplayState::Succeeded && one.total > 1_000 && micros > 0)
            .then(|| one.total as f64 * 1e6 / micros as f64)
    };
    Ok(earlier.iter().find_map(of).unwrap_or(ENTRIES_A_SECOND))
}

fn new_page(app: &App, visitor: &Visitor, form: Fields, refused: Refused) -> Result<NewPage, Problem> {
    let t = visitor.guest.text;
    let subject = Subject::of(&form);
    let counts = app.history.counts(&visitor.membership.workspace)?;
    let told = match subject {
        Subject::Policy => t.sim_new_policy_told(),
        Subject::Text => t.sim_new_text_told(),
        Subject::Workflow => t.sim_new_workflow_told(),
        Subject::Rule => t.sim_new_rule_told(),
        Subject::Recorded => t.sim_new_recorded_told(),
        Subject::Http => t.sim_new_http_told(),
        Subject::Mcp => t.sim_new_mcp_told(),
        Subject::Chat => t.sim_new_chat_told(),
    };
    let versions = versions(app, visitor)?;
    let chosen = |field: &str| {
        let value = form.trimmed(field).to_owned();
        versions.iter().map(|(one, label)| (one.clone(), label.clone(), *one == value)).collect::<Vec<_>>()
    };
    let cut = form.trimmed("cut");
    let workflows = workflow_versions(app, visitor)?;
    Ok(NewPage {
        shell: Shell::of(visitor, app, Section::Simulations, t.sim_new()),
        t,
        subject,
        tabs: tabs(t, &form, subject),
        told: told.into_owned(),
        note: None,
        problem: refused.problem,
        flaws: refused.flaws.iter().map(|flaw| flaw_told(t, flaw)).collect(),
        estimate: Vec::new(),
        policies: chosen("policy"),
        workflows: marked(&workflows, form.trimmed("workflow")),
        rules: rules(app, visitor, &form, subject)?,
        states: vec![
            ("on".to_owned(), t.sim_rule_on().into_owned(), form.trimmed("state") != "off"),
            ("off".to_owned(), t.sim_rule_off().into_owned(), form.trimmed("state") == "off"),
        ],
        with: chosen("with"),
        baselines: match subject {
            Subject::Workflow => versus(t, &form, &workflows),
            _ => baselines(app, visitor, &form, subject)?,
        },
        cuts: vec![
            ("human_reply".to_owned(), t.sim_cut_human().into_owned(), cut != "any_reply"),
            ("any_reply".to_owned(), t.sim_cut_any().into_owned(), cut == "any_reply"),
        ],
        filters: filters(t, &form, &counts.by),
        conversations: counts.conversations,
        form,
    })
}

/// The kinds of subject, each an address with what was already chosen of the sample.
fn tabs(t: Text, form: &Fields, here: Subject) -> Vec<(String, String, bool)> {
    const KEPT: [&str; 11] = [
        "name", "policy", "workflow", "rule", "with", "from", "until", "source", "channel", "language", "tag",
    ];
    let kept: String = KEPT
        .into_iter()
        .filter(|name| !form.trimmed(name).is_empty())
        .map(|name| format!("&{name}={}", escaped(form.trimmed(name))))
        .collect();
    Subject::ALL
        .map(|subject| {
            let label = match subject {
                Subject::Policy => t.sim_tab_policy(),
                Subject::Text => t.sim_tab_text(),
                Subject::Workflow => t.sim_tab_workflow(),
                Subject::Rule => t.sim_tab_rule(),
                Subject::Recorded => t.sim_tab_recorded(),
                Subject::Http => t.sim_tab_http(),
                Subject::Mcp => t.sim_tab_mcp(),
                Subject::Chat => t.sim_tab_chat(),
            };
            let href = format!("{HERE}/new?subject={}{kept}", subject.word());
            (href, label.into_owned(), subject == here)
        })
        .into()
}

fn flaw_told(t: Text, flaw: &Flaw) -> String {
    let hint = flaw.suggestion.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
    let said = visible(&format!("{}{hint}", flaw.message)).into_owned();
    t.flaw_elsewhere(short(&flaw.policy), flaw.line.to_string(), said).into_owned()
}

/// The versions of policies that can be tried: what they are asked for by, and what they are called.
fn versions(app: &App, visitor: &Visitor) -> Result<Vec<(String, String)>, Problem> {
    let (t, workspace) = (visitor.guest.text, &visitor.membership.workspace);
    let mut all = Vec::new();
    for row in app.catalog.policies(workspace)? {
        for version in app.catalog.policy_versions(workspace, &row.name)?.into_iter().take(VERSIONS_SHOWN) {
            let label = t.sim_policy_version(short(&row.name), version.number.to_string()).into_owned();
            let label = match version.number {
                number if row.standing.enforced == Some(number) => {
                    t.with_aside(label, t.mode_enforce()).into_owned()
                }
                number if number == row.newest => t.with_aside(label, t.sim_newest()).into_owned(),
                _ => label,
            };
            all.push((format!("{}@{}", row.name, version.number), label));
        }
    }
    Ok(all)
}

/// The versions of workflows that can be tried.
fn workflow_versions(app: &App, visitor: &Visitor) -> Result<Vec<(String, String)>, Problem> {
    let (t, workspace) = (visitor.guest.text, &visitor.membership.workspace);
    let mut all = Vec::new();
    for row in app.catalog.workflows(workspace)? {
        let versions = app.catalog.workflow_versions(workspace, &row.name)?;
        for version in versions.into_iter().take(VERSIONS_SHOWN) {
            let label = t.sim_policy_version(short(&row.name), version.number.to_string()).into_owned();
            let label = match version.number {
                number if row.standing.enforced == Some(number) => {
                    t.with_aside(label, t.mode_enforce()).into_owned()
                }
                number if number == row.newest => t.with_aside(label, t.sim_newest()).into_owned(),
                _ => label,
            };
            all.push((format!("{}@{}", row.name, version.number), label));
        }
    }
    Ok(all)
}

/// The detection rules of the workspace, for those who may look at them.
fn rules(app: &App, visitor: &Visitor, form: &Fields, subject: Subject) -> Result<Vec<Choice>, Problem> {
    if subject != Subject::Rule || !visitor.may(Permission::ReadAlerts) {
        return Ok(Vec::new());
    }
    let (t, workspace) = (visitor.guest.text, &visitor.membership.workspace);
    let (mut all, lists) = (Vec::new(), lists(&app.catalog, workspace)?);
    for rule in crate::alerts::rules(&app.catalog, workspace)? {
        let label = match pack::texts(t.language).rules.get(&rule.key) {
            Some(texts) => t.with_aside(texts.title.clone(), rule.key.clone()).into_owned(),
            None => {
                let info = hindcast_rules::check(&rule.text(), &lists).rules.into_iter().next();
                short(info.as_ref().map_or(rule.key.as_str(), |info| info.title.as_str()))
            }
        };
        let is_chosen = rule.key == form.trimmed("rule");
        all.push((rule.key, label, is_chosen));
    }
    Ok(all)
}

/// Choices, with the one that was made. What is not among them any more can still be chosen again.
fn marked(all: &[(String, String)], chosen: &str) -> Vec<Choice> {
    let mut choices: Vec<Choice> =
        all.iter().map(|(value, label)| (value.clone(), label.clone(), value == chosen)).collect();
    if chosen.contains('@') && !choices.iter().any(|(.., is_chosen)| *is_chosen) {
        choices.push((chosen.to_owned(), short(chosen), true));
    }
    choices
}

/// What a workflow can be compared with: what acts, nothing, or another version of it.
fn versus(t: Text, form: &Fields, workflows: &[(String, String)]) -> Vec<Choice> {
    let chosen = form.trimmed("baseline");
    let words = [("enforced", t.sim_baseline_enforced()), ("nothing", t.sim_baseline_nothing())];
    let is_other = chosen == "nothing" || chosen.contains('@');
    let words = words.map(|(word, label)| {
        (word.to_owned(), label.into_owned(), chosen == word || word == "enforced" && !is_other)
    });
    words.into_iter().chain(marked(workflows, chosen)).collect()
}

fn baselines(app: &App, visitor: &Visitor, form: &Fields, subject: Subject) -> Result<Vec<Choice>, Problem> {
    let t = visitor.guest.text;
    let chosen = form.trimmed("baseline");
    if subject == Subject::Rule {
        let both = [("enforced", t.sim_baseline_set()), ("nothing", t.sim_baseline_no_rule())];
        let is_chosen = |word: &str| chosen == word || word == "enforced" && chosen != "nothing";
        return Ok(both.map(|(word, label)| (word.to_owned(), label.into_owned(), is_chosen(word))).into());
    }
    if !subject.is_agent() {
        let both = [("enforced", t.sim_baseline_enforced()), ("happened", t.sim_baseline_happened())];
        let is_chosen = |word: &str| chosen == word || word == "enforced" && chosen != "happened";
        return Ok(both.map(|(word, label)| (word.to_owned(), label.into_owned(), is_chosen(word))).into());
    }
    let earlier = app.catalog.simulations(&visitor.membership.workspace, None, BASELINES_SHOWN)?;
    let earlier = earlier.unwrap_or_default();
    let done = earlier.iter().filter(|one| one.state == SimulationState::Done).map(|one| {
        let when = visitor.clock.minute(one.created_at);
        let label = t.with_aside(title_of_agent(t, one), when).into_owned();
        (one.id.clone(), label, one.id == chosen)
    });
    let none = (String::new(), t.sim_baseline_none().into_owned(), chosen.is_empty());
    Ok(std::iter::once(none).chain(done).collect())
}

fn filters(
    t: Text,
    form: &Fields,
    by: &std::collections::BTreeMap<&'static str, Vec<(String, u64)>>,
) -> Vec<Filter> {
    let filter = |(name, label): (&'static str, std::borrow::Cow<'static, str>)| {
        let chosen = form.trimmed(name);
        let known = by.get(name).map(Vec::as_slice).unwrap_or_default();
        let mut choices: Vec<Choice> = known
            .iter()
            .map(|(value, n)| {
                (value.clone(), format!("{} ({})", short(value), figure(t, *n)), value == chosen)
            })
            .collect();
        if !chosen.is_empty() && !choices.iter().any(|(_, _, is_chosen)| *is_chosen) {
            choices.push((chosen.to_owned(), short(chosen), true));
        }
        Filter { name, label: label.into_owned(), choices }
    };
    let all = [
        ("source", t.conversation_source()),
        ("channel", t.conversation_channel()),
        ("language", t.conversation_language()),
        ("tag", t.conversation_tags()),
    ];
    all.map(filter).into_iter().filter(|filter| !filter.choices.is_empty()).collect()
}

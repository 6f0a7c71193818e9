//! One workflow: its text for whoever changes it, what it says, how its tests go, what of it is in force, and what it was before.

use super::checked::{Says, Told, Tried, says, told, tried};
use super::history::{VersionShown, newest};
use super::samples::SAMPLES;
use super::standing::{Choice, Mode, choices};
use super::{found, no_book};
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::{WorkflowRow, WorkflowVersion};
use crate::pages::answer::page;
use crate::pages::diff::{Block, lines};
use crate::pages::fields::Fields;
use crate::pages::histogram::count;
use crate::pages::refusal::Refusal;
use crate::pages::rows::Moment;
use crate::pages::safe::short;
use crate::pages::settings::saved_notice;
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use crate::workflows::edit;
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use hindcast_rules::workflow::limits::WORKFLOW_BYTES_MAX;
use std::sync::Arc;

/// Versions that are named on the page of a workflow; the others have a page of their own.
const VERSIONS_SHOWN: usize = 5;

#[derive(Template)]
#[template(path = "workflow.html")]
pub(super) struct WorkflowPage {
    shell: Shell,
    t: Text,
    pub form: Fields,
    pub saved: Option<(String, Option<String>)>,
    title: String,
    /// Where the form goes.
    action: String,
    is_new: bool,
    name: String,
    mode: Option<Mode>,
    /// The newest version, if it is not in force.
    unused: Option<String>,
    /// Who changed it last, and when.
    changed: Option<(String, Moment)>,
    says: Option<Says>,
    errors: Vec<Told>,
    warnings: Vec<Told>,
    tests: Vec<Tried>,
    /// How the tests went, in a sentence.
    tests_told: String,
    /// Whether the text was looked over and found good.
    pub is_checked: bool,
    /// What somebody saved meanwhile, against what was typed.
    pub conflict: Option<Conflict>,
    choices: Vec<Choice>,
    /// The versions that can be put in force, and whether each is chosen.
    numbers: Vec<(i64, bool)>,
    /// What it still wants done and would not be done any more.
    open: Option<String>,
    samples: Vec<SampleShown>,
    versions: Vec<VersionShown>,
    may_manage: bool,
    may_read_runs: bool,
    /// Where the newest version is tried on the past, for whoever may.
    simulate: Option<String>,
    newest: String,
    bytes_max: usize,
}

/// A text to begin with.
struct SampleShown {
    href: String,
    label: String,
    told: String,
    is_here: bool,
}

/// Somebody else was quicker.
pub(super) struct Conflict {
    pub told: String,
    pub diff: Vec<Block>,
}

impl WorkflowPage {
    /// Whether what was looked over can be used.
    pub fn is_good(&self) -> bool {
        self.errors.is_empty()
    }
}

/// `GET /workflows/{name}`
pub async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    raw: RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadPolicies)?;
    let saved = saved_notice(visitor.guest.text, &raw);
    let shown = blocking(move || {
        let Some(row) = app.catalog.workflow(&visitor.membership.workspace, &name)? else { return Ok(None) };
        Ok(Some(WorkflowPage { saved, ..workflow_page(&app, &visitor, &row, None)? }))
    });
    page(&found(shown.await?)?)
}

/// `GET /workflows/new?from=…`: a sample to begin with.
pub async fn blank(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let from = Fields::read(raw.unwrap_or_default().as_bytes()).trimmed("from").to_owned();
    let shown = blocking(move || {
        let sample = SAMPLES.iter().find(|sample| sample.name == from).unwrap_or(&SAMPLES[0]);
        new_page(&app, &visitor, Fields::filled([("text", sample.text.to_owned())]))
    });
    page(&shown.await?)
}

/// The page of a workflow that is not kept yet.
pub(super) fn new_page(app: &App, visitor: &Visitor, form: Fields) -> Result<WorkflowPage, Problem> {
    let t = visitor.guest.text;
    let page = bare(app, visitor, t.wf_new().into_owned(), form)?;
    let samples = SAMPLES.iter().zip([
        (t.wf_sample_tags(), t.wf_sample_tags_told()),
        (t.wf_sample_unsure(), t.wf_sample_unsure_told()),
        (t.wf_sample_careful(), t.wf_sample_careful_told()),
    ]);
    let samples = samples.map(|(sample, (label, told))| SampleShown {
        href: format!("/workflows/new?from={}", sample.name),
        label: label.into_owned(),
        told: told.into_owned(),
        is_here: page.form.value("text") == sample.text,
    });
    Ok(WorkflowPage { action: "/workflows".to_owned(), is_new: true, samples: samples.collect(), ..page })
}

/// The page of a workflow; `form` is what was typed, if anything was.
pub(super) fn workflow_page(
    app: &App,
    visitor: &Visitor,
    row: &WorkflowRow,
    form: Option<Fields>,
) -> Result<WorkflowPage, Problem> {
    let (t, workspace) = (visitor.guest.text, &visitor.membership.workspace);
    let versions = app.catalog.workflow_versions(workspace, &row.name)?;
    let filled = filled(row, &versions);
    let form = form.map_or_else(|| filled.clone(), |typed| typed.over(filled.clone()));
    let number: i64 = form.value("number").parse().unwrap_or(row.newest);
    let choices = choices(t, form.value("mode"));
    let page = bare(app, visitor, row.name.clone(), form)?;
    let open = app.catalog.open_intents(workspace, &row.name)?;
    Ok(WorkflowPage {
        action: format!("/workflows/{}", row.name),
        name: row.name.clone(),
        mode: Some(Mode::of(t, row)),
        unused: [row.standing.enforced, row.standing.shadow]
            .iter()
            .all(|used| *used != Some(row.newest))
            .then(|| row.newest.to_string()),
        changed: Some((short(&row.changed_by), Moment::of(visitor, row.changed_at))),
        choices,
        numbers: versions.iter().map(|version| (version.number, version.number == number)).collect(),
        open: (open > 0).then(|| t.wf_open(count(open)).into_owned()),
        versions: newest(visitor, row, &versions, VERSIONS_SHOWN),
        simulate: visitor
            .may(Permission::RunSimulations)
            .then(|| format!("/simulations/new?workflow={}&version={}", row.name, row.newest)),
        newest: row.newest.to_string(),
        ..page
    })
}

/// The form as it is before anybody has typed.
fn filled(row: &WorkflowRow, versions: &[WorkflowVersion]) -> Fields {
    let standing = row.standing;
    let chosen = standing.shadow.or(standing.enforced).unwrap_or(row.newest);
    Fields::filled([
        ("text", versions.first().map(|version| version.text.clone()).unwrap_or_default()),
        ("version", row.version.to_string()),
        ("mode", standing.mode().to_owned()),
        // Whoever opens the page after saving has come to try what they saved.
        ("number", if standing.mode() == "off" { row.newest } else { chosen }.to_string()),
    ])
}

fn bare(app: &App, visitor: &Visitor, title: String, form: Fields) -> Result<WorkflowPage, Problem> {
    let t = visitor.guest.text;
    let text = text_of(&form);
    let checked = edit::checked(app, &visitor.membership.workspace, &text).map_err(no_book)?;
    let tests = tried(t, &checked);
    let passed = tests.iter().filter(|test| test.is_passed).count();
    Ok(WorkflowPage {
        shell: Shell::of(visitor, app, Section::Workflows, title.clone()),
        t,
        saved: None,
        title,
        action: String::new(),
        is_new: false,
        name: String::new(),
        mode: None,
        unused: None,
        changed: None,
        says: checked.workflow.as_ref().map(|workflow| says(t, workflow)),
        errors: told(t, &text, &checked.errors),
        warnings: told(t, &text, &checked.warnings),
        tests_told: t.wf_tests_told(count(passed as u64), count(tests.len() as u64)).into_owned(),
        tests,
        is_checked: false,
        conflict: None,
        choices: Vec::new(),
        numbers: Vec::new(),
        open: None,
        samples: Vec::new(),
        versions: Vec::new(),
        may_manage: visitor.may(Permission::ManagePolicies),
        may_read_runs: visitor.may(Permission::ReadConversations),
        simulate: None,
        newest: String::new(),
        bytes_max: WORKFLOW_BYTES_MAX,
        form,
    })
}

/// What was typed against what somebody saved meanwhile.
pub(super) fn conflict(
    app: &App,
    visitor: &Visitor,
    row: &WorkflowRow,
    typed: &str,
) -> Result<Conflict, Problem> {
    let theirs = app.catalog.workflow_version(&visitor.membership.workspace, &row.name, row.newest)?;
    let theirs = theirs.map(|version| version.text).unwrap_or_default();
    let t = visitor.guest.text;
    Ok(Conflict { told: t.policy_conflict(row.newest).into_owned(), diff: lines(t, &theirs, typed) })
}

/// The text in the form, with the breaks of lines that we keep.
pub(super) fn text_of(form: &Fields) -> String {
    form.value("text").replace("\r\n", "\n")
}

//! One policy: what it does, its text for whoever changes it, what the gate goes by, and what it was before.

use super::diff_of;
use super::flaws::{self, Told, told};
use super::history::{VersionShown, newest};
use super::samples::SAMPLES;
use super::shown::{Says, says};
use super::standing::{self, Choice, Mode, choices};
use super::{found, no_book};
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::{AskedStanding, PolicyRow};
use crate::gate::{BASE, edit, vocabulary};
use crate::pages::answer::page;
use crate::pages::diff::Block;
use crate::pages::fields::Fields;
use crate::pages::refusal::Refusal;
use crate::pages::rows::Moment;
use crate::pages::safe::short;
use crate::pages::settings::saved_notice;
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use hindcast_event::Timestamp;
use hindcast_rules::policy::{self, Flaw};
use std::sync::Arc;

/// Versions that are named on the page of a policy; the others have a page of their own.
const VERSIONS_SHOWN: usize = 5;

#[derive(Template)]
#[template(path = "policy.html")]
pub(super) struct PolicyPage {
    shell: Shell,
    t: Text,
    pub form: Fields,
    pub saved: Option<(String, Option<String>)>,
    title: String,
    /// Where the form goes.
    action: String,
    /// Where the same is a form instead of a text.
    as_form: String,
    is_new: bool,
    /// Whether it is the one that comes with hindcast.
    is_base: bool,
    name: String,
    mode: Option<Mode>,
    /// The newest version, if the gate does not go by it.
    unused: Option<String>,
    says: Vec<Says>,
    errors: Vec<Told>,
    warnings: Vec<Told>,
    /// Whether the text was looked over and found good.
    pub is_checked: bool,
    /// What there is to know of the text in the form.
    pub note: Option<String>,
    /// What somebody saved meanwhile, against what was typed.
    pub conflict: Option<Conflict>,
    /// What a second person is asked to agree to.
    waiting: Option<Waiting>,
    /// What is missing before the chosen version decides, a sentence each.
    pub missing: Vec<String>,
    choices: Vec<Choice>,
    /// The versions that can be activated, and whether each is chosen.
    numbers: Vec<(i64, bool)>,
    samples: Vec<SampleShown>,
    versions: Vec<VersionShown>,
    may_manage: bool,
    /// Where the newest version is tried on the past, for whoever may.
    simulate: Option<String>,
    newest: String,
}

/// A text to begin with.
struct SampleShown {
    href: String,
    label: String,
    told: String,
    is_here: bool,
}

/// What a second person is asked to agree to.
struct Waiting {
    /// By whom.
    who: String,
    /// What would hold, in a sentence.
    told: String,
    since: Moment,
    /// Whether it is the visitor who asks.
    is_own: bool,
}

/// Somebody else was quicker.
pub(super) struct Conflict {
    pub told: String,
    pub diff: Vec<Block>,
}

/// `GET /policies/{name}?draft=…`, or with the version that somebody is about to activate: `?version=…`
pub async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    raw: RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadPolicies)?;
    let saved = saved_notice(visitor.guest.text, &raw);
    let asked = Fields::read(raw.0.unwrap_or_default().as_bytes());
    let shown = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let Some(row) = app.catalog.policy(workspace, &name)? else {
            return if name == BASE { base_page(&app, &visitor).map(Some) } else { Ok(None) };
        };
        let draft = asked.value("draft").parse().ok();
        let draft = draft.map(|number| app.catalog.policy_version(workspace, &name, number)).transpose()?;
        let mut page = match draft.flatten() {
            Some(draft) => {
                let form = Fields::filled([("text", draft.text)]);
                let note = visitor.guest.text.policy_draft_of(draft.number).into_owned();
                PolicyPage { note: Some(note), ..policy_page(&app, &visitor, &row, Some(form), None)? }
            }
            None => policy_page(&app, &visitor, &row, None, None)?,
        };
        if let Ok(wanted) = asked.value("version").parse::<i64>()
            && page.numbers.iter().any(|(number, _)| *number == wanted)
        {
            page.numbers.iter_mut().for_each(|(number, is_chosen)| *is_chosen = *number == wanted);
        }
        page.saved = saved;
        Ok(Some(page))
    });
    page(&found(shown.await?)?)
}

/// `GET /policies/new?from=…`: a sample to begin with, or the base to be replaced.
pub async fn blank(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    raw: RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let from = Fields::read(raw.0.unwrap_or_default().as_bytes()).trimmed("from").to_owned();
    let shown = blocking(move || {
        let (name, text) = match from.as_str() {
            "base" => (BASE, policy::BASE.text),
            from => {
                let sample = SAMPLES.iter().find(|sample| sample.name == from).unwrap_or(&SAMPLES[0]);
                (sample.name, sample.text)
            }
        };
        let form = Fields::filled([("name", name.to_owned()), ("text", text.to_owned())]);
        new_page(&app, &visitor, form, None)
    });
    page(&shown.await?)
}

/// What a text comes to: its flaws, or else where it means less than it seems to.
pub(super) fn looked_over(
    app: &App,
    visitor: &Visitor,
    name: &str,
    text: &str,
) -> Result<(Vec<Told>, Vec<Told>), Problem> {
    let t = visitor.guest.text;
    let checked = edit::checked(app, &visitor.membership.workspace, name, text).map_err(no_book)?;
    Ok(match checked {
        Ok(set) => (Vec::new(), told(t, name, text, &flaws::of(set.warnings(), name))),
        Err(wrong) => (told(t, name, text, &wrong), Vec::new()),
    })
}

/// The page of a policy that is not kept yet; `wrong` is what saving it said, when that was tried.
pub(super) fn new_page(
    app: &App,
    visitor: &Visitor,
    form: Fields,
    wrong: Option<&[Flaw]>,
) -> Result<PolicyPage, Problem> {
    let t = visitor.guest.text;
    let name = form.trimmed("name").to_owned();
    let title = if name == BASE { t.policy_replace_base() } else { t.policy_new() };
    let page = bare(app, visitor, title.into_owned(), name, form, wrong)?;
    let samples = SAMPLES.iter().zip([
        (t.sample_refunds(), t.sample_refunds_told()),
        (t.sample_tags(), t.sample_tags_told()),
        (t.sample_exports(), t.sample_exports_told()),
    ]);
    let samples = samples.map(|(sample, (label, told))| SampleShown {
        href: format!("/policies/new?from={}", sample.name),
        label: label.into_owned(),
        told: told.into_owned(),
        is_here: page.form.trimmed("name") == sample.name,
    });
    let as_form = "/policies/new/form".to_owned();
    Ok(PolicyPage {
        action: "/policies".to_owned(),
        as_form,
        is_new: true,
        samples: samples.collect(),
        ..page
    })
}

/// The policy that comes with hindcast, to be looked at.
fn base_page(app: &App, visitor: &Visitor) -> Result<PolicyPage, Problem> {
    let form = Fields::filled([("text", policy::BASE.text.to_owned())]);
    let title = visitor.guest.text.policy_base().into_owned();
    Ok(PolicyPage { is_base: true, ..bare(app, visitor, title, BASE.to_owned(), form, None)? })
}

/// The page of a policy; `form` is what was typed, if anything was.
pub(super) fn policy_page(
    app: &App,
    visitor: &Visitor,
    row: &PolicyRow,
    form: Option<Fields>,
    wrong: Option<&[Flaw]>,
) -> Result<PolicyPage, Problem> {
    let (t, workspace) = (visitor.guest.text, &visitor.membership.workspace);
    let versions = app.catalog.policy_versions(workspace, &row.name)?;
    let standing = row.standing;
    let text = versions.first().map(|version| version.text.clone()).unwrap_or_default();
    let chosen = standing.trial.or(standing.enforced).unwrap_or(row.newest).to_string();
    let filled = Fields::filled([
        ("text", text),
        ("version", row.version.to_string()),
        ("mode", standing.mode().to_owned()),
        // Whoever opens the page after saving has come to try what they saved.
        ("number", if standing.mode() == "off" { row.newest.to_string() } else { chosen }),
        ("share", if standing.share == 0 { "10".to_owned() } else { standing.share.to_string() }),
    ]);
    let form = form.map_or_else(|| filled.clone(), |typed| typed.over(filled.clone()));
    let number: i64 = form.value("number").parse().unwrap_or(row.newest);
    let (mode, choices) = (Mode::of(t, row), choices(t, form.value("mode")));
    let page = bare(app, visitor, row.name.clone(), row.name.clone(), form, wrong)?;
    Ok(PolicyPage {
        action: format!("/policies/{}", row.name),
        as_form: format!("/policies/{}/form", row.name),
        mode: Some(mode),
        unused: [standing.enforced, standing.trial]
            .iter()
            .all(|used| *used != Some(row.newest))
            .then(|| row.newest.to_string()),
        waiting: row.asked.as_ref().map(|asked| waiting(app, visitor, asked)).transpose()?,
        choices,
        numbers: versions.iter().map(|version| (version.number, version.number == number)).collect(),
        versions: newest(app, visitor, row, &versions, VERSIONS_SHOWN)?,
        simulate: visitor
            .may(Permission::RunSimulations)
            .then(|| format!("/simulations/new?subject=policy&policy={}@{}", row.name, row.newest)),
        newest: row.newest.to_string(),
        ..page
    })
}

fn bare(
    app: &App,
    visitor: &Visitor,
    title: String,
    name: String,
    form: Fields,
    wrong: Option<&[Flaw]>,
) -> Result<PolicyPage, Problem> {
    let t = visitor.guest.text;
    let text = text_of(&form);
    let (errors, warnings) = match wrong {
        Some(wrong) => (told(t, &name, &text, wrong), Vec::new()),
        None => looked_over(app, visitor, &name, &text)?,
    };
    let vocabulary = vocabulary(app, &visitor.membership.workspace).map_err(no_book)?;
    Ok(PolicyPage {
        shell: Shell::of(visitor, app, Section::Policies, title.clone()),
        t,
        saved: None,
        title,
        action: String::new(),
        as_form: String::new(),
        is_new: false,
        is_base: false,
        says: says(app, visitor, &name, &text, &vocabulary),
        name,
        mode: None,
        unused: None,
        errors,
        warnings,
        is_checked: false,
        note: None,
        conflict: None,
        waiting: None,
        missing: Vec::new(),
        choices: Vec::new(),
        numbers: Vec::new(),
        samples: Vec::new(),
        versions: Vec::new(),
        may_manage: visitor.may(Permission::ManagePolicies),
        simulate: None,
        newest: String::new(),
        form,
    })
}

fn waiting(app: &App, visitor: &Visitor, asked: &AskedStanding) -> Result<Waiting, Problem> {
    let who = app.catalog.person(&asked.by)?.map_or_else(|| asked.by.0.clone(), |person| person.name);
    Ok(Waiting {
        who: short(&who),
        told: standing::told(visitor.guest.text, &asked.standing),
        since: Moment::of(visitor, Timestamp::from_micros(asked.at)),
        is_own: asked.by == visitor.person.id,
    })
}

impl PolicyPage {
    /// Whether what was looked over can be used.
    pub fn is_good(&self) -> bool {
        self.errors.is_empty()
    }
}

/// What was typed against what somebody saved meanwhile.
pub(super) fn conflict(
    app: &App,
    visitor: &Visitor,
    row: &PolicyRow,
    typed: &str,
) -> Result<Conflict, Problem> {
    let theirs = app.catalog.policy_version(&visitor.membership.workspace, &row.name, row.newest)?;
    let theirs = theirs.map(|version| version.text).unwrap_or_default();
    Ok(Conflict {
        told: visitor.guest.text.policy_conflict(row.newest).into_owned(),
        diff: diff_of(visitor, &theirs, typed),
    })
}

/// The text in the form, with the breaks of lines that we keep.
pub(super) fn text_of(form: &Fields) -> String {
    form.value("text").replace("\r\n", "\n")
}

//! What people change of the gate, whether by page or API: checked, kept with the entry that tells of it, and told to the gate.

use super::approvers;
use super::book::{GateSettings, NoBook, SETTING, settings, texts, versions, vocabulary};
use super::publish::Publish;
use crate::app::App;
use crate::catalog::{
    AskedStanding, By, CatalogError, OnTimeout, POLICIES_MAX, PersonId, PolicyRow, PolicyVersion, Standing,
    TOOLS_MAX, ToolRow,
};
use crate::people::{Permission, Unanswered, answering};
use hindcast_event::ACTION_BYTES_MAX;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::approval::REQUIRED_MAX;
use hindcast_rules::policy::{Flaw, PolicyInfo, PolicySet, Tool, ToolFlaw, check};
use hindcast_rules::simulation::gate::Missing;
use serde_json::{Value, json};

/// The name of a policy has at most so many characters.
pub(crate) const NAME_CHARS_MAX: usize = 80;
/// What no policy is called, because pages and the API have something else there.
pub(crate) const NAMES_TAKEN: [&str; 4] = ["check", "new", "settings", "tools"];
/// So many actions may be let through when nobody can say whether they may be.
pub(crate) const FAIL_OPEN_MAX: usize = 200;

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotChanged {
    /// There is no such policy or tool.
    #[error("there is no such {0}")]
    Unknown(&'static str),
    /// The text cannot be judged by; where and why.
    #[error("the policy cannot be used")]
    Wrong(Vec<Flaw>),
    /// The declaration is not one.
    #[error("{0}")]
    Tool(ToolFlaw),
    /// What is in use could not be any more: which policy, where and why.
    #[error("policies that are in use would not work without it")]
    InUse(Vec<Flaw>),
    /// Another field is not as it must be: which, and what was expected.
    #[error("{0}: expected {1}")]
    Field(&'static str, String),
    /// There are as many as there may be.
    #[error("a workspace has at most {0} {1}")]
    TooMany(usize, &'static str),
    /// No replay shows what the workspace asks for before a version decides.
    #[error("before this decides, a replay has to show more: {}", sentences(.0))]
    NotShown(Vec<Missing>),
    /// Two people are needed, and there is nobody who answers for this.
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
    /// Two people are needed, and this is the one who asked.
    #[error("two people are needed for this, and whoever asked is not the second one")]
    Own,
    /// Nobody asked for anything.
    #[error("nobody asked for a second person")]
    NotAsked,
    /// Two people are needed for what decides, and one alone would take it away.
    #[error(
        "it decides, and two people are needed to change that: let the gate go by none of its versions first"
    )]
    Decides,
    /// Somebody changed it meanwhile.
    #[error("somebody changed it meanwhile")]
    Conflict,
    /// What is kept cannot be used.
    #[error(transparent)]
    Book(#[from] NoBook),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

fn sentences(missing: &[Missing]) -> String {
    missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What a text comes to beside the policies that are in use.
pub(crate) fn checked(
    app: &App,
    workspace: &WorkspaceId,
    name: &str,
    text: &str,
) -> Result<Result<PolicySet, Vec<Flaw>>, NoBook> {
    let vocabulary = vocabulary(app, workspace)?;
    let mut versions = in_use(app, workspace, Some(name))?;
    versions.push(PolicyVersion {
        name: name.to_owned(),
        number: 0,
        text: text.to_owned(),
        made_by: String::new(),
        made_at: Default::default(),
    });
    Ok(check(&texts(&versions), &vocabulary).and_then(|set| {
        let mut flaws: Vec<_> =
            set.policies().filter(|policy| policy.text == name).flat_map(annotated).collect();
        flaws.truncate(hindcast_rules::policy::limits::FLAWS_MAX);
        if flaws.is_empty() { Ok(set) } else { Err(flaws) }
    }))
}

/// What the gate reads of a policy's annotations, and the judge does not.
fn annotated(policy: &PolicyInfo) -> Vec<Flaw> {
    let flaw = |name: &str, expected: String| Flaw {
        policy: format!("{}: {}", policy.text, policy.id),
        line: policy.line,
        column: 1,
        message: format!("`@{name}`: expected {expected}"),
        suggestion: None,
    };
    let wrong = policy.annotations.iter().filter_map(|(name, value)| match name.as_str() {
        "approvers" if approvers::any_of(value).is_none() => {
            Some(flaw(name, "team:…, role:… or person:…, with commas between them".to_owned()))
        }
        "required" if !value.parse().is_ok_and(|count: u32| (1..=REQUIRED_MAX).contains(&count)) => {
            Some(flaw(name, format!("a number from 1 to {REQUIRED_MAX}")))
        }
        "on_timeout" if OnTimeout::parse(value).is_none() => Some(flaw(name, "deny or escalate".to_owned())),
        _ => None,
    });
    wrong.collect()
}

/// The versions in use, enforced or on trial, but for those of one policy; of one with both, the one on trial.
fn in_use(app: &App, workspace: &WorkspaceId, but: Option<&str>) -> Result<Vec<PolicyVersion>, NoBook> {
    let policies = app.catalog.policies(workspace)?;
    let others = policies.iter().filter(|policy| Some(policy.name.as_str()) != but);
    let used = others.filter_map(|policy| {
        Some((policy.name.as_str(), policy.standing.trial.or(policy.standing.enforced)?))
    });
    versions(app, workspace, &used.collect::<Vec<_>>())
}

/// Saves a text as the newest version of a policy. What the gate goes by stays until it is activated.
pub(crate) fn save(
    app: &App,
    workspace: &WorkspaceId,
    name: &str,
    before: i64,
    text: &str,
    by: &By,
) -> Result<PolicyRow, NotChanged> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    // The others are addresses of their own, and browsers take dots alone for a way up.
    let is_taken = NAMES_TAKEN.contains(&name) || name.chars().all(|c| c == '.');
    if !(1..=NAME_CHARS_MAX).contains(&name.len()) || !name.chars().all(is_name) || is_taken {
        let taken = NAMES_TAKEN.join(", ");
        let expected = format!("1 to {NAME_CHARS_MAX} letters, digits, -, _ or ., and none of {taken}");
        return Err(NotChanged::Field("name", expected));
    }
    if let Err(flaws) = checked(app, workspace, name, text)? {
        return Err(NotChanged::Wrong(flaws));
    }
    let known = app.catalog.policies(workspace)?;
    if known.len() >= POLICIES_MAX && !known.iter().any(|policy| policy.name == name) {
        return Err(NotChanged::TooMany(POLICIES_MAX, "policies"));
    }
    let saved = app.catalog.save_policy(workspace, name, before, text, (app.clock)(), by)?;
    app.post();
    saved.ok_or(NotChanged::Conflict)
}

/// Lets the gate go by other versions of a policy, or by none. Where two people are needed for that it is asked for, and nothing
/// changes yet.
pub(crate) fn set(
    app: &App,
    workspace: &WorkspaceId,
    name: &str,
    before: i64,
    standing: Standing,
    person: Option<&PersonId>,
    by: &By,
) -> Result<PolicyRow, NotChanged> {
    let known = known(app, workspace, name, before)?;
    let publish = can_stand(app, workspace, &known, standing)?;
    let changed = if publish.second_person && standing.deciding() != known.standing.deciding() {
        let person = answering(app, workspace, person, Permission::ManagePolicies)??;
        let asked = AskedStanding { standing, by: person, at: (app.clock)().micros() };
        app.catalog.ask_policy(workspace, name, before, asked, by)?
    } else {
        app.catalog.set_policy(workspace, name, before, standing, (app.clock)(), by)?
    };
    app.gate.note_change(workspace);
    app.post();
    changed.ok_or(NotChanged::Conflict)
}

/// Agrees, as the second person, to what was asked for.
pub(crate) fn agree(
    app: &App,
    workspace: &WorkspaceId,
    name: &str,
    before: i64,
    person: Option<&PersonId>,
    by: &By,
) -> Result<PolicyRow, NotChanged> {
    let known = known(app, workspace, name, before)?;
    let asked = known.asked.clone().ok_or(NotChanged::NotAsked)?;
    let person = answering(app, workspace, person, Permission::ManagePolicies)??;
    if person == asked.by {
        return Err(NotChanged::Own);
    }
    // What it was asked for on may have changed since, and a replay grows old.
    can_stand(app, workspace, &known, asked.standing)?;
    let changed = app.catalog.set_policy(workspace, name, before, asked.standing, (app.clock)(), by)?;
    app.gate.note_change(workspace);
    app.post();
    changed.ok_or(NotChanged::Conflict)
}

/// Lets go of what was asked for: anybody who may change policies, also whoever asked.
pub(crate) fn reject(
    app: &App,
    workspace: &WorkspaceId,
    name: &str,
    before: i64,
    by: &By,
) -> Result<PolicyRow, NotChanged> {
    if known(app, workspace, name, before)?.asked.is_none() {
        return Err(NotChanged::NotAsked);
    }
    let changed = app.catalog.reject_policy(workspace, name, before, by)?;
    app.post();
    changed.ok_or(NotChanged::Conflict)
}

fn known(app: &App, workspace: &WorkspaceId, name: &str, before: i64) -> Result<PolicyRow, NotChanged> {
    let known = app.catalog.policy(workspace, name)?.ok_or(NotChanged::Unknown("policy"))?;
    if known.version == before { Ok(known) } else { Err(NotChanged::Conflict) }
}

/// Whether a policy can stand like this, but for the second person; what the workspace asks for beside that is told.
fn can_stand(
    app: &App,
    workspace: &WorkspaceId,
    policy: &PolicyRow,
    standing: Standing,
) -> Result<Publish, NotChanged> {
    if standing.share > 99 || standing.trial.is_none() && standing.share > 0 {
        return Err(NotChanged::Field("share", "0 to 99, and 0 where nothing is on trial".to_owned()));
    }
    for (field, number) in [("enforced", standing.enforced), ("trial", standing.trial)] {
        let Some(number) = number else { continue };
        let version = app.catalog.policy_version(workspace, &policy.name, number)?;
        let version =
            version.ok_or_else(|| NotChanged::Field(field, "the number of a version".to_owned()))?;
        // Other policies and tools may have changed since it was saved.
        if let Err(flaws) = checked(app, workspace, &policy.name, &version.text)? {
            return Err(NotChanged::Wrong(flaws));
        }
    }
    let publish = settings(app, workspace)?.publish;
    let missing = publish.missing(app, workspace, policy, standing)?;
    if missing.is_empty() { Ok(publish) } else { Err(NotChanged::NotShown(missing)) }
}

/// Deletes a policy.
pub(crate) fn delete(app: &App, workspace: &WorkspaceId, name: &str, by: &By) -> Result<(), NotChanged> {
    let known = app.catalog.policy(workspace, name)?.ok_or(NotChanged::Unknown("policy"))?;
    if settings(app, workspace)?.publish.second_person
        && known.standing.deciding() != Standing::default().deciding()
    {
        return Err(NotChanged::Decides);
    }
    let deleted = app.catalog.delete_policy(workspace, name, by)?;
    app.gate.note_change(workspace);
    app.post();
    if deleted { Ok(()) } else { Err(NotChanged::Unknown("policy")) }
}

/// Declares a tool, or changes its declaration.
pub(crate) fn declare(
    app: &App,
    workspace: &WorkspaceId,
    before: i64,
    declaration: &Value,
    by: &By,
) -> Result<ToolRow, NotChanged> {
    let tool = Tool::parse_all(&json!([declaration]).to_string());
    let tool = tool.map_err(|flaws| match flaws.into_iter().next() {
        Some(flaw) => {
            let path = flaw.path.trim_start_matches("tools[0]").trim_start_matches('.').to_owned();
            NotChanged::Tool(ToolFlaw { path, ..flaw })
        }
        None => NotChanged::Field("name", format!("1 to {ACTION_BYTES_MAX} bytes")),
    })?;
    let Some(tool) = tool.into_iter().next() else { return Err(NotChanged::Unknown("tool")) };
    let known = app.catalog.tools(workspace)?;
    let is_known = known.iter().any(|row| row.name == tool.name);
    if known.len() >= TOOLS_MAX && !is_known {
        return Err(NotChanged::TooMany(TOOLS_MAX, "tools"));
    }
    let row = ToolRow {
        name: tool.name,
        declaration: declaration.to_string(),
        version: before,
        changed_at: (app.clock)(),
    };
    let others = known.into_iter().filter(|other| other.name != row.name);
    still_work(app, workspace, others.chain([row.clone()]).collect())?;
    let version = app.catalog.put_tool(workspace, &row, by)?.ok_or(NotChanged::Conflict)?;
    app.gate.note_change(workspace);
    app.post();
    Ok(ToolRow { version, ..row })
}

/// Takes a tool away that no policy in use needs.
pub(crate) fn forget_tool(app: &App, workspace: &WorkspaceId, name: &str, by: &By) -> Result<(), NotChanged> {
    let others = app.catalog.tools(workspace)?.into_iter().filter(|tool| tool.name != name);
    still_work(app, workspace, others.collect())?;
    let deleted = app.catalog.delete_tool(workspace, name, by)?;
    app.gate.note_change(workspace);
    app.post();
    if deleted { Ok(()) } else { Err(NotChanged::Unknown("tool")) }
}

/// Whether the policies in use can still be judged by with other tools.
fn still_work(app: &App, workspace: &WorkspaceId, tools: Vec<ToolRow>) -> Result<(), NotChanged> {
    let texts_of: Vec<_> = tools.iter().map(|row| row.declaration.as_str()).collect();
    let tools = Tool::parse_all(&format!("[{}]", texts_of.join(",")));
    let tools = tools
        .map_err(|flaws| NoBook::Unusable(flaws.first().map(ToString::to_string).unwrap_or_default()))?;
    let vocabulary = hindcast_rules::policy::Vocabulary::new(&tools, &[])
        .map_err(|error| NotChanged::Field("input_schema", error.to_string()))?;
    let policies = app.catalog.policies(workspace)?;
    for version_of in
        [|standing: Standing| standing.trial.or(standing.enforced), |standing: Standing| standing.enforced]
    {
        let used =
            policies.iter().filter_map(|policy| Some((policy.name.as_str(), version_of(policy.standing)?)));
        let versions = versions(app, workspace, &used.collect::<Vec<_>>())?;
        check(&texts(&versions), &vocabulary).map_err(NotChanged::InUse)?;
    }
    Ok(())
}

/// Decides which actions are let through when nobody can say whether they may be.
pub(crate) fn set_fail_open(
    app: &App,
    workspace: &WorkspaceId,
    actions: Vec<String>,
    by: &By,
) -> Result<GateSettings, NotChanged> {
    let before = settings(app, workspace)?;
    let after = GateSettings { fail_open: actions.into_iter().collect(), ..before.clone() };
    set_settings(app, workspace, &before, after, by)
}

/// Decides what is asked for before other versions of a policy decide.
pub(crate) fn set_publish(
    app: &App,
    workspace: &WorkspaceId,
    publish: Publish,
    by: &By,
) -> Result<GateSettings, NotChanged> {
    let before = settings(app, workspace)?;
    let after = GateSettings { publish, ..before.clone() };
    set_settings(app, workspace, &before, after, by)
}

/// Changes how the gate is set.
pub(crate) fn set_settings(
    app: &App,
    workspace: &WorkspaceId,
    before: &GateSettings,
    after: GateSettings,
    by: &By,
) -> Result<GateSettings, NotChanged> {
    let is_action = |action: &String| (1..=ACTION_BYTES_MAX).contains(&action.len());
    if after.fail_open.len() > FAIL_OPEN_MAX || !after.fail_open.iter().all(is_action) {
        let expected = format!("at most {FAIL_OPEN_MAX} actions of 1 to {ACTION_BYTES_MAX} bytes");
        return Err(NotChanged::Field("fail_open", expected));
    }
    if let Err(flaw) = after.publish.check() {
        return Err(NotChanged::Field("publish.required", format!("{} as {}", flaw.path, flaw.expected)));
    }
    let change = |name, was, is| (was != is).then_some((name, was, is));
    let changes = [
        change("/fail_open", json!(before.fail_open), json!(after.fail_open)),
        change("/publish", json!(before.publish), json!(after.publish)),
    ];
    let changes: Vec<_> = changes.into_iter().flatten().collect();
    if changes.is_empty() {
        return Ok(after);
    }
    let target = json!([{ "type": "gate", "id": workspace.as_str() }]);
    let event = by.change("gate.settings_changed", target, &changes);
    app.catalog.set_setting(workspace, SETTING, Some(&json!(after).to_string()), &event)?;
    app.gate.note_change(workspace);
    app.post();
    Ok(after)
}

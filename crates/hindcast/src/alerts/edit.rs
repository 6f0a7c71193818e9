//! What people do about rules and alerts, whether by page, API or command line: checked, kept with the entry that tells of it,
//! and told to the alerter.

use super::{Rule, RuleSet, lists, rules};
use crate::app::App;
use crate::catalog::{AlertDeed, By, CatalogError, KeptAlert, RuleRow};
use crate::nodes::ALERTS_CLOSED;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::detection::limits::RULES_MAX;
use hindcast_rules::detection::{Checked, Lists, Problem};
use hindcast_rules::pack::SHIPPED;
use hindcast_rules::{RuleText, check};

/// A rule is quiet for at least this long, in seconds.
pub(crate) const QUIET_MIN: u64 = 60;
/// And at most for this long; alerts that were heard of before are not kept in mind.
pub(crate) const QUIET_MAX: u64 = 30 * 86_400;
/// A list has at most so many values, of so many bytes each.
pub(crate) const LIST_VALUES_MAX: usize = hindcast_rules::detection::limits::VALUES_MAX;
const LIST_VALUE_BYTES_MAX: usize = 256;
/// The lists that people fill; another one is a setting of the workspace.
pub(crate) const LISTS: [&str; 2] = ["own_domains", "own_hosts"];

/// Why a rule was not changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotChanged {
    /// There is no such rule.
    #[error("there is no such rule")]
    Unknown,
    /// The text of a rule that comes with hindcast cannot be changed, nor can it be deleted.
    #[error("this rule comes with hindcast")]
    Shipped,
    /// The text cannot run; where and why.
    #[error("the rule cannot run")]
    Wrong(Vec<Problem>),
    /// Another field is not as it must be: which, and what was expected.
    #[error("{0}: {1}")]
    Field(&'static str, String),
    /// Another rule has its id.
    #[error("another rule has the id {0}")]
    Twice(String),
    /// There are as many as there may be.
    #[error("a workspace has at most {RULES_MAX} rules")]
    TooMany,
    /// Somebody changed it meanwhile.
    #[error("somebody changed it meanwhile")]
    Conflict,
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// A rule of a workspace.
pub(crate) fn rule(app: &App, workspace: &WorkspaceId, key: &str) -> Result<Option<Rule>, CatalogError> {
    Ok(rules(&app.catalog, workspace)?.into_iter().find(|rule| rule.key == key))
}

/// What the text and the settings of a rule come to in a workspace.
pub(crate) fn checked(app: &App, workspace: &WorkspaceId, rule: &Rule) -> Result<Checked, CatalogError> {
    Ok(check(&rule.text(), &lists(&app.catalog, workspace)?))
}

/// Makes a rule of their own; its key is the id in its text.
pub(crate) fn create(
    app: &App,
    workspace: &WorkspaceId,
    yaml: &str,
    set: RuleSet,
    by: &By,
) -> Result<Rule, NotChanged> {
    let lists = lists(&app.catalog, workspace)?;
    let wanted = Rule::own("new", yaml.to_owned(), set);
    let key = runs(&wanted, &lists)?;
    let known = rules(&app.catalog, workspace)?;
    if known.iter().any(|other| other.key == key) {
        return Err(NotChanged::Twice(key));
    }
    if known.len() >= RULES_MAX {
        return Err(NotChanged::TooMany);
    }
    keep(app, workspace, Rule { key, ..wanted }, &known, &lists, by)
}

/// Changes a rule that still has the version `rule.version`: how it is set, and the text of one of their own.
pub(crate) fn change(app: &App, workspace: &WorkspaceId, rule: Rule, by: &By) -> Result<Rule, NotChanged> {
    let known = rules(&app.catalog, workspace)?;
    let before = known.iter().find(|known| known.key == rule.key).ok_or(NotChanged::Unknown)?;
    if before.is_shipped && before.yaml != rule.yaml {
        return Err(NotChanged::Shipped);
    }
    let lists = lists(&app.catalog, workspace)?;
    // Alerts are kept under it.
    if !before.is_shipped && runs(&rule, &lists)? != rule.key {
        return Err(NotChanged::Field("text", format!("the id stays {}", rule.key)));
    }
    keep(app, workspace, rule, &known, &lists, by)
}

fn keep(
    app: &App,
    workspace: &WorkspaceId,
    rule: Rule,
    known: &[Rule],
    lists: &Lists,
    by: &By,
) -> Result<Rule, NotChanged> {
    if !(QUIET_MIN..=QUIET_MAX).contains(&rule.set.quiet_seconds) {
        let expected = format!("a number of seconds from {QUIET_MIN} to {QUIET_MAX}");
        return Err(NotChanged::Field("quiet_seconds", expected));
    }
    let id = runs(&rule, lists)?;
    let mut others = known.iter().filter(|other| other.key != rule.key);
    if others.any(|other| id_of(other, lists).as_deref() == Some(id.as_str())) {
        return Err(NotChanged::Twice(id));
    }
    let now = (app.clock)();
    let row = RuleRow {
        key: rule.key.clone(),
        yaml: (!rule.is_shipped).then(|| rule.yaml.clone().into_owned()),
        set: rule.set.clone(),
        version: rule.version,
        changed_at: Some(now),
    };
    let title = title(&rule, lists);
    let version = app.catalog.put_rule(workspace, &title, &row, by)?.ok_or(NotChanged::Conflict)?;
    app.alerts.note_change();
    app.post();
    Ok(Rule { version, changed_at: Some(now), ..rule })
}

/// Deletes a rule of their own, or sets one that comes with hindcast back to how it came.
pub(crate) fn delete(app: &App, workspace: &WorkspaceId, key: &str, by: &By) -> Result<(), NotChanged> {
    let rule = rule(app, workspace, key)?.ok_or(NotChanged::Unknown)?;
    let title = title(&rule, &lists(&app.catalog, workspace)?);
    app.catalog.delete_rule(workspace, key, &title, by)?;
    app.alerts.note_change();
    app.post();
    Ok(())
}

/// Fills a list that rules name.
pub(crate) fn fill_list(
    app: &App,
    workspace: &WorkspaceId,
    name: &str,
    values: &[String],
    by: &By,
) -> Result<(), NotChanged> {
    if !LISTS.contains(&name) {
        return Err(NotChanged::Field("name", format!("one of {}", LISTS.join(", "))));
    }
    if values.len() > LIST_VALUES_MAX || values.iter().any(|value| value.len() > LIST_VALUE_BYTES_MAX) {
        let expected = format!("at most {LIST_VALUES_MAX} values of at most {LIST_VALUE_BYTES_MAX} bytes");
        return Err(NotChanged::Field("values", expected));
    }
    app.catalog.set_rule_list(workspace, name, values, by)?;
    app.alerts.note_change();
    app.post();
    Ok(())
}

/// Does something about an alert; nothing when there is no such alert.
pub(crate) fn act(
    app: &App,
    workspace: &WorkspaceId,
    id: &str,
    deed: &AlertDeed,
    by: &By,
) -> Result<Option<KeptAlert>, CatalogError> {
    let kept = app.catalog.do_about_alert(workspace, id, deed, (app.clock)(), by)?;
    if kept.is_some() && matches!(deed, AlertDeed::Resolve(..)) {
        app.alerts.note_closed(workspace, id);
        if app.nodes.is_shared() {
            app.catalog.tell(ALERTS_CLOSED)?;
        }
    }
    app.post();
    Ok(kept)
}

/// The id of a rule that runs, or why it does not.
fn runs(rule: &Rule, lists: &Lists) -> Result<String, NotChanged> {
    let checked = check(&rule.text(), lists);
    match checked.rules.first() {
        Some(info) if checked.errors.is_empty() => Ok(info.id.clone()),
        _ => Err(NotChanged::Wrong(checked.errors)),
    }
}

fn id_of(rule: &Rule, lists: &Lists) -> Option<String> {
    check(&rule.text(), lists).rules.first().map(|info| info.id.clone())
}

/// The title as entries tell it; a rule that does not run any more has its key.
fn title(rule: &Rule, lists: &Lists) -> String {
    let info = check(&RuleText { tuned: Default::default(), ..rule.text() }, lists).rules.into_iter().next();
    info.map_or_else(|| rule.key.clone(), |info| info.title)
}

/// Whether a key is that of a rule that comes with hindcast.
pub(crate) fn is_shipped(key: &str) -> bool {
    SHIPPED.iter().any(|shipped| shipped.code == key)
}

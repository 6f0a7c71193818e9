//! Rules of other products, taken in as workflows that are off. What an export would come to is looked at first; then the same
//! is saved.

use super::book::NoBook;
use super::edit::{self, NotChanged};
use crate::app::App;
use crate::catalog::{By, WORKFLOWS_MAX};
use hindcast_ledger::WorkspaceId;
use hindcast_rules::workflow::Flaw;
use hindcast_rules::workflow::import::{ImportError, Imported, Product, import};

/// A rule of an export, and what becomes of it here.
#[derive(Debug)]
pub(crate) struct Carried {
    /// What was made of it, and what could not be carried over.
    pub rule: Imported,
    /// What becomes of that.
    pub becomes: Becomes,
}

/// What becomes of a rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Becomes {
    /// A new workflow, which is off.
    New,
    /// Nothing: none of its actions could be carried over.
    Nothing,
    /// Nothing: there is a workflow of its name, such as from an earlier import.
    Known,
    /// Nothing: pages have something else under its name.
    Taken,
    /// Nothing: with the tools of this workspace the text has flaws.
    Flawed(Vec<Flaw>),
    /// Nothing: there are as many workflows as there may be.
    NoRoom,
}

/// Why nothing was taken in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotCarried {
    /// It is no export of that product.
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Book(#[from] NoBook),
    #[error(transparent)]
    Edit(#[from] NotChanged),
}

/// What an export would come to; nothing is kept.
pub(crate) fn looked_at(
    app: &App,
    workspace: &WorkspaceId,
    product: Product,
    text: &str,
) -> Result<Vec<Carried>, NotCarried> {
    let rules = import(product, text)?;
    let known = app.catalog.workflows(workspace).map_err(NoBook::from)?;
    let mut room = WORKFLOWS_MAX.saturating_sub(known.len());
    let mut carried = Vec::with_capacity(rules.len());
    for rule in rules {
        let becomes = match &rule.yaml {
            None => Becomes::Nothing,
            Some(_) if known.iter().any(|row| row.name == rule.name) => Becomes::Known,
            Some(_) if edit::is_taken(&rule.name) => Becomes::Taken,
            Some(_) if room == 0 => Becomes::NoRoom,
            Some(yaml) => match edit::checked(app, workspace, yaml)? {
                checked if checked.workflow.is_none() => Becomes::Flawed(checked.errors),
                _ => {
                    room -= 1;
                    Becomes::New
                }
            },
        };
        carried.push(Carried { rule, becomes });
    }
    Ok(carried)
}

/// Saves what an export comes to. Where that breaks off, the same import goes on with what is missing.
pub(crate) fn carry_over(
    app: &App,
    workspace: &WorkspaceId,
    product: Product,
    text: &str,
    by: &By,
) -> Result<Vec<Carried>, NotCarried> {
    let mut carried = looked_at(app, workspace, product, text)?;
    for one in carried.iter_mut().filter(|one| one.becomes == Becomes::New) {
        let yaml = one.rule.yaml.as_deref().unwrap_or_default();
        one.becomes = match edit::save(app, workspace, &one.rule.name, 0, yaml, by) {
            Ok(_) => Becomes::New,
            // Somebody was quicker.
            Err(NotChanged::Conflict) => Becomes::Known,
            Err(NotChanged::TooMany) => Becomes::NoRoom,
            Err(NotChanged::Wrong(flaws)) => Becomes::Flawed(flaws),
            Err(other) => return Err(other.into()),
        };
    }
    Ok(carried)
}

//! How long entries are kept, and letting them go: retention, legal holds, the archive.
//!
//! Data walks forward: the **policy** says how long, the **plan** says which entries that means now, and **expire** lets
//! them go. Before anything goes, a notice that says what and why is an entry of the log and on disk; the leaves stay in
//! the tree, so whatever is left still verifies, and so does every checkpoint ever signed.

mod archive;
mod expire;
mod hold;
mod plan;
mod policy;
mod preview;
#[cfg(test)]
mod tests;

pub use archive::archive;
pub(crate) use expire::{Replaced, replace};
pub use expire::{expire, go_on, is_expiring};
pub use hold::{HOLD_CHARS_MAX, NewHold, UnfitHold, fixed};
pub use plan::{Plan, held, plan};
pub use policy::{COOL_OFF_MICROS, DAYS_MAX, Retention, Unfit};
pub use preview::{Preview, preview};

use crate::app::App;
use crate::catalog::{By, CatalogError};
use crate::nodes::KEEP_NOW;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use std::sync::atomic::Ordering;

/// Lets the policy of a workspace count at once, and has it applied: the keeper begins within a second.
pub fn apply_now(app: &App, workspace: &WorkspaceId, now: Timestamp, by: &By) -> Result<(), CatalogError> {
    app.catalog.hasten_retention(workspace, now, by)?;
    app.history.hasten(workspace, now, by)?;
    app.keep_now.store(true, Ordering::Relaxed);
    if app.nodes.is_shared() {
        app.catalog.tell(KEEP_NOW)?;
    }
    Ok(())
}

//! How many approvals wait for somebody, for the navigation of every page.

use super::{member, waits_for};
use crate::app::App;
use crate::catalog::ApprovalsWanted;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use hindcast_rules::approval::State;

/// Of so many of the newest it is looked at whether they wait for somebody; a page must not wait for more.
const LOOKED_AT_MAX: usize = 200;

/// How many of the newest approvals wait for the visitor.
pub fn waiting(app: &App, visitor: &Visitor) -> usize {
    if !visitor.may(Permission::Approve) {
        return 0;
    }
    let wanted =
        ApprovalsWanted { states: vec![State::Pending], limit: LOOKED_AT_MAX, ..ApprovalsWanted::default() };
    let pending = app.catalog.approvals(&visitor.membership.workspace, &wanted).unwrap_or_default();
    let member = member(visitor);
    pending.iter().filter(|kept| waits_for(&member, kept, visitor.now)).count()
}

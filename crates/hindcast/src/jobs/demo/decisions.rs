//! What people of the demo decided about its alerts, so that an inbox looks as it does in use: some waits, some is looked at,
//! most was decided, with a note that says why.

use crate::alerts::edit::act;
use crate::app::App;
use crate::catalog::{AlertDeed, AlertState, AlertsWanted, By, Disposition, KeptAlert};
use crate::demo::{Guide, colleagues};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::pack;
use serde_json::json;
use std::collections::BTreeMap;

/// Alerts that are looked at.
const ALERTS_MAX: usize = 5_000;
/// Of each rule so many are left to whoever looks at the demo.
const LEFT_OPEN: usize = 2;
/// Of each rule so many were decided.
const DECIDED: usize = 3;
pub(super) const ADMIN: &str = "Jürgen Groß";
const OWNER: &str = "Aoife Brennan";
const INCIDENT_NOTE: &str =
    "INC-2041: the session was taken over. Ended it, reset the password, took the changes back.";
/// How alerts of a rule were decided, and why.
const NOTES: [(&str, &str, Disposition, &str); 14] = [
    ("A1", ADMIN, Disposition::Benign, "New password on Monday, the phone still had the old one."),
    ("A3", ADMIN, Disposition::Benign, "Asked them: remembered it at the fifth try."),
    ("A4", ADMIN, Disposition::Benign, "On a train to a customer, told us before."),
    ("A5", ADMIN, Disposition::FalsePositive, "The office VPN leaves in another country."),
    ("A6", OWNER, Disposition::Benign, "Back from parental leave."),
    ("C1", OWNER, Disposition::Benign, "Agreed with the team lead."),
    ("C2", OWNER, Disposition::TruePositive, "Took the role back and talked to them."),
    ("D1", ADMIN, Disposition::Benign, "The nightly export of the reporting job, as agreed."),
    ("D4", ADMIN, Disposition::Benign, "Clean-up that was announced."),
    ("E2", ADMIN, Disposition::Benign, "For the reporting job, its token was due."),
    ("E3", ADMIN, Disposition::Benign, "The shop moved to another host."),
    ("G1", OWNER, Disposition::FalsePositive, "Was in the change calendar, only not linked."),
    ("G8", ADMIN, Disposition::Benign, "On call that night."),
    ("H5", ADMIN, Disposition::FalsePositive, "A new teammate finding their way around."),
];

/// Decides about some alerts of the year that ends at `now`.
pub(super) fn decide(app: &App, workspace: &WorkspaceId, now: Timestamp) -> anyhow::Result<()> {
    let clock = (app.clock)();
    let all = app.catalog.alerts(workspace, &AlertsWanted::default(), clock, ALERTS_MAX)?;
    let (from, until) = Guide::of(now).incident_seconds;
    let mut by_rule: BTreeMap<&str, Vec<&KeptAlert>> = BTreeMap::new();
    for kept in &all {
        let (first, last) = (kept.alert.first_at.seconds(), kept.alert.last_at.seconds());
        if first <= until && last >= from {
            let deed = AlertDeed::Resolve(Disposition::TruePositive, INCIDENT_NOTE.to_owned());
            act(app, workspace, &kept.alert.id, &deed, &by(ADMIN))?;
        } else if let Some(code) = pack::code_of(&kept.alert.rule) {
            by_rule.entry(code).or_default().push(kept);
        }
    }
    for (code, who, disposition, note) in NOTES {
        let open = |kept: &&&KeptAlert| kept.state == AlertState::Open;
        let of_rule = by_rule.remove(code).unwrap_or_default();
        let left = of_rule.iter().filter(open).count().min(LEFT_OPEN);
        for (nth, kept) in of_rule.into_iter().skip(left).take(DECIDED).enumerate() {
            let note = if nth == 0 { note } else { "" };
            let deed = AlertDeed::Resolve(disposition, note.to_owned());
            act(app, workspace, &kept.alert.id, &deed, &by(who))?;
        }
    }
    // Somebody has begun to look at the one that waits longest.
    if let Some(kept) = all.iter().rfind(|kept| kept.state == AlertState::Open) {
        act(app, workspace, &kept.alert.id, &AlertDeed::Acknowledge, &by(ADMIN))?;
        assign(app, workspace, kept)?;
    }
    Ok(())
}

/// Gives an alert to the security admin, if they can sign in.
fn assign(app: &App, workspace: &WorkspaceId, kept: &KeptAlert) -> anyhow::Result<()> {
    let members = app.catalog.members(workspace)?;
    if let Some(member) = members.into_iter().find(|member| member.person.name == ADMIN) {
        act(app, workspace, &kept.alert.id, &AlertDeed::Assign(Some(member.person.id)), &by(ADMIN))?;
    }
    Ok(())
}

/// Somebody of the invented workspace.
pub(super) fn by(name: &str) -> By {
    let actor = match colleagues().find(|known| known.name == name) {
        Some(known) => json!({ "type": "user", "id": known.id, "name": known.name, "email": known.email }),
        None => json!({ "type": "user", "id": name, "name": name }),
    };
    By { actor, context: json!({}) }
}

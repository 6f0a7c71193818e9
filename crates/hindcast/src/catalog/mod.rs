//! What people configured: workspaces and their names, tokens, how far each follower has read, and the entries that
//! still have to be written about it.
//!
//! One SQLite file beside the journal. Plain SQL in sight, one file per noun. Nothing here is part of the integrity
//! promise: lose it, and every entry is still there and proven.

mod alerts;
mod approvals;
mod attempts;
mod changes;
mod connectors;
mod deliveries;
mod destinations;
mod erasures;
mod exports;
mod history;
mod holds;
mod invitations;
mod jobs;
mod marks;
mod memberships;
mod migrations;
mod narrowing;
mod nodes;
mod operations;
mod outbox;
mod people;
mod policies;
mod replays;
mod report_mails;
mod reports;
mod retention;
mod rules;
mod schedules;
mod sessions;
mod settings;
mod simulation_cases;
mod simulations;
mod sources;
mod teams;
mod tokens;
mod tools;
mod upstreams;
mod views;
mod workflow_runs;
mod workflows;
mod workspaces;

pub use alerts::{AlertDeed, AlertState, AlertsWanted, Disposition, KeptAlert, PAST_SECONDS, Record};
pub use approvals::{
    ApprovalsWanted, COMMENTS_MAX, Comment, KeptApproval, NewApproval, OnTimeout, PENDING_MAX, Said,
};
pub use attempts::Guessed;
pub use connectors::ConnectorRow;
pub use deliveries::{DeadLetter, DeliveryAttempt, DeliveryDay, Progress};
pub use destinations::{Chosen, DESTINATIONS_MAX, Destination, DestinationState, NewDestination};
pub use erasures::{Decision, Erasure, ErasureState, NewErasure, Undecided};
pub use exports::{
    Export, ExportProblem, ExportState, NewExport, Queued, WAITING_OF_PERSON_MAX, WAITING_OF_WORKSPACE_MAX,
};
pub(crate) use history::Began;
pub use history::{
    ARTICLES_MAX, ConversationsWanted, Counts, FromElsewhere, History, INSIGHTS_KEPT_MAX, KeptInsights,
    LiveChange, Row as ConversationRow, ShelvedArticle, Taken, TooManyArticles,
};
pub use holds::Hold;
pub use invitations::{Invitation, NewInvitation};
pub use jobs::JobRow;
pub use memberships::{LastOwner, Member, Membership};
pub use narrowing::Narrowing;
pub use nodes::NodeRow;
pub use operations::{BegunOperation, OperationRow};
pub use outbox::{By, Outgoing};
pub use people::{NewPerson, Person, PersonId, Preferences, Theme, Times};
pub use policies::{AskedStanding, POLICIES_MAX, PolicyRow, PolicyVersion, Standing};
pub use replays::{
    Found, KeptReplay, NewReplay, REPLAYS_KEPT_MAX, REPLAYS_WAITING_MAX, REPORT_BYTES_MAX, ReplayState,
};
pub use report_mails::ReportMail;
pub use reports::Report;
pub use rules::RuleRow;
pub use schedules::Schedule;
pub use sessions::{NewSession, Session, SessionSecret, Stage};
pub use settings::{Settings, WorkingDays};
pub use simulation_cases::{OpenTopic, OutcomeCount};
pub use simulations::{
    EndedSimulation, LookedAt, REPLY_BYTES_MAX, SIMULATIONS_MAX, Simulation, SimulationCase, SimulationState,
};
pub use sources::{FetchedSource, NewSource, SOURCES_MAX};
pub use teams::Team;
pub use tokens::{NewToken, Scope, Token, TokenId, TokenSecret};
pub use tools::{TOOLS_MAX, ToolRow};
pub use upstreams::{
    Connected, NewUpstream, SeenTool, ToolApproval, ToolState, UPSTREAM_TOOLS_MAX, UPSTREAMS_MAX, Upstream,
    UpstreamTool,
};
pub use views::{Shared, View};
pub use workflow_runs::{
    IntentRow, IntentState, Lane, LastAct, Moved, NewIntent, NewRun, ReadUntil, RunRow, TRIGGERS_WAITING_MAX,
};
pub use workflows::{WORKFLOWS_MAX, WorkflowRow, WorkflowStanding, WorkflowVersion};
pub use workspaces::Workspace;

use crate::sql::tables::Table;
use crate::sql::{self, Held, Pool, Server};
use migrations::TABLES;
use std::path::Path;
use std::sync::Arc;

/// What people configured; see the module.
#[derive(Debug)]
pub struct Catalog {
    pool: Pool,
}

/// The catalog could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The database refused.
    #[error("the catalog cannot be used: {0}")]
    Sql(#[from] sql::Error),
    /// The entry about a change could not be written, so the change is not made.
    #[error("this cannot be recorded: {0}")]
    Unfit(String),
    /// What was read makes no sense.
    #[error("the catalog is damaged: {0}")]
    Damaged(String),
}

impl CatalogError {
    /// Whether a database elsewhere does not answer now.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Sql(sql::Error::Away { .. }))
    }

    /// Whether it was for want of space.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Sql(error) if error.is_full())
    }
}

impl Catalog {
    /// Opens the catalog, and makes it where there is none.
    pub fn open(file: &Path) -> Result<Self, CatalogError> {
        Ok(Self { pool: Pool::sqlite(file, TABLES)? })
    }

    /// Opens the catalog that servers share, and makes it where there is none.
    pub fn shared(server: &Arc<Server>) -> Result<Self, CatalogError> {
        Ok(Self { pool: Pool::postgres(server, TABLES)? })
    }

    fn sql(&self) -> Held<'_> {
        self.pool.hold()
    }

    /// Its connections, for whoever moves all of it.
    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Its tables; marks called `spared` are left alone.
    pub(crate) fn tables(spared: &'static [&'static str]) -> sql::Result<Vec<Table>> {
        sql::tables::tables(TABLES, spared)
    }
}

/// An id that nobody can guess or choose.
fn random_id() -> Result<String, CatalogError> {
    Ok(crate::hex::hex(&random::<8>()?))
}

fn random<const N: usize>() -> Result<[u8; N], CatalogError> {
    let mut random = [0; N];
    getrandom::fill(&mut random).map_err(|error| CatalogError::Damaged(error.to_string()))?;
    Ok(random)
}

/// Ids of a list in the catalog, as JSON.
fn list(ids: &[String]) -> String {
    serde_json::Value::from(ids).to_string()
}

/// Reads [`list`] back.
fn read_list(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_event::Timestamp;
    use hindcast_ledger::WorkspaceId;

    #[test]
    fn another_process_waits_for_its_turn() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("catalog.db");
        let server = Catalog::open(&file).expect("opens");
        let workspace: WorkspaceId = "northwind".parse().expect("an id");
        let (name, now) = ("Northwind".to_owned(), Timestamp::default());
        let added = Workspace { id: workspace.clone(), name, created_at: now };
        server.add_workspace(&added, &By::server()).expect("added");
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for nth in 0..200 {
                    server.set_mark(workspace.as_str(), "heard", &nth.to_string()).expect("kept");
                }
            });
            // As the command line does beside a server: open, read, write.
            for nth in 0..20 {
                let catalog = Catalog::open(&file).expect("opens beside it");
                let saved = catalog.save_policy(
                    &workspace,
                    &format!("p{nth}"),
                    0,
                    "permit(principal, action, resource);",
                    now,
                    &By::server(),
                );
                assert!(saved.expect("kept").is_some());
            }
        });
    }
}

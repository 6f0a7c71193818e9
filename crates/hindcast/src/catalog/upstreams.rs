//! Upstreams: servers of MCP whose tools agents reach through the gateway, and the tools that each was seen to have.

use super::{By, Catalog, CatalogError, outbox, random_id};
use crate::sql::{OptionalExtension as _, Row, Transaction, params};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A workspace has at most so many upstreams.
pub const UPSTREAMS_MAX: u64 = 50;
/// So many tools of an upstream are kept; further ones are not offered to anybody.
pub const UPSTREAM_TOOLS_MAX: usize = 200;
/// So many tools are named in the entry about new ones.
const NAMED_MAX: usize = 50;

/// A server of MCP behind the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Its id.
    pub id: String,
    /// Whose agents reach it.
    pub workspace: WorkspaceId,
    /// What it is called in addresses and in the actions of its tools.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// What it is shown as `Authorization: Bearer …`, sealed, if anything.
    pub credential: Option<Vec<u8>>,
    /// How long it may take for an answer.
    pub timeout_ms: u32,
    /// When it was connected.
    pub created_at: Timestamp,
    /// When its tools were last looked at.
    pub refreshed_at: Option<Timestamp>,
    /// Why that failed the last time; empty when it did not.
    pub problem: String,
}

/// An upstream that is to be connected.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "see Upstream")]
pub struct NewUpstream {
    pub workspace: WorkspaceId,
    pub name: String,
    pub url: String,
    pub timeout_ms: u32,
}

/// What became of connecting an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connected {
    /// Its id.
    As(String),
    /// The workspace has [`UPSTREAMS_MAX`].
    TooMany,
    /// Another one has the name.
    Taken,
}

/// How a tool stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolState {
    /// Nobody looked at it yet.
    New,
    /// Agents may be shown it, as far as policies go.
    Approved,
    /// It is another one than was approved: nobody is shown it until somebody approves it again.
    Changed,
    /// Somebody does not want it called.
    Blocked,
}

impl ToolState {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Approved => "approved",
            Self::Changed => "changed",
            Self::Blocked => "blocked",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::New, Self::Approved, Self::Changed, Self::Blocked]
            .into_iter()
            .find(|known| known.as_str() == word)
    }
}

/// A tool of an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamTool {
    /// What the upstream calls it.
    pub name: String,
    /// What the upstream last said of it, as canonical JSON.
    pub declared: String,
    /// The SHA-256 of that, in hexadecimal.
    pub fingerprint: String,
    /// How it stands.
    pub state: ToolState,
    /// What was approved, as canonical JSON, if anything ever was.
    pub approved: Option<String>,
    /// Whether it changes anything, as somebody here decided.
    pub writes: bool,
    /// Which arguments name what a call is about: the type of the target by the name of the argument.
    pub targets: BTreeMap<String, String>,
    /// How long a call may take, if not as long as others.
    pub timeout_ms: Option<u32>,
    /// When it was first seen, or last became another one.
    pub changed_at: Timestamp,
    /// Since when the upstream no longer has it.
    pub gone_at: Option<Timestamp>,
}

/// A tool as an upstream says it has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "see UpstreamTool")]
pub struct SeenTool {
    pub name: String,
    pub declared: String,
    pub fingerprint: String,
}

/// What somebody decided about a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "see UpstreamTool")]
pub struct ToolApproval {
    pub name: String,
    pub fingerprint: String,
    pub writes: bool,
    pub targets: BTreeMap<String, String>,
    pub timeout_ms: Option<u32>,
}

impl Catalog {
    /// Connects an upstream, with the entry about it. `seal` seals its credential for the id it is given.
    pub fn add_upstream<E: From<CatalogError>>(
        &self,
        new: &NewUpstream,
        now: Timestamp,
        by: &By,
        seal: impl FnOnce(&str) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<Connected, E> {
        let id = random_id()?;
        let credential = seal(&id)?;
        let add = || -> Result<Connected, CatalogError> {
            let mut sql = self.sql();
            let transaction = sql.transaction()?;
            let (known, taken): (u64, u64) = transaction.query_row(
                "SELECT count(*), count(*) FILTER (WHERE name = ?2) FROM upstream WHERE workspace = ?1",
                [new.workspace.as_str(), &new.name],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            if taken > 0 {
                return Ok(Connected::Taken);
            }
            if known >= UPSTREAMS_MAX {
                return Ok(Connected::TooMany);
            }
            transaction.execute(
                "INSERT INTO upstream (id, workspace, name, url, credential, timeout_ms, created_at, problem)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, '')",
                params![
                    id,
                    new.workspace.as_str(),
                    new.name,
                    new.url,
                    credential,
                    new.timeout_ms,
                    now.micros()
                ],
            )?;
            let about = json!({ "url": new.url });
            let event = by.event("mcp.upstream_connected", target(&id, &new.name), about);
            outbox::put(&transaction, &new.workspace, &event)?;
            transaction.commit()?;
            Ok(Connected::As(id.clone()))
        };
        Ok(add()?)
    }

    /// The upstreams of a workspace, by name.
    pub fn upstreams(&self, workspace: &WorkspaceId) -> Result<Vec<Upstream>, CatalogError> {
        let sql = self.sql();
        let mut statement =
            sql.prepare("SELECT * FROM upstream WHERE workspace = ?1 ORDER BY name LIMIT ?2")?;
        let rows = statement.query_map(params![workspace.as_str(), UPSTREAMS_MAX], read)?;
        rows.map(|row| row?).collect()
    }

    /// An upstream of a workspace, by its id.
    pub fn upstream(&self, workspace: &WorkspaceId, id: &str) -> Result<Option<Upstream>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT * FROM upstream WHERE workspace = ?1 AND id = ?2")?;
        statement.query_row([workspace.as_str(), id], read).optional()?.transpose()
    }

    /// An upstream of a workspace, by its name.
    pub fn upstream_called(
        &self,
        workspace: &WorkspaceId,
        name: &str,
    ) -> Result<Option<Upstream>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT * FROM upstream WHERE workspace = ?1 AND name = ?2")?;
        statement.query_row([workspace.as_str(), name], read).optional()?.transpose()
    }

    /// Takes an upstream away with its tools, and with the entry about it; whether it was there.
    pub fn remove_upstream(&self, upstream: &Upstream, by: &By) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let removed = transaction.execute("DELETE FROM upstream WHERE id = ?1", [&upstream.id])? > 0;
        if removed {
            let about = json!({ "url": upstream.url });
            let event = by.event("mcp.upstream_removed", target(&upstream.id, &upstream.name), about);
            outbox::put(&transaction, &upstream.workspace, &event)?;
        }
        transaction.commit()?;
        Ok(removed)
    }

    /// The tools of an upstream, by name.
    pub fn upstream_tools(&self, upstream: &str) -> Result<Vec<UpstreamTool>, CatalogError> {
        tools(&self.sql(), upstream)
    }

    /// Remembers the tools that an upstream has now, and returns them all as they stand. One that is not what was approved is blocked, with
    /// the entry about it. Nothing but [`UPSTREAM_TOOLS_MAX`] tools is kept; those nobody decided about go first.
    pub fn note_tools(
        &self,
        upstream: &Upstream,
        seen: &[SeenTool],
        now: Timestamp,
    ) -> Result<Vec<UpstreamTool>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        transaction.execute(
            "UPDATE upstream SET refreshed_at = ?2, problem = '' WHERE id = ?1",
            params![upstream.id, now.micros()],
        )?;
        let known = tools(&transaction, &upstream.id)?;
        for gone in known.iter().filter(|tool| !seen.iter().any(|one| one.name == tool.name)) {
            let forgotten = gone.state == ToolState::New;
            let change = if forgotten {
                "DELETE FROM upstream_tool WHERE upstream = ?1 AND name = ?2 AND ?3 > 0"
            } else {
                "UPDATE upstream_tool SET gone_at = coalesce(gone_at, ?3) WHERE upstream = ?1 AND name = ?2"
            };
            transaction.execute(change, params![upstream.id, gone.name, now.micros()])?;
        }
        let mut room = UPSTREAM_TOOLS_MAX.saturating_sub(
            known
                .iter()
                .filter(|tool| tool.state != ToolState::New || seen.iter().any(|one| one.name == tool.name))
                .count(),
        );
        let mut new = Vec::new();
        for one in seen {
            match known.iter().find(|tool| tool.name == one.name) {
                Some(tool) => note_again(&transaction, upstream, tool, one, now)?,
                None if room > 0 => {
                    room -= 1;
                    new.push(one.name.as_str());
                    transaction.execute(
                        "INSERT INTO upstream_tool (upstream, name, declared, fingerprint, state, writes, targets, changed_at)
                         VALUES (?1, ?2, ?3, ?4, 'new', 1, '{}', ?5)",
                        params![upstream.id, one.name, one.declared, one.fingerprint, now.micros()],
                    )?;
                }
                None => {}
            }
        }
        if !new.is_empty() {
            let named = &new[..new.len().min(NAMED_MAX)];
            let about = json!({ "count": new.len(), "tools": named });
            let event = By::server().event("mcp.tools_found", target(&upstream.id, &upstream.name), about);
            outbox::put(&transaction, &upstream.workspace, &event)?;
        }
        let now_known = tools(&transaction, &upstream.id)?;
        transaction.commit()?;
        Ok(now_known)
    }

    /// Remembers why the tools of an upstream could not be looked at.
    pub fn note_upstream_problem(&self, id: &str, problem: &str) -> Result<(), CatalogError> {
        self.sql().execute("UPDATE upstream SET problem = ?2 WHERE id = ?1", [id, problem])?;
        Ok(())
    }

    /// Approves a tool as it was seen, with the entry about it; nothing when it is another one by now.
    pub fn approve_tool(
        &self,
        upstream: &Upstream,
        approval: &ToolApproval,
        by: &By,
    ) -> Result<bool, CatalogError> {
        let targets = json!(approval.targets).to_string();
        let about = json!({ "writes": approval.writes, "fingerprint": approval.fingerprint });
        self.decide_tool(upstream, &approval.name, "mcp.tool_approved", about, by, |transaction| {
            transaction.execute(
                "UPDATE upstream_tool SET state = 'approved', approved = declared, writes = ?4, targets = ?5, timeout_ms = ?6
                 WHERE upstream = ?1 AND name = ?2 AND fingerprint = ?3 AND gone_at IS NULL",
                params![
                    upstream.id,
                    approval.name,
                    approval.fingerprint,
                    approval.writes,
                    targets,
                    approval.timeout_ms
                ],
            )
        })
    }

    /// Blocks a tool until somebody approves it again, with the entry about it; whether there is one that was not blocked.
    pub fn block_tool(&self, upstream: &Upstream, name: &str, by: &By) -> Result<bool, CatalogError> {
        self.decide_tool(upstream, name, "mcp.tool_blocked", json!({}), by, |transaction| {
            transaction.execute(
                "UPDATE upstream_tool SET state = 'blocked' WHERE upstream = ?1 AND name = ?2 AND state <> 'blocked'",
                [&upstream.id, name],
            )
        })
    }

    fn decide_tool(
        &self,
        upstream: &Upstream,
        name: &str,
        action: &str,
        about: Value,
        by: &By,
        change: impl FnOnce(&Transaction<'_>) -> crate::sql::Result<usize>,
    ) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let is_changed = change(&transaction)? > 0;
        if is_changed {
            let event = by.event(action, tool_target(upstream, name), about);
            outbox::put(&transaction, &upstream.workspace, &event)?;
            transaction.commit()?;
        }
        Ok(is_changed)
    }
}

/// A tool that was seen before: the same one, or another one under its name.
fn note_again(
    transaction: &Transaction<'_>,
    upstream: &Upstream,
    tool: &UpstreamTool,
    seen: &SeenTool,
    now: Timestamp,
) -> Result<(), CatalogError> {
    if tool.fingerprint == seen.fingerprint {
        if tool.gone_at.is_some() {
            transaction.execute(
                "UPDATE upstream_tool SET gone_at = NULL WHERE upstream = ?1 AND name = ?2",
                [&upstream.id, &tool.name],
            )?;
        }
        return Ok(());
    }
    let was_approved = tool.state == ToolState::Approved;
    let state = if was_approved { ToolState::Changed } else { tool.state };
    transaction.execute(
        "UPDATE upstream_tool SET declared = ?3, fingerprint = ?4, state = ?5, changed_at = ?6, gone_at = NULL
         WHERE upstream = ?1 AND name = ?2",
        params![upstream.id, tool.name, seen.declared, seen.fingerprint, state.as_str(), now.micros()],
    )?;
    // What nobody may call may change as often as it likes.
    if was_approved {
        let change = ("/fingerprint", json!(tool.fingerprint), json!(seen.fingerprint));
        let event = By::server().change("mcp.tool_changed", tool_target(upstream, &tool.name), &[change]);
        outbox::put(transaction, &upstream.workspace, &event)?;
    }
    Ok(())
}

fn target(id: &str, name: &str) -> Value {
    json!([{ "type": "mcp_upstream", "id": id, "name": name }])
}

/// The tool, and whose it is.
fn tool_target(upstream: &Upstream, name: &str) -> Value {
    json!([
        { "type": "tool", "id": format!("mcp.{}.{name}", upstream.name) },
        { "type": "mcp_upstream", "id": upstream.id, "name": upstream.name },
    ])
}

fn tools(sql: &crate::sql::Connection, upstream: &str) -> Result<Vec<UpstreamTool>, CatalogError> {
    let mut statement = sql.prepare("SELECT * FROM upstream_tool WHERE upstream = ?1 ORDER BY name")?;
    let rows = statement.query_map([upstream], read_tool)?;
    rows.map(|row| row?).collect()
}

fn read(row: &Row<'_>) -> crate::sql::Result<Result<Upstream, CatalogError>> {
    let workspace: String = row.get("workspace")?;
    let Ok(workspace) = workspace.parse() else {
        return Ok(Err(CatalogError::Damaged(format!("an upstream of {workspace:?}"))));
    };
    Ok(Ok(Upstream {
        id: row.get("id")?,
        workspace,
        name: row.get("name")?,
        url: row.get("url")?,
        credential: row.get("credential")?,
        timeout_ms: row.get("timeout_ms")?,
        created_at: Timestamp::from_micros(row.get("created_at")?),
        refreshed_at: row.get::<_, Option<i64>>("refreshed_at")?.map(Timestamp::from_micros),
        problem: row.get("problem")?,
    }))
}

fn read_tool(row: &Row<'_>) -> crate::sql::Result<Result<UpstreamTool, CatalogError>> {
    let (state, targets): (String, String) = (row.get("state")?, row.get("targets")?);
    let (Some(state), Ok(targets)) = (ToolState::parse(&state), serde_json::from_str(&targets)) else {
        return Ok(Err(CatalogError::Damaged(format!("a tool that is {state:?} and about {targets:?}"))));
    };
    Ok(Ok(UpstreamTool {
        name: row.get("name")?,
        declared: row.get("declared")?,
        fingerprint: row.get("fingerprint")?,
        state,
        approved: row.get("approved")?,
        writes: row.get("writes")?,
        targets,
        timeout_ms: row.get("timeout_ms")?,
        changed_at: Timestamp::from_micros(row.get("changed_at")?),
        gone_at: row.get::<_, Option<i64>>("gone_at")?.map(Timestamp::from_micros),
    }))
}

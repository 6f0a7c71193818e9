//! What people of a workspace decide about upstreams: which there are, and which of their tools agents may be shown.
//!
//! An approved tool is also declared to the policies, under the action of its calls, so that these can speak of it and of its arguments.

use super::fingerprint;
use super::line::Trouble;
use super::upstream::{self, Where};
use crate::api::Problem;
use crate::api::lanes::Lanes;
use crate::app::App;
use crate::catalog::{
    By, CatalogError, Connected, NewUpstream, ToolApproval, ToolState, Upstream, UpstreamTool,
};
use crate::gate::edit::{self, NotChanged};
use hindcast_event::ACTION_BYTES_MAX;
use hindcast_ledger::WorkspaceId;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

/// What no upstream is called, because the address is another one's.
const NAME_TAKEN: &str = "simulation";
const NAME_CHARS_MAX: usize = 32;
const URL_BYTES_MAX: usize = 2_000;
const CREDENTIAL_BYTES_MAX: usize = 8 * 1024;
/// An upstream may take so long for an answer, at most.
pub(crate) const TIMEOUT_MS_MAX: u32 = 120_000;
/// So many arguments of a tool may name what a call is about; a draft has room for them beside the conversation.
pub(crate) const TARGETS_MAX: usize = 8;
const TARGET_TYPE_CHARS_MAX: usize = 64;
/// What is said of tools that were left out has at most so many characters.
const PROBLEM_CHARS_MAX: usize = 500;

/// An upstream that somebody wants.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub name: String,
    pub url: String,
    pub credential: Option<String>,
    pub timeout_ms: u32,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotDone {
    #[error("there is no such {0}")]
    Unknown(&'static str),
    #[error("{0}: expected {1}")]
    Field(&'static str, String),
    #[error("another upstream of the workspace has this name")]
    Taken,
    #[error("the workspace has as many upstreams as it may have")]
    TooMany,
    #[error("the tool is another one by now; look at it again")]
    Conflict,
    #[error("the tools of the upstream cannot be looked at: {0}")]
    Trouble(Trouble),
    #[error("the declaration of the tool: {0}")]
    Declaration(NotChanged),
    #[error("a credential cannot be sealed: {0}")]
    Seal(anyhow::Error),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error("{}", .0.detail())]
    Problem(Problem),
}

/// Connects an upstream, whose tools nobody is shown yet.
pub(crate) fn connect(
    app: &App,
    workspace: &WorkspaceId,
    wanted: Wanted,
    by: &By,
) -> Result<Upstream, NotDone> {
    check(&wanted)?;
    let Wanted { name, url, credential, timeout_ms } = wanted;
    let new = NewUpstream { workspace: workspace.clone(), name, url, timeout_ms };
    let sealed = |id: &str| {
        let seal = |secret: &str| app.seal.seal(&purpose(id), secret.as_bytes()).map_err(NotDone::Seal);
        credential.as_deref().map(seal).transpose()
    };
    let connected = app.catalog.add_upstream(&new, (app.clock)(), by, sealed)?;
    app.post();
    match connected {
        Connected::As(id) => app.catalog.upstream(workspace, &id)?.ok_or(NotDone::Unknown("upstream")),
        Connected::Taken => Err(NotDone::Taken),
        Connected::TooMany => Err(NotDone::TooMany),
    }
}

fn check(wanted: &Wanted) -> Result<(), NotDone> {
    let field = |name, expected: String| Err(NotDone::Field(name, expected));
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let name = &wanted.name;
    if !(1..=NAME_CHARS_MAX).contains(&name.len()) || !name.chars().all(is_name) || name == NAME_TAKEN {
        return field(
            "name",
            format!("1 to {NAME_CHARS_MAX} lower-case letters, digits or -, and not {NAME_TAKEN}"),
        );
    }
    let is_url = wanted.url.len() <= URL_BYTES_MAX
        && wanted.url.parse::<ureq::http::Uri>().is_ok_and(|url| {
            matches!(url.scheme_str(), Some("http" | "https"))
                && url.authority().is_some_and(|authority| !authority.as_str().contains('@'))
        });
    if !is_url {
        return field(
            "url",
            format!(
                "an address with http or https, of at most {URL_BYTES_MAX} bytes, without a name and password"
            ),
        );
    }
    let is_secret = |secret: &String| {
        (1..=CREDENTIAL_BYTES_MAX).contains(&secret.len())
            && secret.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if !wanted.credential.as_ref().is_none_or(is_secret) {
        return field("credential", format!("1 to {CREDENTIAL_BYTES_MAX} visible characters"));
    }
    if !(1..=TIMEOUT_MS_MAX).contains(&wanted.timeout_ms) {
        return field("timeout_ms", format!("1 to {TIMEOUT_MS_MAX}"));
    }
    Ok(())
}

/// What the credential of an upstream is sealed for.
fn purpose(id: &str) -> String {
    format!("credential of upstream {id}")
}

/// Where an upstream is, with its credential.
pub(super) fn whereabouts(app: &App, upstream: &Upstream) -> Result<Where, Problem> {
    let open = |sealed: &Vec<u8>| {
        let secret = app.seal.unseal(&purpose(&upstream.id), sealed)?;
        Ok::<_, anyhow::Error>(String::from_utf8(secret)?)
    };
    let credential = upstream.credential.as_ref().map(open).transpose().map_err(Problem::internal)?;
    let timeout = Duration::from_millis(u64::from(upstream.timeout_ms));
    Ok(Where { url: upstream.url.clone(), credential, workspace: None, timeout })
}

/// Looks at the tools that an upstream has now, and remembers them as they stand.
pub(crate) async fn refresh(
    app: &Arc<App>,
    lanes: &Lanes,
    upstream: &Upstream,
) -> Result<Vec<UpstreamTool>, NotDone> {
    let _place = lanes.call().map_err(NotDone::Problem)?;
    let looked = async {
        let to = whereabouts(app, upstream).map_err(NotDone::Problem)?;
        let mut there =
            upstream::Upstream::connect(app.deliver.guard(), &to).await.map_err(NotDone::Trouble)?;
        let seen = there.tools().await.map_err(NotDone::Trouble);
        there.leave();
        seen
    };
    match looked.await {
        Ok((seen, left_out)) => {
            let tools = app.catalog.note_tools(upstream, &seen, (app.clock)())?;
            if !left_out.is_empty() {
                let said = format!("left out: {}", left_out.join("; "));
                note_problem(app, upstream, &said)?;
            }
            app.post();
            Ok(tools)
        }
        Err(NotDone::Trouble(trouble)) => {
            note_problem(app, upstream, &trouble.to_string())?;
            Err(NotDone::Trouble(trouble))
        }
        Err(error) => Err(error),
    }
}

fn note_problem(app: &App, upstream: &Upstream, said: &str) -> Result<(), CatalogError> {
    let said: String = said.chars().take(PROBLEM_CHARS_MAX).collect();
    app.catalog.note_upstream_problem(&upstream.id, &said)
}

/// The action of the calls of a tool.
pub(super) fn action(upstream: &Upstream, tool: &str) -> String {
    format!("mcp.{}.{tool}", upstream.name)
}

/// Approves a tool as it was seen: declares it to the policies, and lets agents be shown it.
pub(crate) fn approve(
    app: &App,
    upstream: &Upstream,
    approval: &ToolApproval,
    by: &By,
) -> Result<(), NotDone> {
    check_approval(upstream, approval)?;
    let tools = app.catalog.upstream_tools(&upstream.id)?;
    let tool = tools.iter().find(|tool| tool.name == approval.name && tool.gone_at.is_none());
    let tool = tool.ok_or(NotDone::Unknown("tool"))?;
    if tool.fingerprint != approval.fingerprint {
        return Err(NotDone::Conflict);
    }
    let action = action(upstream, &tool.name);
    let declaration = declaration(&action, &fingerprint::declared(&tool.declared), approval.writes);
    let known = app.catalog.tools(&upstream.workspace)?.into_iter().find(|known| known.name == action);
    let spelled = declaration.to_string();
    let is_declared = known.as_ref().is_some_and(|known| known.declaration == spelled);
    if !is_declared {
        let version = known.map_or(0, |known| known.version);
        edit::declare(app, &upstream.workspace, version, &declaration, by).map_err(NotDone::Declaration)?;
    }
    let approved = app.catalog.approve_tool(upstream, approval, by)?;
    app.post();
    if approved { Ok(()) } else { Err(NotDone::Conflict) }
}

fn check_approval(upstream: &Upstream, approval: &ToolApproval) -> Result<(), NotDone> {
    if action(upstream, &approval.name).len() > ACTION_BYTES_MAX {
        let expected = format!("a name short enough for an action of at most {ACTION_BYTES_MAX} bytes");
        return Err(NotDone::Field("name", expected));
    }
    let fits = |text: &String| {
        (1..=TARGET_TYPE_CHARS_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
    };
    let targets = &approval.targets;
    if targets.len() > TARGETS_MAX || !targets.iter().all(|(argument, kind)| fits(argument) && fits(kind)) {
        let expected =
            format!("at most {TARGETS_MAX} names of arguments, each with the type of what it names");
        return Err(NotDone::Field("targets", expected));
    }
    if !approval.timeout_ms.is_none_or(|timeout| (1..=TIMEOUT_MS_MAX).contains(&timeout)) {
        return Err(NotDone::Field("timeout_ms", format!("1 to {TIMEOUT_MS_MAX}")));
    }
    Ok(())
}

/// A tool as policies are told of it.
fn declaration(action: &str, declared: &Map<String, Value>, writes: bool) -> Value {
    let description = declared.get("description").and_then(Value::as_str).unwrap_or_default();
    let mut schema = declared.get("inputSchema").cloned().unwrap_or_else(|| json!({}));
    if let Some(members) = schema.as_object_mut() {
        // MCP has objects there; not everybody says so.
        members.entry("type").or_insert("object".into());
    }
    json!({ "name": action, "description": description, "input_schema": schema, "facts": {}, "writes": writes })
}

/// Blocks a tool; nobody is shown it until it is approved again.
pub(crate) fn block(app: &App, upstream: &Upstream, name: &str, by: &By) -> Result<(), NotDone> {
    let tools = app.catalog.upstream_tools(&upstream.id)?;
    let tool = tools.iter().find(|tool| tool.name == name).ok_or(NotDone::Unknown("tool"))?;
    if tool.state != ToolState::Blocked {
        app.catalog.block_tool(upstream, name, by)?;
        app.post();
    }
    Ok(())
}

/// Takes an upstream away, and with it what policies were told of its tools; unless policies in use need that.
pub(crate) fn remove(app: &App, upstream: &Upstream, by: &By) -> Result<(), NotDone> {
    let own = format!("mcp.{}.", upstream.name);
    for tool in app.catalog.tools(&upstream.workspace)?.iter().filter(|tool| tool.name.starts_with(&own)) {
        edit::forget_tool(app, &upstream.workspace, &tool.name, by).map_err(NotDone::Declaration)?;
    }
    app.catalog.remove_upstream(upstream, by)?;
    app.post();
    Ok(())
}

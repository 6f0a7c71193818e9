//! One call of a tool: asked at the gate, made if it may be, and told in the log twice, as what was decided and as what came of it.
//!
//! A call is made once or not at all. When nobody can say whether the upstream did it, that is what the log says.

use super::desk;
use super::door;
use super::line::Trouble;
use super::meta::Meta;
use super::upstream::{Upstream as There, Where};
use crate::api::caller::{Asker, Caller};
use crate::api::lanes::{Lanes, blocking};
use crate::api::{Problem, ask};
use crate::app::App;
use crate::catalog::{KeptApproval, ToolState, Upstream, UpstreamTool};
use crate::gate::Decided;
use crate::hex::hex;
use hindcast_rules::policy::Decision;
use rmcp::model::{CallToolResult, JsonObject};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Whether a call that came to trouble may have been made all the same.
fn may_be_done(trouble: &Trouble) -> bool {
    !matches!(trouble, Trouble::Unreachable(_) | Trouble::Refused(_))
}

/// A call that an agent wants.
#[derive(Clone)]
pub(super) struct Call {
    pub app: Arc<App>,
    pub asker: Asker,
    pub lanes: Arc<Lanes>,
    pub upstream: Arc<Upstream>,
    pub tool: UpstreamTool,
    pub arguments: JsonObject,
    pub meta: Meta,
}

/// What is told of a call.
pub(super) enum Made {
    /// This.
    Told(CallToolResult),
    /// That people are asked, with which approval and why.
    Waits { approval: Box<KeptApproval>, why: String },
}

/// What came of a call that was let through.
enum Came {
    /// The upstream answered.
    Answered(CallToolResult),
    /// The tool was not what was approved, so it was not called.
    Changed,
    /// It was not made, or nobody knows.
    Trouble { trouble: Trouble, is_sent: bool },
}

/// An agent, as entries name it: the token that it has for itself.
pub(super) fn actor(caller: &Caller) -> Value {
    let token = &caller.token;
    let name = if token.name.is_empty() { &token.id.0 } else { &token.name };
    json!({ "type": "agent", "id": token.id.0, "name": name })
}

impl Call {
    /// Asks, makes and tells. What comes back is for the agent.
    pub async fn make(self) -> Result<Made, Problem> {
        let text = self.draft().to_string();
        let approval = self.meta.approval.clone();
        let decided = ask(&self.app, &self.asker.workspace, &self.asker.caller, text, approval).await?;
        if !decided.weighed.allowed {
            let why = said_no(&decided);
            return Ok(match (decided.weighed.decision, decided.weighed.approval) {
                (Decision::NeedsApproval, Some(approval)) => Made::Waits { approval, why },
                _ => Made::Told(door::failed(why)),
            });
        }
        let begun = Instant::now();
        let came = self.done().await;
        let told = self.outcome(&decided, &came, begun.elapsed());
        let (app, workspace) = (self.app.clone(), self.asker.workspace.clone());
        blocking(move || {
            app.catalog.keep_event(&workspace, &told)?;
            app.post();
            Ok(())
        })
        .await?;
        Ok(Made::Told(match came {
            Came::Answered(result) => for_agent(result),
            Came::Changed => door::failed(format!(
                "the tool {} is not what was approved any more, and was not called; somebody has to approve it again",
                self.tool.name
            )),
            Came::Trouble { trouble: refused @ Trouble::Refused(_), .. } => {
                door::failed(format!("the upstream did not do it: {refused}"))
            }
            Came::Trouble { trouble, is_sent: false } => {
                door::failed(format!("the tool was not called: {trouble}"))
            }
            Came::Trouble { trouble, is_sent: true } => door::failed(format!(
                "nobody can say whether the tool did it: {trouble}; look before you call it again"
            )),
        }))
    }

    /// The event that the call would be.
    fn draft(&self) -> Value {
        let mut draft = json!({
            "action": desk::action(&self.upstream, &self.tool.name),
            "actor": actor(&self.asker.caller),
            "targets": self.targets(),
            "metadata": {
                "arguments": self.arguments,
                "fingerprint": self.tool.fingerprint,
                "upstream": self.upstream.name,
            },
            "context": self.context(),
        });
        if let Some(person) = &self.meta.on_behalf_of {
            draft["on_behalf_of"] = person.clone();
        }
        draft
    }

    /// What it is about: what the arguments name as somebody here decided, and the conversation it is for.
    fn targets(&self) -> Vec<Value> {
        let named = self.tool.targets.iter().filter_map(|(argument, kind)| {
            let id = match self.arguments.get(argument)? {
                Value::String(id) if !id.is_empty() => id.clone(),
                Value::Number(id) => id.to_string(),
                _ => return None,
            };
            Some(json!({ "type": kind, "id": id }))
        });
        let conversation =
            self.meta.conversation.iter().map(|id| json!({ "type": "conversation", "id": id }));
        named.chain(conversation).collect()
    }

    fn context(&self) -> Value {
        let mut context = self.asker.caller.by().context;
        context["source"] = "mcp".into();
        if let Some(trace) = &self.meta.traceparent {
            context["traceparent"] = trace.as_str().into();
        }
        context
    }

    fn timeout(&self) -> Duration {
        let timeout = self.tool.timeout_ms.unwrap_or(self.upstream.timeout_ms);
        Duration::from_millis(u64::from(timeout))
    }

    async fn done(&self) -> Came {
        let not_sent = |trouble| Came::Trouble { trouble, is_sent: false };
        let _place = match self.lanes.call() {
            Ok(place) => place,
            Err(problem) => return not_sent(Trouble::Unreachable(problem.detail().to_owned())),
        };
        let to = match desk::whereabouts(&self.app, &self.upstream) {
            // The line has to hold as long as the tool may take.
            Ok(to) => Where { timeout: to.timeout.max(self.timeout()), ..to },
            Err(problem) => return not_sent(Trouble::Unreachable(problem.detail().to_owned())),
        };
        let mut there = match There::connect(self.app.deliver.guard(), &to).await {
            Ok(there) => there,
            Err(trouble) => return not_sent(trouble),
        };
        let came = self.done_there(&mut there).await;
        there.leave();
        came
    }

    async fn done_there(&self, there: &mut There) -> Came {
        // What was approved is compared with what is there now, and not with what was there when somebody last looked.
        let seen = match there.tools().await {
            Ok((seen, _)) => seen,
            Err(trouble) => return Came::Trouble { trouble, is_sent: false },
        };
        let (app, upstream, name) = (self.app.clone(), self.upstream.clone(), self.tool.name.clone());
        let noted = blocking(move || {
            let tools = app.catalog.note_tools(&upstream, &seen, (app.clock)())?;
            app.post();
            Ok(tools.into_iter().find(|tool| tool.name == name && tool.gone_at.is_none()))
        });
        let is_same =
            |now: &UpstreamTool| now.state == ToolState::Approved && now.fingerprint == self.tool.fingerprint;
        match noted.await {
            Ok(now) if now.as_ref().is_some_and(is_same) => {}
            Ok(_) => return Came::Changed,
            Err(problem) => {
                let trouble = Trouble::Unreachable(problem.detail().to_owned());
                return Came::Trouble { trouble, is_sent: false };
            }
        }
        match there.call(&self.tool.name, self.arguments.clone(), self.timeout()).await {
            Ok(result) => Came::Answered(result),
            Err(trouble) => Came::Trouble { is_sent: may_be_done(&trouble), trouble },
        }
    }

    /// The entry about what came of it. Of the result it has the digest alone.
    fn outcome(&self, decided: &Decided, came: &Came, took: Duration) -> Value {
        let mut metadata = Map::new();
        let mut note = |name: &str, value: Value| metadata.insert(name.to_owned(), value);
        note("tool", desk::action(&self.upstream, &self.tool.name).into());
        note("upstream", self.upstream.name.as_str().into());
        note("fingerprint", self.tool.fingerprint.as_str().into());
        note("arguments", json!(self.arguments));
        note("latency_ms", super::line::millis(took).into());
        let (result, status, why) = match came {
            Came::Answered(answered) => {
                let text = serde_json::to_vec(answered).unwrap_or_default();
                note("result_bytes", text.len().into());
                note("result_digest", format!("sha256:{}", hex(&Sha256::digest(&text))).into());
                match answered.is_error {
                    Some(true) => ("failure", "error", None),
                    _ => ("success", "ok", None),
                }
            }
            Came::Changed => ("failure", "changed", Some("the tool is not what was approved".to_owned())),
            Came::Trouble { trouble, is_sent: false } => ("failure", "error", Some(trouble.to_string())),
            Came::Trouble { trouble: trouble @ Trouble::Slow(_), .. } => {
                ("unknown", "timeout", Some(trouble.to_string()))
            }
            Came::Trouble { trouble, .. } => ("unknown", "ambiguous", Some(trouble.to_string())),
        };
        note("status", status.into());
        let mut targets =
            vec![json!({ "type": "tool", "id": desk::action(&self.upstream, &self.tool.name) })];
        targets.extend(self.targets());
        let mut outcome = json!({ "result": result });
        if let Some(why) = why {
            outcome["reason"] = why.into();
        }
        let mut told = json!({
            "action": "ai_agent.tool_called",
            "actor": actor(&self.asker.caller),
            "targets": targets,
            "outcome": outcome,
            "authorized_by": { "decision": decided.id, "policy_version": decided.weighed.version },
            "metadata": metadata,
            "context": self.context(),
        });
        if let Some(person) = &self.meta.on_behalf_of {
            told["on_behalf_of"] = person.clone();
        }
        told
    }
}

/// The upstream's answer without what is for no agent.
fn for_agent(mut result: CallToolResult) -> CallToolResult {
    result.meta = None;
    result
}

/// Why a call is not made, in words for the agent.
fn said_no(decided: &Decided) -> String {
    let weighed = &decided.weighed;
    let why = weighed.determining.first().and_then(|one| {
        let policy = one["policy"].as_str()?;
        Some(
            one["reason"]
                .as_str()
                .map_or_else(|| format!("policy {policy}"), |reason| format!("{reason} (policy {policy})")),
        )
    });
    let because = why.map(|why| format!(": {why}")).unwrap_or_default();
    let id = &decided.id;
    match (&weighed.decision, &weighed.approval) {
        (Decision::NeedsApproval, Some(approval)) => format!(
            "approval pending, id {}{because}. Nothing was done. Call again with the same arguments once somebody has agreed, until {}; \
             other arguments need another approval. Decision {id}.",
            approval.id, approval.new.expires_at
        ),
        (Decision::Unknown, _) => {
            let missing = weighed.missing.join(", ");
            format!(
                "denied: it cannot be said whether this may be done{because}; not known: {missing}. Nothing was done. Decision {id}."
            )
        }
        _ => {
            let refusal = weighed.refusal.as_ref().map(|refusal| format!("; {refusal}")).unwrap_or_default();
            let hand_over = if weighed.escalate { " Hand over to a person." } else { "" };
            format!("denied{because}{refusal}. Nothing was done.{hand_over} Decision {id}.")
        }
    }
}

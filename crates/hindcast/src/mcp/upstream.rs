//! An upstream, while it is asked something: connected for one question and left again, so that no agent's state is another's.

use super::fingerprint;
use super::line::{ANSWER_BYTES_MAX, Line, Trouble, millis, said};
use crate::catalog::{SeenTool, UPSTREAM_TOOLS_MAX};
use crate::deliver::Guard;
use rmcp::ServiceError;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, ClientConfig,
    Implementation, JsonObject, PaginatedRequestParams, ProtocolVersion, ResultType, Tool,
};
use rmcp::service::{
    ClientInitializeError, ClientLifecycleMode, ClientServiceExt as _, RoleClient, RunningService,
};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use ureq::http::HeaderValue;

/// So many pages of tools are read.
const PAGES_MAX: usize = 20;
/// How long an upstream has to hear that we leave.
const LEAVE_TIME_MAX: Duration = Duration::from_secs(2);

/// See the module.
pub(super) struct Upstream {
    running: RunningService<RoleClient, ClientConfig>,
    trouble: watch::Receiver<Option<Trouble>>,
    timeout: Duration,
}

/// Where an upstream is, and how it is spoken to.
pub(super) struct Where {
    pub url: String,
    pub credential: Option<String>,
    /// For a hindcast: which workspace is meant.
    pub workspace: Option<String>,
    pub timeout: Duration,
}

impl Upstream {
    /// Connects, and agrees on a version of the protocol.
    pub async fn connect(guard: &Arc<Guard>, to: &Where) -> Result<Self, Trouble> {
        match Self::connect_as(guard, to, ClientLifecycleMode::Initialize).await {
            // Whoever knows newer versions alone says so to the handshake of the older ones.
            Err(NotConnected::Handshake(first)) => {
                let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
                let newer = Self::connect_as(guard, to, ClientLifecycleMode::Discover { preferred_versions });
                newer.await.map_err(|_| first)
            }
            Err(NotConnected::Trouble(trouble)) => Err(trouble),
            Ok(connected) => Ok(connected),
        }
    }

    async fn connect_as(
        guard: &Arc<Guard>,
        to: &Where,
        mode: ClientLifecycleMode,
    ) -> Result<Self, NotConnected> {
        let (line, mut trouble) = Line::new(guard, to.timeout);
        let mut config =
            StreamableHttpClientTransportConfig::with_uri(to.url.as_str()).reinit_on_expired_session(false);
        config.auth_header.clone_from(&to.credential);
        if let Some(workspace) = to.workspace.as_deref().and_then(|id| HeaderValue::from_str(id).ok()) {
            config.custom_headers.insert(crate::api::caller::WORKSPACE, workspace);
        }
        let transport = StreamableHttpClientTransport::with_client(line, config);
        let us = Implementation::new("hindcast", env!("CARGO_PKG_VERSION"));
        let us = ClientConfig::new(ClientCapabilities::default(), us);
        let running = within(&mut trouble, to.timeout, us.serve_with_lifecycle(transport, mode)).await;
        // What went wrong with the line says more than what became of the handshake by it.
        let known = trouble.borrow().clone();
        match running.and_then(|running| match (running, known) {
            (Err(_), Some(trouble)) => Err(trouble),
            (running, _) => Ok(running),
        }) {
            Ok(Ok(running)) => Ok(Self { running, trouble, timeout: to.timeout }),
            Ok(Err(ClientInitializeError::JsonRpcError(error))) => {
                Err(NotConnected::Handshake(Trouble::Refused(said(error.message.as_bytes()))))
            }
            Ok(Err(error)) => {
                Err(NotConnected::Handshake(Trouble::Garbage(said(error.to_string().as_bytes()))))
            }
            // Some refuse what they do not know with a status alone.
            Err(trouble @ Trouble::Status { status: 400, .. }) => Err(NotConnected::Handshake(trouble)),
            Err(trouble) => Err(NotConnected::Trouble(trouble)),
        }
    }

    /// The tools it names, as it names them.
    pub async fn listed(&mut self) -> Result<Vec<Tool>, Trouble> {
        let (mut tools, mut cursor) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let asked =
                cursor.take().map(|cursor| PaginatedRequestParams::default().with_cursor(Some(cursor)));
            let page = within(&mut self.trouble, self.timeout, self.running.list_tools(asked)).await?;
            let page = page.map_err(|error| self.trouble_of(error))?;
            tools.extend(page.tools);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        Ok(tools)
    }

    /// The tools it has, and why others that it names are none.
    pub async fn tools(&mut self) -> Result<(Vec<SeenTool>, Vec<String>), Trouble> {
        let (mut seen, mut left_out) = (Vec::<SeenTool>::new(), Vec::new());
        for tool in self.listed().await? {
            let told = serde_json::to_value(&tool).map_err(|error| Trouble::Garbage(error.to_string()))?;
            match fingerprint::seen(&told) {
                Ok(tool) if seen.iter().any(|known| known.name == tool.name) => {
                    left_out.push(format!("{} is named twice", tool.name));
                }
                Ok(tool) if seen.len() < UPSTREAM_TOOLS_MAX => seen.push(tool),
                Ok(tool) => left_out.push(format!("{} is one too many", tool.name)),
                Err(why) => left_out.push(why),
            }
        }
        Ok((seen, left_out))
    }

    /// Calls a tool. When this fails, whether it was called is for [`Trouble`] to say.
    pub async fn call(
        &mut self,
        name: &str,
        arguments: JsonObject,
        timeout: Duration,
    ) -> Result<CallToolResult, Trouble> {
        self.call_as(CallToolRequestParams::new(name.to_owned()).with_arguments(arguments), timeout).await
    }

    /// The same, with what is said of the call.
    pub async fn call_as(
        &mut self,
        asked: CallToolRequestParams,
        timeout: Duration,
    ) -> Result<CallToolResult, Trouble> {
        let answered = within(&mut self.trouble, timeout, self.running.peer().call_tool_once(asked)).await?;
        match answered.map_err(|error| self.trouble_of(error))? {
            CallToolResponse::Complete(mut result) => {
                // Older versions do not say so, and newer clients want to hear it.
                result.result_type = Some(ResultType::COMPLETE);
                let bytes = serde_json::to_vec(&result).map_or(u64::MAX, |text| text.len() as u64);
                if bytes > ANSWER_BYTES_MAX { Err(Trouble::TooLarge) } else { Ok(result) }
            }
            _ => {
                Err(Trouble::Garbage("it wants something first that the gateway does not pass on".to_owned()))
            }
        }
    }

    /// What went wrong with the line, or else what is wrong with the answer.
    fn trouble_of(&self, error: ServiceError) -> Trouble {
        let known = self.trouble.borrow().clone();
        known.unwrap_or_else(|| trouble_of(error))
    }

    /// Leaves, and lets it know where it wants to.
    pub fn leave(mut self) {
        tokio::spawn(async move { drop(self.running.close_with_timeout(LEAVE_TIME_MAX).await) });
    }
}

enum NotConnected {
    /// It may be of another version.
    Handshake(Trouble),
    Trouble(Trouble),
}

/// What comes of something before the line is in trouble, or the time is over.
async fn within<T>(
    trouble: &mut watch::Receiver<Option<Trouble>>,
    timeout: Duration,
    work: impl Future<Output = T>,
) -> Result<T, Trouble> {
    let troubled = async {
        let told = trouble.wait_for(Option::is_some).await.map(|trouble| trouble.clone());
        match told {
            Ok(trouble) => trouble.unwrap_or(Trouble::Broken("the line was closed".to_owned())),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        done = work => Ok(done),
        trouble = troubled => Err(trouble),
        () = tokio::time::sleep(timeout) => Err(Trouble::Slow(millis(timeout))),
    }
}

fn trouble_of(error: ServiceError) -> Trouble {
    match error {
        ServiceError::McpError(error) => Trouble::Refused(said(error.message.as_bytes())),
        ServiceError::UnexpectedResponse => Trouble::Garbage("it answers something else".to_owned()),
        error => Trouble::Broken(said(error.to_string().as_bytes())),
    }
}

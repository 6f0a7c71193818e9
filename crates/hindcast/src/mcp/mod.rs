//! MCP, the Model Context Protocol: assistants read the log through it, agents call tools through it, and simulated agents call tools
//! that are not there.
//!
//! The only room that knows `rmcp` (decision 0023). [`door`] takes one request, whose caller is known by then, and lets a server answer
//! that lives as long as the request: nothing is remembered between two of them. [`log`] is the read-only server over the log. [`gateway`]
//! shows agents the tools of [`upstream`]s that people approved at the [`desk`], and each [`call`] goes through the gate and over a guarded
//! [`line`]; a tool that says something else of itself than was approved has another [`fingerprint`], and is nobody's any more. [`simulated`] tools
//! answer in simulations, and do nothing.

mod bridge;
mod call;
pub(crate) mod desk;
mod door;
mod fingerprint;
mod gateway;
mod line;
mod log;
mod meta;
mod simulated;
pub(crate) mod suspicions;
mod tasks;
mod upstream;

use crate::api::Problem;
use crate::api::Reader;
use crate::api::caller::{Asker, bearer, unauthorized};
use crate::api::lanes::Lanes;
use crate::api::lanes::blocking;
use crate::api::params::InPath;
use crate::app::App;
use axum::Extension;
use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use std::sync::Arc;

pub(crate) use bridge::pass_on;
pub(crate) use tasks::Tasks;

/// The addresses of MCP.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/mcp", post(read_log).get(door::no_stream).delete(door::no_stream))
        .route("/mcp/simulation/{run}", post(simulate).get(door::no_stream).delete(door::no_stream))
        .route("/mcp/{upstream}", post(call_tools).get(door::no_stream).delete(door::no_stream))
}

/// `POST /mcp`: an assistant reads the log.
async fn read_log(
    State(app): State<Arc<App>>,
    reader: Reader,
    Extension(lanes): Extension<Arc<Lanes>>,
    request: Request,
) -> Result<Response, Problem> {
    let lanes_of = lanes.of(&reader.workspace);
    door::answer(&lanes_of, request, log::Log::new(app, reader, lanes)).await
}

/// `POST /mcp/{upstream}`: an agent calls tools of an upstream.
async fn call_tools(
    State(app): State<Arc<App>>,
    asker: Asker,
    Extension(lanes): Extension<Arc<Lanes>>,
    InPath(name): InPath,
    request: Request,
) -> Result<Response, Problem> {
    let (house, workspace) = (app.clone(), asker.workspace.clone());
    let found = blocking(move || Ok(house.catalog.upstream_called(&workspace, &name)?)).await?;
    let upstream = Arc::new(found.ok_or_else(|| Problem::not_found("there is no such upstream"))?);
    let lanes = lanes.of(&asker.workspace);
    let gateway = gateway::Gateway { app, asker, lanes: lanes.clone(), upstream };
    door::answer(&lanes, request, gateway).await
}

/// `POST /mcp/simulation/{run}`: a simulated agent calls tools that are not there, with the token it was given for a conversation.
async fn simulate(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    InPath(run): InPath,
    request: Request,
) -> Result<Response, Problem> {
    let shown = bearer(request.headers())?;
    let visit = app.visits.find(&run, shown);
    let visit = visit.ok_or_else(|| unauthorized("the token is of no conversation that is simulated now"))?;
    door::answer(&lanes, request, simulated::Simulated { visit }).await
}

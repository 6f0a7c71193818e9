//! Which address leads where.

use super::answer::{answer, no_such_method, nowhere};
use super::caller::Callers;
use super::lanes::Lanes;
use super::{
    activities, alert_deeds, alerts, anchors, approvals, articles, backtests, checkpoints, connections,
    connectors, conversations, counts, decide, deliveries, destinations, entries, erasures, events, export,
    health, history, holds, hooks, insights, metrics, openapi, policies, proof, replays, reports, retention,
    rule_lists, rules, simulations, sources, tail, tlog, tokens, tools, upstreams, workflow_runs, workflows,
    workspaces,
};
use crate::app::App;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::{Extension, routing};
use std::sync::Arc;
use tokio::net::TcpListener;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Connections at once; more wait to be taken.
const CONNECTIONS_MAX: usize = 4096;

/// The addresses of `/openapi.json`, with their documentation.
pub(super) fn documented() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(openapi::document())
        .routes(routes!(events::append, entries::search))
        .routes(routes!(entries::one))
        .routes(routes!(proof::proof))
        .routes(routes!(counts::count))
        .routes(routes!(counts::facets))
        .routes(routes!(counts::histogram))
        .routes(routes!(counts::suggest))
        .routes(routes!(tail::tail))
        .routes(routes!(export::export))
        .routes(routes!(reports::list, reports::create))
        .routes(routes!(reports::one))
        .routes(routes!(reports::fetch))
        .routes(routes!(retention::show, retention::change))
        .routes(routes!(retention::preview_of))
        .routes(routes!(retention::run))
        .routes(routes!(holds::list, holds::place))
        .routes(routes!(holds::one, holds::release))
        .routes(routes!(erasures::list, erasures::request))
        .routes(routes!(erasures::one))
        .routes(routes!(erasures::approve))
        .routes(routes!(erasures::reject))
        .routes(routes!(erasures::certificate))
        .routes(routes!(activities::list))
        .routes(routes!(checkpoints::newest))
        .routes(routes!(checkpoints::history))
        .routes(routes!(checkpoints::consistency))
        .routes(routes!(checkpoints::integrity))
        .routes(routes!(anchors::list))
        .routes(routes!(workspaces::list, workspaces::create))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::revoke))
        .routes(routes!(sources::list, sources::create))
        .routes(routes!(sources::one, sources::remove))
        .routes(routes!(sources::pause))
        .routes(routes!(sources::resume))
        .routes(routes!(sources::fetch))
        .routes(routes!(destinations::list, destinations::create))
        .routes(routes!(destinations::one, destinations::change, destinations::delete))
        .routes(routes!(deliveries::test))
        .routes(routes!(deliveries::pause))
        .routes(routes!(deliveries::resume))
        .routes(routes!(deliveries::replay))
        .routes(routes!(deliveries::attempts))
        .routes(routes!(deliveries::dead_letters))
        .routes(routes!(deliveries::days))
        .routes(routes!(alerts::list))
        .routes(routes!(alerts::one))
        .routes(routes!(alerts::evidence))
        .routes(routes!(alert_deeds::acknowledge))
        .routes(routes!(alert_deeds::assign))
        .routes(routes!(alert_deeds::mute))
        .routes(routes!(alert_deeds::resolve))
        .routes(routes!(alert_deeds::reopen))
        .routes(routes!(rules::list, rules::create))
        .routes(routes!(rules::one, rules::change, rules::delete))
        .routes(routes!(rules::check))
        .routes(routes!(backtests::create))
        .routes(routes!(backtests::one, backtests::cancel))
        .routes(routes!(rule_lists::list))
        .routes(routes!(rule_lists::one, rule_lists::fill))
        .routes(routes!(decide::decide))
        .routes(routes!(decide::settings, decide::change_settings))
        .routes(routes!(approvals::list))
        .routes(routes!(approvals::one))
        .routes(routes!(approvals::approve))
        .routes(routes!(approvals::deny))
        .routes(routes!(approvals::cancel))
        .routes(routes!(approvals::comment))
        .routes(routes!(policies::list))
        .routes(routes!(policies::one, policies::save, policies::delete))
        .routes(routes!(policies::activate))
        .routes(routes!(policies::agree))
        .routes(routes!(policies::reject))
        .routes(routes!(policies::versions))
        .routes(routes!(policies::check))
        .routes(routes!(replays::list, replays::create))
        .routes(routes!(replays::one, replays::delete))
        .routes(routes!(replays::cancel))
        .routes(routes!(replays::differences))
        .routes(routes!(replays::junit))
        .routes(routes!(replays::traces::traces))
        .routes(routes!(workflows::list))
        .routes(routes!(workflows::one, workflows::save, workflows::delete))
        .routes(routes!(workflows::activate))
        .routes(routes!(workflows::restore))
        .routes(routes!(workflows::versions))
        .routes(routes!(workflows::check))
        .routes(routes!(workflow_runs::trigger))
        .routes(routes!(workflow_runs::runs))
        .routes(routes!(connectors::list))
        .routes(routes!(connectors::one, connectors::put, connectors::delete))
        .routes(routes!(connectors::test))
        .routes(routes!(tools::list))
        .routes(routes!(tools::one, tools::declare, tools::delete))
        .routes(routes!(upstreams::list, upstreams::create))
        .routes(routes!(upstreams::one, upstreams::delete))
        .routes(routes!(upstreams::refresh))
        .routes(routes!(upstreams::decide))
        .routes(routes!(conversations::list, conversations::import))
        .routes(routes!(conversations::one, conversations::erase))
        .routes(routes!(conversations::tag))
        .routes(routes!(history::show, history::change))
        .routes(routes!(simulations::list, simulations::create))
        .routes(routes!(simulations::one, simulations::delete))
        .routes(routes!(simulations::cases))
        .routes(routes!(simulations::cancel))
        .routes(routes!(simulations::go_on))
        .routes(routes!(articles::list, articles::import))
        .routes(routes!(articles::remove))
        .routes(routes!(insights::list, insights::ask))
        .routes(routes!(insights::one, insights::end))
        .routes(routes!(insights::insight))
        .routes(routes!(tlog::checkpoint))
        .routes(routes!(tlog::vkey))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::metrics))
        .routes(routes!(openapi::openapi))
}

/// Everything we answer.
pub fn router(app: Arc<App>) -> Router {
    let (documented, _) = documented().split_for_parts();
    let lanes = Arc::new(Lanes::new(app.config.limits.tails));
    documented
        // OpenAPI has no word for a part of a path that contains slashes, so this one is documented by hand.
        .route("/w/{workspace}/tile/{level}/{*tile}", routing::get(tlog::tile))
        .method_not_allowed_fallback(no_such_method)
        .merge(crate::intercom::routes())
        .merge(crate::sources::posts::routes())
        .merge(crate::mcp::routes())
        .merge(hooks::routes())
        .merge(connectors::routes())
        .merge(crate::pages::routes(&app))
        .fallback(nowhere)
        // Bodies have limits of their own.
        .layer(DefaultBodyLimit::disable())
        .layer(Extension(lanes))
        .layer(Extension(Arc::new(Callers::default())))
        .layer(from_fn_with_state(app.clone(), answer))
        .with_state(app)
}

/// Answers requests until `ending` comes, then lets what is under way end.
pub async fn serve(
    app: Arc<App>,
    listener: TcpListener,
    ending: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let closing = app.ending.subscribe();
    connections::serve(router(app), listener, CONNECTIONS_MAX, ending, closing).await;
    Ok(())
}

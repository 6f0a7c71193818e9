//! Which address shows which page.

use super::{
    alerts, answer, approvals, assets, charts, conversations, dashboards, entry, evidence, exports, help,
    insights, integrity, integrity_of_entry, join, log, oidc, person, policies, preferences, reference,
    reports, second_factor, settings, setup, share, sign_in, simulations, suggest, tail, views, workflows,
};
use crate::app::App;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use std::sync::Arc;
use tower_http::compression::CompressionLayer;

/// The largest form.
const FORM_BYTES_MAX: usize = 256 * 1024;

/// All pages.
pub fn routes(app: &Arc<App>) -> Router<Arc<App>> {
    let evidence_bytes_max = app.config.limits.evidence_mb << 20;
    Router::new()
        .route("/", get(sign_in::home))
        .route("/setup", get(setup::show).post(setup::set_up))
        .route("/login", get(sign_in::show).post(sign_in::enter))
        .route("/login/code", get(sign_in::show_code).post(sign_in::enter_code))
        .route("/login/second-factor", get(second_factor::show).post(second_factor::enrol))
        .route("/logout", post(sign_in::leave))
        .route("/join/{secret}", get(join::show).post(join::join))
        .route("/preferences/look", post(preferences::look))
        .route("/workspace", post(preferences::switch))
        .route("/log", get(log::show))
        .route("/log/export", get(exports::dialog))
        .route("/exports", get(exports::list).post(exports::begin))
        .route("/exports/{id}/remove", post(exports::remove))
        .route("/exports/{id}/download", get(exports::download))
        .route("/exports/{id}/manifest", get(exports::manifest))
        .route("/log/suggest", get(suggest::suggest))
        .route("/log/values", get(suggest::values))
        .route("/log/tail", get(tail::tail))
        .route("/log/{id}", get(entry::show))
        .route("/log/{id}/verify", post(entry::verify))
        .route("/log/{id}/proof/{file}", get(integrity_of_entry::proof))
        .route("/dashboards/{name}", get(dashboards::show))
        .route("/charts/{file}", get(charts::file))
        .route("/people/{id}", get(person::show))
        .merge(alert_routes())
        .merge(gate_routes())
        .route("/conversations", get(conversations::list).post(conversations::keep))
        .route("/conversations/{id}", get(conversations::show))
        .route("/insights", get(insights::overview).post(insights::ask))
        .route("/insights/{id}/end", post(insights::end))
        .route("/insights/{id}/{nr}", get(insights::show))
        .merge(simulation_routes())
        .merge(workflow_routes())
        .route("/reports", get(reports::list).post(reports::make))
        .route(
            "/reports/verify",
            post(reports::verify).layer(DefaultBodyLimit::max(reports::UPLOAD_BYTES_MAX)),
        )
        .route("/reports/schedules/{id}/remove", post(reports::end_schedule))
        .route("/reports/{id}", get(reports::show))
        .route("/reports/{id}/file/{kind}", get(reports::file))
        .route("/reports/{id}/review", post(reports::review))
        .route("/reports/{id}/remove", post(reports::remove))
        .route("/integrity", get(integrity::show))
        .route("/integrity/verify", post(integrity::verify))
        .route("/integrity/evidence", post(evidence::check).layer(DefaultBodyLimit::max(evidence_bytes_max)))
        .route("/auth/oidc", get(oidc::leave))
        .route("/auth/oidc/callback", get(oidc::come_back))
        .merge(settings_routes(app))
        .route("/views", post(views::save))
        .route("/views/{id}/remove", post(views::remove))
        .route("/my-activity", get(views::mine))
        .route("/help", get(help::home))
        .route("/help/{topic}", get(help::show))
        .route("/docs/api", get(reference::show))
        .route("/assets/{folder}/{name}", get(assets::asset))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(from_fn_with_state(app.clone(), share::share))
        .layer(from_fn_with_state(app.clone(), answer::answer))
        .layer(CompressionLayer::new())
}

fn alert_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/alerts", get(alerts::list).post(alerts::act_on_many))
        .route("/alerts/undo", post(alerts::undo))
        .route("/alerts/rules", get(alerts::list_rules).post(alerts::create))
        .route("/alerts/rules/new", get(alerts::blank))
        .route("/alerts/rules/compare", post(alerts::compare_blank))
        .route("/alerts/rules/test", post(alerts::test_blank))
        .route("/alerts/rules/tests/{id}", get(alerts::show_test))
        .route("/alerts/rules/tests/{id}/cancel", post(alerts::cancel))
        .route("/alerts/rules/lists/{name}", post(alerts::fill))
        .route("/alerts/rules/{key}", get(alerts::show_rule).post(alerts::change))
        .route("/alerts/rules/{key}/switch", post(alerts::switch))
        .route("/alerts/rules/{key}/compare", post(alerts::compare))
        .route("/alerts/rules/{key}/test", post(alerts::test))
        .route("/alerts/rules/{key}/remove", post(alerts::remove))
        .route("/alerts/{id}", get(alerts::show).post(alerts::act))
}

fn gate_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/policies", get(policies::list).post(policies::create))
        .route("/policies/new", get(policies::blank))
        .route("/policies/new/form", get(policies::new_form).post(policies::new_form))
        .route("/policies/check", post(policies::check_blank))
        .route("/policies/settings", post(policies::save_settings))
        .route("/policies/settings/publish", post(policies::save_publish))
        .route("/policies/tools", get(policies::list_tools).post(policies::declare))
        .route("/policies/tools/new", get(policies::blank_tool))
        .route("/policies/tools/of/{name}", get(policies::show_tool))
        .route("/policies/tools/of/{name}/remove", post(policies::forget))
        .route("/policies/{name}", get(policies::show).post(policies::change))
        .route("/policies/{name}/form", get(policies::form).post(policies::form))
        .route("/policies/{name}/versions", get(policies::show_versions))
        .route("/policies/{name}/check", post(policies::check))
        .route("/policies/{name}/activate", post(policies::activate))
        .route("/policies/{name}/agree", post(policies::agree))
        .route("/policies/{name}/reject", post(policies::reject))
        .route("/policies/{name}/remove", post(policies::remove))
        .route("/approvals", get(approvals::list))
        .route("/approvals/{id}", get(approvals::show).post(approvals::act))
}

fn simulation_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/simulations", get(simulations::list).post(simulations::begin))
        .route("/simulations/new", get(simulations::blank))
        .route("/simulations/estimate", post(simulations::estimate))
        .route("/simulations/{id}", get(simulations::show))
        .route("/simulations/{id}/cancel", post(simulations::cancel))
        .route("/simulations/{id}/continue", post(simulations::go_on))
        .route("/simulations/{id}/remove", post(simulations::remove))
        .route("/simulations/{id}/cases", get(simulations::list_cases))
        .route("/simulations/{id}/cases/{nr}", get(simulations::show_case))
        .route("/simulations/{id}/happening", get(simulations::show_happening))
        .route("/simulations/{id}/file/{name}", get(simulations::file))
}

fn workflow_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/workflows", get(workflows::list).post(workflows::create))
        .route("/workflows/new", get(workflows::blank))
        .route("/workflows/check", post(workflows::check_blank))
        .route(
            "/workflows/import",
            get(workflows::blank_import)
                .post(workflows::take_in)
                .layer(DefaultBodyLimit::max(workflows::IMPORT_FORM_BYTES_MAX)),
        )
        .route("/workflows/runs", get(workflows::all_runs))
        .route("/workflows/{name}", get(workflows::show).post(workflows::change))
        .route("/workflows/{name}/check", post(workflows::check))
        .route("/workflows/{name}/activate", post(workflows::activate))
        .route("/workflows/{name}/versions", get(workflows::show_versions))
        .route("/workflows/{name}/restore", post(workflows::restore))
        .route("/workflows/{name}/remove", post(workflows::remove))
        .route("/workflows/{name}/runs", get(workflows::list_runs))
        .route("/workflows/{name}/runs/{id}", get(workflows::show_run))
}

fn settings_routes(app: &App) -> Router<Arc<App>> {
    use settings::{
        connectors, destinations, erasure, general, geo, people, preferences, retention, roles, sign_in,
        sources, system, tokens,
    };
    // Besides the file there is the form around it.
    let geo_bytes_max = (app.config.facts.geo_upload_mb << 20) + FORM_BYTES_MAX;
    Router::new()
        .route("/settings", get(settings::home))
        .route("/settings/general", get(general::show).post(general::save))
        .route("/settings/geo", get(geo::show).post(geo::save))
        .route("/settings/geo/file", post(geo::upload).layer(DefaultBodyLimit::max(geo_bytes_max)))
        .route("/settings/geo/reload", post(geo::reload))
        .route("/settings/geo/{kind}/remove", post(geo::remove))
        .route("/settings/people", get(people::show).post(people::invite))
        .route("/settings/people/invitations/{id}", post(people::withdraw))
        .route("/settings/people/{id}", get(people::member).post(people::change))
        .route("/settings/teams", get(people::teams).post(people::put_team))
        .route("/settings/roles", get(roles::show).post(roles::save))
        .route("/settings/sign-in", get(sign_in::show).post(sign_in::save))
        .route("/settings/sign-in/provider", post(sign_in::save_provider))
        .route("/settings/tokens", get(tokens::show).post(tokens::create))
        .route("/settings/tokens/{id}/revoke", post(tokens::revoke))
        .route("/settings/sources", get(sources::show).post(sources::connect))
        .route("/settings/sources/{id}/{act}", post(sources::act))
        .route("/settings/connectors", get(connectors::list))
        .route("/settings/connectors/{kind}", get(connectors::show).post(connectors::connect))
        .route("/settings/connectors/{kind}/remove", post(connectors::remove))
        .route("/settings/retention", get(retention::show).post(retention::save))
        .route("/settings/retention/apply", post(retention::apply))
        .route("/settings/holds", post(retention::place))
        .route("/settings/holds/{id}/release", post(retention::release))
        .route("/settings/destinations", get(destinations::list).post(destinations::create))
        .route("/settings/destinations/new", get(destinations::blank))
        .route("/settings/destinations/{id}", get(destinations::show))
        .route("/settings/destinations/{id}/change", get(destinations::edit).post(destinations::change))
        .route("/settings/destinations/{id}/{act}", post(destinations::act))
        .route("/settings/erasure", get(erasure::show).post(erasure::request))
        .route("/settings/erasure/second", post(erasure::second))
        .route("/settings/erasure/{id}", post(erasure::decide))
        .route("/settings/erasure/{id}/certificate", get(erasure::certificate))
        .route("/settings/system", get(system::show))
        .route("/settings/preferences", get(preferences::show).post(preferences::save))
        .route("/settings/password", post(preferences::save_password))
        .route("/settings/sessions", post(preferences::end_others))
}

//! Which address shows which page.

use super::{
    answer, assets, entry, integrity_of_entry, join, log, preferences, second_factor, setup, sign_in, views,
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
        .route("/log/{id}", get(entry::show))
        .route("/log/{id}/verify", post(entry::verify))
        .route("/log/{id}/proof/{file}", get(integrity_of_entry::proof))
        .route("/views", post(views::save))
        .route("/views/{id}/remove", post(views::remove))
        .route("/my-activity", get(views::mine))
        .route("/assets/{folder}/{name}", get(assets::asset))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(from_fn_with_state(app.clone(), answer::answer))
        .layer(CompressionLayer::new())
}

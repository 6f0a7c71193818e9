//! `GET /v1/activities`: the activities we know by name.

use super::caller::Reader;
use super::entries::OfWorkspace;
use super::events::json;
use super::params::Params;
use super::schema::Refusals;
use axum::http::StatusCode;
use axum::response::Response;
use bytes::Bytes;
use hindcast_event::Registry;
use serde::Serialize;
use std::sync::LazyLock;
use utoipa::ToSchema;

/// The registry. It describes and never gates: an action that is not in it is a good event.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActivitiesBody {
    /// By category, and then by code.
    activities: Vec<ActivityBody>,
}

/// One thing that can happen.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActivityBody {
    /// The action of an event.
    code: &'static str,
    /// What it is called in lists.
    label: &'static str,
    /// Where it belongs.
    category: &'static str,
    /// The name of the category.
    category_label: &'static str,
    /// The activity type Intercom's clients know it as.
    intercom: Option<&'static str>,
    /// The OCSF class it is exported as.
    ocsf_class: u32,
    /// The activity within that class.
    ocsf_activity: u8,
    /// The metadata it usually carries.
    metadata: Vec<&'static str>,
}

static ACTIVITIES: LazyLock<Bytes> = LazyLock::new(|| {
    let activities = Registry::builtin().all().iter().map(|activity| ActivityBody {
        code: activity.code,
        label: activity.label,
        category: activity.category.code(),
        category_label: activity.category.label(),
        intercom: activity.intercom,
        ocsf_class: activity.ocsf_class,
        ocsf_activity: activity.ocsf_activity,
        metadata: activity.metadata.clone(),
    });
    serde_json::to_vec(&ActivitiesBody { activities: activities.collect() }).unwrap_or_default().into()
});

/// Lists known activities
#[utoipa::path(
    get, path = "/v1/activities", tag = "events", operation_id = "listActivities", params(OfWorkspace),
    responses((status = 200, body = ActivitiesBody), Refusals), security(("token" = [])),
)]
pub async fn list(_: Reader, Params(_): Params<OfWorkspace>) -> Response {
    json(StatusCode::OK, ACTIVITIES.clone())
}

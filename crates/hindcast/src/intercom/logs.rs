//! The activity logs: as a list, as a search, and which types there are.

use super::activity_log::write;
use super::asked::Asked;
use super::client::Client;
use super::next::{base, next};
use super::refusal::Refusal;
use super::{BODY_BYTES_MAX, ask};
use crate::app::App;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use hindcast_event::json::write_string;
use hindcast_event::{Category, Registry};
use std::collections::BTreeSet;
use std::sync::Arc;

/// `GET /admins/activity_logs`
pub async fn list(State(app): State<Arc<App>>, client: Client, uri: Uri, headers: HeaderMap) -> Response {
    let asked = Asked::list(uri.query().unwrap_or_default(), client.version, (app.clock)());
    client.answer(match asked {
        Ok(asked) => page(&app, &client, &uri, &headers, asked).await,
        Err(wrong) => Err(wrong.into()),
    })
}

/// `POST /admins/activity_logs/search`
pub async fn search(
    State(app): State<Arc<App>>,
    client: Client,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let read = || {
        let body = body.map_err(|error| match error.status() {
            status @ StatusCode::PAYLOAD_TOO_LARGE => {
                Refusal::new(status, "client_error", format!("The body may have {BODY_BYTES_MAX} bytes"))
            }
            status => Refusal::new(status, "bad_request", error.body_text()),
        })?;
        Ok(Asked::search(uri.query().unwrap_or_default(), &body, client.version, (app.clock)())?)
    };
    client.answer(match read() {
        Ok(asked) => page(&app, &client, &uri, &headers, asked).await,
        Err(refusal) => Err(refusal),
    })
}

/// `GET /admins/activity_log_event_types`: every type that a client can meet here.
pub async fn event_types(client: Client) -> Response {
    let registry = Registry::builtin();
    // What the server does itself is not among the activities of admins.
    let activities = registry.all().iter().filter(|activity| activity.category != Category::System);
    let types: BTreeSet<_> = activities
        .map(|activity| client.version.activity_type(registry.to_intercom(activity.code)))
        .collect();
    let mut out = b"{\"type\":\"activity_log_event_type.list\",\"event_types\":[".to_vec();
    for (nth, known) in types.into_iter().enumerate() {
        if nth > 0 {
            out.push(b',');
        }
        write_string(known, &mut out);
    }
    out.extend_from_slice(b"]}");
    client.answer(Ok(out))
}

/// One page, with the address of the next.
async fn page(
    app: &Arc<App>,
    client: &Client,
    uri: &Uri,
    headers: &HeaderMap,
    asked: Asked,
) -> Result<Vec<u8>, Refusal> {
    let version = client.version;
    let address = base(&app.config.server, client.caller.peer, uri, headers);
    let uri = uri.clone();
    ask(app, client, move |snapshot, budget| {
        let registry = Registry::builtin();
        let query = asked.query(version, registry);
        let count = query.as_ref().map_or(Ok(0), |query| snapshot.count(query, budget))?;
        let pages = count.div_ceil(asked.per_page as u64);
        let mut out = b"{\"type\":\"activity_log.list\",\"pages\":{\"type\":\"pages\",\"next\":".to_vec();
        if asked.page < pages {
            let mut set =
                vec![("page", to_number(asked.page + 1)), ("per_page", to_number(asked.per_page as u64))];
            set.extend(asked.settled(snapshot.newest_received(budget)?));
            write_string(&next(&address, uri.path(), uri.query().unwrap_or_default(), &set), &mut out);
        } else {
            out.extend_from_slice(b"null");
        }
        let numbers =
            format!(",\"page\":{},\"per_page\":{},\"total_pages\":{pages}}}", asked.page, asked.per_page);
        out.extend_from_slice(numbers.as_bytes());
        out.extend_from_slice(b",\"activity_logs\":[");
        if let Some(query) = query.filter(|_| asked.offset() < count) {
            let entries = snapshot.slice(&query, asked.offset(), asked.per_page, budget)?;
            for (nth, entry) in entries.iter().enumerate() {
                if nth > 0 {
                    out.push(b',');
                }
                write(&entry, version, registry, &mut out)?;
            }
        }
        out.extend_from_slice(b"]}");
        Ok(out)
    })
    .await
}

fn to_number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

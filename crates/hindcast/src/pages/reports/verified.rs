//! Shows whether a file is a report as it was made: its SHA-256 is looked up among the entries about reports.

use super::{Verified, whole};
use crate::api::Problem;
use crate::api::lanes::{Lanes, blocking};
use crate::app::App;
use crate::pages::answer::page;
use crate::pages::refusal::Refusal;
use crate::pages::safe::short;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use axum::Extension;
use axum::extract::{Multipart, State};
use axum::response::Response;
use hindcast_event::Timestamp;
use hindcast_segments::query::{ParseContext, Query};
use hindcast_segments::{Budget, SearchError, Sight, Snapshot};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// A larger file is no report.
pub const UPLOAD_BYTES_MAX: usize = 256 << 20;

/// A report that the log says was made.
struct Known {
    name: String,
    at: Timestamp,
    index: u64,
}

/// `POST /reports/verify`
pub async fn verify(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    mut form: Multipart,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadReports)?;
    let unreadable = |_| Problem::parameter("file", "the file could not be read, or is too large");
    let mut hash = Sha256::new();
    let mut is_there = false;
    while let Some(mut field) = form.next_field().await.map_err(unreadable)? {
        if field.name() != Some("file") {
            continue;
        }
        while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
            is_there |= !chunk.is_empty();
            hash.update(&chunk);
        }
    }
    let sha256 = crate::hex::hex(&hash.finalize());
    // Whoever has the file knows what it says; where and when it was made is not kept from them.
    let snapshot = visitor.room(&app)?.seen_by(&Arc::new(Sight::default()));
    let known = lanes.query(&app, move |budget| Ok(find(&snapshot, &sha256, budget)?)).await?;
    let verified = told(&visitor, known.filter(|_| is_there), is_there);
    let shown = blocking(move || whole(&app, &visitor, super::usual(&visitor), Some(verified))).await?;
    page(&shown)
}

fn told(visitor: &Visitor, known: Option<Known>, is_there: bool) -> Verified {
    let t = visitor.guest.text;
    match known {
        Some(Known { name, at, index }) => {
            let when = format!("{}, {}", visitor.clock.time(at), visitor.clock.zone_shown(at));
            let entry = (format!("/log/{index}"), t.report_verify_entry(index.to_string()).into_owned());
            Verified {
                is_good: true,
                told: t.report_verify_found(name, when).into_owned(),
                entry: Some(entry),
            }
        }
        None => {
            let told = if is_there { t.report_verify_unknown() } else { t.report_verify_none() };
            Verified { is_good: false, told: told.into_owned(), entry: None }
        }
    }
}

/// The report with this checksum, as the server itself noted it.
fn find(snapshot: &Snapshot, sha256: &str, budget: &Budget) -> Result<Option<Known>, SearchError> {
    let query =
        Query::parse("action:report.created kind:system", &ParseContext::default()).unwrap_or_default();
    let mut known = None;
    snapshot.each_piece(&query, budget, |entries| {
        for entry in entries.iter() {
            let Ok(view) = entry.event.view() else { continue };
            let is_it = view.metadata.iter().any(|(name, json)| {
                matches!(*name, "sha256" | "json_sha256") && json.trim_matches('"') == sha256
            });
            if is_it {
                let target: Value =
                    view.targets.first().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
                let name = short(target["name"].as_str().unwrap_or_default());
                known = Some(Known { name, at: entry.received_at, index: entry.index });
            }
        }
        Ok::<_, SearchError>(())
    })?;
    Ok(known)
}

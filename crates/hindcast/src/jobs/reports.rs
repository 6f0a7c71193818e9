//! Reports that people had made: written by a thread of their own, while whoever asked watches, and kept as PDF and JSON.
//!
//! One is under way for each workspace, and [`MAKING_MAX`] on a server. What a server had begun when it ended is not made; its
//! reader asks again. Files are private to the server and go after [`KEPT_MICROS`]. That a report was made is an entry with
//! the checksums of its files, so that one can be shown to be that which was made.

use super::exports::digest;
use super::operation::{Begun, Ended, Operation, Work};
use crate::app::App;
use crate::catalog::{By, Report};
use crate::nodes::Job;
use crate::paper::{Document, pdf};
use crate::reports::{Asked, Template, write};
use crate::rooms::Room;
use anyhow::{Context as _, bail, ensure};
use hindcast_event::{Language, Timestamp};
use hindcast_segments::query::Query;
use hindcast_segments::{Budget, Sight};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A report is kept for 400 days, so that a year can be looked at as a whole.
pub const KEPT_MICROS: i64 = 400 * 86_400_000_000;
/// Reports that are being made at once.
const MAKING_MAX: usize = 2;
/// Reports of a workspace that are kept.
const KEPT_MAX: usize = 1_000;
/// A report that takes longer is broken off.
const TIME_MAX: Duration = Duration::from_secs(3600);

/// How many reports are being made here.
#[derive(Default)]
pub struct Reports(AtomicUsize);

/// A report that is being made, or could not be; what is made is in the list.
pub(crate) type Making = Operation<Template, ()>;

/// What somebody wants.
pub struct Order {
    /// What is read.
    pub room: Arc<Room>,
    /// As what.
    pub template: Template,
    /// From when, and until before when.
    pub time: (Timestamp, Timestamp),
    /// What it is narrowed to besides.
    pub narrowed: Query,
    /// In which language.
    pub language: Language,
    /// What they see.
    pub sight: Arc<Sight>,
    /// Who wants it.
    pub by: By,
    /// Who gets it by mail, addresses separated by commas; empty when nobody does.
    pub mail_to: String,
}

/// Counts as one that is being made.
struct Place(Arc<App>);

impl Place {
    fn take(app: &Arc<App>) -> Option<Self> {
        let place = Self(app.clone());
        (app.reports.0.fetch_add(1, Ordering::Relaxed) < MAKING_MAX).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.reports.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Begins a report, and says which it will be; nothing while others are being made.
pub fn begin(app: &Arc<App>, order: Order) -> anyhow::Result<Option<String>> {
    let Some(place) = Place::take(app) else { return Ok(None) };
    let budget = Budget::new(TIME_MAX, u64::MAX);
    let begun =
        Work::begin(app, &order.room.id, Job::Report, &order.template, budget.cancel_flag(), |_| true)?;
    let Begun::Anew(work) = begun else { return Ok(None) };
    let (app, id) = (app.clone(), work.id.clone());
    std::thread::Builder::new().name("report".to_owned()).spawn(move || {
        let made = make(&app, &order, &work.id, &budget, &|percent| work.tell(percent, 100));
        let ended = match made {
            Ok(()) => Ended::Done(()),
            Err(_) if work.is_cancelled() => Ended::Cancelled,
            Err(error) => {
                tracing::warn!(report = work.id, error = format!("{error:#}"), "a report was not made");
                Ended::Failed("it could not be made".to_owned())
            }
        };
        // Whoever hears that it is over may ask for the next.
        drop(place);
        work.end(&ended);
    })?;
    Ok(Some(id))
}

/// Makes a report here and now, for whoever does not watch.
pub fn make_now(app: &App, order: &Order) -> anyhow::Result<()> {
    let mut random = [0; 10];
    getrandom::fill(&mut random)?;
    let budget = Budget::new(TIME_MAX, u64::MAX);
    make(app, order, &crate::hex::hex(&random), &budget, &|_| !*app.ending.borrow())
}

/// Makes a report. `tell` hears how much is done, in a hundred parts, and says whether to go on.
fn make(
    app: &App,
    order: &Order,
    id: &str,
    budget: &Budget,
    tell: &dyn Fn(u64) -> bool,
) -> anyhow::Result<()> {
    let workspace = &order.room.id;
    ensure!(app.catalog.reports(workspace)?.len() < KEPT_MAX, "the workspace has {KEPT_MAX} reports already");
    let reader = order.by.actor["name"].as_str().unwrap_or_default();
    let asked = Asked {
        workspace,
        template: order.template,
        time: order.time,
        narrowed: &order.narrowed,
        language: order.language,
        reader,
        sight: &order.sight,
    };
    let snapshot = order.room.seen_by(&order.sight);
    let done = |percent| {
        tell(percent);
    };
    let written = write(app, &asked, &snapshot, budget, &done)?;
    let json = serde_json::to_vec(&written.document)?;
    let bytes = pdf(&written.document, app.fonts(), &mut || tell(85))?;
    ensure!(tell(95), "nobody waits for it any more");
    let report = Report {
        id: id.to_owned(),
        workspace: workspace.clone(),
        template: order.template.as_str().to_owned(),
        time: order.time,
        query: order.narrowed.to_string(),
        language: order.language,
        made_by: reader.to_owned(),
        sight: digest(&order.sight),
        entries: written.entries,
        sha256: crate::hex::hex(&Sha256::digest(&bytes)),
        json_sha256: crate::hex::hex(&Sha256::digest(&json)),
        bytes: bytes.len() as u64,
        created_at: written.document.made_at,
    };
    keep(app, &report, "json", &json)?;
    keep(app, &report, "pdf", &bytes)?;
    let proof = written.proof.map(|proof| (proof.size, proof.root)).unzip();
    let about = json!({
        "template": report.template,
        "from": report.time.0.to_string(),
        "until": report.time.1.to_string(),
        "query": report.query,
        "language": report.language.code(),
        "entries": report.entries,
        "sha256": report.sha256,
        "json_sha256": report.json_sha256,
        "size": proof.0,
        "root": proof.1,
    });
    let target = json!([{ "type": "report", "id": report.id, "name": written.document.title }]);
    app.catalog.add_report(&report, &order.by.event("report.created", target, about), &order.mail_to)?;
    app.post();
    Ok(())
}

const FOLDER: &str = "reports";
const KINDS: [&str; 2] = ["pdf", "json"];

fn name(id: &str, kind: &str) -> String {
    format!("{FOLDER}/{id}.{kind}")
}

/// The file of a report; `kind` is `pdf` or `json`.
pub fn bytes(app: &App, id: &str, kind: &str) -> io::Result<Vec<u8>> {
    std::fs::read(app.files.here(&name(id, kind))?)
}

fn keep(app: &App, report: &Report, kind: &str, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::create_dir_all(app.files.path(FOLDER))?;
    let name = name(&report.id, kind);
    let target = app.files.path(&name);
    let part = target.with_extension("part");
    let mut out = File::options().create(true).truncate(true).write(true).mode(0o600).open(&part)?;
    out.write_all(bytes)?;
    out.sync_all()?;
    std::fs::rename(&part, &target).context("the file of a report")?;
    Ok(app.files.keep(&name)?)
}

/// What a report says, as it was made.
pub fn read(app: &App, report: &Report) -> anyhow::Result<Document> {
    let json = bytes(app, &report.id, "json")?;
    if crate::hex::hex(&Sha256::digest(&json)) != report.json_sha256 {
        bail!("the file of report {} is not what was written", report.id);
    }
    Ok(serde_json::from_slice(&json)?)
}

/// Removes a report with its files; those first, because what is not in the catalog is not removed again.
pub fn remove(app: &App, id: &str) -> anyhow::Result<()> {
    KINDS.iter().try_for_each(|kind| app.files.remove(&name(id, kind)))?;
    app.catalog.forget_report(id)?;
    Ok(())
}

/// Removes what is old.
pub fn remove_old(app: &App) -> anyhow::Result<()> {
    let before = Timestamp::from_micros((app.clock)().micros() - KEPT_MICROS);
    app.catalog.old_reports(before)?.iter().try_for_each(|id| remove(app, id))
}

/// Removes files that no report has, such as one that was being written when the server was killed.
pub fn sweep(app: &App) -> anyhow::Result<()> {
    let known = app.catalog.report_ids()?;
    let known = known.iter().flat_map(|id| KINDS.map(|kind| name(id, kind))).collect();
    Ok(app.files.sweep(FOLDER, &known)?)
}

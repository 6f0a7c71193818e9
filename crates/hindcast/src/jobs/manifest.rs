//! The manifest of an export: a small JSON beside the file that says what it is, so that it can be filed, compared and
//! checked long after the server forgot it.

use crate::app::App;
use crate::catalog::Export;
use hindcast_event::Timestamp;
use hindcast_segments::query::Query;
use hindcast_segments::{Budget, Snapshot};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// What `manifest` says.
const VERSION: &str = "hindcast-export/1";

/// What an export is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// [`VERSION`].
    manifest: String,
    /// The log it was taken from.
    pub origin: String,
    /// What was asked for, in the search grammar.
    pub query: String,
    /// The layout.
    pub format: String,
    /// How many entries it has; in a bundle, those that are open.
    pub rows: u64,
    /// The first and the last index that the query found.
    pub indexes: Option<[u64; 2]>,
    /// When the first and the last of them happened.
    pub occurred_at: Option<[String; 2]>,
    /// When they were received.
    pub received_at: Option<[String; 2]>,
    /// The size of the file.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// The newest signed checkpoint when it was written.
    pub checkpoint: Option<String>,
    /// Who asked for it: id, name and email address.
    pub asked_by: [String; 3],
    /// When they did.
    pub asked_at: String,
    /// When it was written.
    pub made_at: String,
}

impl Manifest {
    /// The manifest of an export, but for its file.
    pub fn of(
        app: &App,
        export: &Export,
        seen: &Snapshot,
        query: &Query,
        budget: &Budget,
    ) -> anyhow::Result<Self> {
        let (mut indexes, mut occurred, mut received) = (None, None, None);
        seen.each_place(query, budget, |place| {
            widen(&mut indexes, place.index);
            widen(&mut occurred, place.occurred_at);
            widen(&mut received, place.received_at);
        })?;
        let times = |between: Option<[Timestamp; 2]>| between.map(|times| times.map(|at| at.to_string()));
        let person = app.catalog.person(&export.person)?;
        let (name, email) = person.map_or_else(Default::default, |person| (person.name, person.email));
        Ok(Self {
            manifest: VERSION.to_owned(),
            origin: app.ledger.head(&export.workspace)?.origin,
            query: query.to_string(),
            format: export.format.clone(),
            rows: 0,
            indexes,
            occurred_at: times(occurred),
            received_at: times(received),
            bytes: 0,
            sha256: String::new(),
            checkpoint: app.ledger.published(&export.workspace)?.map(|(_, note)| note.to_string()),
            asked_by: [export.person.0.clone(), name, email],
            asked_at: export.created_at.to_string(),
            made_at: (app.clock)().to_string(),
        })
    }

    /// The same, with what is known once the file is written.
    pub fn finished(self, rows: u64, bytes: u64, sha256: &str) -> Self {
        Self { rows, bytes, sha256: sha256.to_owned(), ..self }
    }

    /// Writes it; it is on disk before the export counts as ready.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut json = serde_json::to_vec_pretty(self)?;
        json.push(b'\n');
        let mut file = File::options().create(true).truncate(true).write(true).mode(0o600).open(path)?;
        file.write_all(&json)?;
        Ok(file.sync_all()?)
    }

    /// Reads it, if there is one: exports written by an older hindcast have none.
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }
}

/// Takes one more into the first and the last.
fn widen<T: Ord + Copy>(between: &mut Option<[T; 2]>, one: T) {
    let [first, last] = between.unwrap_or([one, one]);
    *between = Some([first.min(one), last.max(one)]);
}

//! The server is killed again and again while it erases, and in the end nothing of the value is in any file.
//!
//! What an erasure does shows in the folder: a segment appears, the manifest, a segment in the place of another, an export
//! is gone. Between any two such signs it is killed equally often, at moments spread over the time that lies between them
//! on this machine. Only kills within the erasure count; what was reached is read from what is left behind.
//!
//! `HINDCAST_ERASE_ROUNDS` says how often (30); `./test` runs it.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

#[path = "../../../tests/canary.rs"]
mod canary;

use hindcast::app::App;
use hindcast::catalog::{By, Decision, Erasure, ErasureState, Export, ExportState, NewErasure, NewExport};
use hindcast::catalog::{NewPerson, Preferences, Report};
use hindcast::config::Config;
use hindcast::erasure::carry_out;
use hindcast::rooms::Room;
use hindcast::verify::verify_room;
use hindcast_event::{Kind, Language, Timestamp};
use hindcast_ledger::WorkspaceId;
use hindcast_segments::Budget;
use hindcast_segments::query::{ParseContext, Query};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const CANARY: &str = "zanzibar-4711";
/// Entries that name the person, among others.
const NAMED: u64 = 150;
/// So many of them are in each segment; the last ones are still in the journal when it begins.
const NAMED_PER_SEGMENT: u64 = 40;
const SEGMENTS: usize = NAMED.div_ceil(NAMED_PER_SEGMENT) as usize;
/// Exports and reports that have the value.
const EXPORTS: usize = 2;
const REPORTS: usize = 1;
/// How often it is watched undisturbed.
const WATCHED: usize = 3;
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
#[ignore = "takes minutes; ./test runs it"]
fn wherever_it_is_killed_nothing_of_the_value_is_left() {
    let wanted: usize =
        std::env::var("HINDCAST_ERASE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(30);
    let root = tempfile::tempdir().expect("a folder");
    let story = Story::begin(root.path());
    let stages = story.stages();
    println!("undisturbed: {}", told(stages.iter().map(|stage| format!("{stage:.0?}"))));
    let mut reached: BTreeMap<Phase, usize> = BTreeMap::new();
    let (begun, mut within, mut round) = (Instant::now(), 0, 0);
    while within < wanted {
        // What falls beside it is checked too, but is not what was asked for.
        assert!(round < 2 * wanted, "only {within} of {round} kills fell within the erasure: {reached:?}");
        let phase = story.kill_and_check(&stages, round);
        within += usize::from(phase.is_within());
        round += 1;
        *reached.entry(phase).or_default() += 1;
    }
    let phases = told(reached.iter().map(|(phase, count)| format!("{phase:?} {count}")));
    println!("{round} kills in {:.0?}, {within} of them within the erasure: {phases}", begun.elapsed());
}

/// What the erasure was at when the server was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Before,
    /// What is in the journal is packed, and it is worked out what goes.
    Manifest,
    Notice,
    Segments,
    Journal,
    Exports,
    Reports,
    Certificate,
    After,
}

impl Phase {
    fn is_within(self) -> bool {
        !matches!(self, Self::Before | Self::After)
    }

    /// What can be told from what the server left; `signs` were seen before anything was opened.
    fn left(app: &App, room: &Room, erasure: &Erasure, signs: usize) -> Self {
        let counted = |query: &str| {
            let query = Query::parse(query, &ParseContext::default()).expect("a query");
            room.store.snapshot().count(&query, &Budget::unlimited()).expect("counted")
        };
        let metas = room.store.metas();
        let exports = app.catalog.exports_of(&room.id).expect("read").len();
        let reports = app.catalog.reports(&room.id).expect("read").len();
        let mark = app.catalog.mark(room.id.as_str(), &format!("erased-{}", erasure.id)).expect("read");
        if erasure.state == ErasureState::Done {
            Self::After
        } else if mark.is_some() {
            Self::Certificate
        } else if reports < REPORTS {
            Self::Reports
        } else if exports < EXPORTS {
            Self::Exports
        } else if metas.iter().filter(|meta| is_written_anew(&meta.id)).count() == SEGMENTS {
            Self::Journal
        } else if counted("kind:erasure_notice") > 0 {
            Self::Segments
        } else if manifest(&app.config.data.keys, &room.id, &erasure.id).exists() {
            Self::Notice
        } else if signs > 0 {
            Self::Manifest
        } else {
            Self::Before
        }
    }
}

/// A folder in which somebody is to be erased, of which each round has a copy.
struct Story {
    root: PathBuf,
    workspace: WorkspaceId,
    erasure: String,
}

impl Story {
    fn begin(root: &Path) -> Self {
        let template = root.join("template");
        let (workspace, erasure) = furnish(&template);
        assert!(has_canary(&template), "or the test proves nothing");
        Self { root: root.to_owned(), workspace, erasure }
    }

    /// How long it takes from each sign to the next: the middle one of those that were watched.
    fn stages(&self) -> Vec<Duration> {
        let watched: Vec<Vec<Duration>> = (0..WATCHED).map(|_| self.undisturbed()).collect();
        let stages = 0..watched[0].len();
        stages
            .map(|stage| {
                let mut took: Vec<_> = watched.iter().map(|stages| stages[stage]).collect();
                took.sort_unstable();
                took[took.len() / 2]
            })
            .collect()
    }

    fn undisturbed(&self) -> Vec<Duration> {
        let home = self.copy();
        let server = Server::start(&home);
        let times: Vec<Instant> = (1..=SIGNS)
            .map(|sign| {
                server.wait_until(|| self.signs(&home) >= sign);
                Instant::now()
            })
            .collect();
        server.wait_until(|| server.log().contains("erased"));
        drop(server);
        let ends = times.iter().skip(1).copied().chain([Instant::now()]);
        times.iter().zip(ends).map(|(begin, end)| end - *begin).collect()
    }

    /// One round: killed in a stage, at a moment no other round has.
    fn kill_and_check(&self, stages: &[Duration], round: usize) -> Phase {
        let home = self.copy();
        let server = Server::start(&home);
        server.wait_until(|| self.signs(&home) > round % stages.len());
        // The golden ratio spreads them, however many there are; squared, because the short steps come first.
        let moment = ((round / stages.len()) as f64 * 0.618_033_988_75 % 1.0).powi(2);
        std::thread::sleep(stages[round % stages.len()].mul_f64(moment));
        drop(server);
        let phase = self.bring_to_its_end(&home, round);
        std::fs::remove_dir_all(&home).expect("removed");
        phase
    }

    fn copy(&self) -> PathBuf {
        let home = self.root.join("copy");
        // One that was only watched may be there.
        let _removed = std::fs::remove_dir_all(&home);
        let copied =
            Command::new("cp").arg("-a").arg(self.root.join("template")).arg(&home).status().expect("ran");
        assert!(copied.success());
        let settings = format!(
            "[data]\nfolder = {:?}\nkeys = {:?}\n[segments]\nseal_after_minutes = 1000\n",
            home.join("data"),
            home.join("keys")
        );
        std::fs::write(home.join("hindcast.toml"), settings).expect("written");
        home
    }

    /// How many of the [`SIGNS`] can be seen.
    fn signs(&self, home: &Path) -> usize {
        let data = home.join("data");
        let segments = names(&data.join("segments").join(self.workspace.as_str()));
        let written_anew = segments.iter().filter(|id| is_written_anew(id)).count();
        let has_manifest = manifest(&home.join("keys"), &self.workspace, &self.erasure).exists();
        let is_packed = written_anew > 0 || segments.len() >= SEGMENTS;
        let gone = |kind: &str, files: usize| files - names(&data.join(kind)).len();
        usize::from(is_packed)
            + usize::from(has_manifest)
            + written_anew
            + gone("exports", EXPORTS)
            + gone("reports", 2 * REPORTS)
    }

    fn bring_to_its_end(&self, home: &Path, round: usize) -> Phase {
        let signs = self.signs(home);
        let app = App::open(config(home)).expect("opens");
        let room = app.rooms.get(&self.workspace).expect("there");
        let erasure = app.catalog.erasures(&self.workspace).expect("read").remove(0);
        let phase = Phase::left(&app, &room, &erasure, signs);
        for erasure in app.catalog.erasures_to_do().expect("read") {
            carry_out(&app, &room, erasure).expect("carried out");
        }
        assert_eq!(canary::found_in(home, &[CANARY]), [], "round {round}, {phase:?}, while it runs");
        let verified = verify_room(&app, &room, |_, _| {}).expect("read");
        assert_eq!(verified.problems, Vec::<String>::new(), "round {round}, {phase:?}");
        assert_eq!(verified.partial, NAMED, "round {round}, {phase:?}");
        let told = 3 + (EXPORTS + REPORTS) as u64; // Asked, decided, done; and of each export and report.
        assert_eq!(verified.entries, 2 * NAMED + told, "round {round}, {phase:?}");
        let certificate = app.catalog.erasures(&self.workspace).expect("read").remove(0).certificate;
        assert!(certificate.contains("hindcast-erasure/1"), "round {round}, {phase:?}");
        app.close();
        drop((room, app));
        assert_eq!(canary::found_in(home, &[CANARY]), [], "round {round}, {phase:?}");
        phase
    }
}

/// What can be seen of an erasure: the journal is packed, there is a manifest, each segment was written anew, each file of
/// an export or a report is gone.
const SIGNS: usize = 2 + SEGMENTS + EXPORTS + 2 * REPORTS;

/// What takes the place of a segment has its name and a number.
fn is_written_anew(id: &str) -> bool {
    id.matches('-').count() == 2 && !id.starts_with("tmp-")
}

fn manifest(keys: &Path, workspace: &WorkspaceId, erasure: &str) -> PathBuf {
    keys.join("erasures").join(workspace.as_str()).join(format!("{erasure}.json"))
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(children) = std::fs::read_dir(folder) else { return Vec::new() };
    children.flatten().map(|child| child.file_name().to_string_lossy().into_owned()).collect()
}

fn has_canary(folder: &Path) -> bool {
    !canary::found_in(folder, &[CANARY]).is_empty()
}

fn told(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

fn config(home: &Path) -> Config {
    let mut config = Config::load(None).expect("the defaults");
    (config.data.folder, config.data.keys) = (home.join("data"), home.join("keys"));
    config
}

/// A data folder in which somebody is named in several segments, exports and reports, and their erasure is agreed to.
fn furnish(home: &Path) -> (WorkspaceId, String) {
    std::fs::create_dir_all(home).expect("made");
    let app = App::open(config(home)).expect("opens");
    let workspace = app.create_workspace("Main", &By::server()).expect("made").id;
    let room = app.rooms.get(&workspace).expect("there");
    for nth in 0..NAMED {
        if nth > 0 && nth % NAMED_PER_SEGMENT == 0 {
            hindcast::erasure::seal(&app, &room).expect("sealed");
        }
        for id in [CANARY, "somebody-else"] {
            let draft = json!({
                "action": "note.added", "actor": { "type": "user", "id": id }, "metadata": { "nth": nth, "of": id },
            });
            app.record(&workspace, Kind::Event, &draft).expect("appended");
        }
    }
    put_files(&app, &workspace);
    let new = NewErasure {
        selector: format!(r#"{{"person":{{"ids":["{CANARY}"],"texts":[]}}}}"#),
        basis: "gdpr_art_17".to_owned(),
        reference: String::new(),
    };
    let id = app
        .catalog
        .request_erasure(&workspace, &new, None, Timestamp::default(), &By::server())
        .expect("kept");
    let asked = app.catalog.erasure(&workspace, &id).expect("read").expect("there");
    let room = app.rooms.get(&workspace).expect("there");
    hindcast::erasure::count(&app, &room, asked).expect("counted");
    let decided = app.catalog.decide_erasure(&workspace, &id, Decision::AgreeAlone, &By::command_line());
    assert_eq!(decided.expect("asked"), Ok(()));
    app.close();
    (workspace, id)
}

/// Exports and reports that were finished before; what goes does not depend on what is in them.
fn put_files(app: &App, workspace: &WorkspaceId) {
    let (now, language) = ((app.clock)(), Language::English);
    let about = By::server().event("log.exported", json!([]), json!({}));
    let put = |kind: &str, name: &str| {
        let folder = app.config.data.folder.join(kind);
        std::fs::create_dir_all(&folder).expect("made");
        std::fs::write(folder.join(name), format!("about {CANARY}")).expect("written");
    };
    let new = NewPerson {
        email: "ana@northwind.example".to_owned(),
        name: "Ana".to_owned(),
        password: None,
        preferences: Preferences::default(),
    };
    let added = app.catalog.add_person(&new, &[], "agent.joined", |_| By::server(), now);
    let person = added.expect("kept").expect("new");
    for _ in 0..EXPORTS {
        let (query, format) = ("", "csv");
        let new = NewExport { workspace, person: &person, query, format, language, rows: NAMED };
        app.catalog.queue_export(&new, &about, now).expect("queued");
        let begun = app.catalog.begin_export(None, "here", now).expect("read").expect("queued");
        put("exports", &begun.id);
        let ready = Export { state: ExportState::Ready, finished_at: Some(now), ..begun };
        assert!(app.catalog.end_export(&ready, "here").expect("kept"));
    }
    for nth in 0..REPORTS {
        let report = Report {
            id: format!("report-{nth}"),
            workspace: workspace.clone(),
            template: "gdpr".to_owned(),
            time: (now, now),
            query: String::new(),
            language,
            made_by: new.name.clone(),
            sight: String::new(),
            entries: NAMED,
            sha256: String::new(),
            json_sha256: String::new(),
            bytes: 0,
            created_at: now,
        };
        app.catalog.add_report(&report, &about, "").expect("kept");
        ["pdf", "json"].into_iter().for_each(|kind| put("reports", &format!("{}.{kind}", report.id)));
    }
}

/// The real program; killed when it is dropped, as hard as can be.
struct Server {
    child: Child,
    log: PathBuf,
}

impl Server {
    fn start(home: &Path) -> Self {
        let log = home.join("log");
        let child = Command::new(env!("CARGO_BIN_EXE_hindcast"))
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(home.join("hindcast.toml"))
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).expect("made"))
            .spawn()
            .expect("started");
        Self { child, log }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("read")
    }

    /// Looks as often as the clock of the machine allows: a stage may last a few milliseconds.
    fn wait_until(&self, is_so: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < PATIENCE, "it was never erased: {}", self.log());
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _waited = self.child.wait();
    }
}

//! A storage that refuses, is slow, breaks off, or lists what was a while ago.

use crate::between::{Between, Mood};
use crate::database::Database;
use crate::garage::Garage;
use crate::site::{Outcome, Site, code, settings, unsealed, wait_for};
use hindcast::catalog::{By, Catalog, Decision, Erasure, ErasureState, NewErasure};
use hindcast::config::Config;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const SEAL_ENTRIES: usize = 100;
const SERVERS: usize = 2;
const ALL: &str = "/v1/count?q=action:test.written";

/// What servers share.
struct Shared {
    database: Database,
    garage: Garage,
    between: Between,
}

impl Shared {
    /// Nothing where there is no PostgreSQL or no garage.
    fn start() -> Option<Self> {
        let database = Database::start()?;
        let garage = Garage::start()?;
        let between = Between::start(garage.port());
        Some(Self { database, between, garage })
    }

    fn settings(&self, garage: &Garage) -> String {
        settings(&self.database.address(), &garage.settings_by(self.between.port()), SEAL_ENTRIES)
    }

    /// Segments that count, by the names of their folders.
    fn named(&self) -> BTreeSet<String> {
        let mut client = self.database.config().connect(postgres::NoTls).expect("connected");
        let rows = client.query("SELECT workspace || '/' || name FROM hindcast.segment", &[]).expect("read");
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Segments that have files in the storage.
    fn kept(&self) -> BTreeSet<String> {
        let objects = self.between.objects();
        let segment = |object: &String| {
            let (_, rest) = object.split_once("/segments/")?;
            let mut parts = rest.split('/');
            Some(format!("{}/{}", parts.next()?, parts.next()?))
        };
        objects.iter().filter_map(segment).collect()
    }
}

/// Appends at each of the servers in turn; all of it is taken.
fn append_everywhere(site: &Site, writer: &str) {
    for batch in 0..20 {
        let outcome = site.append(batch % SERVERS, writer, batch, 10);
        assert_eq!(outcome, Outcome::Taken, "{}", site.log(batch % SERVERS));
    }
}

/// A server has none of the copies it brought.
fn forget_copies(site: &Site, node: usize) {
    let _none = std::fs::remove_dir_all(site.home(node).join("data/segments"));
}

/// What a server answers to whoever counts everything: all of it, or that it cannot be had now.
fn count(site: &Site, node: usize) -> Option<u64> {
    let begun = Instant::now();
    let (status, text) = site.ask(node, ALL);
    println!("  counted at {node}: {status} after {:.1?}", begun.elapsed());
    match status {
        200 => {
            let found: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            let found = found["count"].as_u64().expect("a count");
            assert_eq!(found, site.acknowledged() as u64, "something is missing, and nobody says so");
            Some(found)
        }
        503 => {
            assert_eq!(code(&text), "unavailable", "{text}");
            None
        }
        _ => panic!("{status}: {text}"),
    }
}

#[test]
#[ignore = "takes a minute; ./test runs it"]
fn while_the_storage_refuses_is_slow_or_breaks_off_appends_go_on_and_searches_leave_nothing_out() {
    let Some(shared) = Shared::start() else { return };
    let settings = shared.settings(&shared.garage);
    let mut site = Site::furnish(&[settings.clone(), settings]);
    let mut servers = site.open();
    append_everywhere(&site, "before");
    wait_for("entries lie in the storage", || {
        (unsealed(&shared.database) < SEAL_ENTRIES as i64).then_some(())
    });
    for mood in [Mood::Busy, Mood::Torn, Mood::Slow(Duration::from_millis(100))] {
        println!("{mood:?}");
        // The second begins anew, without a copy of anything.
        drop(servers.pop());
        forget_copies(&site, 1);
        servers.push(site.start(1));
        site.wait_until_ready(1);
        let spoilt = shared.between.spoilt();
        shared.between.set(mood);
        append_everywhere(&site, &format!("{mood:?}").replace(['(', ')'], ""));
        for node in 0..SERVERS {
            assert!(site.is_ready(node), "{:?}", site.ask(node, "/readyz"));
            // The newest are in memory.
            let (status, text) = site.ask(node, "/v1/events?limit=10");
            assert_eq!(status, 200, "{text}");
            count(&site, node);
        }
        wait_for("it was asked for something", || (shared.between.spoilt() > spoilt).then_some(()));
        shared.between.set(Mood::Plain);
        wait_for("what waited is packed", || {
            (unsealed(&shared.database) < SEAL_ENTRIES as i64).then_some(())
        });
        for node in 0..SERVERS {
            wait_for("all is found again", || count(&site, node));
        }
    }
    site.check();
    drop(servers);
    site.verify();
}

#[test]
#[ignore = "takes a minute; ./test runs it"]
fn what_was_erased_is_gone_from_a_storage_that_lists_what_was_a_while_ago() {
    let Some(shared) = Shared::start() else { return };
    let settings = shared.settings(&shared.garage);
    let mut site = Site::furnish(&[settings.clone(), settings]);
    let servers = site.open();
    append_everywhere(&site, "ana");
    wait_for("entries lie in the storage", || {
        (unsealed(&shared.database) < SEAL_ENTRIES as i64).then_some(())
    });
    // What is listed for this one is what is listed from now on.
    Asked::agreed_to(&site, "ana").wait();
    shared.between.set(Mood::Stale);
    append_everywhere(&site, "bob");
    wait_for("entries lie in the storage", || {
        (unsealed(&shared.database) < SEAL_ENTRIES as i64).then_some(())
    });
    let (spoilt, before) = (shared.between.spoilt(), shared.kept());
    let bob = Asked::agreed_to(&site, "bob");
    wait_for("it was listed", || (shared.between.spoilt() > spoilt).then_some(()));
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(bob.state(), ErasureState::Approved, "nothing is called done that may still be there");
    shared.between.set(Mood::Plain);
    bob.wait();
    let (named, kept) = (shared.named(), shared.kept());
    assert!(named.is_subset(&kept), "{named:?} are not all in {kept:?}");
    let waste: Vec<_> = before.intersection(&kept).filter(|segment| !named.contains(*segment)).collect();
    assert_eq!(waste, Vec::<&String>::new(), "what was erased is still there");
    append_everywhere(&site, "cleo");
    for node in 0..SERVERS {
        forget_copies(&site, node);
        assert_eq!(site.ask(node, ALL).0, 200);
    }
    drop(servers);
    site.verify();
}

/// An erasure of somebody.
struct Asked {
    catalog: Catalog,
    workspace: WorkspaceId,
    id: String,
}

impl Asked {
    /// Asks for it and agrees to it; one of the servers carries it out.
    fn agreed_to(site: &Site, person: &str) -> Self {
        let config = Config::load(Some(&site.home(0).join("hindcast.toml"))).expect("settings");
        let catalog = hindcast::storage::catalog(&config).expect("opens");
        let workspace = site.client(0).workspace.parse().expect("an id");
        let new = NewErasure {
            selector: format!(r#"{{"person":{{"ids":["{person}"],"texts":[]}}}}"#),
            basis: "gdpr_art_17".to_owned(),
            reference: "a letter".to_owned(),
        };
        let by = By::command_line();
        let id = catalog.request_erasure(&workspace, &new, None, Timestamp::default(), &by).expect("kept");
        let asked = Self { catalog, workspace, id };
        wait_for("it is counted", || asked.erasure().is_counted.then_some(()));
        let decided = asked.catalog.decide_erasure(&asked.workspace, &asked.id, Decision::AgreeAlone, &by);
        assert_eq!(decided.expect("asked"), Ok(()));
        asked
    }

    fn erasure(&self) -> Erasure {
        self.catalog.erasure(&self.workspace, &self.id).expect("read").expect("there")
    }

    fn state(&self) -> ErasureState {
        self.erasure().state
    }

    fn wait(&self) {
        wait_for("it is erased", || (self.state() == ErasureState::Done).then_some(()));
        assert!(self.erasure().entries > 0, "somebody was erased");
    }
}

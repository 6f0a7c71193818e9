//! The network between one server and the database is cut. That server refuses what it cannot keep, another one does its work, and
//! when the network is back it goes on.

use crate::client::Server;
use crate::database::Database;
use crate::network::Network;
use crate::site::{Outcome, Site, bucket_in, settings, wait_for};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const SERVERS: usize = 2;
/// The one whose network is cut.
const CUT: usize = 0;
const OTHER: usize = 1;
/// More than one, so that each server has some to look after.
const SEAL_ENTRIES: usize = 200;

#[test]
#[ignore = "takes minutes; ./test runs it"]
fn a_server_that_is_cut_off_from_the_database_keeps_nobody_waiting_and_catches_up_afterwards() {
    let Some(network) = Network::lay(SERVERS) else { return };
    let Some(database) = Database::start_in(Some(network.namespace())) else { return };
    let bucket = tempfile::tempdir().expect("a folder");
    let settings = |node| {
        let database = format!("postgres://hindcast@{}/postgres?sslmode=disable", network.address(node));
        settings(&database, &bucket_in(bucket.path()), SEAL_ENTRIES)
    };
    let mut site = Site::furnish(&[settings(CUT), settings(OTHER)]);
    let servers = site.open();
    let story = Story::new(&site);
    std::thread::scope(|scope| {
        let story = &story;
        for node in [CUT, OTHER] {
            scope.spawn(move || story.write(node, &format!("w{node}a")));
            scope.spawn(move || story.write(node, &format!("w{node}b")));
            scope.spawn(move || story.watch(node));
        }
        for path in ["/healthz", "/readyz", "/v1/count?q=action:test.written", "/v1/workspaces", "/metrics"] {
            scope.spawn(move || story.read(path));
        }
        for _ in 0..6 {
            scope.spawn(|| story.read("/v1/events?limit=10"));
        }
        let _ending = Ending(&story.ending);
        wait_for("all are written to", || (site.acknowledged() > 1000).then_some(()));
        story.cut(&network, &database);
        // And once more, to find out that the first time left nothing behind.
        story.cut(&network, &database);
    });
    story.tell();
    site.check();
    assert_eq!(story.silent.load(Ordering::Relaxed), 0, "somebody waited in vain");
    drop::<Vec<Server>>(servers);
    site.verify();
}

struct Ending<'s>(&'s AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Story<'s> {
    site: &'s Site,
    ending: AtomicBool,
    /// Appends that were acknowledged, by server.
    taken: [AtomicUsize; SERVERS],
    refused: AtomicUsize,
    silent: AtomicUsize,
    /// The longest that anybody waited for an answer, by what was asked for.
    waited: Mutex<BTreeMap<String, Duration>>,
}

impl<'s> Story<'s> {
    fn new(site: &'s Site) -> Self {
        let (ending, taken, refused, silent, waited) = Default::default();
        Self { site, ending, taken, refused, silent, waited }
    }

    fn goes_on(&self) -> bool {
        !self.ending.load(Ordering::Relaxed)
    }

    fn note_wait(&self, what: &str, begun: Instant) {
        let mut waited = self.waited.lock().expect("not poisoned");
        let longest = waited.entry(what.to_owned()).or_default();
        *longest = begun.elapsed().max(*longest);
    }

    /// Sends each batch to the same server until it is taken.
    fn write(&self, node: usize, writer: &str) {
        for batch in 0.. {
            loop {
                let begun = Instant::now();
                let outcome = self.site.append(node, writer, batch, 3);
                self.note_wait(&format!("append at {node}"), begun);
                match outcome {
                    Outcome::Taken => {
                        self.taken[node].fetch_add(1, Ordering::Relaxed);
                        break;
                    }
                    Outcome::Refused => _ = self.refused.fetch_add(1, Ordering::Relaxed),
                    Outcome::Silence => _ = self.silent.fetch_add(1, Ordering::Relaxed),
                }
                if !self.goes_on() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            if !self.goes_on() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Asks the server that is cut off; whatever it says, it says something.
    fn read(&self, path: &str) {
        while self.goes_on() {
            let begun = Instant::now();
            let (status, text) = self.site.ask(CUT, path);
            self.note_wait(path, begun);
            match status {
                0 => _ = self.silent.fetch_add(1, Ordering::Relaxed),
                200 | 503 => {}
                _ => panic!("{path}: {status} {text}"),
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn watch(&self, node: usize) {
        while self.goes_on() {
            self.site.note_checkpoint(node);
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn taken(&self, node: usize) -> usize {
        self.taken[node].load(Ordering::Relaxed)
    }

    /// Cuts one server off, until the other has done all there is to do, and mends that again.
    fn cut(&self, network: &Network, database: &Database) {
        let begun = Instant::now();
        network.cut(CUT);
        wait_for("the one that is cut off says so", || (!self.site.is_ready(CUT)).then_some(()));
        println!("not ready after {:.1?}", begun.elapsed());
        wait_for("the database forgot it", || (servers_of(database) == 1).then_some(()));
        println!("the other is alone after {:.1?}", begun.elapsed());
        let (before, sealed) = (self.taken(OTHER), sealed(database));
        wait_for("the other goes on", || (self.taken(OTHER) > before + 200).then_some(()));
        println!("the other has written after {:.1?}", begun.elapsed());
        assert!(self.site.is_ready(OTHER));
        wait_for("all is packed by the other", || {
            (self::sealed(database) > sealed + 2 * SEAL_ENTRIES as i64).then_some(())
        });
        println!("the other has packed after {:.1?}", begun.elapsed());
        let taken = self.taken(CUT);
        std::thread::sleep(Duration::from_secs(5));
        assert_eq!(self.taken(CUT), taken, "what it cannot keep it does not take");
        let begun = Instant::now();
        network.mend(CUT);
        wait_for("it takes appends again", || (self.taken(CUT) > taken + 100).then_some(()));
        self.site.wait_until_ready(CUT);
        println!("back after {:.1?}", begun.elapsed());
    }

    fn tell(&self) {
        println!(
            "{} acknowledged, {} refusals, {} gave up waiting, longest waits: {:.1?}",
            self.site.acknowledged(),
            self.refused.load(Ordering::Relaxed),
            self.silent.load(Ordering::Relaxed),
            self.waited.lock().expect("not poisoned"),
        );
        for node in [CUT, OTHER] {
            let log = self.site.log(node);
            println!("server {node} told {} lines", log.lines().count());
        }
    }
}

fn number(database: &Database, sql: &str) -> i64 {
    let mut client = database.config().connect(postgres::NoTls).expect("connected");
    client.query_one(sql, &[]).expect("read").get(0)
}

/// Servers that are taken to run.
fn servers_of(database: &Database) -> i64 {
    number(database, "SELECT count(*) FROM hindcast_catalog.node")
}

fn sealed(database: &Database) -> i64 {
    number(database, "SELECT sum(sealed)::bigint FROM hindcast.head")
}

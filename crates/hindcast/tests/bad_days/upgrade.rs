//! Servers are replaced one after the other while they are written to: whoever goes by `/readyz`, as a load balancer does, notices nothing.

use crate::database::Database;
use crate::site::{Outcome, Site, bucket_in, settings, wait_for};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const SERVERS: usize = 2;
const WRITERS: usize = 4;
/// How often a load balancer asks.
const ASKED_EVERY: Duration = Duration::from_millis(500);

#[test]
#[ignore = "takes a minute; ./test runs it"]
fn servers_that_are_replaced_one_after_the_other_refuse_nobody_who_asks_whether_they_are_ready() {
    let Some(database) = Database::start() else { return };
    let bucket = tempfile::tempdir().expect("a folder");
    let settings = settings(&database.address(), &bucket_in(bucket.path()), 300);
    let mut site = Site::furnish(&[settings.clone(), settings]);
    let mut servers = site.open();
    let (site, ending, refused) = (&site, &AtomicBool::new(false), &AtomicUsize::new(0));
    let ready: &[AtomicBool; SERVERS] = &[const { AtomicBool::new(true) }; SERVERS];
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while !ending.load(Ordering::Relaxed) {
                (0..SERVERS).for_each(|node| ready[node].store(site.is_ready(node), Ordering::Relaxed));
                std::thread::sleep(ASKED_EVERY);
            }
        });
        for writer in 0..WRITERS {
            scope.spawn(move || {
                for batch in 0.. {
                    let is_ready = |node: &usize| ready[*node].load(Ordering::Relaxed);
                    let turns = (0..SERVERS).map(|nth| (batch + nth) % SERVERS);
                    let node = turns.into_iter().find(is_ready).expect("one of them is ready");
                    if site.append(node, &format!("w{writer}"), batch, 3) != Outcome::Taken {
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                    site.note_checkpoint(node);
                    if ending.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        for node in [0, 1, 0] {
            let before = site.acknowledged();
            wait_for("it is written to", || (site.acknowledged() > before + 100).then_some(()));
            let asked = Command::new("kill").args(["-TERM", &servers[node].0.id().to_string()]).status();
            assert!(asked.expect("ran").success());
            let status = servers[node].0.wait().expect("ended");
            assert_eq!(status.code(), Some(0), "{}", site.log(node));
            servers[node] = site.start(node);
            site.wait_until_ready(node);
            // The balancer has to find out before the other one goes.
            wait_for("it is known to be ready", || ready[node].load(Ordering::Relaxed).then_some(()));
        }
        ending.store(true, Ordering::Relaxed);
    });
    println!("{} acknowledged, {} refused", site.acknowledged(), refused.load(Ordering::Relaxed));
    assert_eq!(refused.load(Ordering::Relaxed), 0);
    site.check();
    drop(servers);
    site.verify();
}

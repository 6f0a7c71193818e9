//! The database's machine is lost, and a standby that repeated what it did takes its place.

use crate::database::Database;
use crate::site::{Outcome, Site, bucket_in, settings, wait_for};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const SERVERS: usize = 2;
const WRITERS: usize = 4;

#[test]
#[ignore = "takes a minute; ./test runs it"]
fn when_a_standby_takes_over_nothing_that_was_acknowledged_is_lost_and_there_is_one_history() {
    let Some(mut first) = Database::start() else { return };
    let standby = first.standby();
    let bucket = tempfile::tempdir().expect("a folder");
    // Servers know of both, and go where they can write.
    let address = format!(
        "postgres://hindcast@{},{}/postgres?target_session_attrs=read-write",
        first.host(),
        standby.host()
    );
    let settings = settings(&address, &bucket_in(bucket.path()), 300);
    let mut site = Site::furnish(&[settings.clone(), settings]);
    let servers = site.open();
    let (site, ending, refused) = (&site, &AtomicBool::new(false), &AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || {
                let (mut batch, mut node) = (0, writer % SERVERS);
                while !ending.load(Ordering::Relaxed) {
                    match site.append(node, &format!("w{writer}"), batch, 3) {
                        Outcome::Taken => batch += 1,
                        // Under the same key, at the other one.
                        _ => {
                            refused.fetch_add(1, Ordering::Relaxed);
                            node = (node + 1) % SERVERS;
                            std::thread::sleep(Duration::from_millis(100));
                        }
                    }
                    site.note_checkpoint(node);
                }
            });
        }
        let written_to = |what: &str| {
            let before = site.acknowledged();
            wait_for(what, || (site.acknowledged() > before + 600).then_some(()));
        };
        written_to("it is written to");
        first.kill();
        std::thread::sleep(Duration::from_secs(1));
        standby.promote();
        written_to("the standby is written to");
        ending.store(true, Ordering::Relaxed);
    });
    println!("{} acknowledged, {} refused", site.acknowledged(), refused.load(Ordering::Relaxed));
    assert!(refused.load(Ordering::Relaxed) > 0, "nobody noticed, so nothing was tested");
    site.check();
    drop(servers);
    site.verify();
}

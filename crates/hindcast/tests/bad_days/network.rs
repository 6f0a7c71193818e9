//! Networks between servers and a database that can be cut: packets vanish then, and nobody is told.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A network namespace for the database, with a link to this machine for each server. Gone when the test ends.
pub struct Network {
    namespace: String,
    links: Vec<Link>,
}

struct Link {
    /// Its end in the namespace.
    there: String,
    /// The database's address on it.
    address: String,
}

impl Network {
    /// Nothing, and a word about it, where links may not be made.
    pub fn lay(links: usize) -> Option<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let nth = COUNT.fetch_add(1, Ordering::Relaxed);
        let pid = std::process::id() as usize;
        let namespace = format!("hindcast-{pid}-{nth}");
        if !ip(&["netns", "add", &namespace]) {
            println!("skipped: network namespaces cannot be made here (ip netns add, as root)");
            return None;
        }
        let mut network = Self { namespace, links: Vec::new() };
        for link in 0..links {
            let (here, there) = (format!("hc{pid}h{nth}{link}"), format!("hc{pid}t{nth}{link}"));
            let net = format!("10.{}.{}", 200 + pid % 50, pid / 50 % 200 + nth * links + link);
            let (near, far) = (format!("{net}.1"), format!("{net}.2"));
            let within = network.namespace.clone();
            let steps: [&[&str]; 6] = [
                &["link", "add", &here, "type", "veth", "peer", "name", &there, "netns", &within],
                &["addr", "add", &format!("{near}/24"), "dev", &here],
                &["link", "set", &here, "up"],
                &["-n", &within, "addr", "add", &format!("{far}/24"), "dev", &there],
                &["-n", &within, "link", "set", &there, "address", "02:00:00:00:00:02"],
                &["-n", &within, "link", "set", &there, "up"],
            ];
            if !steps.iter().all(|step| ip(step)) {
                println!(
                    "skipped: links between network namespaces cannot be made here (ip link add, type veth)"
                );
                return None;
            }
            // It is remembered who has the address, as a router in between would: packets go on being sent and vanish.
            let who =
                ["neigh", "replace", &far, "lladdr", "02:00:00:00:00:02", "dev", &here, "nud", "permanent"];
            assert!(ip(&who));
            network.links.push(Link { there, address: far });
        }
        Some(network)
    }

    /// Where the database is.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The database's address on a link.
    pub fn address(&self, link: usize) -> &str {
        &self.links[link].address
    }

    /// From now on packets vanish on a link, in both directions.
    pub fn cut(&self, link: usize) {
        assert!(ip(&["-n", &self.namespace, "link", "set", &self.links[link].there, "down"]));
    }

    pub fn mend(&self, link: usize) {
        assert!(ip(&["-n", &self.namespace, "link", "set", &self.links[link].there, "up"]));
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // What still runs there keeps it alive until it ends; the links go with it, and with their other ends.
        for link in &self.links {
            ip(&["-n", &self.namespace, "link", "del", &link.there]);
        }
        ip(&["netns", "del", &self.namespace]);
    }
}

fn ip(arguments: &[&str]) -> bool {
    Command::new("ip").args(arguments).output().is_ok_and(|done| done.status.success())
}

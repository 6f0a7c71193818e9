//! Who may be spoken to. People of a workspace choose where entries go and come from, and the server can reach more than they can: its own
//! network, its cloud's metadata. So a name is resolved here, every address it has must be public or the operator's own
//! choice, and the connection goes to the very address that was looked at.

use crate::config::Network;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::sync::mpsc;
use std::time::Duration;

/// No name needs more addresses than this.
pub(super) const ADDRESSES_MAX: usize = 16;

/// Says which addresses may be spoken to.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    allowed: Vec<Network>,
}

/// Why somebody is not spoken to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// The name has no address, or none came in time.
    #[error("{0} cannot be found")]
    NotFound(String),
    /// It lies in a network that destinations may not reach.
    #[error(
        "{host} has the address {address}, which is {what}; deliver.allow in hindcast.toml can permit it"
    )]
    Reserved {
        /// What was asked for.
        host: String,
        /// What it came to.
        address: IpAddr,
        /// What kind of address that is.
        what: &'static str,
    },
    /// What is said could be read on the way.
    #[error("{0} must be reached with TLS; only networks in deliver.allow of hindcast.toml need none")]
    Plain(String),
}

impl Guard {
    /// `allowed` are networks that the operator lists: they may be private, and may be spoken to without TLS.
    pub fn new(allowed: &[Network]) -> Self {
        Self { allowed: allowed.to_vec() }
    }

    /// Refuses nobody: for whoever types an address at a machine that is theirs.
    pub fn none() -> Self {
        let all = ["0.0.0.0/0", "::/0"].into_iter().filter_map(|all| all.parse().ok());
        Self { allowed: all.collect() }
    }

    /// The addresses of a host that may be connected to, for whoever speaks something else than HTTP. Resolves once; connect
    /// to what this returns and to nothing else.
    pub fn resolve(
        &self,
        host: &str,
        port: u16,
        with_tls: bool,
        timeout: Duration,
    ) -> Result<Vec<SocketAddr>, Refused> {
        let host = host.trim_matches(['[', ']']).to_owned();
        let (send, receive) = mpsc::sync_channel(1);
        let name = host.clone();
        // The system's resolver cannot be told to hurry, so it is left behind.
        std::thread::spawn(move || {
            let found = (name.as_str(), port).to_socket_addrs();
            let found = found.map(|found| found.take(ADDRESSES_MAX).collect::<Vec<_>>());
            send.send(found)
        });
        let found = receive.recv_timeout(timeout).ok().and_then(Result::ok).unwrap_or_default();
        if found.is_empty() {
            return Err(Refused::NotFound(host));
        }
        self.check(&host, &found, with_tls)?;
        Ok(found)
    }

    /// Whether all of these may be spoken to. One that may not speaks against the others: whoever answers for the name
    /// wants us to come there.
    fn check(&self, host: &str, found: &[SocketAddr], with_tls: bool) -> Result<(), Refused> {
        for address in found.iter().map(|address| address.ip().to_canonical()) {
            if self.allowed.iter().any(|network| network.contains(address)) {
                continue;
            }
            if let Some(what) = reserved(address) {
                return Err(Refused::Reserved { host: host.to_owned(), address, what });
            }
            if !with_tls {
                return Err(Refused::Plain(host.to_owned()));
            }
        }
        Ok(())
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let allowed: Vec<_> = self.allowed.iter().map(Network::to_string).collect();
        f.write_str(&allowed.join(", "))
    }
}

/// What an address is that nobody on the internet has; nothing when it is public. After the special-purpose registries of
/// IANA (RFC 6890), and the metadata services that lie outside of them.
fn reserved(address: IpAddr) -> Option<&'static str> {
    match address.to_canonical() {
        IpAddr::V4(v4) => reserved_v4(v4),
        IpAddr::V6(v6) => reserved_v6(v6),
    }
}

fn reserved_v4(address: Ipv4Addr) -> Option<&'static str> {
    Some(match address.octets() {
        [0, ..] => "reserved",
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => "private",
        [127, ..] => "loopback",
        // The metadata of most clouds.
        [169, 254, ..] => "link-local",
        [100, 64..=127, ..] => "of a carrier's own network",
        // The host of a virtual machine at Azure.
        [168, 63, 129, 16] => "of a metadata service",
        [192, 0, 0, _] | [192, 88, 99, _] | [198, 18..=19, ..] | [240..=255, ..] => "reserved",
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => "for documentation",
        [224..=239, ..] => "multicast",
        _ => return None,
    })
}

fn reserved_v6(address: Ipv6Addr) -> Option<&'static str> {
    let segments = address.segments();
    Some(match segments {
        _ if address.is_loopback() => "loopback",
        // NAT64 (RFC 6052): what counts is the address behind it.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            return reserved_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
        }
        [0xfc00..=0xfdff, ..] => "private",
        [0xfe80..=0xfebf, ..] => "link-local",
        [0xff00..=0xffff, ..] => "multicast",
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => "for documentation",
        // Protocol assignments with Teredo in them, and 6to4: both lead to addresses of IPv4.
        [0x2001, 0..=0x01ff, ..] | [0x2002, ..] => "reserved",
        [0x2000..=0x3fff, ..] => return None,
        _ => "reserved",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn what_is_not_public_is_refused() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:a00:1::1",
            "3fff::1",
        ] {
            assert!(reserved(ip(address)).is_some(), "{address}");
        }
        for address in
            ["1.1.1.1", "172.32.0.1", "192.0.1.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::1.1.1.1"]
        {
            assert_eq!(reserved(ip(address)), None, "{address}");
        }
    }

    #[test]
    fn what_the_operator_lists_is_permitted_and_nothing_beside_it() {
        let guard = Guard::new(&["10.1.0.0/16".parse().expect("a network")]);
        let check = |addresses: &[&str], with_tls| {
            let found: Vec<_> = addresses.iter().map(|text| SocketAddr::new(ip(text), 443)).collect();
            guard.check("x", &found, with_tls)
        };
        assert!(check(&["10.1.2.3"], false).is_ok());
        assert!(check(&["::ffff:10.1.2.3"], false).is_ok());
        assert!(check(&["1.1.1.1"], true).is_ok());
        assert!(matches!(check(&["1.1.1.1"], false), Err(Refused::Plain(_))));
        assert!(matches!(check(&["10.2.0.1"], true), Err(Refused::Reserved { .. })));
        assert!(matches!(check(&["1.1.1.1", "127.0.0.1"], true), Err(Refused::Reserved { .. })));
        for address in ["127.0.0.1", "169.254.169.254", "1.1.1.1", "::1", "2606:4700::1111"] {
            let found = [SocketAddr::new(ip(address), 80)];
            assert!(Guard::none().check("x", &found, false).is_ok(), "{address}");
        }
    }

    #[test]
    fn names_of_this_machine_are_looked_up_and_refused() {
        let second = Duration::from_secs(10);
        let refused = Guard::default().resolve("localhost", 80, true, second).expect_err("refused");
        assert!(matches!(refused, Refused::Reserved { what: "loopback", .. }), "{refused}");
        let refused = Guard::default().resolve("[::1]", 80, true, second).expect_err("refused");
        assert!(matches!(refused, Refused::Reserved { what: "loopback", .. }), "{refused}");
    }
}

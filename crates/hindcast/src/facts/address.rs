//! Addresses: which one the facts speak of, and what kind it is.

use crate::config::Network;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// So many of the addresses that a request was passed on by are looked at, from the nearest.
const HOPS_MAX: usize = 16;

/// The address an event came from: the nearest one that is none of the trusted proxies. `sent` is the address that the
/// sender names, `forwarded_for` those it was forwarded for, the farthest first.
pub fn source(sent: Option<IpAddr>, forwarded_for: &[IpAddr], trusted: &[Network]) -> Option<IpAddr> {
    let is_ours = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut farthest = None;
    for hop in sent.into_iter().chain(forwarded_for.iter().rev().copied()).take(HOPS_MAX) {
        farthest = Some(hop);
        if !is_ours(hop) {
            break;
        }
    }
    farthest.map(|address| address.to_canonical())
}

/// What kind an address is, from the registries of special addresses of the IANA; nothing when it is a public one.
pub fn class(address: IpAddr) -> Option<&'static str> {
    match address.to_canonical() {
        IpAddr::V4(address) => class_v4(address),
        IpAddr::V6(address) => class_v6(address),
    }
}

fn class_v4(address: Ipv4Addr) -> Option<&'static str> {
    Some(match address.octets() {
        [0, ..] => "unspecified",
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => "private",
        [100, 64..=127, ..] => "cgnat",
        [127, ..] => "loopback",
        [169, 254, ..] => "link_local",
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => "documentation",
        [198, 18..=19, ..] => "benchmarking",
        [224..=239, ..] => "multicast",
        [240..=255, ..] | [192, 0, 0, _] => "reserved",
        _ => return None,
    })
}

fn class_v6(address: Ipv6Addr) -> Option<&'static str> {
    Some(match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => "unspecified",
        [0, 0, 0, 0, 0, 0, 0, 1] => "loopback",
        [0xfc00..=0xfdff, ..] => "private",
        [0xfe80..=0xfebf, ..] => "link_local",
        [0xff00..=0xffff, ..] => "multicast",
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => "documentation",
        [0x2001, 2, 0, ..] => "benchmarking",
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
    fn the_nearest_address_that_is_no_proxy_of_ours_counts() {
        let trusted: Vec<Network> =
            ["10.0.0.0/8", "2001:db8:1::/48"].map(|network| network.parse().expect("a network")).into();
        for (sent, forwarded_for, trusts, counts) in [
            ("203.0.113.9", "", true, "203.0.113.9"),
            ("10.0.0.2", "203.0.113.9", true, "203.0.113.9"),
            ("10.0.0.2", "203.0.113.9 10.0.0.7", true, "203.0.113.9"),
            // What a stranger wrote in front of what our proxy wrote says nothing.
            ("10.0.0.2", "1.1.1.1 203.0.113.9 10.0.0.7", true, "203.0.113.9"),
            ("203.0.113.9", "1.1.1.1", true, "203.0.113.9"),
            ("10.0.0.2", "1.1.1.1", false, "10.0.0.2"),
            ("10.0.0.2", "10.0.0.3 10.0.0.4", true, "10.0.0.3"),
            ("", "203.0.113.9", true, "203.0.113.9"),
            ("::ffff:10.0.0.2", "::ffff:203.0.113.9", true, "203.0.113.9"),
            ("2001:db8:1::7", "2001:db8:2::9", true, "2001:db8:2::9"),
            ("", "", true, ""),
        ] {
            let hops: Vec<IpAddr> = forwarded_for.split_whitespace().map(ip).collect();
            let found =
                source((!sent.is_empty()).then(|| ip(sent)), &hops, if trusts { &trusted } else { &[] });
            assert_eq!(
                found.map_or(String::new(), |ip| ip.to_string()),
                counts,
                "{sent} for {forwarded_for}"
            );
        }
    }

    #[test]
    fn special_addresses_have_a_name_and_public_ones_do_not() {
        for (address, kind) in [
            ("10.1.2.3", Some("private")),
            ("172.15.0.1", None),
            ("172.31.255.255", Some("private")),
            ("192.168.0.1", Some("private")),
            ("::ffff:192.168.0.1", Some("private")),
            ("fd00::1", Some("private")),
            ("127.0.0.1", Some("loopback")),
            ("::1", Some("loopback")),
            ("169.254.169.254", Some("link_local")),
            ("fe80::1", Some("link_local")),
            ("100.64.0.1", Some("cgnat")),
            ("100.128.0.1", None),
            ("192.0.2.1", Some("documentation")),
            ("2001:db8::1", Some("documentation")),
            ("198.18.0.1", Some("benchmarking")),
            ("224.0.0.1", Some("multicast")),
            ("255.255.255.255", Some("reserved")),
            ("64:ff9b::1", Some("reserved")),
            ("0.0.0.0", Some("unspecified")),
            ("8.8.8.8", None),
            ("2a00:1450::1", None),
        ] {
            assert_eq!(class(ip(address)), kind, "{address}");
        }
    }
}

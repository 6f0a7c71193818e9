//! Writes a small MaxMind DB, as its specification (version 2.0) says: networks of IPv4, each with a record.

use serde_json::Value;
use std::net::Ipv4Addr;

/// A database of networks such as `203.0.113.0/24`, which do not overlap, and their records as JSON.
pub fn database(kind: &str, records: &[(&str, &str)]) -> Vec<u8> {
    let (mut nodes, mut data) = (vec![[Branch::Nothing; 2]], Vec::new());
    for (network, record) in records {
        let (address, bits) = network.split_once('/').expect("a network");
        let address = address.parse::<Ipv4Addr>().expect("an address").to_bits();
        let bits: u32 = bits.parse().expect("a number");
        let at = data.len();
        write(&serde_json::from_str(record).expect("JSON"), &mut data);
        let mut node = 0;
        for bit in 0..bits {
            let side = (address >> (31 - bit) & 1) as usize;
            if bit + 1 == bits {
                nodes[node][side] = Branch::Data(at);
            } else {
                node = match nodes[node][side] {
                    Branch::Node(next) => next,
                    _ => {
                        nodes.push([Branch::Nothing; 2]);
                        let next = nodes.len() - 1;
                        nodes[node][side] = Branch::Node(next);
                        next
                    }
                };
            }
        }
    }
    let mut out = Vec::new();
    for branch in nodes.iter().flatten() {
        let value = match *branch {
            Branch::Nothing => nodes.len(),
            Branch::Node(next) => next,
            Branch::Data(at) => nodes.len() + 16 + at,
        };
        out.extend_from_slice(&(value as u32).to_be_bytes()[1..]);
    }
    out.extend_from_slice(&[0; 16]);
    out.extend_from_slice(&data);
    out.extend_from_slice(b"\xab\xcd\xefMaxMind.com");
    metadata(kind, nodes.len(), &mut out);
    out
}

/// What stands in one half of a node.
#[derive(Clone, Copy)]
enum Branch {
    Nothing,
    Node(usize),
    Data(usize),
}

fn metadata(kind: &str, nodes: usize, out: &mut Vec<u8>) {
    head(7, 9, out);
    for (name, value) in [
        ("binary_format_major_version", 2),
        ("binary_format_minor_version", 0),
        ("ip_version", 4),
        ("record_size", 24),
    ] {
        text(name, out);
        number(5, value, out);
    }
    text("node_count", out);
    number(6, nodes as u64, out);
    text("build_epoch", out);
    number(9, 1_790_000_000, out);
    text("database_type", out);
    text(kind, out);
    text("description", out);
    write(&serde_json::json!({ "en": "made by a test" }), out);
    text("languages", out);
    head(11, 0, out);
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Object(members) => {
            head(7, members.len(), out);
            for (name, value) in members {
                text(name, out);
                write(value, out);
            }
        }
        Value::String(string) => text(string, out),
        Value::Number(value) => match value.as_u64() {
            Some(value) => number(6, value, out),
            None => {
                head(3, 8, out);
                out.extend_from_slice(&value.as_f64().expect("a number").to_be_bytes());
            }
        },
        other => unreachable!("no record here has {other}"),
    }
}

fn text(text: &str, out: &mut Vec<u8>) {
    head(2, text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

/// A number without its leading zeros.
fn number(kind: u8, value: u64, out: &mut Vec<u8>) {
    let bytes = value.to_be_bytes();
    let significant = &bytes[value.leading_zeros() as usize / 8..];
    head(kind, significant.len(), out);
    out.extend_from_slice(significant);
}

/// The control byte; kinds above 7 stand in a byte of their own.
fn head(kind: u8, size: usize, out: &mut Vec<u8>) {
    let (size, more) = if size < 29 { (size as u8, None) } else { (29, Some((size - 29) as u8)) };
    out.push(if kind > 7 { size } else { kind << 5 | size });
    if kind > 7 {
        out.push(kind - 7);
    }
    out.extend(more);
}

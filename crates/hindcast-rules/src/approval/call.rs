//! The digest of an exact call: what an approval is bound to.

use hindcast_event::Draft;
use hindcast_event::json::{Json, write_string};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// What the digest begins with, so that it is that of nothing else.
const DOMAIN: &[u8] = b"hindcast call v1\n";

/// SHA-256 of who does what to what with which arguments: the actor and for whom they act by type and id, the action, the
/// targets by type and id, the changes and all metadata, each in the one spelling of [`Json::write`]. When and from where is
/// no part of it, so that the same call can be tried again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallDigest(pub [u8; 32]);

impl CallDigest {
    /// That of a call as it was asked for.
    pub fn of(asked: &Draft<'_>) -> Self {
        let mut text = DOMAIN.to_vec();
        write_string(&asked.action, &mut text);
        identity(Some(&asked.actor), &mut text);
        identity(asked.on_behalf_of.as_ref(), &mut text);
        asked.targets.iter().for_each(|target| identity(Some(target), &mut text));
        text.push(b'\n');
        for change in &asked.changes {
            write_string(&change.path, &mut text);
            [&change.before, &change.after].into_iter().for_each(|side| value(side.as_ref(), &mut text));
        }
        text.push(b'\n');
        for (name, member) in &asked.metadata {
            write_string(name, &mut text);
            value(Some(member), &mut text);
        }
        Self(Sha256::digest(&text).into())
    }

    /// Reads [`Self::to_string`] back.
    pub fn parse(hex: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for CallDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CallDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallDigest({self})")
    }
}

/// Names and addresses may change between asking and doing; type and id may not.
fn identity(of: Option<&Json<'_>>, text: &mut Vec<u8>) {
    text.push(b'\n');
    let Some(of) = of else { return };
    for name in ["type", "id"] {
        value(of.get(name), text);
    }
}

/// What is absent is another thing than what is null.
fn value(json: Option<&Json<'_>>, text: &mut Vec<u8>) {
    text.push(b' ');
    if let Some(json) = json {
        json.write(text);
    }
}

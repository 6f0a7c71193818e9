//! Keyed hashes: what the memory knows people, addresses and programs by, so that none of them lies there in the clear.
//!
//! SipHash-2-4 under a key that lies with the keys and is another one for each workspace. Whoever gets the memory alone cannot
//! try out addresses on it, and what is known in one workspace cannot be found in another.

use hindcast_ledger::WorkspaceId;
use sha2::{Digest as _, Sha256};
use siphasher::sip::SipHasher24;
use std::hash::Hasher as _;

/// What a hash is of, so that the same text is another hash in another place.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub enum Of {
    /// Somebody: their type and id.
    Actor = 1,
    /// What was done.
    Action,
    /// To what: type and id.
    Target,
    /// An address.
    Address,
    /// A browser on a system.
    Agent,
    /// A country.
    Country,
    /// The host of a URL.
    Host,
}

/// The key of one workspace.
#[derive(Clone)]
pub struct Key(SipHasher24);

impl Key {
    /// The key of a workspace, from that of the server.
    pub fn of(server: &[u8; 32], workspace: &WorkspaceId) -> Self {
        let hash = Sha256::new().chain_update(server).chain_update(workspace.as_str()).finalize();
        let mut key = [0; 16];
        key.copy_from_slice(&hash[..16]);
        Self(SipHasher24::new_with_key(&key))
    }

    /// What tells this key from others, and tells nothing else of it.
    pub fn mark(&self) -> [u8; 8] {
        self.0.finish().to_be_bytes()
    }

    /// The hash of one or two texts.
    pub fn hash(&self, of: Of, first: &[u8], second: &[u8]) -> u64 {
        let mut hasher = self.0;
        hasher.write_u8(of as u8);
        hasher.write(first);
        hasher.write_u8(0);
        hasher.write(second);
        hasher.finish()
    }

    /// The same in half as many bits, never 0, for lists that are short.
    pub fn short(&self, of: Of, first: &[u8], second: &[u8]) -> u32 {
        (self.hash(of, first, second) as u32).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_is_another_hash_elsewhere() {
        let workspace = |byte: u8| WorkspaceId::from_random([byte; 16]);
        let ours = Key::of(&[1; 32], &workspace(1));
        let all = [
            ours.hash(Of::Actor, b"user", b"ana"),
            ours.hash(Of::Target, b"user", b"ana"),
            ours.hash(Of::Actor, b"usera", b"na"),
            Key::of(&[1; 32], &workspace(2)).hash(Of::Actor, b"user", b"ana"),
            Key::of(&[2; 32], &workspace(1)).hash(Of::Actor, b"user", b"ana"),
        ];
        assert!(all.iter().enumerate().all(|(at, hash)| !all[..at].contains(hash)));
        assert_eq!(Key::of(&[1; 32], &workspace(1)).hash(Of::Actor, b"user", b"ana"), all[0]);
    }
}

//! A few groups of letters that people can compare by eye or on the phone.

use hindcast_ledger::Checkpoint;
use sha2::{Digest as _, Sha256};

const GROUPS: usize = 8;
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The first eight groups of four letters of the SHA-256 over origin, size and root, in base32 (RFC 4648, in lower case):
/// 160 bits.
pub fn fingerprint(checkpoint: &Checkpoint) -> String {
    let digest = Sha256::digest(checkpoint.to_string());
    let groups = digest.chunks(5).take(GROUPS / 2).map(|five| {
        let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let letter = |at: u32| char::from(ALPHABET[(bits >> (35 - 5 * at) & 31) as usize]);
        let (first, second): (String, String) = ((0..4).map(letter).collect(), (4..8).map(letter).collect());
        format!("{first} {second}")
    });
    groups.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_ledger::empty_root;

    #[test]
    fn a_fingerprint_is_the_base32_of_the_hash() {
        let checkpoint = Checkpoint::new("log", 0, empty_root()).expect("a checkpoint");
        // printf 'log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n' | sha256sum | xxd -r -p | base32
        assert_eq!(fingerprint(&checkpoint), "3myj 4emi 4iuk fody cqiw 3z7w peeo jnzz");
    }
}

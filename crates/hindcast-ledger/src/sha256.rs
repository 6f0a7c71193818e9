//! SHA-256 (FIPS 180-4) of short messages, which almost all of ours are.
//!
//! [`Sha256`] is made for messages that arrive in pieces, and keeping account of them takes as long as hashing a
//! block. Here a short message is laid out and padded in one place, and only the compression is left to the library.

use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};

const BLOCK_BYTES: usize = 64;
/// A longer message goes the ordinary way.
const BLOCKS_MAX: usize = 4;
/// After the message: a set bit, zeros, and its length in bits.
const PADDING_BYTES_MIN: usize = 9;
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// Hashes the parts, one after the other.
#[inline]
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let count = (length + PADDING_BYTES_MIN).div_ceil(BLOCK_BYTES);
    let mut blocks = [[0; BLOCK_BYTES]; BLOCKS_MAX];
    let Some(blocks) = blocks.get_mut(..count) else { return in_pieces(parts) };
    let message = blocks.as_flattened_mut();
    let mut at = 0;
    for part in parts {
        message[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    }
    message[at] = 0x80;
    let bits_at = message.len() - 8;
    message[bits_at..].copy_from_slice(&(8 * length as u64).to_be_bytes());
    let mut state = START;
    compress256(&mut state, blocks);
    let mut hash = [0; 32];
    for (bytes, word) in hash.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    hash
}

fn in_pieces(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_hashes_as_the_library_hashes_it() {
        let message: Vec<u8> = (0_u8..=255).cycle().take(600).collect();
        for length in 0..message.len() {
            let (head, tail) = message[..length].split_at(length / 3);
            assert_eq!(sha256(&[head, tail]), in_pieces(&[&message[..length]]), "{length} bytes");
        }
    }
}

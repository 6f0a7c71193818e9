//! What a text is made of: its words, their pairs, and the 3 to 5 neighbouring characters within a word, each hashed to a bucket.
//!
//! There is no vocabulary to keep and none to grow. Two features may share a bucket; of texts that people write that costs little.

use crate::numbers::mixed;

/// Words and pairs of words have this many buckets.
pub(crate) const WORD_BUCKETS: u32 = 1 << 17;
/// Neighbouring characters have this many buckets, after those of words.
pub(crate) const CHARACTER_BUCKETS: u32 = 1 << 17;
/// All buckets.
pub(crate) const BUCKETS: usize = (WORD_BUCKETS + CHARACTER_BUCKETS) as usize;

const SHORTEST: usize = 3;
const LONGEST: usize = 5;

/// A word's own hash; pairs are made of two.
pub(crate) fn hashed(word: &str) -> u64 {
    // FNV-1a, its bits spread afterwards.
    let hash = word.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    mixed(hash)
}

pub(crate) fn word_bucket(hash: u64) -> u32 {
    (hash >> 32) as u32 % WORD_BUCKETS
}

pub(crate) fn pair_bucket(first: u64, second: u64) -> u32 {
    word_bucket(mixed(first.rotate_left(17) ^ second))
}

/// The buckets of the neighbouring characters of a word, its borders included.
pub(crate) fn character_buckets(word: &str) -> Vec<u32> {
    let bordered = format!(" {word} ");
    let mut starts: Vec<usize> = bordered.char_indices().map(|(at, _)| at).collect();
    starts.push(bordered.len());
    let characters = starts.len() - 1;
    let mut buckets = Vec::new();
    for length in SHORTEST..=LONGEST {
        for at in 0..(characters + 1).saturating_sub(length) {
            let hash = hashed(&bordered[starts[at]..starts[at + length]]);
            buckets.push(WORD_BUCKETS + (hash >> 32) as u32 % CHARACTER_BUCKETS);
        }
    }
    buckets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_keeps_most_neighbours_and_a_short_word_has_some() {
        let (right, typo) = (character_buckets("withdrawal"), character_buckets("withdrawel"));
        let shared = right.iter().filter(|bucket| typo.contains(bucket)).count();
        assert!(shared * 2 > right.len(), "{shared} of {}", right.len());
        assert_eq!(character_buckets("カ").len(), 1, "its borders make it three");
        assert!(right.iter().all(|bucket| (WORD_BUCKETS as usize..BUCKETS).contains(&(*bucket as usize))));
    }

    #[test]
    fn the_order_of_two_words_is_another_feature() {
        let (a, b) = (hashed("top"), hashed("up"));
        assert_ne!(pair_bucket(a, b), pair_bucket(b, a));
    }
}

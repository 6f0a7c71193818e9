//! Cutting a text into words, in any script, and folding what people do not see as a difference.
//!
//! Japanese, Chinese, Thai and their like are cut by `icu_segmenter`'s dictionaries, everything else at its borders.

use crate::limits::{WORD_CHARS_MAX, WORDS_PER_TEXT_MAX};
use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed, options::WordBreakInvariantOptions};
use std::borrow::Cow;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

#[derive(Debug)]
pub(crate) struct Cutter(WordSegmenterBorrowed<'static>);

impl Cutter {
    pub fn new() -> Self {
        Self(WordSegmenter::new_dictionary(WordBreakInvariantOptions::default()))
    }

    /// Calls `f` with each folded word, at most `max` of them.
    pub fn each_up_to(&self, text: &str, max: usize, mut f: impl FnMut(&str)) {
        let folded = folded(text);
        let mut start = 0;
        let mut found = 0;
        for (end, kind) in self.0.segment_str(&folded).iter_with_word_type() {
            let word = &folded[start..end];
            start = end;
            if kind.is_word_like() && !word.is_empty() && found < max {
                found += 1;
                f(cut(word));
            }
        }
    }

    /// Calls `f` with each folded word of a text.
    pub fn each(&self, text: &str, f: impl FnMut(&str)) {
        self.each_up_to(text, WORDS_PER_TEXT_MAX, f);
    }
}

/// Lower case, one width, and Latin, Greek and Cyrillic letters without accents; marks of other scripts are spelling and stay.
fn folded(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Owned(text.to_ascii_lowercase());
    }
    let mut folded = String::with_capacity(text.len());
    let mut accents_go = false;
    for character in text.nfkd() {
        if is_combining_mark(character) {
            if !accents_go {
                folded.push(character);
            }
            continue;
        }
        accents_go = character.is_alphabetic() && character < '\u{0530}';
        match character {
            'ß' | 'ẞ' => folded.push_str("ss"),
            // People type both, and a word is cut at neither.
            '\u{2019}' => folded.push('\''),
            _ => folded.extend(character.to_lowercase()),
        }
    }
    Cow::Owned(folded.nfc().collect())
}

fn cut(word: &str) -> &str {
    match word.char_indices().nth(WORD_CHARS_MAX) {
        Some((end, _)) => &word[..end],
        None => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        Cutter::new().each(text, |word| found.push(word.to_owned()));
        found
    }

    #[test]
    fn case_width_and_accents_are_no_difference() {
        assert_eq!(words("Réinitialiser ＰＡＳＳＷＯＲＤ"), ["reinitialiser", "password"]);
        assert_eq!(words("Straße, I don’t"), ["strasse", "i", "don't"]);
    }

    #[test]
    fn japanese_and_thai_are_cut_into_words() {
        assert!(words("パスワードをリセットできません").starts_with(&[
            "パスワード".into(),
            "を".into(),
            "リセット".into()
        ]));
        assert!(words("ลืมรหัสผ่าน").len() > 1);
        assert_eq!(words("が"), ["が"], "a mark of kana is spelling");
    }

    #[test]
    fn a_word_without_end_is_cut_and_a_text_of_nothing_has_none() {
        assert_eq!(words(&"a".repeat(100_000)), ["a".repeat(WORD_CHARS_MAX)]);
        assert!(words("  … !? \u{0}").is_empty());
    }
}

//! Taking away the differences that people do not see as differences when they search.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Folds case, accents and the widths of characters, so that equal-looking texts become equal.
///
/// That is NFKC, lower case as in case folding (`ß` is `ss`), accents taken off Latin, Greek and Cyrillic
/// letters, and characters without width removed. Marks of other scripts stay, for there they are spelling:
/// `か` is not `が`. Folding what is folded changes nothing.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        // Without stopping early, so that many bytes are compared at once.
        if text.bytes().fold(false, |found, byte| found | byte.is_ascii_uppercase()) {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        return Cow::Borrowed(text);
    }
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut folded = String::with_capacity(text.len());
    let mut accents_go = false;
    for character in text.nfkd() {
        if is_ignorable(character) {
            continue;
        }
        if character == THAI_AA && folded.ends_with(THAI_NIKHAHIT) {
            // NFKC takes this vowel apart, but dictionaries spell with the whole one.
            folded.pop();
            folded.push(THAI_AM);
            continue;
        }
        if is_combining_mark(character) {
            if !accents_go {
                folded.push(character);
            }
            continue;
        }
        accents_go = takes_accents(character);
        for lower in character.to_lowercase() {
            match spelled_out(lower) {
                Some(letters) => folded.push_str(letters),
                None => folded.push(lower),
            }
        }
    }
    Cow::Owned(folded.nfc().collect())
}

const THAI_NIKHAHIT: char = '\u{0e4d}';
const THAI_AA: char = '\u{0e32}';
const THAI_AM: char = '\u{0e33}';

/// The everyday characters of Japanese, Chinese and Korean, which folding leaves as they are: it is ten times
/// quicker to see that than to normalise them.
fn is_plain(character: char) -> bool {
    match character {
        '\0'..='\x7f' => !character.is_ascii_uppercase(),
        _ => matches!(character,
            '\u{3001}'..='\u{3029}'
            | '\u{3041}'..='\u{3096}'
            | '\u{30a1}'..='\u{30fe}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}'),
    }
}

/// Letters that case folding or a plain keyboard spells with others, and that no decomposition takes apart.
fn spelled_out(lower: char) -> Option<&'static str> {
    Some(match lower {
        'ß' => "ss",
        'ς' => "σ",
        'ı' => "i",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ħ' => "h",
        _ => return None,
    })
}

/// Latin, Greek and Cyrillic, the scripts whose marks are accents to people who search.
fn takes_accents(base: char) -> bool {
    matches!(base,
        'a'..='z' | 'A'..='Z'
        | '\u{00c0}'..='\u{02af}'
        | '\u{0370}'..='\u{052f}'
        | '\u{1c80}'..='\u{1c8f}'
        | '\u{1d00}'..='\u{1dbf}'
        | '\u{1e00}'..='\u{1fff}'
        | '\u{2c60}'..='\u{2c7f}'
        | '\u{a640}'..='\u{a69f}'
        | '\u{a720}'..='\u{a7ff}'
        | '\u{ab30}'..='\u{ab6f}')
}

/// Characters that show nothing: soft hyphens, joiners, direction marks and variation selectors. Left in, a
/// name pasted from elsewhere would not be found, and one could be disguised.
fn is_ignorable(character: char) -> bool {
    matches!(character,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{feff}'
        | '\u{200c}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0100}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_looks_alike_folds_alike() {
        for (one, other) in [
            ("Jürgen Groß", "JURGEN GROSS"),
            ("Ju\u{308}rgen", "jürgen"),
            ("STRAẞE", "strasse"),
            ("Łukasz Żółć", "lukasz zolc"),
            ("İstanbul ISPARTA ışık", "istanbul isparta isik"),
            ("ΟΔΥΣΣΕΎΣ", "οδυσσευς"),
            ("Ёлка", "елка"),
            ("ＡＢＣ１２３", "abc123"),
            ("ﾊﾟｽﾜｰﾄﾞ", "パスワード"),
            ("ハ\u{309a}スワート\u{3099}", "パスワード"),
            ("㈱日立", "(株)日立"),
            ("ท\u{0e33}งาน", "ท\u{0e4d}\u{0e32}งาน"),
            ("葛\u{e0100}飾", "葛飾"),
            ("pay\u{200d}pal\u{202e}", "paypal"),
            ("ﬁle", "file"),
            ("한국", "한국"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} and {other}");
        }
    }

    #[test]
    fn spelling_stays() {
        for (one, other) in [("か", "が"), ("ハ", "パ"), ("ひらがな", "ヒラガナ"), ("של", "שׁל"), ("कि", "क")]
        {
            assert_ne!(fold(one), fold(other), "{one} and {other}");
        }
    }

    #[test]
    fn folded_ascii_is_not_copied() {
        assert!(matches!(fold("macro updated, 42"), Cow::Borrowed(_)));
        assert!(matches!(fold("Macro"), Cow::Owned(_)));
    }

    #[test]
    fn folding_any_character_twice_is_folding_it_once() {
        for character in '\0'..=char::MAX {
            let once = fold(character.encode_utf8(&mut [0; 4])).into_owned();
            assert_eq!(fold(&once), once, "U+{:04X}", u32::from(character));
        }
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,40}") {
            let once = fold(&text).into_owned();
            prop_assert_eq!(fold(&once).into_owned(), once);
        }
    }
}

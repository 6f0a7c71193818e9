//! Which script a text is mostly written in: as much of its language as can be told for certain from a line or two.

/// A script, or a family of them that one language uses together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Script {
    /// English, German, French and many others.
    Latin,
    /// Russian, Ukrainian, Bulgarian and others.
    Cyrillic,
    /// Greek.
    Greek,
    /// Arabic, Persian, Urdu.
    Arabic,
    /// Hebrew.
    Hebrew,
    /// Hindi, Marathi, Nepali.
    Devanagari,
    /// Thai.
    Thai,
    /// Korean.
    Hangul,
    /// Kana, with or without Han: Japanese.
    Japanese,
    /// Han alone: nearly always Chinese.
    Han,
    /// Anything else.
    Other,
}

/// Tells the script that most letters of a text have, or nothing where there are no letters.
pub fn script(text: &str) -> Option<Script> {
    let mut counts = [0_u32; Script::Other as usize + 1];
    for character in text.chars().filter(|character| character.is_alphabetic()) {
        counts[of(character) as usize] += 1;
    }
    // Japanese is written with more Han than kana at times, Chinese with no kana at all.
    if counts[Script::Japanese as usize] > 0 {
        counts[Script::Japanese as usize] += std::mem::take(&mut counts[Script::Han as usize]);
    }
    const ALL: [Script; Script::Other as usize + 1] = [
        Script::Latin,
        Script::Cyrillic,
        Script::Greek,
        Script::Arabic,
        Script::Hebrew,
        Script::Devanagari,
        Script::Thai,
        Script::Hangul,
        Script::Japanese,
        Script::Han,
        Script::Other,
    ];
    let most = ALL.into_iter().rev().max_by_key(|script| counts[*script as usize])?;
    (counts[most as usize] > 0).then_some(most)
}

fn of(character: char) -> Script {
    match character {
        '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Script::Latin,
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Script::Greek,
        '\u{400}'..='\u{52f}' => Script::Cyrillic,
        '\u{590}'..='\u{5ff}' => Script::Hebrew,
        '\u{600}'..='\u{77f}' => Script::Arabic,
        '\u{900}'..='\u{97f}' => Script::Devanagari,
        '\u{e00}'..='\u{e7f}' => Script::Thai,
        '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7a3}' => Script::Hangul,
        '\u{3041}'..='\u{30ff}' | '\u{ff66}'..='\u{ff9f}' => Script::Japanese,
        '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' => Script::Han,
        _ => Script::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_of_most_letters_wins_and_kana_makes_han_japanese() {
        assert_eq!(script("Wo ist meine Karte?"), Some(Script::Latin));
        assert_eq!(script("где моя карта Visa"), Some(Script::Cyrillic));
        assert_eq!(script("再設定方法を教示"), Some(Script::Japanese));
        assert_eq!(script("我的卡在哪里"), Some(Script::Han));
        assert_eq!(script("123 !?"), None);
    }
}

//! What others wrote, made safe to read: nothing in it can turn text around, hide, or pass for something else.
//!
//! Escaping for HTML is the templates' work. Here invisible and reordering characters become marks that can be seen
//! (UAX 9, UTS 39); the stored bytes stay as they are. Text that goes into a sentence of ours is isolated, so that its
//! direction does not leak.

use std::borrow::Cow;
use unicode_security::RestrictionLevel;
use unicode_security::RestrictionLevelDetection as _;

/// First strong isolate.
const ISOLATE: char = '\u{2068}';
/// Pop directional isolate.
const POP: char = '\u{2069}';
/// More than this is cut where a whole value is not asked for.
pub const SHOWN_CHARS_MAX: usize = 200;

/// Makes what cannot be seen visible.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_treacherous) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            _ if !is_treacherous(letter) => out.push(letter),
            '\n' => out.push('⏎'),
            '\r' => out.push('␍'),
            '\t' => out.push('⇥'),
            _ => out.push_str(&format!("⟨U+{:04X}⟩", u32::from(letter))),
        }
    }
    Cow::Owned(out)
}

/// The same for text of several lines, whose breaks stay.
pub fn visible_lines(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}

/// Visible, and not too long for a table.
pub fn short(text: &str) -> String {
    let shown = visible(text);
    match shown.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &shown[..end]),
        None => shown.into_owned(),
    }
}

/// Visible, not too long, and isolated, to be put into a sentence.
pub fn isolated(text: &str) -> String {
    let shown = short(text);
    if shown.is_ascii() { shown } else { format!("{ISOLATE}{shown}{POP}") }
}

/// Whether a name mixes scripts in a way that only somebody would who wants it to look like another (UTS 39, beyond
/// "highly restrictive").
pub fn looks_forged(name: &str) -> bool {
    let identifier: String = name.chars().filter(|letter| letter.is_alphanumeric()).collect();
    let mixed = |word: &str| {
        word.detect_restriction_level() > RestrictionLevel::HighlyRestrictive
            && word.chars().any(|letter| letter.is_ascii_alphabetic())
    };
    // Names may well be of two scripts, one word each; a single word is of one.
    !identifier.is_ascii()
        && name.split(|letter: char| !letter.is_alphanumeric()).any(|word| !word.is_ascii() && mixed(word))
}

/// Controls of direction and format, zero-width and invisible characters, and controls of any kind.
fn is_treacherous(letter: char) -> bool {
    matches!(letter,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}'
        | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0e}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{e0fff}'
        | '\u{f0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_text_around_is_seen() {
        assert_eq!(visible("plain 田中 é"), "plain 田中 é");
        assert_eq!(visible("invoice\u{202e}fdp.exe"), "invoice⟨U+202E⟩fdp.exe");
        assert_eq!(visible("a\u{200b}b\nc\u{1b}[2J"), "a⟨U+200B⟩b⏎c⟨U+001B⟩[2J");
        assert_eq!(visible_lines("a\nb\u{2066}"), "a\nb⟨U+2066⟩");
        assert_eq!(isolated("نور"), "\u{2068}نور\u{2069}");
        assert_eq!(isolated("\u{2069}x\u{2068}"), "\u{2068}⟨U+2069⟩x⟨U+2068⟩\u{2069}");
        assert_eq!(short(&"é".repeat(10_000)).chars().count(), SHOWN_CHARS_MAX + 1);
    }

    #[test]
    fn a_name_that_mixes_scripts_is_flagged() {
        for forged in ["аdmin", "pаypal", "Jürgеn Groß"] {
            assert!(looks_forged(forged), "{forged}");
        }
        for honest in [
            "admin",
            "Jürgen Groß",
            "Дмитро Шевченко",
            "田中 太郎",
            "김서연 (Kim)",
            "Wren AI アシスタント",
            "Ελένη",
            "Zoë",
            "نور حداد",
            "T恤",
            "",
        ] {
            assert!(!looks_forged(honest), "{honest}");
        }
    }
}

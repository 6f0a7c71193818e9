//! Showing what others wrote on a terminal: nothing in it may move the cursor, hide or reorder text.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How wide we take the screen to be when nobody says.
const COLUMNS_DEFAULT: usize = 120;
/// What a shell says of a program that wrote to nobody.
const ENDED_BY_SIGPIPE: i32 = 128 + 13;

/// The text with every control character, and every mark that reorders text or hides in it, shown as `\u001b`.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_unsafe(character) {
            let _infallible = write!(escaped, "\\u{:04x}", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// C0, DEL, C1, line and paragraph separators, bidirectional controls, zero-width characters, tags.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// JSON with the same characters escaped, so that it is the same value and safe to show. Outside of strings JSON has
/// none of them but line breaks, tabs and carriage returns, which are left as they are.
pub(super) fn escape_json(json: &str) -> Cow<'_, str> {
    let bad = |character: char| is_unsafe(character) && !character.is_ascii();
    if !json.chars().any(|character| bad(character) || character == '\u{7f}') {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if bad(character) || character == '\u{7f}' {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _infallible = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// The text in exactly so many columns: cut with `…`, or filled up with spaces.
pub(super) fn fit(text: &str, columns: usize) -> String {
    let width = text.width();
    if width <= columns {
        return format!("{text}{}", " ".repeat(columns - width));
    }
    let mut fitted = String::new();
    let mut used = 0;
    for character in text.chars() {
        let width = character.width().unwrap_or(0);
        if used + width + 1 > columns {
            break;
        }
        used += width;
        fitted.push(character);
    }
    fitted.push('…');
    fitted.extend(std::iter::repeat_n(' ', columns.saturating_sub(used + 1)));
    fitted
}

/// How wide the screen is.
pub(super) fn columns() -> usize {
    terminal_size::terminal_size().map_or(COLUMNS_DEFAULT, |(width, _)| usize::from(width.0))
}

/// Whether somebody reads what we print.
pub(super) fn is_watched() -> bool {
    io::stdout().is_terminal()
}

/// Writes a line at once. Nobody reading any more is no failure: [`gone_quietly`] makes it none.
pub(super) fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(line.as_bytes())?;
    out.write_all(b"\n")?;
    out.flush()
}

/// From now on `println!` ends the process when nobody reads any more, instead of with a panic.
pub(super) fn end_without_readers() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let said = panic.payload_as_str().unwrap_or_default();
        if said.starts_with("failed printing to stdout") && said.contains("Broken pipe") {
            std::process::exit(ENDED_BY_SIGPIPE);
        }
        before(panic);
    }));
}

/// Ends well when the reader of our output went away, as `head` does.
pub(super) fn gone_quietly(
    done: anyhow::Result<std::process::ExitCode>,
) -> anyhow::Result<std::process::ExitCode> {
    match done {
        Err(error)
            if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe) =>
        {
            Ok(std::process::ExitCode::SUCCESS)
        }
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_and_not_obeyed() {
        assert_eq!(escape("a\u{1b}[2Jb\u{9b}31m\u{7f}\n"), "a\\u001b[2Jb\\u009b31m\\u007f\\u000a");
        assert_eq!(escape("admin\u{202e}txt\u{200b}"), "admin\\u202etxt\\u200b");
        for plain in ["Jürgen Groß", "田中 太郎", "نور حداد", "👍🏽"] {
            assert!(matches!(escape(plain), Cow::Borrowed(_)), "{plain}");
        }
    }

    #[test]
    fn escaped_json_is_the_same_value() {
        let json = "{\"name\":\"a\u{9b}31m\u{7f}\u{202e}\u{e0041}é\"}";
        let escaped = escape_json(json);
        assert!(!escaped.chars().any(is_unsafe), "{escaped}");
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(value(&escaped), value(json));
    }

    #[test]
    fn columns_hold_their_width_in_every_script() {
        assert_eq!(fit("abc", 5), "abc  ");
        assert_eq!(fit("abcdef", 5), "abcd…");
        assert_eq!(fit("田中 太郎", 6), "田中 …");
        assert_eq!(fit("田中太郎", 6), "田中… ");
        for text in ["x", "Jürgen Groß", "田中 太郎 さん", "e\u{301}e\u{301}e\u{301}"] {
            for columns in 1..12 {
                assert_eq!(fit(text, columns).width(), columns, "{text} {columns}");
            }
        }
    }
}

//! What somebody wrote, without what they only quoted: markup, earlier messages, signatures and addresses go.
//!
//! Addresses of pages become the word `url`, those of mail `email`, and long numbers are levelled to zeros, so that neither a topic
//! nor its words show an account number. A text of nothing but quotes is kept as it is, for it is all that was said.

mod markup;
mod script;

pub use script::{Script, script};

use crate::limits::{SCANNED_BYTES_MAX, SIGNATURE_LINES_MAX, TEXT_BYTES_MAX};
use std::borrow::Cow;

/// Gives the words of the writer alone, one line of at most [`TEXT_BYTES_MAX`] bytes.
pub fn cleaned(raw: &str) -> String {
    let plain = plain(raw);
    let own = leveled(own_lines(&plain));
    if own.is_empty() { leveled(plain.lines().map(|line| line.trim_start_matches(['>', ' ']))) } else { own }
}

/// A text without its markup, cut to what is looked at.
pub(crate) fn plain(raw: &str) -> Cow<'_, str> {
    let raw = &raw[..raw.floor_char_boundary(SCANNED_BYTES_MAX)];
    if markup::is_likely(raw) { Cow::Owned(markup::stripped(raw)) } else { Cow::Borrowed(raw) }
}

/// The lines before an earlier message or a signature begins, quoted ones left out.
fn own_lines(text: &str) -> impl Iterator<Item = &str> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let end = (0..lines.len()).find(|&at| is_end(&lines, at)).unwrap_or(lines.len());
    lines.into_iter().take(end).filter(|line| !line.starts_with('>'))
}

fn is_end(lines: &[&str], at: usize) -> bool {
    let line = lines[at];
    is_separator(line)
        || opens_quote(line)
        || opens_header(&lines[at..])
        || is_device_line(line)
        || (at > 0 && is_greeting(line) && is_short(&lines[at..]))
}

/// `--`, a rule of underscores, or the words that mail programs put above an earlier message.
fn is_separator(line: &str) -> bool {
    let rule = line.len() >= 10 && line.bytes().all(|byte| byte == b'_');
    let dashes = line.len() > 8 && line.starts_with("---") && line.ends_with("---");
    line == "--" || rule || dashes
}

/// `On Monday Ana wrote:` in the languages of our pages.
fn opens_quote(line: &str) -> bool {
    const LONGEST: usize = 250;
    if line.len() > LONGEST || !line.ends_with([':', '：']) {
        return false;
    }
    let said = line.trim_end_matches([':', '：', ' ', '\u{a0}']);
    let starts = |words: &[&str]| words.iter().any(|word| line.starts_with(word));
    (starts(&["On "]) && said.ends_with("wrote"))
        || (starts(&["Am "]) && (said.contains(" schrieb") || said.ends_with("geschrieben")))
        || (starts(&["Le "]) && said.ends_with("a écrit"))
        || said.ends_with("のメッセージ")
        || said.ends_with("書きました")
}

/// `From:` with the other lines of a header right after it.
fn opens_header(lines: &[&str]) -> bool {
    const FIRST: [&str; 4] = ["From:", "Von:", "De :", "差出人:"];
    const NEXT: [&str; 9] =
        ["Sent:", "Date:", "To:", "Gesendet:", "Datum:", "An:", "Envoyé :", "送信日時:", "Subject:"];
    FIRST.iter().any(|word| lines[0].trim_start_matches('*').starts_with(word))
        && lines
            .iter()
            .skip(1)
            .take(3)
            .any(|line| NEXT.iter().any(|word| line.trim_start_matches('*').starts_with(word)))
}

fn is_device_line(line: &str) -> bool {
    const LINES: [&str; 7] = [
        "Sent from my ",
        "Get Outlook for ",
        "Von meinem ",
        "Gesendet von ",
        "Envoyé de mon ",
        "Envoyé depuis ",
        "iPhoneから送信",
    ];
    line.len() < 100 && LINES.iter().any(|start| line.starts_with(start))
}

fn is_greeting(line: &str) -> bool {
    const GREETINGS: [&str; 18] = [
        "best",
        "best regards",
        "kind regards",
        "warm regards",
        "many thanks",
        "regards",
        "sincerely",
        "yours sincerely",
        "cheers",
        "mit freundlichen grüßen",
        "freundliche grüße",
        "viele grüße",
        "beste grüße",
        "liebe grüße",
        "cordialement",
        "bien cordialement",
        "bien à vous",
        "よろしくお願いいたします",
    ];
    const LONGEST: usize = 60;
    let said = line.trim_end_matches([',', '.', '!', '。']);
    said.len() <= LONGEST && GREETINGS.contains(&said.to_lowercase().as_str())
}

/// Whether what follows a greeting is a name and a title rather than more of the message.
fn is_short(lines: &[&str]) -> bool {
    lines.iter().filter(|line| !line.is_empty()).count() <= SIGNATURE_LINES_MAX
}

/// One line, its spaces single, addresses replaced and long numbers levelled.
fn leveled<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for word in lines.flat_map(str::split_whitespace) {
        if !out.is_empty() {
            out.push(' ');
        }
        if is_url(word) {
            out.push_str("url");
        } else if is_email(word) {
            out.push_str("email");
        } else {
            push_leveled(word, &mut out);
        }
        if out.len() >= TEXT_BYTES_MAX {
            break;
        }
    }
    out.truncate(out.floor_char_boundary(TEXT_BYTES_MAX));
    out
}

fn is_url(word: &str) -> bool {
    let word = word.trim_start_matches(['(', '<', '[', '"']);
    let starts = |start: &str| word.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    starts("http://") || starts("https://") || starts("www.")
}

fn is_email(word: &str) -> bool {
    word.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
}

/// Numbers of five digits and more become `00000`: that there was one matters, which one does not.
fn push_leveled(word: &str, out: &mut String) {
    const LONG: usize = 5;
    let mut rest = word;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let digits = rest[start..].bytes().take_while(u8::is_ascii_digit).count();
        out.push_str(&rest[..start]);
        out.push_str(if digits >= LONG { "00000" } else { &rest[start..start + digits] });
        rest = &rest[start + digits..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_message_is_not_what_was_written() {
        assert_eq!(
            cleaned("It still fails.\n\nOn Mon, 3 Nov 2025 Ana <ana@x.example> wrote:\n> Try again"),
            "It still fails."
        );
        assert_eq!(cleaned("Geht nicht.\nAm 3.11. schrieb Ana:\n> Noch einmal"), "Geht nicht.");
        assert_eq!(cleaned("動きません。\n2025年11月3日 安奈のメッセージ:\n> はい"), "動きません。");
        assert_eq!(cleaned("New.\nFrom: Ana\nSent: Monday\nTo: us\nold"), "New.");
        assert_eq!(cleaned("New.\n-----Original Message-----\nold"), "New.");
        assert_eq!(cleaned("> you said so\nI did not"), "I did not");
    }

    #[test]
    fn a_signature_goes_and_a_thank_you_within_the_text_stays() {
        assert_eq!(
            cleaned("Where is my card?\n\nBest regards,\nAna Lind\nHarbour Pine"),
            "Where is my card?"
        );
        assert_eq!(cleaned("Where is it?\n-- \nAna"), "Where is it?");
        assert_eq!(cleaned("Hilfe!\nVon meinem iPhone gesendet"), "Hilfe!");
        let long = format!("Hi\nCheers\n{}", "and one more thing\n".repeat(8));
        assert!(
            cleaned(&long).ends_with("and one more thing"),
            "a greeting above a long text opens no signature"
        );
    }

    #[test]
    fn addresses_and_long_numbers_leave_no_trace_of_whose_they_are() {
        assert_eq!(
            cleaned("See https://x.example/a?b=1, write to ana@x.example, account DE12345678, 2 weeks"),
            "See url write to email account DE00000, 2 weeks"
        );
    }

    #[test]
    fn markup_and_its_quotes_go() {
        let html = "<p>My card&nbsp;is <b>gone</b> &amp; I&#39;m sad</p><blockquote>old <i>x</i></blockquote><style>p{}</style>";
        assert_eq!(cleaned(html), "My card is gone & I'm sad");
        assert_eq!(cleaned("a < b and c > d"), "a < b and c > d", "a comparison is no markup");
        assert_eq!(cleaned("<p>unfinished <b"), "unfinished");
    }

    #[test]
    fn nothing_but_quotes_is_kept_and_nothing_at_all_is_empty() {
        assert_eq!(cleaned("> please help\n> with my card"), "please help with my card");
        assert_eq!(cleaned(" \n\t\n"), "");
    }

    #[test]
    fn a_text_of_a_megabyte_is_cut_between_characters() {
        let long = cleaned(&"ü".repeat(1_000_000));
        assert!(long.len() <= TEXT_BYTES_MAX && long.len() > TEXT_BYTES_MAX - 4);
    }
}

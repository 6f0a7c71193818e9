//! Writes a query down in its one canonical way.

use std::fmt;

use super::{
    Clause, FreeText, Query,
    key::Key,
    term::Term,
    time::{Instant, TimeRange},
};

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pieces = Pieces { f, any: false };
        for clause in &self.clauses {
            for term in &clause.any {
                pieces.next()?;
                term_of(clause, term, pieces.f)?;
            }
        }
        for (key, range) in [(Key::Occurred, &self.occurred), (Key::Received, &self.received)] {
            if *range != TimeRange::ALWAYS {
                pieces.next()?;
                range_of(key, range, pieces.f)?;
            }
        }
        if self.archive {
            pieces.next()?;
            write!(pieces.f, "{}:yes", Key::Archive)?;
        }
        for (not, texts) in [("", &self.texts), ("-", &self.not_texts)] {
            for FreeText { text, .. } in texts {
                pieces.next()?;
                let plain = is_bare(text) && !text.starts_with('-') && !text.contains([':', '：']);
                write!(pieces.f, "{not}{}", if plain { text.clone() } else { quoted(text) })?;
            }
        }
        Ok(())
    }
}

/// Puts a space between pieces.
struct Pieces<'f, 'b> {
    f: &'f mut fmt::Formatter<'b>,
    any: bool,
}

impl Pieces<'_, '_> {
    fn next(&mut self) -> fmt::Result {
        if std::mem::replace(&mut self.any, true) { self.f.write_str(" ") } else { Ok(()) }
    }
}

fn term_of(clause: &Clause, term: &Term, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}{}:", if clause.not { "-" } else { "" }, clause.key)?;
    let (value, star) = match term {
        Term::Any => return f.write_str("any"),
        // In quotes it is an alert of that name.
        Term::Is(value) if clause.key == Key::Alert && value == "any" => return f.write_str("\"any\""),
        Term::Is(value) => (value.clone(), ""),
        Term::Prefix(value) => (value.clone(), "*"),
        Term::Name(name) => (name.text.clone(), if name.prefix { "*" } else { "" }),
        Term::Path(path) => (path.pointer(), if path.prefix { "*" } else { "" }),
        Term::Network(network) => (network.to_string(), ""),
    };
    let value = if is_bare(&value) { value } else { quoted(&value) };
    write!(f, "{value}{star}")
}

fn range_of(key: Key, range: &TimeRange, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match (range.from, range.until) {
        // The last moment of a range belongs to it, and a moment lasts a microsecond.
        (Some(from), Some(until)) => write!(f, "{key}:{}..{}", Instant(from), Instant(until - 1)),
        (Some(from), None) => write!(f, "{key}:>={}", Instant(from)),
        (None, Some(until)) => write!(f, "{key}:<{}", Instant(until)),
        (None, None) => Ok(()),
    }
}

/// Says whether a value can stand without quotes.
fn is_bare(value: &str) -> bool {
    !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || c == '"' || c == '*')
}

/// The value in quotes.
pub(super) fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

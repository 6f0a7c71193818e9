//! A text of policies cut into its policies, each with the place where it begins.

use super::limits::{ACCESSES_MAX, CONDITIONALS_MAX, NEGATIONS_MAX, NESTED_MAX, OPERATORS_MAX};

/// One policy of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Statement<'t> {
    /// The byte its first word begins at.
    pub offset: usize,
    pub text: &'t str,
}

/// Cuts at every `;` that stands in no string and no comment. What follows the last one is a statement too, if it is more than
/// comments, so that a forgotten `;` is found by the parser and not lost.
pub(crate) fn statements(text: &str) -> Vec<Statement<'_>> {
    let bytes = text.as_bytes();
    let mut all = Vec::new();
    let (mut at, mut start) = (0, None);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at += bytes[at..].iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len() - at);
                continue;
            }
            b'"' => {
                start.get_or_insert(at);
                at += 1;
                while let Some(&byte) = bytes.get(at) {
                    match byte {
                        b'"' => break,
                        b'\\' => at += 2,
                        _ => at += 1,
                    }
                }
            }
            b';' => {
                let from = start.take().unwrap_or(at);
                all.push(Statement { offset: from, text: &text[from..=at] });
            }
            byte if byte.is_ascii_whitespace() => {}
            _ => {
                start.get_or_insert(at);
            }
        }
        at += 1;
    }
    all.extend(start.map(|from| Statement { offset: from, text: &text[from..] }));
    all
}

/// Why a statement is too much for parsers that call themselves, and the byte where it becomes so. Counted on the text, before anything
/// parses it: a text that is built to exhaust the stack must not reach what it would exhaust.
pub(crate) fn too_much(text: &str) -> Option<(usize, String)> {
    let bytes = text.as_bytes();
    let (mut nested, mut operators, mut accesses, mut negations, mut conditionals) = (0, 0, 0, 0, 0);
    let (mut at, mut before, mut was_space) = (0, b' ', false);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at += 1;
                while bytes.get(at).is_some_and(|&byte| byte != b'"') {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at += bytes[at..].iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len() - at);
                continue;
            }
            b'(' | b'[' | b'{' => nested += 1,
            b')' | b']' | b'}' => nested -= 1,
            b'&' | b'|' | b'+' | b'*' | b'-' => operators += 1,
            b'i' if is_word(bytes, at, b"if") => conditionals += 1,
            _ => {}
        }
        // What goes on in a row: `a.b.c`, `!!a`. A word behind a word begins anew.
        match byte {
            b'.' => accesses += 1,
            byte if byte.is_ascii_whitespace() => {}
            byte if is_letter(byte) && !(was_space && is_letter(before)) => {}
            _ => accesses = 0,
        }
        was_space = byte.is_ascii_whitespace();
        before = if was_space { before } else { byte };
        match byte {
            b'!' => negations += 1,
            byte if byte.is_ascii_whitespace() => {}
            _ => negations = 0,
        }
        let limits = [
            ("brackets within each other", nested, NESTED_MAX),
            ("operators in a policy", operators, OPERATORS_MAX),
            ("attributes in a row", accesses, ACCESSES_MAX),
            ("negations in a row", negations, NEGATIONS_MAX),
            ("conditionals in a policy", conditionals, CONDITIONALS_MAX),
        ];
        if let Some((what, _, max)) = limits.into_iter().find(|(_, count, max)| count > max) {
            return Some((at, format!("at most {max} {what}")));
        }
        at += 1;
    }
    None
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether a word stands there on its own.
fn is_word(bytes: &[u8], at: usize, word: &[u8]) -> bool {
    let is_inside = |at: Option<usize>| at.and_then(|at| bytes.get(at)).copied().is_some_and(is_letter);
    bytes[at..].starts_with(word) && !is_inside(at.checked_sub(1)) && !is_inside(at.checked_add(word.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_comments_cut_nothing() {
        let text =
            "// a; b\npermit(principal, action, resource) when { \"x;\\\";\" == \"y\" }; // c;\n forbid";
        let cut = statements(text);
        let [permit, rest] = cut.as_slice() else { panic!("{cut:?}") };
        assert!(permit.text.starts_with("permit(") && permit.text.ends_with("\"y\" };"), "{permit:?}");
        assert_eq!(rest.text, "forbid");
        assert!(cut.iter().all(|one| text[one.offset..].starts_with(one.text)));
        assert_eq!(statements(" // nothing\n"), []);
        statements("\"\\");
        too_much("\"\\");
    }

    #[test]
    fn what_is_usual_is_not_too_much() {
        let usual = "principal.verified == context.ai.model && if a.b then c.d else e.f ".repeat(30);
        assert_eq!(too_much(&usual), None);
        assert_eq!(too_much(&"a .b ".repeat(3)), None);
        assert!(too_much(&format!("a{}", " . b".repeat(20))).is_some());
        assert!(too_much(&"! ".repeat(9)).is_some());
        assert!(too_much(&"if a ".repeat(40)).is_some());
    }
}

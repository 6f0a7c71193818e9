//! A text of policies cut into its policies, each with the place where it begins.

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
    }
}

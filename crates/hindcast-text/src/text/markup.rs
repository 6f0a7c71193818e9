//! Taking HTML off a message: a reading of it, not a parser for browsers; nothing of it is ever shown as markup.

/// Whether a text has something that looks like a tag.
pub(super) fn is_likely(text: &str) -> bool {
    tags(text).next().is_some()
}

/// The text between the tags; what was quoted in it, and what is not for people, left out.
pub(super) fn stripped(html: &str) -> String {
    const HIDDEN: [&str; 4] = ["blockquote", "style", "script", "head"];
    const INLINE: [&str; 10] = ["a", "b", "i", "u", "em", "strong", "span", "font", "code", "small"];
    let mut out = String::with_capacity(html.len());
    let mut hidden: Vec<&str> = Vec::new();
    let mut from = 0;
    for tag in tags(html) {
        if hidden.is_empty() {
            push_decoded(&html[from..tag.start], &mut out);
        }
        from = tag.end;
        let name = HIDDEN.into_iter().find(|name| tag.name.eq_ignore_ascii_case(name));
        match name {
            Some(name) if tag.closes => {
                if let Some(at) = hidden.iter().rposition(|open| *open == name) {
                    hidden.truncate(at);
                }
            }
            // Deeper than anybody reads; what lies in one is hidden anyway.
            Some(name) if hidden.len() < 100 => hidden.push(name),
            _ => {}
        }
        if !INLINE.iter().any(|name| tag.name.eq_ignore_ascii_case(name)) {
            out.push('\n');
        }
    }
    if hidden.is_empty() {
        push_decoded(&html[from..], &mut out);
    }
    out
}

struct Tag<'a> {
    name: &'a str,
    closes: bool,
    start: usize,
    end: usize,
}

/// The tags of a text in order; one that never ends reaches to the end of the text.
fn tags(text: &str) -> impl Iterator<Item = Tag<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + text.get(at..)?.find('<')?;
            let inner = &text[start + 1..];
            let closes = inner.starts_with('/');
            let inner = inner.strip_prefix('/').unwrap_or(inner);
            let letters = inner.bytes().take_while(u8::is_ascii_alphanumeric).count();
            let name = &inner[..letters];
            let follows = inner[letters..].chars().next();
            let is_tag = name.starts_with(|c: char| c.is_ascii_alphabetic())
                && follows.is_none_or(|c| c == '>' || c == '/' || c.is_whitespace());
            let end = text[start..].find('>').map_or(text.len(), |length| start + length + 1);
            at = start + 1;
            if is_tag {
                at = end;
                return Some(Tag { name, closes, start, end });
            }
        }
    })
}

fn push_decoded(text: &str, out: &mut String) {
    const NAMED: [(&str, char); 7] = [
        ("&amp;", '&'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&#39;", '\''),
        ("&apos;", '\''),
        ("&nbsp;", ' '),
    ];
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (written, meant) =
            NAMED.into_iter().find(|(name, _)| rest.starts_with(name)).unwrap_or(("&", '&'));
        out.push(meant);
        rest = &rest[written.len()..];
    }
    out.push_str(rest);
}

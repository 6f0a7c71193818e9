//! Which conversations somebody wants, as one line of text: `channel:email tag:"late delivery" ai:yes`.

use super::find::ConversationsWanted;
use crate::history::Resolution;

const NAMES: &str = "source, channel, language, tag, resolution, month, ai and escalated";

impl ConversationsWanted {
    /// Reads such a line; the empty one wants all. Each name counts once.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut wanted = Self::default();
        let mut seen = std::collections::BTreeSet::new();
        for (name, value) in words(text)? {
            if !seen.insert(name.clone()) {
                return Err(format!("each name once, {name} comes twice"));
            }
            let flag = || match value.as_str() {
                "yes" => Ok(Some(true)),
                "no" => Ok(Some(false)),
                _ => Err(format!("yes or no after {name}:")),
            };
            match name.as_str() {
                "source" => wanted.source = Some(value),
                "channel" => wanted.channel = Some(value),
                "language" => wanted.language = Some(value),
                "tag" => wanted.tag = Some(value),
                "month" => wanted.month = Some(value),
                "resolution" => {
                    let known = Resolution::ALL.map(Resolution::as_str).join(", ");
                    let resolution = Resolution::parse(&value);
                    wanted.resolution =
                        Some(resolution.ok_or_else(|| format!("one of {known} after resolution:"))?);
                }
                "ai" => wanted.ai = flag()?,
                "escalated" => wanted.escalated = flag()?,
                _ => return Err(format!("words such as tag:refund, with the names {NAMES}")),
            }
        }
        Ok(wanted)
    }
}

/// `name:value` and `name:"a value"`, apart.
fn words(text: &str) -> Result<Vec<(String, String)>, String> {
    let (mut found, mut rest) = (Vec::new(), text.trim());
    while !rest.is_empty() {
        let expected = || format!("words such as tag:refund, with the names {NAMES}");
        let (name, after) = rest.split_once(':').ok_or_else(expected)?;
        if name.is_empty() || name.contains(char::is_whitespace) || name.contains('"') {
            return Err(expected());
        }
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or_else(|| format!("a quote at the end of {name}:"))?,
            None => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
        };
        if value.is_empty() || next.chars().next().is_some_and(|c| !c.is_whitespace()) {
            return Err(format!("a value after {name}:, and a space after that"));
        }
        found.push((name.to_owned(), value.to_owned()));
        rest = next.trim_start();
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_which_conversations_are_wanted() {
        let wanted =
            ConversationsWanted::parse("channel:email  tag:\"late delivery\" ai:yes").expect("a filter");
        assert_eq!(
            wanted,
            ConversationsWanted {
                channel: Some("email".to_owned()),
                tag: Some("late delivery".to_owned()),
                ai: Some(true),
                ..ConversationsWanted::default()
            }
        );
        assert_eq!(ConversationsWanted::parse(" "), Ok(ConversationsWanted::default()));
        for wrong in [
            "refund",
            "tag:",
            "tags:x",
            "tag:a tag:b",
            "ai:perhaps",
            "tag:\"a",
            "tag:\"a\"b",
            "resolution:won",
            ":x",
        ] {
            assert!(ConversationsWanted::parse(wrong).is_err(), "{wrong}");
        }
    }
}

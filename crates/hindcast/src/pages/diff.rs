//! Two texts line by line: what changed with a few lines around it, and the words of lines that were written anew.

use super::change::{Pieces, word_by_word};
use super::safe::visible_lines;
use super::text::Text;
use similar::{DiffTag, TextDiff};
use std::time::Duration;

/// Lines that are shown around a change.
const AROUND: usize = 3;
/// Comparing takes no longer than this; what is left is shown as replaced.
const COMPARE_MAX: Duration = Duration::from_millis(100);

/// Lines that have the same in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// `same`, `removed`, `added`, or `gap` for lines that are left out.
    pub kind: &'static str,
    /// The sign and the word for it; empty for what stayed.
    pub told: String,
    /// The lines in pieces, and whether each is on this side only.
    pub pieces: Pieces,
}

/// What became of a text; nothing when it stayed as it was.
pub fn lines(t: Text, before: &str, after: &str) -> Vec<Block> {
    let diff = TextDiff::configure().timeout(COMPARE_MAX).diff_lines(before, after);
    let text = |slices: &[&str]| visible_lines(slices.concat().trim_end_matches('\n'));
    let whole = |kind, told: &str, slices: &[&str]| Block {
        kind,
        told: told.to_owned(),
        pieces: vec![(text(slices), false)],
    };
    let (gone, come) = (t.change_removed(), t.change_added());
    let mut blocks = Vec::new();
    for group in diff.grouped_ops(AROUND) {
        if !blocks.is_empty() {
            blocks.push(Block { kind: "gap", told: String::new(), pieces: vec![("…".to_owned(), false)] });
        }
        for op in group {
            let (tag, old, new) = op.as_tag_tuple();
            let (old, new) = (&diff.old_slices()[old], &diff.new_slices()[new]);
            match tag {
                DiffTag::Equal => blocks.push(whole("same", "", old)),
                DiffTag::Delete => blocks.push(whole("removed", &gone, old)),
                DiffTag::Insert => blocks.push(whole("added", &come, new)),
                DiffTag::Replace => {
                    let trimmed = |slices: &[&str]| slices.concat().trim_end_matches('\n').to_owned();
                    let (before, after) = word_by_word(&trimmed(old), &trimmed(new));
                    let block = |kind, told: &str, pieces| Block { kind, told: told.to_owned(), pieces };
                    blocks.push(block("removed", &gone, before));
                    blocks.push(block("added", &come, after));
                }
            }
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_shown_with_what_is_around_it() {
        let numbered =
            |from: usize, until: usize| (from..until).map(|n| format!("line {n}\n")).collect::<String>();
        let before = numbered(0, 30);
        let after = before.replace("line 10\n", "line ten\n").replace("line 25\n", "");
        let blocks = lines(Text::default(), &before, &after);
        let kinds: Vec<_> = blocks.iter().map(|block| block.kind).collect();
        assert_eq!(kinds, ["same", "removed", "added", "same", "gap", "same", "removed", "same"]);
        assert_eq!(blocks[1].pieces, [("line ".to_owned(), false), ("10".to_owned(), true)]);
        assert_eq!(blocks[2].pieces, [("line ".to_owned(), false), ("ten".to_owned(), true)]);
        assert_eq!(blocks[0].pieces, [("line 7\nline 8\nline 9".to_owned(), false)]);
        assert_eq!(lines(Text::default(), &before, &before), []);
    }
}

//! Actions an agent proposed against those people took: the same, missing, too many, or with another argument.

use super::answer::Action;
use super::limits::GROUPS_MAX;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How the actions of one case, or of many, compare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// People took.
    pub expected: u64,
    /// The agent proposed.
    pub proposed: u64,
    /// The same tool with the same arguments.
    pub exact: u64,
    /// The same tool with other arguments.
    pub wrong_argument: u64,
    /// People took it, the agent did not.
    pub missing: u64,
    /// The agent proposed it, people did not take it.
    pub extra: u64,
    /// Proposed and denied by a policy; counted as one of the others as well.
    pub forbidden: u64,
}

impl Compared {
    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.expected = self.expected.saturating_add(other.expected);
        self.proposed = self.proposed.saturating_add(other.proposed);
        self.exact = self.exact.saturating_add(other.exact);
        self.wrong_argument = self.wrong_argument.saturating_add(other.wrong_argument);
        self.missing = self.missing.saturating_add(other.missing);
        self.extra = self.extra.saturating_add(other.extra);
        self.forbidden = self.forbidden.saturating_add(other.forbidden);
    }

    /// Whether the agent would have done just what people did.
    pub fn is_exact(&self) -> bool {
        self.wrong_argument + self.missing + self.extra == 0
    }
}

/// The comparison of one case, tool by tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionScore {
    /// All tools together.
    pub total: Compared,
    /// Each of them.
    pub by_tool: BTreeMap<String, Compared>,
    /// Which arguments were wrong: `order.refund.cents`.
    pub wrong: BTreeSet<String>,
}

/// Compares as sets in which an action may stand more than once; the order is not looked at, and tools that only read are left
/// out, as people look things up where no log sees it. `forbidden` says which of the proposed a policy denied.
pub fn compare(
    expected: &[Action],
    proposed: &[Action],
    forbidden: impl Fn(usize) -> bool,
    reads: &BTreeSet<String>,
) -> ActionScore {
    let mut sides: BTreeMap<&str, (Vec<&Action>, Vec<&Action>)> = BTreeMap::new();
    let mut score = ActionScore::default();
    for action in expected.iter().filter(|action| !reads.contains(&action.tool)) {
        sides.entry(&action.tool).or_default().0.push(action);
    }
    for (at, action) in proposed.iter().enumerate() {
        // A forbidden look-up is still a forbidden action.
        if forbidden(at) {
            score.by_tool.entry(action.tool.clone()).or_default().forbidden += 1;
        }
        if !reads.contains(&action.tool) {
            sides.entry(&action.tool).or_default().1.push(action);
        }
    }
    for (tool, (expected, proposed)) in sides {
        compare_tool(tool, expected, proposed, &mut score);
    }
    for compared in score.by_tool.values() {
        score.total.merge(compared);
    }
    score
}

fn compare_tool(tool: &str, mut expected: Vec<&Action>, proposed: Vec<&Action>, score: &mut ActionScore) {
    let compared = score.by_tool.entry(tool.to_owned()).or_default();
    compared.expected = expected.len() as u64;
    compared.proposed = proposed.len() as u64;
    expected.sort();
    let mut left = Vec::new();
    for action in proposed {
        match expected.iter().position(|other| *other == action) {
            Some(at) => {
                expected.remove(at);
                compared.exact += 1;
            }
            None => left.push(action),
        }
    }
    left.sort();
    let pairs = left.len().min(expected.len());
    compared.wrong_argument = pairs as u64;
    compared.missing = (expected.len() - pairs) as u64;
    compared.extra = (left.len() - pairs) as u64;
    for (mine, theirs) in left.iter().zip(&expected) {
        for name in mine.arguments.differing(&theirs.arguments) {
            if score.wrong.len() < GROUPS_MAX {
                score.wrong.insert(format!("{tool}.{name}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::Arguments;
    use proptest::prelude::*;

    fn actions(story: &str) -> Vec<Action> {
        let action = |word: &str| {
            let (tool, arguments) = word
                .split_once('{')
                .map_or((word, String::new()), |(tool, rest)| (tool, format!("{{{rest}")));
            let arguments = if arguments.is_empty() {
                Arguments::none()
            } else {
                Arguments::parse(&arguments).expect("an object")
            };
            Action { tool: tool.into(), arguments }
        };
        story.split_whitespace().map(action).collect()
    }

    fn told(expected: &str, proposed: &str) -> String {
        let score =
            compare(&actions(expected), &actions(proposed), |_| false, &BTreeSet::from(["look".to_owned()]));
        let Compared { exact, wrong_argument, missing, extra, .. } = score.total;
        let wrong: Vec<_> = score.wrong.into_iter().collect();
        format!("exact {exact}, wrong {wrong_argument}, missing {missing}, extra {extra} {}", wrong.join(" "))
            .trim_end()
            .to_owned()
    }

    #[test]
    fn actions_are_compared_as_sets() {
        assert_eq!(told("close", "close"), "exact 1, wrong 0, missing 0, extra 0");
        assert_eq!(told("close tag", "tag close"), "exact 2, wrong 0, missing 0, extra 0");
        assert_eq!(told("close", ""), "exact 0, wrong 0, missing 1, extra 0");
        assert_eq!(told("", "close close"), "exact 0, wrong 0, missing 0, extra 2");
        assert_eq!(
            told(r#"refund{"cents":500,"id":1} close"#, r#"refund{"id":1.0,"cents":5000}"#),
            "exact 0, wrong 1, missing 1, extra 0 refund.cents"
        );
        assert_eq!(told("look close", "look look close"), "exact 1, wrong 0, missing 0, extra 0");
    }

    #[test]
    fn what_was_forbidden_is_counted_even_where_it_only_reads() {
        let score = compare(&[], &actions("look close"), |_| true, &BTreeSet::from(["look".to_owned()]));
        assert_eq!((score.total.forbidden, score.total.extra), (2, 1));
    }

    proptest! {
        #[test]
        fn every_action_is_counted_once(expected in "[abc]( [abc]){0,6}", proposed in "[abc]( [abc]){0,6}") {
            let score = compare(&actions(&expected), &actions(&proposed), |_| false, &BTreeSet::new());
            let total = score.total;
            prop_assert_eq!(total.expected, total.exact + total.wrong_argument + total.missing);
            prop_assert_eq!(total.proposed, total.exact + total.wrong_argument + total.extra);
            let back = compare(&actions(&proposed), &actions(&expected), |_| false, &BTreeSet::new());
            prop_assert_eq!((back.total.exact, back.total.missing), (total.exact, total.extra));
        }
    }
}

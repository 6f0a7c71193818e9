//! What remains of a policy set for one kind of actor and one action: the policies whose scope takes them in, and what these read.

use super::condition::Status;
use super::read::{self, Read};
use super::set::Rule;
use super::vocabulary::Vocabulary;
use cedar_policy::PolicySet;

/// The policies for one kind of actor and one action, or several that they do not tell apart.
#[derive(Debug)]
pub(crate) struct Slice {
    /// Their places in the set.
    pub rules: Vec<usize>,
    pub cedar: PolicySet,
    /// What they read, in the order of [`read::each`].
    pub reads: Vec<Read>,
    /// Of each policy: the places in `reads` of what it reads.
    pub places: Vec<Vec<usize>>,
    pub reads_approval: bool,
    /// Whether answers differ by action.
    pub reads_action: bool,
}

impl Slice {
    pub fn of(rules: Vec<usize>, all: &[Rule], vocabulary: &Vocabulary, action: &str) -> Self {
        let taken = || rules.iter().filter_map(|&rule| all.get(rule));
        let mut reads: Vec<Read> = taken()
            .flat_map(|rule| rule.condition.paths.iter().map(|path| vocabulary.read(path, action)))
            .collect();
        read::sort(&mut reads);
        let at = |path: &Vec<String>| reads.iter().position(|read| &read.path == path).unwrap_or(usize::MAX);
        let places = taken().map(|rule| rule.condition.paths.iter().map(at).collect()).collect();
        let cedar = PolicySet::from_policies(taken().map(|rule| rule.cedar.clone())).unwrap_or_default();
        let reads_approval = taken().any(|rule| rule.info.asks_approval);
        let reads_action = taken().any(|rule| rule.condition.reads_action);
        Self { cedar, places, reads_approval, reads_action, reads, rules }
    }

    /// The status of what a policy reads, by its own count.
    pub fn status<'s>(&'s self, rule: usize, all: &'s [Status]) -> impl Fn(usize) -> Status + 's {
        move |path| {
            let at = self.places.get(rule).and_then(|places| places.get(path));
            at.and_then(|&at| all.get(at)).copied().unwrap_or(Status::NotRecorded)
        }
    }
}

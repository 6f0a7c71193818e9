//! Policies: may this actor do this action on this target, in this context? In Cedar, checked strictly, answered with three values.
//!
//! A [`Vocabulary`] says what policies can name, [`check`] reads them or says what is wrong and where, a [`Judge`] answers. What is asked is
//! an [`Asked`], read by one function from an event that is about to be or that was recorded. What was not recorded makes an answer
//! unknown where it could matter, and never an allow.

mod asked;
mod condition;
mod flaw;
pub mod form;
mod judge;
mod kind;
pub mod limits;
mod memo;
mod read;
mod scope;
mod set;
mod slice;
mod text;
mod tool;
mod verdict;
mod vocabulary;

pub use crate::tool::{Tool, ToolFlaw};
pub use asked::{Approval, Asked, DECIDED};
pub use flaw::Flaw;
pub use judge::{Judge, NotReady};
pub use kind::LeftOut;
pub use memo::Memo;
pub use scope::Scope;
pub use set::{PolicyInfo, PolicySet, PolicyText, check};
pub use verdict::{Decision, Determining, Verdict};
pub use vocabulary::{BOT_GROUP, NoVocabulary, PRINCIPALS, TOOL_GROUP, Vocabulary, WRITING_TOOL_GROUP};

pub(crate) use asked::text_of;
pub(crate) use judge::{APPROVERS_ASSUMED, write_key};
pub(crate) use memo::{Key, Table, shorten};
pub(crate) use read::{Found, Read, each, sort};

/// The policies a new workspace begins with: teammates are observed, agents do what they do all day.
pub const BASE: PolicyText<'static> =
    PolicyText { name: "base.cedar", text: include_str!("../../policies/base.cedar") };

/// What of the engine can change an answer.
pub fn engine() -> String {
    format!("hindcast-rules 1, cedar {}", cedar_policy::get_sdk_version())
}

/// A hash of texts that tells where one ends and the next begins, 32 hexadecimal digits.
pub(crate) fn hashed(parts: &[&str]) -> String {
    use sha2::{Digest, Sha256};
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

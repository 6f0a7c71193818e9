//! The columns, told as stories: whatever the entries went through, questions about them have one answer.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod answers;
#[path = "../../../../tests/canary.rs"]
mod canary;
mod damage;
mod exports;
mod groups;
mod life;
mod oracle;
mod others;
mod past;
mod rewrite;
mod sight;
mod vault;

//! How long entries are kept, and letting them go: retention, legal holds, the archive.
//!
//! Data walks forward: the **policy** says how long, the **plan** says which entries that means now, and **expire** lets
//! them go. Before anything goes, a notice that says what and why is an entry of the log and on disk; the leaves stay in
//! the tree, so whatever is left still verifies, and so does every checkpoint ever signed.

mod archive;
mod expire;
mod plan;
mod policy;
#[cfg(test)]
mod tests;

pub use archive::archive;
pub(crate) use expire::{Replaced, replace};
pub use expire::{expire, go_on};
pub use plan::{Plan, held, plan};
pub use policy::{COOL_OFF_MICROS, DAYS_MAX, Retention, Unfit};

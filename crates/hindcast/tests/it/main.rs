//! The whole house, as its users see it: one file for each story they would tell.

#![expect(clippy::expect_used, reason = "a story that cannot go on has failed")]

mod access;
mod accounts;
mod anchors;
mod append;
mod bundles;
mod cast;
mod conversations;
mod damage;
mod door;
#[path = "../doubles/mod.rs"]
mod doubles;
mod evidence;
mod export;
mod false_witnesses;
mod find;
mod flips;
mod full_disk;
mod intercom;
mod keeping;
mod kept;
mod limits;
mod narrowed;
mod numbers;
mod openapi;
mod own_log;
mod pages;
mod posts;
mod process;
mod proof;
mod reports;
mod restarts;
mod sources;
mod support;
mod tail;
mod unseen;
mod witness_alone;
mod witnessed;

//! The whole house, as its users see it: one file for each story they would tell.

#![expect(clippy::expect_used, reason = "a story that cannot go on has failed")]

mod access;
mod append;
mod export;
mod find;
mod flips;
mod intercom;
mod limits;
mod openapi;
mod proof;
mod support;
mod tail;

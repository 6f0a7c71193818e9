//! The pages in a browser, as people use them: one file for each story.
//!
//! A story needs Debian's chromium and chromium-driver, and says so where they are missing.

#![expect(clippy::expect_used, reason = "a story that cannot go on has failed")]

mod accessible;
mod alerts;
mod axe;
mod browser;
mod cast;
mod demo;
#[path = "../doubles/mod.rs"]
#[expect(dead_code, reason = "other stories ask the other doubles")]
mod doubles;
mod find;
mod first_run;
mod gate;
mod hostile;
mod japanese;
mod keyboard;
mod no_script;
mod people;
mod room;
mod screenshots;
mod simulations;
mod sources;
#[path = "../it/support.rs"]
#[expect(dead_code, reason = "these stories need less than those that talk to the API")]
mod support;
mod tail;
mod workflows;

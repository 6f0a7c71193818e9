//! The whole house, as its users see it: one file for each story they would tell.

#![expect(clippy::expect_used, reason = "a story that cannot go on has failed")]

mod access;
mod accounts;
mod alert_pages;
mod alerts;
mod anchors;
mod append;
mod bundles;
mod cast;
mod clients;
mod collectors;
mod conversations;
mod damage;
mod destinations;
mod disk;
mod door;
#[path = "../doubles/mod.rs"]
mod doubles;
mod evidence;
mod export;
mod facts;
mod false_witnesses;
mod find;
mod flips;
mod full_disk;
mod full_disk_letting_go;
mod gate;
mod heartbeats;
mod intercom;
mod keeping;
mod keeping_by_hand;
mod keeping_by_token;
mod kept;
mod limits;
mod looked_after;
mod messages;
mod mmdb;
mod narrowed;
mod numbers;
mod openapi;
mod own_log;
mod pages;
mod postbox;
mod posts;
mod process;
mod proof;
mod receiver;
mod reports;
mod restarts;
mod sources;
mod support;
mod tail;
mod unseen;
mod witness_alone;
mod witnessed;

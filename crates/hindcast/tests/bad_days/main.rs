//! Bad days of several servers over one database and one storage: what becomes of requests, of what was acknowledged, and of the
//! work that one server does for all. Each of them takes a while; `./test` runs them.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

mod between;
mod cache;
#[path = "../client/mod.rs"]
mod client;
mod cut;
#[path = "../../../hindcast-ledger/tests/database/mod.rs"]
mod database;
#[path = "../it/disk.rs"]
mod disk;
mod failover;
#[path = "../it/garage.rs"]
mod garage;
mod network;
#[path = "../ports/mod.rs"]
mod ports;
mod site;
mod skew;
mod storage;
mod upgrade;

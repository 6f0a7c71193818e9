//! The house: the server and the command line; wires the rooms together.

pub mod anchors;
pub mod api;
pub mod app;
pub mod backup;
pub mod bench;
pub mod bundle;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod demo;
pub mod erasure;
mod followers;
mod hex;
pub mod intercom;
mod jobs;
pub mod keeping;
pub mod metrics;
mod pages;
mod paper;
pub mod people;
mod record;
mod reports;
pub mod rooms;
pub mod serve;
pub mod verdict;
pub mod verify;
pub mod witness;

//! The house: the server and the command line; wires the rooms together.

pub mod api;
pub mod app;
pub mod bench;
pub mod bundle;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod demo;
mod followers;
mod hex;
pub mod intercom;
mod jobs;
pub mod metrics;
mod pages;
pub mod people;
mod record;
pub mod rooms;
pub mod serve;
pub mod verdict;
pub mod verify;

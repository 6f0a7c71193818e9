//! The pages: what people see of hindcast, rendered here; scripts only add to it.
//!
//! One file for each page. A page takes a [`Visitor`] or a [`Guest`], asks one room, and fills a template of
//! `ui/templates`; the address is the whole state of a page. What all pages have in common — headers, refusals shown as
//! pages, requests from other sites sent away — is in [`answer`].

mod alerts;
mod answer;
mod approvals;
mod asked;
mod assets;
mod change;
mod chart;
mod charts;
mod conversations;
mod countries;
mod dashboards;
mod diff;
mod entry;
mod evidence;
mod exports;
mod facets;
mod fields;
mod format;
mod guest;
mod heat;
mod help;
mod histogram;
mod insights;
mod integrity;
mod integrity_anchors;
mod integrity_of_entry;
mod join;
mod log;
mod mistake;
mod named;
mod noted;
mod oidc;
mod person;
mod policies;
mod preferences;
mod reference;
mod refusal;
mod reports;
mod routes;
mod rows;
mod safe;
mod second_factor;
mod settings;
mod setup;
mod share;
mod shell;
mod sign_in;
mod simulations;
mod suggest;
mod tail;
mod text;
mod views;
mod visitor;
mod workflows;
mod zones;

pub(crate) use answer::nowhere;
pub(crate) use assets::FOLDER as ASSETS_FOLDER;
pub(crate) use chart::{Stack, bars};
pub(crate) use countries::country;
pub(crate) use facets::value_label;
pub(crate) use format::{Clock, decimal, lasting, list, number};
pub(crate) use histogram::count;
pub(crate) use reports::days;
pub use routes::routes;
pub(crate) use rows::{Badge, Who, target_name};
pub(crate) use safe::{isolated, short, visible};
pub(crate) use text::Text;

//! Policies: which there are and what the gate goes by, one of them with its text and its past, and the tools they speak of.

mod flaws;
mod form;
mod history;
mod list;
mod policy;
mod publish;
mod samples;
mod save;
mod shown;
mod standing;
mod tools;

pub use form::{form, new_form};
pub use history::show as show_versions;
pub use list::list;
pub use policy::{blank, show};
pub use publish::save_publish;
pub use save::{activate, agree, change, check, check_blank, create, reject, remove};
pub use shown::approvers;
pub use tools::{blank as blank_tool, declare, forget, list as list_tools, save_settings, show as show_tool};

use super::refusal::Refusal;
use crate::api::Problem;
use crate::gate::NoBook;
use crate::gate::edit::NotChanged;

/// What nobody who looks at a page has done wrong.
fn problem(error: NotChanged) -> Problem {
    match error {
        NotChanged::Catalog(error) => error.into(),
        NotChanged::Unknown(what) => Problem::not_found(format!("there is no such {what}")),
        other => Problem::internal(other),
    }
}

fn no_book(error: NoBook) -> Problem {
    match error {
        NoBook::Catalog(error) => error.into(),
        other => Problem::internal(other),
    }
}

/// A page that was asked for, or the one that says there is none.
fn found<T>(page: Option<T>) -> Result<T, Refusal> {
    page.ok_or(Refusal::NotFound)
}

/// What became of one text in another.
fn diff_of(visitor: &super::visitor::Visitor, before: &str, after: &str) -> Vec<super::diff::Block> {
    super::diff::lines(visitor.guest.text, before, after)
}

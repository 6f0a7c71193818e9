//! Workflows: which there are and what is in force of each, one of them with its text and its past, what they said when something
//! set them off, and rules of other products that are taken in.

mod checked;
mod history;
mod import;
mod list;
mod run;
mod runs;
mod samples;
mod save;
mod standing;
mod words;
mod workflow;

pub use history::{restore, show as show_versions};
pub use import::{FORM_BYTES_MAX as IMPORT_FORM_BYTES_MAX, blank as blank_import, take_in};
pub use list::list;
pub use run::show as show_run;
pub use runs::{all as all_runs, list as list_runs};
pub use save::{activate, change, check, check_blank, create, remove};
pub use workflow::{blank, show};

use super::refusal::Refusal;
use crate::api::Problem;
use crate::workflows::NoBook;
use crate::workflows::edit::NotChanged;

/// What nobody who looks at a page has done wrong.
fn problem(error: NotChanged) -> Problem {
    match error {
        NotChanged::Catalog(error) => error.into(),
        NotChanged::Book(error) => no_book(error),
        NotChanged::Unknown => Problem::not_found("there is no such workflow"),
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

//! Erasing a person, or some fields, so that nothing of the value remains and everything still verifies.
//!
//! A **selector** says what to look for. The **manifest** is what that comes to: entries and places of sections in them, and
//! nothing of the person. A second person agrees; then the manifest is kept with the keys, the **notice** is an entry of
//! the log and on disk, segments are written anew without the values, and a signed **certificate** says that it was done.
//! The manifests stay for ever: a restored older copy is erased again before anybody sees it.

mod carry_out;
mod certificate;
mod manifest;
mod request;
mod second;
mod selector;
#[cfg(test)]
mod tests;

pub use crate::followers::seal_all as seal;
pub use carry_out::{carry_out, count, replay};
pub(crate) use manifest::FOLDER as MANIFESTS;
pub use manifest::{Item, Manifest, Mention, resolve};
pub use request::{BASES, REFERENCE_CHARS_MAX, Wanted};
pub use second::{agreement, answering};
pub use selector::{Person, Selector};

//! The words of hindcast: who did what to what, validated, masked and encoded.
//!
//! A caller submits a [`Draft`]; made valid it is an [`Event`]; at its index in a ledger it is an [`Entry`]. This
//! crate knows no clock, no randomness and no disk: what it needs of them is handed in.

mod activity;
mod core_section;
pub mod diff;
mod draft;
mod entry;
mod event;
mod hidden;
mod indexes;
pub mod json;
mod language;
mod mask;
mod salts;
mod secret;
mod sentence;
mod time;

pub use crate::activity::{Activity, Category, Registry};
pub use crate::core_section::Core;
pub use crate::draft::{
    ACTION_BYTES_MAX, ACTOR_TYPES, CHANGES_MAX, Draft, ID_BYTES_MAX, Invalid, METADATA_MAX, Outcome,
    OutcomeResult, SECTION_NAME_BYTES_MAX, TARGETS_MAX, TEXT_BYTES_MAX,
};
pub use crate::entry::{Entries, Entry, Kind, push_record};
pub use crate::event::{
    Arrival, Damaged, ERASED_ACTOR, ERASED_ACTOR_ID, EVENT_BYTES_MAX, Event, SECTIONS_MAX, Sections,
    TooLarge, View, id_time, push_section,
};
pub use crate::hidden::{Field, Hidden, facts_without, hidden_of_context, hidden_of_facts, without};
pub use crate::indexes::Indexes;
pub use crate::language::Language;
pub use crate::mask::text as without_secrets;
pub use crate::salts::{Key, Left, Remnant, Salts};
pub use crate::sentence::{describe, describe_told, describe_with};
pub use crate::time::Timestamp;

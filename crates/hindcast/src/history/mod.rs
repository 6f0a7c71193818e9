//! The history of conversations: what customers asked, what teammates and AI agents answered, how it was tagged and how it
//! ended. Simulations and insights read it.
//!
//! It lies apart from the log, in a file of its own (`docs/decisions/0020…`): a conversation goes on after it was imported,
//! is personal through and through, and large. So it is no part of what is proven; that it was imported, changed, erased or
//! let go is an entry of the log each time. What agents *did* in a conversation, their tool calls, are entries as any
//! others. Nothing here knows SQL (`catalog/history.rs`), sockets or files.

mod changes;
mod conversation;
mod keep;
mod known;
mod personal;
pub(crate) mod read;
mod sample;
mod settings;
mod silence;

pub use changes::{Change, LIVE_MICROS, TOLD, changes, happened};
pub(crate) use conversation::moment;
pub use conversation::{
    Act, Ai, Author, BATCH_MAX, CONVERSATION_BYTES_MAX, Call, Cited, Conversation, Customer, Escalation,
    Flaw, Flaws, ID_BYTES_MAX, Message, NAME_CHARS_MAX, Rating, Resolution, Role, TAG_CHARS_MAX, Tagging,
};
pub(crate) use keep::{expire, held};
pub(crate) use known::{Known, called};
pub(crate) use personal::{Needed, clear, find, is_gone};
pub use sample::{Sample, SampleOf, Stratum, sample};
pub use settings::{HistorySettings, UnfitHistory};
pub use silence::Silence;

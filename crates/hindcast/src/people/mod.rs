//! People: what they may do, and how we know that it is them.

pub mod known_passwords;
pub mod password;
pub mod provider;
pub mod readings;
mod role;
pub mod seal;
mod second;
pub mod second_factor;
mod sight;
pub mod sign_in;

pub use role::{Permission, Reach, Role};
pub use second::{Unanswered, answering};
pub use sight::{is_narrow, own_actors, sight};

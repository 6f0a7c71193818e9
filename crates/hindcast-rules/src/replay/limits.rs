//! How much a replay keeps, each limit with its name. What is more is counted and not listed.

/// Kinds of requests kept apart before they are added up.
pub const CELLS_MAX: usize = 100_000;
/// What tells them apart takes at most this many bytes.
pub const CELL_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Pairs of actor kind and action kept apart before they are added up.
pub const WAYS_MAX: usize = 4_096;
/// Actions listed.
pub const ACTIONS_MAX: usize = 2_000;
/// Actors told apart while a replay runs.
pub const ACTORS_MAX: usize = 20_000;
/// Actors listed, those with most changes first.
pub const ACTORS_LISTED_MAX: usize = 200;
/// Days listed.
pub const DAYS_MAX: usize = 4_000;
/// Differences listed.
pub const DIFFERENCES_MAX: usize = 2_000;
/// Entries named as examples of a difference, the first ones.
pub const EXAMPLES_MAX: usize = 20;
/// Conversations told apart; of entries of more, nobody knows whether their conversation had changed before.
pub const CONVERSATIONS_MAX: usize = 500_000;
/// Flagged conversations named.
pub const FLAGGED_LISTED_MAX: usize = 1_000;
/// Names of what was not recorded.
pub const MISSING_MAX: usize = 200;
/// Names of actions and tools that workflows propose.
pub const PROPOSED_MAX: usize = 1_000;
/// Tags that are told apart while a replay of workflows runs,
pub const TAGS_MAX: usize = 5_000;
/// and those that are listed, the most often proposed first.
pub const TAGS_LISTED_MAX: usize = 200;
/// Tags and the like that are told apart for one conversation.
pub const OUTCOMES_MAX: usize = 100;
/// A proposed action is told in at most this many characters.
pub const ACTION_CHARS_MAX: usize = 120;
/// A difference names at most this many actions of each side.
pub const ACTIONS_TOLD_MAX: usize = 20;
/// Alerts that are compared at once while a replay of detection rules runs; when there are more, those that are long over are
/// compared for good.
pub const ALERTS_MAX: usize = 50_000;
/// Alerts that only one side raises are listed up to this many of each, the newest.
pub const ALERTS_LISTED_MAX: usize = 50;
/// Messages of what could not be evaluated.
pub const ERRORS_MAX: usize = 20;

//! How much a policy set, a tool and a memo may take, each limit with its name.

/// The text of one policy file takes at most this many bytes.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;
/// A policy set has at most this many policies.
pub const POLICIES_MAX: usize = 500;
/// An id of a policy is at most this long.
pub const ID_BYTES_MAX: usize = 120;
/// A workspace declares at most this many tools.
pub const TOOLS_MAX: usize = 500;
/// The declaration of a tool takes at most this many bytes.
pub const TOOL_BYTES_MAX: usize = 64 * 1024;
/// A tool declares at most this many records of facts.
pub const TOOL_FACTS_MAX: usize = 16;
/// A record has at most this many members.
pub const MEMBERS_MAX: usize = 200;
/// Records and lists lie at most this deep within each other.
pub const DEPTH_MAX: usize = 8;
/// A vocabulary takes in at most this many actions of the workspace's own.
pub const OWN_ACTIONS_MAX: usize = 2_000;
/// At most this many flaws are told at once; the first are the ones to mend.
pub const FLAWS_MAX: usize = 100;
/// Brackets of a policy lie at most this deep within each other.
pub const NESTED_MAX: i32 = 32;
/// A policy has at most this many signs of operators; `&&` has two.
pub const OPERATORS_MAX: i32 = 400;
/// A value is read through at most this many attributes.
pub const ACCESSES_MAX: i32 = 16;
/// At most this many negations stand in a row.
pub const NEGATIONS_MAX: i32 = 4;
/// A policy has at most this many conditionals.
pub const CONDITIONALS_MAX: i32 = 32;
/// Expressions lie at most this deep within each other.
pub const EXPRESSION_DEPTH_MAX: usize = 512;
/// An approval may be waited for at most this long.
pub const TIMEOUT_SECONDS_MAX: u64 = 7 * 24 * 3600;
/// A judge keeps at most this many slices: what remains of the policies for one kind of actor and one action.
pub const SLICES_MAX: usize = 16_384;
/// A memo remembers at most this many answers; then it begins anew.
pub const MEMO_ENTRIES_MAX: usize = 65_536;
/// A request is remembered by what policies can see of it; where that takes more than this many bytes, by its digest.
pub const KEY_BYTES_MAX: usize = 1024;

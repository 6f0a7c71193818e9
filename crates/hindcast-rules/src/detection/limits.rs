//! How much a rule, a rule set and its state may take, each limit with its name.

/// The text of one rule (all documents of its file) takes at most this many bytes.
pub const RULE_BYTES_MAX: usize = 64 * 1024;
/// A rule has at most this many documents: itself and what it correlates.
pub const DOCUMENTS_MAX: usize = 32;
/// A rule set has at most this many rules.
pub const RULES_MAX: usize = 1_000;
/// A rule lists at most this many values to compare with, an operator's list the same.
pub const VALUES_MAX: usize = 1_000;
/// A value to compare with has at most this many bytes.
pub const VALUE_BYTES_MAX: usize = 1024;
/// A regular expression takes at most this many bytes once compiled; matching is linear in any case.
pub const REGEX_BYTES_MAX: usize = 256 * 1024;
/// The conditions of a detection have at most this many bytes.
pub const CONDITION_BYTES_MAX: usize = 4 * 1024;
/// A rule has at most this many regular expressions, values with wildcards included.
pub const REGEXES_MAX: usize = 100;
/// A correlation looks back at most this far.
pub const TIMESPAN_SECONDS_MAX: u64 = 31 * 24 * 3600;
/// A correlation names at most this many rules.
pub const REFERENCES_MAX: usize = 16;
/// A correlation groups by at most this many fields.
pub const GROUP_FIELDS_MAX: usize = 8;
/// A correlation keeps at most this many groups in one workspace; the ones longest untouched give way.
pub const GROUPS_MAX: usize = 20_000;
/// A group keeps at most this many matches; the oldest give way.
pub const HITS_PER_GROUP_MAX: usize = 5_000;
/// A correlation keeps at most this many matches in one workspace; the groups longest untouched give way.
pub const HITS_PER_RULE_MAX: usize = 50_000;
/// A value kept for grouping or counting has at most this many bytes; longer ones are told apart by a hash.
pub const KEPT_VALUE_BYTES_MAX: usize = 256;
/// A verdict names at most this many entries, the newest.
pub const EVIDENCE_MAX: usize = 50;
/// A correlation remembers at most this many entries behind one that it is built on, the newest.
pub const EVIDENCE_BELOW_MAX: usize = 20;
/// A verdict names at most this many values.
pub const SHOWN_VALUES_MAX: usize = 10;
/// A silence rule watches at most this many sources in one workspace.
pub const SILENCE_SOURCES_MAX: usize = 200;
/// A kept state of one workspace takes at most this many bytes.
pub const STATE_BYTES_MAX: usize = 256 * 1024 * 1024;

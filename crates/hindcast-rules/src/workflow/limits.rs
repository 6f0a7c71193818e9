//! How much a workflow, a set of them and their guard may take, each limit with its name.

/// The text of a workflow has at most this many bytes.
pub const WORKFLOW_BYTES_MAX: usize = 64 * 1024;
/// A text is at most this deep in YAML.
pub const DEPTH_MAX: usize = 24;
/// A text has at most this many keys and values.
pub const NODES_MAX: usize = 10_000;
/// At most this many flaws are told of one text.
pub const FLAWS_MAX: usize = 50;
/// The name of a workflow has at most this many bytes.
pub const NAME_BYTES_MAX: usize = 64;
/// A workflow has at most this many conditions, those of `when` included.
pub const CONDITIONS_MAX: usize = 200;
/// Groups of conditions nest at most this deep.
pub const GROUP_DEPTH_MAX: usize = 6;
/// A condition compares with at most this many values.
pub const VALUES_MAX: usize = 1_000;
/// A value, or a text in an action, has at most this many bytes.
pub const VALUE_BYTES_MAX: usize = 8 * 1024;
/// A workflow has at most this many regular expressions.
pub const REGEXES_MAX: usize = 50;
/// A regular expression takes at most this many bytes once compiled; matching is linear in any case.
pub const REGEX_BYTES_MAX: usize = 256 * 1024;
/// `then` and `else` have at most this many actions together, so that one run never needs more than the guard lets through.
pub const ACTIONS_MAX: usize = 50;
/// Blocks of `do` nest at most this deep.
pub const BLOCK_DEPTH_MAX: usize = 3;
/// A workflow declares at most this many fields of its own.
pub const DECLARED_FIELDS_MAX: usize = 200;
/// A workflow holds at most this many tests.
pub const TESTS_MAX: usize = 200;
/// At most this many tools can be handed in.
pub const TOOLS_MAX: usize = 1_000;
/// The arguments of a tool are checked at most this deep.
pub const SCHEMA_DEPTH_MAX: usize = 8;
/// A duration in a workflow is at most this long: 366 days.
pub const DURATION_SECONDS_MAX: u64 = 366 * 24 * 3600;
/// An approval waits at most this long: 7 days.
pub const APPROVAL_SECONDS_MAX: u64 = 7 * 24 * 3600;
/// An approval is asked of at most this many people or teams.
pub const APPROVERS_MAX: usize = 20;
/// A set has at most this many workflows.
pub const WORKFLOWS_MAX: usize = 500;
/// Facts hold at most this many fields.
pub const FACTS_MAX: usize = 2_000;
/// A text in the facts that is longer than this counts as not recorded.
pub const FACT_BYTES_MAX: usize = 256 * 1024;
/// A trace shows at most this many characters of a value.
pub const SHOWN_CHARS_MAX: usize = 200;
/// A ticket takes at most this many intents within an hour.
pub const INTENTS_PER_TICKET_MAX: usize = 50;
/// A chain of workflows that set each other off is at most this long.
pub const CHAIN_MAX: usize = 8;
/// The guard remembers at most this many tickets.
pub const GUARDED_TICKETS_MAX: usize = 100_000;
/// An export of another product has at most this many bytes.
pub const IMPORT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// An export of another product has at most this many rules.
pub const IMPORT_RULES_MAX: usize = 2_000;
/// A rule that is imported has at most this many notes; how many there would be more is told.
pub const IMPORT_NOTES_MAX: usize = 50;
/// A note shows at most this many characters of what it is about.
pub const IMPORT_NOTE_CHARS_MAX: usize = 300;

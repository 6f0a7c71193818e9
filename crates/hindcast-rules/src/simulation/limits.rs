//! How much an agent may say and a simulation may hold, each limit with its name.

/// A response of an agent takes at most this many bytes; whoever reads it from a socket stops here.
pub const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// An answer proposes at most this many actions.
pub const ACTIONS_MAX: usize = 50;
/// A turn asks for the results of at most this many tools.
pub const CALLS_MAX: usize = 50;
/// An answer cites at most this many articles.
pub const CITATIONS_MAX: usize = 100;
/// An agent is told of at most this many tools.
pub const TOOLS_MAX: usize = 120;
/// The name of a tool has at most this many bytes.
pub const TOOL_NAME_BYTES_MAX: usize = 128;
/// The arguments of an action take at most this many bytes once spelled in the one way.
pub const ARGUMENTS_BYTES_MAX: usize = 64 * 1024;
/// An id of a conversation, an article, a call, a policy has at most this many bytes.
pub const ID_BYTES_MAX: usize = 256;
/// A reason, a team, a title, a summary has at most this many bytes; a summary is cut there, the others are refused.
pub const WORDS_BYTES_MAX: usize = 1024;
/// One answer costs at most this many tokens in each direction.
pub const TOKENS_MAX: u64 = 10_000_000;
/// One answer costs at most this much, in millionths.
pub const COST_MICROS_MAX: u64 = 10_000_000_000;
/// An agent is asked at most so often about one conversation; then it has reached the limit and a person takes over.
pub const TURNS_MAX: u32 = 16;
/// What is wrong with an answer is told in at most this many bytes.
pub const FLAW_BYTES_MAX: usize = 400;

/// A run looks at most at this many conversations.
pub const CASES_MAX: u64 = 100_000;
/// One sampled conversation stands for at most this many.
pub const WEIGHT_MAX: u64 = 10_000;
/// A conversation has at most this many tags; the others are not looked at.
pub const TAGS_PER_CASE_MAX: usize = 100;
/// A sample distinguishes at most this many strata.
pub const STRATA_MAX: usize = 100_000;
/// The confusion matrix has at most this many classes of its own; other tags share one.
pub const CLASSES_MAX: usize = 100;
/// A breakdown (channel, language, month, tag, tool) has at most this many groups; others share one.
pub const GROUPS_MAX: usize = 100;
/// At most this many rules are told apart; others share one group.
pub const RULES_MAX: usize = 500;
/// So many examples are kept of each kind, those whose ids sort first.
pub const EXAMPLES_MAX: usize = 5;
/// So many confusions are listed as the top ones.
pub const TOP_CONFUSIONS_MAX: usize = 10;
/// Below this many cases a rate has an interval and no verdict.
pub const ENOUGH: u64 = 30;

/// A forecast looks at a span of at most this many days of the past.
pub const DAYS_MAX: usize = 3_660;
/// A forecast covers at most this many days.
pub const FORECAST_DAYS_MAX: u32 = 366;
/// A forecast draws at most this many months.
pub const DRAWS_MAX: u32 = 20_000;
/// A forecast compares at most this many plans.
pub const PLANS_MAX: usize = 20;
/// A plan has at most this many parts.
pub const PARTS_MAX: usize = 10;
/// A day has at most this many conversations; what exceeds it is cut off.
pub const PER_DAY_MAX: u64 = 100_000_000;
/// A price has at most this many millionths of the currency.
pub const PRICE_MICROS_MAX: u64 = 1_000_000_000_000;
/// So many crossings of two plans are named, from the lowest.
pub const CROSSINGS_MAX: usize = 8;

/// A requirement has at most this many thresholds.
pub const THRESHOLDS_MAX: usize = 50;

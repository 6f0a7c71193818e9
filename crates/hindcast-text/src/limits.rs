//! How much is read, learned and told, each limit with its name.

/// Of one text, at most this many bytes are looked at, before anything is stripped.
pub const SCANNED_BYTES_MAX: usize = 256 * 1024;
/// Of one text, at most this many bytes are kept once quotes and signatures are gone.
pub const TEXT_BYTES_MAX: usize = 4 * 1024;
/// Of one text, at most this many words count.
pub const WORDS_PER_TEXT_MAX: usize = 600;
/// Of one word, at most this many characters count.
pub const WORD_CHARS_MAX: usize = 32;
/// A signature that a greeting opens has at most this many lines.
pub const SIGNATURE_LINES_MAX: usize = 6;
/// A reading holds at most this many texts.
pub const TEXTS_MAX: usize = 200_000;
/// A reading holds at most this many features of all its texts together, eight bytes each.
pub const FEATURES_MAX: usize = 48_000_000;
/// A reading knows at most this many words by their spelling; later ones still count, but are never shown.
pub const VOCABULARY_MAX: usize = 200_000;
/// At most this many tags are learned, those with the most texts.
pub const TAGS_MAX: usize = 256;
/// A tag with fewer texts than this is not learned.
pub const TAG_TEXTS_MIN: usize = 6;
/// At most this many taggings are taken.
pub const TAGGINGS_MAX: usize = 400_000;
/// At most this many corrections by people are taken.
pub const CORRECTIONS_MAX: usize = 100_000;
/// At most this many pairs of tags are told.
pub const MISTAGS_MAX: usize = 200;
/// A mis-tag names at most this many assigners, those with the most texts.
pub const ASSIGNERS_MAX: usize = 10;
/// An insight names at most this many texts as examples.
pub const EXAMPLES_MAX: usize = 20;
/// An insight names at most this many characteristic words.
pub const SHOWN_WORDS_MAX: usize = 8;
/// At most this many dimensions of meaning are kept of a text for topics.
pub const DIMENSIONS_MAX: usize = 100;
/// Dimensions are found from at most this many texts, evenly taken; all are then seen in them.
pub const DIMENSION_TEXTS_MAX: usize = 20_000;
/// At most this many texts are compared each with each, evenly taken; the others join what was found.
pub const COMPARED_TEXTS_MAX: usize = 4_000;
/// Texts that joined nothing are compared again at most this many times.
pub const ROUNDS_MAX: usize = 3;
/// At most this many topics are told, the largest.
pub const TOPICS_MAX: usize = 500;
/// At most this many articles are searched.
pub const ARTICLES_MAX: usize = 20_000;
/// Of one article, at most this many words count.
pub const ARTICLE_WORDS_MAX: usize = 5_000;
/// Of an answer, at most this many words are compared with another.
pub const COMPARED_WORDS_MAX: usize = 2_000;
/// A sample is drawn from at most this many strata; what lies beyond is one more.
pub const STRATA_MAX: usize = 10_000;
/// A score lists at most this many confusions, those with the most texts.
pub const CONFUSIONS_MAX: usize = 500;

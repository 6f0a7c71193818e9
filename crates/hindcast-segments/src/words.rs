//! Folding text and cutting it into words, the same way for what is indexed and for what is asked.
//!
//! [`index_words`] gives the terms of a text, [`query_words`] the terms that a question about it needs; a
//! text answers when it has all of them. What always holds: every whole word of a text finds it, and so
//! does every piece of two or more characters cut out of a run of Japanese, Chinese or Korean.
//!
//! Three ways of cutting, by script:
//! - Scripts with spaces: runs of letters and digits. Everything else separates, so addresses, paths and
//!   `snake_case` fall apart into their words, and `don't` into `don` and `t`.
//! - Han, kana and Hangul: every character and every pair of neighbours. A dictionary would cut the same
//!   letters differently in a sentence and in a search box, and each such difference is an entry not found;
//!   pairs do not depend on what stands around them. So dictionary words would add nothing here.
//! - Thai, Lao, Khmer and Burmese: words by [`icu_segmenter`]'s dictionary. Pairs of their few letters would
//!   find nearly everything, and their words are cut alike in and out of a sentence far more often.
//!
//! Random identifiers are not words (see [`is_random_id`]): there is one of each, so they would make up most
//! of an index, and they have columns of their own. Ranking and fields are left to the index.

mod fold;
mod random_id;

#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed, options::WordBreakInvariantOptions};
use unicode_normalization::char::is_combining_mark;

pub use fold::fold;
pub use random_id::is_random_id;

use random_id::starts_with_uuid;

/// Words are cut to this many bytes, in the index and in questions alike.
pub const WORD_BYTES_MAX: usize = 64;

/// What a piece of searched text asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueryWords {
    /// The terms an answer must have, all of them, in the order of the text.
    pub words: Vec<String>,
    /// The random identifiers in the text, which no index has as words.
    pub skipped: Vec<String>,
}

/// Calls `f` with every term under which `text` is indexed; the same term may come more than once.
pub fn index_words(text: &str, mut f: impl FnMut(&str)) {
    let folded = fold(text);
    let _: ControlFlow<()> = runs(&folded, |run| {
        match run {
            Run::Spaced(word) => f(word),
            Run::Unspaced(run) => each_character_and_pair(run, &mut f),
            Run::Dictionary(run) => each_dictionary_word(run, &mut f),
            Run::RandomId(_) => {}
        }
        ControlFlow::Continue(())
    });
}

/// Gives the terms that a text must have to answer the question `text`.
pub fn query_words(text: &str) -> QueryWords {
    let mut asked = QueryWords::default();
    let folded = fold(text);
    let _: ControlFlow<()> = runs(&folded, |run| {
        let words = &mut asked.words;
        match run {
            Run::Spaced(word) => words.push(word.to_owned()),
            Run::Unspaced(run) => each_pair(run, |pair| words.push(pair.to_owned())),
            Run::Dictionary(run) => each_dictionary_word(run, &mut |word| words.push(word.to_owned())),
            Run::RandomId(id) => asked.skipped.push(id.to_owned()),
        }
        ControlFlow::Continue(())
    });
    asked
}

/// Words that a row in memory has still to show; [`Wanted::look_at`] its texts one by one.
#[derive(Debug, Clone)]
pub struct Wanted<'q> {
    missing: Vec<&'q str>,
    prefix: Option<&'q str>,
}

impl<'q> Wanted<'q> {
    /// Wants every one of `words`.
    pub fn all(words: &'q [String]) -> Self {
        Wanted { missing: words.iter().map(String::as_str).collect(), prefix: None }
    }

    /// Wants every one of `words`, of the last one only its beginning.
    pub fn all_but_the_end(words: &'q [String]) -> Self {
        match words.split_last() {
            Some((last, rest)) => Wanted { prefix: Some(last), ..Wanted::all(rest) },
            None => Wanted::all(words),
        }
    }

    /// Strikes off the words that `text` has.
    pub fn look_at(&mut self, text: &str) {
        if self.is_met() {
            return;
        }
        index_words(text, |word| {
            self.missing.retain(|missing| *missing != word);
            if self.prefix.is_some_and(|prefix| word.starts_with(prefix)) {
                self.prefix = None;
            }
        });
    }

    /// Says whether nothing is missing any more.
    pub fn is_met(&self) -> bool {
        self.missing.is_empty() && self.prefix.is_none()
    }
}

/// A stretch of folded text that is cut in one way.
enum Run<'a> {
    Spaced(&'a str),
    Unspaced(&'a str),
    Dictionary(&'a str),
    RandomId(&'a str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Spaced,
    Unspaced,
    Dictionary,
    /// Belongs to whatever it follows, begins nothing.
    Mark,
    Separator,
}

/// Walks over the runs of a folded text until `f` has seen enough.
fn runs<'a, B>(folded: &'a str, mut f: impl FnMut(Run<'a>) -> ControlFlow<B>) -> ControlFlow<B> {
    let mut at = 0;
    while let Some((class, width)) = class_at(folded, at) {
        let start = at;
        at += width;
        if matches!(class, Class::Separator | Class::Mark) {
            continue;
        }
        if class == Class::Spaced {
            // Most words are plain letters; taking those first keeps indexing well under a microsecond a field.
            at += folded.as_bytes()[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        }
        while let Some((next, width)) = class_at(folded, at)
            && (next == class || next == Class::Mark)
        {
            at += width;
        }
        let run = &folded[start..at];
        f(match class {
            Class::Unspaced => Run::Unspaced(run),
            Class::Dictionary => Run::Dictionary(run),
            _ if starts_with_uuid(&folded[start..]) => {
                at = start + random_id::UUID_BYTES;
                Run::RandomId(&folded[start..at])
            }
            // Judged after the cut, so that a word which was cut is judged the same when it is asked for.
            _ if is_random_id(cut(run)) => Run::RandomId(run),
            _ => Run::Spaced(cut(run)),
        })?;
    }
    ControlFlow::Continue(())
}

/// The class and the width in bytes of the character at `at`, a character boundary.
#[inline]
fn class_at(folded: &str, at: usize) -> Option<(Class, usize)> {
    let byte = *folded.as_bytes().get(at)?;
    if byte.is_ascii() {
        let class = if byte.is_ascii_alphanumeric() { Class::Spaced } else { Class::Separator };
        return Some((class, 1));
    }
    let character = folded[at..].chars().next()?;
    Some((class_of(character), character.len_utf8()))
}

fn class_of(character: char) -> Class {
    match character {
        // Iteration mark, closing mark and zero of Han; the kana blocks without marks and punctuation; Hangul.
        '\u{3005}'..='\u{3007}'
        | '\u{3041}'..='\u{3096}'
        | '\u{309d}'..='\u{309f}'
        | '\u{30a1}'..='\u{30fa}'
        | '\u{30fc}'..='\u{30ff}'
        | '\u{3105}'..='\u{312f}'
        | '\u{31a0}'..='\u{31bf}'
        | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{1aff0}'..='\u{1b16f}'
        | '\u{20000}'..='\u{3ffff}' => Class::Unspaced,
        '\u{0e01}'..='\u{0eff}'
        | '\u{1000}'..='\u{109f}'
        | '\u{1780}'..='\u{17ff}'
        | '\u{a9e0}'..='\u{a9ff}'
        | '\u{aa60}'..='\u{aa7f}'
            if character.is_alphanumeric() || is_combining_mark(character) =>
        {
            Class::Dictionary
        }
        _ if is_combining_mark(character) => Class::Mark,
        _ if character.is_alphanumeric() => Class::Spaced,
        _ => Class::Separator,
    }
}

fn each_character_and_pair(run: &str, f: &mut impl FnMut(&str)) {
    let mut previous = None;
    for (at, character) in run.char_indices() {
        let end = at + character.len_utf8();
        f(&run[at..end]);
        if let Some(previous) = previous {
            f(&run[previous..end]);
        }
        previous = Some(at);
    }
}

/// The pairs of a run, or its one character.
fn each_pair(run: &str, mut f: impl FnMut(&str)) {
    let mut previous = None;
    let mut alone = true;
    for (at, character) in run.char_indices() {
        if let Some(previous) = previous {
            f(&run[previous..at + character.len_utf8()]);
            alone = false;
        }
        previous = Some(at);
    }
    if alone {
        f(run);
    }
}

fn each_dictionary_word(run: &str, f: &mut impl FnMut(&str)) {
    let segmenter: WordSegmenterBorrowed<'static> =
        WordSegmenter::new_dictionary(WordBreakInvariantOptions::default());
    let mut start = 0;
    for end in segmenter.segment_str(run).skip(1) {
        f(cut(&run[start..end]));
        start = end;
    }
}

fn cut(word: &str) -> &str {
    &word[..word.floor_char_boundary(WORD_BYTES_MAX)]
}

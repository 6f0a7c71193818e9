//! The vectors of many texts: made once, and asked everything.

use crate::TextError;
use crate::features::{BUCKETS, WORD_BUCKETS, character_buckets, hashed, pair_bucket, word_bucket};
use crate::limits::{FEATURES_MAX, TEXTS_MAX, VOCABULARY_MAX, WORDS_PER_TEXT_MAX};
use crate::sparse::{Matrix, Row};
use crate::spread::PERIODS;
use crate::text::cleaned;
use crate::words::Cutter;
use std::collections::BTreeMap;

/// One text: the first message of a customer, with its subject.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// As it was written; [`cleaned`] is applied.
    pub text: &'a str,
    /// When it was written, in microseconds since 1970; 0 where nobody knows.
    pub at_micros: i64,
}

/// Takes texts, one by one; nothing of them is kept but what they are made of.
#[derive(Debug)]
pub struct Reader {
    cutter: Cutter,
    /// The texts' features as counts.
    counts: Matrix,
    /// In how many texts each bucket is.
    texts_with: Vec<u32>,
    vocabulary: Vocabulary,
    /// The words of each text that have a number, in order, and where each text's end.
    words: Vec<u32>,
    word_ends: Vec<usize>,
    at_micros: Vec<i64>,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            cutter: Cutter::new(),
            counts: Matrix::default(),
            texts_with: vec![0; BUCKETS],
            vocabulary: Vocabulary::default(),
            words: Vec::new(),
            word_ends: Vec::new(),
            at_micros: Vec::new(),
        }
    }
}

impl Reader {
    /// Takes the next text and gives its number, from 0.
    ///
    /// # Errors
    ///
    /// Where [`TEXTS_MAX`] or [`FEATURES_MAX`] is reached; what was taken before stays, and can be finished.
    pub fn add(&mut self, text: Text<'_>) -> Result<usize, TextError> {
        let number = self.at_micros.len();
        if number >= TEXTS_MAX {
            return Err(TextError::TooMany { what: "texts", max: TEXTS_MAX });
        }
        if self.counts.columns.len() >= FEATURES_MAX {
            return Err(TextError::TooMany { what: "features of all texts together", max: FEATURES_MAX });
        }
        let words = &mut self.words;
        let vocabulary = &mut self.vocabulary;
        let mut buckets = Buckets::default();
        self.cutter.each(&cleaned(text.text), |word| {
            let id = vocabulary.number(word);
            words.extend(id);
            match id {
                Some(id) => buckets.push(vocabulary.hashes[id as usize], &vocabulary.characters[id as usize]),
                None => buckets.push(hashed(word), &character_buckets(word)),
            }
        });
        let counted = buckets.counted();
        counted.iter().for_each(|(bucket, _)| self.texts_with[*bucket as usize] += 1);
        self.counts.push(counted);
        self.word_ends.push(self.words.len());
        self.at_micros.push(text.at_micros);
        Ok(number)
    }

    /// Weighs what was taken; from then on texts can be asked about.
    pub fn finish(self) -> Reading {
        let texts = self.at_micros.len();
        // What is in one text alone compares it with nothing; of very few texts everything is kept.
        let needed = if texts < 10 { 1 } else { 2 };
        let mut scale = Scale { columns: vec![GONE; BUCKETS], weights: Vec::new() };
        for (bucket, with) in self.texts_with.iter().enumerate() {
            if *with >= needed {
                scale.columns[bucket] = scale.weights.len() as u32;
                scale.weights.push(((1.0 + texts as f32) / (1.0 + *with as f32)).ln() + 1.0);
            }
        }
        let mut vectors = self.counts;
        vectors.width = scale.weights.len();
        let first_of_characters = scale.first_of_characters();
        vectors.rewrite(
            |bucket, count| scale.weighed(bucket, count),
            |columns, values| level(columns, values, first_of_characters),
        );
        let (first, last) = (self.at_micros.iter().min().copied(), self.at_micros.iter().max().copied());
        Reading {
            cutter: self.cutter,
            vectors,
            scale,
            vocabulary: self.vocabulary,
            words: self.words,
            word_ends: self.word_ends,
            at_micros: self.at_micros,
            time: (first.unwrap_or_default(), last.unwrap_or_default()),
        }
    }
}

/// Many texts as vectors. Texts are named by their number, in the order they were taken, from 0.
#[derive(Debug)]
pub struct Reading {
    cutter: Cutter,
    pub(crate) vectors: Matrix,
    scale: Scale,
    pub(crate) vocabulary: Vocabulary,
    words: Vec<u32>,
    word_ends: Vec<usize>,
    pub(crate) at_micros: Vec<i64>,
    time: (i64, i64),
}

impl Reading {
    /// Reads all of `texts`.
    ///
    /// # Errors
    ///
    /// As [`Reader::add`].
    pub fn of<'a>(texts: impl IntoIterator<Item = Text<'a>>) -> Result<Self, TextError> {
        let mut reader = Reader::default();
        for text in texts {
            reader.add(text)?;
        }
        Ok(reader.finish())
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.at_micros.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.at_micros.is_empty()
    }

    /// A text that need not be of this reading, as the reading would see it.
    pub fn vector(&self, text: &str) -> Vector {
        let mut buckets = Buckets::default();
        self.cutter.each(&cleaned(text), |word| match self.vocabulary.known(word) {
            Some(id) => {
                buckets.push(self.vocabulary.hashes[id as usize], &self.vocabulary.characters[id as usize]);
            }
            None => buckets.push(hashed(word), &character_buckets(word)),
        });
        let weighed =
            buckets.counted().into_iter().filter_map(|(bucket, count)| self.scale.weighed(bucket, count));
        let (columns, mut values): (Vec<u32>, Vec<f32>) = weighed.unzip();
        level(&columns, &mut values, self.scale.first_of_characters());
        Vector { columns, values }
    }

    /// How alike two texts are in their words and spelling, from 0 to 1: the cosine of their vectors.
    pub fn cosine(&self, a: &Vector, b: &Vector) -> f32 {
        a.row().dot(b.row()).clamp(0.0, 1.0)
    }

    /// The numbers of the words of a text, in order; words beyond the vocabulary are left out.
    pub(crate) fn words_of(&self, text: usize) -> &[u32] {
        let start = if text == 0 { 0 } else { self.word_ends[text - 1] };
        &self.words[start..self.word_ends[text]]
    }

    /// Which twelfth of the reading's time a text is of.
    pub(crate) fn period(&self, text: usize) -> usize {
        let (first, last) = self.time;
        let span = i128::from(last) - i128::from(first) + 1;
        let since = i128::from(self.at_micros[text]) - i128::from(first);
        usize::try_from(since * PERIODS as i128 / span).unwrap_or_default().min(PERIODS - 1)
    }

    /// Says which field named a text that is not there.
    pub(crate) fn check(&self, field: &'static str, named: usize) -> Result<(), TextError> {
        if named < self.len() {
            return Ok(());
        }
        Err(TextError::UnknownText { field, named, texts: self.len() })
    }
}

/// A text as a reading sees it; of length one, or empty where it shares nothing with the reading.
#[derive(Clone, Debug, PartialEq)]
pub struct Vector {
    columns: Vec<u32>,
    values: Vec<f32>,
}

impl Vector {
    pub(crate) fn row(&self) -> Row<'_> {
        Row { columns: &self.columns, values: &self.values }
    }
}

/// The words that can be shown, and what each is made of.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    numbers: BTreeMap<Box<str>, u32>,
    pub spelled: Vec<Box<str>>,
    hashes: Vec<u64>,
    characters: Vec<Vec<u32>>,
}

impl Vocabulary {
    pub fn known(&self, word: &str) -> Option<u32> {
        self.numbers.get(word).copied()
    }

    /// The number of a word, a new one if there is room.
    fn number(&mut self, word: &str) -> Option<u32> {
        if let Some(number) = self.known(word) {
            return Some(number);
        }
        if self.spelled.len() >= VOCABULARY_MAX {
            return None;
        }
        let number = self.spelled.len() as u32;
        self.numbers.insert(word.into(), number);
        self.spelled.push(word.into());
        self.hashes.push(hashed(word));
        self.characters.push(character_buckets(word));
        Some(number)
    }
}

/// The buckets of one text.
#[derive(Default)]
struct Buckets {
    found: Vec<u32>,
    previous: Option<u64>,
}

impl Buckets {
    fn push(&mut self, hash: u64, characters: &[u32]) {
        if self.found.is_empty() {
            self.found.reserve(WORDS_PER_TEXT_MAX);
        }
        self.found.push(word_bucket(hash));
        self.found.extend(self.previous.map(|previous| pair_bucket(previous, hash)));
        self.found.extend(characters);
        self.previous = Some(hash);
    }

    /// Each bucket once, in rising order, and how often it was found.
    fn counted(mut self) -> Vec<(u32, f32)> {
        self.found.sort_unstable();
        self.found.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as f32)).collect()
    }
}

const GONE: u32 = u32::MAX;

/// Which buckets count, and how much.
#[derive(Debug)]
struct Scale {
    /// The column of a bucket, or [`GONE`].
    columns: Vec<u32>,
    /// The weight of a column: how rare it is among the texts.
    weights: Vec<f32>,
}

impl Scale {
    /// The tenth time a text says a word adds little.
    fn weighed(&self, bucket: u32, count: f32) -> Option<(u32, f32)> {
        let column = self.columns[bucket as usize];
        let weight = self.weights.get(column as usize)?;
        Some((column, (1.0 + count.ln()) * weight))
    }

    fn first_of_characters(&self) -> u32 {
        let kept = |buckets: &[u32]| buckets.iter().filter(|column| **column != GONE).count();
        kept(&self.columns[..WORD_BUCKETS as usize]) as u32
    }
}

/// Gives words and characters the same length, and the whole the length one.
fn level(columns: &[u32], values: &mut [f32], first_of_characters: u32) {
    let border = columns.partition_point(|column| *column < first_of_characters);
    let (words, characters) = values.split_at_mut(border);
    let both = if words.is_empty() || characters.is_empty() { 1.0 } else { std::f32::consts::FRAC_1_SQRT_2 };
    for part in [words, characters] {
        let length = part.iter().map(|value| value * value).sum::<f32>().sqrt();
        if length > 0.0 {
            part.iter_mut().for_each(|value| *value *= both / length);
        }
    }
}

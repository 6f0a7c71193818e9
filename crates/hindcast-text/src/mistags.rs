//! Which questions are tagged wrongly again and again, by whom, and since when.
//!
//! Confident learning: a text is suspect if a model that has not seen it finds another tag at least as likely as that tag usually is
//! for its own texts. One suspect proves nothing, for models err and people disagree; many of the same kind, with the same two tags,
//! are worth a look. What people corrected by hand is evidence and stands first.

use crate::learn::{Lessons, Likely, Tagging, out_of_fold};
use crate::limits::{ASSIGNERS_MAX, CORRECTIONS_MAX, MISTAGS_MAX};
use crate::reading::Reading;
use crate::spread::Spread;
use crate::{Progress, TextError};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// A person took one tag off a text and gave it another soon after.
#[derive(Clone, Copy, Debug)]
pub struct Correction<'a> {
    /// The number of the text.
    pub text: usize,
    /// The tag that was taken off.
    pub removed: &'a str,
    /// The tag that it got instead.
    pub added: &'a str,
    /// Who or what had assigned the removed tag, where that is known.
    pub assigner: Option<&'a str>,
    /// The version of that assigner.
    pub version: Option<&'a str>,
}

/// Mis-tags, those with corrections by people first, then those with the most texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistags {
    /// What was found.
    pub pairs: Vec<Mistag>,
    /// Tags that were not looked at: too few texts, or too many tags.
    pub left_out: Vec<String>,
    /// How many texts are suspect, in pairs or not.
    pub suspects: usize,
    /// How many texts were looked at.
    pub looked_at: usize,
}

/// One kind of mistake: texts of one tag that seem to belong to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistag {
    /// The tag that texts have, or had before a person corrected it.
    pub assigned: String,
    /// The tag that they seem to belong to.
    pub expected: String,
    /// How many texts are suspect, without those that people corrected.
    pub suspects: usize,
    /// How many texts people corrected in this way.
    pub corrected: usize,
    /// Of all texts that have or had the assigned tag, how many that is, 0 to 1.
    pub share_of_assigned: f64,
    /// Of all texts that have or should have the expected tag, how many that is.
    pub share_of_expected: f64,
    /// How surely the suspects belong elsewhere: the mean difference of the two likelihoods, 0 to 1; 0 where people alone found it.
    pub margin: f64,
    /// When; the trend is that of its share among all texts that have or had the assigned tag.
    pub spread: Spread,
    /// Who assigned the tag to these texts, those with the most first.
    pub assigners: Vec<Assigner>,
    /// All its texts, by number, the plainest cases first: corrected ones, then by how surely they belong elsewhere.
    pub texts: Vec<usize>,
    /// Words that these texts have more often than others of the assigned tag.
    pub words: Vec<String>,
}

/// Who made a mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assigner {
    /// The name; nothing where it is not known.
    pub name: Option<String>,
    /// The version.
    pub version: Option<String>,
    /// How many of the mis-tag's texts it tagged.
    pub texts: usize,
    /// How many texts in all it gave this tag.
    pub of: usize,
    /// The first of these mistakes, in microseconds since 1970.
    pub first_at_micros: i64,
}

impl Reading {
    /// Finds what is tagged wrongly again and again. `taggings` are the tags as assigned; for a text that was corrected, either tag
    /// may be among them.
    ///
    /// # Errors
    ///
    /// As [`Reading::learn`], and where there are more than [`CORRECTIONS_MAX`] corrections.
    pub fn mistags(
        &self,
        taggings: &[Tagging<'_>],
        corrections: &[Correction<'_>],
        progress: Progress<'_>,
    ) -> Result<Mistags, TextError> {
        if corrections.len() > CORRECTIONS_MAX {
            return Err(TextError::TooMany { what: "corrections", max: CORRECTIONS_MAX });
        }
        corrections.iter().try_for_each(|correction| self.check("correction.text", correction.text))?;
        let lessons = Lessons::of(self, taggings)?;
        let likely = out_of_fold(self, &lessons, progress)?;
        let mut found = Found::new(taggings, corrections);
        let suspects = suspects(&likely, &usual(&likely, lessons.tags.len()));
        let looked_at = likely.iter().filter(|likely| !likely.own.is_empty()).count();
        let count = suspects.len();
        suspects.iter().for_each(|suspect| found.suspect(suspect, &lessons));
        let mut order: Vec<_> = found.pairs.iter().filter(|(_, pair)| pair.is_more_than_one()).collect();
        order.sort_by_key(|(_, pair)| (Reverse(pair.corrected.len()), Reverse(pair.suspects.len())));
        order.truncate(MISTAGS_MAX);
        let pairs = order.into_iter().map(|(tags, pair)| found.told(self, *tags, pair)).collect();
        let left_out = lessons.left_out.iter().map(|tag| (*tag).to_owned()).collect();
        Ok(Mistags { pairs, left_out, suspects: count, looked_at })
    }
}

/// For each tag, how likely it usually is of a text that has it.
fn usual(likely: &[Likely], tags: usize) -> Vec<f32> {
    let mut sums = vec![(0.0, 0.0); tags];
    for (tag, share) in likely.iter().flat_map(|likely| &likely.own) {
        let sum = &mut sums[*tag as usize];
        *sum = (sum.0 + share, sum.1 + 1.0);
    }
    sums.into_iter().map(|(sum, count)| if count > 0.0 { sum / count } else { 1.0 }).collect()
}

/// A text that seems to have the wrong tag.
struct Suspect {
    text: usize,
    assigned: u32,
    expected: u32,
    margin: f32,
}

fn suspects(likely: &[Likely], usual: &[f32]) -> Vec<Suspect> {
    let mut suspects = Vec::new();
    for (text, Likely { tags, own }) in likely.iter().enumerate() {
        // Of several tags, the least likely one is the mistake, if there is one.
        let Some((assigned, share)) = own.iter().min_by(|a, b| a.1.total_cmp(&b.1)) else { continue };
        let has = |tag: u32| own.iter().any(|(own, _)| *own == tag);
        // They come likeliest first.
        let expected =
            tags.iter().find(|(tag, other)| *other >= usual[*tag as usize] && !has(*tag) && other > share);
        if let Some((expected, other)) = expected {
            suspects.push(Suspect { text, assigned: *assigned, expected: *expected, margin: other - share });
        }
    }
    suspects
}

/// The texts of one pair of tags.
#[derive(Default)]
struct Pair {
    corrected: BTreeSet<usize>,
    suspects: Vec<(usize, f32)>,
}

impl Pair {
    /// One suspect is nothing that happens again and again; one correction did happen.
    fn is_more_than_one(&self) -> bool {
        !self.corrected.is_empty() || self.suspects.len() > 1
    }
}

/// Who gave a text a tag.
type By<'a> = (Option<&'a str>, Option<&'a str>);

struct Found<'a> {
    pairs: BTreeMap<(&'a str, &'a str), Pair>,
    /// The texts that have or had a tag, and who gave it.
    tagged: BTreeMap<&'a str, BTreeMap<usize, By<'a>>>,
    corrected: BTreeSet<usize>,
}

impl<'a> Found<'a> {
    fn new(taggings: &[Tagging<'a>], corrections: &[Correction<'a>]) -> Self {
        let mut found = Self { pairs: BTreeMap::new(), tagged: BTreeMap::new(), corrected: BTreeSet::new() };
        for tagging in taggings {
            found
                .tagged
                .entry(tagging.tag)
                .or_default()
                .insert(tagging.text, (tagging.assigner, tagging.version));
        }
        for correction in corrections.iter().filter(|correction| correction.removed != correction.added) {
            let tagged = found.tagged.entry(correction.removed).or_default();
            let by = tagged.entry(correction.text).or_default();
            if correction.assigner.is_some() {
                *by = (correction.assigner, correction.version);
            }
            let pair = found.pairs.entry((correction.removed, correction.added)).or_default();
            pair.corrected.insert(correction.text);
            found.corrected.insert(correction.text);
        }
        found
    }

    /// What people corrected is known, whatever a model thinks of it.
    fn suspect(&mut self, suspect: &Suspect, lessons: &Lessons<'a>) {
        if !self.corrected.contains(&suspect.text) {
            let tags = (lessons.tags[suspect.assigned as usize], lessons.tags[suspect.expected as usize]);
            self.pairs.entry(tags).or_default().suspects.push((suspect.text, suspect.margin));
        }
    }

    fn told(&self, reading: &Reading, (assigned, expected): (&'a str, &'a str), pair: &Pair) -> Mistag {
        let mut suspects = pair.suspects.clone();
        suspects.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let texts: Vec<usize> =
            pair.corrected.iter().copied().chain(suspects.iter().map(|(text, _)| *text)).collect();
        let none = BTreeMap::new();
        let of_assigned = self.tagged.get(assigned).unwrap_or(&none);
        let of_expected = self.tagged.get(expected).unwrap_or(&none);
        let beyond = texts.iter().filter(|text| !of_expected.contains_key(text)).count();
        let share = |of: usize| texts.len() as f64 / of.max(1) as f64;
        let others: Vec<usize> = of_assigned.keys().copied().collect();
        Mistag {
            assigned: assigned.to_owned(),
            expected: expected.to_owned(),
            suspects: suspects.len(),
            corrected: pair.corrected.len(),
            share_of_assigned: share(of_assigned.len()),
            share_of_expected: share(of_expected.len() + beyond),
            margin: suspects.iter().map(|(_, margin)| f64::from(*margin)).sum::<f64>()
                / suspects.len().max(1) as f64,
            spread: Spread::of(reading, &texts, others.iter().copied()),
            assigners: assigners(reading, &texts, of_assigned),
            words: reading.characteristic(&texts, &reading.texts_with(&others), others.len()),
            texts,
        }
    }
}

fn assigners(reading: &Reading, texts: &[usize], tagged: &BTreeMap<usize, By<'_>>) -> Vec<Assigner> {
    let mut of_all: BTreeMap<By<'_>, usize> = BTreeMap::new();
    tagged.values().for_each(|by| *of_all.entry(*by).or_default() += 1);
    let mut found: BTreeMap<By<'_>, (usize, i64)> = BTreeMap::new();
    for text in texts {
        let by = tagged.get(text).copied().unwrap_or_default();
        let (count, first) = found.entry(by).or_insert((0, i64::MAX));
        *count += 1;
        *first = (*first).min(reading.at_micros[*text]);
    }
    let mut assigners: Vec<_> = found
        .into_iter()
        .map(|(by, (texts, first_at_micros))| Assigner {
            name: by.0.map(str::to_owned),
            version: by.1.map(str::to_owned),
            texts,
            of: of_all.get(&by).copied().unwrap_or_default(),
            first_at_micros,
        })
        .collect();
    assigners.sort_by_key(|assigner| Reverse(assigner.texts));
    assigners.truncate(ASSIGNERS_MAX);
    assigners
}

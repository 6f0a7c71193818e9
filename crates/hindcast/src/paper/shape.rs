//! Text as glyphs: which face each character is set in, which way it runs (UAX 9), and how wide it is.

use super::fonts::{Faces, Look};
use harfrust::{Buffer, Direction, ShapeOptions, shape};
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;
use unicode_bidi::{BidiInfo, Level};

/// So many texts are remembered; tables say much over and over.
const REMEMBERED_MAX: usize = 8_192;
/// Longer texts are not, for they do not come again.
const REMEMBERED_BYTES_MAX: usize = 200;

/// A glyph, in parts of an em.
#[derive(Clone, Debug)]
pub struct Glyph {
    pub id: u32,
    /// The bytes of the text that it stands for.
    pub text: Range<usize>,
    pub advance: f32,
    pub offset: (f32, f32),
}

/// Glyphs of one face that run one way, in the order in which they are drawn.
#[derive(Clone, Debug)]
pub struct Run {
    pub face: usize,
    pub thicken: bool,
    pub level: Level,
    pub glyphs: Vec<Glyph>,
}

/// A text that is shaped.
#[derive(Clone, Debug)]
pub struct Shaped {
    /// The text as it is shown: what has no shape stands in it as its code.
    pub text: String,
    pub runs: Vec<Run>,
}

/// Shapes text, and remembers it.
pub struct Shaper<'a> {
    faces: Faces<'a>,
    remembered: HashMap<(String, Look), Rc<Shaped>>,
    buffer: Buffer,
}

impl<'a> Shaper<'a> {
    pub fn new(faces: Faces<'a>) -> Self {
        Self { faces, remembered: HashMap::new(), buffer: Buffer::new() }
    }

    /// Shapes a text that looks the same from its beginning to its end.
    pub fn shape(&mut self, text: &str, look: Look) -> Rc<Shaped> {
        let key = (text.to_owned(), look);
        if let Some(shaped) = self.remembered.get(&key) {
            return shaped.clone();
        }
        let shaped = Rc::new(self.shape_spans(&[(text, look)]));
        if text.len() <= REMEMBERED_BYTES_MAX {
            if self.remembered.len() >= REMEMBERED_MAX {
                self.remembered.clear();
            }
            self.remembered.insert(key, shaped.clone());
        }
        shaped
    }

    /// Shapes texts that stand one after the other in a paragraph.
    pub fn shape_spans(&mut self, spans: &[(&str, Look)]) -> Shaped {
        let (marked, text, faces) = self.choose(spans);
        let levels = levels(&marked);
        let mut runs = Vec::new();
        let mut from = 0;
        let mut at = 0;
        while from < text.len() {
            let Some((look, face, until)) = faces.get(at).copied() else { break };
            let level = levels.get(from).copied().unwrap_or(Level::ltr());
            let same = levels.get(from..until).unwrap_or_default();
            let to = same.iter().position(|other| *other != level).map_or(until, |length| from + length);
            let glyphs = self.glyphs(&text, from..to, face, level);
            runs.push(Run { face, thicken: look.thickens(face), level, glyphs });
            from = to;
            at += usize::from(to == until);
        }
        Shaped { text, runs }
    }

    /// The text with the marks of its direction and without them, as it is shown, and up to which byte each face goes.
    fn choose(&self, spans: &[(&str, Look)]) -> (String, String, Vec<(Look, usize, usize)>) {
        let (mut marked, mut text) = (String::new(), String::new());
        let mut faces: Vec<(Look, usize, usize)> = Vec::new();
        for (span, look) in spans {
            let mut before = None;
            let mut push = |letter: char, text: &mut String, marked: &mut String| {
                let face = self.faces.of(letter, *look, before)?;
                text.push(letter);
                marked.push(letter);
                before = Some(face);
                match faces.last_mut() {
                    Some((last_look, last, until)) if (*last_look, *last) == (*look, face) => {
                        *until = text.len();
                    }
                    _ => faces.push((*look, face, text.len())),
                }
                Some(())
            };
            for letter in span.chars() {
                let letter = match letter {
                    // They say which way text runs, and have no shape; those of others are seen as codes already.
                    '\u{2066}'..='\u{2069}' => {
                        marked.push(letter);
                        continue;
                    }
                    '\u{fe0f}' => continue,
                    '\n' | '\t' => ' ',
                    '⟨' => '‹',
                    '⟩' => '›',
                    letter => letter,
                };
                let pushed = if is_forbidden(letter) { None } else { push(letter, &mut text, &mut marked) };
                if pushed.is_none() {
                    let code = format!("‹U+{:04X}›", u32::from(letter));
                    let _written = code.chars().try_for_each(|letter| push(letter, &mut text, &mut marked));
                }
            }
        }
        (marked, text, faces)
    }

    fn glyphs(&mut self, text: &str, range: Range<usize>, face: usize, level: Level) -> Vec<Glyph> {
        let Some(face) = self.faces.get(face) else { return Vec::new() };
        let buffer = &mut self.buffer;
        buffer.reset();
        for (at, letter) in text.get(range.clone()).unwrap_or_default().char_indices() {
            buffer.push(letter.into(), u32::try_from(range.start + at).unwrap_or(u32::MAX));
        }
        buffer.set_direction(if level.is_rtl() { Direction::RightToLeft } else { Direction::LeftToRight });
        buffer.guess_segment_properties();
        if shape(&face.font, buffer, ShapeOptions::new()).is_err() {
            return Vec::new();
        }
        let mut starts: Vec<usize> =
            buffer.glyph_infos().iter().map(|glyph| glyph.cluster as usize).collect();
        starts.sort_unstable();
        let next_of = |start: usize| starts.partition_point(|known| *known <= start);
        let end_of = |start: usize| starts.get(next_of(start)).copied().unwrap_or(range.end);
        let em = |units: i32| units as f32 / face.units_per_em;
        let glyphs = buffer.glyph_infos().iter().zip(buffer.glyph_positions());
        let glyph = |(info, position): (&harfrust::GlyphInfo, &harfrust::GlyphPosition)| {
            let start = info.cluster as usize;
            let offset = (em(position.x_offset), em(position.y_offset));
            Glyph { id: info.glyph_id, text: start..end_of(start), advance: em(position.x_advance), offset }
        };
        glyphs.map(glyph).collect()
    }
}

/// Which way each byte of a text runs, but for the marks in it.
fn levels(marked: &str) -> Vec<Level> {
    let bidi = BidiInfo::new(marked, Some(Level::ltr()));
    let letters = marked.char_indices().filter(|(_, letter)| !matches!(letter, '\u{2066}'..='\u{2069}'));
    letters
        .flat_map(|(at, letter)| bidi.levels.get(at..at + letter.len_utf8()).unwrap_or_default())
        .copied()
        .collect()
}

/// Controls, private use and non-characters, which mean nothing to others (ISO 19005-2, 6.2.11.7).
fn is_forbidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
        || matches!(letter, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::super::fonts::Fonts;
    use super::*;

    fn shaped(text: &str) -> Shaped {
        let fonts = Fonts::load(&[]);
        (*Shaper::new(fonts.faces()).shape(text, Look::default())).clone()
    }

    #[test]
    fn what_no_face_has_is_written_as_its_code() {
        let text = |text: &str| shaped(text).text;
        assert_eq!(text("Zoë 田中"), "Zoë 田中");
        assert_eq!(text("a\u{202e}b"), "a‹U+202E›b");
        assert_eq!(text("\u{13000}!"), "‹U+13000›!");
        assert_eq!(text("x⟨U+200B⟩\u{2068}y\u{2069}\u{e000}"), "x‹U+200B›y‹U+E000›");
        assert!(
            shaped("é 田 م 😀 \u{13000}").runs.iter().flat_map(|run| &run.glyphs).all(|glyph| glyph.id != 0)
        );
    }

    #[test]
    fn text_that_runs_the_other_way_is_joined_and_turned() {
        let shaped = shaped("by نور at 5");
        let arabic = &shaped.runs[1];
        assert!(arabic.level.is_rtl() && arabic.face == 4);
        let starts: Vec<usize> = arabic.glyphs.iter().map(|glyph| glyph.text.start).collect();
        assert!(starts.is_sorted_by(|a, b| a >= b), "{starts:?} is drawn from its end");
    }

    #[test]
    fn a_name_does_not_turn_the_number_after_it() {
        let shaped = shaped("\u{2068}نور\u{2069} 5 x");
        let digit = shaped
            .runs
            .iter()
            .find(|run| run.glyphs.iter().any(|glyph| &shaped.text[glyph.text.clone()] == "5"));
        assert!(digit.is_some_and(|run| run.level == Level::ltr()));
    }

    #[test]
    fn every_byte_belongs_to_a_glyph() {
        for text in ["Jürgen Groß", "田中 太郎（たなか）", "office ﬁ", "👩🏽 ok", "שלום (x)", ""]
        {
            let shaped = shaped(text);
            let mut covered = vec![false; shaped.text.len()];
            for glyph in shaped.runs.iter().flat_map(|run| &run.glyphs) {
                covered[glyph.text.clone()].fill(true);
            }
            assert!(covered.iter().all(|covered| *covered), "{text}");
        }
    }
}

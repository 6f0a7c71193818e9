//! Lines: where a text may be broken (UAX 14, strictly in Japanese), and what is drawn in which order.

use super::shape::{Glyph, Run, Shaped};
use icu_segmenter::LineSegmenter;
use icu_segmenter::options::LineBreakOptions;
use krilla::text::{GlyphId, KrillaGlyph};
use std::ops::Range;
use std::rc::Rc;
use unicode_bidi::{BidiInfo, Level};

/// A line of a text.
#[derive(Clone, Debug)]
pub struct Line {
    /// The text it is of.
    pub of: Rc<Shaped>,
    /// The bytes of the text that stand on it.
    pub bytes: Range<usize>,
    /// How wide it is without the space at its end, in points.
    pub width: f32,
}

/// Glyphs that are drawn one after the other.
pub struct Piece {
    pub face: usize,
    pub thicken: bool,
    pub glyphs: Vec<KrillaGlyph>,
    /// Where they begin, from the start of the line, in points.
    pub x: f32,
}

/// Breaks text into lines.
pub struct Breaker(icu_segmenter::LineSegmenterBorrowed<'static>);

impl Breaker {
    pub fn new() -> Self {
        Self(LineSegmenter::new_auto(LineBreakOptions::default()))
    }

    /// The lines of a text that is set in `size` points, at most `width` points wide. A word that is wider is broken
    /// wherever it has to be.
    pub fn lines(&self, shaped: &Rc<Shaped>, size: f32, width: f32) -> Vec<Line> {
        let clusters = clusters(shaped);
        let total: f32 = clusters.iter().map(|cluster| cluster.advance * size).sum();
        let line = |bytes, width| Line { of: shaped.clone(), bytes, width };
        if total <= width {
            return vec![line(0..shaped.text.len(), total)];
        }
        let mut lines = Vec::new();
        let breaks: Vec<usize> = self.0.segment_str(&shaped.text).collect();
        // Where the line begins, and the last place where it may end: a cluster, and how wide the line is up to it.
        let (mut from, mut place) = (0, None);
        let (mut reached, mut inked) = (0.0, 0.0);
        let mut at = 0;
        while let Some(cluster) = clusters.get(at) {
            if at > from && breaks.binary_search(&cluster.start).is_ok() {
                place = Some((at, inked));
            }
            reached += cluster.advance * size;
            let is_over = !cluster.is_space && reached > width && at > from;
            if !is_over {
                inked = if cluster.is_space { inked } else { reached };
                at += 1;
                continue;
            }
            let (next, inked_before) = place.take().unwrap_or((at, inked));
            let start_of = |at: usize| clusters.get(at).map_or(shaped.text.len(), |cluster| cluster.start);
            lines.push(line(start_of(from)..start_of(next), inked_before));
            (from, at, reached, inked) = (next, next, 0.0, 0.0);
        }
        let start = clusters.get(from).map_or(shaped.text.len(), |cluster| cluster.start);
        lines.push(line(start..shaped.text.len(), inked));
        lines
    }
}

/// What cannot be torn apart.
struct Cluster {
    start: usize,
    advance: f32,
    is_space: bool,
}

fn clusters(shaped: &Shaped) -> Vec<Cluster> {
    let glyphs = shaped.runs.iter().flat_map(|run| &run.glyphs);
    let mut clusters: Vec<Cluster> = glyphs
        .map(|glyph| Cluster {
            start: glyph.text.start,
            advance: glyph.advance,
            is_space: shaped.text.get(glyph.text.clone()).is_some_and(|text| text.trim().is_empty()),
        })
        .collect();
    clusters.sort_by_key(|cluster| cluster.start);
    clusters.dedup_by(|next, first| {
        let is_same = next.start == first.start;
        first.advance += if is_same { next.advance } else { 0.0 };
        is_same
    });
    clusters
}

impl Line {
    /// What is drawn, from left to right, in a size in points.
    pub fn pieces(&self, size: f32) -> Vec<Piece> {
        let on_line = |glyph: &&Glyph| self.bytes.contains(&glyph.text.start);
        let runs: Vec<(&Run, Vec<&Glyph>)> =
            self.of.runs.iter().map(|run| (run, run.glyphs.iter().filter(on_line).collect())).collect();
        let runs: Vec<_> = runs.into_iter().filter(|(_, glyphs): &(_, Vec<_>)| !glyphs.is_empty()).collect();
        let levels: Vec<Level> = runs.iter().map(|(run, _)| run.level).collect();
        let mut x = 0.0;
        let mut pieces = Vec::with_capacity(runs.len());
        for (run, glyphs) in BidiInfo::reorder_visual(&levels).into_iter().filter_map(|nth| runs.get(nth)) {
            let width: f32 = glyphs.iter().map(|glyph| glyph.advance * size).sum();
            let drawn = glyphs.iter().map(|glyph| printed(glyph)).collect();
            pieces.push(Piece { face: run.face, thicken: run.thicken, glyphs: drawn, x });
            x += width;
        }
        pieces
    }
}

fn printed(glyph: &Glyph) -> KrillaGlyph {
    let (x, y) = glyph.offset;
    KrillaGlyph::new(GlyphId::new(glyph.id), glyph.advance, x, y, 0.0, glyph.text.clone(), None)
}

#[cfg(test)]
mod tests {
    use super::super::fonts::{Fonts, Look};
    use super::super::shape::Shaper;
    use super::*;

    fn broken(text: &str, width: f32) -> Vec<String> {
        let fonts = Fonts::load(&[]);
        let shaped = Shaper::new(fonts.faces()).shape(text, Look::default());
        let lines = Breaker::new().lines(&shaped, 10.0, width);
        assert!(lines.iter().all(|line| line.width <= width.max(10.0)), "{text}");
        assert_eq!(
            lines.iter().map(|line| &shaped.text[line.bytes.clone()]).collect::<String>(),
            shaped.text
        );
        lines.into_iter().map(|line| shaped.text[line.bytes].to_owned()).collect()
    }

    #[test]
    fn lines_are_broken_between_words_and_words_only_where_they_must() {
        assert_eq!(broken("one two three", 45.0), ["one two ", "three"]);
        assert_eq!(broken("short", 500.0), ["short"]);
        assert_eq!(broken("", 10.0), [""]);
        assert!(broken("0123456789abcdef0123456789abcdef", 40.0).len() > 3);
        assert!(broken(&"x".repeat(500), 3.0).len() == 500, "not even one letter fits");
    }

    #[test]
    fn no_japanese_line_begins_with_a_full_stop_or_ends_with_an_opening_bracket() {
        for width in [40.0, 50.0, 60.0, 70.0] {
            for line in broken("監査ログ（証跡）を書き出しました。チャットの設定、ッと。", width)
            {
                assert!(
                    !line.starts_with(['。', '、', '）', 'ッ', 'ャ']) && !line.ends_with('（'),
                    "{width}: {line}"
                );
            }
        }
    }

    #[test]
    fn words_of_another_direction_stand_in_their_place() {
        let fonts = Fonts::load(&[]);
        let shaped = Shaper::new(fonts.faces()).shape("a نور b", Look::default());
        let line = &Breaker::new().lines(&shaped, 10.0, 500.0)[0];
        let bytes = |piece: &Piece| {
            let ranges = piece.glyphs.iter().map(|glyph| glyph.text_range.clone());
            ranges.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end)).unwrap_or_default()
        };
        let text: Vec<&str> = line.pieces(10.0).iter().map(|piece| &shaped.text[bytes(piece)]).collect();
        assert_eq!(text, ["a ", "نور", " b"]);
    }
}

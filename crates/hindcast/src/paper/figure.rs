//! Drawings: one list of shapes, which becomes SVG on a page of the browser and lines on paper.

use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// A drawing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figure {
    /// What it shows, in a sentence, for whoever does not see it.
    pub told: String,
    /// Its width and height, in points.
    pub size: (f32, f32),
    /// What is drawn, from the back to the front; y grows downwards.
    pub shapes: Vec<Shape>,
}

/// Something to draw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Shape {
    /// A filled rectangle: left, top, width, height.
    Rect(f32, f32, f32, f32, Paint),
    /// A thin line from one point to another.
    Line((f32, f32), (f32, f32), Paint),
    /// A filled outline from corner to corner.
    Path(Vec<(f32, f32)>, Paint),
    /// Words, small, with where they stand and whether they end there.
    Text((f32, f32), String, Anchor),
}

/// Which end of a word stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Anchor {
    /// Its beginning.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// What is drawn with; the styles of the pages know the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Paint {
    /// Text.
    Text,
    /// Text that matters less.
    Muted,
    /// Links, and what stands out.
    Accent,
    /// What went well.
    Success,
    /// What was denied.
    Denied,
    /// What failed.
    Failed,
    /// Thin lines.
    Line,
    /// Behind a head or a note.
    Surface,
}

impl Paint {
    /// Its class in SVG.
    fn class(self) -> &'static str {
        match self {
            Self::Text => "ink-text",
            Self::Muted => "ink-muted",
            Self::Accent => "ink-accent",
            Self::Success => "ink-success",
            Self::Denied => "ink-denied",
            Self::Failed => "ink-failed",
            Self::Line => "ink-line",
            Self::Surface => "ink-surface",
        }
    }

    /// Its red, green and blue on paper, as in the light theme.
    pub(super) fn rgb(self) -> (u8, u8, u8) {
        match self {
            Self::Text => (0x1f, 0x23, 0x28),
            Self::Muted => (0x59, 0x63, 0x6e),
            Self::Accent => (0x0b, 0x5c, 0xad),
            Self::Success => (0x0b, 0x6b, 0x50),
            Self::Denied => (0xa3, 0x3b, 0x00),
            Self::Failed => (0xa3, 0x12, 0x3a),
            Self::Line => (0xd0, 0xd7, 0xde),
            Self::Surface => (0xf6, 0xf8, 0xfa),
        }
    }
}

/// The size of words in a figure, in points.
pub(super) const WORDS_SIZE: f32 = 7.5;

/// A drawing as SVG within a page, whose styles know its paints.
pub fn svg(figure: &Figure) -> String {
    let (width, height) = figure.size;
    let head = format!("<svg class=\"figure\" role=\"img\" viewBox=\"0 0 {width} {height}\">");
    let look = |paint: Paint, _: bool| format!("class=\"{}\"", paint.class());
    written(figure, head, "", &look)
}

/// A drawing as a file of its own, with the colours of paper.
pub fn svg_file(figure: &Figure) -> String {
    let (width, height) = figure.size;
    let head = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"11\" role=\"img\">"
    );
    let look = |paint: Paint, is_line: bool| {
        let (red, green, blue) = paint.rgb();
        let with = if is_line { "stroke" } else { "fill" };
        format!("{with}=\"#{red:02x}{green:02x}{blue:02x}\"")
    };
    let muted = look(Paint::Muted, false);
    written(figure, head, &format!(" {muted}"), &look)
}

/// A drawing behind the head of an SVG; `of_text` and `look` say with which attributes.
fn written(figure: &Figure, head: String, of_text: &str, look: &dyn Fn(Paint, bool) -> String) -> String {
    let mut out = head;
    let _ = write!(out, "<title>{}</title>", escaped(&figure.told));
    for shape in &figure.shapes {
        // Writing into a string does not fail.
        let _ = match shape {
            Shape::Rect(x, y, width, height, paint) => {
                let look = look(*paint, false);
                write!(
                    out,
                    "<rect {look} x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
                )
            }
            Shape::Line((x1, y1), (x2, y2), paint) => {
                let look = look(*paint, true);
                write!(out, "<line {look} x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>")
            }
            Shape::Path(corners, paint) => {
                let points: Vec<String> = corners.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
                write!(out, "<polygon {} points=\"{}\"/>", look(*paint, false), points.join(" "))
            }
            Shape::Text((x, y), text, anchor) => {
                let anchor = match anchor {
                    Anchor::Start => "start",
                    Anchor::Middle => "middle",
                    Anchor::End => "end",
                };
                write!(
                    out,
                    "<text{of_text} x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
                    escaped(text)
                )
            }
        };
    }
    out.push_str("</svg>");
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_others_stay_words() {
        let shapes = vec![Shape::Text((1.0, 2.0), "<script>&\"".to_owned(), Anchor::End)];
        let figure = Figure { told: "</title><b>".to_owned(), size: (10.0, 5.0), shapes };
        assert_eq!(
            svg(&figure),
            "<svg class=\"figure\" role=\"img\" viewBox=\"0 0 10 5\"><title>&lt;/title&gt;&lt;b&gt;</title>\
             <text x=\"1.0\" y=\"2.0\" text-anchor=\"end\">&lt;script&gt;&amp;&quot;</text></svg>"
        );
    }
    #[test]
    fn a_file_has_its_colours_with_it() {
        let shapes = vec![
            Shape::Rect(0.0, 0.0, 4.0, 2.0, Paint::Accent),
            Shape::Line((0.0, 3.0), (9.0, 3.0), Paint::Line),
            Shape::Text((1.0, 2.0), "<b>".to_owned(), Anchor::Start),
        ];
        let file = svg_file(&Figure { told: "Two & three".to_owned(), size: (10.0, 5.0), shapes });
        assert!(file.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"10\""), "{file}");
        for part in
            ["<rect fill=\"#0b5cad\"", "<line stroke=\"#d0d7de\"", "<text fill=\"#59636e\"", ">&lt;b&gt;<"]
        {
            assert!(file.contains(part), "{part}: {file}");
        }
        assert!(!file.contains("class="), "nothing else says how it looks: {file}");
    }
}

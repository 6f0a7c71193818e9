//! Charts: shapes worked out here. On a page the templates write them as SVG, with links; as a file and on paper they are
//! a [`Figure`]. Colours come from classes, sizes from attributes.

use crate::paper::{Anchor, Figure, Paint, Shape};

/// A stack of bars over time.
#[derive(Clone, Debug, Default)]
pub struct Bars {
    /// The width and height of the drawing, in its own units.
    pub size: (u32, u32),
    /// The bars, from left to right.
    pub bars: Vec<Bar>,
    /// Lines across, with what they stand for.
    pub lines: Vec<(f64, String)>,
    /// Names below, each with its place.
    pub names: Vec<(f64, String)>,
}

/// One bar.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Its place and width, with the space around it.
    pub x: f64,
    /// Its width.
    pub width: f64,
    /// Its parts from the bottom up: class, top and height.
    pub parts: Vec<(&'static str, f64, f64)>,
    /// Where it leads.
    pub href: String,
    /// What it says.
    pub title: String,
    /// When it begins, in RFC 3339.
    pub from: String,
    /// When it ends.
    pub to: String,
}

impl Bars {
    /// The same as a list of shapes, for files and for paper; `told` says what it shows.
    pub fn figure(&self, told: String) -> Figure {
        let (width, height) = (self.size.0 as f32, self.size.1 as f32);
        let mut shapes = Vec::new();
        for (y, figure) in &self.lines {
            let y = *y as f32;
            shapes.push(Shape::Line((LEFT as f32, y), (width, y), Paint::Line));
            shapes.push(Shape::Text((LEFT as f32 - 6.0, y + 3.0), figure.clone(), Anchor::End));
        }
        let names = self.names.iter();
        shapes.extend(
            names.map(|(x, name)| Shape::Text((*x as f32, height - 4.0), name.clone(), Anchor::Start)),
        );
        for bar in &self.bars {
            shapes.extend(bar.parts.iter().map(|(class, y, tall)| {
                let (x, width) = (bar.inner_x() as f32, bar.inner_width() as f32);
                Shape::Rect(x, *y as f32, width, *tall as f32, paint(class))
            }));
        }
        Figure { told, size: (width, height), shapes }
    }
}

/// What a part of a bar is drawn with on paper.
pub fn paint(class: &str) -> Paint {
    match class {
        "success" => Paint::Success,
        "failure" => Paint::Failed,
        "denied" => Paint::Denied,
        "unknown" => Paint::Muted,
        _ => Paint::Accent,
    }
}

impl Bar {
    /// Where the bar itself begins, inside of its space.
    pub fn inner_x(&self) -> f64 {
        self.x + self.gap() / 2.0
    }

    /// How wide it is itself.
    pub fn inner_width(&self) -> f64 {
        (self.width - self.gap()).max(0.5)
    }

    fn gap(&self) -> f64 {
        (self.width * 0.2).min(3.0)
    }
}

/// What a bar is made of, before it has a place.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    /// Its parts from the bottom up: class and count.
    pub parts: Vec<(&'static str, u64)>,
    /// Where it leads.
    pub href: String,
    /// What it says.
    pub title: String,
    /// When it begins.
    pub from: String,
    /// When it ends.
    pub to: String,
    /// What stands below it, where there is room.
    pub name: String,
}

const LEFT: f64 = 44.0;
const BELOW: f64 = 20.0;
const ABOVE: f64 = 6.0;
/// Names below need so much room each.
const NAME_WIDTH: f64 = 92.0;

/// So many bars take as much room as a name below them.
pub fn bars_per_name(bars: usize, width: u32) -> i64 {
    let each = (f64::from(width) - LEFT) / bars.max(1) as f64;
    (NAME_WIDTH / each).ceil().max(1.0) as i64
}

/// Draws stacks beside each other. Names that have no room are left out.
pub fn bars(stacks: Vec<Stack>, size: (u32, u32), figure: impl Fn(u64) -> String) -> Bars {
    let (width, height) = (f64::from(size.0), f64::from(size.1));
    let most =
        stacks.iter().map(|stack| stack.parts.iter().map(|(_, count)| count).sum::<u64>()).max().unwrap_or(0);
    let top = nice(most);
    let floor = height - BELOW;
    let scale = (floor - ABOVE) / top as f64;
    let each = (width - LEFT) / stacks.len().max(1) as f64;
    let mut free_from = LEFT;
    let mut drawn = Bars { size, ..Bars::default() };
    drawn.lines =
        [0, top / 2, top].into_iter().map(|line| (floor - line as f64 * scale, figure(line))).collect();
    drawn.lines.dedup_by(|a, b| a.1 == b.1);
    for (nth, stack) in stacks.into_iter().enumerate() {
        let x = LEFT + nth as f64 * each;
        let mut below = floor;
        let parts = stack.parts.iter().filter(|(_, count)| *count > 0).map(|(class, count)| {
            // What is there at all is seen.
            let tall = (*count as f64 * scale).max(1.0);
            below -= tall;
            (*class, below, tall)
        });
        let parts = parts.collect();
        if x >= free_from && !stack.name.is_empty() && x + NAME_WIDTH * 0.7 < width {
            drawn.names.push((x, stack.name));
            free_from = x + NAME_WIDTH;
        }
        let Stack { href, title, from, to, .. } = stack;
        drawn.bars.push(Bar { x, width: each, parts, href, title, from, to });
    }
    drawn
}

/// The next number above that is easy to read: 1, 2 or 5 times a power of ten.
fn nice(most: u64) -> u64 {
    let mut step = 1_u64;
    loop {
        for factor in [1, 2, 5] {
            if let Some(top) = step.checked_mul(factor).filter(|top| *top >= most.max(2)) {
                return top;
            }
        }
        step = step.saturating_mul(10);
        if step == u64::MAX {
            return u64::MAX;
        }
    }
}

/// A small line without axes, as the path of an SVG of 100 by 28 units.
pub fn spark(counts: &[u64]) -> String {
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let step = 100.0 / (counts.len().max(2) - 1) as f64;
    let points = counts.iter().enumerate().map(|(nth, count)| {
        let letter = if nth == 0 { 'M' } else { 'L' };
        format!("{letter}{:.1} {:.1}", nth as f64 * step, 26.0 - *count as f64 / most * 24.0)
    });
    points.collect::<Vec<_>>().join("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_fill_the_drawing_and_stay_inside() {
        let stack = |a, b| Stack {
            parts: vec![("success", a), ("failure", b)],
            name: "x".into(),
            ..Stack::default()
        };
        let drawn = bars(vec![stack(10, 0), stack(90, 100), stack(0, 0)], (644, 120), |n| n.to_string());
        assert_eq!(drawn.lines.iter().map(|line| line.1.as_str()).collect::<Vec<_>>(), ["0", "100", "200"]);
        assert_eq!(drawn.bars.len(), 3);
        assert_eq!(drawn.bars[2].parts.len(), 0);
        let last = drawn.bars.last().expect("a bar");
        assert!((last.x + last.width - 644.0).abs() < 0.01);
        assert!(drawn.bars.iter().flat_map(|bar| &bar.parts).all(|(_, y, h)| *y >= 5.9 && y + h <= 100.1));
    }

    #[test]
    fn a_scale_ends_at_a_number_that_is_easy_to_read() {
        for (most, top) in
            [(0, 2), (2, 2), (3, 5), (7, 10), (12, 20), (412, 500), (501, 1000), (u64::MAX, u64::MAX)]
        {
            assert_eq!(nice(most), top, "{most}");
        }
        assert_eq!(spark(&[0, 2, 1]), "M0.0 26.0L50.0 2.0L100.0 14.0");
    }
}

//! Sets a document: block after block, line after line, page after page.

use super::PaperError;
use super::document::{Block, Document, Span};
use super::figure::{Anchor, Figure, Paint, Shape, WORDS_SIZE};
use super::fonts::{Fonts, Look};
use super::lines::{Breaker, Line};
use super::press::{Leaf, Part, Press, Words, size};
use super::shape::Shaper;
use hindcast_event::Language;
use krilla::tagging::{TableHeaderScope, Tag};
use std::num::NonZeroU16;
use std::ops::Range;
use std::rc::Rc;

/// The edges of a page, in points.
const SIDE: f32 = 46.0;
const TOP: f32 = 54.0;
const BOTTOM: f32 = 58.0;
/// Sizes of text, in points.
const TITLE: f32 = 16.5;
const HEADINGS: [f32; 3] = [13.5, 11.0, 10.0];
const BODY: f32 = 9.5;
const SMALL: f32 = 7.5;
/// The room within a note, at its sides.
const NOTE_INSET: f32 = 10.0;
/// Which part of the width the names of facts take.
const FACT_NAMES: f32 = 0.32;
/// A paragraph of so few lines stands on one page.
const LINES_KEPT: usize = 4;

/// Sets a document with a press.
pub fn set(
    document: &Document,
    fonts: &Fonts,
    press: Press,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Press, PaperError> {
    let (width, height) = size(document.format);
    let mut setter = Setter {
        document,
        shaper: Shaper::new(fonts.faces()),
        breaker: Breaker::new(),
        press,
        go_on,
        left: SIDE,
        width: width - 2.0 * SIDE,
        bottom: height - BOTTOM,
        y: TOP,
    };
    setter.heading(1, &document.title)?;
    setter.y += 4.0;
    for (nth, block) in document.blocks.iter().enumerate() {
        let least = setter.least(document.blocks.get(nth..).unwrap_or_default());
        setter.need(least)?;
        setter.block(block)?;
    }
    setter.end_page()?;
    Ok(setter.press)
}

/// Where we are on the page, and what sets text.
pub struct Setter<'a> {
    document: &'a Document,
    shaper: Shaper<'a>,
    breaker: Breaker,
    /// What takes the pages.
    pub press: Press,
    go_on: &'a mut dyn FnMut() -> bool,
    /// The left edge of the text.
    pub left: f32,
    /// The width of the text.
    pub width: f32,
    /// The lower edge of the text.
    pub bottom: f32,
    /// The top of what comes next.
    pub y: f32,
}

impl Setter<'_> {
    fn block(&mut self, block: &Block) -> Result<(), PaperError> {
        match block {
            Block::Heading(level, text) => self.heading(level + 1, text),
            Block::Paragraph(spans) => {
                self.paragraph(spans, None)?;
                self.y += 5.0;
                Ok(())
            }
            Block::Note(spans) => {
                self.paragraph(spans, Some(NOTE_INSET))?;
                self.y += 8.0;
                Ok(())
            }
            Block::Facts(facts) => self.facts(facts),
            Block::Table(table) => self.table(table),
            Block::Figure(figure) => self.figure(figure),
            Block::NewPage => self.end_page(),
        }
    }

    /// The room that the first of some blocks needs: a heading does not stand at the foot of a page without what it is
    /// about, nor does a paragraph without the table it leads to; paragraphs in a row stay together.
    fn least(&mut self, blocks: &[Block]) -> f32 {
        let Some((first, rest)) = blocks.split_first() else { return 0.0 };
        match first {
            Block::Heading(level, text) => {
                let (_, lines, height) = self.heading_lines(level + 1, text);
                height * (lines.len() as f32 + 1.0) + self.least(rest)
            }
            Block::Paragraph(spans) => {
                let lines = Text::of(spans, &mut self.shaper, &self.breaker, BODY, self.width).lines.len();
                let own = lines.min(LINES_KEPT) as f32 * self.leading(BODY);
                match rest.first() {
                    Some(Block::Table(table)) => own + 5.0 + self.least_of_table(table),
                    Some(Block::Figure(figure)) => own + 5.0 + self.height_of_figure(figure),
                    Some(Block::Paragraph(_) | Block::Note(_)) => own + 5.0 + self.least(rest),
                    _ => own,
                }
            }
            Block::Note(spans) => {
                let width = self.width - 2.0 * NOTE_INSET;
                let lines = Text::of(spans, &mut self.shaper, &self.breaker, BODY, width).lines.len();
                lines.min(2 * LINES_KEPT) as f32 * self.leading(BODY)
            }
            Block::Facts(_) => 2.0 * self.leading(BODY),
            Block::Table(table) => self.least_of_table(table),
            Block::Figure(figure) => self.height_of_figure(figure),
            Block::NewPage => 0.0,
        }
    }

    /// Whether anything stands on the page already.
    pub fn is_begun(&self) -> bool {
        self.y > TOP
    }

    /// From one baseline to the next. Japanese letters fill their square and want more air.
    pub fn leading(&self, size: f32) -> f32 {
        size * if self.document.language == Language::Japanese { 1.6 } else { 1.42 }
    }

    /// Begins a new page unless there is so much room left on this one.
    pub fn need(&mut self, height: f32) -> Result<(), PaperError> {
        if self.y + height > self.bottom && self.is_begun() { self.end_page() } else { Ok(()) }
    }

    /// Ends the page, with what stands at the foot of all of them.
    pub fn end_page(&mut self) -> Result<(), PaperError> {
        if !(self.go_on)() {
            return Err(PaperError::Cancelled);
        }
        let number = self.press.pages() + 1;
        let of = self.document.page_of.replace("{page}", &number.to_string());
        let of = of.replace("{pages}", &self.press.pages_in_all().to_string());
        let y = self.bottom + 20.0;
        self.press.line(Leaf::Decoration, (self.left, y), (self.left + self.width, y), Paint::Line);
        let foot = self.document.foot.clone();
        self.repeated(&foot, y + 12.0, false);
        self.repeated(&of, y + 12.0, true);
        if number > 1 {
            let title = self.document.title.clone();
            self.repeated(&title, TOP - 20.0, false);
        }
        self.press.end_page()?;
        self.y = TOP;
        Ok(())
    }

    fn repeated(&mut self, text: &str, y: f32, at_end: bool) {
        let shaped = self.shaper.shape(text, Look::default());
        let Some(line) = self.breaker.lines(&shaped, SMALL, self.width * 0.75).into_iter().next() else {
            return;
        };
        let x = if at_end { self.left + self.width - line.width } else { self.left };
        self.put(Leaf::Repeated, line, (x, y), (SMALL, Paint::Muted));
    }

    /// Puts a whole line onto the page.
    pub fn put(&mut self, leaf: Leaf, line: Line, at: (f32, f32), (size, paint): (f32, Paint)) {
        let bytes = line.bytes.clone();
        self.press.text(leaf, Words { line, bytes, at, size, paint });
    }

    /// The lines of a text that looks the same throughout.
    pub fn lines(&mut self, span: &Span, size: f32, width: f32) -> Vec<Line> {
        let shaped = self.shaper.shape(&span.text, Look { strong: span.strong, mono: span.mono });
        self.breaker.lines(&shaped, size, width)
    }

    /// The lines of a heading, with their size and from one to the next; `level` is that of the file, where the title has 1.
    fn heading_lines(&mut self, level: u8, text: &str) -> (f32, Vec<Line>, f32) {
        let size = match level {
            0 | 1 => TITLE,
            level => HEADINGS[usize::from(level - 2).min(HEADINGS.len() - 1)],
        };
        (size, self.lines(&Span::strong(text), size, self.width), self.leading(size) * 0.95)
    }

    fn heading(&mut self, level: u8, text: &str) -> Result<(), PaperError> {
        let (size, lines, leading) = self.heading_lines(level, text);
        self.need(lines.len() as f32 * leading)?;
        if self.is_begun() {
            self.y += size * 0.7;
        }
        let tag = Tag::Hn(NonZeroU16::new(level.into()).unwrap_or(NonZeroU16::MIN), Some(text.to_owned()));
        let part = self.press.part(None, tag);
        self.press.heading(level, text, self.y);
        let leaf = self.press.leaf(part);
        for line in lines {
            self.put(leaf, line, (self.left, self.y + size), (size, Paint::Text));
            self.y += leading;
        }
        self.y += size * 0.25;
        Ok(())
    }

    fn paragraph(&mut self, spans: &[Span], inset: Option<f32>) -> Result<(), PaperError> {
        let part = self.press.part(None, Tag::P);
        let (left, width) = (self.left, self.width);
        let indent = inset.unwrap_or(0.0);
        let leading = self.leading(BODY);
        let text = Text::of(spans, &mut self.shaper, &self.breaker, BODY, width - 2.0 * indent);
        for line in &text.lines {
            self.need(leading)?;
            if inset.is_some() {
                self.press.rect(Leaf::Decoration, (left, self.y - 1.0, width, leading + 0.5), Paint::Surface);
                self.press.rect(Leaf::Decoration, (left, self.y - 1.0, 2.5, leading + 0.5), Paint::Accent);
            }
            let at = (left + indent, self.y + BODY);
            self.spans(part, &text, line, at, BODY);
            self.y += leading;
        }
        Ok(())
    }

    /// Puts a line onto the page; whatever leads somewhere is a part of its own.
    fn spans(&mut self, part: Part, text: &Text<'_>, line: &Line, at: (f32, f32), size: f32) {
        let mut from = line.bytes.start;
        for (bytes, href) in &text.links {
            let (start, end) = (bytes.start.max(from), bytes.end.min(line.bytes.end));
            if start >= end {
                continue;
            }
            let Some(href) = self.address(href) else { continue };
            self.words(part, line, from..start, at, (size, Paint::Text));
            let link = self.press.part(Some(part), Tag::Link);
            self.words(link, line, start..end, at, (size, Paint::Accent));
            self.press.link(
                link,
                Words { line: line.clone(), bytes: start..end, at, size, paint: Paint::Accent },
                href,
            );
            from = end;
        }
        self.words(part, line, from..line.bytes.end, at, (size, Paint::Text));
    }

    /// The whole address of a page of ours, if it can be reached from elsewhere.
    pub fn address(&self, href: &str) -> Option<String> {
        let base = self.document.base.trim_end_matches('/');
        (!base.is_empty()).then(|| format!("{base}{href}"))
    }

    fn words(
        &mut self,
        part: Part,
        line: &Line,
        bytes: Range<usize>,
        at: (f32, f32),
        (size, paint): (f32, Paint),
    ) {
        if !bytes.is_empty() {
            let leaf = self.press.leaf(part);
            self.press.text(leaf, Words { line: line.clone(), bytes, at, size, paint });
        }
    }

    fn facts(&mut self, facts: &[(String, Vec<Span>)]) -> Result<(), PaperError> {
        let table = self.press.part(None, Tag::Table);
        let body = self.press.part(Some(table), Tag::TBody);
        let leading = self.leading(BODY);
        let names = self.width * FACT_NAMES;
        for (name, value) in facts {
            let name_lines = self.lines(&Span::strong(name), BODY, names - 10.0);
            let text = Text::of(value, &mut self.shaper, &self.breaker, BODY, self.width - names);
            let count = name_lines.len().max(text.lines.len());
            self.need(leading * count.min(4) as f32)?;
            let row = self.press.part(Some(body), Tag::TR);
            let head = self.press.part(Some(row), Tag::TH(TableHeaderScope::Row));
            let cell = self.press.part(Some(row), Tag::TD);
            for nth in 0..count {
                self.need(leading)?;
                if let Some(line) = name_lines.get(nth) {
                    self.words(
                        head,
                        line,
                        line.bytes.clone(),
                        (self.left, self.y + BODY),
                        (BODY, Paint::Text),
                    );
                }
                if let Some(line) = text.lines.get(nth) {
                    self.spans(cell, &text, line, (self.left + names, self.y + BODY), BODY);
                }
                self.y += leading;
            }
            self.y += 2.0;
        }
        self.y += 6.0;
        Ok(())
    }

    /// How much smaller than it says a drawing is drawn.
    fn scale(&self, figure: &Figure) -> f32 {
        (self.width / figure.size.0).min(1.0)
    }

    fn height_of_figure(&self, figure: &Figure) -> f32 {
        figure.size.1 * self.scale(figure) + 8.0
    }

    fn figure(&mut self, figure: &Figure) -> Result<(), PaperError> {
        let scale = self.scale(figure);
        let height = self.height_of_figure(figure);
        self.need(height)?;
        let part = self.press.part(None, Tag::Figure(Some(figure.told.clone())));
        let leaf = self.press.leaf(part);
        let (left, top) = (self.left, self.y);
        let place = |(x, y): (f32, f32)| (left + x * scale, top + y * scale);
        for shape in &figure.shapes {
            match shape {
                Shape::Rect(x, y, width, height, paint) => {
                    let (x, y) = place((*x, *y));
                    self.press.rect(leaf, (x, y, width * scale, height * scale), *paint);
                }
                Shape::Line(from, to, paint) => self.press.line(leaf, place(*from), place(*to), *paint),
                Shape::Path(corners, paint) => {
                    self.press.path(leaf, corners.iter().map(|corner| place(*corner)).collect(), *paint);
                }
                Shape::Text(at, text, anchor) => {
                    let size = WORDS_SIZE * scale;
                    for line in self.lines(&Span::plain(text), size, self.width).into_iter().take(1) {
                        let (x, y) = place(*at);
                        let back = match anchor {
                            Anchor::Start => 0.0,
                            Anchor::Middle => line.width / 2.0,
                            Anchor::End => line.width,
                        };
                        self.put(leaf, line, (x - back, y), (size, Paint::Muted));
                    }
                }
            }
        }
        self.y += height;
        Ok(())
    }
}

/// Spans that are broken into lines as one text.
struct Text<'s> {
    lines: Vec<Line>,
    links: Vec<(Range<usize>, &'s str)>,
}

impl<'s> Text<'s> {
    fn of(spans: &'s [Span], shaper: &mut Shaper<'_>, breaker: &Breaker, size: f32, width: f32) -> Self {
        let looks: Vec<_> = spans
            .iter()
            .map(|span| (span.text.as_str(), Look { strong: span.strong, mono: span.mono }))
            .collect();
        let mut links = Vec::new();
        let mut from = 0;
        for (span, look) in spans.iter().zip(&looks) {
            // What is shown may be longer than what was said, where something is written as its code.
            let until = from + shaper.shape(look.0, look.1).text.len();
            links.extend(span.href.as_deref().map(|href| (from..until, href)));
            from = until;
        }
        let shaped = Rc::new(shaper.shape_spans(&looks));
        Self { lines: breaker.lines(&shaped, size, width), links }
    }
}

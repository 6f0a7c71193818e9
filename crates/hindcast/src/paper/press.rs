//! The press: takes what stands on a page, and writes page after page with the tags that say what everything is.

use super::document::{Document, Format};
use super::figure::Paint;
use super::fonts::Fonts;
use super::lines::{Line, Piece};
use super::{PAGES_MAX, PaperError};
use hindcast_event::Timestamp;
use krilla::action::LinkAction;
use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::color::rgb;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, Node, SpanTag, TagGroup, TagKind, TagTree,
};
use krilla::text::{Font, KrillaGlyph};
use krilla::{Document as File, SerializeSettings};
use std::ops::Range;

/// A part of a document, by its place in the list of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part(usize);

/// Something on a page that belongs together: text of a part, or what is only there to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// A mark without a meaning of its own.
    Decoration,
    /// What is repeated on each page.
    Repeated,
    /// Content.
    Content(usize),
}

enum Ink {
    Text(Words),
    Rect(Rect, Paint),
    Line((f32, f32), (f32, f32), Paint),
    Path(Vec<(f32, f32)>, Paint),
}

/// Some of the words of a line, with their baseline at a point.
#[derive(Clone, Debug)]
pub struct Words {
    /// The line.
    pub line: Line,
    /// Which bytes of its text.
    pub bytes: Range<usize>,
    /// Where the line begins.
    pub at: (f32, f32),
    /// The size in points.
    pub size: f32,
    /// What they are written with.
    pub paint: Paint,
}

impl Words {
    /// Glyphs of each face, and from where to where they go.
    fn pieces(&self) -> impl Iterator<Item = (Piece, f32, f32)> {
        self.line.pieces(self.size).into_iter().filter_map(|mut piece| {
            let advance =
                |glyphs: &[KrillaGlyph]| glyphs.iter().map(|glyph| glyph.x_advance * self.size).sum::<f32>();
            let is_ours = |glyph: &KrillaGlyph| self.bytes.contains(&glyph.text_range.start);
            let first = piece.glyphs.iter().position(is_ours)?;
            let last = piece.glyphs.iter().rposition(is_ours)?;
            let before = advance(piece.glyphs.get(..first)?);
            piece.glyphs = piece.glyphs.get(first..=last)?.to_vec();
            let from = self.at.0 + piece.x + before;
            let until = from + advance(&piece.glyphs);
            Some((piece, from, until))
        })
    }

    fn rect(&self) -> Option<Rect> {
        let (from, until) = self
            .pieces()
            .map(|(_, from, until)| (from, until))
            .reduce(|(a, b), (from, until)| (a.min(from), b.max(until)))?;
        let (size, y) = (self.size, self.at.1);
        Rect::from_ltrb(from, y - size, until, y + size * 0.3)
    }
}

enum Child {
    Part(Part),
    Leaf(usize),
    Annotation(Identifier),
}

/// Takes pages and writes them, or only counts them.
pub struct Press {
    file: Option<Printing>,
    pages: usize,
    inks: Vec<(Leaf, Ink)>,
    links: Vec<(Part, Words, String)>,
    leaves: usize,
}

struct Printing {
    file: File,
    fonts: Vec<Font>,
    pages_in_all: usize,
    page: PageSettings,
    parts: Vec<(TagKind, Vec<Child>)>,
    leaves: Vec<Option<Identifier>>,
    headings: Vec<(u8, String, usize, f32)>,
}

impl Press {
    /// A press that only counts pages.
    pub fn counting() -> Self {
        Self { file: None, pages: 0, inks: Vec::new(), links: Vec::new(), leaves: 0 }
    }

    /// A press that prints, for which it must be known how many pages there will be.
    pub fn printing(document: &Document, fonts: &Fonts, pages_in_all: usize) -> Self {
        let settings = ConfigurationBuilder::new()
            .with_archival_validator(Archival::A2_A)
            .with_accessibility_validator(Accessibility::UA1)
            .finish()
            .map(|configuration| SerializeSettings { configuration, ..SerializeSettings::default() });
        let (width, height) = size(document.format);
        let printing = Printing {
            file: File::new_with(settings.unwrap_or_default()),
            fonts: fonts.printed(),
            pages_in_all,
            page: PageSettings::from_wh(width, height).unwrap_or_default(),
            parts: Vec::new(),
            leaves: Vec::new(),
            headings: Vec::new(),
        };
        Self { file: Some(printing), ..Self::counting() }
    }

    /// How many pages are done.
    pub fn pages(&self) -> usize {
        self.pages
    }

    /// How many there will be, when it is known.
    pub fn pages_in_all(&self) -> usize {
        self.file.as_ref().map_or(0, |printing| printing.pages_in_all)
    }

    /// Begins a part within another, or one of the document.
    pub fn part(&mut self, within: Option<Part>, tag: impl Into<TagKind>) -> Part {
        let Some(printing) = &mut self.file else { return Part(0) };
        let part = Part(printing.parts.len());
        printing.parts.push((tag.into(), Vec::new()));
        if let Some((_, children)) = within.and_then(|within| printing.parts.get_mut(within.0)) {
            children.push(Child::Part(part));
        }
        part
    }

    /// Begins content of a part on this page.
    pub fn leaf(&mut self, part: Part) -> Leaf {
        self.leaves += 1;
        if let Some(printing) = &mut self.file
            && let Some((_, children)) = printing.parts.get_mut(part.0)
        {
            children.push(Child::Leaf(self.leaves));
        }
        Leaf::Content(self.leaves)
    }

    /// A heading, for the outline of the file.
    pub fn heading(&mut self, level: u8, text: &str, top: f32) {
        let page = self.pages;
        if let Some(printing) = &mut self.file {
            printing.headings.push((level, text.to_owned(), page, top));
        }
    }

    /// Puts words onto the page.
    pub fn text(&mut self, leaf: Leaf, words: Words) {
        if self.file.is_some() {
            self.inks.push((leaf, Ink::Text(words)));
        }
    }

    /// Lets words lead somewhere.
    pub fn link(&mut self, part: Part, words: Words, href: String) {
        if self.file.is_some() {
            self.links.push((part, words, href));
        }
    }

    /// Puts a filled rectangle onto the page.
    pub fn rect(&mut self, leaf: Leaf, (x, y, width, height): (f32, f32, f32, f32), paint: Paint) {
        if let Some(rect) = Rect::from_xywh(x, y, width, height).filter(|_| self.file.is_some()) {
            self.inks.push((leaf, Ink::Rect(rect, paint)));
        }
    }

    /// Puts a thin line onto the page.
    pub fn line(&mut self, leaf: Leaf, from: (f32, f32), to: (f32, f32), paint: Paint) {
        if self.file.is_some() {
            self.inks.push((leaf, Ink::Line(from, to, paint)));
        }
    }

    /// Puts a filled outline onto the page.
    pub fn path(&mut self, leaf: Leaf, corners: Vec<(f32, f32)>, paint: Paint) {
        if self.file.is_some() {
            self.inks.push((leaf, Ink::Path(corners, paint)));
        }
    }

    /// Ends the page.
    pub fn end_page(&mut self) -> Result<(), PaperError> {
        self.pages += 1;
        if self.pages > PAGES_MAX {
            return Err(PaperError::TooLong { most: PAGES_MAX });
        }
        let (inks, links) = (std::mem::take(&mut self.inks), std::mem::take(&mut self.links));
        if let Some(printing) = &mut self.file {
            printing.leaves.resize(self.leaves + 1, None);
            printing.print(&inks, links);
        }
        Ok(())
    }

    /// Writes the file.
    pub fn finish(self, document: &Document) -> Result<Vec<u8>, PaperError> {
        let Some(mut printing) = self.file else { return Ok(Vec::new()) };
        printing.file.set_metadata(metadata(document));
        printing.file.set_outline(outline(&printing.headings));
        let tags = printing.tags(document);
        printing.file.set_tag_tree(tags);
        printing
            .file
            .finish()
            .map_err(|error| PaperError::Write(format!("{error:?}").chars().take(500).collect()))
    }
}

impl Printing {
    fn print(&mut self, inks: &[(Leaf, Ink)], links: Vec<(Part, Words, String)>) {
        let mut page = self.file.start_page_with(self.page.clone());
        let mut surface = page.surface();
        for same in inks.chunk_by(|(a, _), (b, _)| a == b) {
            let Some((leaf, _)) = same.first() else { continue };
            let identifier = surface.start_tagged(match leaf {
                Leaf::Decoration => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)),
                Leaf::Repeated => ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther)),
                Leaf::Content(_) => ContentTag::Span(SpanTag::empty()),
            });
            if let Leaf::Content(leaf) = leaf
                && let Some(known) = self.leaves.get_mut(*leaf)
            {
                *known = Some(identifier);
            }
            same.iter().for_each(|(_, ink)| draw(ink, &self.fonts, &mut surface));
            surface.end_tagged();
        }
        surface.finish();
        for (part, words, href) in links {
            let Some(rect) = words.rect() else { continue };
            let told = words.line.of.text.get(words.bytes.clone()).unwrap_or_default().to_owned();
            let target = Target::Action(LinkAction::new(href).into());
            let annotation = Annotation::new_link(LinkAnnotation::new(rect, target), Some(told));
            let identifier = page.add_tagged_annotation(annotation);
            if let Some((_, children)) = self.parts.get_mut(part.0) {
                children.push(Child::Annotation(identifier));
            }
        }
        page.finish();
    }

    /// The tree of all parts; the first is the document.
    fn tags(&mut self, document: &Document) -> TagTree {
        let mut groups: Vec<Option<TagGroup>> =
            self.parts.iter().map(|(tag, _)| Some(TagGroup::new(tag.clone()))).collect();
        // Whatever is within a part stands after it in the list.
        for (at, (_, children)) in self.parts.iter_mut().enumerate().rev() {
            let children: Vec<Node> = std::mem::take(children)
                .into_iter()
                .filter_map(|child| match child {
                    Child::Part(part) => groups.get_mut(part.0)?.take().map(Node::Group),
                    Child::Leaf(leaf) => self.leaves.get(leaf).copied().flatten().map(Node::Leaf),
                    Child::Annotation(annotation) => Some(Node::Leaf(annotation)),
                })
                .collect();
            if let Some(Some(group)) = groups.get_mut(at) {
                group.children = children;
            }
        }
        let mut tree = TagTree::new().with_lang(Some(document.language.code().to_owned()));
        groups
            .into_iter()
            .flatten()
            .filter(|group| !group.children.is_empty())
            .for_each(|group| tree.push(group));
        tree
    }
}

fn draw(ink: &Ink, fonts: &[Font], surface: &mut Surface<'_>) {
    match ink {
        Ink::Text(words) => {
            surface.set_fill(Some(fill(words.paint)));
            for (piece, from, _) in words.pieces() {
                let Some(font) = fonts.get(piece.face) else { continue };
                let stroke = Stroke { width: words.size * 0.035, ..stroke(words.paint) };
                surface.set_stroke(piece.thicken.then_some(stroke));
                let start = Point::from_xy(from, words.at.1);
                surface.draw_glyphs(
                    start,
                    &piece.glyphs,
                    font.clone(),
                    &words.line.of.text,
                    words.size,
                    false,
                );
            }
        }
        Ink::Rect(rect, paint) => {
            let mut path = PathBuilder::new();
            path.push_rect(*rect);
            shape(path, Some(fill(*paint)), None, surface);
        }
        Ink::Line((x1, y1), (x2, y2), paint) => {
            let mut path = PathBuilder::new();
            path.move_to(*x1, *y1);
            path.line_to(*x2, *y2);
            shape(path, None, Some(stroke(*paint)), surface);
        }
        Ink::Path(corners, paint) => {
            let mut path = PathBuilder::new();
            for (nth, (x, y)) in corners.iter().enumerate() {
                if nth == 0 { path.move_to(*x, *y) } else { path.line_to(*x, *y) }
            }
            path.close();
            shape(path, Some(fill(*paint)), None, surface);
        }
    }
}

fn shape(path: PathBuilder, fill: Option<Fill>, stroke: Option<Stroke>, surface: &mut Surface<'_>) {
    if let Some(path) = path.finish() {
        surface.set_fill(fill);
        surface.set_stroke(stroke);
        surface.draw_path(&path);
    }
}

fn fill(paint: Paint) -> Fill {
    Fill { paint: color(paint).into(), opacity: NormalizedF32::ONE, ..Fill::default() }
}

fn stroke(paint: Paint) -> Stroke {
    Stroke { paint: color(paint).into(), width: 0.5, ..Stroke::default() }
}

fn color(paint: Paint) -> rgb::Color {
    let (red, green, blue) = paint.rgb();
    rgb::Color::new(red, green, blue)
}

/// Width and height of a page, in points.
pub fn size(format: Format) -> (f32, f32) {
    match format {
        Format::Portrait => (595.0, 842.0),
        Format::Landscape => (842.0, 595.0),
    }
}

fn metadata(document: &Document) -> Metadata {
    Metadata::new()
        .title(document.title.clone())
        .language(document.language.code().to_owned())
        .creator("hindcast".to_owned())
        .producer(format!("hindcast {}", env!("CARGO_PKG_VERSION")))
        .document_id(format!("{} {}", document.title, document.made_at))
        .creation_date(date(document.made_at))
}

fn date(at: Timestamp) -> DateTime {
    let utc =
        jiff::Timestamp::from_microsecond(at.micros()).unwrap_or_default().to_zoned(jiff::tz::TimeZone::UTC);
    let part = |part: i8| u8::try_from(part).unwrap_or(0);
    DateTime::new(u16::try_from(utc.year()).unwrap_or(0))
        .month(part(utc.month()))
        .day(part(utc.day()))
        .hour(part(utc.hour()))
        .minute(part(utc.minute()))
        .second(part(utc.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

/// Headings within those before them that are of a higher level.
fn outline(headings: &[(u8, String, usize, f32)]) -> Outline {
    let mut outline = Outline::new();
    let mut rest = headings;
    while let Some((node, left)) = node(rest) {
        outline.push_child(node);
        rest = left;
    }
    outline
}

type Headings<'a> = &'a [(u8, String, usize, f32)];

fn node(headings: Headings<'_>) -> Option<(OutlineNode, Headings<'_>)> {
    let ((level, text, page, top), mut rest) = headings.split_first()?;
    let mut made = OutlineNode::new(text.clone(), XyzDestination::new(*page, Point::from_xy(0.0, *top)));
    while rest.first().is_some_and(|(next, ..)| next > level) {
        let Some((child, left)) = node(rest) else { break };
        made.push_child(child);
        rest = left;
    }
    Some((made, rest))
}

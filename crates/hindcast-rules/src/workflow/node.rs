//! The text of a workflow as a tree that knows where each key and value stands.
//!
//! What would let one text mean two things is refused: a key that comes twice, anchors and aliases, tags, several documents.
//! What a plain word means (`no`, `5`) is left to the place that asks for it, so a language stays `no`.

use super::flaw::Flaws;
use super::limits::{DEPTH_MAX, NODES_MAX, WORKFLOW_BYTES_MAX};
use crate::detection::Place;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub place: Place,
    pub body: Body,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// A word; plain ones stand without quotes.
    Word {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Member>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub place: Place,
    pub key: String,
    pub value: Node,
}

impl Node {
    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match &self.body {
            Body::Word { .. } if self.is_nothing() => "nothing",
            Body::Word { .. } => "a single value",
            Body::List(_) => "a list",
            Body::Map(_) => "a mapping",
        }
    }

    /// Whether nothing stands there, or `null`.
    pub fn is_nothing(&self) -> bool {
        matches!(&self.body, Body::Word { text, plain: true } if matches!(text.as_str(), "" | "~" | "null"))
    }

    /// A list as it is, a single value as a list of one.
    pub fn items(&self) -> &[Node] {
        match &self.body {
            Body::List(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    /// As JSON, plain words read as YAML 1.2 does: `true`, `null` and numbers, all else a text.
    pub fn json(&self) -> serde_json::Value {
        match &self.body {
            Body::Word { .. } if self.is_nothing() => serde_json::Value::Null,
            Body::Word { text, plain: true } => match text.as_str() {
                "true" => true.into(),
                "false" => false.into(),
                _ => number(text).map_or_else(|| text.as_str().into(), serde_json::Value::Number),
            },
            Body::Word { text, .. } => text.as_str().into(),
            Body::List(items) => items.iter().map(Node::json).collect(),
            Body::Map(members) => {
                members.iter().map(|member| (member.key.clone(), member.value.json())).collect()
            }
        }
    }
}

/// A number as JSON spells it.
fn number(text: &str) -> Option<serde_json::Number> {
    serde_json::from_str(text).ok()
}

/// Reads a text; what is wrong with it is added to the flaws.
pub(crate) fn read(text: &str, flaws: &mut Flaws) -> Option<Node> {
    if text.len() > WORKFLOW_BYTES_MAX {
        flaws.too_many(Place::START, "bytes of a workflow", WORKFLOW_BYTES_MAX, text.len());
        return None;
    }
    let before = flaws.len();
    let root = Builder { flaws, open: Vec::new(), root: None, nodes: 0, documents: 0 }.build(text);
    if root.is_none() && flaws.len() == before {
        flaws.add(Place::START, "a workflow was expected, and nothing is here");
    }
    root
}

/// A list or mapping that has not ended yet.
struct Open {
    node: Node,
    /// The key whose value comes next.
    key: Option<(Place, String)>,
}

struct Builder<'f> {
    flaws: &'f mut Flaws,
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
    documents: usize,
}

impl Builder<'_> {
    fn build(mut self, text: &str) -> Option<Node> {
        for event in Parser::new_from_str(text) {
            let (event, span) = match event {
                Ok(event) => event,
                Err(error) => {
                    self.flaws.add(place(error.marker()), format!("not YAML: {}", error.info()));
                    return None;
                }
            };
            self.take(event, place(&span.start))?;
        }
        self.root
    }

    /// Takes the next event; nothing when it makes no sense to go on.
    fn take(&mut self, event: Event<'_>, at: Place) -> Option<()> {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.flaws.add(at, "a file holds one workflow, and a second document begins here");
                    return None;
                }
            }
            Event::Alias(_) => {
                self.flaws.add(at, "aliases are not read; write the value out");
                self.put(Node { place: at, body: Body::List(Vec::new()) })?;
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.plainly(at, anchor, tag.is_some());
                let (text, plain) = (text.into_owned(), style == ScalarStyle::Plain);
                self.put(Node { place: at, body: Body::Word { text, plain } })?;
            }
            Event::SequenceStart(anchor, tag) => {
                self.plainly(at, anchor, tag.is_some());
                self.begin(at, Body::List(Vec::new()))?;
            }
            Event::MappingStart(anchor, tag) => {
                self.plainly(at, anchor, tag.is_some());
                self.begin(at, Body::Map(Vec::new()))?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let done = self.open.pop()?;
                self.put(done.node)?;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Some(())
    }

    fn plainly(&mut self, at: Place, anchor: usize, tag: bool) {
        if anchor != 0 {
            self.flaws.add(at, "anchors are not read; write the value out where it is needed");
        }
        if tag {
            self.flaws.add(at, "tags are not read; what a value is follows from its place");
        }
    }

    fn begin(&mut self, at: Place, body: Body) -> Option<()> {
        if self.open.len() >= DEPTH_MAX {
            self.flaws.add(at, format!("nested too deeply: at most {DEPTH_MAX} levels"));
            return None;
        }
        self.open.push(Open { node: Node { place: at, body }, key: None });
        Some(())
    }

    fn put(&mut self, node: Node) -> Option<()> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            self.flaws.add(node.place, format!("keys and values of a workflow: at most {NODES_MAX}"));
            return None;
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Some(());
        };
        match &mut open.node.body {
            Body::List(items) => items.push(node),
            Body::Map(members) => match open.key.take() {
                Some((place, key)) => members.push(Member { place, key, value: node }),
                None => {
                    let Body::Word { text, .. } = node.body else {
                        self.flaws.add(node.place, "a key is a word");
                        return None;
                    };
                    if members.iter().any(|member| member.key == text) {
                        self.flaws.add(node.place, format!("`{text}` stands here twice"));
                    }
                    open.key = Some((node.place, text));
                }
            },
            Body::Word { .. } => {}
        }
        Some(())
    }
}

fn place(marker: &Marker) -> Place {
    Place { line: marker.line().max(1), column: marker.col() + 1 }
}

//! Help: one page for each topic, at an address of its own.
//!
//! Whatever can be derived is: keys, roles, permissions and activities are asked from the code that knows them, so that
//! no page tells what is no longer so. Here are the topics themselves and those that are mostly words.

mod activities;
mod roles;
mod syntax;

use super::answer::{page, redirect};
use super::asked::Asked;
use super::reference::Reached;
use super::refusal::Refusal;
use super::shell::{Section, Shell};
use super::text::Text;
use super::visitor::Visitor;
use crate::app::App;
use activities::ActivitiesPage;
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use roles::RolesPage;
use std::sync::Arc;
use syntax::SyntaxPage;

/// A topic of the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// How to ask the log.
    Search,
    /// Keys that do something.
    Shortcuts,
    /// What roles may do and see.
    Roles,
    /// Why nobody changes the past unnoticed.
    Integrity,
    /// Activities we know by name.
    Activities,
    /// The API.
    Reference,
}

/// A topic in the list of them.
pub struct Place {
    /// Its address.
    pub href: &'static str,
    /// Its name.
    pub label: String,
    /// Whether it is what is shown.
    pub is_here: bool,
}

#[derive(Template)]
#[template(path = "help_shortcuts.html")]
struct ShortcutsPage {
    shell: Shell,
    t: Text,
    topics: Vec<Place>,
    groups: Vec<(String, Vec<Shortcut>)>,
}

/// Keys that do something.
struct Shortcut {
    keys: Vec<&'static str>,
    /// Whether they are pressed one after the other; else any of them will do.
    one_by_one: bool,
    does: String,
}

#[derive(Template)]
#[template(path = "help_integrity.html")]
struct IntegrityPage {
    shell: Shell,
    t: Text,
    topics: Vec<Place>,
    /// The address under which we are reached.
    base: String,
    workspace: String,
    /// The key that verifies the workspace's log, if that can be told.
    key: Option<String>,
}

/// `GET /help`
pub async fn home() -> Response {
    redirect(Topic::Search.href())
}

/// `GET /help/{topic}`
pub async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Reached(base): Reached,
    Path(topic): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    let topic = Topic::named(&topic).ok_or(Refusal::NotFound)?;
    let t = visitor.guest.text;
    let shell = topic.shell(&visitor, &app);
    let topics = topic.places(t);
    match topic {
        Topic::Search => page(&SyntaxPage::new(shell, topics, &visitor.clock.name)),
        Topic::Shortcuts => page(&ShortcutsPage { groups: shortcuts(t, &shell), shell, t, topics }),
        Topic::Roles => page(&RolesPage::new(shell, topics, visitor.membership.role)),
        Topic::Integrity => {
            let workspace = &visitor.membership.workspace;
            let key = app.ledger.verifier_key(workspace).ok().map(|key| key.to_string());
            page(&IntegrityPage { shell, t, topics, base, workspace: workspace.to_string(), key })
        }
        Topic::Activities => page(&ActivitiesPage::new(shell, topics, raw.as_deref())),
        Topic::Reference => Ok(redirect(topic.href())),
    }
}

/// The address of the log that shows what a query finds at any time.
fn log_of(q: &str) -> String {
    Asked { q: q.to_owned(), range: "all".to_owned(), ..Asked::default() }.href()
}

impl Topic {
    const ALL: [Self; 6] =
        [Self::Search, Self::Shortcuts, Self::Roles, Self::Integrity, Self::Activities, Self::Reference];

    /// Where it is.
    fn href(self) -> &'static str {
        match self {
            Self::Search => "/help/search",
            Self::Shortcuts => "/help/shortcuts",
            Self::Roles => "/help/roles",
            Self::Integrity => "/help/integrity",
            Self::Activities => "/help/activities",
            Self::Reference => "/docs/api",
        }
    }

    fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.href().strip_prefix("/help/") == Some(word))
    }

    fn label(self, t: Text) -> String {
        let label = match self {
            Self::Search => t.help_search(),
            Self::Shortcuts => t.shortcuts(),
            Self::Roles => t.help_roles(),
            Self::Integrity => t.help_integrity(),
            Self::Activities => t.help_activities(),
            Self::Reference => t.help_reference(),
        };
        label.into_owned()
    }

    /// What its page has around it.
    pub fn shell(self, visitor: &Visitor, app: &App) -> Shell {
        let t = visitor.guest.text;
        Shell::of(visitor, app, Section::Help, t.help_title(self.label(t)))
    }

    /// All topics, to go from this one to the others.
    pub fn places(self, t: Text) -> Vec<Place> {
        let place = |topic: Self| Place { href: topic.href(), label: topic.label(t), is_here: topic == self };
        Self::ALL.map(place).into()
    }
}

fn shortcuts(t: Text, shell: &Shell) -> Vec<(String, Vec<Shortcut>)> {
    let key = |keys: &[&'static str], does: std::borrow::Cow<'static, str>| Shortcut {
        keys: keys.to_vec(),
        one_by_one: false,
        does: does.into_owned(),
    };
    let places = shell.me.iter().flat_map(|me| &me.nav);
    let goes = places.map(|place| Shortcut {
        one_by_one: true,
        ..key(&["g", place.key], t.help_shortcut_goes(place.label.as_str()))
    });
    let everywhere = [key(&["?"], t.key_help()), key(&["Esc"], t.key_close())];
    let log = [
        key(&["/"], t.key_search()),
        key(&["j", "k"], t.key_next()),
        key(&["Enter"], t.key_open()),
        key(&["x"], t.key_menu()),
        key(&["f"], t.key_facets()),
        key(&["t"], t.key_tail()),
        key(&["e"], t.key_export()),
        key(&["."], t.key_newest()),
    ];
    vec![
        (t.help_shortcuts_everywhere().into_owned(), everywhere.into_iter().chain(goes).collect()),
        (t.help_shortcuts_log().into_owned(), log.into()),
        (t.help_shortcuts_changes().into_owned(), vec![key(&["n", "p"], t.key_change())]),
    ]
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// What a page of nobody in particular has around it.
    pub fn shell() -> Shell {
        Shell {
            t: Text::default(),
            title: "Help".to_owned(),
            theme: "light",
            compact: false,
            wide_panel: false,
            shortcuts: true,
            assets: "/assets/0",
            here: "/help".to_owned(),
            me: None,
            notices: Vec::new(),
        }
    }

    /// Renders a page and checks what holds for every page: one heading, no id twice, nothing inline, every link within
    /// the page leads somewhere, and every table says what it is.
    pub fn tidy(template: &impl Template) -> String {
        let html = template.render().expect("renders");
        let values = |name: &str| -> Vec<String> {
            let before = format!(" {name}=\"");
            let pieces = html.split(&before).skip(1);
            pieces.filter_map(|piece| Some(piece.split_once('"')?.0.to_owned())).collect()
        };
        let ids: BTreeSet<_> = values("id").into_iter().collect();
        assert_eq!(ids.len(), values("id").len(), "an id is there twice: {:?}", values("id"));
        assert_eq!(html.matches("<h1").count(), 1);
        assert!(values("style").is_empty() && !html.contains("<style"));
        assert_eq!(html.matches("<table").count(), html.matches("<caption").count());
        for href in values("href") {
            let within = href.strip_prefix('#');
            assert!(within.is_none_or(|id| ids.contains(id)), "{href} leads nowhere");
        }
        for label in values("aria-labelledby").iter().chain(&values("aria-describedby")) {
            assert!(label.split(' ').all(|id| ids.contains(id)), "{label} names nothing");
        }
        html
    }

    #[test]
    fn every_topic_is_found_by_its_address() {
        for topic in Topic::ALL {
            let word = topic.href().rsplit('/').next().expect("a word");
            let expected = (topic != Topic::Reference).then_some(topic);
            assert_eq!(Topic::named(word), expected, "{topic:?}");
        }
        assert_eq!(Topic::named(""), None);
        assert_eq!(Topic::named("Search"), None);
    }

    #[test]
    fn the_pages_that_are_mostly_words_are_tidy() {
        let (t, topics) = (Text::default(), Topic::Shortcuts.places(Text::default()));
        let html = tidy(&ShortcutsPage { groups: shortcuts(t, &shell()), shell: shell(), t, topics });
        assert!(html.contains("<kbd>j</kbd> / <kbd>k</kbd>"), "{html}");
        let html = tidy(&IntegrityPage {
            shell: shell(),
            t,
            topics: Topic::Integrity.places(t),
            base: "https://audit.example.com".to_owned(),
            workspace: "northwind".to_owned(),
            key: Some("name+1+key".to_owned()),
        });
        assert!(html.contains("curl https://audit.example.com/w/northwind/checkpoint"), "{html}");
        assert!(html.contains("--vkey 'name+1+key'"), "{html}");
    }
}

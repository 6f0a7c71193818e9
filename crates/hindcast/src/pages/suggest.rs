//! `GET /log/suggest`: what might come next in the search box, and `GET /log/values`: all values of one filter.

use super::answer::page;
use super::asked::{Asked, quoted};
use super::facets::{Facet, facet, label, value_label};
use super::mistake::question;
use super::refusal::Refusal;
use super::shell::{Section, Shell};
use super::text::Text;
use super::visitor::Visitor;
use crate::api::lanes::Lanes;
use crate::app::App;
use crate::people::Permission;
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::{Extension, Json};
use hindcast_event::{Category, Registry};
use hindcast_segments::query::{Key, Query};
use hindcast_segments::words::fold;
use hindcast_segments::{FacetKind, FacetValue, SUGGEST_TIME_MAX};
use serde::Serialize;
use std::sync::Arc;

const SUGGESTED_MAX: usize = 10;
const TYPED_BYTES_MAX: usize = 2000;

/// What might come next.
#[derive(Debug, Default, Serialize)]
pub struct Suggested {
    /// Where in the text it begins, in UTF-16 as browsers count.
    from: usize,
    items: Vec<Item>,
}

/// One of the things that might come next.
#[derive(Debug, Serialize)]
pub struct Item {
    /// What is put into the box.
    text: String,
    /// What it is called.
    label: String,
    /// What it is.
    hint: String,
    /// How often it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
}

/// `GET /log/suggest?q=`: the text up to the cursor.
pub async fn suggest(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    RawQuery(raw): RawQuery,
) -> Result<Json<Suggested>, Refusal> {
    visitor.needs(Permission::ReadLog)?;
    let typed = Asked::read(raw.as_deref()).q;
    if typed.len() > TYPED_BYTES_MAX {
        return Ok(Json(Suggested::default()));
    }
    let start = last_word(&typed);
    let from = typed[..start].encode_utf16().count();
    let word = typed[start..].to_owned();
    let t = visitor.guest.text;
    let (not, word) = word.strip_prefix('-').map_or(("", word.as_str()), |word| ("-", word));
    let Some((key, value)) = word.split_once(':') else {
        return Ok(Json(Suggested { from, items: keys(t, not, word) }));
    };
    let key = Key::named(key);
    let Some((key, kind)) = key.and_then(|key| Some((key, values_of(key)?))) else {
        return Ok(Json(Suggested::default()));
    };
    let value = value.trim_matches('"').to_owned();
    let snapshot = visitor.snapshot(&app)?;
    let found = lanes.query(&app, move |budget| {
        Ok(match known(t, kind, &value) {
            Some(known) => known,
            None => {
                let budget = budget.within(SUGGEST_TIME_MAX);
                snapshot.suggest(&Query::default(), kind, &value, SUGGESTED_MAX, &budget)?
            }
        })
    });
    let items = found.await?.into_iter().take(SUGGESTED_MAX).map(|found| Item {
        text: format!("{not}{}:{}", key.name(), quoted(&found.value)),
        label: value_label(t, kind, &found),
        hint: label(t, kind),
        count: (found.count > 0).then_some(found.count),
    });
    Ok(Json(Suggested { from, items: items.collect() }))
}

/// Where the word begins that the cursor is in; quotes hold spaces.
fn last_word(typed: &str) -> usize {
    let mut quoted = false;
    let mut start = 0;
    for (at, letter) in typed.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            _ if letter.is_whitespace() && !quoted => start = at + letter.len_utf8(),
            _ => {}
        }
    }
    start
}

fn keys(t: Text, not: &str, typed: &str) -> Vec<Item> {
    let typed = fold(typed).into_owned();
    let keys = Key::ALL.into_iter().filter(|key| !typed.is_empty() && key.name().starts_with(&typed));
    let items = keys.map(|key| Item {
        text: format!("{not}{}:", key.name()),
        label: format!("{}:", key.name()),
        hint: values_of(key).map(|kind| label(t, kind)).unwrap_or_default(),
        count: None,
    });
    items.take(SUGGESTED_MAX).collect()
}

/// The filter whose values a key takes.
fn values_of(key: Key) -> Option<FacetKind> {
    match key {
        Key::OnBehalfOf | Key::Principal => Some(FacetKind::Actor),
        key => facet_of(key.name()),
    }
}

fn facet_of(key: &str) -> Option<FacetKind> {
    FacetKind::ALL.into_iter().find(|kind| kind.key() == key && *kind != FacetKind::TargetType)
}

/// Values that are known without looking, by their names in the reader's language too.
fn known(t: Text, kind: FacetKind, typed: &str) -> Option<Vec<FacetValue>> {
    let of = |value: &str| FacetValue { value: value.to_owned(), label: None, count: 0 };
    let values: Vec<FacetValue> = match kind {
        FacetKind::Category => Category::ALL.into_iter().map(|category| of(category.code())).collect(),
        FacetKind::Action => Registry::builtin().all().iter().map(|activity| of(activity.code)).collect(),
        FacetKind::Outcome => Key::Outcome.values().iter().map(|value| of(value)).collect(),
        FacetKind::ActorType => Key::ActorType.values().iter().map(|value| of(value)).collect(),
        _ => return None,
    };
    let typed = fold(typed.trim()).into_owned();
    let fits = |found: &FacetValue| {
        let label = fold(&value_label(t, kind, found)).into_owned();
        fold(&found.value).starts_with(&typed)
            || label.starts_with(&typed)
            || label.split_whitespace().any(|word| word.starts_with(&typed))
    };
    let found: Vec<_> = values.into_iter().filter(fits).collect();
    // An action that nobody registered is found by looking.
    if found.is_empty() && kind == FacetKind::Action { None } else { Some(found) }
}

#[derive(Template)]
#[template(path = "values.html")]
struct ValuesPage {
    shell: Shell,
    t: Text,
    facet: Facet,
    find: String,
    back: String,
    kept: Vec<(&'static str, String)>,
}

/// `GET /log/values?facet=…`: all values of one filter, as far as a list can have them.
pub async fn values(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadLog)?;
    let asked = Asked::read(raw.as_deref());
    let member = |wanted: &str| {
        let members = form_urlencoded::parse(raw.as_deref().unwrap_or_default().as_bytes());
        members
            .into_iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    let (key, find) = (member("facet"), member("find"));
    let question = question(&visitor, &asked)?;
    let snapshot = visitor.snapshot(&app)?;
    let (shown, looked_for, kept) = (visitor.clone(), asked.clone(), key.clone());
    let found =
        lanes.query(&app, move |budget| facet(&shown, &looked_for, &question, &kept, &snapshot, budget));
    let mut facet = found.await?.ok_or(Refusal::NotFound)?;
    let wanted = fold(find.trim()).into_owned();
    facet.values.retain(|value| fold(&value.label).contains(&wanted));
    let t = visitor.guest.text;
    let shell = Shell::of(&visitor, &app, Section::Log, facet.label.clone());
    let mut kept: Vec<_> =
        asked.kept_pairs().into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    kept.push(("facet", key));
    page(&ValuesPage { shell, t, facet, find, back: asked.first_page().href(), kept })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_at_the_cursor_is_completed() {
        for (typed, word) in [
            ("", ""),
            ("act", "act"),
            ("outcome:denied act", "act"),
            ("actor:\"Jürgen G", "actor:\"Jürgen G"),
            ("actor:\"Jürgen Groß\" ro", "ro"),
        ] {
            assert_eq!(&typed[last_word(typed)..], word, "{typed}");
        }
        let t = Text::default();
        let texts = |items: Vec<Item>| items.into_iter().map(|item| item.text).collect::<Vec<_>>();
        assert_eq!(texts(keys(t, "-", "act")), ["-actor:", "-actor_id:", "-actor_type:", "-action:"]);
        assert_eq!(known(t, FacetKind::Outcome, "fai").expect("known").len(), 1);
        assert_eq!(known(t, FacetKind::Action, "no.such.action"), None);
    }
}

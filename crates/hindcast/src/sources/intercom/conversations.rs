//! The history of conversations: found by search, then each fetched whole, with its parts, tags, rating and what the AI
//! agent did.
//!
//! [`History`] hands over conversations as Intercom told them, for whoever needs them whole, as simulations do;
//! [`Conversations`] makes entries of what happened in them.

use super::api::Api;
use super::parts;
use crate::sources::{Cursor, Pace, Piece, Source, Trouble};
use hindcast_event::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Each of them is another request.
const PAGE_CONVERSATIONS: usize = 50;
/// Each run looks again at what changed so many seconds before.
const TAIL: i64 = 3_600;

/// Fetches conversations, those changed first in front.
pub(crate) struct History {
    api: Api,
    from: i64,
}

/// Where we stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Everything that changed before was fetched; seconds since 1970.
    since: i64,
    /// The newest change that was seen since.
    seen: i64,
    /// Within the pages of one search.
    after: Option<String>,
}

/// A conversation as it was told, with its parts.
#[derive(Clone, Debug)]
pub(crate) struct Conversation {
    /// Its JSON; see section 4.2 of Intercom's reference.
    pub json: String,
}

#[derive(Deserialize)]
struct Page {
    conversations: Vec<Found>,
    pages: Option<Pages>,
}

#[derive(Deserialize)]
struct Found {
    id: String,
    #[serde(default)]
    updated_at: i64,
}

#[derive(Deserialize)]
struct Pages {
    next: Option<Next>,
}

#[derive(Deserialize)]
struct Next {
    starting_after: Option<String>,
}

impl History {
    pub fn new(api: Api, from: Timestamp) -> Self {
        Self { api, from: from.seconds().max(0) }
    }

    /// The next conversations from a place on, and the place after them; nothing more when that is at rest.
    pub fn page(
        &mut self,
        place: Option<Place>,
        pace: &mut dyn Pace,
    ) -> Result<(Vec<Conversation>, Place), Trouble> {
        let mut place = place.unwrap_or(Place { since: self.from, seen: self.from, after: None });
        if place.after.is_none() {
            place.since = (place.since - 1).max(0);
        }
        let mut pagination = json!({ "per_page": PAGE_CONVERSATIONS });
        if let Some(after) = &place.after {
            pagination["starting_after"] = after.as_str().into();
        }
        let newer = |operator| json!({ "field": "updated_at", "operator": operator, "value": place.since });
        let asked = json!({
            // Their table says that > includes the value, and those who use it say that it does not.
            "query": { "operator": "OR", "value": [newer(">"), newer("=")] },
            "sort": { "field": "updated_at", "order": "ascending" },
            "pagination": pagination,
        });
        let answer = self.api.post("/conversations/search", asked.to_string(), pace)?.answer()?;
        let page: Page = serde_json::from_str(answer.text()?)
            .map_err(|error| Trouble::later(format!("Intercom's answer cannot be read: {error}")))?;
        let mut conversations = Vec::with_capacity(page.conversations.len());
        for found in &page.conversations {
            place.seen = place.seen.max(found.updated_at);
            conversations.extend(self.whole(&found.id, pace)?);
        }
        place.after = page.pages.and_then(|pages| pages.next?.starting_after);
        Ok((conversations, place))
    }

    /// A conversation with its parts; nothing when it was deleted meanwhile.
    fn whole(&mut self, id: &str, pace: &mut dyn Pace) -> Result<Option<Conversation>, Trouble> {
        let id: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
        match self.api.get(&format!("/conversations/{id}"), pace) {
            Ok(said) => Ok(Some(Conversation { json: said.answer()?.text()?.to_owned() })),
            Err(Trouble::Refused(why)) if why.contains("status 404") => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }
}

/// What happened in conversations, as entries.
pub(crate) struct Conversations {
    history: History,
    place: Option<String>,
}

impl Conversations {
    pub fn new(api: Api, place: Option<String>, from: Timestamp) -> Self {
        Self { history: History::new(api, from), place }
    }
}

impl Source for Conversations {
    fn next(&mut self, cursor: &Cursor, pace: &mut dyn Pace) -> Result<Piece, Trouble> {
        let (conversations, mut place) = self.history.page(cursor.place(), pace)?;
        let told = |conversation: &Conversation| parts::told(conversation, self.place.as_deref());
        let drafts = conversations.iter().flat_map(told).collect();
        let is_last = place.after.is_none();
        let reached = Some(Timestamp::from_micros(place.seen * 1_000_000));
        if is_last {
            place.since = (place.seen - TAIL).max(self.history.from);
        }
        Ok(Piece { drafts, cursor: Cursor::of(&place), reached, is_last })
    }
}

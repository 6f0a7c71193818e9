//! Zendesk's tickets, by its incremental export: each as it was whenever it had changed.

use super::{Api, query};
use crate::sources::told::read;
use crate::sources::{Cursor, Pace, Piece, Source, Told, Trouble, object, text, time_of};
use hindcast_event::Timestamp;
use hindcast_event::json::Json;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The export leaves out the newest minute.
const YOUNGEST: i64 = 60;

/// The tickets of one account.
pub(crate) struct Tickets {
    api: Api,
    from: i64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Place {
    cursor: String,
}

#[derive(Deserialize)]
struct Page {
    tickets: Vec<Box<RawValue>>,
    after_cursor: Option<String>,
    end_of_stream: bool,
}

impl Tickets {
    pub fn new(api: Api, from: Timestamp) -> Self {
        Self { api, from: from.seconds().max(0) }
    }
}

impl Source for Tickets {
    fn next(&mut self, cursor: &Cursor, pace: &mut dyn Pace) -> Result<Piece, Trouble> {
        let before = cursor.place::<Place>();
        let start = self.from.min(pace.now().seconds() - YOUNGEST).max(0).to_string();
        let asked = match &before {
            Some(place) => query(&[("cursor", &place.cursor)]),
            None => query(&[("start_time", &start)]),
        };
        let answer = self.api.get(&format!("/api/v2/incremental/tickets/cursor.json?{asked}"), pace)?;
        let page: Page = serde_json::from_str(answer.text()?)
            .map_err(|error| Trouble::later(format!("Zendesk's answer cannot be read: {error}")))?;
        let subdomain = self.api.subdomain.as_str();
        let drafts = page.tickets.iter().flat_map(|ticket| told(ticket, subdomain)).collect();
        let newest = page
            .tickets
            .last()
            .and_then(|ticket| read(ticket.get())?.get("generated_timestamp").and_then(time_of));
        let is_last = page.end_of_stream || page.after_cursor.is_none();
        let cursor =
            page.after_cursor.map(|cursor| Cursor::of(&Place { cursor })).unwrap_or_else(|| cursor.clone());
        Ok(Piece { drafts, cursor, reached: newest, is_last })
    }
}

/// That a ticket was made, and how it was when it last changed.
fn told(raw: &RawValue, subdomain: &str) -> Vec<String> {
    let raw = raw.get();
    let Some(ticket) = read(raw) else {
        return vec![Told::new("zendesk", raw, "import.unreadable").draft(raw)];
    };
    let string = |name: &str| match ticket.get(name) {
        Some(Json::String(text)) if !text.is_empty() => Some(text.clone()),
        Some(Json::Number(number)) => Some(Cow::Borrowed(*number)),
        _ => None,
    };
    let Some(id) = string("id") else {
        return vec![Told::new("zendesk", raw, "import.unreadable").draft(raw)];
    };
    let event = |own: String, action: &'static str, at: Option<Timestamp>| {
        let mut told = Told::new("zendesk", &format!("{id}/{own}"), action);
        told.id = format!("zendesk-{subdomain}-ticket-{id}-{own}");
        told.place = Some(Cow::Borrowed(subdomain));
        told.occurred_at = at;
        let mut target = vec![(Cow::Borrowed("id"), Json::String(id.clone()))];
        target.extend(string("subject").map(|name| (Cow::Borrowed("name"), Json::String(name))));
        target.push((Cow::Borrowed("type"), text("ticket")));
        told.targets.push(Json::Object(target));
        told
    };
    let (made, changed) =
        (ticket.get("created_at").and_then(time_of), ticket.get("updated_at").and_then(time_of));
    let mut created = event("created".to_owned(), "ticket.created", made);
    if let Some(by) = string("submitter_id").or_else(|| string("requester_id")) {
        created.actor = object([("id", Json::String(by)), ("type", text("user"))]);
    }
    created.metadata.extend(ticket.get("via").map(|via| (Cow::Borrowed("via"), via.clone())));
    // Who changed it is not told here, so it is Zendesk that says how the ticket is.
    let version = string("generated_timestamp")
        .unwrap_or_else(|| changed.map_or(Cow::Borrowed("0"), |at| at.seconds().to_string().into()));
    let mut is = event(version.into_owned(), "ticket.snapshot", changed.or(made));
    is.metadata.push((Cow::Borrowed("ticket"), ticket.clone()));
    vec![created.draft(raw), is.draft(raw)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_event::Draft;
    use serde_json::Value;

    #[test]
    fn a_ticket_was_made_and_is_as_it_is() {
        let ticket = r#"{"id":35436,"subject":"Help, my printer is on fire!","status":"open","requester_id":20978392,
            "submitter_id":76872,"tags":["enterprise"],"via":{"channel":"web"},"generated_timestamp":1304553600,
            "created_at":"2009-07-20T22:55:29Z","updated_at":"2011-05-05T10:38:52Z"}"#;
        let drafts = told(&RawValue::from_string(ticket.to_owned()).expect("JSON"), "company");
        let drafts: Vec<Value> = drafts
            .iter()
            .map(|draft| {
                Draft::parse(draft).expect("a draft");
                serde_json::from_str(draft).expect("JSON")
            })
            .collect();
        assert_eq!(drafts[0]["id"], "zendesk-company-ticket-35436-created");
        assert_eq!(
            (&drafts[0]["actor"]["id"], &drafts[0]["occurred_at"]),
            (&"76872".into(), &"2009-07-20T22:55:29.000000Z".into())
        );
        assert_eq!(drafts[1]["id"], "zendesk-company-ticket-35436-1304553600");
        assert_eq!(drafts[1]["metadata"]["ticket"]["status"], "open");
        assert_eq!(told(&RawValue::from_string("{}".to_owned()).expect("JSON"), "c").len(), 1);
    }
}

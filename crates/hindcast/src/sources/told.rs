//! Something another product told, as a draft that says where it is from.
//!
//! Nothing that was told is left out: what is no event as it stands is kept whole as metadata of a plainer one.

use hindcast_event::json::{self, Json};
use hindcast_event::{ACTION_BYTES_MAX, Arrival, Draft, ID_BYTES_MAX, TEXT_BYTES_MAX, Timestamp};
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::net::IpAddr;

/// The metadata that says from where an entry was imported and what it is called there.
pub const IMPORTED_FROM: &str = "imported_from";
/// What was told and does not fit is kept up to this length, with its hash.
const ORIGINAL_BYTES_MAX: usize = 64 * 1024;

/// What was told, on its way to become a draft.
#[derive(Clone, Debug)]
pub(crate) struct Told<'a> {
    /// The product, as it is searched for: `intercom`.
    pub product: &'static str,
    /// Which of its workspaces or accounts, if it says.
    pub place: Option<Cow<'a, str>>,
    /// What it is called there.
    pub original: String,
    /// What it is called here.
    pub id: String,
    /// What happened.
    pub action: Cow<'a, str>,
    /// When, as the product says.
    pub occurred_at: Option<Timestamp>,
    /// How it went, if anything but well.
    pub outcome: Option<&'static str>,
    /// Who.
    pub actor: Json<'a>,
    /// To what.
    pub targets: Vec<Json<'a>>,
    /// Documents before and after, to be compared.
    pub sides: Option<(Json<'a>, Json<'a>)>,
    /// Changes one by one: pointer, before, after.
    pub changes: Vec<(String, Json<'a>, Json<'a>)>,
    /// From which address.
    pub ip: Option<Cow<'a, str>>,
    /// Its sentence.
    pub description: Option<Cow<'a, str>>,
    /// Everything else.
    pub metadata: Vec<(Cow<'a, str>, Json<'a>)>,
}

impl<'a> Told<'a> {
    /// Something with nothing known but this.
    pub fn new(product: &'static str, original: &str, action: impl Into<Cow<'a, str>>) -> Self {
        Self {
            product,
            place: None,
            original: original.to_owned(),
            id: original.to_owned(),
            action: action.into(),
            occurred_at: None,
            outcome: None,
            actor: object([("type", text("system")), ("id", text(product))]),
            targets: Vec::new(),
            sides: None,
            changes: Vec::new(),
            ip: None,
            description: None,
            metadata: Vec::new(),
        }
    }

    /// The draft, as JSON that is sure to be taken; `raw` is what was told.
    pub fn draft(mut self, raw: &str) -> String {
        if let Some(draft) = self.fits() {
            return draft;
        }
        // What changed is in the metadata too, where it may have any shape.
        self.sides = None;
        self.changes.clear();
        if let Some(draft) = self.fits() {
            return draft;
        }
        let plain = self.plain(raw);
        plain.fits().unwrap_or_else(|| plain.bare().write())
    }

    fn fits(&self) -> Option<String> {
        let draft = self.write();
        let arrival = Arrival { now: Timestamp::default(), random: [0; 10] };
        let fits = Draft::parse(&draft).is_ok_and(|draft| draft.encode(&arrival, &mut Vec::new()).is_ok());
        fits.then_some(draft)
    }

    /// The same with nothing but what is sure to be good, and all that was told beside it.
    fn plain(&self, raw: &str) -> Self {
        let mut plain = Self::new(self.product, &self.original, self.action.clone());
        plain.place.clone_from(&self.place);
        plain.id.clone_from(&self.id);
        plain.occurred_at = self.occurred_at;
        plain.outcome = self.outcome;
        if !is_name(&plain.action, ACTION_BYTES_MAX) {
            plain.metadata.push((Cow::Borrowed("action"), owned(clipped(&self.action, TEXT_BYTES_MAX))));
            plain.action = Cow::Borrowed("import.unreadable");
        }
        let id = self.actor.get("id").and_then(Json::as_str).filter(|id| is_name(id, ID_BYTES_MAX));
        let kind = self.actor.get("type").and_then(Json::as_str);
        if let (Some(kind), Some(id)) = (kind, id) {
            let (kind, id) = (kind.to_owned(), id.to_owned());
            plain.actor = object([("id", Json::String(id.into())), ("type", Json::String(kind.into()))]);
        }
        let whole = raw.len() <= ORIGINAL_BYTES_MAX;
        plain.metadata.push((Cow::Borrowed("original"), owned(clipped(raw, ORIGINAL_BYTES_MAX))));
        if !whole {
            let hash = crate::hex::hex(&Sha256::digest(raw));
            plain.metadata.push((Cow::Borrowed("original_sha256"), Json::String(hash.into())));
        }
        plain
    }

    /// For ids that are none: named by what they are instead.
    fn bare(&self) -> Self {
        let hash = crate::hex::hex(&Sha256::digest(&self.original)[..16]);
        let mut bare = Self::new(self.product, &hash, "import.unreadable");
        bare.id = format!("{}-{hash}", self.product);
        bare.occurred_at = self.occurred_at;
        bare.metadata.clone_from(&self.metadata);
        bare
    }

    fn write(&self) -> String {
        let mut from = vec![("id", text(&self.original)), ("product", text(self.product))];
        if let Some(place) = &self.place {
            from.push(("workspace", text(place)));
        }
        if self.occurred_at.is_none() {
            // Else the time of the import would pass for the time it happened.
            from.push(("time", text("unknown")));
        }
        let mut metadata = self.metadata.clone();
        metadata.retain(|(name, _)| name != IMPORTED_FROM);
        metadata.push((Cow::Borrowed(IMPORTED_FROM), members(from)));
        let mut context = vec![("source", Json::String(format!("import/{}", self.product).into()))];
        // An address that is none is not lost: the metadata keeps it under its own name.
        match self.ip.as_deref().map(str::trim).filter(|ip| !ip.is_empty()) {
            Some(ip) if ip.parse::<IpAddr>().is_ok() => context.push(("ip", text(ip))),
            Some(ip) => metadata.push((Cow::Borrowed("ip"), text(ip))),
            None => {}
        }
        metadata.sort_by(|(a, _), (b, _)| a.cmp(b));
        metadata.dedup_by(|(a, _), (b, _)| a == b);
        let mut draft = vec![
            ("action", text(&self.action)),
            ("actor", self.actor.clone()),
            ("context", members(context)),
            ("id", text(&self.id)),
            ("metadata", Json::Object(metadata)),
            ("targets", Json::Array(self.targets.clone())),
        ];
        let time = self.occurred_at.map(|time| time.to_string());
        draft.extend(time.as_deref().map(|time| ("occurred_at", text(time))));
        draft.extend(self.outcome.map(|outcome| ("outcome", text(outcome))));
        draft.extend(
            self.description
                .as_deref()
                .map(|said| ("description", Json::String(clipped(said, TEXT_BYTES_MAX)))),
        );
        match &self.sides {
            Some((before, after)) if self.changes.is_empty() => {
                draft.extend([("before", before.clone()), ("after", after.clone())]);
            }
            _ if self.changes.is_empty() => {}
            _ => {
                let change = |(path, before, after): &(String, Json<'a>, Json<'a>)| {
                    let sides = [("after", after), ("before", before)];
                    let sides = sides.into_iter().filter(|(_, side)| **side != Json::Null);
                    let path = [("path", Json::String(path.clone().into()))];
                    members(sides.map(|(name, side)| (name, side.clone())).chain(path).collect())
                };
                draft.push(("changes", Json::Array(self.changes.iter().map(change).collect())));
            }
        }
        members(draft).to_string()
    }
}

/// Whether a draft takes this as a name.
fn is_name(text: &str, max: usize) -> bool {
    !text.is_empty() && text.len() <= max && !text.chars().any(char::is_control)
}

pub(crate) fn text(text: &str) -> Json<'_> {
    Json::String(Cow::Borrowed(text))
}

fn owned<'a>(text: Cow<'_, str>) -> Json<'a> {
    Json::String(Cow::Owned(text.into_owned()))
}

pub(crate) fn object<'a, const N: usize>(list: [(&'a str, Json<'a>); N]) -> Json<'a> {
    members(list.into())
}

/// Objects are sorted, or nothing is found in them.
fn members<'a>(mut list: Vec<(&'a str, Json<'a>)>) -> Json<'a> {
    list.sort_by_key(|(name, _)| *name);
    Json::Object(list.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect())
}

/// A text that is not longer than it may be.
pub(crate) fn clipped(text: &str, max: usize) -> Cow<'_, str> {
    if text.len() <= max {
        return Cow::Borrowed(text);
    }
    let end = (0..=max - '…'.len_utf8()).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    Cow::Owned(format!("{}…", &text[..end]))
}

/// A time as products tell it: RFC 3339, or seconds, milliseconds, microseconds or nanoseconds since 1970.
pub(crate) fn time_of(json: &Json<'_>) -> Option<Timestamp> {
    match json {
        Json::Number(text) => parse_time(text),
        Json::String(text) => parse_time(text),
        _ => None,
    }
}

/// The same from a text.
pub(crate) fn parse_time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Some(time) = Timestamp::parse(text) {
        return Some(time);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let number: i64 = whole.parse().ok()?;
    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
    let micros = match number.unsigned_abs() {
        _ if !digits => return None,
        0..100_000_000_000 => {
            let fraction: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
            number.checked_mul(1_000_000)?.checked_add(fraction)?
        }
        100_000_000_000..100_000_000_000_000 => number.checked_mul(1_000)?,
        100_000_000_000_000..100_000_000_000_000_000 => number,
        _ => number / 1_000,
    };
    // What cannot be written as RFC 3339 is no time.
    Timestamp::parse(&Timestamp::from_micros(micros).to_string())
}

/// Reads JSON that another product wrote; nothing if our strict reader does not take it.
pub(crate) fn read(raw: &str) -> Option<Json<'_>> {
    json::parse(raw).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn drafted(told: Told<'_>, raw: &str) -> Value {
        let draft = told.draft(raw);
        Draft::parse(&draft).unwrap_or_else(|error| panic!("{error}: {draft}"));
        serde_json::from_str(&draft).expect("JSON")
    }

    #[test]
    fn an_import_says_that_it_is_one() {
        let mut told = Told::new("intercom", "a-1", "app_name_change");
        told.occurred_at = Timestamp::parse("2024-12-18T15:54:13Z");
        told.place = Some("abc".into());
        told.sides = Some((text("old"), text("new")));
        told.metadata.push(("imported_from".into(), text("a lie")));
        let draft = drafted(told, "{}");
        let from = &draft["metadata"]["imported_from"];
        assert_eq!(*from, serde_json::json!({ "id": "a-1", "product": "intercom", "workspace": "abc" }));
        assert_eq!(
            (&draft["context"]["source"], &draft["occurred_at"]),
            (&"import/intercom".into(), &"2024-12-18T15:54:13.000000Z".into())
        );
        let unknown = drafted(Told::new("zendesk", "1", "x"), "{}");
        assert_eq!(unknown["metadata"]["imported_from"]["time"], "unknown", "never now for then");
    }

    #[test]
    fn what_is_no_event_is_kept_all_the_same() {
        let long = "x".repeat(400_000);
        let mut bad_time = Told::new("intercom", "9", "a\u{7}b");
        bad_time.ip = Some("not an address".into());
        let draft = drafted(bad_time, r#"{"told":"so"}"#);
        assert_eq!(
            (&draft["action"], &draft["metadata"]["original"]),
            (&"import.unreadable".into(), &r#"{"told":"so"}"#.into())
        );
        let mut large = Told::new("intercom", "9", "bulk_export");
        large.metadata.push(("much".into(), text(&long)));
        let draft = drafted(large, &long);
        assert_eq!(draft["action"], "bulk_export");
        assert!(draft["metadata"]["original"].as_str().is_some_and(|kept| kept.ends_with('…')));
        assert_eq!(draft["metadata"]["original_sha256"].as_str().map(str::len), Some(64));
        let mut many = Told::new("intercom", &long, "x");
        many.sides = Some((object([]), text("y")));
        assert!(drafted(many, "{}")["id"].as_str().is_some_and(|id| id.starts_with("intercom-")));
    }

    #[test]
    fn an_address_that_is_none_is_metadata() {
        let mut told = Told::new("zendesk", "1", "x");
        told.ip = Some("unknown".into());
        let draft = drafted(told, "{}");
        assert_eq!((&draft["metadata"]["ip"], &draft["context"]["ip"]), (&"unknown".into(), &Value::Null));
    }

    #[test]
    fn times_are_read_in_the_spellings_of_others() {
        for (spelled, expected) in [
            ("1734537253", Some("2024-12-18T15:54:13Z")),
            ("1734537253.5", Some("2024-12-18T15:54:13.5Z")),
            ("1734537253123", Some("2024-12-18T15:54:13.123Z")),
            ("1734537253123456", Some("2024-12-18T15:54:13.123456Z")),
            ("1734537253123456789", Some("2024-12-18T15:54:13.123456Z")),
            ("2024-12-18T16:54:13+01:00", Some("2024-12-18T15:54:13Z")),
            ("", None),
            ("soon", None),
            ("1.x", None),
            ("99999999999", Some("5138-11-16T09:46:39Z")),
            ("9223372036854775808", None),
        ] {
            let expected = expected.map(|time| Timestamp::parse(time).expect("a time"));
            assert_eq!(parse_time(spelled), expected, "{spelled}");
        }
    }

    #[test]
    fn texts_are_clipped_between_letters() {
        assert_eq!(clipped("abc", 3), "abc");
        assert_eq!(clipped("ääää", 6), "ä…");
    }
}

//! Activity logs, a window of time after the other.
//!
//! Intercom fails on wide windows, so they shrink until it answers and grow again; they overlap by a second, since nobody
//! says whether their ends are included. A window is read to its last page and then handed over as a whole. Entries come
//! late at Intercom too: each run begins an hour before the last one ended, and once a day three days before.

use super::api::{Api, Said};
use super::told_activity;
use crate::sources::{Cursor, Pace, Piece, Source, Trouble};
use hindcast_event::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::HashSet;

/// Rows of a page; Intercom gives no more.
const PAGE_ROWS: usize = 250;
/// A window begins this wide, in seconds.
const WIDTH: i64 = 5 * 86_400;
const WIDTH_MAX: i64 = 30 * 86_400;
/// A window with more rows is cut in half, as long as it can be.
const ROWS_MAX: usize = 5_000;
/// A second in which more happened is not believed.
const PAGES_MAX: usize = 2_000;
/// What is this young may not be complete yet.
const SETTLES: i64 = 5;
/// Each run looks again at this much.
const TAIL: i64 = 3_600;
const SWEEP: i64 = 3 * 86_400;
const SWEPT_EVERY: i64 = 86_400;
/// Pages that move while they are read are read again so often.
const REREAD_MAX: u32 = 3;

/// The activity logs of one workspace of Intercom's.
pub(crate) struct ActivityLogs {
    api: Api,
    place: Option<String>,
    /// Seconds since 1970.
    from: i64,
    until: Option<i64>,
    /// Wider windows failed of late; it rises again slowly, for every failure may take them half a minute.
    ceiling: i64,
}

/// Where we stand: everything before `at` was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    at: i64,
    width: i64,
    /// When the last three days were read once more.
    swept: i64,
    /// The run reached the present, so the next one begins with a look back.
    #[serde(default)]
    rests: bool,
}

/// What one window holds.
enum Read {
    Rows(Vec<Box<RawValue>>),
    TooMuch(String),
}

#[derive(Deserialize)]
struct Page {
    activity_logs: Vec<Box<RawValue>>,
    pages: Option<Pages>,
}

#[derive(Deserialize)]
struct Pages {
    next: Option<Box<RawValue>>,
    total_pages: Option<usize>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
}

impl ActivityLogs {
    /// Those of a time, both ends included; up to the present without an end.
    pub fn new(api: Api, place: Option<String>, from: Timestamp, until: Option<Timestamp>) -> Self {
        Self {
            api,
            place,
            from: from.seconds().max(0),
            until: until.map(Timestamp::seconds),
            ceiling: WIDTH_MAX,
        }
    }

    fn begin(&self, cursor: &Cursor, now: i64) -> Place {
        let Some(place) = cursor.place::<Place>() else {
            return Place { at: self.from, width: WIDTH, swept: now, rests: false };
        };
        if !place.rests {
            return place;
        }
        let sweeps = now - place.swept >= SWEPT_EVERY;
        let back = if sweeps { SWEEP } else { TAIL };
        let swept = if sweeps { now } else { place.swept };
        Place { at: (place.at - back).max(self.from), swept, rests: false, ..place }
    }

    /// All rows from `after` to `before`, each once.
    fn window(&mut self, after: i64, before: i64, pace: &mut dyn Pace) -> Result<Read, Trouble> {
        let mut moved = 0;
        loop {
            let (read, is_whole) = self.pages(after, before, pace)?;
            if is_whole || moved >= REREAD_MAX {
                return Ok(read);
            }
            moved += 1;
        }
    }

    /// The rows, and whether none can have slipped from one page to another while we read.
    fn pages(&mut self, after: i64, before: i64, pace: &mut dyn Pace) -> Result<(Read, bool), Trouble> {
        let (mut rows, mut ids, mut is_whole) = (Vec::new(), HashSet::new(), true);
        let mut path = format!(
            "/admins/activity_logs?created_at_after={after}&created_at_before={before}&per_page={PAGE_ROWS}&page=1"
        );
        for nth in 1..=PAGES_MAX {
            let answer = match self.api.get(&path, pace)? {
                Said::Answer(answer) => answer,
                Said::TooMuch(why) => return Ok((Read::TooMuch(why), true)),
            };
            let page: Page = serde_json::from_str(answer.text()?)
                .map_err(|error| Trouble::later(format!("Intercom's answer cannot be read: {error}")))?;
            let total = page.pages.as_ref().and_then(|pages| pages.total_pages).unwrap_or(0);
            if nth == 1 && total > ROWS_MAX / PAGE_ROWS && before > after + 1 {
                return Ok((Read::TooMuch(format!("{total} pages are too many for one window")), true));
            }
            for row in page.activity_logs {
                let id = serde_json::from_str::<Named<'_>>(row.get()).ok().and_then(|named| named.id);
                let is_new = id.is_none_or(|id| ids.insert(id.get().to_owned()));
                // A row on two pages means that the list has moved, and others may have slipped past us.
                is_whole &= is_new;
                if is_new {
                    rows.push(row);
                }
            }
            match page.pages.and_then(|pages| next(&pages.next?, &path)) {
                Some(next) => path = next,
                None => return Ok((Read::Rows(rows), is_whole)),
            }
        }
        Err(Trouble::later(format!("Intercom told more than {PAGES_MAX} pages of one window")))
    }
}

/// The path of the next page. Its host does not matter: our token goes to the one we know, and to no other.
fn next(next: &RawValue, path: &str) -> Option<String> {
    if let Ok(url) = serde_json::from_str::<String>(next.get()) {
        let (_, query) = url.split_once('?')?;
        let (own, _) = path.split_once('?')?;
        return Some(format!("{own}?{query}"));
    }
    // Its specification says that this is an object with a cursor; nobody has seen it yet.
    #[derive(Deserialize)]
    struct After {
        starting_after: String,
    }
    let after: After = serde_json::from_str(next.get()).ok()?;
    let (before, _) = path.split_once("&page=").or_else(|| path.split_once("&starting_after="))?;
    let escaped: String = form_urlencoded::byte_serialize(after.starting_after.as_bytes()).collect();
    Some(format!("{before}&starting_after={escaped}"))
}

impl Source for ActivityLogs {
    fn next(&mut self, cursor: &Cursor, pace: &mut dyn Pace) -> Result<Piece, Trouble> {
        let now = pace.now().seconds();
        let end = self.until.map_or(now - SETTLES, |until| until.min(now - SETTLES));
        let mut place = self.begin(cursor, now);
        if place.at >= end {
            let cursor = Cursor::of(&Place { rests: true, ..place.clone() });
            let reached = Some(Timestamp::from_micros(place.at * 1_000_000));
            return Ok(Piece { drafts: Vec::new(), cursor, reached, is_last: true });
        }
        let rows = loop {
            // One second before the end of the window before: ends may be left out or not.
            let after = (place.at - 1).max(0);
            let before = (place.at + place.width).min(end);
            match self.window(after, before, pace)? {
                Read::Rows(rows) => {
                    place.at = before;
                    break rows;
                }
                Read::TooMuch(why) if place.width <= 1 => return Err(Trouble::later(why)),
                Read::TooMuch(_) => {
                    place.width = (place.width.min(end - place.at) / 2).max(1);
                    self.ceiling = place.width;
                }
            }
        };
        if rows.len() < ROWS_MAX / 4 {
            self.ceiling = (self.ceiling + self.ceiling / 8 + 1).min(WIDTH_MAX);
            place.width = (place.width * 2).min(self.ceiling);
        }
        place.rests = place.at >= end;
        // Intercom tells the newest first, and whole seconds alone.
        let drafts = rows.iter().rev().map(|row| told_activity(row, self.place.as_deref())).collect();
        Ok(Piece {
            drafts,
            cursor: Cursor::of(&place),
            reached: Some(Timestamp::from_micros(place.at * 1_000_000)),
            is_last: place.rests,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_asked_for_at_our_own_host() {
        let path = "/admins/activity_logs?created_at_after=1&per_page=250&page=1";
        let raw = |text: &str| RawValue::from_string(text.to_owned()).expect("JSON");
        let url =
            raw(r#""https://evil.example/admins/activity_logs?created_at_after=1&page=2&per_page=250""#);
        assert_eq!(
            next(&url, path).as_deref(),
            Some("/admins/activity_logs?created_at_after=1&page=2&per_page=250")
        );
        let cursor = raw(r#"{"per_page":250,"starting_after":"a b"}"#);
        assert_eq!(
            next(&cursor, path).as_deref(),
            Some("/admins/activity_logs?created_at_after=1&per_page=250&starting_after=a+b")
        );
        assert_eq!(next(&raw("null"), path), None);
    }
}

//! What sets workflows off by the mere passing of time: the full hour, and an answer that does not come.

use super::hearing::{AT_ONCE, mark, product};
use crate::app::App;
use crate::catalog::ReadUntil;
use crate::followers::is_ending;
use crate::history::{Conversation, Silence};
use crate::rooms::Room;
use crate::workflows::{Book, Happened, facts, fire};
use hindcast_event::Timestamp;
use hindcast_rules::workflow::Trigger;
use serde_json::Map;

/// Each time, so many conversations at most.
const CONVERSATIONS_MAX: usize = 10_000;
/// A conversation in which nothing happened for so long is asked about no more.
const OLD_MICROS: i64 = 30 * 86_400 * 1_000_000;
/// Who waits for less is answered soon.
const SILENT_FROM_MICROS: i64 = 5 * 60 * 1_000_000;
const HOUR_SECONDS: i64 = 3_600;
const MINUTE_SECONDS: i64 = 60;

/// Under which name it is kept which hour was heard.
const HOURS: &str = "workflows_hours";

/// How far has been come in an hour or a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pass {
    /// Which one.
    of: i64,
    /// The number of the conversation up to which was asked; none when all were.
    after: Option<i64>,
    /// How many were asked about.
    asked: usize,
}

/// What of it was heard in one workspace.
#[derive(Default)]
pub(super) struct Passing {
    hour: Option<Pass>,
    silences: [Option<Pass>; Silence::ALL.len()],
}

impl Pass {
    fn new(of: i64) -> Self {
        Self { of, after: Some(0), asked: 0 }
    }

    fn over(of: i64) -> Self {
        Self { of, after: None, asked: 0 }
    }
}

impl Passing {
    /// Hears what time it is, at most one turn of it.
    pub fn hear(&mut self, app: &App, room: &Room) -> anyhow::Result<()> {
        let book = app.workflows.book(app, &room.id)?;
        let now = (app.clock)();
        self.hear_hour(app, room, &book, now)?;
        for silence in Silence::ALL {
            self.hear_silence(app, room, &book, silence, now)?;
        }
        Ok(())
    }

    /// The full hour, for each open conversation. Hours that nobody was there to hear are not made up for.
    fn hear_hour(&mut self, app: &App, room: &Room, book: &Book, now: Timestamp) -> anyhow::Result<()> {
        let hour = now.seconds().div_euclid(HOUR_SECONDS);
        let mut pass = match self.hour {
            Some(pass) if pass.of == hour => pass,
            _ => begun(app, room, book, hour)?,
        };
        self.hour = Some(pass);
        let Some(after) = pass.after else { return Ok(()) };
        let since = Timestamp::from_micros(now.micros() - OLD_MICROS);
        let page = app.history.open_since(&room.id, since, after, AT_ONCE)?;
        let mut is_last = page.len() < AT_ONCE;
        for (nr, conversation) in page {
            if is_ending(app) {
                return Ok(());
            }
            pass.after = Some(nr);
            if conversation.closed_at.is_some() {
                continue;
            }
            happens(app, room, book, Trigger::Schedule, format!("hour {hour}"), conversation)?;
            pass.asked += 1;
            if pass.asked >= CONVERSATIONS_MAX {
                is_last = true;
                break;
            }
        }
        if is_last {
            app.catalog.set_mark(room.id.as_str(), HOURS, &hour.to_string())?;
            pass = Pass::over(hour);
        }
        self.hour = Some(pass);
        Ok(())
    }

    /// Each minute, whoever waits for an answer. Workflows that match are set off once by one silence: it names what happened.
    fn hear_silence(
        &mut self,
        app: &App,
        room: &Room,
        book: &Book,
        silence: Silence,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let (trigger, held) = (silence.trigger(), &mut self.silences[silence as usize]);
        if !book.hears(trigger) {
            *held = None;
            return Ok(());
        }
        let minute = now.seconds().div_euclid(MINUTE_SECONDS);
        let mut pass = held.filter(|pass| pass.of == minute).unwrap_or_else(|| Pass::new(minute));
        *held = Some(pass);
        let Some(after) = pass.after else { return Ok(()) };
        let ago = |micros: i64| Timestamp::from_micros(now.micros() - micros);
        let between = (ago(OLD_MICROS), ago(SILENT_FROM_MICROS));
        let page = app.history.silences(&room.id, silence, between, after, AT_ONCE)?;
        let is_last = page.len() < AT_ONCE;
        for silent in page {
            if is_ending(app) {
                return Ok(());
            }
            let id = format!("silent since {}", silent.since);
            happens(app, room, book, trigger, id, silent.conversation)?;
            (pass.after, pass.asked) = (Some(silent.nr), pass.asked + 1);
        }
        if is_last || pass.asked >= CONVERSATIONS_MAX {
            pass = Pass::over(minute);
        }
        *held = Some(pass);
        Ok(())
    }
}

/// The beginning of an hour: whether it was heard already. An hour that nobody listened to is noted as well, so what is turned on
/// within it hears the next one first.
fn begun(app: &App, room: &Room, book: &Book, hour: i64) -> anyhow::Result<Pass> {
    let known = mark(app, room, HOURS)?;
    match known {
        Some(known) if known >= hour => {}
        Some(_) if book.hears(Trigger::Schedule) => return Ok(Pass::new(hour)),
        _ => app.catalog.set_mark(room.id.as_str(), HOURS, &hour.to_string())?,
    }
    Ok(Pass::over(hour))
}

fn happens(
    app: &App,
    room: &Room,
    book: &Book,
    trigger: Trigger,
    id: String,
    conversation: Conversation,
) -> anyhow::Result<()> {
    let happened = Happened {
        trigger,
        id,
        product: product(&conversation.source),
        facts: facts::of_conversation(&conversation, &book.catalog),
        ticket: conversation.id,
        before: Map::new(),
        is_echo_prone: false,
        is_standing: trigger != Trigger::Schedule,
        causes: Vec::new(),
    };
    fire(app, &room.id, &happened, &ReadUntil::Nothing)?;
    Ok(())
}

//! Reconciliation: once a day is over and its entries were handed over, those that were owed are counted again and held
//! against those that were delivered or are dead letters. A promise that is not checked is a hope.

use super::{is_ending, received_at, room_of};
use crate::app::App;
use crate::catalog::{By, Destination};
use crate::deliver::Open;
use crate::rooms::Room;
use hindcast_ledger::WorkspaceId;
use hindcast_segments::query::TimeRange;
use serde_json::json;

const DAY_MICROS: i64 = 86_400_000_000;
/// Days of one destination that are counted in one go.
const DAYS_AT_ONCE: i64 = 31;

/// Counts the days that are over, of all destinations.
pub(super) fn reconcile(app: &App) -> anyhow::Result<()> {
    for destination in app.catalog.destinations(None)? {
        let Some(room) = room_of(app, &destination) else { continue };
        let Some(_lead) = app.nodes.lead_workspace(&room.id) else { continue };
        if is_ending(app) {
            return Ok(());
        }
        let Some((from, until)) = days(app, &destination, &room)? else { continue };
        let owed = Open::new(app, &destination)?.owed;
        let snapshot = room.store.snapshot();
        for day in from..until.min(from + DAYS_AT_ONCE) {
            let range = TimeRange { from: Some(day * DAY_MICROS), until: Some((day + 1) * DAY_MICROS) };
            let matched = owed.count(&snapshot, range)?;
            let counted = app.catalog.reconcile_day(&destination.id, day, matched)?;
            if counted.missing() > 0 {
                tell(app, &destination, day, counted.missing())?;
            }
        }
    }
    Ok(())
}

/// The days that can be counted and were not: from, and until before.
fn days(app: &App, destination: &Destination, room: &Room) -> anyhow::Result<Option<(i64, i64)>> {
    let snapshot = room.store.snapshot();
    let day_of = |index: u64| {
        let day = received_at(&snapshot, index)?.map(|at| at.micros().div_euclid(DAY_MICROS));
        Ok::<_, anyhow::Error>(day)
    };
    let today = (app.clock)().micros().div_euclid(DAY_MICROS);
    // The day of the next entry is not over for it; of a destination that is abreast, today is not.
    let until = day_of(destination.cursor)?.unwrap_or(today).min(today);
    let from = match app.catalog.reconciled_upto(&destination.id)? {
        Some(day) => Some(day + 1),
        None => day_of(destination.chosen_from)?,
    };
    // The day on which something was chosen belongs to two choices, unless it is the first of all.
    let chosen = day_of(destination.chosen_from)?.map(|day| day + i64::from(destination.chosen_from > 0));
    let from = from.zip(chosen).map(|(from, chosen)| from.max(chosen));
    Ok(from.filter(|from| *from < until).map(|from| (from, until)))
}

fn tell(app: &App, destination: &Destination, day: i64, missing: u64) -> anyhow::Result<()> {
    app.metrics.problems.add(1);
    let midnight = hindcast_event::Timestamp::from_micros(day * DAY_MICROS).to_string();
    let day = midnight.get(..10).unwrap_or(&midnight);
    tracing::error!(
        destination = destination.id,
        day,
        missing,
        "entries are neither delivered nor dead letters"
    );
    let reason = format!("{missing} entries of {day} are neither delivered nor dead letters");
    let target = json!([{ "type": "destination", "id": destination.id, "name": destination.chosen.name }]);
    let event = By::server().event("destination.failed", target, json!({ "reason": reason }));
    let workspace: &WorkspaceId = &destination.workspace;
    app.catalog.keep(workspace, &event)?;
    app.post();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Chosen, NewDestination, Progress};
    use crate::config::Config;
    use hindcast_event::{Kind, Timestamp};
    use serde_json::Map;
    use std::sync::Arc;

    #[test]
    fn a_day_that_does_not_add_up_is_told() {
        let home = tempfile::tempdir().expect("a folder");
        let mut config = Config::load(None).expect("the defaults");
        (config.data.folder, config.data.keys) = (home.path().join("data"), home.path().join("keys"));
        let mut app = App::open(config).expect("opens");
        let workspace = app.create_workspace("Northwind", &By::server()).expect("made").id;
        let mut secrets = Map::new();
        secrets.insert("secret".to_owned(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into());
        let mut settings = Map::new();
        settings.insert("url".to_owned(), "https://example.com".into());
        let new = NewDestination {
            workspace: workspace.clone(),
            kind: "webhook",
            chosen: Chosen {
                name: "hook".to_owned(),
                settings,
                format: "native".to_owned(),
                query: "action:door.open".to_owned(),
                hidden: Default::default(),
            },
            secrets,
            since: 0,
        };
        let made = app.catalog.create_destination(&new, &app.seal, (app.clock)(), &By::server());
        let made = made.expect("kept").expect("not too many");
        let draft = json!({ "action": "door.open", "actor": { "type": "agent", "id": "ana" } });
        for _ in 0..3 {
            app.record(&workspace, Kind::Event, &draft).expect("appended");
        }
        let now = (app.clock)();
        let day = now.micros().div_euclid(DAY_MICROS);
        let size = *app.rooms.get(&workspace).expect("there").size.borrow();
        let progress = Progress { cursor: Some(size), days: vec![(day, 1, 1)], ..Progress::default() };
        app.catalog.progress(&made.id, made.version, &progress).expect("kept");

        reconcile(&app).expect("counted");
        assert_eq!(app.catalog.reconciled_upto(&made.id).expect("read"), None, "today is not over");
        app.clock = Arc::new(move || Timestamp::from_micros(now.micros() + DAY_MICROS));
        reconcile(&app).expect("counted");
        let days = app.catalog.delivery_days(&made.id, 10).expect("read");
        assert_eq!((days[0].day, days[0].matched, days[0].missing()), (day, Some(3), 1));
        let log = app.rooms.get(&workspace).expect("there");
        let pieces: Vec<_> = log.store.snapshot().scan(size..u64::MAX).map_while(Result::ok).collect();
        let failed = pieces
            .iter()
            .flat_map(|piece| piece.iter())
            .filter(|entry| entry.event.view().is_ok_and(|view| view.action == "destination.failed"));
        assert_eq!(failed.count(), 1, "an entry tells it");
        app.close();
    }
}

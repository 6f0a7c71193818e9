//! Letting go of a month: planned, noticed in the log, and gone.

use super::Figure;
use crate::app::App;
use crate::config::Config;
use crate::keeping::{Retention, expire, plan};
use crate::verify::verify_room;
use anyhow::ensure;
use hindcast_event::Timestamp;
use std::time::Instant;

/// A month is this part of what there is.
const MONTHS: u64 = 12;
const DAY_MICROS: i64 = 86_400_000_000;

/// Lets go of the oldest segments of every workspace, a twelfth of its entries or a little more.
pub(super) fn measure(config: Config) -> anyhow::Result<Figure> {
    let app = App::open(config)?;
    let policy = Retention { days: Some(1), ..Retention::default() };
    let (mut entries, mut seconds, mut workspaces) = (0, 0.0, 0);
    for room in app.rooms.all() {
        let metas = room.store.metas();
        let all: u64 = metas.iter().map(|meta| meta.count).sum();
        let mut sum = 0;
        let oldest = metas.iter().find(|meta| {
            sum += meta.count;
            sum >= all / MONTHS
        });
        // Where everything is in one segment there is no month that could go as a whole.
        let Some(last) = oldest.filter(|_| metas.len() > 1) else { continue };
        let now = Timestamp::from_micros(last.received_max + DAY_MICROS);
        let begun = Instant::now();
        let planned = plan(&app, &room, &policy, now)?;
        let expired = expire(&app, &room, &planned, &policy.to_string())?;
        seconds += begun.elapsed().as_secs_f64();
        ensure!(expired.entries == planned.gone.count(), "not all of it went");
        (entries, workspaces) = (entries + expired.entries, workspaces + 1);
        let verified = verify_room(&app, &room, |_, _| {})?;
        ensure!(verified.is_intact() && verified.gone == expired.entries, "{:?}", verified.problems);
    }
    app.close();
    let note = format!("{entries} entries of {workspaces} workspaces; what stays was verified");
    Ok(Figure::ours("expire a month", seconds, "s", note))
}

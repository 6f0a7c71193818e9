//! Runs a source: fetches piece after piece, has each stored, and then remembers where to go on.

use super::{Cursor, Pace, Piece, Source, Trouble};
use hindcast_event::Timestamp;
use serde::Deserialize;
use std::time::Duration;

/// The pause before another try doubles from one to the other.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Where drafts go.
pub(crate) trait Store {
    /// Stores the drafts of a piece that are not stored yet, and says how many those were.
    fn store(&mut self, piece: &Piece) -> Result<u64, Trouble>;
    /// Remembers where to go on.
    fn keep(&mut self, piece: &Piece) -> Result<(), Trouble>;
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// What was told.
    pub told: u64,
    /// Of it, what was not stored before.
    pub stored: u64,
    /// Everything up to here was fetched.
    pub reached: Option<Timestamp>,
    /// There is nothing more for now.
    pub is_done: bool,
}

/// How much a run may do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// What fails for a while is tried so often.
    pub tries: u32,
    /// After so many pieces it ends, to go on another time.
    pub pieces: usize,
}

/// Runs a source from a cursor on until it has nothing more.
pub(crate) fn run(
    source: &mut dyn Source,
    mut cursor: Cursor,
    store: &mut dyn Store,
    pace: &mut dyn Pace,
    limits: Limits,
    mut tell: impl FnMut(&Progress),
) -> Result<Progress, Trouble> {
    let mut progress = Progress::default();
    for _ in 0..limits.pieces {
        let mut piece = patiently(limits.tries, pace, |pace| source.next(&cursor, pace))?;
        piece.drafts.sort_by_cached_key(|draft| when(draft));
        let stored = patiently(limits.tries, pace, |_| store.store(&piece))?;
        store.keep(&piece)?;
        progress.told += piece.drafts.len() as u64;
        progress.stored += stored;
        progress.reached = piece.reached.or(progress.reached);
        progress.is_done = piece.is_last;
        tell(&progress);
        if piece.is_last {
            break;
        }
        cursor = piece.cursor;
    }
    Ok(progress)
}

/// When a draft says that it happened. The oldest is stored first, for facts compare each with those before it.
fn when(draft: &str) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct When<'d> {
        occurred_at: &'d str,
    }
    let when: When<'_> = serde_json::from_str(draft).ok()?;
    Timestamp::parse(when.occurred_at)
}

fn patiently<T>(
    tries_max: u32,
    pace: &mut dyn Pace,
    mut act: impl FnMut(&mut dyn Pace) -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    for tried in 1.. {
        match act(pace) {
            Err(Trouble::Later { after, why }) if tried < tries_max => {
                let pause = (PAUSE_MIN * 2_u32.saturating_pow(tried - 1)).min(PAUSE_MAX);
                tracing::debug!(why, tried, "a source is asked again");
                pace.wait(after.unwrap_or(pause))?;
            }
            done => return done,
        }
    }
    act(pace)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts from the cursor up to five, and fails now and then.
    struct Counter {
        fails: u32,
    }

    impl Source for Counter {
        fn next(&mut self, cursor: &Cursor, _: &mut dyn Pace) -> Result<Piece, Trouble> {
            if self.fails > 0 {
                self.fails -= 1;
                return Err(Trouble::later("not now"));
            }
            let at = cursor.place::<u64>().unwrap_or(0) + 1;
            Ok(Piece {
                drafts: vec![at.to_string()],
                cursor: Cursor::of(&at),
                reached: None,
                is_last: at == 5,
            })
        }
    }

    #[derive(Default)]
    struct Kept {
        drafts: Vec<String>,
        cursor: Cursor,
        /// Fails once when it holds this many, after the drafts and before the cursor.
        breaks_at: usize,
    }

    impl Store for Kept {
        fn store(&mut self, piece: &Piece) -> Result<u64, Trouble> {
            let new: Vec<_> =
                piece.drafts.iter().filter(|draft| !self.drafts.contains(draft)).cloned().collect();
            self.drafts.extend_from_slice(&new);
            Ok(new.len() as u64)
        }

        fn keep(&mut self, piece: &Piece) -> Result<(), Trouble> {
            if self.drafts.len() == self.breaks_at {
                self.breaks_at = 0;
                return Err(Trouble::Ending);
            }
            self.cursor = piece.cursor.clone();
            Ok(())
        }
    }

    #[derive(Default)]
    struct Waits(Vec<u64>);

    impl Pace for Waits {
        fn now(&self) -> Timestamp {
            Timestamp::default()
        }

        fn wait(&mut self, time: Duration) -> Result<(), Trouble> {
            self.0.push(time.as_secs());
            Ok(())
        }
    }

    const LIMITS: Limits = Limits { tries: 3, pieces: 100 };

    /// Tells all at once, the newest first.
    struct Backwards;

    impl Source for Backwards {
        fn next(&mut self, _: &Cursor, _: &mut dyn Pace) -> Result<Piece, Trouble> {
            let drafts = ["2026-03-02T10:00:00Z", "2026-03-02T09:00:00+02:00", "2025-12-31T10:00:00Z"];
            let drafts = drafts.map(|at| format!(r#"{{"id":"x","occurred_at":"{at}"}}"#));
            let drafts = drafts.into_iter().chain([r#"{"id":"timeless"}"#.to_owned()]).collect();
            Ok(Piece { drafts, is_last: true, ..Piece::default() })
        }
    }

    #[test]
    fn the_oldest_is_stored_first() {
        let (mut kept, mut waits) = (Kept::default(), Waits::default());
        run(&mut Backwards, Cursor::default(), &mut kept, &mut waits, LIMITS, |_| ()).expect("done");
        let order = ["timeless", "2025-12-31", "T09:00", "T10:00"];
        assert!(kept.drafts.iter().zip(order).all(|(draft, at)| draft.contains(at)), "{:?}", kept.drafts);
    }

    #[test]
    fn a_run_may_end_before_the_source_does() {
        let (mut kept, mut waits) = (Kept::default(), Waits::default());
        let limits = Limits { pieces: 2, ..LIMITS };
        let progress =
            run(&mut Counter { fails: 0 }, Cursor::default(), &mut kept, &mut waits, limits, |_| ());
        assert_eq!(progress.map(|progress| (progress.told, progress.is_done)), Ok((2, false)));
    }

    #[test]
    fn what_breaks_between_storing_and_remembering_comes_twice_and_is_stored_once() {
        let (mut kept, mut waits) = (Kept { breaks_at: 3, ..Kept::default() }, Waits::default());
        let broken = run(&mut Counter { fails: 0 }, Cursor::default(), &mut kept, &mut waits, LIMITS, |_| ());
        assert_eq!(broken, Err(Trouble::Ending));
        let cursor = kept.cursor.clone();
        let done =
            run(&mut Counter { fails: 0 }, cursor, &mut kept, &mut waits, LIMITS, |_| ()).expect("done");
        assert_eq!((done.told, done.stored), (3, 2));
        assert_eq!(kept.drafts, ["1", "2", "3", "4", "5"]);
    }

    #[test]
    fn it_is_tried_again_with_growing_pauses_and_not_for_ever() {
        let (mut kept, mut waits) = (Kept::default(), Waits::default());
        run(
            &mut Counter { fails: 3 },
            Cursor::default(),
            &mut kept,
            &mut waits,
            Limits { tries: 4, ..LIMITS },
            |_| (),
        )
        .expect("done");
        assert_eq!(waits.0, [1, 2, 4]);
        let tired = run(
            &mut Counter { fails: 9 },
            Cursor::default(),
            &mut kept,
            &mut waits,
            Limits { tries: 4, ..LIMITS },
            |_| (),
        );
        assert_eq!(tired, Err(Trouble::later("not now")));
    }
}

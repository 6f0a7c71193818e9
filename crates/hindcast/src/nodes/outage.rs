//! A database that is away: told once, and once more when it is back. Everybody who needs it finds out by themselves, several times a
//! second; what all of them would have to say is counted.

use crate::catalog::CatalogError;
use crate::sql;
use hindcast_ledger::journal::JournalError;
use hindcast_ledger::{AppendError, ReadError, SealError};
use std::error::Error;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Whether the database is away, as far as anybody here has found out.
#[derive(Debug, Default)]
pub(crate) struct Outage(Mutex<Option<Away>>);

#[derive(Debug)]
struct Away {
    since: Instant,
    /// How often somebody needed it in vain.
    failures: u64,
}

impl Outage {
    /// Whether an error says no more than that the database is away, which is told already.
    pub fn explains(&self, error: &(dyn Error + 'static)) -> bool {
        let mut causes = std::iter::successors(Some(error), cause);
        let Some(why) = causes.find(|error| is_away(*error)) else { return false };
        match &mut *self.lock() {
            Some(away) => away.failures += 1,
            away => {
                *away = Some(Away { since: Instant::now(), failures: 1 });
                tracing::warn!(error = %why, "the database is away; what needs it is refused or waits");
            }
        }
        true
    }

    /// Notes that it answered.
    pub fn is_over(&self) {
        if let Some(Away { since, failures }) = self.lock().take() {
            tracing::warn!(seconds = since.elapsed().as_secs(), failures, "the database is back");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Away>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cause<'e>(error: &&'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    (**error).source()
}

fn is_away(error: &(dyn Error + 'static)) -> bool {
    let of_journal =
        |error: &JournalError| matches!(error, JournalError::Away { .. } | JournalError::InDoubt { .. });
    let of_append = |error: &AppendError| matches!(error, AppendError::Away(_) | AppendError::InDoubt(_));
    let of_read = |error: &ReadError| matches!(error, ReadError::Journal(error) if of_journal(error));
    let of_seal = |error: &SealError| match error {
        SealError::Append(error) => of_append(error),
        SealError::Read(error) => of_read(error),
    };
    error.downcast_ref().is_some_and(CatalogError::is_away)
        || matches!(error.downcast_ref(), Some(sql::Error::Away { .. }))
        || error.downcast_ref().is_some_and(of_journal)
        || error.downcast_ref().is_some_and(of_append)
        || error.downcast_ref().is_some_and(of_read)
        || error.downcast_ref().is_some_and(of_seal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::{Context as _, anyhow};

    #[test]
    fn it_explains_what_failed_for_want_of_the_database_and_nothing_else() {
        let outage = Outage::default();
        let away = || sql::Error::Away { place: "there".to_owned(), why: "closed".to_owned() };
        let explained: [anyhow::Error; 4] = [
            CatalogError::Sql(away()).into(),
            AppendError::Away("closed".to_owned()).into(),
            anyhow::Error::from(away()).context("reading rules"),
            ReadError::Journal(JournalError::Away { place: "there".to_owned(), why: "closed".to_owned() })
                .into(),
        ];
        for error in &explained {
            assert!(outage.explains(error.as_ref()), "{error:#}");
        }
        assert_eq!(outage.lock().as_ref().map(|away| away.failures), Some(4));
        outage.is_over();
        let other: [anyhow::Error; 2] =
            [anyhow!("closed"), Err::<(), _>(AppendError::Full).context("packing").expect_err("full")];
        for error in &other {
            assert!(!outage.explains(error.as_ref()), "{error:#}");
        }
        assert!(outage.lock().is_none());
    }
}

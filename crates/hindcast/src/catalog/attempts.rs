//! Attempts that failed, by account and by address, so that guessing takes longer each time.
//!
//! They are kept over a restart, and for accounts that do not exist too: whoever guesses must not learn which do.

use super::{Catalog, CatalogError};
use hindcast_event::Timestamp;
use rusqlite::{OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};

/// So many attempts fail without a wait.
const FREE: u32 = 5;
/// An address may be an office; it has more.
const FREE_OF_ADDRESS: u32 = 30;
/// The first wait; it doubles with each attempt that fails after it.
const WAIT_MICROS: i64 = 15 * 1_000_000;
/// The longest wait.
const WAIT_MAX_MICROS: i64 = 15 * 60 * 1_000_000;
/// After so long without an attempt all is forgotten.
const FORGET_MICROS: i64 = 24 * 3600 * 1_000_000;

/// What attempts are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guessed<'a> {
    /// An email address, whether or not anybody has it.
    Account(&'a str),
    /// An IP address; of IPv6 the network a line usually has.
    Address(&'a str),
}

impl Guessed<'_> {
    /// What is looked up: addresses that somebody typed are not kept.
    fn key(self) -> String {
        let (kind, name) = match self {
            Self::Account(email) => ("account", email.trim().to_lowercase()),
            Self::Address(address) => ("address", address.to_owned()),
        };
        crate::hex::hex(&Sha256::digest(format!("{kind} {name}"))[..16])
    }

    fn wait_after(self, failures: u32) -> i64 {
        let free = match self {
            Self::Account(_) => FREE,
            Self::Address(_) => FREE_OF_ADDRESS,
        };
        let over = failures.saturating_sub(free);
        if over == 0 { 0 } else { WAIT_MICROS.saturating_mul(1 << (over - 1).min(20)).min(WAIT_MAX_MICROS) }
    }
}

impl Catalog {
    /// How many seconds another attempt must wait; none when it need not.
    pub fn must_wait(&self, guessed: Guessed<'_>, now: Timestamp) -> Result<Option<u64>, CatalogError> {
        let (failures, failed_at) = self.failures(guessed, now)?;
        // A clock that was set back must not lock anybody out for longer than any wait.
        let since = now.micros().saturating_sub(failed_at).max(0);
        let left = guessed.wait_after(failures) - since;
        Ok(u64::try_from(left).ok().filter(|left| *left > 0).map(|left| left.div_ceil(1_000_000)))
    }

    /// Counts an attempt that failed; how many there are now.
    pub fn note_failure(&self, guessed: Guessed<'_>, now: Timestamp) -> Result<u32, CatalogError> {
        let (failures, _) = self.failures(guessed, now)?;
        let sql = self.sql();
        sql.execute(
            "INSERT OR REPLACE INTO attempt (key, failures, failed_at) VALUES (?1, ?2, ?3)",
            params![guessed.key(), failures + 1, now.micros()],
        )?;
        sql.execute("DELETE FROM attempt WHERE failed_at < ?1", [now.micros() - FORGET_MICROS])?;
        Ok(failures + 1)
    }

    /// Whether this many failures begin a wait.
    pub fn begins_wait(guessed: Guessed<'_>, failures: u32) -> bool {
        guessed.wait_after(failures) > 0 && guessed.wait_after(failures - 1) == 0
    }

    /// Forgets the attempts, because one was right.
    pub fn forget_failures(&self, guessed: Guessed<'_>) -> Result<(), CatalogError> {
        self.sql().execute("DELETE FROM attempt WHERE key = ?1", [guessed.key()])?;
        Ok(())
    }

    fn failures(&self, guessed: Guessed<'_>, now: Timestamp) -> Result<(u32, i64), CatalogError> {
        let found = self
            .sql()
            .query_row(
                "SELECT failures, failed_at FROM attempt WHERE key = ?1 AND failed_at >= ?2",
                params![guessed.key(), now.micros() - FORGET_MICROS],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        Ok(found.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn guessing_takes_longer_each_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let catalog = Catalog::open(&folder.path().join("catalog.db")).expect("opens");
        let ana = Guessed::Account("Ana@example.com ");
        let wait = |now: i64| catalog.must_wait(ana, at(now)).expect("asked");
        for failed in 1..=5 {
            assert_eq!(wait(1000), None, "{failed}");
            catalog.note_failure(ana, at(1000)).expect("noted");
        }
        assert_eq!(wait(1000), None);
        let sixth = catalog.note_failure(Guessed::Account("ana@example.com"), at(1000)).expect("noted");
        assert!(Catalog::begins_wait(ana, sixth) && !Catalog::begins_wait(ana, sixth + 1));
        assert_eq!((wait(1000), wait(1010), wait(1015)), (Some(15), Some(5), None));
        catalog.note_failure(ana, at(1015)).expect("noted");
        assert_eq!(wait(1015), Some(30));
        let many = (0..40).map(|_| catalog.note_failure(ana, at(1015)).expect("noted")).last();
        assert_eq!(many, Some(47));
        assert_eq!(wait(1015), Some(15 * 60), "never longer");
        assert_eq!(wait(0), Some(15 * 60), "though the clock was set back");
        assert_eq!(catalog.must_wait(Guessed::Address("192.0.2.1"), at(1015)).expect("asked"), None);
        assert_eq!(wait(1015 + 25 * 3600), None, "forgotten");
        catalog.forget_failures(ana).expect("forgotten");
        assert_eq!(wait(1015), None);
    }
}

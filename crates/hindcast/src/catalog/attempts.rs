//! Attempts that failed, by account and by address, so that guessing takes longer each time.
//!
//! They are kept over a restart, and for accounts that do not exist too: whoever guesses must not learn which do.

use super::{Catalog, CatalogError};
use crate::sql::{OptionalExtension as _, params};
use hindcast_event::Timestamp;
use sha2::{Digest as _, Sha256};

/// So many attempts at an account fail from one network without a wait.
const FREE: u32 = 5;
/// A network may be an office, and an account may be tried from many: both have more.
const FREE_OF_MANY: u32 = 30;
/// The first wait; it doubles with each attempt that fails after it.
const WAIT_MICROS: i64 = 15 * 1_000_000;
/// The longest wait.
const WAIT_MAX_MICROS: i64 = 15 * 60 * 1_000_000;
/// One failure is forgiven in the time of the longest wait. So a network with a slip now and then never waits, nobody
/// guesses faster than the waits allow, and one network alone cannot bring an account to wait for all others.
const FORGIVEN_MICROS: i64 = WAIT_MAX_MICROS;
/// After so long all is forgiven.
const FORGET_MICROS: i64 = 24 * 3600 * 1_000_000;

/// What attempts are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guessed<'a> {
    /// An email address, whether or not anybody has it, from one network.
    At(&'a str, &'a str),
    /// An email address from wherever.
    Account(&'a str),
    /// An IP address; of IPv6 the network a line usually has.
    Address(&'a str),
}

impl Guessed<'_> {
    /// What is looked up: addresses that somebody typed are not kept.
    fn key(self) -> String {
        let (kind, name) = match self {
            Self::At(email, network) => ("at", format!("{network} {}", email.trim().to_lowercase())),
            Self::Account(email) => ("account", email.trim().to_lowercase()),
            Self::Address(address) => ("address", address.to_owned()),
        };
        crate::hex::hex(&Sha256::digest(format!("{kind} {name}"))[..16])
    }

    fn wait_after(self, failures: u32) -> i64 {
        let free = match self {
            Self::At(..) => FREE,
            Self::Account(_) | Self::Address(_) => FREE_OF_MANY,
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
        let sql = self.sql();
        sql.execute("DELETE FROM attempt WHERE failed_at < ?1", [now.micros() - FORGET_MICROS])?;
        Ok(sql.query_row(
            "INSERT INTO attempt (key, failures, failed_at) VALUES (?1, 1, ?2)
             ON CONFLICT (key) DO UPDATE SET
                 failures = max(0, attempt.failures - max(0, ?2 - attempt.failed_at) / ?3) + 1, failed_at = ?2
             RETURNING failures",
            params![guessed.key(), now.micros(), FORGIVEN_MICROS],
            |row| row.get(0),
        )?)
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

    const NETWORK: &str = "192.0.2.0";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn catalog() -> (tempfile::TempDir, Catalog) {
        let folder = tempfile::tempdir().expect("a folder");
        let catalog = Catalog::open(&folder.path().join("catalog.db")).expect("opens");
        (folder, catalog)
    }

    #[test]
    fn guessing_takes_longer_each_time() {
        let (_folder, catalog) = catalog();
        let ana = Guessed::At("Ana@example.com ", NETWORK);
        let wait = |now: i64| catalog.must_wait(ana, at(now)).expect("asked");
        for failed in 1..=5 {
            assert_eq!(wait(1000), None, "{failed}");
            catalog.note_failure(ana, at(1000)).expect("noted");
        }
        assert_eq!(wait(1000), None);
        let sixth = catalog.note_failure(Guessed::At("ana@example.com", NETWORK), at(1000)).expect("noted");
        assert!(Catalog::begins_wait(ana, sixth) && !Catalog::begins_wait(ana, sixth + 1));
        assert_eq!((wait(1000), wait(1010), wait(1015)), (Some(15), Some(5), None));
        catalog.note_failure(ana, at(1015)).expect("noted");
        assert_eq!(wait(1015), Some(30));
        let many = (0..40).map(|_| catalog.note_failure(ana, at(1015)).expect("noted")).last();
        assert_eq!(many, Some(47));
        assert_eq!(wait(1015), Some(15 * 60), "never longer");
        assert_eq!(wait(0), Some(15 * 60), "though the clock was set back");
        for other in [Guessed::Address(NETWORK), Guessed::At("ana@example.com", "198.51.100.1")] {
            assert_eq!(catalog.must_wait(other, at(1015)).expect("asked"), None, "{other:?}");
        }
        assert_eq!(wait(1015 + 25 * 3600), None, "forgotten");
        catalog.forget_failures(ana).expect("forgotten");
        assert_eq!(wait(1015), None);
    }

    #[test]
    fn a_slip_now_and_then_is_forgiven() {
        let (_folder, catalog) = catalog();
        let office = Guessed::Address(NETWORK);
        for hour in 0..200 {
            let failures = catalog.note_failure(office, at(hour * 3600)).expect("noted");
            assert_eq!(failures, 1, "hour {hour}");
        }
    }

    #[test]
    fn one_network_alone_does_not_lock_an_account_everywhere() {
        let (_folder, catalog) = catalog();
        let here = [Guessed::At("ana@example.com", NETWORK), Guessed::Account("ana@example.com")];
        let mut tried = 0;
        for second in 0..24 * 3600 {
            let now = at(1_000_000 + second);
            assert_eq!(catalog.must_wait(here[1], now).expect("asked"), None, "after {tried} in {second} s");
            // As fast as it is let.
            if catalog.must_wait(here[0], now).expect("asked").is_none() {
                for guessed in here {
                    catalog.note_failure(guessed, now).expect("noted");
                }
                tried += 1;
            }
        }
        assert!((90..130).contains(&tried), "{tried}");
    }
}

//! The policy: how many days entries are kept, and the lock that lets it only grow.

use hindcast_event::{Category, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A hundred years.
pub const DAYS_MAX: u32 = 36_500;
/// What lets entries go sooner than before takes effect after a day, so that a mistake is noticed in time.
pub const COOL_OFF_MICROS: i64 = DAY_MICROS;
/// A day in microseconds.
pub(super) const DAY_MICROS: i64 = 24 * 3600 * 1_000_000;

/// How long the entries of a workspace are kept, counted from when they were received; for ever by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Days that entries are kept; for ever when absent.
    pub days: Option<u32>,
    /// The same for categories that are kept for longer or shorter, by their code.
    pub categories: BTreeMap<String, Option<u32>>,
    /// Days after which entries move to the archive, where they are searched only on request.
    pub archive_days: Option<u32>,
    /// Nothing goes before so many days. This can be lengthened, never shortened or taken back.
    pub locked_days: Option<u32>,
    /// When the policy takes effect, in microseconds since 1970.
    pub from: i64,
}

/// Why a policy is refused: the field and what it should have been.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A number of days is out of range.
    #[error("{field}: expected 1 to {DAYS_MAX} days")]
    Days {
        /// The field, such as `days` or `categories.ai_agents`.
        field: String,
    },
    /// There is no such category.
    #[error("{field}: expected a category that hindcast knows")]
    Category {
        /// The field.
        field: String,
    },
    /// Entries would be archived when they are gone already.
    #[error("archive_days: expected fewer days than entries are kept")]
    Archive,
    /// The lock forbids it.
    #[error("{field}: expected at least {days} days, because that is locked")]
    Locked {
        /// The field.
        field: String,
        /// What is locked.
        days: u32,
    },
}

impl Unfit {
    /// The field that is wrong.
    pub fn field(&self) -> &str {
        match self {
            Self::Days { field } | Self::Category { field } | Self::Locked { field, .. } => field,
            Self::Archive => "archive_days",
        }
    }
}

impl fmt::Display for Retention {
    /// The policy as a notice tells it, such as `365 days; ai_agents 90 days; teammates for ever`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |days: Option<u32>| days.map_or("for ever".to_owned(), |days| format!("{days} days"));
        f.write_str(&told(self.days))?;
        self.categories.iter().try_for_each(|(code, days)| write!(f, "; {code} {}", told(*days)))
    }
}

impl Retention {
    /// Whether the policy may follow another.
    pub fn check(&self, before: &Self) -> Result<(), Unfit> {
        let in_range = |days: &Option<u32>| days.is_none_or(|days| (1..=DAYS_MAX).contains(&days));
        for (field, days) in self.fields() {
            if !in_range(&days) {
                return Err(Unfit::Days { field });
            }
        }
        if let Some(code) = self.categories.keys().find(|code| Category::from_code(code).is_none()) {
            return Err(Unfit::Category { field: format!("categories.{code}") });
        }
        if self.archive_days.is_some_and(|archive| self.least().is_some_and(|days| archive >= days)) {
            return Err(Unfit::Archive);
        }
        if let Some(days) =
            before.locked_days.filter(|locked| self.locked_days.is_none_or(|new| new < *locked))
        {
            return Err(Unfit::Locked { field: "locked_days".to_owned(), days });
        }
        let Some(locked) = self.locked_days else { return Ok(()) };
        let kept = self
            .fields()
            .into_iter()
            .filter(|(field, _)| field == "days" || field.starts_with("categories."));
        match kept.into_iter().find(|(_, days)| days.is_some_and(|days| days < locked)) {
            Some((field, _)) => Err(Unfit::Locked { field, days: locked }),
            None => Ok(()),
        }
    }

    fn fields(&self) -> Vec<(String, Option<u32>)> {
        let own =
            [("days", self.days), ("archive_days", self.archive_days), ("locked_days", self.locked_days)];
        let own = own.into_iter().map(|(field, days)| (field.to_owned(), days));
        own.chain(self.categories.iter().map(|(code, days)| (format!("categories.{code}"), *days))).collect()
    }

    /// The days that entries of a category are kept; for ever when there are none.
    pub fn days_of(&self, category: Category) -> Option<u32> {
        self.categories.get(category.code()).copied().unwrap_or(self.days)
    }

    /// The fewest days anything is kept; nothing ever goes when there are none.
    pub fn least(&self) -> Option<u32> {
        Category::ALL.into_iter().filter_map(|category| self.days_of(category)).min()
    }

    /// Whether anything goes sooner under this policy than under the one before.
    pub fn is_sooner_than(&self, before: &Self) -> bool {
        let sooner =
            |new: Option<u32>, old: Option<u32>| new.is_some_and(|new| old.is_none_or(|old| new < old));
        Category::ALL.into_iter().any(|category| sooner(self.days_of(category), before.days_of(category)))
    }

    /// Entries received at or before this have been kept for so many days.
    pub(crate) fn cutoff(now: Timestamp, days: u32) -> Timestamp {
        Timestamp::from_micros(now.micros().saturating_sub(i64::from(days) * DAY_MICROS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(days: u32) -> Retention {
        Retention { days: Some(days), ..Retention::default() }
    }

    #[test]
    fn a_lock_lets_the_policy_only_grow() {
        let locked = Retention { locked_days: Some(365), ..kept(365) };
        assert_eq!(locked.check(&Retention::default()), Ok(()));
        for (worse, field) in [
            (kept(365), "locked_days"),
            (Retention { locked_days: Some(364), ..kept(365) }, "locked_days"),
            (Retention { days: Some(90), ..locked.clone() }, "days"),
            (
                Retention { categories: [("ai_agents".to_owned(), Some(30))].into(), ..locked.clone() },
                "categories.ai_agents",
            ),
        ] {
            assert_eq!(worse.check(&locked).map_err(|unfit| unfit.field().to_owned()), Err(field.to_owned()));
        }
        let longer = Retention { locked_days: Some(400), ..kept(400) };
        assert_eq!(longer.check(&locked), Ok(()));
        assert_eq!(Retention { days: None, ..locked.clone() }.check(&locked), Ok(()), "for ever is longer");
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        let none = Retention::default();
        assert_eq!(kept(0).check(&none), Err(Unfit::Days { field: "days".to_owned() }));
        let unknown = Retention { categories: [("nothing".to_owned(), None)].into(), ..kept(9) };
        assert_eq!(unknown.check(&none), Err(Unfit::Category { field: "categories.nothing".to_owned() }));
        let late = Retention { archive_days: Some(90), ..kept(90) };
        assert_eq!(late.check(&none), Err(Unfit::Archive));
    }

    #[test]
    fn sooner_is_what_makes_anything_go_earlier() {
        assert!(kept(90).is_sooner_than(&Retention::default()));
        assert!(!kept(91).is_sooner_than(&kept(90)));
        let longer_but_one =
            Retention { categories: [("ai_agents".to_owned(), Some(30))].into(), ..kept(400) };
        assert!(longer_but_one.is_sooner_than(&kept(90)));
    }
}

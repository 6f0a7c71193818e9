//! Asking for an erasure: what has to be said, wherever it is said.

use super::selector::Selector;
use crate::catalog::NewErasure;
use crate::keeping::fixed;
use hindcast_event::Timestamp;

/// Why something may be erased, as the log keeps it.
pub const BASES: [&str; 3] = ["gdpr_art_17", "leaked_secret", "other"];
/// Where the request is kept is said in at most so many characters.
pub const REFERENCE_CHARS_MAX: usize = 120;

/// What somebody wants to be erased, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What to look for.
    pub selector: Selector,
    /// One of [`BASES`].
    pub basis: String,
    /// Where the request is kept, such as the number of a ticket. It stays in the log, so it names nobody.
    pub reference: String,
}

impl Wanted {
    /// What to ask for, or everything that is wrong: the field and what was expected.
    pub fn check(self, now: Timestamp) -> Result<NewErasure, Vec<(&'static str, String)>> {
        let mut unfit: Vec<_> = self.selector.check().err().into_iter().collect();
        let selector = match self.selector {
            // Kept as it is read back: what it finds must not depend on the day on which somebody agrees.
            Selector::Fields { query, sections } => match fixed(&query, now) {
                Ok(query) => Selector::Fields { query, sections },
                Err(errors) => {
                    unfit.push(("query", format!("a query: {errors}")));
                    Selector::Fields { query, sections }
                }
            },
            person => person,
        };
        if !BASES.contains(&self.basis.as_str()) {
            unfit.push(("basis", format!("one of {}", BASES.join(", "))));
        }
        let reference = self.reference.trim().to_owned();
        if !(1..=REFERENCE_CHARS_MAX).contains(&reference.chars().count()) {
            unfit.push(("reference", format!("1 to {REFERENCE_CHARS_MAX} characters")));
        }
        let selector = serde_json::to_string(&selector);
        match selector {
            Ok(selector) if unfit.is_empty() => Ok(NewErasure { selector, basis: self.basis, reference }),
            Ok(_) => Err(unfit),
            Err(error) => Err(vec![("selector", error.to_string())]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erasure::Person;

    fn wanted(selector: Selector) -> Wanted {
        Wanted { selector, basis: BASES[0].to_owned(), reference: " DSR-17 ".to_owned() }
    }

    fn fields(query: &str, section: &str) -> Selector {
        Selector::Fields { query: query.to_owned(), sections: vec![section.to_owned()] }
    }

    #[test]
    fn what_is_kept_asks_the_same_on_every_day() {
        let now = Timestamp::parse("2026-11-22T12:00:00Z").expect("a time");
        let new = wanted(fields("occurred:-7d", "context")).check(now).expect("good");
        assert!(new.selector.contains("2026-11-15"), "{}", new.selector);
        assert_eq!(new.reference, "DSR-17");
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        let none = Wanted {
            selector: fields("nokey:1", "core"),
            basis: "because".to_owned(),
            reference: String::new(),
        };
        let told = none.check(Timestamp::default()).expect_err("unfit");
        let named: Vec<_> = told.iter().map(|(field, _)| *field).collect();
        assert_eq!(named, ["sections", "query", "basis", "reference"]);
        let many = Person { ids: vec!["eve".to_owned(); 101], texts: Vec::new() };
        let told = wanted(Selector::Person(many)).check(Timestamp::default()).expect_err("too many");
        assert_eq!(told[0].0, "ids");
    }
}

//! What a token is narrowed to: entries that answer a question, and fields that stay hidden.

use hindcast_event::Hidden;
use hindcast_segments::Sight;
use hindcast_segments::query::{Key, ParseContext, Query};

/// What a reader is narrowed to; nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowing {
    only: Option<Query>,
    hidden: Hidden,
}

impl Narrowing {
    /// Narrows to what answers `only`, in the grammar of searches, but with actors and targets meant by their ids alone. Words, times and *not* are refused, with what is
    /// expected instead.
    pub fn new(only: Option<&str>, hidden: Hidden) -> Result<Self, String> {
        let context = ParseContext::default();
        let only =
            only.map(|text| Query::parse(text, &context)).transpose().map_err(|errors| errors.to_string())?;
        if let Some(query) = &only {
            let fields = Query { clauses: query.clauses.clone(), ..Query::default() };
            let is_plain = |key: Key, not: bool| !not && key != Key::Alert;
            if fields != *query || fields.is_empty() || !query.clauses.iter().all(|c| is_plain(c.key, c.not))
            {
                return Err("fields and their values are expected, such as actor_type:agent target:team/12"
                    .to_owned());
            }
        }
        Ok(Self { only, hidden })
    }

    /// The question whose answers are seen.
    pub fn only(&self) -> Option<String> {
        self.only.as_ref().map(Query::to_string)
    }

    /// The fields that are hidden.
    pub fn hidden(&self) -> Hidden {
        self.hidden
    }

    /// What a reader sees who is narrowed to this.
    pub fn sight(&self) -> Sight {
        let scope = self.only.as_ref().map(|query| vec![query.clauses.clone()]);
        Sight { scope, hidden: self.hidden }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrowing_is_made_of_fields_and_values() {
        let good =
            Narrowing::new(Some("target:team/12 actor:ana actor:bob"), Hidden::default()).expect("good");
        assert_eq!(good.only().as_deref(), Some("actor:ana actor:bob target:team/12"));
        assert_eq!(good.sight().scope.map(|any| any.iter().map(Vec::len).collect()), Some(vec![2]));
        for bad in ["", "refund", "-actor:ana", "occurred:today", "actor:ana refund", "nokey:1", "alert:any"]
        {
            assert!(Narrowing::new(Some(bad), Hidden::default()).is_err(), "{bad}");
        }
        assert!(Narrowing::default().sight().is_everything());
    }
}

//! A query with one more condition, which must hold besides the others: the same key again would mean *or*.

use super::{Clause, ParseContext, Query, term::Term};

impl Query {
    /// The query that finds what this one finds and `by` holds for, as long as there is one: names, targets and
    /// paths that do not hold each other cannot both be demanded, and a query has its limits.
    ///
    /// Where both cannot hold, it is one that finds nothing, such as `outcome:denied -outcome:denied`.
    pub fn narrowed(&self, by: &Clause) -> Option<Query> {
        let mut narrowed = self.clone();
        let own = narrowed.clauses.iter_mut().find(|own| own.key == by.key && !own.not && !by.not);
        match own {
            None => narrowed.add(by),
            Some(own) => {
                own.any = both(own, by)?;
                if own.any.is_empty() {
                    own.any.extend(by.any.first().cloned());
                    let nothing = Clause { not: true, ..own.clone() };
                    narrowed.add(&nothing);
                }
            }
        }
        // Whatever is asked can be asked again, in an address too.
        let text = narrowed.to_string();
        Query::parse(&text, &ParseContext::default()).is_ok().then_some(narrowed)
    }

    /// Adds values to those of their key, wanted or not: of what is not wanted nothing may be there.
    fn add(&mut self, clause: &Clause) {
        let place = |clause: &Clause| (clause.key, clause.not);
        match self.clauses.binary_search_by_key(&place(clause), place) {
            Ok(at) => {
                let any = &mut self.clauses[at].any;
                any.extend(clause.any.iter().cloned());
                tidy(any);
            }
            Err(at) => self.clauses.insert(at, clause.clone()),
        }
    }
}

impl Clause {
    /// Says whether whatever `other` allows is allowed by this too, as far as their values show it.
    pub fn holds(&self, other: &Clause) -> bool {
        let has = |value: &Term| self.any.iter().any(|own| own.holds(value));
        self.key == other.key && self.not == other.not && other.any.iter().all(has)
    }
}

/// The values of two clauses of a key that both allow, if there are such that say it.
fn both(one: &Clause, other: &Clause) -> Option<Vec<Term>> {
    if one.key.has_one_value() {
        let pairs = one.any.iter().flat_map(|one| other.any.iter().map(move |other| (one, other)));
        let narrower = pairs.filter_map(|(one, other)| match (one.holds(other), other.holds(one)) {
            (true, _) => Some(other.clone()),
            (_, true) => Some(one.clone()),
            _ => None,
        });
        let mut any = narrower.collect();
        tidy(&mut any);
        return Some(any);
    }
    match (one.holds(other), other.holds(one)) {
        (true, _) => Some(other.any.clone()),
        (_, true) => Some(one.any.clone()),
        _ => None,
    }
}

fn tidy(any: &mut Vec<Term>) {
    any.sort_unstable();
    any.dedup();
}

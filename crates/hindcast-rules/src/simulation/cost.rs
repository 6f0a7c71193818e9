//! What a month costs under a plan, and from where on another plan is cheaper.
//!
//! Money is whole millionths of whatever the currency is; nothing is converted. A plan is a sum of parts and never gets cheaper
//! with more conversations.

use super::answer::Flaw;
use super::limits::{CROSSINGS_MAX, ID_BYTES_MAX, PARTS_MAX, PLANS_MAX, PRICE_MICROS_MAX};
use super::report::Report;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// Volumes beyond this are not looked at when plans are compared.
const VOLUME_MAX: u64 = 1_000_000_000;

/// A way of paying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What it is called.
    pub name: String,
    /// What is added up.
    pub parts: Vec<Part>,
}

/// A part of what is paid each month. Prices are millionths of the currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Part {
    /// For each conversation that is resolved.
    PerResolution {
        /// Each.
        price_micros: u64,
        /// At least so many are paid.
        #[serde(default)]
        minimum: u64,
    },
    /// For people who use the product.
    Seats {
        /// How many.
        seats: u64,
        /// Each.
        price_micros: u64,
    },
    /// A price that includes interactions; each message of the agent is one.
    Fixed {
        /// The price.
        price_micros: u64,
        /// How many interactions it includes.
        included: u64,
        /// What each further one costs; none if there are no further ones.
        #[serde(default)]
        extra_price_micros: Option<u64>,
    },
    /// For what a model of one's own reads and writes.
    Tokens {
        /// A million tokens read.
        input_price_micros: u64,
        /// A million tokens written.
        output_price_micros: u64,
    },
}

/// What one conversation comes to on average.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rates {
    /// Resolved, in millionths.
    pub resolved_millionths: u64,
    /// Messages of the agent, in thousandths.
    pub replies_thousandths: u64,
    /// Tokens read, in thousandths.
    pub input_tokens_thousandths: u64,
    /// Tokens written, in thousandths.
    pub output_tokens_thousandths: u64,
}

impl Rates {
    /// What a report found, weighted to the volume of the past; none without a case. Conversations without an answer have no
    /// messages; answers that did not say what they used are taken to use what the others did.
    pub fn of(report: &Report) -> Option<Self> {
        let all = report.resolution.weight_thousandths();
        let answered = report.replies.weight_thousandths();
        let rate = report.resolution.rate()?.rate;
        let used = |mean: Option<u64>| {
            let all = u128::from(mean.unwrap_or(0)) * u128::from(answered) / u128::from(all.max(1));
            u64::try_from(all).unwrap_or(u64::MAX)
        };
        Some(Self {
            resolved_millionths: millionths(rate),
            replies_thousandths: used(report.replies.thousandths()),
            input_tokens_thousandths: used(report.usage.input_tokens.thousandths()),
            output_tokens_thousandths: used(report.usage.output_tokens.thousandths()),
        })
    }

    /// With another rate of resolution.
    #[must_use]
    pub fn resolving(self, rate: f64) -> Self {
        Self { resolved_millionths: millionths(rate), ..self }
    }

    /// How many of so many conversations are resolved.
    pub fn resolutions(&self, conversations: u64) -> u64 {
        times(conversations, self.resolved_millionths.min(1_000_000), 1_000_000)
    }
}

fn millionths(rate: f64) -> u64 {
    (rate.clamp(0.0, 1.0) * 1e6).round() as u64
}

/// What a month costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// In millionths of the currency.
    pub micros: u64,
    /// Interactions that the plan has no place for.
    pub uncovered: u64,
}

impl Plan {
    /// Refuses what cannot be reckoned with.
    pub fn check(&self, path: &str) -> Result<(), Flaw> {
        if self.name.trim().is_empty() || self.name.len() > ID_BYTES_MAX {
            return Err(Flaw::new(&format!("{path}.name"), format!("a text of 1 to {ID_BYTES_MAX} bytes")));
        }
        if self.parts.is_empty() || self.parts.len() > PARTS_MAX {
            return Err(Flaw::new(
                &format!("{path}.parts"),
                format!("1 to {PARTS_MAX} parts, there are {}", self.parts.len()),
            ));
        }
        let too_large = |part: &Part| part.numbers().into_iter().any(|number| number > PRICE_MICROS_MAX);
        match self.parts.iter().position(too_large) {
            Some(at) => Err(Flaw::new(
                &format!("{path}.parts[{at}]"),
                format!("numbers of at most {PRICE_MICROS_MAX}"),
            )),
            None => Ok(()),
        }
    }

    /// What a month with so many conversations costs.
    pub fn cost(&self, rates: &Rates, conversations: u64) -> Cost {
        let mut cost = Cost::default();
        for part in &self.parts {
            let one = part.cost(rates, conversations);
            cost.micros = cost.micros.saturating_add(one.micros);
            cost.uncovered = cost.uncovered.max(one.uncovered);
        }
        cost
    }

    /// Volumes at which the plan bends.
    fn bends(&self, rates: &Rates) -> impl Iterator<Item = u64> {
        self.parts.iter().filter_map(move |part| match *part {
            Part::PerResolution { minimum, .. } => of_volume(minimum, rates.resolved_millionths, 1_000_000),
            Part::Fixed { included, .. } => of_volume(included, rates.replies_thousandths, 1_000),
            Part::Seats { .. } | Part::Tokens { .. } => None,
        })
    }
}

/// Refuses plans that cannot be compared.
pub fn check(plans: &[Plan]) -> Result<(), Flaw> {
    if plans.len() > PLANS_MAX {
        return Err(Flaw::new("plans", format!("at most {PLANS_MAX} plans, there are {}", plans.len())));
    }
    for (at, plan) in plans.iter().enumerate() {
        plan.check(&format!("plans[{at}]"))?;
        if plans[..at].iter().any(|other| other.name == plan.name) {
            return Err(Flaw::new(&format!("plans[{at}].name"), "each name once, this one is given twice"));
        }
    }
    Ok(())
}

impl Part {
    fn cost(self, rates: &Rates, conversations: u64) -> Cost {
        let (micros, uncovered) = match self {
            Self::PerResolution { price_micros, minimum } => {
                (times(rates.resolutions(conversations).max(minimum), price_micros, 1), 0)
            }
            Self::Seats { seats, price_micros } => (times(seats, price_micros, 1), 0),
            Self::Fixed { price_micros, included, extra_price_micros } => {
                let beyond = times(conversations, rates.replies_thousandths, 1_000).saturating_sub(included);
                match extra_price_micros {
                    Some(extra) => (price_micros.saturating_add(times(beyond, extra, 1)), 0),
                    None => (price_micros, beyond),
                }
            }
            Self::Tokens { input_price_micros, output_price_micros } => {
                let tokens = |thousandths| times(conversations, thousandths, 1_000);
                let read = times(tokens(rates.input_tokens_thousandths), input_price_micros, 1_000_000);
                let written = times(tokens(rates.output_tokens_thousandths), output_price_micros, 1_000_000);
                (read.saturating_add(written), 0)
            }
        };
        Cost { micros, uncovered }
    }

    fn numbers(&self) -> [u64; 3] {
        match *self {
            Self::PerResolution { price_micros, minimum } => [price_micros, minimum, 0],
            Self::Seats { seats, price_micros } => [seats, price_micros, 0],
            Self::Fixed { price_micros, included, extra_price_micros } => {
                [price_micros, included, extra_price_micros.unwrap_or(0)]
            }
            Self::Tokens { input_price_micros, output_price_micros } => {
                [input_price_micros, output_price_micros, 0]
            }
        }
    }
}

/// `number * by / of`, to the nearest.
fn times(number: u64, by: u64, of: u64) -> u64 {
    let product = u128::from(number) * u128::from(by) + u128::from(of / 2);
    u64::try_from(product / u128::from(of.max(1))).unwrap_or(u64::MAX)
}

/// At which volume so many are reached.
fn of_volume(number: u64, rate: u64, of: u64) -> Option<u64> {
    let volume = u128::from(number) * u128::from(of) / u128::from(rate).max(1);
    u64::try_from(volume).ok().filter(|volume| rate > 0 && *volume <= VOLUME_MAX)
}

/// From how many conversations a month on another plan is the cheaper one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakEven {
    /// Conversations a month.
    pub conversations: u64,
    /// Resolutions a month, which is what people are asked to pay for.
    pub resolutions: u64,
    /// The plan that is dearer from here on.
    pub dearer: String,
    /// The plan that is cheaper from here on.
    pub cheaper: String,
}

/// Where two plans change places, from the lowest volume, at most [`CROSSINGS_MAX`].
///
/// Between its bends a plan is a straight line, so between two neighbouring bends of both there is at most one crossing.
pub fn break_even(a: &Plan, b: &Plan, rates: &Rates) -> Vec<BreakEven> {
    let order = |volume: u64| a.cost(rates, volume).micros.cmp(&b.cost(rates, volume).micros);
    let mut stops: Vec<u64> = a.bends(rates).chain(b.bends(rates)).flat_map(|at| [at, at + 1]).collect();
    stops.extend([0, VOLUME_MAX]);
    stops.sort_unstable();
    let mut cheaper = Ordering::Equal;
    let mut crossings = Vec::new();
    for pair in stops.windows(2) {
        let mut from = pair[0];
        loop {
            let now = order(from);
            if now != Ordering::Equal {
                if cheaper == now.reverse() && crossings.len() < CROSSINGS_MAX {
                    let (dear, cheap) = if now == Ordering::Less { (b, a) } else { (a, b) };
                    crossings.push(BreakEven {
                        conversations: from,
                        resolutions: rates.resolutions(from),
                        dearer: dear.name.clone(),
                        cheaper: cheap.name.clone(),
                    });
                }
                cheaper = now;
            }
            match first_other(from, pair[1], |volume| order(volume) == now) {
                Some(next) => from = next,
                None => break,
            }
        }
    }
    crossings
}

/// The first volume after `from` and up to `to` that is not the same, where things change only once.
fn first_other(from: u64, to: u64, is_same: impl Fn(u64) -> bool) -> Option<u64> {
    if to <= from || is_same(to) {
        return None;
    }
    let (mut same, mut other) = (from, to);
    while other - same > 1 {
        let middle = same + (other - same) / 2;
        if is_same(middle) { same = middle } else { other = middle }
    }
    Some(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RATES: Rates = Rates {
        resolved_millionths: 600_000,
        replies_thousandths: 2_500,
        input_tokens_thousandths: 3_000_000,
        output_tokens_thousandths: 400_000,
    };

    fn plan(name: &str, parts: &[Part]) -> Plan {
        Plan { name: name.into(), parts: parts.into() }
    }

    fn per_resolution(minimum: u64) -> Plan {
        plan("per resolution", &[Part::PerResolution { price_micros: 990_000, minimum }])
    }

    fn fixed(extra_price_micros: Option<u64>) -> Plan {
        plan("fixed", &[Part::Fixed { price_micros: 799_000_000, included: 3_000, extra_price_micros }])
    }

    #[test]
    fn each_way_of_paying_is_reckoned() {
        let cost = |plan: &Plan| plan.cost(&RATES, 1_000);
        assert_eq!(cost(&per_resolution(50)).micros, 594_000_000);
        assert_eq!(per_resolution(50).cost(&RATES, 10).micros, 49_500_000, "at least fifty are paid");
        assert_eq!(cost(&fixed(None)), Cost { micros: 799_000_000, uncovered: 0 });
        assert_eq!(fixed(None).cost(&RATES, 2_000), Cost { micros: 799_000_000, uncovered: 2_000 });
        assert_eq!(fixed(Some(100_000)).cost(&RATES, 2_000).micros, 999_000_000);
        let own = plan(
            "own",
            &[
                Part::Tokens { input_price_micros: 150_000, output_price_micros: 600_000 },
                Part::Seats { seats: 3, price_micros: 29_000_000 },
            ],
        );
        assert_eq!(cost(&own).micros, 87_000_000 + 450_000 + 240_000);
    }

    #[test]
    fn it_is_said_from_how_many_resolutions_on_another_plan_is_cheaper() {
        let told = |a: &Plan, b: &Plan| -> Vec<String> {
            let one = |at: BreakEven| {
                format!(
                    "{} from {} resolutions ({} conversations)",
                    at.cheaper, at.resolutions, at.conversations
                )
            };
            break_even(a, b, &RATES).into_iter().map(one).collect()
        };
        assert_eq!(
            told(&per_resolution(50), &fixed(None)),
            ["fixed from 808 resolutions (1346 conversations)"]
        );
        assert_eq!(
            told(&per_resolution(50), &fixed(Some(1_000_000))),
            ["per resolution from 0 resolutions (0 conversations)"; 0],
            "the included interactions are used up before the fixed plan pays off"
        );
        // Included interactions first make the fixed plan the cheaper one, dear further ones the dearer one again.
        let tight = plan(
            "fixed",
            &[Part::Fixed { price_micros: 500_000_000, included: 3_000, extra_price_micros: Some(500_000) }],
        );
        assert_eq!(
            told(&per_resolution(0), &tight),
            [
                "fixed from 506 resolutions (843 conversations)",
                "per resolution from 914 resolutions (1524 conversations)"
            ]
        );
        assert_eq!(told(&fixed(None), &fixed(None)).len(), 0);
    }

    #[test]
    fn plans_that_cannot_be_reckoned_with_are_refused_at_their_path() {
        let told = |plans: &[Plan]| check(plans).expect_err("refused").to_string();
        assert_eq!(told(&[plan("a", &[])]), "plans[0].parts: expected 1 to 10 parts, there are 0");
        assert_eq!(
            told(&[fixed(None), fixed(None)]),
            "plans[1].name: expected each name once, this one is given twice"
        );
        let dear = plan("a", &[Part::Seats { seats: 1, price_micros: u64::MAX }]);
        assert_eq!(told(&[dear]), "plans[0].parts[0]: expected numbers of at most 1000000000000");
        assert_eq!(told(&vec![fixed(None); 21]), "plans: expected at most 20 plans, there are 21");
        let unknown = r#"{"name":"a","parts":[{"kind":"seats","seats":1,"price_micros":1,"discount":5}]}"#;
        assert!(serde_json::from_str::<Plan>(unknown).is_err());
        assert!(
            serde_json::from_str::<Plan>(&unknown.replace(",\"discount\":5", "").replace(":1,", ":-1,"))
                .is_err()
        );
    }

    fn a_part() -> impl Strategy<Value = Part> {
        let number = || 0..=PRICE_MICROS_MAX;
        prop_oneof![
            (number(), number())
                .prop_map(|(price_micros, minimum)| Part::PerResolution { price_micros, minimum }),
            (number(), number()).prop_map(|(seats, price_micros)| Part::Seats { seats, price_micros }),
            (number(), number(), prop::option::of(number())).prop_map(
                |(price_micros, included, extra_price_micros)| {
                    Part::Fixed { price_micros, included, extra_price_micros }
                }
            ),
            (number(), number()).prop_map(|(input_price_micros, output_price_micros)| {
                Part::Tokens { input_price_micros, output_price_micros }
            }),
        ]
    }

    fn rates() -> impl Strategy<Value = Rates> {
        (0_u64..=1_000_000, 0_u64..50_000, 0_u64..10_000_000_000, 0_u64..10_000_000_000).prop_map(
            |(r, i, input, output)| Rates {
                resolved_millionths: r,
                replies_thousandths: i,
                input_tokens_thousandths: input,
                output_tokens_thousandths: output,
            },
        )
    }

    proptest! {
        #[test]
        fn more_conversations_never_cost_less(
            parts in prop::collection::vec(a_part(), 1..5), rates in rates(), few: u64, more: u64,
        ) {
            let plan = plan("p", &parts);
            let (few, more) = (few.min(more), few.max(more));
            let (a, b) = (plan.cost(&rates, few), plan.cost(&rates, more));
            prop_assert!(a.micros <= b.micros && a.uncovered <= b.uncovered);
        }

        #[test]
        fn plans_change_places_where_it_says_so(
            price in 100_000_u64..2_000_000, minimum in 0_u64..500,
            fixed_price in 10_000_000_u64..900_000_000, included in 100_u64..9_000, extra in prop::option::of(10_000_u64..900_000),
        ) {
            let a = plan("a", &[Part::PerResolution { price_micros: price, minimum }]);
            let b = plan("b", &[Part::Fixed { price_micros: fixed_price, included, extra_price_micros: extra }]);
            for at in break_even(&a, &b, &RATES) {
                let (cheaper, dearer) = if at.cheaper == "a" { (&a, &b) } else { (&b, &a) };
                let cost = |plan: &Plan, volume| plan.cost(&RATES, volume).micros;
                prop_assert!(cost(cheaper, at.conversations) < cost(dearer, at.conversations));
                prop_assert!(cost(cheaper, at.conversations - 1) >= cost(dearer, at.conversations - 1));
            }
        }
    }
}

//! What the months to come will cost under each plan, and what each rule changes about it.

use super::answer::Flaw;
use super::cost::{self, BreakEven, Cost, Plan, Rates, break_even};
use super::report::Report;
use super::volume::{Days, Month, Volume, volume};
use serde::{Deserialize, Serialize};

/// What a forecast is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// What all prices are in; a label, nothing is converted.
    pub currency: String,
    /// The plans to compare.
    pub plans: Vec<Plan>,
    /// The month.
    pub month: Month,
}

/// The forecast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forecast {
    /// What all prices are in.
    pub currency: String,
    /// How many conversations a month has.
    pub conversations: Volume,
    /// How many of them are resolved.
    pub resolutions: Volume,
    /// How many days of the past it rests on; with fewer than 28 a weekday was seen fewer than four times.
    pub days_seen: u64,
    /// What one conversation comes to.
    pub rates: Rates,
    /// Each plan, in the order of the question.
    pub plans: Vec<PlanForecast>,
    /// Where plans change places, each pair.
    pub break_even: Vec<BreakEven>,
    /// What each rule changes, the largest first.
    pub rules: Vec<RuleEffect>,
}

/// What a plan costs a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanForecast {
    /// The plan.
    pub plan: String,
    /// In a quiet month.
    pub p10: Cost,
    /// In the month in the middle.
    pub p50: Cost,
    /// In a busy month.
    pub p90: Cost,
    /// In the month in the middle if the rate of resolution is at the low end of its interval.
    pub at_low_rate: Cost,
    /// And if it is at the high end.
    pub at_high_rate: Cost,
}

/// What a rule changes in the month in the middle. Messages and tokens are taken to stay the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleEffect {
    /// The rule.
    pub rule: String,
    /// So many fewer conversations are resolved, as this rule alone stops them.
    pub resolutions_removed: u64,
    /// So much less is paid, by plan, in millionths.
    pub saved: Vec<Saved>,
}

/// What a rule saves under a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// The plan.
    pub plan: String,
    /// In millionths of the currency.
    pub micros: u64,
}

/// Forecasts a month from what a report found and from the days of the past; none without a case.
pub fn forecast(report: &Report, days: &Days, question: &Question) -> Result<Option<Forecast>, Flaw> {
    cost::check(&question.plans)?;
    let conversations = volume(days, &question.month)?;
    let (Some(rates), Some(rate)) = (Rates::of(report), report.resolution.rate()) else { return Ok(None) };
    let at = |plan: &Plan, volume| plan.cost(&rates, volume);
    let plans = question.plans.iter().map(|plan| PlanForecast {
        plan: plan.name.clone(),
        // A plan never gets cheaper with more conversations, so a percentile of the volume gives that of the cost.
        p10: at(plan, conversations.p10),
        p50: at(plan, conversations.p50),
        p90: at(plan, conversations.p90),
        at_low_rate: plan.cost(&rates.resolving(rate.low), conversations.p50),
        at_high_rate: plan.cost(&rates.resolving(rate.high), conversations.p50),
    });
    let pairs = question
        .plans
        .iter()
        .enumerate()
        .flat_map(|(i, a)| question.plans[i + 1..].iter().map(move |b| (a, b)));
    Ok(Some(Forecast {
        currency: question.currency.clone(),
        conversations,
        resolutions: Volume {
            p10: rates.resolutions(conversations.p10),
            p50: rates.resolutions(conversations.p50),
            p90: rates.resolutions(conversations.p90),
        },
        days_seen: days.len() as u64,
        rates,
        plans: plans.collect(),
        break_even: pairs.flat_map(|(a, b)| break_even(a, b, &rates)).collect(),
        rules: effects(report, &rates, conversations.p50, &question.plans),
    }))
}

fn effects(report: &Report, rates: &Rates, conversations: u64, plans: &[Plan]) -> Vec<RuleEffect> {
    let all = report.resolution.weight_thousandths().max(1);
    let with = rates.resolutions(conversations);
    let effect = |(rule, stopped): (&String, &super::parts::Stopped)| {
        let share = u128::from(stopped.prevented_thousandths) * 1_000_000 / u128::from(all);
        let more = u64::try_from(share).unwrap_or(u64::MAX);
        let without = Rates {
            resolved_millionths: rates.resolved_millionths.saturating_add(more).min(1_000_000),
            ..*rates
        };
        let saved = |plan: &Plan| Saved {
            plan: plan.name.clone(),
            micros: plan
                .cost(&without, conversations)
                .micros
                .saturating_sub(plan.cost(rates, conversations).micros),
        };
        RuleEffect {
            rule: rule.clone(),
            resolutions_removed: without.resolutions(conversations) - with,
            saved: plans.iter().map(saved).collect(),
        }
    };
    let mut effects: Vec<RuleEffect> = report.rules.groups.iter().map(effect).collect();
    effects.sort_by_key(|effect| std::cmp::Reverse(effect.resolutions_removed));
    effects
}

//! The forecast: what a month costs under each plan, where plans change places, and what each rule changes about it.

use super::agent_tables::heads;
use super::{Cell, Table, figure};
use crate::pages::safe::short;
use crate::pages::text::Text;
use hindcast_event::Language;
use hindcast_rules::simulation::cost::Cost;
use hindcast_rules::simulation::forecast::Forecast;
use serde::Deserialize;

const RULES_SHOWN: usize = 20;

/// A forecast as it is kept, or why there is none.
#[derive(Deserialize)]
#[serde(untagged)]
enum Kept {
    Whole(Box<Forecast>),
    Not { problem: String },
}

/// The tables of a forecast.
pub(super) fn tables(t: Text, text: &str) -> Vec<Table> {
    let bare = |id, title: std::borrow::Cow<'static, str>, told: String| Table {
        id,
        title: title.into_owned(),
        told,
        heads: Vec::new(),
        rows: Vec::new(),
        note: String::new(),
    };
    let forecast = match serde_json::from_str::<Kept>(text) {
        Ok(Kept::Whole(forecast)) => forecast,
        Ok(Kept::Not { problem }) => {
            return vec![bare(
                "forecast",
                t.sim_forecast(),
                t.sim_forecast_not(short(&problem)).into_owned(),
            )];
        }
        Err(_) => return Vec::new(),
    };
    let told = t.sim_forecast_told(
        figure(t, forecast.conversations.p10),
        figure(t, forecast.conversations.p50),
        figure(t, forecast.conversations.p90),
        figure(t, forecast.resolutions.p50),
        figure(t, forecast.days_seen),
    );
    let money = |cost: &Cost| {
        let told = amount(t, cost.micros);
        match cost.uncovered {
            0 => Cell::number(told),
            more => Cell::number(told).about(t.sim_forecast_uncovered(figure(t, more))),
        }
    };
    let plans = forecast.plans.iter().map(|plan| {
        let mut row = vec![Cell::text(short(&plan.plan))];
        row.extend([&plan.p10, &plan.p50, &plan.p90, &plan.at_low_rate, &plan.at_high_rate].map(money));
        row
    });
    let crossings: Vec<String> = forecast
        .break_even
        .iter()
        .map(|one| {
            let (cheaper, dearer) = (short(&one.cheaper), short(&one.dearer));
            t.sim_forecast_even(figure(t, one.conversations), figure(t, one.resolutions), cheaper, dearer)
                .into_owned()
        })
        .collect();
    let mut tables = vec![Table {
        heads: heads(
            &t.sim_forecast_plan(short(&forecast.currency)),
            &[
                &t.sim_forecast_quiet(),
                &t.sim_forecast_middle(),
                &t.sim_forecast_busy(),
                &t.sim_forecast_low(),
                &t.sim_forecast_high(),
            ],
        ),
        rows: plans.collect(),
        note: if crossings.is_empty() { t.sim_forecast_never().into_owned() } else { crossings.join(" ") },
        ..bare("forecast", t.sim_forecast(), told.into_owned())
    }];
    if !forecast.rules.is_empty() {
        let names: Vec<String> =
            forecast.plans.iter().map(|plan| t.sim_forecast_saved(short(&plan.plan)).into_owned()).collect();
        let mut columns: Vec<String> = vec![t.sim_forecast_removed().into_owned()];
        columns.extend(names);
        let rows = forecast.rules.iter().take(RULES_SHOWN).map(|rule| {
            let mut row =
                vec![Cell::text(short(&rule.rule)), Cell::number(figure(t, rule.resolutions_removed))];
            row.extend(rule.saved.iter().map(|saved| Cell::number(amount(t, saved.micros))));
            row
        });
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        tables.push(Table {
            heads: heads(&t.sim_rule(), &columns),
            rows: rows.collect(),
            ..bare("forecast-rules", t.sim_forecast_rules(), t.sim_forecast_rules_told().into_owned())
        });
    }
    tables
}

/// Millionths of a currency, with two digits after the point.
fn amount(t: Text, micros: u64) -> String {
    let hundredths = micros.saturating_add(5_000) / 10_000;
    let point = if matches!(t.language, Language::German | Language::French) { ',' } else { '.' };
    format!("{}{point}{:02}", figure(t, hundredths / 100), hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_two_digits_after_the_point_of_the_language() {
        let of = |language| amount(Text { language }, 1_234_565_000);
        assert_eq!(of(Language::English), "1,234.57");
        assert_eq!(of(Language::German), "1.234,57");
        assert_eq!(tables(Text::default(), "{}").len(), 0);
        assert_eq!(tables(Text::default(), r#"{"problem":"plans"}"#)[0].rows.len(), 0);
    }
}

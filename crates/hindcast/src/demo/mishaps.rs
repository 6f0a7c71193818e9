//! Two quieter stories: a change that was meant well, what it did, and who took it back.
//!
//! Both can be found by looking for what changed and at what happened between the two changes; neither was an attack.

use super::calendar::{BERLIN, DAY, DUBLIN, HOUR, MINUTE, Site, TOKYO, is_weekend};
use super::line::Line;
use super::people::named;
use std::ops::Range;

/// When the two stories happen.
#[derive(Clone, Debug)]
pub struct Mishaps {
    now: i64,
    /// Wren gives the tag `billing` to whatever it is unsure of.
    pub wrong_tags: Range<i64>,
    /// Conversations are closed after 2 hours instead of 24.
    pub early_closing: Range<i64>,
}

impl Mishaps {
    /// The stories of the year that ends at `now`.
    pub fn of(now: i64) -> Self {
        Self {
            now,
            wrong_tags: workday(TOKYO, now, 75, 10 * HOUR + 41 * MINUTE)
                ..workday(BERLIN, now, 61, 15 * HOUR + 7 * MINUTE),
            early_closing: workday(DUBLIN, now, 47, 11 * HOUR + 22 * MINUTE)
                ..workday(DUBLIN, now, 44, 16 * HOUR + 48 * MINUTE),
        }
    }

    /// Whether Wren tags wrongly at this moment.
    pub fn tags_wrongly(&self, at: i64) -> bool {
        self.wrong_tags.contains(&at)
    }

    /// Whether conversations are closed too early at this moment.
    pub fn closes_early(&self, at: i64) -> bool {
        self.early_closing.contains(&at)
    }

    /// Wren, the AI agent, as an actor in JSON: its version rises through the year.
    pub fn wren(&self, at: i64) -> String {
        let days_ago = (self.now - at).div_euclid(DAY);
        let version = match days_ago {
            _ if at >= self.wrong_tags.end => "3.5.1",
            _ if at >= self.wrong_tags.start => "3.5.0",
            ..190 => "3.4.0",
            190..300 => "3.2.0",
            _ => "3.1.2",
        };
        format!(
            r#"{{"type":"agent","id":"wren","name":"Wren","ai":{{"agent_version":"{version}","model":"wren-support-2"}}}}"#
        )
    }

    /// The changes themselves; their consequences are told with the conversations.
    pub fn lines(&self) -> Vec<Line> {
        let Range { start, end } = self.wrong_tags;
        let (haruna, dmytro) = (named("高橋 陽菜"), named("Дмитро Шевченко"));
        let wrong_tags = [
            Line::new(start, &haruna.actor, "ai_agent.updated")
                .target("ai_agent", "wren", "Wren")
                .change("/classification/min_confidence", 0.7, 0.35)
                .change("/classification/default_tag", None::<&str>, "billing")
                .change("/version", "3.4.0", "3.5.0")
                .meta("version", "3.5.0")
                .because("too many conversations stay without a tag")
                .from(&haruna.place(start)),
            Line::new(end, &dmytro.actor, "ai_agent.updated")
                .target("ai_agent", "wren", "Wren")
                .change("/classification/min_confidence", 0.35, 0.7)
                .change("/classification/default_tag", "billing", None::<&str>)
                .change("/version", "3.5.0", "3.5.1")
                .meta("version", "3.5.1")
                .because("SUP-287: Payments gets everything Wren is unsure of")
                .from(&dmytro.place(end)),
        ];
        let Range { start, end } = self.early_closing;
        let (siobhan, ciaran) = (named("Siobhán Walsh"), named("Ciarán Ó Dubhthaigh"));
        let early_closing = [
            Line::new(start, &siobhan.actor, "automation_rule.updated")
                .target("automation_rule", "17", "Close stale conversations")
                .change("/conditions/0/value", 24, 2)
                .because("the backlog is too long before the weekend")
                .from(&siobhan.place(start)),
            Line::new(end, &ciaran.actor, "automation_rule.updated")
                .target("automation_rule", "17", "Close stale conversations")
                .change("/conditions/0/value", 2, 24)
                .because("SUP-318: it closes while customers are still answering")
                .from(&ciaran.place(end)),
        ];
        wrong_tags.into_iter().chain(early_closing).collect()
    }
}

/// A time of day about so many days before `now`, on a working day.
pub fn workday(site: Site, now: i64, days_ago: i64, time_of_day: i64) -> i64 {
    let mut day = site.day(now) - days_ago;
    while is_weekend(day) {
        day -= 1;
    }
    site.at(day, time_of_day)
}

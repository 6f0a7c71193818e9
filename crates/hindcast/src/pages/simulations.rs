//! Simulations: a change tried on the past before it goes live. What the house keeps as two things is one here: a *replay* of
//! policies over the entries of the log or of a workflow over conversations, and a *simulation* of an agent over conversations.

mod act;
mod agent;
mod agent_tables;
mod case;
mod cases;
mod compare;
mod files;
mod form;
mod happening;
mod list;
mod matrix;
mod method;
mod money;
mod names;
mod new;
mod printed;
mod replay;
mod rule;
mod show;
mod wanted;
mod workflow;

pub use act::{cancel, go_on, remove};
pub use case::show as show_case;
pub use cases::list as list_cases;
pub use files::file;
pub use happening::show as show_happening;
pub use list::list;
pub(super) use new::of_rule;
pub use new::{begin, blank, estimate};
pub use show::show;

use super::format::{decimal, number};
use super::text::Text;
use crate::api::Problem;
use crate::app::App;
use crate::catalog::{KeptReplay, Simulation};
use hindcast_ledger::WorkspaceId;
use hindcast_rules::simulation::share::Share;

const HERE: &str = "/simulations";

/// Either of what the house keeps.
enum Kept {
    Agent(Box<Simulation>),
    Policy(Box<KeptReplay>),
}

/// A column of a table.
struct Head {
    label: String,
    is_number: bool,
}

/// A cell of a table.
struct Cell {
    text: String,
    /// Where the cases behind it are; empty for none.
    href: String,
    /// More of it, in small.
    about: String,
    is_number: bool,
    /// How long its bar is, in percent.
    bar: Option<u64>,
}

/// A table of a report.
struct Table {
    id: &'static str,
    title: String,
    /// What it tells, before its rows.
    told: String,
    heads: Vec<Head>,
    rows: Vec<Vec<Cell>>,
    /// What is not in it, or what to know about it.
    note: String,
}

/// A number at the top.
struct Tile {
    label: String,
    number: String,
    about: String,
    href: String,
}

impl Head {
    fn text(label: impl Into<String>) -> Self {
        Self { label: label.into(), is_number: false }
    }

    fn number(label: impl Into<String>) -> Self {
        Self { label: label.into(), is_number: true }
    }
}

impl Cell {
    fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), href: String::new(), about: String::new(), is_number: false, bar: None }
    }

    fn number(text: impl Into<String>) -> Self {
        Self { is_number: true, ..Self::text(text) }
    }

    /// A count, which leads to its cases where there are any.
    fn count(t: Text, n: u64, href: impl Into<String>) -> Self {
        let href = if n > 0 { href.into() } else { String::new() };
        Self { href, ..Self::number(figure(t, n)) }
    }

    /// A rate with its bar and its interval.
    fn share(t: Text, share: &Share) -> Self {
        match share.rate() {
            Some(rate) => Self {
                about: interval(t, share),
                bar: Some((rate.rate * 100.0).round() as u64),
                ..Self::number(percent(t, rate.rate))
            },
            None => Self::number("–"),
        }
    }

    fn to(self, href: impl Into<String>) -> Self {
        Self { href: href.into(), ..self }
    }

    fn about(self, about: impl Into<String>) -> Self {
        Self { about: about.into(), ..self }
    }
}

/// A whole number as the reader writes it.
fn figure(t: Text, n: u64) -> String {
    number(i64::try_from(n).unwrap_or(i64::MAX), t.language)
}

/// A share from 0 to 1 in percent.
fn percent(t: Text, rate: f64) -> String {
    t.sim_percent(decimal(rate * 100.0, t.language)).into_owned()
}

/// What a rate may really be; empty without a case.
fn interval(t: Text, share: &Share) -> String {
    let told = |rate: hindcast_rules::simulation::share::Interval| {
        let [low, high] = [rate.low, rate.high].map(|end| decimal(end * 100.0, t.language));
        t.sim_interval(low, high).into_owned()
    };
    share.rate().map(told).unwrap_or_default()
}

/// Points of a hundred with their sign.
fn points(t: Text, points: f64) -> String {
    let shown = decimal(points, t.language);
    if points >= 0.05 { format!("+{shown}") } else { shown }
}

fn found(app: &App, workspace: &WorkspaceId, id: &str) -> Result<Option<Kept>, Problem> {
    if let Some(simulation) = app.catalog.simulation(workspace, id)? {
        return Ok(Some(Kept::Agent(Box::new(simulation))));
    }
    Ok(app.catalog.replay(workspace, id)?.map(|replay| Kept::Policy(Box::new(replay))))
}

/// One of the simulations of agents, for pages that only these have.
fn of_agent(app: &App, workspace: &WorkspaceId, id: &str) -> Result<Option<Simulation>, Problem> {
    Ok(app.catalog.simulation(workspace, id)?)
}

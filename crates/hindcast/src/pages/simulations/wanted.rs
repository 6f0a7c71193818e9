//! What a form asks for, as the jobs take it; what does not fit is said beside its field.

use crate::alerts::edit::{QUIET_MAX, QUIET_MIN};
use crate::api::Problem;
use crate::app::App;
use crate::jobs::{replays, simulations};
use crate::pages::alerts::problems;
use crate::pages::fields::Fields;
use crate::pages::mistake::query_of;
use crate::pages::safe::visible;
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::simulate::{NoDoor, Wanted};
use hindcast_event::Timestamp;
use hindcast_rules::policy::Flaw;
use hindcast_rules::simulation::limits::{CASES_MAX, DRAWS_MAX};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const NAME_CHARS_MAX: usize = 200;
const POLICY_NAME_CHARS_MAX: usize = 80;
/// A month of the forecast is put together so often.
const DRAWS: u32 = 2_000;
const MICROS: u64 = 1_000_000;
/// Amounts of money have at most so many digits before the point.
const PRICE_DIGITS_MAX: usize = 9;

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A saved version of a policy, on the log.
    Policy,
    /// A text of a policy, on the log.
    Text,
    /// A saved version of a workflow, on conversations.
    Workflow,
    /// A detection rule, on the log.
    Rule,
    /// The agents of the past, judged again.
    Recorded,
    /// An agent that speaks the HTTP contract.
    Http,
    /// One that calls its tools itself, over MCP.
    Mcp,
    /// A model behind an OpenAI-compatible address.
    Chat,
}

impl Subject {
    pub const ALL: [Self; 8] = [
        Self::Policy,
        Self::Text,
        Self::Workflow,
        Self::Rule,
        Self::Recorded,
        Self::Http,
        Self::Mcp,
        Self::Chat,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Text => "text",
            Self::Workflow => "workflow",
            Self::Rule => "rule",
            Self::Recorded => "recorded",
            Self::Http => "http",
            Self::Mcp => "mcp",
            Self::Chat => "chat",
        }
    }

    pub fn of(form: &Fields) -> Self {
        let word = form.trimmed("subject");
        Self::ALL.into_iter().find(|subject| subject.word() == word).unwrap_or(Self::Policy)
    }

    /// Whether an agent is tried, and not what judges.
    pub fn is_agent(self) -> bool {
        !matches!(self, Self::Policy | Self::Text | Self::Workflow | Self::Rule)
    }
}

/// `name@3` as a policy and its version.
pub(super) fn version(value: &str) -> Option<(&str, i64)> {
    let (name, number) = value.rsplit_once('@')?;
    Some((name, number.parse().ok()?))
}

/// Reads a form; each method fails the field that does not fit.
struct Reader<'r> {
    t: Text,
    visitor: &'r Visitor,
    form: &'r mut Fields,
}

impl Reader<'_> {
    fn typed(&self, field: &str) -> Option<String> {
        Some(self.form.trimmed(field).to_owned()).filter(|text| !text.is_empty())
    }

    fn name(&mut self) -> String {
        let name = self.form.trimmed("name").to_owned();
        if name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
            self.form.fail("name", self.t.sim_expected_name(NAME_CHARS_MAX as i64));
        }
        name
    }

    fn whole(&mut self, field: &'static str, low: u64, high: u64) -> Option<u64> {
        let typed = self.typed(field)?;
        let number: Option<u64> = typed.parse().ok();
        let fits = number.filter(|number| (low..=high).contains(number));
        if fits.is_none() {
            self.form.fail(
                field,
                self.t.sim_expected_number(super::figure(self.t, low), super::figure(self.t, high)),
            );
        }
        fits
    }

    /// The first moment of a day on the visitor's clock.
    fn day(&mut self, field: &'static str) -> Option<Timestamp> {
        let typed = self.typed(field)?;
        let at = self.visitor.clock.read_input(&format!("{typed}T00:00:00"));
        if at.is_none() {
            self.form.fail(field, self.t.sim_expected_day());
        }
        at
    }

    /// An amount of money in millionths.
    fn micros(&mut self, field: &'static str) -> Option<u64> {
        let typed = self.typed(field)?;
        let read = micros(&typed);
        if read.is_none() {
            self.form.fail(field, self.t.sim_expected_price());
        }
        read
    }
}

fn micros(typed: &str) -> Option<u64> {
    let (whole, rest) = typed.split_once(['.', ',']).unwrap_or((typed, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = !whole.is_empty() && whole.len() <= PRICE_DIGITS_MAX && rest.len() <= 6;
    if !fits || !is_number(whole) || !is_number(rest) {
        return None;
    }
    let millionths: u64 = format!("{rest:0<6}").parse().ok()?;
    Some(whole.parse::<u64>().ok()? * MICROS + millionths)
}

/// A replay, as far as the form can be read.
pub(super) fn of_policy(visitor: &Visitor, form: &mut Fields) -> Option<replays::Wanted> {
    use replays::{Given, Tried, What};
    let t = visitor.guest.text;
    let subject = Subject::of(form);
    let mut reader = Reader { t, visitor, form };
    let name = reader.name();
    let window = (reader.day("from"), reader.day("until"));
    let filter = match query_of(visitor, reader.form.trimmed("filter")) {
        Ok(filter) => Some(filter),
        Err(told) => {
            reader.form.fail("filter", told);
            None
        }
    };
    let given = match subject {
        Subject::Text => {
            let name = reader.form.trimmed("pname").to_owned();
            let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if name.is_empty() || name.len() > POLICY_NAME_CHARS_MAX || !name.chars().all(is_name) {
                reader.form.fail("pname", t.sim_expected_policy_name(POLICY_NAME_CHARS_MAX as i64));
            }
            let text = reader.form.value("text").replace("\r\n", "\n");
            Some(Given { name, what: What::Text(text) })
        }
        _ => {
            let chosen =
                version(reader.form.trimmed("policy")).map(|(name, number)| (name.to_owned(), number));
            if chosen.is_none() {
                reader.form.fail("policy", t.sim_expected_policy());
            }
            chosen.map(|(name, number)| Given { name, what: What::Version(number) })
        }
    };
    let baseline = (reader.form.trimmed("baseline") != "happened").then_some(Tried::Enforced);
    let anew = reader.form.has("fresh");
    let person = &visitor.person;
    let started_by = if person.name.trim().is_empty() { person.email.clone() } else { person.name.clone() };
    if !reader.form.is_good() {
        return None;
    }
    Some(replays::Wanted {
        name,
        candidate: Tried::One(given?),
        baseline,
        window,
        filter: filter?,
        anew,
        started_by,
    })
}

/// A replay of a workflow, as far as the form can be read.
pub(super) fn of_workflow(visitor: &Visitor, form: &mut Fields) -> Option<replays::WorkflowsWanted> {
    use replays::{Versus, What, Workflow};
    let t = visitor.guest.text;
    let mut reader = Reader { t, visitor, form };
    let name = reader.name();
    let window = (reader.day("from"), reader.day("until"));
    let read = |field: &str| {
        let chosen = version(reader.form.trimmed(field));
        chosen.map(|(name, number)| Workflow { name: Some(name.to_owned()), what: What::Version(number) })
    };
    let (candidate, other) = (read("workflow"), read("baseline"));
    if candidate.is_none() {
        reader.form.fail("workflow", t.sim_expected_workflow());
    }
    let baseline = match (reader.form.trimmed("baseline"), other) {
        (_, Some(other)) => Versus::Version(other),
        ("nothing", None) => Versus::Nothing,
        _ => Versus::Enforced,
    };
    let mut words = Vec::new();
    for field in ["source", "channel", "language", "tag"] {
        match reader.typed(field) {
            Some(value) if value.contains('"') => reader.form.fail(field, t.sim_expected_conversations()),
            Some(value) => words.push(format!("{field}:\"{value}\"")),
            None => {}
        }
    }
    let anew = reader.form.has("fresh");
    let person = &visitor.person;
    let started_by = if person.name.trim().is_empty() { person.email.clone() } else { person.name.clone() };
    if !reader.form.is_good() {
        return None;
    }
    let filter = words.join(" ");
    Some(replays::WorkflowsWanted { name, candidate: candidate?, baseline, window, filter, anew, started_by })
}

/// A replay of a detection rule, as far as the form can be read. What is left empty is as the rule is set now.
pub(super) fn of_rule(visitor: &Visitor, form: &mut Fields) -> Option<replays::RulesWanted> {
    use replays::{Against, RuleTried};
    let t = visitor.guest.text;
    let mut reader = Reader { t, visitor, form };
    let name = reader.name();
    let window = (reader.day("from"), reader.day("until"));
    let rule = reader.typed("rule");
    let text = Some(reader.form.value("yaml").replace("\r\n", "\n")).filter(|text| !text.trim().is_empty());
    if rule.is_none() && text.is_none() {
        reader.form.fail("rule", t.sim_expected_rule());
    }
    let mut tuned = BTreeMap::new();
    for line in reader.form.value("tuned").lines().map(str::trim).filter(|line| !line.is_empty()) {
        let pair = line.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.trim()));
        match pair.filter(|(name, value)| !name.is_empty() && !value.is_empty()) {
            Some((name, value)) => drop(tuned.insert(name, tuned_value(value))),
            None => {
                reader.form.fail("tuned", t.sim_expected_tuned());
                break;
            }
        }
    }
    let minutes = reader.whole("quiet", QUIET_MIN / 60, QUIET_MAX / 60);
    let candidate = RuleTried {
        text,
        tuned: Some(tuned).filter(|tuned| !tuned.is_empty()),
        quiet_seconds: minutes.map(|minutes| minutes * 60),
        is_on: Some(reader.form.trimmed("state") != "off"),
    };
    let baseline = match reader.form.trimmed("baseline") {
        "nothing" => Against::Nothing,
        _ => Against::AsSet,
    };
    let anew = reader.form.has("fresh");
    let person = &visitor.person;
    let started_by = if person.name.trim().is_empty() { person.email.clone() } else { person.name.clone() };
    reader.form.is_good().then_some(replays::RulesWanted {
        name,
        rule,
        candidate,
        baseline,
        window,
        anew,
        started_by,
    })
}

/// A number, or else a duration.
fn tuned_value(typed: &str) -> Value {
    let whole = typed.parse::<i64>().ok().map(Value::from);
    let number = || typed.replace(',', ".").parse::<f64>().ok().filter(|number| number.is_finite());
    whole.or_else(|| number().map(Value::from)).unwrap_or_else(|| typed.into())
}

/// A simulation of an agent, as far as the form can be read.
pub(super) fn of_agent(app: &App, visitor: &Visitor, form: &mut Fields) -> Result<Option<Wanted>, Problem> {
    let t = visitor.guest.text;
    let subject = Subject::of(form);
    let mut reader = Reader { t, visitor, form };
    let seed = reader.whole("seed", 0, u64::MAX >> 1).unwrap_or(0);
    let wanted = json!({
        "name": reader.name(),
        "agent": agent(&mut reader, subject),
        "conversations": conversations(&mut reader),
        "size": match reader.form.has("all") {
            true => json!("all"),
            false => json!({ "of": reader.whole("size", 1, CASES_MAX).unwrap_or(1_000) }),
        },
        "at_least": reader.whole("at_least", 0, CASES_MAX).unwrap_or(0),
        "seed": seed,
        "cut": if reader.form.trimmed("cut") == "any_reply" { "any_reply" } else { "human_reply" },
        "agreement_min": reader.whole("agreement_min", 0, 100).unwrap_or(50),
        "confidence_min": reader.whole("confidence_min", 0, 100).unwrap_or(0),
        "trial": reader.form.has("trial"),
        "redact": reader.form.has("redact"),
        "concurrency": reader.whole("concurrency", 1, 32).unwrap_or(4),
        "budget": {
            "requests": reader.whole("budget_requests", 1, 2_000_000),
            "tokens": reader.whole("budget_tokens", 1, u64::MAX >> 1),
            "cost_usd_micros": reader.micros("budget_cost"),
            "minutes": reader.whole("budget_minutes", 1, 7 * 24 * 60),
        },
        "fresh": reader.form.has("fresh"),
    });
    let mut wanted = wanted;
    if let Some(baseline) = reader.typed("baseline") {
        wanted["baseline"] = baseline.into();
    }
    if let Some(forecast) = forecast(&mut reader, seed) {
        wanted["forecast"] = forecast;
    }
    let hints = reader.form.value("hints").lines().map(str::trim).filter(|line| !line.is_empty());
    let hints: Vec<Value> = hints.map(Value::from).collect();
    if !hints.is_empty() {
        wanted["policy_hints"] = hints.into();
    }
    if let Some(chosen) = reader.typed("with") {
        let found = match version(&chosen) {
            Some((name, number)) => {
                app.catalog.policy_version(&visitor.membership.workspace, name, number)?
            }
            None => None,
        };
        match found {
            Some(found) => wanted["candidates"] = json!({ found.name: found.text }),
            None => reader.form.fail("with", t.sim_expected_policy()),
        }
    }
    if !reader.form.is_good() {
        return Ok(None);
    }
    match serde_json::from_value(wanted) {
        Ok(wanted) => Ok(Some(wanted)),
        Err(error) => {
            reader.form.fail("name", error.to_string());
            Ok(None)
        }
    }
}

fn agent(reader: &mut Reader<'_>, subject: Subject) -> Value {
    let seconds = reader.whole("timeout", 1, 600).unwrap_or(30);
    let mut agent = json!({ "kind": subject.word() });
    if subject == Subject::Recorded {
        return agent;
    }
    let url = reader.form.trimmed("url").trim_end_matches('/').to_owned();
    if url.is_empty() {
        reader.form.fail("url", reader.t.sim_expected_url());
    }
    agent["url"] = url.into();
    agent["timeout_ms"] = (seconds * 1_000).into();
    agent["version"] = reader.form.trimmed("version").into();
    if let Some(credential) = reader.typed("credential") {
        agent["credential"] = credential.into();
    }
    if subject == Subject::Mcp
        && let Some(server) = reader.typed("server")
    {
        agent["server"] = server.into();
    }
    if subject == Subject::Chat {
        let model = reader.form.trimmed("model").to_owned();
        if model.is_empty() {
            reader.form.fail("model", reader.t.sim_expected_model());
        }
        agent["model"] = model.into();
        let prompt = reader.form.value("system_prompt").replace("\r\n", "\n");
        if !prompt.trim().is_empty() {
            agent["system_prompt"] = prompt.into();
        }
        if let Some(temperature) = reader.whole("temperature", 0, 2) {
            agent["temperature"] = temperature.into();
        }
    }
    agent
}

fn conversations(reader: &mut Reader<'_>) -> Value {
    let mut which = json!({});
    for field in ["source", "channel", "language", "tag"] {
        if let Some(value) = reader.typed(field) {
            which[field] = value.into();
        }
    }
    for field in ["from", "until"] {
        if let Some(at) = reader.day(field) {
            which[field] = at.to_string().into();
        }
    }
    which
}

/// The plans that have a price, for the month to come; nothing without one.
fn forecast(reader: &mut Reader<'_>, seed: u64) -> Option<Value> {
    let mut plans = Vec::new();
    let mut plan = |name: std::borrow::Cow<'static, str>, part: Value| {
        plans.push(json!({ "name": name, "parts": [part] }));
    };
    let t = reader.t;
    if let Some(price) = reader.micros("per_resolution") {
        let minimum = reader.whole("per_resolution_min", 0, 1_000_000_000).unwrap_or(0);
        let part = json!({ "kind": "per_resolution", "price_micros": price, "minimum": minimum });
        plan(t.sim_plan_resolution(), part);
    }
    if let Some(price) = reader.micros("fixed") {
        let included = reader.whole("fixed_included", 0, 1_000_000_000).unwrap_or(0);
        let extra = reader.micros("fixed_extra");
        let part = json!({ "kind": "fixed", "price_micros": price, "included": included, "extra_price_micros": extra });
        plan(t.sim_plan_fixed(), part);
    }
    if let Some(read) = reader.micros("tokens_in") {
        let written = reader.micros("tokens_out").unwrap_or(0);
        let part = json!({ "kind": "tokens", "input_price_micros": read, "output_price_micros": written });
        plan(t.sim_plan_tokens(), part);
    }
    let (first, days) = next_month(reader.visitor)?;
    let currency = reader.typed("currency").unwrap_or_else(|| "USD".to_owned());
    let month = json!({ "first": first, "days": days, "draws": DRAWS.min(DRAWS_MAX), "seed": seed });
    (!plans.is_empty()).then(|| json!({ "currency": currency, "plans": plans, "month": month }))
}

/// The month after the visitor's: its first day, counted from 1970-01-01, and how many it has.
fn next_month(visitor: &Visitor) -> Option<(i64, i64)> {
    let first = visitor.clock.zoned(visitor.now).date().last_of_month().tomorrow().ok()?;
    let since = first.since(jiff::civil::date(1970, 1, 1)).ok()?;
    Some((i64::from(since.get_days()), i64::from(first.days_in_month())))
}

/// Why a run was not begun: flaws of a policy, or something that is no field's fault.
#[derive(Default)]
pub(super) struct Refused {
    pub flaws: Vec<Flaw>,
    pub problem: Option<String>,
}

/// Says beside its field what a job did not take.
pub(super) fn refuse_agent(
    t: Text,
    form: &mut Fields,
    why: simulations::NotBegun,
) -> Result<Refused, Problem> {
    use simulations::NotBegun as Not;
    let mut refused = Refused::default();
    match why {
        Not::Unfit(unfit) if unfit.field == "conversations" => {
            form.fail("tag", t.sim_expected_conversations());
        }
        Not::Unfit(unfit) => match unfit.field.as_str() {
            "agent.url" => form.fail("url", t.sim_expected_url()),
            "agent.model" => form.fail("model", t.sim_expected_model()),
            "agent.credential" => form.fail("credential", t.sim_expected_credential()),
            "agent.version" => form.fail("version", unfit.to_string()),
            "agent.system_prompt" => form.fail("system_prompt", unfit.to_string()),
            "baseline" => form.fail("baseline", t.sim_expected_baseline()),
            "size" | "at_least" => form.fail("size", unfit.to_string()),
            "policy_hints" => form.fail("hints", unfit.to_string()),
            _ => form.fail("name", unfit.to_string()),
        },
        Not::Door(NoDoor::Wrong(flaws)) => {
            form.fail("with", t.policy_wrong(flaws.len() as i64));
            refused.flaws = flaws;
        }
        Not::Busy => refused.problem = Some(t.sim_busy().into_owned()),
        Not::Full => refused.problem = Some(t.sim_full().into_owned()),
        Not::Changed(_) => refused.problem = Some(t.sim_not_continued().into_owned()),
        Not::Unknown => return Err(Problem::not_found("there is no such simulation")),
        Not::Catalog(error) => return Err(error.into()),
        Not::Door(error) => return Err(Problem::internal(error)),
        Not::Failed(error) => return Err(Problem::internal(format!("{error:#}"))),
    }
    Ok(refused)
}

/// The same for a replay.
pub(super) fn refuse_policy(t: Text, form: &mut Fields, why: replays::NotBegun) -> Result<Refused, Problem> {
    use replays::NotBegun as Not;
    let mut refused = Refused::default();
    match why {
        Not::NoVersion { field: "baseline", .. } => form.fail("baseline", t.sim_expected_baseline()),
        Not::NoVersion { .. } if Subject::of(form) == Subject::Workflow => {
            form.fail("workflow", t.sim_expected_workflow());
        }
        Not::NoVersion { .. } => form.fail("policy", t.sim_expected_policy()),
        Not::Wrong("candidate", flaws) => {
            let field = if Subject::of(form) == Subject::Text { "text" } else { "policy" };
            form.fail(field, t.policy_wrong(flaws.len() as i64));
            refused.flaws = flaws;
        }
        Not::Wrong(_, flaws) => {
            form.fail("baseline", t.policy_wrong(flaws.len() as i64));
            refused.flaws = flaws;
        }
        Not::WrongWorkflow(field, flaws) => {
            let field = if field == "baseline" { "baseline" } else { "workflow" };
            let first = flaws.first().map(ToString::to_string).unwrap_or_default();
            form.fail(field, t.sim_workflow_wrong(visible(&first).into_owned()));
        }
        Not::WrongRule(_, _, problems) => {
            // What was tuned is told of where it stands in the text, too.
            let field = if form.trimmed("yaml").is_empty() { "tuned" } else { "yaml" };
            let told = problems::told(t, &problems).into_iter().next();
            let told = told.map(|one| t.flaw_at(one.line, one.column, one.told).into_owned());
            form.fail(field, told.unwrap_or_default());
        }
        Not::Unread(error) => return Err(Problem::internal(error)),
        Not::Field("rule", _) => form.fail("rule", t.sim_expected_rule()),
        Not::Field("candidate" | "candidate.quiet_seconds", _) if Subject::of(form) == Subject::Rule => {
            form.fail("state", t.sim_expected_rule_on());
        }
        Not::Field("baseline", _) => form.fail("baseline", t.sim_expected_baseline()),
        Not::Field("filter", _) => form.fail("tag", t.sim_expected_conversations()),
        Not::Field(..) => form.fail("workflow", t.sim_expected_workflow()),
        Not::TooLong(max) => form.fail("until", t.sim_too_long(i64::try_from(max).unwrap_or(i64::MAX))),
        Not::Workflows(error) => return Err(Problem::internal(error)),
        Not::Backwards => form.fail("until", t.sim_expected_later()),
        Not::TooMany(max) => {
            refused.problem = Some(t.sim_too_many(i64::try_from(max).unwrap_or(i64::MAX)).into_owned());
        }
        Not::Book(error) => return Err(Problem::internal(error)),
        Not::Catalog(error) => return Err(error.into()),
    }
    Ok(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_read_with_a_point_or_a_comma() {
        assert_eq!(micros("0.99"), Some(990_000));
        assert_eq!(micros("1234,5"), Some(1_234_500_000));
        assert_eq!(micros("7"), Some(7_000_000));
        for wrong in ["", ".5", "1.2.3", "-1", "1e3", "0.1234567", "12345678901"] {
            assert_eq!(micros(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_tuned_is_a_number_or_a_duration() {
        assert_eq!((tuned_value("10"), tuned_value("0,5")), (json!(10), json!(0.5)));
        assert_eq!((tuned_value("15m"), tuned_value("inf")), (json!("15m"), json!("inf")));
    }

    #[test]
    fn a_version_is_named_by_policy_and_number() {
        assert_eq!(version("refund-cap@3"), Some(("refund-cap", 3)));
        assert_eq!((version("refund-cap"), version("a@b")), (None, None));
    }
}

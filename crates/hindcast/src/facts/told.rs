//! What an event tells, as far as facts are worked out from it; the same of a draft and of an entry that is read again.

use super::geo::Country;
use crate::gate::DECIDED;
use crate::sources::IMPORTED_FROM;
use hindcast_event::json::{self, Json};
use hindcast_event::{Draft, Entry, OutcomeResult, Timestamp, View, id_time};
use std::net::IpAddr;

/// A claim of when counts if it is no further than this from our clock.
const CLAIM_MICROS_MAX: u64 = 24 * 3600 * 1_000_000;

/// What an event is about, as far as it makes a difference here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Somebody signed in.
    SignIn,
    /// Somebody began to act as another.
    ImpersonationStart,
    /// They ceased to.
    ImpersonationEnd,
    /// A webhook points somewhere.
    Webhook,
    /// Anything else.
    Other,
}

/// What an event tells.
#[derive(Clone, Debug)]
pub struct Told<'t> {
    pub actor_type: &'t str,
    pub actor_id: &'t str,
    pub has_ai: bool,
    pub action: &'t str,
    pub theme: Theme,
    /// Whether it worked.
    pub is_success: bool,
    /// When, by the claim or by our clock: see [`judged`].
    pub at: u32,
    /// The address that the sender names.
    pub address: Option<IpAddr>,
    pub forwarded_for: Vec<IpAddr>,
    pub user_agent: Option<&'t str>,
    /// The country that the sender names.
    pub country: Option<Country>,
    /// Latitude and longitude that the sender names.
    pub point: Option<(f32, f32)>,
    /// Type and id.
    pub first_target: Option<(&'t str, &'t str)>,
    /// Whether the actor is among the targets; nothing when there are none.
    pub is_own_target: Option<bool>,
    /// The host a webhook points to.
    pub host: Option<&'t str>,
    /// Whether it was imported, and what of its time.
    pub import: Option<Import>,
    /// Whether it counts: what the gate let through was counted when it was asked about.
    pub is_counted: bool,
}

/// What is imported tells of another time than that of its arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Import {
    /// It says when it happened.
    Timed,
    /// Nobody knows when it happened.
    Timeless,
}

impl Import {
    /// Of the metadata that says so, if there is any.
    fn of(from: Option<&Json<'_>>) -> Option<Self> {
        let is_unknown = |from: &Json<'_>| from.get("time").and_then(Json::as_str) == Some("unknown");
        from.map(|from| if is_unknown(from) { Self::Timeless } else { Self::Timed })
    }

    /// Of an entry.
    pub(crate) fn of_view(view: &View<'_>) -> Option<Self> {
        let (_, text) = view.metadata.iter().find(|(name, _)| *name == IMPORTED_FROM)?;
        Self::of(json::parse(text).ok().as_ref())
    }
}

/// Which time an event is judged by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// The claim if it lies within a day of our clock, or else our clock.
    #[default]
    Ours,
    /// The claim if it is no more than a day ahead of our clock: for what is imported.
    Past,
    /// The claim, whatever it is: for a past that is told now, such as that of the demo.
    Claimed,
}

impl Clock {
    /// That of one event.
    fn of(self, import: Option<Import>) -> Self {
        if self == Self::Ours && import.is_some() { Self::Past } else { self }
    }
}

/// The time an event is judged by, in seconds since 1970.
pub fn judged(clock: Clock, claim: Option<Timestamp>, now: Timestamp) -> u32 {
    let claim = claim.unwrap_or(now);
    let is_near = claim.micros().abs_diff(now.micros()) <= CLAIM_MICROS_MAX;
    let counts = match clock {
        Clock::Ours => is_near,
        Clock::Past => is_near || claim < now,
        Clock::Claimed => true,
    };
    let at = if counts { claim } else { now };
    u32::try_from(at.seconds().max(0)).unwrap_or(u32::MAX)
}

impl<'t> Told<'t> {
    /// What a draft tells that arrives now.
    pub fn of_draft(draft: &'t Draft<'_>, clock: Clock, now: Timestamp) -> Option<Self> {
        let parts = Parts {
            action: &draft.action,
            result: draft.outcome.result,
            actor: &draft.actor,
            context: draft.context.as_ref(),
            targets: &draft.targets,
            is_counted: !was_decided(draft.authorized_by.as_ref()),
        };
        let member = |name: &str| Some(&draft.metadata.iter().find(|(known, _)| known == name)?.1);
        let url = |name: &str| {
            let value = member(name)?;
            value.as_str().or_else(|| value.get("url")?.as_str())
        };
        let import = Import::of(member(IMPORTED_FROM));
        let after = || draft.changes.iter().find(|change| change.path == "/url")?.after.as_ref()?.as_str();
        parts.told(import, judged(clock.of(import), draft.occurred_at, now), || {
            after().or_else(|| url("url")).or_else(|| url("webhook"))
        })
    }
}

/// An entry of the log, taken apart to be told again.
pub struct Reread<'e> {
    action: std::borrow::Cow<'e, str>,
    result: OutcomeResult,
    actor: Json<'e>,
    context: Option<Json<'e>>,
    targets: Vec<Json<'e>>,
    facts: Option<Json<'e>>,
    url: Option<Json<'e>>,
    import: Option<Import>,
    is_counted: bool,
    at: u32,
}

impl<'e> Reread<'e> {
    /// Takes an entry apart; nothing when it is none that anybody did.
    pub fn of(entry: &Entry<'e>, clock: Clock) -> Option<Self> {
        let view = entry.event.view().ok()?;
        let read = |text: &'e str| json::parse(text).ok();
        let change = view.changes.iter().find(|(path, _)| *path == "/url").and_then(|(_, sides)| read(sides));
        let after = change.as_ref().and_then(|sides| sides.get("after")).cloned();
        let member = |name: &str| {
            view.metadata.iter().find(|(known, _)| *known == name).and_then(|(_, value)| read(value))
        };
        let import = Import::of_view(&view);
        let action = match view.action.as_ref() {
            // What the gate did not let through did not happen.
            DECIDED if view.result != OutcomeResult::Success => return None,
            DECIDED => match member("action")? {
                Json::String(action) => action,
                _ => return None,
            },
            _ => view.action,
        };
        Some(Self {
            result: view.result,
            actor: read(view.actor)?,
            context: view.context.and_then(read),
            targets: view.targets.iter().filter_map(|target| read(target)).collect(),
            facts: view.facts.and_then(read),
            url: after.or_else(|| member("url")).or_else(|| member("webhook")),
            import,
            is_counted: !was_decided(view.authorized_by.and_then(read).as_ref()),
            at: judged(clock.of(import), Some(view.occurred_at), entry.received_at),
            action,
        })
    }

    /// What it tells; the address and the country are those that were worked out when it arrived.
    pub fn told(&self) -> Option<Told<'_>> {
        let parts = Parts {
            action: &self.action,
            result: self.result,
            actor: &self.actor,
            context: self.context.as_ref(),
            targets: &self.targets,
            is_counted: self.is_counted,
        };
        let url = || self.url.as_ref().and_then(|url| url.as_str().or_else(|| url.get("url")?.as_str()));
        let mut told = parts.told(self.import, self.at, url)?;
        let fact = |name: &str| self.facts.as_ref()?.get(name)?.as_str();
        told.country = told.country.or_else(|| fact("ip_country").and_then(Country::parse));
        told.address = fact("source_ip").and_then(|text| text.parse().ok()).or(told.address);
        told.forwarded_for.clear();
        Some(told)
    }
}

/// The parts of an event that are read alike wherever it comes from.
struct Parts<'p> {
    action: &'p str,
    result: OutcomeResult,
    actor: &'p Json<'p>,
    context: Option<&'p Json<'p>>,
    targets: &'p [Json<'p>],
    is_counted: bool,
}

impl<'p> Parts<'p> {
    fn told(
        &self,
        import: Option<Import>,
        at: u32,
        url: impl FnOnce() -> Option<&'p str>,
    ) -> Option<Told<'p>> {
        let text = |json: &'p Json<'_>, name: &str| json.get(name)?.as_str();
        let context = |name: &str| self.context?.get(name);
        let geo = context("geo");
        let number = |name: &str| match geo?.get(name)? {
            Json::Number(number) => number.parse::<f32>().ok().filter(|number| number.is_finite()),
            _ => None,
        };
        let forwarded_for = match context("forwarded_for") {
            Some(Json::Array(hops)) => hops.iter().filter_map(|hop| hop.as_str()?.parse().ok()).collect(),
            _ => Vec::new(),
        };
        let actor_id = text(self.actor, "id")?;
        let theme = theme(self.action);
        Some(Told {
            actor_type: text(self.actor, "type")?,
            actor_id,
            has_ai: self.actor.get("ai").is_some(),
            action: self.action,
            theme,
            is_success: self.result == OutcomeResult::Success,
            at,
            address: context("ip").and_then(|ip| ip.as_str()?.parse().ok()),
            forwarded_for,
            user_agent: context("user_agent").and_then(Json::as_str).filter(|agent| !agent.is_empty()),
            country: geo.and_then(|geo| Country::parse(geo.get("country")?.as_str()?)),
            point: number("lat").zip(number("lon")),
            first_target: self
                .targets
                .first()
                .and_then(|target| text(target, "type").zip(text(target, "id"))),
            is_own_target: (!self.targets.is_empty())
                .then(|| self.targets.iter().any(|target| text(target, "id") == Some(actor_id))),
            host: if theme == Theme::Webhook { url().and_then(host) } else { None },
            import,
            is_counted: self.is_counted,
        })
    }
}

/// Whether the gate was asked before: `authorized_by.decision` is the id of a decision then, and not a word.
fn was_decided(authority: Option<&Json<'_>>) -> bool {
    let decision = authority.and_then(|authority| authority.get("decision")).and_then(Json::as_str);
    decision.is_some_and(|decision| id_time(decision).is_some())
}

fn theme(action: &str) -> Theme {
    match action {
        "user.signed_in" | "sso.signed_in" | "admin_login_success" => Theme::SignIn,
        "impersonation.started" | "admin_impersonation_start" => Theme::ImpersonationStart,
        "impersonation.ended" | "admin_impersonation_end" => Theme::ImpersonationEnd,
        "webhook.created"
        | "webhook.updated"
        | "app_webhook_creation"
        | "destination.created"
        | "destination.updated" => Theme::Webhook,
        _ => Theme::Other,
    }
}

/// The host of a URL as it is written, without name, password and port.
fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let (_, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split_once(']')?.0,
        None => host.split_once(':').map_or(host, |(host, _)| host),
    };
    Some(host.trim_end_matches('.')).filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_counts_within_a_day() {
        let now = Timestamp::parse("2026-11-22T12:00:00Z").expect("a time");
        let seconds = |text: &str| {
            u32::try_from(Timestamp::parse(text).expect("a time").seconds()).expect("after 1970")
        };
        for (claim, clock, at) in [
            ("2026-11-22T11:59:00Z", Clock::Ours, "2026-11-22T11:59:00Z"),
            ("2026-11-21T12:00:00Z", Clock::Ours, "2026-11-21T12:00:00Z"),
            ("2026-11-21T11:59:59Z", Clock::Ours, "2026-11-22T12:00:00Z"),
            ("2026-11-23T11:00:00Z", Clock::Ours, "2026-11-23T11:00:00Z"),
            ("2099-01-01T00:00:00Z", Clock::Ours, "2026-11-22T12:00:00Z"),
            ("2026-01-01T00:00:00Z", Clock::Past, "2026-01-01T00:00:00Z"),
            ("2026-11-24T00:00:00Z", Clock::Past, "2026-11-22T12:00:00Z"),
            ("2026-01-01T00:00:00Z", Clock::Claimed, "2026-01-01T00:00:00Z"),
        ] {
            assert_eq!(judged(clock, Timestamp::parse(claim), now), seconds(at), "{claim}");
        }
        assert_eq!(judged(Clock::Ours, None, now), seconds("2026-11-22T12:00:00Z"));
        // Clocks that are wrong by centuries are borne.
        assert_eq!(judged(Clock::Ours, None, Timestamp::MIN), 0);
        assert_eq!(judged(Clock::Claimed, Some(Timestamp::MAX), now), u32::MAX);
    }

    #[test]
    fn hosts_of_urls_are_found() {
        for (url, found) in [
            ("https://hooks.example.com/x?y", Some("hooks.example.com")),
            ("https://user:secret@hooks.example.com:8443", Some("hooks.example.com")),
            ("http://[2001:db8::1]:80/", Some("2001:db8::1")),
            ("https://evil.example\\@good.example/", Some("evil.example")),
            ("https://example.com./", Some("example.com")),
            ("https://", None),
            ("hooks.example.com", None),
        ] {
            assert_eq!(host(url), found, "{url}");
        }
    }
}

//! A batch whose facts are being worked out: each event is compared with the memory and with those before it in the batch.
//!
//! The memory itself is not changed: actors are copied when they are first met, and what was seen is handed to the memory by
//! [`Settling::settle`] once it is written. The memory is locked once for each actor of a batch, for as long as it takes to
//! find them.

use super::address;
use super::agent::{Agent, Agents};
use super::calendar::Offset;
use super::geo::{Geo, Place};
use super::judge::Judge;
use super::known::{Known, Touched};
use super::memory::{Actor, Seen};
use super::section::Section;
use super::told::{Import, Theme, Told};
use super::travel::way;
use super::widens::widens;
use hindcast_event::{Draft, Timestamp};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

/// Addresses and user agents of a batch that are looked up once.
const LOOKED_UP_MAX: usize = 4096;

/// See the module.
pub struct Working {
    known: Arc<Known>,
    judge: Arc<Judge>,
    geo: Arc<Geo>,
    agents: Arc<Agents>,
    now: Timestamp,
    offset: Offset,
    touched: Touched,
    hosts: HashSet<u64>,
    places: HashMap<IpAddr, Place>,
    told_agents: HashMap<String, (Arc<Agent>, u32)>,
    seen: Vec<Seen>,
    out: Vec<u8>,
}

/// What was seen in a batch, until it is written.
pub struct Settling {
    known: Arc<Known>,
    seen: Vec<Seen>,
}

impl Settling {
    /// Tells the memory that the batch was written, from this index on.
    pub fn settle(self, first: u64) {
        self.known.settled(first, self.seen);
    }
}

impl Working {
    pub(super) fn new(
        known: Arc<Known>,
        judge: Arc<Judge>,
        geo: Arc<Geo>,
        agents: Arc<Agents>,
        now: Timestamp,
    ) -> Self {
        let (offset, touched, hosts, places, told_agents) = Default::default();
        let (seen, out) = Default::default();
        Self { known, judge, geo, agents, now, offset, touched, hosts, places, told_agents, seen, out }
    }

    /// The facts of the next event, as the section to be kept; empty when nothing is known of it.
    pub fn facts(&mut self, draft: &Draft<'_>) -> &str {
        self.out.clear();
        let Some(told) = Told::of_draft(draft, self.judge.clock, self.now) else {
            self.seen.push(Seen::default());
            return "";
        };
        let source = address::source(told.address, &told.forwarded_for, &self.judge.proxies);
        let class = source.and_then(address::class);
        let place = match source.filter(|_| class.is_none()) {
            Some(source) => self.place(source),
            None => Place::default(),
        };
        let local = self.judge.calendar.local(told.at, &mut self.offset);
        let country = told.country.or(place.country);
        let mut seen = self.known.seen(&told, local.hour, country);
        seen.address = source.map_or(0, |source| self.known.address(source));
        let agent = told.user_agent.map(|text| self.agent(text));
        seen.agent = agent.as_ref().map_or(0, |(_, hash)| *hash);
        if let Some(spot) = &mut seen.sign_in {
            // Who names a country names where it is, or leaves it to us.
            spot.point = spot.point.or(if told.country.is_none_or(|told| Some(told) == place.country) {
                place.point
            } else {
                None
            });
        }
        let is_egress =
            source.is_some_and(|source| self.judge.egress.iter().any(|network| network.contains(source)));
        if is_egress {
            seen.sign_in = None;
        }
        let agent = agent.map(|(agent, _)| agent);
        let mut section = Section {
            actor_is_bot: is_bot(&told),
            change_widens: widens(&draft.action, &draft.changes, &draft.metadata),
            ip_as_org: place.org.as_deref(),
            ip_asn: place.asn,
            ip_class: class,
            ip_country: place.country,
            off_hours: (told.import != Some(Import::Timeless)).then(|| self.judge.calendar.is_off(local)),
            self_target: told.is_own_target,
            source_ip: source.filter(|source| Some(*source) != told.address.map(|sent| sent.to_canonical())),
            ua_browser: agent.as_ref().and_then(|agent| agent.browser.as_deref()),
            ua_device: agent.as_ref().and_then(|agent| agent.device),
            ua_os: agent.as_ref().and_then(|agent| agent.os.as_deref()),
            target_host_new: self.is_host_new(seen.host),
            ..Section::default()
        };
        if seen.actor != 0 {
            compare(self.actor(&seen), &seen, &told, &mut section);
        }
        section.write(&mut self.out);
        self.seen.push(if told.is_counted { seen } else { Seen::default() });
        str::from_utf8(&self.out).unwrap_or_default()
    }

    /// The last event is not part of the batch after all.
    pub fn leave_out_last(&mut self) {
        self.seen.pop();
    }

    /// The last event is told, but did not happen.
    pub fn last_did_not_happen(&mut self) {
        if let Some(last) = self.seen.last_mut() {
            *last = Seen::default();
        }
    }

    /// All events of the batch are worked out; more may follow in another one.
    pub fn settling(&mut self) -> Settling {
        Settling { known: self.known.clone(), seen: std::mem::take(&mut self.seen) }
    }

    fn actor(&mut self, seen: &Seen) -> &mut Actor {
        let known = &self.known;
        let find = || known.actor(seen.actor).unwrap_or_else(|| Arc::new(Actor::met(seen.at)));
        Arc::make_mut(self.touched.entry(seen.actor).or_insert_with(find))
    }

    fn place(&mut self, address: IpAddr) -> Place {
        if let Some(place) = self.places.get(&address) {
            return place.clone();
        }
        let place = self.geo.find(address);
        if self.places.len() < LOOKED_UP_MAX {
            self.places.insert(address, place.clone());
        }
        place
    }

    fn agent(&mut self, text: &str) -> (Arc<Agent>, u32) {
        if let Some(agent) = self.told_agents.get(text) {
            return agent.clone();
        }
        let agent = self.agents.find(text);
        let hash = self.known.agent(agent.browser.as_deref(), agent.os.as_deref());
        if self.told_agents.len() < LOOKED_UP_MAX {
            self.told_agents.insert(text.to_owned(), (agent.clone(), hash));
        }
        (agent, hash)
    }

    fn is_host_new(&mut self, host: u64) -> Option<bool> {
        if host == 0 {
            return None;
        }
        let is_new = self.known.is_host_new(host)?;
        Some(self.hosts.insert(host) && is_new)
    }
}

/// Compares an event with what its actor usually does, and takes it in.
fn compare(actor: &mut Actor, seen: &Seen, told: &Told<'_>, section: &mut Section<'_>) {
    // What is imported from before the time that is remembered cannot be compared with what came after it.
    let is_before = told.import.is_some() && actor.is_before(seen.at);
    let habits = actor.habits(seen);
    let way = seen.sign_in.and_then(|spot| way(actor.signed_in()?, spot));
    if told.is_counted {
        actor.take(seen);
    }
    let counts = actor.counts(seen);
    section.actions_1h = Some(counts.actions);
    section.same_action_1h = Some(counts.same_action);
    section.distinct_targets_1h = (seen.target != 0).then_some(counts.targets);
    if is_before {
        return;
    }
    section.z_same_action_30d = counts.z;
    section.actor_age_days = habits.age_days;
    section.actor_dormant_days = habits.dormant_days;
    // What begins or ends an impersonation is no part of it.
    let is_edge = matches!(told.theme, Theme::ImpersonationStart | Theme::ImpersonationEnd);
    section.after_impersonation = (!is_edge).then_some(habits.after_impersonation);
    section.country_new_for_actor = habits.is_country_new;
    section.ip_new_for_actor = habits.is_address_new;
    section.ua_new_for_actor = habits.is_agent_new;
    section.hour_share_30d = habits.hour_share;
    section.travel_kmh = way.and_then(|way| way.kmh);
    section.travel_neighbour = way.map(|way| way.is_neighbour);
}

/// Whether a program acts: an AI agent, an automation, an app or a key. Of strangers it is not known.
fn is_bot(told: &Told<'_>) -> Option<bool> {
    match told.actor_type {
        "anonymous" => None,
        "user" => Some(told.has_ai),
        _ => Some(true),
    }
}

//! What an entry asks: may this actor do this action on this target, in this context? Built by one function, for the gate and for a
//! replay, so that both see the same.

use super::read::{Members, plain};
use hindcast_event::json::{self, Json};
use hindcast_event::{ACTOR_TYPES, Core, Damaged, Entry, Event, OutcomeResult, Salts, Timestamp, id_time};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The action of entries that tell what the gate answered; `metadata.action` has that of the call.
pub const DECIDED: &str = "gate.decided";

/// A person's answer to a request for approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Whether it was granted.
    pub granted: bool,
    /// How many people agreed.
    pub approvers: u32,
}

/// A request, read from an event. What was not recorded is absent.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    event: Event<'a>,
    core: Core<'a>,
    pub(crate) occurred_at: Timestamp,
    pub(crate) actor: Option<&'a str>,
    pub(crate) kind: Option<usize>,
    actor_id: &'a str,
    pub(crate) target: Option<&'a str>,
    pub(crate) context: Option<&'a str>,
    pub(crate) facts: Option<&'a str>,
    pub(crate) on_behalf_of: Option<&'a str>,
    pub(crate) reason: Option<&'a str>,
    authorized_by: Option<&'a str>,
    is_decision: bool,
    pub(crate) approval: Option<Approval>,
    pub(crate) is_simulated: bool,
    pub(crate) is_erased: bool,
}

/// What a request without a target is about, so that policies can say so.
const NOTHING: &str = r#"{"id":"none","type":"none"}"#;

impl<'a> Asked<'a> {
    /// What an event asks, recorded or about to be. An entry about a decision of the gate ([`DECIDED`]) asks what was asked then.
    pub fn of(event: Event<'a>) -> Result<Self, Damaged> {
        let (mut core, mut actor, mut target) = (None, None, None);
        let (mut context, mut facts, mut on_behalf_of, mut reason) = (None, None, None, None);
        let mut authorized_by = None;
        for (name, value) in event.raw_sections() {
            let place = match name {
                b"actor" => &mut actor,
                b"authorized_by" => &mut authorized_by,
                b"context" => &mut context,
                b"core" => &mut core,
                b"facts" => &mut facts,
                b"on_behalf_of" => &mut on_behalf_of,
                b"reason" => &mut reason,
                b"target.0" => &mut target,
                _ => continue,
            };
            *place = Some(str::from_utf8(value).map_err(|_| Damaged("a section is not UTF-8".into()))?);
        }
        let core = core.ok_or(Damaged("it has no core".into()))?;
        let mut core = Core::read(core).ok_or(Damaged("its core cannot be read".into()))?;
        let is_decision = core.action == DECIDED;
        if is_decision && let Some(action) = metadata(event, "action").and_then(text_of) {
            core.action = action;
        }
        let (mut kind, mut actor_id) = (None, "");
        for (name, value) in actor.and_then(Members::of).into_iter().flatten() {
            match name {
                "id" => actor_id = value,
                "type" => {
                    kind = plain(value).and_then(|name| ACTOR_TYPES.iter().position(|known| *known == name))
                }
                _ => {}
            }
        }
        Ok(Self {
            event,
            occurred_at: core.occurred_at,
            core,
            actor,
            kind,
            actor_id,
            target: target.or(Some(NOTHING)),
            context,
            facts,
            on_behalf_of,
            reason,
            authorized_by,
            is_decision,
            approval: None,
            is_simulated: false,
            is_erased: false,
        })
    }

    /// What an entry asked when it was recorded. Of one of which something is erased, nothing is taken to be absent.
    pub fn of_entry(entry: &Entry<'a>) -> Result<Self, Damaged> {
        let asked = Self::of(entry.event)?;
        let is_erased = matches!(entry.salts, Salts::Left(_));
        let target = asked.target.filter(|target| !is_erased || *target != NOTHING);
        Ok(Self { is_erased, target, ..asked })
    }

    /// The same with an approval.
    #[must_use]
    pub fn approved(mut self, approval: Approval) -> Self {
        self.approval = Some(approval);
        self
    }

    /// The same as a simulation asks it (`context.simulated`).
    #[must_use]
    pub fn simulated(mut self) -> Self {
        self.is_simulated = true;
        self
    }

    /// What is to be done.
    pub fn action(&self) -> &str {
        &self.core.action
    }

    /// The conversation or ticket it is about; see [`crate::conversation_of`].
    pub fn conversation(&self) -> Option<Cow<'a, str>> {
        crate::conversation::of_event(self.event)
    }

    /// The id of the event.
    pub fn id(&self) -> &str {
        &self.core.id
    }

    /// Whether the gate was asked about it before: `authorized_by.decision` is the id of a decision then, and not a word. What was
    /// decided then is an entry of its own ([`DECIDED`]).
    pub fn was_decided(&self) -> bool {
        let decision = member(self.authorized_by, "decision").and_then(text_of);
        decision.is_some_and(|decision| id_time(&decision).is_some())
    }

    /// Whether the gate let it through because people had approved exactly this call.
    pub fn used_approval(&self) -> bool {
        let said = |name: &str| member(self.authorized_by, name).and_then(text_of);
        self.is_decision
            && said("approval_id").is_some()
            && said("decision").is_some_and(|word| word == "allow")
    }

    /// When, as the caller claims.
    pub fn occurred_at(&self) -> Timestamp {
        self.occurred_at
    }

    /// How it went, as recorded.
    pub fn result(&self) -> OutcomeResult {
        self.core.result
    }

    /// The kind of the actor, one of [`ACTOR_TYPES`]; nothing if who it was is erased.
    pub fn actor_kind(&self) -> Option<&'static str> {
        ACTOR_TYPES.get(self.kind?).copied()
    }

    /// Who asks.
    pub fn actor_id(&self) -> Cow<'a, str> {
        text_of(self.actor_id).unwrap_or_default()
    }

    /// The same as JSON.
    pub(crate) fn raw_actor_id(&self) -> &'a str {
        self.actor_id
    }

    /// The type of the first target as JSON.
    pub(crate) fn raw_target_type(&self) -> &'a str {
        member(self.target, "type").unwrap_or_default()
    }

    /// The type of the first target, `none` without one.
    pub fn target_type(&self) -> Cow<'a, str> {
        text_of(self.raw_target_type()).unwrap_or_default()
    }

    /// The id of the first target, `none` without one.
    pub fn target_id(&self) -> Cow<'a, str> {
        member(self.target, "id").and_then(text_of).unwrap_or_default()
    }

    /// A value of the metadata as JSON.
    pub fn metadata(&self, name: &str) -> Option<&'a str> {
        metadata(self.event, name)
    }

    /// What changes: JSON Pointers.
    pub(crate) fn changed(&self) -> impl Iterator<Item = &'a str> {
        self.event.sections().filter_map(|(name, _)| name.strip_prefix("change:"))
    }

    /// Whether the address it came from was recorded.
    pub(crate) fn has_address(&self) -> bool {
        member(self.context, "ip").is_some()
    }
}

fn metadata<'a>(event: Event<'a>, name: &str) -> Option<&'a str> {
    let named = |section: &[u8]| section.strip_prefix(b"meta:").is_some_and(|rest| rest == name.as_bytes());
    let (_, value) = event.raw_sections().find(|(section, _)| named(section))?;
    str::from_utf8(value).ok()
}

fn member<'a>(object: Option<&'a str>, name: &str) -> Option<&'a str> {
    Members::of(object?)?.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// The text of a JSON string.
pub(crate) fn text_of(json: &str) -> Option<Cow<'_, str>> {
    if let Some(text) = plain(json) {
        return Some(Cow::Borrowed(text));
    }
    match json::parse(json).ok()? {
        Json::String(text) => Some(text),
        _ => None,
    }
}

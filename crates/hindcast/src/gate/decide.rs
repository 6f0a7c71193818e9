//! One decision, from the call that is asked about to the entry that tells of it.

use super::book::{Book, NoBook};
use super::entry::{OWN, draft, gate_json, now};
use crate::app::App;
use crate::catalog::{By, CatalogError, KeptApproval, NewApproval, OnTimeout, PersonId};
use crate::facts::{Settling, Working};
use hindcast_event::{
    Arrival, Damaged, Draft, Entries, Event, Invalid, Key, Kind, Outcome, Timestamp, TooLarge,
};
use hindcast_ledger::{Batch, BatchError, IdempotencyKey, WorkspaceId};
use hindcast_rules::approval::{self, CallDigest, Deed, REQUIRED_MAX, Refused, State};
use hindcast_rules::policy::{Approval, Asked, Decision, Determining, Judge, Verdict};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// How long an approval is waited for where no policy says.
const TIMEOUT_SECONDS: u64 = 30 * 60;

/// A call that the gate is asked about.
#[derive(Clone, Debug)]
pub(crate) struct Request<'r> {
    /// The event that the call would be: the JSON of a draft.
    pub text: &'r str,
    /// The id of an approval that was given for it.
    pub approval: Option<&'r str>,
    /// Names the question, so that it is asked once however often it is sent.
    pub key: Option<String>,
    /// The id of the token that asks.
    pub token: String,
    /// Who answers for that token.
    pub person: Option<PersonId>,
    /// The token, as entries name it.
    pub by: By,
}

/// What the gate says of a call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Weighed {
    /// The answer.
    pub decision: Decision,
    /// Whether the call may be made: an *unknown* may where the workspace decided so.
    pub allowed: bool,
    /// The version of the policies that decided.
    pub version: String,
    /// Which of them it was, and why: `policy`, `reason`, `annotations`.
    pub determining: Vec<Value>,
    /// What could not be evaluated.
    pub errors: Vec<String>,
    /// What was not recorded and would have mattered.
    pub missing: Vec<String>,
    /// What the policies on trial would have said, if some are.
    pub trial: Option<Value>,
    /// The approval that is waited for, or that was used.
    pub approval: Option<Box<KeptApproval>>,
    /// Whether whoever asked has to hand over to a person.
    pub escalate: bool,
    /// Why an approval that was named is worth nothing.
    pub refusal: Option<String>,
}

/// A decision at its place in the log.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decided {
    /// Its id: that of its entry.
    pub id: String,
    /// The index of its entry.
    pub index: u64,
    /// When.
    pub decided_at: Timestamp,
    /// The approval it asked for or used.
    pub approval_id: Option<String>,
    /// What was said.
    pub weighed: Weighed,
}

/// A decision that is not in the log yet.
pub(crate) struct Unwritten {
    weighed: Weighed,
    id: String,
    at: Timestamp,
    batch: Batch,
    settling: Option<Settling>,
}

/// Why the gate has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotDecided {
    /// The call is no event.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// It has a name of metadata that the entry needs.
    #[error("metadata.{0}: expected another name, this one is the gate's own")]
    Taken(String),
    /// It says how it went.
    #[error("outcome: expected nothing, the call was not made yet")]
    Over,
    /// It says itself what allows it.
    #[error("authorized_by: expected nothing, the gate says what allows it")]
    Authorized,
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    #[error(transparent)]
    Book(#[from] NoBook),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Batch(#[from] BatchError),
    #[error("there is no randomness: {0}")]
    Random(#[from] getrandom::Error),
    #[error(transparent)]
    Damaged(#[from] Damaged),
}

impl Unwritten {
    /// The approval that people gave for this very call and that waits to be used, if the call needs one and did not name it.
    pub fn granted(&self) -> Option<&str> {
        let needed = self.weighed.decision == Decision::NeedsApproval;
        let given = self.weighed.approval.as_ref().filter(|kept| kept.approval.state == State::Approved);
        given.filter(|_| needed).map(|kept| kept.id.as_str())
    }

    /// The entry to append, what is to be settled then, and the decision once the entry is at an index.
    pub fn take(self) -> (Batch, Option<Settling>, impl FnOnce(u64) -> Decided) {
        let Self { weighed, id, at, batch, settling } = self;
        (batch, settling, move |index| now(weighed, id, index, at))
    }
}

/// Weighs a call, asks for an approval or uses one, and makes the entry about it. Nothing is let through before that is written.
pub(crate) fn weigh(
    app: &App,
    workspace: &WorkspaceId,
    request: &Request<'_>,
) -> Result<Unwritten, NotDecided> {
    weigh_wanting(app, workspace, request, None)
}

/// The same for whoever wants people to agree even where no policy does.
pub(crate) fn weigh_wanting(
    app: &App,
    workspace: &WorkspaceId,
    request: &Request<'_>,
    wants: Option<&Terms>,
) -> Result<Unwritten, NotDecided> {
    let asked = Draft::parse(request.text)?;
    if let Some((name, _)) = asked.metadata.iter().find(|(name, _)| OWN.contains(&name.as_ref())) {
        return Err(NotDecided::Taken(name.to_string()));
    }
    if asked.authorized_by.is_some() {
        return Err(NotDecided::Authorized);
    }
    if asked.outcome != Outcome::default() {
        return Err(NotDecided::Over);
    }
    let book = app.gate.book(app, workspace)?;
    let arrival = arrival(app)?;
    let mut working = app.facts.begin(app, workspace, arrival.0.now);
    let facts = working.facts(&asked).to_owned();
    let weighing =
        Weighing { app, workspace, request, asked: &asked, facts: &facts, arrival: &arrival.0, wants };
    let weighed = weighing.weigh(&book)?;
    write(&asked, weighed, request, &facts, &arrival, working)
}

/// Whether the gate could let a call through, or ask people about it, with arguments, facts and a conversation that are not known yet.
/// Nothing is written, and nothing is promised.
pub(crate) fn could_allow(app: &App, workspace: &WorkspaceId, text: &str) -> Result<bool, NotDecided> {
    let asked = Draft::parse(text)?;
    let book = app.gate.book(app, workspace)?;
    let mut sections = Vec::new();
    asked.encode(&arrival(app)?.0, &mut sections)?;
    let asked = Asked::of(Event::from_bytes(&sections)?)?;
    Ok(book.judges().any(|judge| judge.judge(&asked).decision != Decision::Deny))
}

fn write(
    asked: &Draft<'_>,
    weighed: Weighed,
    request: &Request<'_>,
    facts: &str,
    (arrival, key): &(Arrival, Key),
    mut working: Working,
) -> Result<Unwritten, NotDecided> {
    let gate = gate_json(&weighed, request);
    let mut entries = Entries::default();
    let told = draft(asked, &weighed, &gate);
    entries.push_new(Kind::Event, key, |out| told.encode_with(arrival, facts, out))?;
    let fingerprint =
        || Sha256::digest(format!("{}\n{}", request.approval.unwrap_or(""), request.text)).into();
    let once = request.key.clone().map(|key| IdempotencyKey { key, fingerprint: fingerprint() });
    drop(told);
    // What was not let through did not happen, and is no habit of anybody.
    if !weighed.allowed {
        working.last_did_not_happen();
    }
    let batch = Batch::new(entries, once)?;
    let id = arrival.id().to_string();
    Ok(Unwritten { weighed, id, at: arrival.now, batch, settling: Some(working.settling()) })
}

fn arrival(app: &App) -> Result<(Arrival, Key), getrandom::Error> {
    let mut bytes = [0; 26];
    getrandom::fill(&mut bytes)?;
    let (mut random, mut key) = ([0; 10], [0; 16]);
    random.copy_from_slice(&bytes[..10]);
    key.copy_from_slice(&bytes[10..]);
    Ok((Arrival { now: (app.clock)(), random }, key))
}

struct Weighing<'w> {
    app: &'w App,
    workspace: &'w WorkspaceId,
    request: &'w Request<'w>,
    asked: &'w Draft<'w>,
    facts: &'w str,
    arrival: &'w Arrival,
    wants: Option<&'w Terms>,
}

impl Weighing<'_> {
    fn weigh(&self, book: &Book) -> Result<Weighed, NotDecided> {
        let mut sections = Vec::new();
        self.asked.encode_with(self.arrival, self.facts, &mut sections)?;
        let asked = Asked::of(Event::from_bytes(&sections)?)?;
        let judge = book.judge(self.number(&asked));
        let verdict = judge.judge(&asked);
        let mut terms = Terms::of(&verdict.determining);
        let mut weighed = weighed(verdict, judge, book.fails_open(asked.action()));
        if let Some(wants) =
            self.wants.filter(|_| weighed.allowed || weighed.decision == Decision::NeedsApproval)
        {
            terms = if weighed.allowed { wants.clone() } else { terms.and(wants) };
            (weighed.decision, weighed.allowed) = (Decision::NeedsApproval, false);
        }
        weighed.trial = book.trial().filter(|trial| trial.version() != judge.version()).map(|trial| {
            let would = trial.judge(&asked);
            let ids: Vec<_> = would.determining.iter().map(|one| one.id().to_owned()).collect();
            json!({ "decision": would.live().as_str(), "policies": ids, "version": trial.version() })
        });
        match self.request.approval {
            Some(id) => self.use_approval(id, judge, &asked, weighed),
            None if weighed.decision == Decision::NeedsApproval => self.ask_approval(weighed, terms),
            None => Ok(weighed),
        }
    }

    /// The number of the conversation, or else of the actor: the same one always has the same.
    fn number(&self, asked: &Asked<'_>) -> u8 {
        let of = asked.conversation().unwrap_or_else(|| asked.actor_id());
        let hash = Sha256::digest(format!("{}\n{of}", self.workspace));
        (u16::from_be_bytes([hash[0], hash[1]]) % 100) as u8
    }

    fn ask_approval(&self, mut weighed: Weighed, terms: Terms) -> Result<Weighed, NotDecided> {
        let expires_at = self.arrival.now.micros().saturating_add_unsigned(terms.timeout_seconds * 1_000_000);
        let new = NewApproval {
            call: CallDigest::of(self.asked),
            policies: weighed.version.clone(),
            determining: policies_of(&weighed.determining),
            asked: shown(self.asked),
            decision: self.arrival.id().to_string(),
            token: self.request.token.clone(),
            requester: self.request.person.clone(),
            approvers: terms.approvers,
            required: terms.required,
            on_timeout: terms.on_timeout,
            expires_at: Timestamp::from_micros(expires_at),
        };
        let by = By { actor: new.asked["actor"].clone(), context: self.request.by.context.clone() };
        let kept = self.app.catalog.ask_approval(self.workspace, &new, self.arrival.now, &by)?;
        let Some(kept) = kept else {
            weighed.decision = Decision::Deny;
            weighed.escalate = true;
            weighed.refusal = Some("too many approvals are pending".to_owned());
            return Ok(weighed);
        };
        self.app.gate.note_answer();
        weighed.approval = Some(Box::new(kept));
        Ok(weighed)
    }

    /// Uses an approval up, if it is one for exactly this call. What the policies say then, with it, is the answer.
    fn use_approval(
        &self,
        id: &str,
        judge: &Judge,
        asked: &Asked<'_>,
        weighed: Weighed,
    ) -> Result<Weighed, NotDecided> {
        // Without the approval the call is allowed or denied already; none is used up for that.
        if weighed.decision != Decision::NeedsApproval {
            return Ok(weighed);
        }
        let deed = Deed::Use { call: CallDigest::of(self.asked), policies: &weighed.version };
        let (catalog, now) = (&self.app.catalog, self.arrival.now);
        let by = By { actor: shown(self.asked)["actor"].clone(), context: self.request.by.context.clone() };
        let used = match catalog.approval(self.workspace, id)? {
            // Whose token asked may use it, and nobody else.
            Some(kept) if kept.new.token == self.request.token => {
                catalog.do_about_approval(self.workspace, id, &deed, None, now, &by)?
            }
            _ => None,
        };
        let (refusal, state) = match used {
            Some(Ok(kept)) => {
                self.app.gate.note_answer();
                let granted = Approval { granted: true, approvers: agreed(&kept) };
                let verdict = judge.judge(&asked.clone().approved(granted));
                let with = self::weighed(verdict, judge, false);
                return Ok(Weighed { approval: Some(Box::new(kept)), trial: weighed.trial, ..with });
            }
            Some(Err(refused)) => (refused.to_string(), Some(refused)),
            None => ("there is no such approval of this token".to_owned(), None),
        };
        let pending = state == Some(Refused::Pending);
        let kept = catalog.approval(self.workspace, id)?.filter(|kept| kept.new.token == self.request.token);
        let is_late = state == Some(Refused::Over(State::Expired))
            && kept.as_ref().is_some_and(|kept| kept.new.on_timeout == OnTimeout::Escalate);
        Ok(Weighed {
            decision: if pending { Decision::NeedsApproval } else { Decision::Deny },
            approval: kept.map(Box::new),
            escalate: is_late,
            refusal: Some(refusal),
            ..weighed
        })
    }
}

fn weighed(verdict: Verdict, judge: &Judge, fails_open: bool) -> Weighed {
    let decision = verdict.live();
    let allowed = decision == Decision::Allow || decision == Decision::Unknown && fails_open;
    let determining = verdict.determining.iter().map(|one| serde_json::to_value(one).unwrap_or_default());
    Weighed {
        decision,
        allowed,
        version: judge.version().to_owned(),
        determining: determining.collect(),
        errors: verdict.errors,
        missing: verdict.missing,
        trial: None,
        approval: None,
        escalate: false,
        refusal: None,
    }
}

fn agreed(kept: &KeptApproval) -> u32 {
    u32::try_from(kept.approval.answers.iter().filter(|answer| answer.agrees).count()).unwrap_or(u32::MAX)
}

fn policies_of(determining: &[Value]) -> Vec<String> {
    determining.iter().filter_map(|one| one["policy"].as_str().map(str::to_owned)).collect()
}

/// A call as people are shown it: the draft again, with secrets masked.
fn shown(asked: &Draft<'_>) -> Value {
    let read = |json: &hindcast_event::json::Json<'_>| -> Value {
        let mut text = Vec::new();
        json.write(&mut text);
        serde_json::from_slice(&text).unwrap_or_default()
    };
    let metadata = asked.metadata.iter().map(|(name, value)| (name.to_string(), read(value)));
    let changes = asked.changes.iter().map(|change| {
        let side = |side: &Option<_>| side.as_ref().map(&read);
        json!({ "path": change.path, "before": side(&change.before), "after": side(&change.after) })
    });
    json!({
        "action": asked.action,
        "actor": read(&asked.actor),
        "on_behalf_of": asked.on_behalf_of.as_ref().map(&read),
        "targets": asked.targets.iter().map(&read).collect::<Vec<_>>(),
        "changes": changes.collect::<Vec<_>>(),
        "reason": asked.reason,
        "description": asked.description,
        "metadata": Value::Object(metadata.collect()),
    })
}

/// What those that ask for an approval want of it, taken together: the strictest of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Who may answer, as `@approvers` says it; one has to be of all.
    pub approvers: Vec<String>,
    /// How many have to agree.
    pub required: u32,
    /// How long they have.
    pub timeout_seconds: u64,
    /// What follows when they do not answer.
    pub on_timeout: OnTimeout,
}

impl Terms {
    fn and(mut self, other: &Self) -> Self {
        self.approvers.extend(other.approvers.iter().cloned());
        self.approvers.sort();
        self.approvers.dedup();
        let denies = [self.on_timeout, other.on_timeout].contains(&OnTimeout::Deny);
        Self {
            required: self.required.max(other.required),
            timeout_seconds: self.timeout_seconds.min(other.timeout_seconds),
            on_timeout: if denies { OnTimeout::Deny } else { OnTimeout::Escalate },
            ..self
        }
    }

    fn of(determining: &[Determining]) -> Self {
        let said = |name: &str| -> Vec<String> {
            determining.iter().filter_map(|one| one.0.annotations.get(name).cloned()).collect()
        };
        let mut approvers = said("approvers");
        approvers.sort();
        approvers.dedup();
        let required = said("required").iter().filter_map(|text| text.parse::<u32>().ok()).max();
        let timeout = determining.iter().filter_map(|one| one.0.timeout_seconds).min();
        let denies = said("on_timeout").iter().any(|word| OnTimeout::parse(word) == Some(OnTimeout::Deny));
        Self {
            approvers,
            required: required.unwrap_or(1).clamp(1, REQUIRED_MAX),
            timeout_seconds: timeout.unwrap_or(TIMEOUT_SECONDS).clamp(1, approval::TIMEOUT_SECONDS_MAX),
            on_timeout: if denies { OnTimeout::Deny } else { OnTimeout::Escalate },
        }
    }
}

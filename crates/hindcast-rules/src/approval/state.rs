//! What may become of an approval.

use super::CallDigest;
use hindcast_event::Timestamp;

/// At most so many people have to agree.
pub const REQUIRED_MAX: u32 = 10;
/// An approval waits for at most seven days.
pub const TIMEOUT_SECONDS_MAX: u64 = 7 * 86_400;

/// How an approval stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// People are asked.
    Pending,
    /// Enough of them agreed; the call may be made, once, until it expires.
    Approved,
    /// Somebody said no.
    Denied,
    /// Nobody answered in time, or the call was not made in time.
    Expired,
    /// Whoever asked took it back.
    Cancelled,
    /// The call was let through.
    Used,
}

impl State {
    /// All states.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Approved, Self::Denied, Self::Expired, Self::Cancelled, Self::Used];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Used => "used",
        }
    }

    /// Reads [`Self::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether nothing can become of it any more.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Pending | Self::Approved)
    }
}

/// What somebody answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Who, by the id of the person.
    pub by: String,
    /// Whether they agreed.
    pub agrees: bool,
    /// When.
    pub at: Timestamp,
}

/// An approval, as far as it matters what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// How it stands.
    pub state: State,
    /// The call it is for.
    pub call: CallDigest,
    /// The version of the policies that asked for it.
    pub policies: String,
    /// How many have to agree, from 1 to [`REQUIRED_MAX`].
    pub required: u32,
    /// What was answered so far, each person once.
    pub answers: Vec<Answer>,
    /// From when on it is worth nothing.
    pub expires_at: Timestamp,
}

/// Who answers, as the house knows them at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing<'s> {
    /// The id of the person.
    pub person: &'s str,
    /// Whether they are among those who were asked, and hold the role for it now.
    pub may_answer: bool,
    /// Whether they asked for it, by themselves or through a program they answer for.
    pub is_requester: bool,
}

/// What is done about an approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed<'d> {
    /// Somebody agrees.
    Approve(Standing<'d>),
    /// Somebody says no.
    Deny(Standing<'d>),
    /// It is taken back; whether they may is for the house to say.
    Cancel,
    /// The call is about to be made.
    Use {
        /// The call.
        call: CallDigest,
        /// The version of the policies now.
        policies: &'d str,
    },
    /// Nothing but time.
    Wait,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    /// Another state.
    State(State),
    /// Somebody agreed, and more have to.
    Closer,
    /// Nothing.
    Same,
}

/// Why nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is over.
    #[error("the approval is {} already", .0.as_str())]
    Over(State),
    /// It has to be approved first.
    #[error("the approval is still pending")]
    Pending,
    /// Nobody approves what they asked for themselves.
    #[error("whoever asked for an approval cannot give it")]
    OwnRequest,
    /// They are not among those who were asked.
    #[error("only those who were asked may answer")]
    NotAsked,
    /// They answered before.
    #[error("this person has answered already")]
    Twice,
    /// The call is not the one that was approved.
    #[error("the approval is for another call: its actor, action, targets or arguments have changed")]
    OtherCall,
    /// The policies are not those that asked for it.
    #[error("the policies have changed since the approval was asked for")]
    OtherPolicies,
}

impl Approval {
    /// Does something about it, or says why not. Time counts first: what has expired cannot be answered or used.
    pub fn apply(&mut self, deed: &Deed<'_>, now: Timestamp) -> Result<Became, Refused> {
        if !self.state.is_over() && now >= self.expires_at {
            self.state = State::Expired;
            return if *deed == Deed::Wait {
                Ok(Became::State(State::Expired))
            } else {
                Err(Refused::Over(State::Expired))
            };
        }
        match *deed {
            Deed::Wait => Ok(Became::Same),
            _ if self.state.is_over() => Err(Refused::Over(self.state)),
            Deed::Approve(standing) => self.answer(standing, true, now),
            Deed::Deny(standing) => self.answer(standing, false, now),
            Deed::Cancel => Ok(self.turn(State::Cancelled)),
            Deed::Use { call, policies } => self.use_for(call, policies),
        }
    }

    /// How many more have to agree.
    pub fn missing(&self) -> u32 {
        let agreed = self.answers.iter().filter(|answer| answer.agrees).count();
        self.required.saturating_sub(u32::try_from(agreed).unwrap_or(u32::MAX))
    }

    fn answer(&mut self, standing: Standing<'_>, agrees: bool, now: Timestamp) -> Result<Became, Refused> {
        if self.state != State::Pending {
            return Err(Refused::Over(self.state));
        }
        // Whoever asked may say no, as they may take it back.
        if standing.is_requester && agrees {
            return Err(Refused::OwnRequest);
        }
        if !standing.may_answer {
            return Err(Refused::NotAsked);
        }
        if self.answers.iter().any(|answer| answer.by == standing.person) {
            return Err(Refused::Twice);
        }
        self.answers.push(Answer { by: standing.person.to_owned(), agrees, at: now });
        if !agrees {
            return Ok(self.turn(State::Denied));
        }
        Ok(if self.missing() == 0 { self.turn(State::Approved) } else { Became::Closer })
    }

    fn use_for(&mut self, call: CallDigest, policies: &str) -> Result<Became, Refused> {
        if call != self.call {
            return Err(Refused::OtherCall);
        }
        if policies != self.policies {
            return Err(Refused::OtherPolicies);
        }
        match self.state {
            State::Approved => Ok(self.turn(State::Used)),
            _ => Err(Refused::Pending),
        }
    }

    fn turn(&mut self, state: State) -> Became {
        self.state = state;
        Became::State(state)
    }
}

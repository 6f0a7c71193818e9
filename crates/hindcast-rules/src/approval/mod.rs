//! Approvals: a person's answer to one exact call, good once.
//!
//! What was approved is told by the [digest](CallDigest) of the call and the version of the policies that asked for it, so an
//! approval of one call is worth nothing for another, nor for the same call under other policies. What may become of an
//! approval is one function, [`Approval::apply`]; who somebody is and what they may do is for the house to say ([`Standing`]).

mod call;
mod state;
#[cfg(test)]
mod tests;

pub use call::CallDigest;
pub use state::{
    Answer, Approval, Became, Deed, REQUIRED_MAX, Refused, Standing, State, TIMEOUT_SECONDS_MAX,
};

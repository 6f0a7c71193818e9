//! The turns of one conversation with an agent that speaks the HTTP contract.

use super::answer::{Action, Answer, Escalate, Failed};
use super::contract::{Call, Request, ToolResult, Turn, read};
use super::limits::TURNS_MAX;

/// The turns of one conversation with an agent that speaks the contract: says what to send, takes in what came, and ends in an
/// answer. What the agent asked for on the way counts as actions too, for it would have used those tools.
#[derive(Clone, Debug)]
pub struct Exchange {
    request: Request,
    asked: Answer,
    turns: u32,
}

/// How an exchange goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// The agent wants these results; add them with `told` and ask again.
    Results(Vec<Call>),
    /// It is over.
    Done(Box<Answer>),
}

impl Exchange {
    /// Begins with a request that has no results yet.
    pub fn new(request: Request) -> Self {
        Self { request, asked: Answer::default(), turns: 0 }
    }

    /// What to send next.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Takes in what the agent did on the way without asking us, in its order.
    pub fn acted(&mut self, actions: impl IntoIterator<Item = Action>) -> Result<(), Failed> {
        actions.into_iter().try_for_each(|action| self.asked.act(action)).map_err(Failed::from)
    }

    /// Takes in the body of a response and how long it took.
    pub fn heard(&mut self, body: &[u8], latency_ms: u64) -> Result<Next, Failed> {
        let turn = read(body)?;
        self.turns += 1;
        self.asked.latency_ms = self.asked.latency_ms.saturating_add(latency_ms);
        let mut answer = match turn {
            Turn::Calls(calls, usage) if self.turns < TURNS_MAX => {
                self.asked.usage = Some(self.asked.usage.unwrap_or_default().and(usage));
                for call in &calls {
                    self.asked.act(call.action.clone())?;
                }
                return Ok(Next::Results(calls));
            }
            Turn::Calls(_, usage) => {
                let escalate = Some(Escalate::limit_reached());
                Answer { escalate, usage: Some(usage), ..Answer::default() }
            }
            Turn::Done(answer) => *answer,
        };
        let asked = std::mem::take(&mut self.asked);
        answer.latency_ms = asked.latency_ms;
        answer.usage = match (asked.usage, answer.usage) {
            (Some(before), Some(last)) => Some(before.and(last)),
            (before, last) => before.or(last),
        };
        let last = std::mem::replace(&mut answer.actions, asked.actions);
        for action in last {
            answer.act(action)?;
        }
        Ok(Next::Done(Box::new(answer)))
    }

    /// Adds the results that were wanted.
    pub fn told(&mut self, results: Vec<ToolResult>) {
        self.request.tool_results.extend(results);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::contract::tests::{request, unknown};

    const ASKS: &[u8] = br#"{"tool_calls_pending":[{"tool":"order.lookup"}],"usage":{"input_tokens":10}}"#;

    #[test]
    fn an_exchange_adds_up_what_its_turns_asked_for_took_and_used() {
        let mut exchange = Exchange::new(request());
        assert!(matches!(exchange.heard(ASKS, 20), Ok(Next::Results(calls)) if calls.len() == 1));
        exchange.told(vec![unknown()]);
        assert_eq!(exchange.request().tool_results.len(), 1);
        let last = br#"{"resolved":true,"actions":[{"tool":"order.refund"}],"usage":{"input_tokens":5}}"#;
        let Ok(Next::Done(answer)) = exchange.heard(last, 30) else { panic!("not over") };
        assert_eq!(
            answer.actions.iter().map(|a| a.tool.as_str()).collect::<Vec<_>>(),
            ["order.lookup", "order.refund"]
        );
        assert_eq!((answer.latency_ms, answer.usage.expect("usage").input_tokens), (50, 15));
    }

    #[test]
    fn what_an_agent_did_elsewhere_comes_before_what_it_says_last() {
        let mut exchange = Exchange::new(request());
        let did = Action { tool: "order.lookup".into(), arguments: Default::default() };
        exchange.acted([did.clone()]).expect("few");
        let last = br#"{"resolved":true,"actions":[{"tool":"order.refund"}]}"#;
        let Ok(Next::Done(answer)) = exchange.heard(last, 30) else { panic!("not over") };
        let tools: Vec<_> = answer.actions.iter().map(|action| action.tool.as_str()).collect();
        assert_eq!(tools, ["order.lookup", "order.refund"]);
        assert!(Exchange::new(request()).acted(vec![did; 51]).is_err());
    }

    #[test]
    fn an_agent_that_only_asks_reaches_the_limit() {
        let mut exchange = Exchange::new(request());
        for _ in 1..TURNS_MAX {
            assert!(matches!(exchange.heard(ASKS, 1), Ok(Next::Results(_))));
        }
        let Ok(Next::Done(answer)) = exchange.heard(ASKS, 1) else { panic!("goes on") };
        assert_eq!(answer.escalate, Some(Escalate::limit_reached()));
        assert!(!answer.resolved);
    }
}

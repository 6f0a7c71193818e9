//! One case from the conversation to its score: cut, asked, judged, compared.

use super::recorded::recorded;
use super::results::is_failure;
use super::seen::{Seen, tags_of_agents};
use super::{Agent, Door, Results, Spent, Visit, Visits, Wanted, personal};
use crate::history::Conversation;
use hindcast_rules::simulation::answer::{Answer, Failed};
use hindcast_rules::simulation::case::{Case, Stratum};
use hindcast_rules::simulation::chat::Chat;
use hindcast_rules::simulation::contract::{Call, Request, ResultFrom, Tool, ToolResult, ToolServer};
use hindcast_rules::simulation::exchange::{Exchange, Next};
use hindcast_rules::simulation::outcome::Judged;
use hindcast_rules::simulation::score::{Look, Scored, Standard, score};
use hindcast_text::measure::agreement;
use std::sync::Arc;

/// Everything a run needs to look at a conversation.
pub(crate) struct Stand<'s> {
    pub run: &'s str,
    pub wanted: &'s Wanted,
    pub agent: &'s Agent,
    pub door: &'s Door,
    pub tools: &'s Arc<Vec<Tool>>,
    pub results: &'s Arc<Results>,
    pub visits: &'s Visits,
    /// Where agents reach this server, if the settings say.
    pub server: &'s str,
    pub standard: &'s Standard,
    pub spent: &'s Spent,
}

/// A case that was looked at.
pub(crate) struct Looked {
    pub case: Case,
    pub scored: Scored,
    pub answer: Result<Answer, Failed>,
}

/// Results of tools that were asked for.
#[derive(Default)]
struct Given {
    unknown: u32,
    failed: u32,
}

impl Stand<'_> {
    /// Looks at a conversation.
    pub fn look(&self, conversation: Conversation, stratum: Stratum) -> Looked {
        let conversation = if self.wanted.redact { personal::masked(conversation) } else { conversation };
        let seen = Seen::of(&conversation, stratum, self.wanted.cut);
        let mut given = Given::default();
        let (answer, correct, tags) = match self.agent {
            Agent::Recorded => {
                let recorded = recorded(&conversation);
                (Ok(recorded.answer), recorded.correct, tags_of_agents(&conversation))
            }
            _ => (self.ask(&seen, &conversation, &mut given), None, None),
        };
        if let Ok(answer) = &answer {
            self.spent.used(answer.usage.unwrap_or_default());
        }
        let judged: Vec<Judged> = answer
            .iter()
            .flat_map(|answer| &answer.actions)
            .map(|action| self.door.judge(action, &seen.case.id, seen.at))
            .collect();
        let reply = answer.as_ref().ok().and_then(|answer| answer.reply.as_deref());
        let look = Look {
            case: &seen.case,
            answer: answer.as_ref(),
            judged: &judged,
            ruled: None,
            agreement: reply.zip(seen.human_reply.as_deref()).map(|(reply, human)| agrees(reply, human)),
            correct,
            tags: tags.as_deref(),
            personal_data: reply.map_or(0, |reply| {
                let shown: Vec<&str> =
                    seen.shown.messages.iter().map(|message| message.text.as_str()).collect();
                personal::told(reply, &shown)
            }),
            unknown_tool_results: given.unknown,
            tool_failures: given.failed,
        };
        let scored = score(&look, self.standard);
        Looked { case: seen.case, scored, answer }
    }

    fn ask(&self, seen: &Seen, conversation: &Conversation, given: &mut Given) -> Result<Answer, Failed> {
        let request = Request {
            run_id: self.run.to_owned(),
            simulated: true,
            conversation: seen.shown.clone(),
            tools: self.tools.to_vec(),
            mcp: None,
            policy_hints: self.wanted.policy_hints.clone(),
            tool_results: Vec::new(),
        };
        match self.agent {
            Agent::Recorded => Err(Failed::Refused { why: "nobody is asked".to_owned() }),
            Agent::Http(line) => {
                let mut exchange = Exchange::new(request);
                loop {
                    let (body, ms) = line.ask(&spelled(exchange.request())?, self.spent)?;
                    match exchange.heard(&body, ms)? {
                        Next::Done(answer) => return Ok(*answer),
                        Next::Results(calls) => exchange.told(self.give(&calls, conversation, given)),
                    }
                }
            }
            Agent::Mcp { line, server } => {
                let visit = Visit::new(self.run, self.tools, self.results, conversation);
                let open =
                    self.visits.open(visit).map_err(|error| Failed::Refused { why: error.to_string() })?;
                let server = server.as_deref().unwrap_or(self.server).trim_end_matches('/');
                let url = format!("{server}/mcp/simulation/{}", self.run);
                let mcp = Some(ToolServer { url, token: open.token.clone() });
                let mut exchange = Exchange::new(Request { tools: Vec::new(), mcp, ..request });
                loop {
                    let (body, ms) = line.ask(&spelled(exchange.request())?, self.spent)?;
                    let called = open.visit.take();
                    given.unknown += called.unknown;
                    given.failed += called.failed;
                    exchange.acted(called.actions)?;
                    match exchange.heard(&body, ms)? {
                        Next::Done(answer) => return Ok(*answer),
                        Next::Results(calls) => exchange.told(self.give(&calls, conversation, given)),
                    }
                }
            }
            Agent::Chat { line, model, system_prompt, temperature } => {
                let mut chat = Chat::new(model, system_prompt, *temperature, &request);
                loop {
                    let (body, ms) = line.ask(&spelled(chat.request())?, self.spent)?;
                    match chat.heard(&body, ms)? {
                        Next::Done(answer) => return Ok(*answer),
                        Next::Results(calls) => chat.told(&self.give(&calls, conversation, given)),
                    }
                }
            }
        }
    }

    fn give(&self, calls: &[Call], conversation: &Conversation, given: &mut Given) -> Vec<ToolResult> {
        let results: Vec<_> = calls.iter().map(|call| self.results.answer(call, conversation)).collect();
        for result in &results {
            given.unknown += u32::from(result.from == ResultFrom::Unknown);
            given.failed += u32::from(is_failure(result));
        }
        results
    }
}

fn spelled(question: &impl serde::Serialize) -> Result<Vec<u8>, Failed> {
    serde_json::to_vec(question).map_err(|error| Failed::Refused { why: error.to_string() })
}

/// How far two replies agree: the words they share, in percent.
fn agrees(reply: &str, human: &str) -> u8 {
    (agreement(reply, human, None).token_f1.clamp(0.0, 1.0) * 100.0).round() as u8
}

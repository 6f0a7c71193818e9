//! Asking an agent over HTTP: behind the guard, within a time and a number of bytes, again after a while where that may help.

use super::{AgentWanted, Spent};
use crate::deliver::guard::{Guard, Refused};
use crate::deliver::web::{Answer as Heard, Web};
use hindcast_rules::simulation::answer::Failed;
use hindcast_rules::simulation::chat::SYSTEM_PROMPT;
use hindcast_rules::simulation::limits::ANSWER_BYTES_MAX;
use std::sync::Arc;
use std::time::{Duration, Instant};
use ureq::http::Request;
use ureq::tls::RootCerts;

/// So often one question is asked before it counts as refused.
const TRIES: u32 = 3;
/// The first pause; each further one is twice as long, and up to half of it is chance.
const PAUSE: Duration = Duration::from_millis(200);
/// An agent that wants to be left alone longer is not waited for.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// A question with all results of tools so far is at most this large.
const QUESTION_BYTES_MAX: usize = 8 << 20;
/// So much of what is said with a refusal is kept.
const SAID_CHARS_MAX: usize = 200;

/// Who is asked.
pub(crate) enum Agent {
    /// Nobody: what was recorded is looked at again.
    Recorded,
    /// An agent that speaks the HTTP contract.
    Http(Line),
    /// An agent that speaks the HTTP contract and calls its tools itself.
    Mcp {
        /// Where.
        line: Line,
        /// Where it reaches us, if not at the address of the settings.
        server: Option<String>,
    },
    /// A model behind an OpenAI-compatible endpoint.
    Chat {
        /// Where.
        line: Line,
        /// Which.
        model: String,
        /// What it is told first.
        system_prompt: String,
        /// See `ChatRequest`.
        temperature: Option<u8>,
    },
}

/// The way to an agent.
pub(crate) struct Line {
    web: Web,
    url: String,
    authorization: Option<String>,
    timeout: Duration,
}

impl Agent {
    /// The agent that is wanted.
    pub fn new(wanted: &AgentWanted, credential: Option<&str>, guard: &Arc<Guard>) -> Self {
        let line = |url: String, timeout_ms: u64| {
            let timeout = Duration::from_millis(timeout_ms);
            let web = Web::trusting(guard, timeout, RootCerts::WebPki).with_answers(ANSWER_BYTES_MAX as u64);
            Line { web, url, authorization: credential.map(|secret| format!("Bearer {secret}")), timeout }
        };
        match wanted {
            AgentWanted::Recorded {} => Self::Recorded,
            AgentWanted::Http { url, timeout_ms, .. } => {
                Self::Http(line(format!("{}/v1/respond", url.trim_end_matches('/')), *timeout_ms))
            }
            AgentWanted::Mcp { url, timeout_ms, server, .. } => Self::Mcp {
                line: line(format!("{}/v1/respond", url.trim_end_matches('/')), *timeout_ms),
                server: server.clone(),
            },
            AgentWanted::Chat { url, model, system_prompt, temperature, timeout_ms, .. } => Self::Chat {
                line: line(format!("{}/chat/completions", url.trim_end_matches('/')), *timeout_ms),
                model: model.clone(),
                system_prompt: system_prompt.clone().unwrap_or_else(|| SYSTEM_PROMPT.to_owned()),
                temperature: *temperature,
            },
        }
    }
}

impl Line {
    /// One question and its answer, with the milliseconds it took.
    pub fn ask(&self, question: &[u8], spent: &Spent) -> Result<(Vec<u8>, u64), Failed> {
        if question.len() > QUESTION_BYTES_MAX {
            return Err(refused(format!("the question has more than {QUESTION_BYTES_MAX} bytes")));
        }
        let mut pause = PAUSE;
        for tried in 1.. {
            if !spent.ask() {
                return Err(Failed::Budget);
            }
            let (wait, why) = match self.ask_once(question)? {
                Tried::Answered(body, ms) => return Ok((body, ms)),
                Tried::Again(wait, why) => (wait, why),
            };
            let wait = wait.unwrap_or_else(|| pause + jitter(pause / 2));
            if tried >= TRIES || wait > PAUSE_MAX {
                return Err(refused(why));
            }
            std::thread::sleep(wait);
            pause *= 2;
        }
        Err(refused("it was asked too often".to_owned()))
    }

    fn ask_once(&self, question: &[u8]) -> Result<Tried, Failed> {
        let request = Request::post(&self.url).header("content-type", "application/json");
        let request = match &self.authorization {
            Some(authorization) => request.header("authorization", authorization),
            None => request,
        };
        let request = request.body(question).map_err(|error| refused(error.to_string()))?;
        let begun = Instant::now();
        let heard = self.web.run(request);
        let took = begun.elapsed();
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        match heard {
            Ok(heard) => self.heard(heard, took, ms),
            Err(ureq::Error::Timeout(_)) => Err(Failed::Slow { after_ms: ms }),
            Err(ureq::Error::Other(other)) => match other.downcast_ref::<Refused>() {
                Some(why @ (Refused::Reserved { .. } | Refused::Plain(_))) => Err(refused(why.to_string())),
                _ => Ok(Tried::Again(None, other.to_string())),
            },
            Err(error) => Ok(Tried::Again(None, error.to_string())),
        }
    }

    fn heard(&self, heard: Heard, took: Duration, ms: u64) -> Result<Tried, Failed> {
        if !heard.is_success() {
            let why = format!("status {} {}", heard.status, said(&heard.body));
            let passes = matches!(heard.status, 408 | 425 | 429 | 500 | 502 | 503 | 504);
            return if passes { Ok(Tried::Again(heard.retry_after, why)) } else { Err(refused(why)) };
        }
        if !heard.is_cut {
            return Ok(Tried::Answered(heard.body, ms));
        }
        if heard.body.len() >= ANSWER_BYTES_MAX {
            return Err(Failed::TooLarge { max: ANSWER_BYTES_MAX as u64 });
        }
        if took >= self.timeout {
            return Err(Failed::Slow { after_ms: ms });
        }
        Ok(Tried::Again(None, "the answer broke off".to_owned()))
    }
}

enum Tried {
    Answered(Vec<u8>, u64),
    Again(Option<Duration>, String),
}

fn refused(why: String) -> Failed {
    Failed::Refused { why: why.chars().take(2 * SAID_CHARS_MAX).collect() }
}

fn said(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(4 * SAID_CHARS_MAX)]);
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(SAID_CHARS_MAX)
        .collect::<String>()
        .trim()
        .to_owned()
}

/// Up to so long, so that those who were refused together do not come again together.
fn jitter(up_to: Duration) -> Duration {
    let mut random = [0; 1];
    // Without randomness they come together; that is no reason to fail.
    let _ = getrandom::fill(&mut random);
    up_to * u32::from(random[0]) / 256
}

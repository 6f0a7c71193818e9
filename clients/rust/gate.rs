//! Asks hindcast's gate before a tool is called. One file to copy; it needs `ureq` 3 and `serde_json`.
//!
//! No answer is no permission: whatever goes wrong is [`NotAllowed`].

use serde_json::{Value, json};
use std::fmt;
use std::time::{Duration, Instant};

/// A gate: its address, and a token with the scopes `decide` and, to report what was done, `ingest`.
pub struct Gate {
    url: String,
    token: String,
    agent: ureq::Agent,
}

/// The call must not be made.
#[derive(Debug)]
pub struct NotAllowed {
    /// Why, for people.
    pub why: String,
    /// The gate's answer; nothing when there was none.
    pub decision: Option<Value>,
}

impl fmt::Display for NotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for NotAllowed {}

impl NotAllowed {
    fn because(why: impl fmt::Display) -> Self {
        Self { why: format!("the gate cannot be asked: {why}"), decision: None }
    }

    /// Whether a person has to take over.
    pub fn escalate(&self) -> bool {
        self.decision.as_ref().is_none_or(|decision| decision["escalate"] == true)
    }
}

impl Gate {
    pub fn new(url: &str, token: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(70)));
        let url = url.trim_end_matches('/').to_owned();
        Self { url, token: token.to_owned(), agent: config.build().into() }
    }

    /// Asks once; `call` is the event that the call would be. Sent again under one key it gets one answer.
    pub fn decide(
        &self,
        call: &Value,
        approval: Option<&str>,
        key: Option<&str>,
    ) -> Result<Value, NotAllowed> {
        let with = approval.map(|id| format!("?approval={id}")).unwrap_or_default();
        let mut request = self.agent.post(format!("{}/v1/decide{with}", self.url));
        request = request.header("Authorization", format!("Bearer {}", self.token));
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        read(request.header("Content-Type", "application/json").send(call.to_string()))
    }

    /// The decision that allows the call, after waiting for people for a while.
    pub fn allow(&self, call: &Value, wait: Duration) -> Result<Value, NotAllowed> {
        let mut decision = self.decide(call, None, None)?;
        let until = Instant::now() + wait;
        while decision["decision"] == "needs_approval" && Instant::now() < until {
            let id = decision["approval"]["id"].as_str().unwrap_or_default().to_owned();
            let seconds = until.saturating_duration_since(Instant::now()).as_secs().clamp(1, 60);
            let path = format!("{}/v1/approvals/{id}?wait={seconds}", self.url);
            let request = self.agent.get(path).header("Authorization", format!("Bearer {}", self.token));
            if read(request.call())?["state"] != "pending" {
                decision = self.decide(call, Some(&id), None)?;
                break;
            }
        }
        if decision["allowed"] == true {
            return Ok(decision);
        }
        let reasons = decision["determining"].as_array().into_iter().flatten();
        let reasons: Vec<_> =
            reasons.filter_map(|one| one["reason"].as_str().or(one["policy"].as_str())).collect();
        let why = decision["refusal"].as_str().map_or_else(|| reasons.join("; "), str::to_owned);
        let why = format!("{}: {why}", decision["decision"].as_str().unwrap_or("no answer"));
        Err(NotAllowed { why, decision: Some(decision) })
    }

    /// Tells the log what was done after it was allowed, and how it went.
    pub fn report(&self, call: &Value, decision: &Value, outcome: Value) -> Result<Value, NotAllowed> {
        let mut event = call.clone();
        event["outcome"] = outcome;
        event["authorized_by"] = json!({ "decision": decision["decision_id"] });
        let request = self.agent.post(format!("{}/v1/events", self.url));
        let request = request.header("Authorization", format!("Bearer {}", self.token));
        read(request.header("Content-Type", "application/json").send(event.to_string()))
    }
}

fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value, NotAllowed> {
    let mut answer = answer.map_err(NotAllowed::because)?;
    let status = answer.status();
    let text = answer.body_mut().read_to_string().map_err(NotAllowed::because)?;
    let body: Value = serde_json::from_str(&text).map_err(NotAllowed::because)?;
    if status.is_success() { Ok(body) } else { Err(NotAllowed::because(format!("{status}: {body}"))) }
}

//! Zendesk: its audit log, and tickets as they were each time they changed.

mod audit;
mod tickets;

pub(super) use audit::AuditLogs;
pub(super) use tickets::Tickets;

use super::{Answered, Asking, Pace, Trouble};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::http::Request;

/// A question is asked again so often when we came too early.
const TRIES_MAX: u32 = 6;

/// Asks one account of Zendesk's.
pub(crate) struct Api {
    web: Box<dyn Asking>,
    host: String,
    authorization: String,
    /// The account, as its address begins.
    pub subdomain: String,
}

impl Api {
    /// With an API token, which is somebody's.
    pub fn new(web: Box<dyn Asking>, host: &str, subdomain: &str, user: &str, token: &str) -> Self {
        let authorization = format!("Basic {}", STANDARD.encode(format!("{user}/token:{}", token.trim())));
        Self {
            web,
            host: host.trim_end_matches('/').to_owned(),
            authorization,
            subdomain: subdomain.to_owned(),
        }
    }

    /// Gets what is at a path.
    pub fn get(&mut self, path: &str, pace: &mut dyn Pace) -> Result<Answered, Trouble> {
        for _ in 0..TRIES_MAX {
            let request = Request::get(format!("{}{path}", self.host))
                .header("authorization", &self.authorization)
                .header("accept", "application/json")
                .body(Vec::new())
                .map_err(|_| {
                    Trouble::Refused("the subdomain or the user cannot be part of an address".to_owned())
                })?;
            let answer = self.web.ask(request)?;
            let now = pace.now().seconds();
            match (answer.status, answer.pause(now)) {
                (200, pause) => {
                    pause.map_or(Ok(()), |pause| pace.wait(pause))?;
                    return Ok(answer);
                }
                (429 | 503, Some(pause)) => pace.wait(pause)?,
                _ => return Err(answer.trouble("Zendesk", now)),
            }
        }
        Err(Trouble::later(format!("Zendesk asked us to wait {TRIES_MAX} times in a row")))
    }
}

/// A query string.
fn query(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

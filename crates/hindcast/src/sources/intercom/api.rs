//! Intercom's REST API, as far as we ask it.

use crate::sources::{Answered, Asking, Pace, Trouble, Unanswered};
use ureq::http::Request;

/// Fixed, so that what we are told keeps its shape: Preview may lose the sentences.
const VERSION: &str = "2.14";
/// A question is asked again so often when we came too early.
const TRIES_MAX: u32 = 6;

/// Asks one workspace of Intercom's.
pub(crate) struct Api {
    web: Box<dyn Asking>,
    /// In front of every path.
    host: String,
    token: String,
}

impl Api {
    pub fn new(web: Box<dyn Asking>, host: &str, token: &str) -> Self {
        Self { web, host: host.trim_end_matches('/').to_owned(), token: token.trim().to_owned() }
    }

    /// Gets what is at a path, or says that it was too much.
    pub fn get(&mut self, path: &str, pace: &mut dyn Pace) -> Result<Said, Trouble> {
        self.ask("GET", path, Vec::new(), pace)
    }

    /// Asks with a body of JSON.
    pub fn post(&mut self, path: &str, body: String, pace: &mut dyn Pace) -> Result<Said, Trouble> {
        self.ask("POST", path, body.into_bytes(), pace)
    }

    fn ask(&mut self, method: &str, path: &str, body: Vec<u8>, pace: &mut dyn Pace) -> Result<Said, Trouble> {
        for _ in 0..TRIES_MAX {
            let request = self.request(method, path, body.clone())?;
            let answer = match self.web.ask(request) {
                Ok(answer) => answer,
                Err(Unanswered::TooMuch(why)) => return Ok(Said::TooMuch(why)),
                Err(unanswered) => return Err(unanswered.into()),
            };
            let now = pace.now().seconds();
            let pause = answer.pause(now);
            match (answer.status, pause) {
                (200, pause) => {
                    pause.map_or(Ok(()), |pause| pace.wait(pause))?;
                    return Ok(Said::Answer(answer));
                }
                // Told when to come again, it is not the question that was too much.
                (429 | 503, Some(pause)) => pace.wait(pause)?,
                (408 | 500..=599, _) => {
                    return Ok(Said::TooMuch(answer.trouble("Intercom", now).to_string()));
                }
                _ => return Err(answer.trouble("Intercom", now)),
            }
        }
        Err(Trouble::later(format!("Intercom asked us to wait {TRIES_MAX} times in a row")))
    }

    fn request(&self, method: &str, path: &str, body: Vec<u8>) -> Result<Request<Vec<u8>>, Trouble> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.host))
            .header("authorization", format!("Bearer {}", self.token))
            .header("accept", "application/json")
            .header("content-type", "application/json")
            .header("intercom-version", VERSION);
        let bad = |_| Trouble::Refused("the access token has characters that no token has".to_owned());
        request.body(body).map_err(bad)
    }
}

/// What Intercom made of a question.
pub(crate) enum Said {
    Answer(Answered),
    /// It failed or took too long: less may work.
    TooMuch(String),
}

impl Said {
    /// For questions that cannot be smaller.
    pub fn answer(self) -> Result<Answered, Trouble> {
        match self {
            Self::Answer(answer) => Ok(answer),
            Self::TooMuch(why) => Err(Trouble::later(why)),
        }
    }
}

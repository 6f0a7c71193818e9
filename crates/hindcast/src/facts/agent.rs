//! User agents: which browser, which system, and what kind of thing.
//!
//! The expressions are those of uap-core (`data/README.md`), which know far more programs than we would; they are compiled when
//! the first user agent is met. The kind of thing is told from the system, coarsely: models of telephones give people away.

use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use ua_parser::{os, user_agent};

const EXPRESSIONS: &str = include_str!("../../data/agents.json");
/// So many user agents are remembered; then they are learned anew.
const AGENTS_MAX: usize = 4096;
/// Only so much of a user agent is looked at: what tells something stands in front.
const AGENT_BYTES_MAX: usize = 512;
/// What a crawler calls itself.
const CRAWLERS: [&str; 4] = ["bot", "crawl", "spider", "slurp"];

/// What a user agent tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agent {
    /// The browser or program, such as `Firefox`.
    pub browser: Option<String>,
    /// The system, such as `Windows`.
    pub os: Option<String>,
    /// `computer`, `phone`, `tablet`, `bot` or `program`.
    pub device: Option<&'static str>,
}

/// Tells user agents apart, each once.
#[derive(Default)]
pub struct Agents {
    known: RwLock<HashMap<String, Arc<Agent>>>,
    extractors: OnceLock<Option<Extractors>>,
}

struct Extractors {
    browsers: user_agent::Extractor<'static>,
    systems: os::Extractor<'static>,
}

#[derive(Deserialize)]
struct Expressions {
    user_agent_parsers: Vec<user_agent::Parser<'static>>,
    os_parsers: Vec<os::Parser<'static>>,
}

impl Agents {
    /// What a user agent tells.
    pub fn find(&self, text: &str) -> Arc<Agent> {
        if let Some(agent) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(text) {
            return agent.clone();
        }
        let agent = Arc::new(self.read(text));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= AGENTS_MAX {
            known.clear();
        }
        known.insert(text.to_owned(), agent.clone());
        agent
    }

    fn read(&self, text: &str) -> Agent {
        let text = &text[..text.floor_char_boundary(AGENT_BYTES_MAX)];
        let Some(extractors) = self.extractors.get_or_init(compiled) else { return Agent::default() };
        let is_told = |name: &String| !name.is_empty() && name != "Other";
        let browser =
            extractors.browsers.extract(text).map(|found| found.family.into_owned()).filter(is_told);
        let os = extractors.systems.extract(text).map(|found| found.os.into_owned()).filter(is_told);
        let device = device(text, browser.as_deref(), os.as_deref());
        Agent { browser, os, device }
    }
}

fn compiled() -> Option<Extractors> {
    let compile = || -> Result<Extractors, Box<dyn std::error::Error>> {
        let expressions: Expressions = serde_json::from_str(EXPRESSIONS)?;
        Ok(Extractors {
            browsers: user_agent::Builder::new().push_all(expressions.user_agent_parsers)?.build()?,
            systems: os::Builder::new().push_all(expressions.os_parsers)?.build()?,
        })
    };
    compile().inspect_err(|error| tracing::error!(%error, "user agents cannot be told apart")).ok()
}

fn device(text: &str, browser: Option<&str>, os: Option<&str>) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    if CRAWLERS.iter().any(|word| lower.contains(word)) {
        return Some("bot");
    }
    match os {
        Some("iOS") => Some(if lower.contains("ipad") { "tablet" } else { "phone" }),
        Some("Android") => Some(if lower.contains("mobile") { "phone" } else { "tablet" }),
        Some("Windows Phone" | "KaiOS" | "BlackBerry OS") => Some("phone"),
        Some("Windows" | "Mac OS X" | "Linux" | "Ubuntu" | "Fedora" | "Debian" | "Chrome OS" | "FreeBSD") => {
            Some("computer")
        }
        _ => browser.map(|_| "program"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_agents_are_told_apart() {
        let agents = Agents::default();
        let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";
        for (text, browser, os, device) in [
            (chrome, "Chrome", "Windows", "computer"),
            (&format!("{chrome} Edg/126.0.0.0"), "Edge", "Windows", "computer"),
            (safari, "Mobile Safari", "iOS", "phone"),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
                "Firefox",
                "Linux",
                "computer",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-X200) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
                "Chrome",
                "Android",
                "tablet",
            ),
            ("curl/8.5.0", "curl", "", "program"),
            ("python-requests/2.31", "Python Requests", "", "program"),
            (
                "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
                "Googlebot",
                "",
                "bot",
            ),
            ("something nobody has heard of", "", "", ""),
            ("", "", "", ""),
            (&"é".repeat(1024), "", "", ""),
        ] {
            let found = agents.find(text);
            let told = (found.browser.as_deref(), found.os.as_deref(), found.device);
            let text_of = |told: Option<&str>| told.unwrap_or_default().to_owned();
            assert_eq!(
                (text_of(told.0), text_of(told.1), text_of(told.2)),
                (browser.into(), os.into(), device.into()),
                "{text}"
            );
        }
        assert!(Arc::ptr_eq(&agents.find(chrome), &agents.find(chrome)));
    }

    #[test]
    fn no_more_are_remembered_than_the_limit() {
        let agents = Agents::default();
        (0..AGENTS_MAX + 10).for_each(|nth| drop(agents.find(&format!("x{nth}"))));
        assert!(agents.known.read().expect("read").len() <= AGENTS_MAX);
    }
}

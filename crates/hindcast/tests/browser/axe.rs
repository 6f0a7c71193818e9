//! What is wrong with a page: axe by the rules of WCAG 2.2 AA, what has to be scrolled sideways, and what the console complains of.
//!
//! axe is not part of this repository. It is taken from `HINDCAST_AXE`, or from where `./test` puts it.

use crate::browser::{Browser, say};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// So many places, and pages, are told of each rule that is broken.
const FAULTS_TOLD_MAX: usize = 4;
/// The narrowest screen, and the usual one.
const NARROW: (u32, u32) = (320, 640);
const WIDE: (u32, u32) = (1280, 900);

/// What is wrong, and on which pages.
pub struct Inspector {
    axe: String,
    /// By rule and place.
    faults: BTreeMap<String, BTreeMap<String, Fault>>,
    pages: usize,
}

/// Something wrong at one place.
#[derive(Default)]
struct Fault {
    told: String,
    pages: Vec<String>,
}

impl Inspector {
    /// Somebody who knows the rules; nobody when axe is not here, which is said.
    pub fn new() -> Option<Self> {
        let home = std::env::var("HOME").unwrap_or_default();
        let usual = PathBuf::from(home).join(".cache/hindcast");
        let cache = std::env::var("HINDCAST_CACHE").map_or(usual, PathBuf::from);
        let file = std::env::var("HINDCAST_AXE").map_or(cache.join("axe/axe.min.js"), PathBuf::from);
        match std::fs::read_to_string(&file) {
            Ok(axe) => Some(Self { axe, faults: BTreeMap::new(), pages: 0 }),
            Err(_) => {
                say(&format!("skipped: axe is not here ({}; set HINDCAST_AXE)", file.display()));
                None
            }
        }
    }

    /// Looks at what the browser shows.
    pub async fn inspect(&mut self, browser: &Browser, page: &str) {
        self.pages += 1;
        browser.settle().await;
        browser.run(&self.axe).await;
        let run = "const [done] = arguments;
            const values = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
            const told = node => [node.target.join(' '), node.html.slice(0, 300), node.failureSummary];
            axe.run(document, { runOnly: { type: 'tag', values }, resultTypes: ['violations'], preload: false }).then(
                found => done(found.violations.map(rule => [rule.id, rule.help, rule.nodes.map(told)])),
                error => done([['axe itself', String(error), []]]));";
        let broken = browser.run_until_told(run, &json!([])).await;
        for rule in broken.as_array().expect("rules") {
            let rule_told = format!("{} ({})", text(&rule[0]), text(&rule[1]));
            for node in rule[2].as_array().expect("nodes") {
                let summary = text(&node[2]).replace('\n', " ");
                self.note(&rule_told, text(&node[0]), &format!("{}\n      {summary}", text(&node[1])), page);
            }
        }
        self.measure(browser, page).await;
        for complaint in browser.complaints() {
            self.note("the console complains", &complaint, "", page);
        }
    }

    /// Makes the window narrow for a moment.
    async fn measure(&mut self, browser: &Browser, page: &str) {
        browser.resize(NARROW.0, NARROW.1);
        if let Some(wide) = browser.sideways().await {
            self.note(&format!("wider than {} px", NARROW.0), page, &wide, page);
        }
        browser.resize(WIDE.0, WIDE.1);
    }

    /// Notes something that is wrong.
    pub fn note(&mut self, rule: &str, place: &str, told: &str, page: &str) {
        let fault = self.faults.entry(rule.to_owned()).or_default().entry(place.to_owned()).or_default();
        told.clone_into(&mut fault.told);
        fault.pages.push(page.to_owned());
    }

    /// Nothing may be wrong.
    pub fn conclude(self) {
        let mut told = String::new();
        for (rule, places) in &self.faults {
            told.push_str(&format!("- {rule}: {} places\n", places.len()));
            for (place, fault) in places.iter().take(FAULTS_TOLD_MAX) {
                let pages = fault.pages.iter().take(FAULTS_TOLD_MAX).map(String::as_str).collect::<Vec<_>>();
                told.push_str(&format!("    {place}\n      {}\n", fault.told));
                told.push_str(&format!("      on {} pages: {}\n", fault.pages.len(), pages.join(", ")));
            }
        }
        assert!(told.is_empty(), "{} pages were looked at:\n{told}", self.pages);
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

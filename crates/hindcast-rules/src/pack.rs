//! The rules we ship, with their texts in all languages.
//!
//! A rule is a file of Sigma in `pack/`, English texts included; `pack/locales/` has what it is called and what to do about it in
//! other languages, and what tunables are called in all of them.

use crate::detection::{Lists, RuleInfo, RuleText, check};
use hindcast_event::Language;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A rule as it is shipped.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// Its short code such as `A1`, which is also the key of its state.
    pub code: &'static str,
    /// Its Sigma YAML.
    pub yaml: &'static str,
}

/// What people read about a rule.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleTexts {
    /// What it is called.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// When it is wrong.
    pub falsepositives: Vec<String>,
    /// What to do, step by step.
    pub response: Vec<String>,
}

/// The texts of one language.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Texts {
    /// By the code of the rule.
    pub rules: BTreeMap<String, RuleTexts>,
    /// By the name of the tunable.
    pub tunables: BTreeMap<String, String>,
    /// By the name of the operator's list.
    pub lists: BTreeMap<String, String>,
    /// What a sequence behind a verdict names, by its English title; see [`crate::detection::Why::Sequence`].
    pub parts: BTreeMap<String, String>,
}

/// All rules we ship.
pub const SHIPPED: &[Shipped] = &[
    Shipped { code: "A1", yaml: include_str!("../pack/A1-brute-force.yml") },
    Shipped { code: "A2", yaml: include_str!("../pack/A2-password-spraying.yml") },
    Shipped { code: "A3", yaml: include_str!("../pack/A3-brute-force-then-success.yml") },
    Shipped { code: "A4", yaml: include_str!("../pack/A4-new-country.yml") },
    Shipped { code: "A5", yaml: include_str!("../pack/A5-impossible-travel.yml") },
    Shipped { code: "A6", yaml: include_str!("../pack/A6-dormant-account.yml") },
    Shipped { code: "A7", yaml: include_str!("../pack/A7-sign-in-method.yml") },
    Shipped { code: "A8", yaml: include_str!("../pack/A8-two-factor-weakened.yml") },
    Shipped { code: "A9", yaml: include_str!("../pack/A9-recovery-path.yml") },
    Shipped { code: "B1", yaml: include_str!("../pack/B1-authentication-method.yml") },
    Shipped { code: "B2", yaml: include_str!("../pack/B2-sso-domain.yml") },
    Shipped { code: "B3", yaml: include_str!("../pack/B3-identity-verification-off.yml") },
    Shipped { code: "B4", yaml: include_str!("../pack/B4-security-settings.yml") },
    Shipped { code: "C1", yaml: include_str!("../pack/C1-privilege-granted.yml") },
    Shipped { code: "C2", yaml: include_str!("../pack/C2-self-elevation.yml") },
    Shipped { code: "C3", yaml: include_str!("../pack/C3-elevation-chain.yml") },
    Shipped { code: "C4", yaml: include_str!("../pack/C4-new-teammate-powerful.yml") },
    Shipped { code: "C5", yaml: include_str!("../pack/C5-invite-foreign-domain.yml") },
    Shipped { code: "C6", yaml: include_str!("../pack/C6-outside-directory.yml") },
    Shipped { code: "C7", yaml: include_str!("../pack/C7-mass-removal.yml") },
    Shipped { code: "C8", yaml: include_str!("../pack/C8-role-deleted.yml") },
    Shipped { code: "D1", yaml: include_str!("../pack/D1-data-export.yml") },
    Shipped { code: "D2", yaml: include_str!("../pack/D2-mass-export.yml") },
    Shipped { code: "D3", yaml: include_str!("../pack/D3-export-then-deletion.yml") },
    Shipped { code: "D4", yaml: include_str!("../pack/D4-mass-deletion.yml") },
    Shipped { code: "D5", yaml: include_str!("../pack/D5-workspace-deletion.yml") },
    Shipped { code: "E1", yaml: include_str!("../pack/E1-app-installed.yml") },
    Shipped { code: "E2", yaml: include_str!("../pack/E2-token-created.yml") },
    Shipped { code: "E3", yaml: include_str!("../pack/E3-webhook-new-host.yml") },
    Shipped { code: "E4", yaml: include_str!("../pack/E4-webhook-silenced.yml") },
    Shipped { code: "F1", yaml: include_str!("../pack/F1-impersonation.yml") },
    Shipped { code: "G1", yaml: include_str!("../pack/G1-automation-unplanned.yml") },
    Shipped { code: "G2", yaml: include_str!("../pack/G2-flapping.yml") },
    Shipped { code: "G3", yaml: include_str!("../pack/G3-message-to-everyone.yml") },
    Shipped { code: "G4", yaml: include_str!("../pack/G4-messenger-opened.yml") },
    Shipped { code: "G5", yaml: include_str!("../pack/G5-content-removed.yml") },
    Shipped { code: "G6", yaml: include_str!("../pack/G6-sender-changed.yml") },
    Shipped { code: "G7", yaml: include_str!("../pack/G7-billing-contact.yml") },
    Shipped { code: "G8", yaml: include_str!("../pack/G8-off-hours-administration.yml") },
    Shipped { code: "H1", yaml: include_str!("../pack/H1-bot-burst.yml") },
    Shipped { code: "H2", yaml: include_str!("../pack/H2-bot-corrected.yml") },
    Shipped { code: "H3", yaml: include_str!("../pack/H3-escalation-spike.yml") },
    Shipped { code: "H4", yaml: include_str!("../pack/H4-money-moved.yml") },
    Shipped { code: "H5", yaml: include_str!("../pack/H5-denied-probing.yml") },
    Shipped { code: "H6", yaml: include_str!("../pack/H6-tool-drift.yml") },
    Shipped { code: "H7", yaml: include_str!("../pack/H7-resolution-disputed.yml") },
    Shipped { code: "I1", yaml: include_str!("../pack/I1-log-gap.yml") },
    Shipped { code: "I2", yaml: include_str!("../pack/I2-audit-read.yml") },
];

/// In the order of [`Language::ALL`].
const LOCALES: [&str; 4] = [
    include_str!("../pack/locales/en.yml"),
    include_str!("../pack/locales/de.yml"),
    include_str!("../pack/locales/fr.yml"),
    include_str!("../pack/locales/ja.yml"),
];

/// The texts of the pack in a language.
pub fn texts(language: Language) -> &'static Texts {
    static TEXTS: OnceLock<Vec<Texts>> = OnceLock::new();
    let all =
        TEXTS.get_or_init(|| Language::ALL.into_iter().zip(LOCALES).map(|(l, text)| read(l, text)).collect());
    let place = Language::ALL.into_iter().position(|one| one == language).unwrap_or(0);
    &all[place]
}

/// The texts are part of the binary and a test reads them all, so what cannot be read is empty and never shipped.
fn read(language: Language, locale: &str) -> Texts {
    let mut texts: Texts = yaml_serde::from_str(locale).unwrap_or_default();
    if language == Language::English {
        texts.rules =
            SHIPPED.iter().filter_map(|rule| Some((rule.code.to_owned(), own(rule)?.into()))).collect();
    }
    texts
}

fn own(rule: &Shipped) -> Option<RuleInfo> {
    let text = RuleText { key: rule.code, yaml: rule.yaml, tuned: BTreeMap::new() };
    check(&text, &Lists::new()).rules.into_iter().next()
}

impl From<RuleInfo> for RuleTexts {
    fn from(info: RuleInfo) -> Self {
        let RuleInfo { title, description, falsepositives, response, .. } = info;
        Self { title, description: description.unwrap_or_default(), falsepositives, response }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_rule_runs_and_says_what_it_must() {
        let mut ids = BTreeSet::new();
        for rule in SHIPPED {
            let text = RuleText { key: rule.code, yaml: rule.yaml, tuned: BTreeMap::new() };
            let checked = check(&text, &Lists::new());
            assert_eq!(checked.errors, [], "{}", rule.code);
            assert_eq!(checked.warnings, [], "{}", rule.code);
            let [info] = checked.rules.as_slice() else { panic!("{} alerts as one rule", rule.code) };
            assert_eq!(info.code.as_deref(), Some(rule.code));
            assert!(ids.insert(info.id.clone()), "{}", rule.code);
            assert!(
                info.description.is_some() && !info.falsepositives.is_empty() && !info.response.is_empty()
            );
            assert!(info.tags.iter().all(|tag| tag.starts_with("attack.")), "{}", rule.code);
        }
        assert_eq!(ids.len(), 48);
    }

    #[test]
    fn every_text_is_there_in_every_language() {
        let english = texts(Language::English);
        for language in Language::ALL {
            let texts = texts(language);
            let keys = |texts: &'static Texts| {
                let lengths =
                    texts.rules.iter().map(|(code, t)| (code, t.falsepositives.len(), t.response.len()));
                let names = texts.tunables.keys().chain(texts.lists.keys()).chain(texts.parts.keys());
                (lengths.collect::<Vec<_>>(), names.collect::<Vec<_>>())
            };
            assert_eq!(keys(texts), keys(english), "{language:?}");
            let all = texts.rules.values().flat_map(|texts| {
                [&texts.title, &texts.description]
                    .into_iter()
                    .chain(&texts.falsepositives)
                    .chain(&texts.response)
            });
            let all =
                all.chain(texts.tunables.values()).chain(texts.lists.values()).chain(texts.parts.values());
            assert!(all.clone().all(|text| !text.trim().is_empty()));
            if language != Language::English {
                let same =
                    texts.rules.iter().filter(|(code, texts)| texts.title == english.rules[*code].title);
                assert_eq!(same.count(), 0, "{language:?} is translated");
            }
        }
    }

    #[test]
    fn every_part_of_a_sequence_has_a_name_that_people_read() {
        let named: BTreeSet<_> = texts(Language::German).parts.keys().cloned().collect();
        let used: BTreeSet<_> = SHIPPED.iter().filter_map(own).flat_map(|info| info.parts).collect();
        assert_eq!(named, used);
        assert!(texts(Language::English).parts.iter().all(|(title, text)| title == text));
    }

    #[test]
    fn every_tunable_and_list_has_a_name_that_people_read() {
        let named = texts(Language::English);
        for rule in SHIPPED {
            let info = own(rule).expect("it runs");
            for tunable in &info.tunables {
                assert!(named.tunables.contains_key(&tunable.name), "{}: {}", rule.code, tunable.name);
            }
            assert!(info.lists.iter().all(|(list, _)| named.lists.contains_key(list)), "{}", rule.code);
        }
        let used: BTreeSet<_> =
            SHIPPED.iter().filter_map(own).flat_map(|info| info.tunables).map(|t| t.name).collect();
        assert_eq!(named.tunables.keys().cloned().collect::<BTreeSet<_>>(), used);
    }
}

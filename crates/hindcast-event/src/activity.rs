//! The activities we know by name: what each is called, where it belongs, and how it reads.
//!
//! The registry describes and never gates: an unknown action is a good event, it only reads more
//! plainly. The table itself is `activities.tsv`, sorted by category and code, with one activity a
//! line; `locales/` has labels and sentences in other languages, line by line the same activities.

use crate::Language;
use std::collections::HashMap;
use std::iter::Skip;
use std::str::Lines;
use std::sync::OnceLock;

const TABLE: &str = include_str!("../activities.tsv");
/// In the order of [`Language::ALL`], English left out.
const LOCALES: [&str; 3] =
    [include_str!("../locales/de.tsv"), include_str!("../locales/fr.tsv"), include_str!("../locales/ja.tsv")];

/// Longest code `nearest` looks at; an edit distance over more is time wasted.
const NEAREST_BYTES_MAX: usize = 64;

/// What an activity is about, coarse enough to fit in a list of filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// Signing in and out, second factors, passwords, tokens, impersonation.
    Authentication,
    /// Conversations, messages, notes and tickets.
    Conversations,
    /// How the workspace is set up.
    Settings,
    /// Human teammates, their roles and teams.
    AgentsRoles,
    /// Labels, tags and topics.
    LabelsTopics,
    /// Automation rules, workflows, bots, series and macros.
    AutomationMacros,
    /// What AI agents did, and how they are set up.
    AiAgents,
    /// Articles, help centre, outbound messages and campaigns.
    Content,
    /// Personal data, imports, exports and deletions.
    DataExports,
    /// Subscriptions, invoices and seats.
    Billing,
    /// Apps, webhooks and API access.
    Integrations,
    /// What hindcast records about itself.
    System,
    /// Actions the registry does not know.
    Other,
}

impl Category {
    /// Every category, in the order people should see them.
    pub const ALL: [Category; 13] = [
        Category::Authentication,
        Category::Conversations,
        Category::Settings,
        Category::AgentsRoles,
        Category::LabelsTopics,
        Category::AutomationMacros,
        Category::AiAgents,
        Category::Content,
        Category::DataExports,
        Category::Billing,
        Category::Integrations,
        Category::System,
        Category::Other,
    ];

    /// The name kept in files and queries.
    pub fn code(self) -> &'static str {
        match self {
            Category::Authentication => "authentication",
            Category::Conversations => "conversations",
            Category::Settings => "settings",
            Category::AgentsRoles => "agents_roles",
            Category::LabelsTopics => "labels_topics",
            Category::AutomationMacros => "automation_macros",
            Category::AiAgents => "ai_agents",
            Category::Content => "content",
            Category::DataExports => "data_exports",
            Category::Billing => "billing",
            Category::Integrations => "integrations",
            Category::System => "system",
            Category::Other => "other",
        }
    }

    /// The English name people see.
    pub fn label(self) -> &'static str {
        match self {
            Category::Authentication => "Authentication",
            Category::Conversations => "Conversations",
            Category::Settings => "Settings",
            Category::AgentsRoles => "Agents & roles",
            Category::LabelsTopics => "Labels & topics",
            Category::AutomationMacros => "Automation & macros",
            Category::AiAgents => "AI agents",
            Category::Content => "Content",
            Category::DataExports => "Data & exports",
            Category::Billing => "Billing",
            Category::Integrations => "Integrations",
            Category::System => "System",
            Category::Other => "Other",
        }
    }

    /// The category with this code.
    pub fn from_code(code: &str) -> Option<Category> {
        Category::ALL.into_iter().find(|category| category.code() == code)
    }
}

/// One thing that can happen, as the registry describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// The action of an event, such as `macro.applied`.
    pub code: &'static str,
    /// Where it belongs.
    pub category: Category,
    /// The Intercom activity type it is known as there.
    pub intercom: Option<&'static str>,
    /// The OCSF class it is exported as.
    pub ocsf_class: u32,
    /// The activity id within that class; 99 is OCSF's "other".
    pub ocsf_activity: u8,
    /// What it is called in lists, in English.
    pub label: &'static str,
    /// The template of its sentence in English; `sentence` explains the marks.
    pub sentence: &'static str,
    /// Metadata keys it usually carries; a dot leads into an object.
    pub metadata: Vec<&'static str>,
    /// Label and sentence in the other languages.
    others: [(&'static str, &'static str); 3],
}

impl Activity {
    /// What it is called in lists.
    pub fn label_in(&self, language: Language) -> &'static str {
        self.told_in(language).0
    }

    /// The template of its sentence.
    pub fn sentence_in(&self, language: Language) -> &'static str {
        self.told_in(language).1
    }

    fn told_in(&self, language: Language) -> (&'static str, &'static str) {
        match language {
            Language::English => (self.label, self.sentence),
            Language::German => self.others[0],
            Language::French => self.others[1],
            Language::Japanese => self.others[2],
        }
    }
}

/// All known activities, quick to look up by code.
#[derive(Debug)]
pub struct Registry {
    activities: Vec<Activity>,
    by_code: HashMap<&'static str, usize>,
}

impl Registry {
    /// The registry that comes with hindcast.
    pub fn builtin() -> &'static Registry {
        static BUILTIN: OnceLock<Registry> = OnceLock::new();
        BUILTIN.get_or_init(|| {
            let mut locales = LOCALES.map(|table| table.lines().skip(1));
            let lines = TABLE.lines().skip(1);
            Registry::new(lines.filter_map(|line| parse(line, &mut locales)).collect())
        })
    }

    fn new(activities: Vec<Activity>) -> Registry {
        let by_code = activities.iter().enumerate().map(|(at, activity)| (activity.code, at)).collect();
        Registry { activities, by_code }
    }

    /// The activity with this code.
    pub fn get(&self, code: &str) -> Option<&Activity> {
        self.by_code.get(code).map(|&at| &self.activities[at])
    }

    /// Every activity, by category and then by code.
    pub fn all(&self) -> &[Activity] {
        &self.activities
    }

    /// The category of an action; [`Category::Other`] when it is unknown.
    pub fn category_of(&self, action: &str) -> Category {
        self.get(action).map_or(Category::Other, |activity| activity.category)
    }

    /// The activities of one category, by code.
    pub fn in_category(&self, category: Category) -> impl Iterator<Item = &Activity> {
        self.activities.iter().filter(move |activity| activity.category == category)
    }

    /// Every activity an Intercom client knows as `activity_type`. More than one of ours may be
    /// the same to Intercom, and a filter by type has to ask for all of them.
    pub fn by_intercom<'a>(&'a self, activity_type: &'a str) -> impl Iterator<Item = &'a Activity> {
        self.activities.iter().filter(move |activity| activity.intercom == Some(activity_type))
    }

    /// The Intercom activity type of an action. Without one it is the action itself: Intercom's
    /// own list is open, and clients meet unknown values in live traffic.
    pub fn to_intercom<'a>(&self, action: &'a str) -> &'a str {
        self.get(action).and_then(|activity| activity.intercom).unwrap_or(action)
    }

    /// The action for something that Intercom told: ours where one alone is known there by this type, or else the type
    /// itself, which [`Self::to_intercom`] leads back to either way.
    pub fn from_intercom<'a>(&self, activity_type: &'a str) -> &'a str {
        let mut ours = self.by_intercom(activity_type).filter(|activity| activity.code != activity_type);
        match (ours.next(), ours.next()) {
            (Some(alone), None) => alone.code,
            _ => activity_type,
        }
    }

    /// The known code most like a mistyped one, if any is close enough to be what was meant.
    pub fn nearest(&self, code: &str) -> Option<&'static str> {
        if code.is_empty() || code.len() > NEAREST_BYTES_MAX {
            return None;
        }
        let close = (code.len() / 4).clamp(1, 4);
        self.activities
            .iter()
            .filter(|activity| activity.code.len().abs_diff(code.len()) <= close)
            .map(|activity| (distance(code.as_bytes(), activity.code.as_bytes()), activity.code))
            .filter(|&(distance, _)| distance <= close)
            .min()
            .map(|(_, code)| code)
    }
}

/// One line of the table, and its translations; the tests make sure that none is passed over.
fn parse(line: &'static str, locales: &mut [Skip<Lines<'static>>; 3]) -> Option<Activity> {
    let others = locales.each_mut().map(|lines| {
        let mut fields = lines.next().unwrap_or_default().split('\t').skip(1);
        (fields.next().unwrap_or_default(), fields.next().unwrap_or_default())
    });
    let mut fields = line.split('\t');
    let activity = Activity {
        code: fields.next()?,
        category: Category::from_code(fields.next()?)?,
        intercom: fields.next().map(|name| (!name.is_empty()).then_some(name))?,
        ocsf_class: fields.next()?.parse().ok()?,
        ocsf_activity: fields.next()?.parse().ok()?,
        label: fields.next()?,
        sentence: fields.next()?,
        metadata: fields.next()?.split(',').filter(|key| !key.is_empty()).collect(),
        others,
    };
    fields.next().is_none().then_some(activity)
}

/// How many single-byte edits, or swaps of neighbours, lead from one to the other.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut before_last = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut row = vec![0; b.len() + 1];
    for i in 1..=a.len() {
        row[0] = i;
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        std::mem::swap(&mut before_last, &mut last);
        std::mem::swap(&mut last, &mut row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    /// The classes our mapping to OCSF names.
    const CLASSES: [u32; 11] = [1008, 2003, 2004, 3002, 3004, 3006, 3007, 3008, 6001, 6002, 6003];

    #[test]
    fn every_line_of_the_table_is_an_activity() {
        let registry = Registry::builtin();
        assert_eq!(registry.all().len(), TABLE.lines().count() - 1);
        assert_eq!(registry.by_code.len(), registry.all().len(), "codes are unique");
        assert!(registry.all().len() >= 210);
    }

    #[test]
    fn the_table_is_sorted_and_tidy() {
        let all = Registry::builtin().all();
        assert!(all.is_sorted_by_key(|activity| (activity.category.code(), activity.code)));
        for activity in all {
            let code_is_plain =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._".contains(&byte);
            assert!(activity.code.bytes().all(code_is_plain), "{}", activity.code);
            assert!(!activity.label.is_empty() && !activity.label.ends_with('.'), "{}", activity.code);
            assert_eq!(activity.label, activity.label.trim(), "{}", activity.code);
            assert_ne!(activity.category, Category::Other, "{}", activity.code);
            assert!(CLASSES.contains(&activity.ocsf_class), "{}", activity.code);
            let act = activity.ocsf_activity;
            assert!((1..=17).contains(&act) || act == 99, "{}", activity.code);
        }
    }

    /// What stands between braces, but for guards on a number: not every language puts one in its own way.
    fn marks(template: &str) -> BTreeSet<&str> {
        let marks = template.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(mark, _)| mark);
        let is_number =
            |mark: &str| mark.split_once('=').is_some_and(|(_, value)| value.parse::<u64>().is_ok());
        marks.filter(|mark| !is_number(mark)).collect()
    }

    #[test]
    fn every_language_tells_the_same_activities_with_the_same_values() {
        for table in LOCALES {
            let codes: Vec<_> = table.lines().skip(1).filter_map(|line| line.split('\t').next()).collect();
            let english: Vec<_> = Registry::builtin().all().iter().map(|activity| activity.code).collect();
            assert_eq!(codes, english);
        }
        for activity in Registry::builtin().all() {
            for language in Language::ALL {
                let (label, sentence) = activity.told_in(language);
                let told = format!("{} in {language:?}", activity.code);
                assert!(
                    !label.is_empty() && label == label.trim() && !label.ends_with(['.', '。']),
                    "{told}"
                );
                assert!(!sentence.ends_with(['.', '。']), "{told}");
                assert_eq!(marks(sentence), marks(activity.sentence), "{told}");
                let depths = sentence.chars().scan(0, |depth, letter| {
                    *depth += i32::from(letter == '[') - i32::from(letter == ']');
                    Some(*depth)
                });
                let depths: Vec<i32> = depths.collect();
                assert!(depths.iter().all(|depth| (0..=1).contains(depth)), "{told}");
                assert_eq!(depths.last(), Some(&0), "{told}");
            }
        }
    }

    #[test]
    fn every_category_but_other_has_activities() {
        for category in Category::ALL {
            assert_eq!(Category::from_code(category.code()), Some(category));
            let some = Registry::builtin().in_category(category).next().is_some();
            assert_eq!(some, category != Category::Other, "{}", category.code());
        }
    }

    #[test]
    fn an_intercom_type_is_its_own_code_and_ours_lead_to_it() {
        let registry = Registry::builtin();
        for activity in registry.all() {
            if let Some(intercom) = activity.intercom {
                let own = registry.get(intercom).expect("the Intercom value is a code");
                assert_eq!(own.intercom, Some(intercom));
                assert_eq!(own.category, activity.category, "{} and {intercom}", activity.code);
            }
        }
        assert_eq!(registry.to_intercom("user.signed_in"), "admin_login_success");
        assert_eq!(registry.to_intercom("admin_login_success"), "admin_login_success");
        assert_eq!(registry.to_intercom("log.searched"), "log.searched");
        assert_eq!(registry.to_intercom("app.custom_thing"), "app.custom_thing");
        let same: Vec<_> =
            registry.by_intercom("admin_login_success").map(|activity| activity.code).collect();
        assert_eq!(same, ["admin_login_success", "sso.signed_in", "user.signed_in"]);
    }

    #[test]
    fn what_intercom_tells_leads_back_to_it() {
        let registry = Registry::builtin();
        for activity in registry.all() {
            if let Some(intercom) = activity.intercom {
                assert_eq!(registry.to_intercom(registry.from_intercom(intercom)), intercom);
            }
        }
        assert_eq!(registry.from_intercom("admin_logout"), "user.signed_out");
        assert_eq!(registry.from_intercom("admin_login_success"), "admin_login_success", "one of two");
        assert_eq!(registry.from_intercom("brand_new_thing"), "brand_new_thing");
    }

    #[test]
    fn every_intercom_value_is_known() {
        let shared = std::env::var_os("HINDCAST_SHARED")
            .map(PathBuf::from)
            .unwrap_or_else(|| PathBuf::from("../../../shared"));
        let Ok(table) = std::fs::read_to_string(shared.join("intercom/activity_types.tsv")) else {
            eprintln!("skipped: there is no intercom/activity_types.tsv; set HINDCAST_SHARED to its folder");
            return;
        };
        let values: Vec<_> = table.lines().skip(1).filter_map(|line| line.split('\t').next()).collect();
        assert_eq!(values.len(), 122);
        for value in values {
            let activity = Registry::builtin().get(value).unwrap_or_else(|| panic!("{value} is missing"));
            assert_eq!(activity.intercom, Some(value));
        }
    }

    #[test]
    fn an_unknown_action_is_other_and_a_typo_finds_its_neighbour() {
        let registry = Registry::builtin();
        assert_eq!(registry.category_of("macro.applied"), Category::AutomationMacros);
        assert_eq!(registry.category_of("app.custom_thing"), Category::Other);
        assert_eq!(registry.nearest("macro.aplied"), Some("macro.applied"));
        assert_eq!(registry.nearest("admin_login_sucess"), Some("admin_login_success"));
        assert_eq!(registry.nearest("user_signed_in"), Some("user.signed_in"));
        assert_eq!(registry.nearest("user.singed_in"), Some("user.signed_in"));
        assert_eq!(registry.nearest("app.custom_thing"), None);
        assert_eq!(registry.nearest(""), None);
        assert_eq!(registry.nearest(&"x".repeat(5000)), None);
    }

    #[test]
    fn distance_counts_edits_and_swaps() {
        assert_eq!(distance(b"abc", b"abc"), 0);
        assert_eq!(distance(b"abc", b"acb"), 1);
        assert_eq!(distance(b"kitten", b"sitting"), 3);
        assert_eq!(distance(b"", b"abc"), 3);
    }
}

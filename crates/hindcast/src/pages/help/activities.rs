//! The activities we know by name, by category; `?find=` narrows the list.

use super::super::facets::category_label;
use super::super::rows::condition;
use super::super::safe::isolated;
use super::super::shell::Shell;
use super::super::text::Text;
use super::{Place, log_of};
use askama::Template;
use hindcast_event::{Activity, Category, Language, Registry};
use hindcast_segments::words::fold;

/// More of what was typed is not looked at.
const FIND_CHARS_MAX: usize = 100;

/// The page of all activities.
#[derive(Template)]
#[template(path = "help_activities.html")]
pub struct ActivitiesPage {
    shell: Shell,
    t: Text,
    topics: Vec<Place>,
    find: String,
    /// How many there are.
    found: String,
    groups: Vec<Group>,
}

/// The activities of a category.
struct Group {
    /// Names it in addresses.
    code: &'static str,
    href: String,
    name: String,
    /// The name, and how many there are.
    counted: String,
    caption: String,
    activities: Vec<Shown>,
}

/// An activity in the table.
struct Shown {
    code: &'static str,
    href: String,
    label: &'static str,
    intercom: Option<&'static str>,
    metadata: &'static [&'static str],
}

impl ActivitiesPage {
    /// The page that a query string asks for.
    pub fn new(shell: Shell, topics: Vec<Place>, query: Option<&str>) -> Self {
        let t = shell.t;
        let find = find_in(query);
        let activities = matching(&find, t.language);
        let found = if find.is_empty() {
            t.help_found(activities.len())
        } else {
            t.help_found_some(activities.len())
        };
        let groups =
            Category::ALL.into_iter().filter_map(|category| group(t, category, &activities)).collect();
        Self { shell, t, topics, find, found: found.into_owned(), groups }
    }

    fn nothing(&self) -> String {
        self.t.help_find_nothing(isolated(&self.find)).into_owned()
    }
}

/// What is to be found, from the query string.
fn find_in(query: Option<&str>) -> String {
    let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let find = pairs.find(|(name, _)| name == "find").map(|(_, find)| find).unwrap_or_default();
    find.trim().chars().take(FIND_CHARS_MAX).collect()
}

/// The activities that have every word of `find` in their code or their label.
fn matching(find: &str, language: Language) -> Vec<&'static Activity> {
    let folded = fold(find);
    let words: Vec<&str> = folded.split_whitespace().collect();
    let has = |activity: &&Activity| {
        let (code, label) = (fold(activity.code), fold(activity.label_in(language)));
        words.iter().all(|word| code.contains(word) || label.contains(word))
    };
    Registry::builtin().all().iter().filter(has).collect()
}

fn group(t: Text, category: Category, activities: &[&'static Activity]) -> Option<Group> {
    let activities: Vec<Shown> =
        activities.iter().filter(|one| one.category == category).map(|one| shown(t, one)).collect();
    let name = category_label(t, category);
    (!activities.is_empty()).then(|| Group {
        code: category.code(),
        href: log_of(&condition("category", category.code())),
        counted: t.help_category_counted(name.as_str(), activities.len()).into_owned(),
        caption: t.help_activities_of(name.as_str()).into_owned(),
        name,
        activities,
    })
}

fn shown(t: Text, activity: &'static Activity) -> Shown {
    Shown {
        code: activity.code,
        href: log_of(&condition("action", activity.code)),
        label: activity.label_in(t.language),
        intercom: activity.intercom,
        metadata: &activity.metadata,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Topic;
    use super::super::tests::{shell, tidy};
    use super::*;

    fn codes(find: &str, language: Language) -> Vec<&'static str> {
        matching(find, language).into_iter().map(|activity| activity.code).collect()
    }

    #[test]
    fn an_activity_is_found_by_any_part_of_its_code_or_label() {
        let all = Registry::builtin().all();
        assert_eq!(matching("", Language::English).len(), all.len());
        assert_eq!(codes("ADMIN_LOGIN_FAIL", Language::English), ["admin_login_failure"]);
        for language in Language::ALL {
            for activity in all {
                let label = activity.label_in(language);
                assert!(codes(&label.to_uppercase(), language).contains(&activity.code), "{label}");
            }
        }
        assert!(codes("no such activity", Language::English).is_empty());
    }

    #[test]
    fn all_words_must_be_there_and_accents_need_not() {
        let found = codes("login admin", Language::English);
        assert!(found.contains(&"admin_login_success") && found.len() < 20, "{found:?}");
        assert_eq!(codes("réussie", Language::French), codes("reussie", Language::French));
    }

    #[test]
    fn what_is_asked_is_read_from_the_address() {
        assert_eq!(find_in(Some("lang=de&find=+Log+in%20&find=x")), "Log in");
        assert_eq!(find_in(None), "");
        assert_eq!(find_in(Some(&format!("find={}", "é".repeat(1000)))).chars().count(), FIND_CHARS_MAX);
    }

    #[test]
    fn the_page_has_all_or_what_was_found() {
        let page = |query| {
            let topics = Topic::Activities.places(Text::default());
            tidy(&ActivitiesPage::new(shell(), topics, query))
        };
        let all = page(None);
        assert_eq!(all.matches("<th scope=\"row\"").count(), Registry::builtin().all().len());
        assert!(all.contains("/log?q=action%3Aadmin_login_failure&#38;range=all"), "links lead to the log");
        assert!(page(Some("find=admin_login_failure")).contains("value=\"admin_login_failure\""));
        let none = page(Some("find=%3Cscript%3E"));
        assert!(!none.contains("<script>") && !none.contains("<table"), "{none}");
    }
}

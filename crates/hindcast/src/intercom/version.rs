//! Which version of Intercom's API a client speaks, and the little that depends on it.

/// What `Intercom-Version` asks for. Any value is fine; what we do not know is the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// A numbered one, such as 2.14.
    Numbered(u32, u32),
    /// `Preview`, `Unstable`, nothing at all, or something we have not heard of.
    Newest,
}

/// Until this version there was one limit of assignments, from it on one each for conversations and tickets.
const SPLIT_LIMITS: Version = Version::Numbered(2, 14);
/// Until this version `created_at_after` has to be given.
const OPTIONAL_START: Version = Version::Numbered(2, 7);

const ONE_LIMIT: &str = "admin_assignment_limit_change";
const TWO_LIMITS: [&str; 2] =
    ["admin_conversation_assignment_limit_change", "admin_ticket_assignment_limit_change"];

impl Version {
    /// Reads the header.
    pub fn parse(header: Option<&str>) -> Self {
        let numbered = header
            .and_then(|text| text.trim().split_once('.'))
            .and_then(|(major, minor)| Some(Self::Numbered(major.parse().ok()?, minor.parse().ok()?)));
        numbered.unwrap_or(Self::Newest)
    }

    /// Whether a request without `created_at_after` is refused rather than answered for the last 30 days.
    pub fn needs_start(self) -> bool {
        self < OPTIONAL_START
    }

    /// The type as this version knows it.
    pub fn activity_type(self, known_today: &str) -> &str {
        if self < SPLIT_LIMITS && TWO_LIMITS.contains(&known_today) { ONE_LIMIT } else { known_today }
    }

    /// The metadata key as this version knows it, in an activity of the type `known_today`.
    pub fn metadata_key<'k>(self, known_today: &str, key: &'k str) -> &'k str {
        let limit = matches!(key, "conversation_assignment_limit" | "ticket_assignment_limit");
        if limit && self.activity_type(known_today) != known_today { "assignment_limit" } else { key }
    }

    /// The types of today that this version calls `asked`.
    pub fn known_today(self, asked: &str) -> impl Iterator<Item = &str> {
        let split = (self < SPLIT_LIMITS && asked == ONE_LIMIT).then_some(TWO_LIMITS);
        std::iter::once(asked).chain(split.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_numbers_and_whatever_else_is_the_newest() {
        let version = |text| Version::parse(Some(text));
        assert!(version("2.7") < version("2.14") && version("2.14") < version("3.0"));
        for newest in ["Preview", "Unstable", "", "next", "2", "2.x"] {
            assert_eq!(version(newest), Version::Newest, "{newest}");
        }
        assert_eq!(Version::parse(None), Version::Newest);
        assert!(version("1.4").needs_start() && version("2.6").needs_start());
        assert!(
            !version("2.7").needs_start() && !version("2.16").needs_start() && !Version::Newest.needs_start()
        );
    }

    #[test]
    fn before_2_14_there_is_one_limit_of_assignments() {
        let (old, new) = (Version::Numbered(2, 13), Version::Numbered(2, 14));
        for today in TWO_LIMITS {
            assert_eq!((old.activity_type(today), new.activity_type(today)), (ONE_LIMIT, today));
        }
        assert_eq!(old.activity_type("app_name_change"), "app_name_change");
        assert_eq!(old.metadata_key(TWO_LIMITS[1], "ticket_assignment_limit"), "assignment_limit");
        assert_eq!(old.metadata_key("app_name_change", "ticket_assignment_limit"), "ticket_assignment_limit");
        assert_eq!(new.metadata_key(TWO_LIMITS[1], "ticket_assignment_limit"), "ticket_assignment_limit");
        assert_eq!(old.known_today(ONE_LIMIT).collect::<Vec<_>>(), [ONE_LIMIT, TWO_LIMITS[0], TWO_LIMITS[1]]);
        assert_eq!(new.known_today(ONE_LIMIT).collect::<Vec<_>>(), [ONE_LIMIT]);
    }
}

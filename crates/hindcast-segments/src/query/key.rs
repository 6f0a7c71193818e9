//! The keys of the grammar: their names, what they take, and which one was meant.

use std::fmt;

/// A field that a query can ask about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// Who did it: an id, an email address or words of a name.
    Actor,
    /// Who did it, by the id alone.
    ActorId,
    /// In whose name it was done, asked for likewise.
    OnBehalfOf,
    /// Who did it or had it done in their name.
    Principal,
    /// The role they had then.
    Role,
    /// What sort of actor it was.
    ActorType,
    /// The part of the product it belongs to.
    Category,
    /// What was done.
    Action,
    /// How it went; `result` is the same.
    Outcome,
    /// The address it came from, or the network.
    Ip,
    /// The country it came from.
    Country,
    /// The channel it came through.
    Source,
    /// What it was done to: `type/id`, an id, or words of a name.
    Target,
    /// The policy that had a say.
    Policy,
    /// The alert it raised, or `any`.
    Alert,
    /// A path that it changed, or the beginning of one.
    Changed,
    /// When it happened; `created` is the same.
    Occurred,
    /// When we received it.
    Received,
    /// The id of the event.
    Id,
    /// The request it was part of.
    Request,
    /// The signed-in session it was part of.
    Session,
    /// What kind of entry it is.
    Kind,
    /// `yes`: what is archived is searched too.
    Archive,
}

impl Key {
    /// Every key, in the order of canonical queries.
    pub const ALL: [Key; 23] = [
        Key::Actor,
        Key::ActorId,
        Key::OnBehalfOf,
        Key::Principal,
        Key::Role,
        Key::ActorType,
        Key::Category,
        Key::Action,
        Key::Outcome,
        Key::Ip,
        Key::Country,
        Key::Source,
        Key::Target,
        Key::Policy,
        Key::Alert,
        Key::Changed,
        Key::Occurred,
        Key::Received,
        Key::Id,
        Key::Request,
        Key::Session,
        Key::Kind,
        Key::Archive,
    ];

    /// The name it is written with.
    pub fn name(self) -> &'static str {
        match self {
            Key::Actor => "actor",
            Key::ActorId => "actor_id",
            Key::OnBehalfOf => "on_behalf_of",
            Key::Principal => "principal",
            Key::Role => "role",
            Key::ActorType => "actor_type",
            Key::Category => "category",
            Key::Action => "action",
            Key::Outcome => "outcome",
            Key::Ip => "ip",
            Key::Country => "country",
            Key::Source => "source",
            Key::Target => "target",
            Key::Policy => "policy",
            Key::Alert => "alert",
            Key::Changed => "changed",
            Key::Occurred => "occurred",
            Key::Received => "received",
            Key::Id => "id",
            Key::Request => "request",
            Key::Session => "session",
            Key::Kind => "kind",
            Key::Archive => "archive",
        }
    }

    /// The key with this name or alias, in any case.
    pub fn named(name: &str) -> Option<Key> {
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "result" => Some(Key::Outcome),
            "created" => Some(Key::Occurred),
            _ => Key::ALL.into_iter().find(|key| key.name() == name),
        }
    }

    /// The key that somebody who wrote `name` most likely meant.
    pub fn nearest(name: &str) -> Option<Key> {
        let name = name.to_ascii_lowercase();
        let meant = match name.as_str() {
            "user" | "who" | "by" | "teammate" | "admin" | "email" | "person" => Some(Key::Actor),
            "event" | "event_type" | "activity" | "activity_type" | "type" => Some(Key::Action),
            "status" => Some(Key::Outcome),
            "date" | "time" | "when" | "at" | "since" | "created_at" | "occurred_at" | "after" | "before" => {
                Some(Key::Occurred)
            }
            "user_id" | "admin_id" | "teammate_id" => Some(Key::ActorId),
            "received_at" => Some(Key::Received),
            "object" | "resource" | "on" => Some(Key::Target),
            "change" | "field" | "path" | "property" => Some(Key::Changed),
            "address" | "network" | "ip_address" => Some(Key::Ip),
            "behalf" | "delegator" => Some(Key::OnBehalfOf),
            "request_id" => Some(Key::Request),
            "session_id" => Some(Key::Session),
            "channel" => Some(Key::Source),
            _ => None,
        };
        meant.or_else(|| {
            let names = Key::ALL.map(Key::name).into_iter().chain(["result", "created"]);
            nearest(&name, names).and_then(Key::named)
        })
    }

    /// The only values it takes, or none when it takes any.
    pub fn values(self) -> &'static [&'static str] {
        match self {
            Key::ActorType => &["user", "agent", "automation", "api_key", "app", "system", "anonymous"],
            Key::Category => &[
                "authentication",
                "conversations",
                "settings",
                "agents_roles",
                "labels_topics",
                "automation_macros",
                "ai_agents",
                "content",
                "data_exports",
                "billing",
                "integrations",
                "system",
                "other",
            ],
            Key::Archive => &["yes"],
            Key::Outcome => &["success", "failure", "denied", "unknown"],
            Key::Kind => &[
                "event",
                "system",
                "erasure_notice",
                "retention_notice",
                "hold",
                "checkpoint",
                "genesis",
                "key_change",
                "heartbeat",
            ],
            _ => &[],
        }
    }

    /// The value of [`Key::values`] that somebody who wrote `value` most likely meant.
    pub fn nearest_value(self, value: &str) -> Option<&'static str> {
        let meant = match (self, value) {
            (Key::Outcome, "ok" | "succeeded" | "successful" | "allowed" | "pass") => Some("success"),
            (Key::Outcome, "failed" | "error" | "fail") => Some("failure"),
            (Key::Outcome, "blocked" | "forbidden" | "rejected" | "deny") => Some("denied"),
            (Key::ActorType, "bot" | "ai") => Some("agent"),
            (Key::ActorType, "human" | "admin" | "teammate") => Some("user"),
            (Key::Category, "security" | "login" | "sign_in") => Some("authentication"),
            _ => None,
        };
        meant.or_else(|| nearest(value, self.values().iter().copied()))
    }

    /// Says whether a `*` at the end of its values stands for any ending.
    pub fn takes_wildcard(self) -> bool {
        let names = matches!(self, Key::Actor | Key::OnBehalfOf | Key::Principal | Key::Target);
        names || matches!(self, Key::Action | Key::Source | Key::Changed)
    }

    /// Says whether an entry has at most one value that its terms are compared with, so that of two values that
    /// are asked for one holds the other or no entry has both.
    pub(super) fn has_one_value(self) -> bool {
        let somebody = matches!(self, Key::Actor | Key::OnBehalfOf | Key::Principal);
        !(somebody || self.is_time() || matches!(self, Key::Target | Key::Changed | Key::Alert))
    }

    /// Says whether it is asked about in times.
    pub fn is_time(self) -> bool {
        matches!(self, Key::Occurred | Key::Received)
    }

    /// Says whether its values are compared folded (see [`crate::words::fold`]); others are to the letter.
    pub fn is_folded(self) -> bool {
        matches!(self, Key::Role | Key::Action | Key::Source) || !self.values().is_empty()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The candidate a few slips away from what was written: one slip in a short word, two in a longer one.
fn nearest(written: &str, candidates: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let slips_max = match written.chars().count() {
        0..=2 => 0,
        3..=4 => 1,
        _ => 2,
    };
    candidates
        .map(|candidate| (slips(written, candidate), candidate))
        .filter(|(slips, _)| *slips <= slips_max)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, candidate)| candidate)
}

/// How many letters were added, left out, mistaken or swapped with their neighbour between two words.
fn slips(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for i in 1..=one.len() {
        let mut row = vec![i];
        for j in 1..=other.len() {
            let mistaken = usize::from(one[i - 1] != other[j - 1]);
            let mut least = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + mistaken);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                least = least.min(before_last[j - 2] + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_that_was_meant_is_named() {
        for (written, meant) in [
            ("actr", Some(Key::Actor)),
            ("acotr", Some(Key::Actor)),
            ("Outcom", Some(Key::Outcome)),
            ("resutl", Some(Key::Outcome)),
            ("user", Some(Key::Actor)),
            ("ocurred", Some(Key::Occurred)),
            ("actortype", Some(Key::ActorType)),
            ("user_id", Some(Key::ActorId)),
            ("http", None),
            ("zz", None),
        ] {
            assert_eq!(Key::nearest(written), meant, "{written}");
        }
    }

    #[test]
    fn every_key_is_found_by_its_name() {
        for key in Key::ALL {
            assert_eq!(Key::named(&key.name().to_uppercase()), Some(key));
        }
    }
}

//! The fields a rule can ask for: `GET /v1/entries/{…}` by dotted path.

/// Fields that hold one value.
const SINGLE: &[&str] = &[
    "action",
    "category",
    "id",
    "index",
    "kind",
    "occurred_at",
    "received_at",
    "actor.id",
    "actor.type",
    "actor.email",
    "actor.name",
    "actor.role",
    "on_behalf_of.id",
    "on_behalf_of.type",
    "on_behalf_of.email",
    "on_behalf_of.name",
    "on_behalf_of.role",
    "authorized_by.policy_id",
    "authorized_by.policy_version",
    "authorized_by.decision",
    "authorized_by.approval_id",
    "target.id",
    "target.type",
    "target.name",
    "outcome.result",
    "outcome.reason",
    "outcome.code",
    "context.ip",
    "context.user_agent",
    "context.session_id",
    "context.request_id",
    "context.traceparent",
    "context.source",
    "context.geo.country",
    "context.geo.region",
    "context.geo.city",
    "context.geo.lat",
    "context.geo.lon",
    "facts.actions_1h",
    "facts.actor_age_days",
    "facts.actor_dormant_days",
    "facts.actor_is_bot",
    "facts.after_impersonation",
    "facts.change_widens",
    "facts.country_new_for_actor",
    "facts.distinct_targets_1h",
    "facts.hour_share_30d",
    "facts.ip_as_org",
    "facts.ip_asn",
    "facts.ip_class",
    "facts.ip_country",
    "facts.ip_new_for_actor",
    "facts.off_hours",
    "facts.same_action_1h",
    "facts.self_target",
    "facts.source_ip",
    "facts.target_host_new",
    "facts.travel_kmh",
    "facts.travel_neighbour",
    "facts.ua_browser",
    "facts.ua_device",
    "facts.ua_new_for_actor",
    "facts.ua_os",
    "facts.z_same_action_30d",
    "reason",
    "description",
];

/// Fields that hold several values: a comparison holds if it holds for one of them.
const SEVERAL: &[&str] = &[
    "targets.id",
    "targets.type",
    "targets.name",
    "changes.path",
    "changes.before",
    "changes.after",
    "context.forwarded_for",
];

/// Fields whose names go on as the sender likes.
const OPEN: &[&str] = &["metadata.", "before./", "after./", "actor.ai.", "on_behalf_of.ai."];

/// Longest name whose neighbours are looked for.
const NEAREST_BYTES_MAX: usize = 64;

/// All fields with a fixed name, for help and completion.
pub fn fields() -> impl Iterator<Item = &'static str> {
    SINGLE.iter().chain(SEVERAL).copied()
}

/// Whether an entry can have the field.
pub(crate) fn known(field: &str) -> bool {
    fields().any(|name| name == field)
        || OPEN.iter().any(|open| field.len() > open.len() && field.starts_with(open))
}

/// Whether an entry can have several values of the field.
pub(crate) fn several(field: &str) -> bool {
    SEVERAL.contains(&field)
}

/// The field that was probably meant.
pub(crate) fn nearest(field: &str) -> Option<String> {
    if field.len() > NEAREST_BYTES_MAX {
        return None;
    }
    let usual = match field {
        "user" | "user.id" | "performed_by.id" | "actor_id" | "actor" => Some("actor.id"),
        "ip" | "source.ip" | "src_ip" | "performed_by.ip" => Some("context.ip"),
        "email" | "performed_by.email" => Some("actor.email"),
        "country" | "geo.country" => Some("facts.ip_country"),
        "result" | "outcome" => Some("outcome.result"),
        "activity_type" | "event" | "event.action" => Some("action"),
        _ => None,
    };
    let by_tail = || fields().find(|name| name.split_once('.').is_some_and(|(_, tail)| tail == field));
    let by_distance = || {
        let near = fields().map(|name| (distance(name, field), name)).min()?;
        (near.0 <= 1 + field.len() / 5).then_some(near.1)
    };
    usual.or_else(by_tail).or_else(by_distance).map(str::to_owned)
}

/// Edits between two short words (Levenshtein).
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (corner + usize::from(x != y)).min(above + 1).min(row[j] + 1);
            corner = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_known_or_its_neighbour_is_named() {
        assert!(known("actor.id") && known("metadata.conversation.id") && known("after./enabled"));
        assert!(!known("metadata.") && !known("actor") && !known("facts.ip_countri"));
        assert_eq!(nearest("facts.ip_countri").as_deref(), Some("facts.ip_country"));
        assert_eq!(nearest("ip").as_deref(), Some("context.ip"));
        assert_eq!(nearest("travel_kmh").as_deref(), Some("facts.travel_kmh"));
        assert_eq!(nearest("Image"), None);
        assert_eq!(nearest(&"x".repeat(9999)), None);
    }
}

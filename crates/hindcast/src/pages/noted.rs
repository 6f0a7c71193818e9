//! What was worked out of an event when it arrived, in words.

use super::countries::country;
use super::entry::FactValue;
use super::format::number;
use super::safe::short;
use super::text::Text;
use serde_json::Value;
use std::borrow::Cow;

/// Somebody who was silent for so many days is worth a word.
const DORMANT_DAYS: i64 = 30;
/// So many entries within an hour are worth a word.
const MANY_ENTRIES: i64 = 30;
/// So many deviations above other days are worth a word.
const MORE_THAN_USUAL: f64 = 3.0;
/// Hours in which less of somebody's entries fall are unusual ones.
const RARE_HOUR: f64 = 0.01;

/// What is worth a word, the most telling first.
pub fn noted(t: Text, facts: &Value) -> Vec<FactValue> {
    let is = |name: &str| facts[name] == true;
    let whole = |name: &str| facts[name].as_i64();
    let said = |number: i64| self::number(number, t.language);
    let mut told: Vec<Option<Cow<'static, str>>> = vec![
        whole("travel_kmh").filter(|kmh| *kmh > 0).map(|kmh| t.noted_travel(said(kmh))),
        is("country_new_for_actor").then(|| t.noted_country_new()),
        is("ip_new_for_actor").then(|| t.noted_address_new()),
        is("ua_new_for_actor").then(|| t.noted_agent_new()),
        whole("actor_dormant_days")
            .filter(|days| *days >= DORMANT_DAYS)
            .map(|days| t.noted_dormant(said(days))),
        is("off_hours").then(|| t.noted_off_hours()),
        facts["hour_share_30d"].as_f64().filter(|share| *share < RARE_HOUR).map(|_| t.noted_hour_rare()),
        is("travel_neighbour").then(|| t.noted_neighbour()),
        is("after_impersonation").then(|| t.noted_impersonation()),
        is("self_target").then(|| t.noted_self()),
        is("target_host_new").then(|| t.noted_host_new()),
        whole("actions_1h").filter(|count| *count >= MANY_ENTRIES).map(|count| t.noted_actions(said(count))),
        facts["z_same_action_30d"]
            .as_f64()
            .filter(|z| *z >= MORE_THAN_USUAL)
            .map(|_| t.noted_more_than_usual()),
    ];
    told.push(
        facts["change_widens"]
            .as_bool()
            .map(|wider| if wider { t.noted_widens() } else { t.noted_narrows() }),
    );
    told.into_iter().flatten().map(value).collect()
}

/// What kind of address it is, when it is none of the public ones; or whose network it belongs to.
pub fn kind_of_address(t: Text, facts: &Value) -> String {
    let told = match facts["ip_class"].as_str().unwrap_or_default() {
        "private" => t.address_private(),
        "loopback" => t.address_loopback(),
        "link_local" => t.address_link_local(),
        "cgnat" => t.address_cgnat(),
        "documentation" => t.address_documentation(),
        "benchmarking" => t.address_benchmarking(),
        "multicast" => t.address_multicast(),
        "unspecified" => t.address_unspecified(),
        "reserved" => t.address_reserved(),
        other => short(other).into(),
    };
    told.into_owned()
}

/// The network an address belongs to.
pub fn network(facts: &Value) -> Option<FactValue> {
    let asn = facts["ip_asn"].as_i64().map(|asn| format!("AS{asn}"));
    let org = facts["ip_as_org"].as_str().map(short);
    match (asn, org) {
        (Some(asn), org) => {
            Some(FactValue { text: asn, aside: org.unwrap_or_default(), mono: true, ..FactValue::default() })
        }
        (None, Some(org)) => Some(value(org.into())),
        (None, None) => None,
    }
}

/// The country that was worked out, marked as approximate.
pub fn country_about(t: Text, facts: &Value) -> Option<FactValue> {
    let code = facts["ip_country"].as_str()?;
    Some(value(t.approximately(country(code, t.language))))
}

/// The browser and the system.
pub fn program(t: Text, facts: &Value) -> Option<FactValue> {
    let text = |name: &str| facts[name].as_str().map(short);
    let parts: Vec<String> = [text("ua_browser"), text("ua_os")].into_iter().flatten().collect();
    let device = match facts["ua_device"].as_str().unwrap_or_default() {
        "computer" => t.device_computer(),
        "phone" => t.device_phone(),
        "tablet" => t.device_tablet(),
        "bot" => t.device_bot(),
        "program" => t.device_program(),
        other => short(other).into(),
    };
    let is_told = !parts.is_empty() || !device.is_empty();
    is_told
        .then(|| FactValue { text: parts.join(" · "), aside: device.into_owned(), ..FactValue::default() })
}

fn value(text: Cow<'static, str>) -> FactValue {
    FactValue { text: text.into_owned(), ..FactValue::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_event::Language;
    use serde_json::json;

    fn words(facts: &Value) -> Vec<String> {
        noted(Text { language: Language::English }, facts).into_iter().map(|value| value.text).collect()
    }

    #[test]
    fn facts_are_told_in_words_and_what_is_usual_is_not_told() {
        let facts = json!({
            "travel_kmh": 1240, "country_new_for_actor": true, "ip_new_for_actor": true, "off_hours": true,
            "actor_dormant_days": 61, "change_widens": false, "hour_share_30d": 0.005, "actions_1h": 3,
        });
        assert_eq!(
            words(&facts),
            [
                "At least 1,240 km/h since the last sign-in",
                "New country for this person",
                "New address for this person",
                "First activity in 61 days",
                "Outside working hours",
                "Hardly ever active at this hour",
                "Gives fewer rights than before",
            ]
        );
        let usual = json!({ "off_hours": false, "actions_1h": 3, "actor_dormant_days": 1, "z_same_action_30d": -0.4 });
        assert_eq!(words(&usual), Vec::<String>::new());
        assert_eq!(words(&Value::Null), Vec::<String>::new());
    }
}

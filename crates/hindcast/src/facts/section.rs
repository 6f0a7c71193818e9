//! The section `facts` of an entry: what is known is written, in the one spelling of JSON; what is not known is absent.

use super::geo::Country;
use hindcast_event::json::write_string;
use std::io::Write as _;
use std::net::IpAddr;

/// Everything that can be known; `docs/facts.md` says what each means.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section<'s> {
    pub actions_1h: Option<u32>,
    pub actor_age_days: Option<u32>,
    pub actor_dormant_days: Option<u32>,
    pub actor_is_bot: Option<bool>,
    pub after_impersonation: Option<bool>,
    pub change_widens: Option<bool>,
    pub country_new_for_actor: Option<bool>,
    pub distinct_targets_1h: Option<u32>,
    /// In thousandths.
    pub hour_share_30d: Option<u32>,
    pub ip_as_org: Option<&'s str>,
    pub ip_asn: Option<u32>,
    pub ip_class: Option<&'static str>,
    pub ip_country: Option<Country>,
    pub ip_new_for_actor: Option<bool>,
    pub off_hours: Option<bool>,
    pub same_action_1h: Option<u32>,
    pub self_target: Option<bool>,
    pub source_ip: Option<IpAddr>,
    pub target_host_new: Option<bool>,
    pub travel_kmh: Option<u32>,
    pub travel_neighbour: Option<bool>,
    pub ua_browser: Option<&'s str>,
    pub ua_device: Option<&'static str>,
    pub ua_new_for_actor: Option<bool>,
    pub ua_os: Option<&'s str>,
    /// In hundredths.
    pub z_same_action_30d: Option<i32>,
}

impl Section<'_> {
    /// Appends the section; nothing when nothing is known.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut object = Members { out, is_open: false };
        // Ascending by name.
        object.number("actions_1h", self.actions_1h);
        object.number("actor_age_days", self.actor_age_days);
        object.number("actor_dormant_days", self.actor_dormant_days);
        object.truth("actor_is_bot", self.actor_is_bot);
        object.truth("after_impersonation", self.after_impersonation);
        object.truth("change_widens", self.change_widens);
        object.truth("country_new_for_actor", self.country_new_for_actor);
        object.number("distinct_targets_1h", self.distinct_targets_1h);
        object.fraction("hour_share_30d", self.hour_share_30d.map(i64::from), 3);
        object.text("ip_as_org", self.ip_as_org);
        object.number("ip_asn", self.ip_asn);
        object.text("ip_class", self.ip_class);
        object.text("ip_country", self.ip_country.as_ref().map(Country::as_str));
        object.truth("ip_new_for_actor", self.ip_new_for_actor);
        object.truth("off_hours", self.off_hours);
        object.number("same_action_1h", self.same_action_1h);
        object.truth("self_target", self.self_target);
        object.text("source_ip", self.source_ip.map(|address| address.to_string()).as_deref());
        object.truth("target_host_new", self.target_host_new);
        object.number("travel_kmh", self.travel_kmh);
        object.truth("travel_neighbour", self.travel_neighbour);
        object.text("ua_browser", self.ua_browser);
        object.text("ua_device", self.ua_device);
        object.truth("ua_new_for_actor", self.ua_new_for_actor);
        object.text("ua_os", self.ua_os);
        object.fraction("z_same_action_30d", self.z_same_action_30d.map(i64::from), 2);
        if object.is_open {
            out.push(b'}');
        }
    }
}

struct Members<'o> {
    out: &'o mut Vec<u8>,
    is_open: bool,
}

impl Members<'_> {
    fn name(&mut self, name: &str) {
        self.out.extend_from_slice(if self.is_open { b",\"" } else { b"{\"" });
        self.is_open = true;
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn number(&mut self, name: &str, value: Option<u32>) {
        if let Some(value) = value {
            self.name(name);
            // Writing to a vector does not fail.
            let _ = write!(self.out, "{value}");
        }
    }

    fn truth(&mut self, name: &str, value: Option<bool>) {
        if let Some(value) = value {
            self.name(name);
            self.out.extend_from_slice(if value { b"true" } else { b"false" });
        }
    }

    fn text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.name(name);
            write_string(value, self.out);
        }
    }

    /// A number with so many digits after the point, without zeros at its end.
    fn fraction(&mut self, name: &str, value: Option<i64>, digits: u32) {
        let Some(value) = value else { return };
        self.name(name);
        let unit = 10_i64.pow(digits);
        let (whole, rest) = (value.abs() / unit, value.abs() % unit);
        let sign = if value < 0 { "-" } else { "" };
        let _ = write!(self.out, "{sign}{whole}");
        if rest > 0 {
            let _ = write!(self.out, ".{rest:0width$}", width = digits as usize);
            while self.out.last() == Some(&b'0') {
                self.out.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(section: &Section<'_>) -> String {
        let mut out = Vec::new();
        section.write(&mut out);
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn what_is_known_is_written_in_the_one_spelling() {
        let full = Section {
            actions_1h: Some(4),
            actor_age_days: Some(900),
            actor_dormant_days: Some(0),
            actor_is_bot: Some(false),
            after_impersonation: Some(true),
            change_widens: Some(true),
            country_new_for_actor: Some(true),
            distinct_targets_1h: Some(2),
            hour_share_30d: Some(40),
            ip_as_org: Some("Bär \"& Co\""),
            ip_asn: Some(64_496),
            ip_class: Some("documentation"),
            ip_country: Country::parse("JP"),
            ip_new_for_actor: Some(true),
            off_hours: Some(false),
            same_action_1h: Some(1),
            self_target: Some(false),
            source_ip: "203.0.113.9".parse().ok(),
            target_host_new: Some(true),
            travel_kmh: Some(1240),
            travel_neighbour: Some(false),
            ua_browser: Some("Firefox"),
            ua_device: Some("computer"),
            ua_new_for_actor: Some(false),
            ua_os: Some("Linux"),
            z_same_action_30d: Some(-125),
        };
        let text = written(&full);
        let json = hindcast_event::json::parse(&text).expect("JSON");
        assert_eq!(json.to_string(), text, "it is not the one spelling");
        assert!(
            text.contains("\"hour_share_30d\":0.04,") && text.contains("\"z_same_action_30d\":-1.25"),
            "{text}"
        );
        for (hundredths, number) in [(0, "0"), (7, "0.07"), (-7, "-0.07"), (300, "3"), (-310, "-3.1")] {
            let section = Section { z_same_action_30d: Some(hundredths), ..Section::default() };
            assert_eq!(written(&section), format!("{{\"z_same_action_30d\":{number}}}"));
        }
    }

    #[test]
    fn what_is_not_known_is_absent() {
        assert_eq!(written(&Section::default()), "");
        assert_eq!(
            written(&Section { off_hours: Some(true), ..Section::default() }),
            r#"{"off_hours":true}"#
        );
    }
}

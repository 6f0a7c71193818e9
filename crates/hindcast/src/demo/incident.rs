//! The incident worth finding: one night, about three weeks before the end of the year.
//!
//! Somebody guesses the password of a teammate, passes the second factor with a stolen recovery code, makes a key
//! that may export, sends copies elsewhere, takes the contacts along and puts a link into an answer that the next
//! shift sends to customers. In the morning the security admin takes it all back.

use super::calendar::{BERLIN, HOUR, MINUTE, weekday};
use super::dice::Dice;
use super::line::{Geo, Line, Place, id_of};
use super::people::{machines, named};
use serde_json::json;

const SECOND: i64 = MINUTE / 60;
const VICTIM: &str = "Søren Lindqvist";
const EXPORT: &str = "the export of the incident";

/// The answer that is changed: id and name.
pub const MACRO: (&str, &str) = ("31", "Refund – when the money arrives");
/// Where it comes from: nobody else ever does.
pub const COUNTRY: &str = "SC";
/// The session of the intruder.
pub const SESSION: &str = "s_5eafee1da7a0";

const BODY: &str = "Hello {{first_name}}, your refund is on its way and arrives within 3 to 5 working days.";
const BODY_WITH_LINK: &str = "Hello {{first_name}}, your refund is on its way. Please confirm your bank details first: \
                              https://refunds-harbourpine.example/confirm";

/// When the night is.
#[derive(Clone, Copy, Debug)]
pub struct Incident {
    /// Midnight before it, in Berlin.
    midnight: i64,
}

impl Incident {
    /// The incident of the year that ends at `now`.
    pub fn of(now: i64) -> Self {
        let mut day = BERLIN.day(now) - 21;
        while !matches!(weekday(day), 2..=4) {
            day -= 1;
        }
        Self { midnight: BERLIN.at(day, 0) }
    }

    /// From the first guess to the last answer of the security admin, in whole seconds.
    pub fn seconds(&self) -> (i64, i64) {
        ((self.midnight + 2 * HOUR) / 1_000_000, (self.midnight + 9 * HOUR + 30 * MINUTE) / 1_000_000)
    }

    /// The id of the entry of the export.
    pub fn export_id(&self) -> String {
        id_of(EXPORT, self.export_at())
    }

    fn export_at(&self) -> i64 {
        self.at(3, 6, 18)
    }

    /// While the changed macro was in use.
    pub fn link_in_use(&self) -> (i64, i64) {
        (self.at(3, 17, 2), self.at(8, 19, 44))
    }

    fn at(&self, hour: i64, minute: i64, second: i64) -> i64 {
        self.midnight + hour * HOUR + minute * MINUTE + second * SECOND
    }

    /// All of it.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = self.guesses();
        lines.extend(self.inside());
        lines.extend(self.noticed());
        lines.extend(self.answered());
        lines
    }

    fn place(&self, session: &str) -> Place {
        Place {
            ip: "198.51.100.213".to_owned(),
            geo: Some(Geo { country: COUNTRY, city: None }),
            user_agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/139.0.0.0 Safari/537.36",
            session_id: session.to_owned(),
            source: "ui",
        }
    }

    fn guesses(&self) -> Vec<Line> {
        let victim = named(VICTIM);
        let mut dice = Dice::named("guesses");
        let mut lines = Vec::new();
        let mut at = self.at(2, 7, 11);
        while at < self.at(2, 38, 0) {
            let (action, code) = ("user.sign_in_failed", "wrong_password");
            let line = Line::new(at, &victim.actor, action).meta("sign_in_method", "password");
            lines.push(line.failed(code, "the password was wrong").from(&self.place("")));
            at += dice.within(21 * SECOND, 74 * SECOND);
        }
        let locked =
            Line::new(self.at(2, 26, 30), machines::SIGN_IN_GUARD, "user.locked_out").meta("attempts", 20);
        lines.push(locked.target("user", &victim.id, victim.name).from(&Place::within("system")));
        lines.push(
            Line::new(self.at(2, 40, 2), &victim.actor, "mfa.challenged")
                .meta("method", "totp")
                .from(&self.place("")),
        );
        for second in [14, 31, 49] {
            let line = Line::new(self.at(2, 40, second), &victim.actor, "mfa.challenge_failed")
                .meta("method", "totp");
            lines.push(line.failed("wrong_code", "the code was wrong").from(&self.place("")));
        }
        lines
    }

    fn inside(&self) -> Vec<Line> {
        let victim = named(VICTIM);
        let by = |hour, minute, second, action: &str| {
            Line::new(self.at(hour, minute, second), &victim.actor, action).from(&self.place(SESSION))
        };
        let scopes = ["contacts:read", "contacts:export", "webhooks:write"];
        vec![
            by(2, 41, 20, "recovery_code.used").meta("remaining", 7),
            by(2, 41, 21, "user.signed_in").meta("sign_in_method", "password"),
            by(2, 43, 5, "conversation.searched").meta("query", "iban").meta("results", 611),
            by(2, 46, 40, "role.updated")
                .target("role", "r_api_reporting", "API: reporting")
                .change("/permissions/contacts_export", false, true)
                .change("/permissions/webhooks_manage", false, true),
            by(2, 48, 12, "token.created")
                .target("token", "key_backup_sync", "backup-sync")
                .meta("scopes", scopes)
                .meta("expires_at", json!(null)),
            by(2, 58, 33, "webhook.created")
                .target("webhook", "wh_88", "sync.cdn-metrics.example")
                .meta("url", "https://sync.cdn-metrics.example/in")
                .meta("topics", ["contact.*", "conversation.*"]),
            by(3, 6, 18, "contacts.exported").known_as(EXPORT).meta("count", 48_211).meta("format", "csv"),
            by(3, 9, 51, "data_export.downloaded")
                .target("data_export", "de_5120", "contacts.csv")
                .meta("bytes", 9_412_233),
            by(3, 17, 2, "macro.updated").target("macro", MACRO.0, MACRO.1).change(
                "/body",
                BODY,
                BODY_WITH_LINK,
            ),
            by(3, 24, 45, "session.revoked").target("user", &victim.id, victim.name).meta("count", 3),
            by(3, 31, 9, "user.signed_out"),
        ]
    }

    /// The shift in Tokyo sends the changed answer, until somebody asks.
    fn noticed(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for (nth, name) in (0..).zip(["小林 蓮", "加藤 真由", "小林 蓮", "加藤 真由", "小林 蓮", "加藤 真由"])
        {
            let person = named(name);
            let at = self.at(3, 40 + 19 * nth, 7 * nth);
            let effects = ["reply", "tag"];
            let line = Line::new(at, &person.actor, "macro.applied").target("macro", MACRO.0, MACRO.1);
            let conversation = (2_153_990_100 + 7 * nth).to_string();
            lines.push(
                line.meta("conversation", conversation).meta("effects", effects).from(&person.place(at)),
            );
        }
        let contact =
            r#"{"type":"user","id":"c_61877","email":"customer61877@example.com","role":"contact"}"#;
        let (id, subject) = ("2153990177", "Is this link really from you?");
        let asked = Line::new(self.at(5, 52, 30), contact, "conversation.created").target(
            "conversation",
            id,
            subject,
        );
        lines.push(asked.meta("channel", "email").from(&Place { source: "email", ..Place::default() }));
        let mayu = named("加藤 真由");
        let at = self.at(6, 10, 12);
        let note = Line::new(at, &mayu.actor, "note.added").target("conversation", id, subject);
        let said = "A customer asks about a link in our refund answer. I did not write it. Asking security.";
        lines.push(note.described(said).from(&mayu.place(at)));
        lines
    }

    fn answered(&self) -> Vec<Line> {
        let (juergen, victim) = (named("Jürgen Groß"), named(VICTIM));
        let by = |hour, minute, second, action: &str| {
            let at = self.at(hour, minute, second);
            Line::new(at, &juergen.actor, action).because("INC-2041").from(&juergen.place(at))
        };
        let him = |line: Line| line.target("user", &victim.id, victim.name);
        vec![
            by(8, 9, 40, "user.signed_in").meta("sign_in_method", "sso"),
            him(by(8, 12, 3, "agent.suspended")),
            him(by(8, 13, 10, "session.revoked").meta("count", 1)),
            by(8, 15, 27, "token.revoked").target("token", "key_backup_sync", "backup-sync"),
            by(8, 16, 58, "webhook.deleted")
                .target("webhook", "wh_88", "sync.cdn-metrics.example")
                .meta("url", "https://sync.cdn-metrics.example/in"),
            by(8, 19, 44, "macro.updated").target("macro", MACRO.0, MACRO.1).change(
                "/body",
                BODY_WITH_LINK,
                BODY,
            ),
            by(8, 22, 15, "role.updated")
                .target("role", "r_api_reporting", "API: reporting")
                .change("/permissions/contacts_export", true, false)
                .change("/permissions/webhooks_manage", true, false),
            him(by(8, 31, 2, "password.reset")),
            him(by(8, 31, 40, "recovery_codes.generated").meta("count", 10)),
            by(8, 44, 19, "security_settings.updated").change("/sign_in/require_sso", false, true).change(
                "/recovery_codes/allowed",
                true,
                false,
            ),
            by(8, 52, 36, "ip_allowlist.updated").change(
                "/exports",
                json!([]),
                ["192.0.2.0/24", "198.51.100.0/25", "203.0.113.0/25"],
            ),
            him(by(9, 20, 8, "agent.reactivated")),
        ]
    }
}

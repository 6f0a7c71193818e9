//! Ordinary days: people sign in and out, change settings, write articles; machines do their rounds.

use super::calendar::{DAY, HOUR, MINUTE, date, is_weekend, weekday};
use super::dice::Dice;
use super::incident::MACRO;
use super::line::{Line, Place};
use super::people::{self, PEOPLE, Person, TEAMS, machines};
use serde_json::json;

const SECOND: i64 = MINUTE / 60;

/// Everybody's comings and goings on a day of their own calendar; `often` thins them out for a small demo.
pub fn sign_ins(day: i64, now: i64, often: f64, lines: &mut Vec<Line>) {
    for person in PEOPLE.iter() {
        let Some((begins, ends)) = person.shift(day, now) else { continue };
        let mut dice = Dice::of(&[20, person.number, day.unsigned_abs()]);
        if !dice.says_yes(often) {
            continue;
        }
        let by = |at: i64, action: &str| Line::new(at, &person.actor, action).from(&person.place(begins));
        let sso = person.number % 3 == 0;
        for mistyped in 0..if dice.says_yes(0.05) { dice.within(1, 4) } else { 0 } {
            let at = begins - (90 - 25 * mistyped) * SECOND;
            let line = by(at, "user.sign_in_failed").meta("sign_in_method", "password");
            lines.push(line.failed("wrong_password", "the password was wrong"));
        }
        if sso {
            lines.push(by(begins, "sso.signed_in").meta("provider", "okta"));
        } else {
            lines.push(by(begins, "mfa.challenged").meta("method", "totp"));
            if dice.says_yes(0.02) {
                let line = by(begins + 9 * SECOND, "mfa.challenge_failed").meta("method", "totp");
                lines.push(line.failed("wrong_code", "the code was wrong"));
            }
            lines.push(by(begins + 24 * SECOND, "user.signed_in").meta("sign_in_method", "password"));
        }
        if person.role == "agent" && dice.says_yes(0.5) {
            let noon = begins + 3 * HOUR + dice.within(0, 90 * MINUTE);
            for (at, before) in [(noon, false), (noon + dice.within(25 * MINUTE, 58 * MINUTE), true)] {
                let line = by(at, "agent.away_changed").change("/away", before, !before);
                lines.push(line.target("user", &person.id, person.name));
            }
        }
        if dice.says_yes(0.9) {
            lines.push(by(ends, "user.signed_out"));
        }
    }
}

/// What the people who run the place do, a dozen things on a working day.
pub fn chores(day: i64, now: i64, often: f64, lines: &mut Vec<Line>) {
    let mut dice = Dice::of(&[21, day.unsigned_abs()]);
    let busy = if is_weekend(day) { 1.5 } else { 14.0 };
    for _ in 0..dice.about(busy * often) {
        let person = match dice.within(0, 10) {
            0..4 => {
                let team = *dice.pick(&TEAMS);
                people::manager(team)
            }
            4..6 => people::named("Niamh Kavanagh"),
            6..7 => people::named("Søren Lindqvist"),
            7..8 => people::named("Jürgen Groß"),
            _ => dice.pick(&PEOPLE[..]),
        };
        let Some((begins, ends)) = person.shift(day, now) else { continue };
        let at = dice.within(begins + 5 * MINUTE, ends);
        let chore = if person.role == "agent" {
            agents_chore(&mut dice, person, at)
        } else {
            managers_chore(&mut dice, person, at)
        };
        lines.push(chore.from(&person.place(begins)));
    }
}

fn agents_chore(dice: &mut Dice, person: &Person, at: i64) -> Line {
    let by = |action: &str| Line::new(at, &person.actor, action);
    let number = dice.within(110, 190).to_string();
    match dice.within(0, 7) {
        0 => by("email_signature.changed").target("user", &person.id, person.name),
        1 => by("article.updated").target("article", &number, "How returns work").meta("locale", "en"),
        2 => by("attachment.downloaded")
            .target("attachment", &format!("at_{number}"), "invoice.pdf")
            .meta("bytes", 48_211),
        3 => by("conversation.searched").meta("query", "zip broken").meta("results", dice.within(2, 90)),
        4 => by("contact.updated").target("contact", &format!("c_{number}"), "").change(
            "/language",
            "en",
            "de",
        ),
        5 => by("conversation.access_denied")
            .target("conversation", &format!("21539{number}"), "Payroll question")
            .by_policy("P-1", "deny")
            .denied("team_only", "only the team VIP may open it"),
        _ => {
            by("personal_data.revealed").target("contact", &format!("c_{number}"), "").meta("field", "phone")
        }
    }
}

fn managers_chore(dice: &mut Dice, person: &Person, at: i64) -> Line {
    let by = |action: &str| Line::new(at, &person.actor, action);
    let number = dice.within(110, 190).to_string();
    let team = *dice.pick(&TEAMS);
    let colleague = dice.pick(&PEOPLE[..]);
    let hours = dice.within(2, 9);
    match dice.within(0, 26) {
        0 => by("macro.updated").target("macro", "24", "Return – label and steps").change(
            "/body",
            "Hello,",
            "Hello {{first_name}},",
        ),
        1 => by("macro.created").target("macro", &number, "Shop closed on Monday"),
        2 => by("automation_rule.updated")
            .target("automation_rule", "9", "First reply within 4 hours")
            .change("/conditions/0/minutes", hours * 60, (hours - 1) * 60),
        3 => by("automation_rule.disabled")
            .target("automation_rule", "21", "Weekend notice")
            .change("/enabled", true, false),
        4 => by("automation_rule.enabled")
            .target("automation_rule", "21", "Weekend notice")
            .change("/enabled", false, true),
        5 => by("tag.created").target("tag", &number, "recall"),
        6 => by("label.updated").target("label", &number, "Urgent").change("/color", "red", "orange"),
        7 => by("topic.updated").target("topic", &number, "Delivery").change(
            "/keywords",
            ["parcel"],
            ["parcel", "courier"],
        ),
        8 => by("team.member_added").target("team", team, team).meta("member", colleague.name),
        9 => by("team.member_removed").target("team", team, team).meta("member", colleague.name),
        10 => by("agent.role_assigned").target("user", &colleague.id, colleague.name).meta("role", "agent"),
        11 => by("agent.permissions_changed")
            .target("user", &colleague.id, colleague.name)
            .change("/permissions/reports", false, true)
            .because("monthly figures"),
        12 => by("office_hours.updated").change("/saturday/until", "16:00", "18:00"),
        13 => by("sla.updated").target("sla", "2", "Gold").change("/first_reply_minutes", 60, 45),
        14 => by("welcome_message_change").change("/text", "Hello!", "Hello, how can we help?"),
        15 => by("messenger_look_and_feel_change").change("/color", "#204030", "#1f5a3a"),
        16 => {
            by("article.published").target("article", &number, "Caring for down jackets").meta("locale", "en")
        }
        17 => by("article.created")
            .target("article", &number, "ダウンジャケットのお手入れ")
            .meta("locale", "ja"),
        18 => by("campaign.sent")
            .target("campaign", &number, "Autumn sale")
            .meta("recipients", dice.within(800, 22_000)),
        19 => by("report.exported")
            .target("report", "weekly", "Weekly figures")
            .meta("format", "csv")
            .meta("rows", dice.within(100, 900)),
        20 => by("knowledge.source_added")
            .target("knowledge_source", &number, "Repair manual 2026")
            .meta("kind", "pdf"),
        21 => by("prompt.updated")
            .target("prompt", "wren_tone", "Tone of Wren")
            .change("/text", "Be friendly.", "Be friendly and brief.")
            .meta("version", dice.within(4, 40)),
        22 => by("guardrail.updated").target("guardrail", "money", "no promises about money").change(
            "/max_amount",
            100,
            150,
        ),
        23 => by("conversation.bulk_updated").meta("count", dice.within(8, 140)),
        24 => by("macro.updated").target("macro", MACRO.0, MACRO.1).change(
            "/folder",
            "Payments",
            "Payments/Refunds",
        ),
        _ => by("oauth.authorized").target("app", "calendar", "Calendar").meta("scopes", ["events:read"]),
    }
}

/// What machines do every day, and once a month.
pub fn rounds(day: i64, often: f64, lines: &mut Vec<Line>) {
    let midnight = day * DAY;
    let mut dice = Dice::of(&[22, day.unsigned_abs()]);
    let ran = Line::new(
        midnight + 90 * MINUTE + dice.within(0, 90 * SECOND),
        machines::REPORTING,
        "data_export.run",
    );
    let ran = ran
        .target("data_export", "nightly", "Nightly figures")
        .meta("format", "csv")
        .meta("rows", dice.within(700, 2_100));
    let reporting = Place {
        ip: "192.0.2.77".into(),
        user_agent: "reporting-sync/2.4",
        source: "api",
        ..Place::default()
    };
    lines.push(ran.from(&reporting));
    let shop =
        Place { ip: "203.0.113.77".into(), user_agent: "shop-backend/31", source: "api", ..Place::default() };
    for _ in 0..dice.about(26.0 * often) {
        let contact = format!("c_{}", dice.within(40_000, 88_211));
        let line = Line::new(midnight + dice.within(0, DAY), machines::SHOP, "api.called").from(&shop);
        let line = line.target("contact", &contact, "").meta("operation", "contacts.update");
        let refused = dice.says_yes(0.01);
        lines.push(if refused {
            line.meta("status", 429).failed("429", "too many requests")
        } else {
            line.meta("status", 200)
        });
    }
    if dice.says_yes(0.04) {
        let line =
            Line::new(midnight + dice.within(0, DAY), machines::SHOP, "webhook.delivery_failed").from(&shop);
        let line = line
            .target("webhook", "wh_12", "shop.harbourpine.example")
            .meta("status", 503)
            .meta("attempts", 3);
        lines.push(line.failed("503", "the receiver was not available"));
    }
    let billing = Place::within("billing");
    let (year, month, day_of_month) = date(midnight);
    if day_of_month == 1 {
        let invoice = format!("INV-{year}-{month:02}");
        let line = Line::new(midnight + 6 * HOUR, machines::BILLING, "invoice.paid").from(&billing);
        lines.push(
            line.target("invoice", &invoice, &invoice).meta("amount", "4980.00").meta("currency", "EUR"),
        );
    }
    if day_of_month == 3 {
        let helena = people::named("Helena Ruiz");
        let at = helena.site.at(day, 10 * HOUR + 12 * MINUTE);
        let invoice = format!("INV-{year}-{month:02}");
        let line = Line::new(at, &helena.actor, "invoice.downloaded").target("invoice", &invoice, &invoice);
        lines.push(line.from(&helena.place(at)));
    }
    if weekday(day) == 1 {
        let ingrid = people::named("Ingrid Sørensen");
        let at = ingrid.site.at(day, 9 * HOUR + 40 * MINUTE);
        let line =
            Line::new(at, &ingrid.actor, "report.exported").target("report", "access", "Access review");
        lines.push(line.meta("format", "pdf").meta("rows", 60).from(&ingrid.place(at)));
    }
}

/// Those who come and those who go on this day.
pub fn comings_and_goings(day: i64, now: i64, lines: &mut Vec<Line>) {
    let days_ago = now.div_euclid(DAY) - day;
    let niamh = people::named("Niamh Kavanagh");
    let scim = Place {
        ip: "192.0.2.90".into(),
        user_agent: "directory-sync/1.9",
        source: "scim",
        ..Place::default()
    };
    for person in PEOPLE.iter() {
        let whom = |line: Line| line.target("user", &person.id, person.name);
        if person.joined_days_ago == Some(days_ago) {
            let at = person.site.at(day, 7 * HOUR + 30 * MINUTE);
            lines.push(whom(Line::new(at, machines::DIRECTORY, "agent.provisioned")).from(&scim));
            let by = |minutes: i64, action: &str| {
                whom(Line::new(at + minutes * MINUTE, &niamh.actor, action)).from(&niamh.place(at))
            };
            lines.push(by(3, "agent.invited").meta("email", json!(null)).meta("role", person.role));
            lines.push(by(5, "seat.assigned").meta("seat", "full"));
            lines.push(by(6, "agent.role_assigned").meta("role", person.role));
            let joined = at + 40 * MINUTE;
            lines.push(Line::new(joined, &person.actor, "agent.joined").from(&person.place(joined)));
        }
        if person.left_days_ago == Some(days_ago) {
            let at = person.site.at(day, 17 * HOUR + 45 * MINUTE);
            let why = "last day at work";
            for (minutes, action) in [(0, "agent.removed"), (1, "seat.revoked"), (2, "session.revoked")] {
                let line = whom(Line::new(at + minutes * MINUTE, &niamh.actor, action)).because(why);
                lines.push(line.from(&niamh.place(at)));
            }
            lines.push(
                whom(Line::new(at + 20 * MINUTE, machines::DIRECTORY, "agent.deprovisioned")).from(&scim),
            );
        }
    }
}

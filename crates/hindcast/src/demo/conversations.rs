//! The life of a conversation: a customer asks, Wren tries, a teammate helps, somebody closes it.

use super::calendar::{DAY, HOUR, MINUTE};
use super::dice::Dice;
use super::line::{Geo, Line, Place};
use super::mishaps::Mishaps;
use super::people::{self, Person, machines};
use hindcast_event::Timestamp;
use serde_json::json;

const SECOND: i64 = MINUTE / 60;

/// What customers write about.
struct Topic {
    team: &'static str,
    tag: &'static str,
    subjects: &'static [&'static str],
    tool: &'static str,
    macro_: (&'static str, &'static str),
}

const TOPICS: [Topic; 7] = [
    Topic {
        team: "Orders",
        tag: "delivery",
        subjects: &[
            "Where is my parcel?",
            "Order has not arrived",
            "Wrong address on my order",
            "Wo ist mein Paket?",
        ],
        tool: "order.lookup",
        macro_: ("12", "Delivery – where is it now"),
    },
    Topic {
        team: "Returns",
        tag: "returns",
        subjects: &["Boots are too small", "How do I send this back?", "Rücksendung Zelt", "Retour de veste"],
        tool: "return.create",
        macro_: ("24", "Return – label and steps"),
    },
    Topic {
        team: "Payments",
        tag: "refund",
        subjects: &["Charged twice", "Refund still missing", "Voucher does not work", "Doppelte Abbuchung"],
        tool: "refund.create",
        macro_: super::incident::MACRO,
    },
    Topic {
        team: "Technical",
        tag: "app",
        subjects: &[
            "App closes at once",
            "Cannot sign in to my account",
            "GPS watch will not pair",
            "App stürzt ab",
        ],
        tool: "device.lookup",
        macro_: ("45", "App – first things to try"),
    },
    Topic {
        team: "VIP",
        tag: "expedition",
        subjects: &["Kit list for Svalbard", "Group order of 14 tents", "Expédition en juin: délai?"],
        tool: "stock.lookup",
        macro_: ("52", "Expedition – who to call"),
    },
    Topic {
        team: "Japan",
        tag: "delivery",
        subjects: &["配送状況を教えてください", "サイズ交換をお願いします", "領収書の再発行について"],
        tool: "order.lookup",
        macro_: ("61", "配送 – 現在の状況"),
    },
    Topic {
        team: "Orders",
        tag: "warranty",
        subjects: &[
            "Zip broken after two weeks",
            "Seam came apart",
            "Stove does not light",
            "Reklamation Rucksack",
        ],
        tool: "order.lookup",
        macro_: ("18", "Warranty – photos please"),
    },
];

const CHANNELS: [(&str, &str); 4] =
    [("chat", "messenger"), ("email", "email"), ("whatsapp", "whatsapp"), ("phone", "phone")];
const WHERE_CUSTOMERS_ARE: [&str; 8] = ["IE", "DE", "GB", "FR", "JP", "CA", "AT", "NL"];
const QUESTIONS: [&str; 5] = [
    "does the warranty cover salt water",
    "can a return be collected from a hut",
    "which stove is allowed on a plane",
    "is the 2019 shell still repaired",
    "do you ship to research stations",
];

/// Tells one conversation.
pub struct Conversation<'l> {
    dice: Dice,
    now: i64,
    id: String,
    subject: &'static str,
    topic: &'static Topic,
    contact: Contact,
    mishaps: &'l Mishaps,
    lines: &'l mut Vec<Line>,
}

struct Contact {
    id: String,
    actor: String,
    place: Place,
}

impl<'l> Conversation<'l> {
    /// Tells what becomes of conversation `number`, which begins at `at`; nothing later than `now` is kept.
    pub fn tell(number: u64, at: i64, now: i64, mishaps: &'l Mishaps, lines: &'l mut Vec<Line>) {
        let mut dice = Dice::of(&[10, number]);
        let topic = dice.pick(&TOPICS);
        let subject = dice.pick(topic.subjects);
        let contact = Contact::of(&mut dice, topic.team);
        let mut it = Conversation {
            dice,
            now,
            id: (2_154_000_000 + number).to_string(),
            subject,
            topic,
            contact,
            mishaps,
            lines,
        };
        it.live(at);
    }

    fn live(&mut self, at: i64) {
        let (channel, source) = *self.dice.pick(&CHANNELS);
        let line = self.by_contact(at, "conversation.created", source).meta("channel", channel);
        self.lines.push(line);
        let met_wren = channel != "phone" && self.dice.says_yes(0.93);
        let asked = at + self.dice.within(2 * SECOND, 9 * SECOND);
        let Some(handed_over) = (if met_wren { self.wren(asked) } else { Some(asked) }) else { return };
        self.teammate(handed_over);
    }

    /// What Wren does; when it hands over, if it does not resolve the conversation itself.
    fn wren(&mut self, mut at: i64) -> Option<i64> {
        for _ in 0..self.dice.within(1, 4) {
            if self.dice.says_yes(0.6) {
                self.tool_call(at);
                at += self.dice.within(2 * SECOND, 8 * SECOND);
            }
            let confidence = self.dice.within(55, 99) as f64 / 100.0;
            let sources = [format!("article/{}", self.dice.within(110, 190))];
            let line =
                self.by_wren(at, "ai_agent.replied").meta("confidence", confidence).meta("sources", sources);
            self.lines.push(line);
            at += self.dice.within(40 * SECOND, 6 * MINUTE);
        }
        let mistagged =
            self.mishaps.tags_wrongly(at) && self.topic.tag != "billing" && self.dice.says_yes(0.55);
        let (tag, confidence) = if mistagged { ("billing", 0.36) } else { (self.topic.tag, 0.86) };
        let confidence = confidence + self.dice.within(0, 12) as f64 / 100.0;
        let line = self.by_wren(at, "ai_agent.tagged").change("/tags", json!([]), [tag]);
        self.lines.push(line.meta("tag", tag).meta("confidence", (confidence * 100.0).round() / 100.0));
        at += self.dice.within(5 * SECOND, 40 * SECOND);
        let ending = self.dice.within(0, 100);
        if ending < 48 && !mistagged {
            self.resolved_by_wren(at);
            return None;
        }
        let reason = match ending {
            0..58 => {
                let question = *self.dice.pick(&QUESTIONS);
                let line = self.by_wren(at, "ai_agent.knowledge_missed").meta("question", question);
                self.lines.push(line);
                "no_answer"
            }
            58..60 => {
                let line = self
                    .by_wren(at, "ai_agent.guardrail_blocked")
                    .meta("guardrail", "no promises about money")
                    .meta("category", "financial_commitment")
                    .by_policy("P-4", "deny")
                    .denied("guardrail", "the reply promised a refund that nobody approved");
                self.lines.push(line);
                "guardrail"
            }
            60..61 => {
                let error = "tool timed out after 10 s";
                let line = self.by_wren(at, "ai_agent.failed").meta("error", error).failed("timeout", error);
                self.lines.push(line);
                "failed"
            }
            _ => "asked_for_a_person",
        };
        at += SECOND;
        let line = self.by_wren(at, "ai_agent.escalated").meta("to", self.topic.team).meta("reason", reason);
        self.lines.push(line);
        if mistagged {
            self.lines.push(self.by_routing(at + SECOND, "Payments").meta("condition", "tag is billing"));
        }
        Some(at + 2 * SECOND)
    }

    fn tool_call(&mut self, at: i64) {
        let tool = self.topic.tool;
        let order = format!("HP-{}", self.dice.within(310_000, 489_999));
        let amount = self.dice.within(12, 420);
        if tool == "refund.create" && amount > 150 {
            return self.refund_with_approval(at, &order, amount);
        }
        let arguments = match tool {
            "refund.create" => json!({"order": order, "amount": amount, "currency": "EUR"}),
            "return.create" => json!({"order": order, "items": 1, "label": "parcel_shop"}),
            "device.lookup" => json!({"contact": self.contact.id}),
            "stock.lookup" => {
                json!({"article": format!("T-{}", amount + 1_000), "quantity": amount / 20 + 1})
            }
            _ => json!({"order": order}),
        };
        let line = self.by_wren(at, "ai_agent.tool_called").meta("tool", tool).meta("arguments", arguments);
        let line = line.target("order", &order, "").by_policy("P-2", "allow");
        let slow = self.dice.says_yes(0.02);
        let line = if slow {
            line.meta("status", 504).failed("504", "the shop did not answer")
        } else {
            line.meta("status", 200)
        };
        self.lines.push(line);
    }

    /// More than 150 euros need a person.
    fn refund_with_approval(&mut self, at: i64, order: &str, amount: i64) {
        let arguments = json!({"order": order, "amount": amount, "currency": "EUR"});
        let asked = self
            .by_wren(at, "ai_agent.approval_requested")
            .meta("action", "refund.create")
            .meta("policy", "P-7");
        self.lines.push(asked.meta("arguments", &arguments).target("order", order, ""));
        let manager = people::manager("Payments");
        let Some(answered) = manager.next_at_work(at + self.dice.within(MINUTE, 25 * MINUTE), self.now)
        else {
            return;
        };
        let granted = self.dice.says_yes(0.85);
        let (action, decision) =
            if granted { ("approval.granted", "allow") } else { ("approval.denied", "deny") };
        let line =
            self.line(answered, &manager.actor, action).meta("action", "refund.create").meta("policy", "P-7");
        self.lines.push(line.target("order", order, "").from(&manager.place(answered)));
        let done = answered + self.dice.within(2 * SECOND, 20 * SECOND);
        let action = if granted { "ai_agent.tool_called" } else { "ai_agent.tool_denied" };
        let line = self
            .by_wren(done, action)
            .meta("tool", "refund.create")
            .target("order", order, "")
            .by_policy("P-7", decision);
        let line = line.meta("arguments", arguments);
        self.lines.push(if granted {
            line.meta("status", 201)
        } else {
            line.meta("policy", "P-7").denied("approval_denied", "a manager said no")
        });
    }

    fn resolved_by_wren(&mut self, at: i64) {
        let turns = self.dice.within(2, 7);
        let confidence = self.dice.within(78, 99) as f64 / 100.0;
        let line = self.by_wren(at, "ai_agent.resolved").meta("turns", turns).meta("confidence", confidence);
        self.lines.push(line);
        let closed = self.by_wren(at + SECOND, "conversation.closed").change("/state", "open", "closed");
        self.lines.push(closed.meta("reason", "resolved"));
        if self.dice.says_yes(0.22) {
            let rating = *self.dice.pick(&[5, 5, 5, 4, 4, 3, 2, 1]);
            let later = self.dice.within(3 * MINUTE, 5 * HOUR);
            self.rated(at + later, rating);
        }
    }

    /// What a teammate does from the hand-over on.
    fn teammate(&mut self, at: i64) {
        let team: Vec<_> = people::team(self.topic.team).collect();
        let chosen: Vec<&Person> = (0..3).map(|_| *self.dice.pick(&team)).collect();
        let waits = self.dice.within(2 * MINUTE, 35 * MINUTE);
        let first = chosen
            .into_iter()
            .filter_map(|person| Some((person.next_at_work(at + waits, self.now)?, person)));
        let Some((mut at_work, person)) = first.min_by_key(|(at, person)| (*at, person.number)) else {
            return;
        };
        self.lines.push(self.by_routing(at + 2 * SECOND, self.topic.team));
        if at_work - at > 4 * HOUR && self.dice.says_yes(0.3) {
            let line = self.line(at + 4 * HOUR, machines::SLA, "conversation.prioritized").change(
                "/priority",
                "normal",
                "high",
            );
            self.lines.push(line.from(&Place::within("automation")));
        }
        let by =
            |at: i64, action: &str, it: &Self| it.line(at, &person.actor, action).from(&person.place(at));
        let assigned =
            by(at_work, "conversation.assigned", self).change("/assignee", json!(null), person.name);
        self.lines.push(assigned.meta("assignee", &person.id));
        at_work += self.dice.within(5 * SECOND, 40 * SECOND);
        self.lines.push(by(at_work, "conversation.viewed", self));
        at_work += self.dice.within(MINUTE, 7 * MINUTE);
        if self.mishaps.tags_wrongly(at_work) && self.topic.tag != "billing" && self.dice.says_yes(0.4) {
            let line = by(at_work, "conversation.untagged", self)
                .change("/tags", ["billing"], json!([]))
                .meta("tag", "billing");
            self.lines.push(line.because("nothing to do with billing"));
            at_work += 8 * SECOND;
        }
        if self.dice.says_yes(0.35) {
            let line = by(at_work, "conversation.tagged", self).change("/tags", json!([]), [self.topic.tag]);
            self.lines.push(line.meta("tag", self.topic.tag));
            at_work += self.dice.within(3 * SECOND, 60 * SECOND);
        }
        if self.dice.says_yes(0.3) {
            let line = self
                .line(at_work, &self.mishaps.wren(at_work), "ai_agent.suggested")
                .on_behalf_of(&person.actor);
            let accepted = self.dice.says_yes(0.62);
            self.lines.push(line.meta("accepted", accepted).from(&Place::within("copilot")));
            at_work += self.dice.within(10 * SECOND, 90 * SECOND);
        }
        if self.dice.says_yes(0.38) {
            self.macro_applied(person, at_work);
            at_work += self.dice.within(4 * SECOND, 30 * SECOND);
        }
        for _ in 0..self.dice.within(1, 4) {
            self.lines.push(by(at_work, "message.sent", self).meta("channel", "reply"));
            at_work += self.dice.within(2 * MINUTE, 18 * MINUTE);
        }
        if self.dice.says_yes(0.35) {
            self.lines.push(by(at_work, "note.added", self));
            at_work += self.dice.within(20 * SECOND, 2 * MINUTE);
        }
        if self.dice.says_yes(0.07) {
            let line = by(at_work, "contact.viewed", self).target("contact", &self.contact.id, "");
            self.lines.push(line);
        }
        if self.mishaps.closes_early(at_work) && self.dice.says_yes(0.75) {
            return self.closed_too_early(at_work);
        }
        self.closed_by(person, at_work);
    }

    fn macro_applied(&mut self, person: &Person, at: i64) {
        let (id, name) = self.topic.macro_;
        let line =
            Line::new(at, &person.actor, "macro.applied").target("macro", id, name).from(&person.place(at));
        let effects = ["reply", "tag", "assign"];
        self.lines.push(
            line.meta("conversation", &self.id).meta("effects", &effects[..self.dice.within(1, 4) as usize]),
        );
    }

    fn closed_by(&mut self, person: &Person, at: i64) {
        if self.dice.says_yes(0.1) {
            let until = Timestamp::from_micros(at + 2 * DAY).to_string();
            let line = self.line(at, &person.actor, "conversation.snoozed").meta("until", until);
            self.lines.push(line.from(&person.place(at)));
            let woken = self.line(at + 2 * DAY, machines::SLA, "conversation.unsnoozed");
            self.lines.push(woken.from(&Place::within("automation")));
            if self.dice.says_yes(0.5) {
                let closed = at + 3 * DAY + self.dice.within(0, 4 * HOUR);
                return self.closed_as_stale(closed, 24, 30);
            }
            return;
        }
        let line = self.line(at, &person.actor, "conversation.closed").change("/state", "open", "closed");
        self.lines.push(line.meta("reason", "answered").from(&person.place(at)));
        let rates = self.dice.within(4 * MINUTE, 9 * HOUR);
        if self.dice.says_yes(0.3) {
            let rating = *self.dice.pick(&[5, 5, 5, 5, 4, 4, 3, 2]);
            self.rated(at + rates, rating);
        } else if self.dice.says_yes(0.06) {
            let line = self
                .by_contact(at + rates, "conversation.reopened", "messenger")
                .change("/state", "closed", "open");
            self.lines.push(line);
            if let Some(again) = person.next_at_work(at + rates + 9 * MINUTE, self.now) {
                let line = self.line(again, &person.actor, "message.sent").from(&person.place(again));
                self.lines.push(line);
                let closed = again + self.dice.within(2 * MINUTE, 40 * MINUTE);
                let line = self
                    .line(closed, &person.actor, "conversation.closed")
                    .change("/state", "open", "closed");
                self.lines.push(line.from(&person.place(closed)));
            }
        }
    }

    /// The customer was about to answer: the threshold was 2 hours where it should have been 24.
    fn closed_too_early(&mut self, at: i64) {
        let closed = at + 2 * HOUR + self.dice.within(0, 5 * MINUTE);
        self.closed_as_stale(closed, 2, 2);
        if self.dice.says_yes(0.7) {
            let back = closed + self.dice.within(20 * MINUTE, 20 * HOUR);
            let line = self
                .by_contact(back, "conversation.reopened", "messenger")
                .change("/state", "closed", "open");
            self.lines.push(line);
            self.rated(back + 2 * MINUTE, 1);
        }
    }

    fn closed_as_stale(&mut self, at: i64, threshold: i64, waited: i64) {
        let rule =
            Line::new(at, machines::CLOSE_STALE, "automation_rule.fired").from(&Place::within("automation"));
        let rule =
            rule.target("automation_rule", "17", "Close stale conversations").meta("conversation", &self.id);
        let condition = format!("waiting_hours >= {threshold}");
        self.lines
            .push(rule.meta("condition", condition).meta("effects", ["close"]).meta("waited_hours", waited));
        let line =
            self.line(at, machines::CLOSE_STALE, "conversation.closed").change("/state", "open", "closed");
        self.lines.push(line.meta("reason", "stale").from(&Place::within("automation")));
    }

    fn rated(&mut self, at: i64, rating: i64) {
        let line = self.by_contact(at, "conversation.rated", "messenger").meta("rating", rating);
        self.lines.push(line);
    }

    fn by_contact(&self, at: i64, action: &str, source: &'static str) -> Line {
        let place = Place { source, ..self.contact.place.clone() };
        self.line(at, &self.contact.actor, action).from(&place)
    }

    fn by_wren(&self, at: i64, action: &str) -> Line {
        self.line(at, &self.mishaps.wren(at), action).from(&Place::within("ai_agent"))
    }

    fn by_routing(&self, at: i64, team: &str) -> Line {
        let line =
            self.line(at, machines::ROUTING, "conversation.assigned").from(&Place::within("automation"));
        line.change("/team", json!(null), team).meta("team", team)
    }

    fn line(&self, at: i64, actor: &str, action: &str) -> Line {
        Line::new(at, actor, action).target("conversation", &self.id, self.subject)
    }
}

impl Contact {
    fn of(dice: &mut Dice, team: &str) -> Self {
        let number = dice.within(40_000, 88_211);
        let country = if team == "Japan" { "JP" } else { dice.pick(&WHERE_CUSTOMERS_ARE) };
        let id = format!("c_{number}");
        let actor = json!({
            "type": "user", "id": id, "email": format!("customer{number}@example.com"), "role": "contact",
        });
        let ip = format!("2001:db8:c{:02x}:{:x}::{:x}", number % 97, number % 9_973, 1 + number % 7);
        let place = Place { ip, geo: Some(Geo { country, city: None }), ..Place::default() };
        Self { id, actor: actor.to_string(), place }
    }
}

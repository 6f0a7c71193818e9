//! Conversations of the demo and what was tried on them: two simulations of its agent, the second with a stricter policy, and a
//! replay of the policy that is there to be tried. They are begun as anybody would begin them.

use super::decisions::{ADMIN, by};
use super::gate::{ENFORCED, TO_TRY, cap};
use crate::app::App;
use crate::catalog::SimulationState;
use crate::demo::Dice;
use crate::history::Conversation;
use crate::jobs::{replays, simulations};
use crate::simulate::Wanted;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Conversations, and the days they are spread over.
const CONVERSATIONS: u64 = 420;
const DAYS: i64 = 84;
const DAY: i64 = 86_400_000_000;
const MINUTE: i64 = 60_000_000;
/// Their numbers, beside those that the log tells of.
const FIRST: u64 = 2_153_000_000;
/// A simulation is looked at so often until it is over.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What customers ask, what the agent says, what a person says, and the tag that people give it.
struct Topic {
    tag: &'static str,
    /// What the agent takes it for when it is unsure.
    taken_for: &'static str,
    language: &'static str,
    asked: &'static str,
    agent: &'static str,
    person: &'static str,
    /// How often the agent ends it well.
    ends_well: f64,
    /// Whether money is paid back.
    refunds: bool,
}

const TOPICS: [Topic; 7] = [
    Topic {
        tag: "delivery",
        taken_for: "billing",
        language: "en",
        asked: "Where is my parcel? The order is HP-{n}.",
        agent: "Your parcel is with the carrier and arrives within two days.",
        person: "Your parcel is with the carrier and arrives tomorrow.",
        ends_well: 0.82,
        refunds: false,
    },
    Topic {
        tag: "refund",
        taken_for: "billing",
        language: "en",
        asked: "The tent came damaged, I want my money back for order HP-{n}.",
        agent: "I am sorry. We have paid the money back, it is with you in three days.",
        person: "I am sorry about the tent. We have paid the money back.",
        ends_well: 0.74,
        refunds: true,
    },
    Topic {
        tag: "warranty",
        taken_for: "returns",
        language: "de",
        asked: "Der Reißverschluss an HP-{n} ist nach zwei Wochen kaputt.",
        agent: "Bitte senden Sie uns ein Foto, dann reparieren wir ihn kostenlos.",
        person: "Bitte senden Sie uns ein Foto. Wir reparieren den Reißverschluss kostenlos.",
        ends_well: 0.63,
        refunds: false,
    },
    Topic {
        tag: "returns",
        taken_for: "refund",
        language: "fr",
        asked: "Je voudrais échanger la taille de la commande HP-{n}.",
        agent: "Bien sûr, voici une étiquette de retour.",
        person: "Bien sûr. Je vous envoie une étiquette de retour par e-mail.",
        ends_well: 0.7,
        refunds: false,
    },
    Topic {
        tag: "delivery",
        taken_for: "billing",
        language: "ja",
        asked: "注文 HP-{n} の配送状況を教えてください。",
        agent: "お荷物は配送中で、明日到着する予定です。",
        person: "お荷物は配送中です。明日到着いたします。",
        ends_well: 0.78,
        refunds: false,
    },
    Topic {
        tag: "billing",
        taken_for: "returns",
        language: "en",
        asked: "Please send the invoice for HP-{n} again.",
        agent: "I have sent the invoice to your e-mail address again.",
        person: "Here is the invoice for your order again.",
        ends_well: 0.9,
        refunds: false,
    },
    Topic {
        tag: "expedition",
        taken_for: "delivery",
        language: "en",
        asked: "Which stove is allowed on a plane, and do you ship to research stations? HP-{n}",
        agent: "",
        person: "Gas cartridges may not fly. We do ship to research stations, it takes three weeks.",
        ends_well: 0.0,
        refunds: false,
    },
];

/// Keeps the conversations and tries two policies on the past, once; each step only if it was not done before.
pub(super) fn set_up(app: &Arc<App>, workspace: &WorkspaceId, now: Timestamp) -> anyhow::Result<()> {
    if app.history.counts(workspace)?.conversations == 0 {
        let told: Result<Vec<Conversation>, _> =
            (0..CONVERSATIONS).map(|nth| Conversation::parse(&told(nth, now).to_string())).collect();
        let told =
            told.map_err(|flaws| anyhow::anyhow!("a conversation of the demo has flaws: {flaws:?}"))?;
        let kept = app.history.put(workspace, told, now, &by(ADMIN))?;
        anyhow::ensure!(kept.is_ok(), "a conversation of the demo is from elsewhere");
        app.post();
    }
    if app.catalog.replays(workspace, None, 1)?.is_empty()
        && let Some(room) = app.rooms.get(workspace)
    {
        let newest = app.catalog.policy(workspace, TO_TRY)?.map(|policy| policy.newest);
        if let Some(number) = newest {
            let given = replays::Given { name: TO_TRY.to_owned(), what: replays::What::Version(number) };
            let wanted = replays::Wanted {
                name: "Unsure tags on the past year".to_owned(),
                candidate: replays::Tried::One(given),
                baseline: Some(replays::Tried::Enforced),
                window: (None, None),
                filter: hindcast_segments::query::Query::default(),
                anew: false,
                started_by: ADMIN.to_owned(),
            };
            replays::begin(app, &room, wanted)?;
        }
    }
    if app.catalog.simulations(workspace, None, 1)?.unwrap_or_default().is_empty() {
        let first =
            json!({ "name": "Wren as it is", "agent": { "kind": "recorded" }, "size": "all", "seed": 1 });
        let Some(baseline) = simulated(app, workspace, first)? else { return Ok(()) };
        let plans = json!([
            { "name": "per resolution", "parts": [{ "kind": "per_resolution", "price_micros": 990_000, "minimum": 50 }] },
            { "name": "fixed price", "parts": [{ "kind": "fixed", "price_micros": 79_000_000, "included": 150, "extra_price_micros": 400_000 }] },
        ]);
        let second = json!({ "name": "Refunds above 50 euros ask first", "agent": { "kind": "recorded" }, "size": "all", "seed": 1,
            "candidates": { ENFORCED: cap(50) }, "baseline": baseline,
            "forecast": { "currency": "EUR", "plans": plans,
                "month": { "first": now.micros() / DAY, "days": 30, "draws": 2000, "seed": 1 } } });
        simulated(app, workspace, second)?;
    }
    Ok(())
}

/// Runs a simulation to its end; its id, unless the server ends first.
fn simulated(app: &Arc<App>, workspace: &WorkspaceId, wanted: Value) -> anyhow::Result<Option<String>> {
    let wanted: Wanted = serde_json::from_value(wanted)?;
    let id = simulations::begin(app, workspace, wanted, &by(ADMIN))?.id;
    while !*app.ending.borrow() {
        let state = app.catalog.simulation(workspace, &id)?.map(|simulation| simulation.state);
        if state != Some(SimulationState::Running) {
            return Ok((state == Some(SimulationState::Done)).then_some(id));
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(None)
}

/// One conversation; the same on every machine.
fn told(nth: u64, now: Timestamp) -> Value {
    let mut dice = Dice::of(&[31, nth]);
    let topic = dice.pick(&TOPICS);
    let order = dice.within(400_000, 499_999);
    let opened = now.micros() - dice.within(1, DAYS) * DAY - dice.within(0, DAY);
    let at = |minutes: i64| Timestamp::from_micros(opened + minutes * MINUTE).to_string();
    let channel = *dice.pick(&["chat", "chat", "email", "whatsapp"]);
    let is_unsure = dice.says_yes(0.14);
    let well = dice.says_yes(topic.ends_well);
    let euros = dice.within(12, 420);
    let mut messages = vec![
        json!({ "at": at(0), "role": "customer", "text": topic.asked.replace("{n}", &order.to_string()) }),
    ];
    if !topic.agent.is_empty() {
        let mut message = json!({ "at": at(1), "role": "agent", "text": topic.agent, "author": { "id": "wren", "name": "Wren" } });
        if topic.refunds {
            message["calls"] = json!([{ "tool": "refund.create",
                "arguments": { "order": format!("HP-{order}"), "amount": euros, "currency": "EUR" },
                "result": "{\"state\":\"paid\"}" }]);
        }
        messages.push(message);
    }
    if !well {
        let mut message = json!({ "at": at(40), "role": "teammate", "text": topic.person,
            "author": { "id": "siobhan", "name": "Siobhán Walsh" } });
        if topic.refunds {
            let less = if dice.says_yes(0.4) { euros / 2 } else { euros };
            message["calls"] = json!([{ "tool": "refund.create",
                "arguments": { "order": format!("HP-{order}"), "amount": less, "currency": "EUR" } }]);
        }
        messages.push(message);
    }
    let resolution = match (well, topic.agent.is_empty()) {
        (_, true) => "no_answer",
        (true, _) if dice.says_yes(0.4) => "confirmed",
        (true, _) => "assumed",
        (false, _) if dice.says_yes(0.3) => "negative_feedback",
        (false, _) => "escalated",
    };
    let wren = json!({ "id": "wren", "name": "Wren", "type": "agent" });
    let set = if is_unsure { topic.taken_for } else { topic.tag };
    let mut tags =
        vec![json!({ "at": at(2), "tag": set, "by": wren, "workflow": "wren", "version": "3.5.0" })];
    if is_unsure {
        let person = json!({ "id": "siobhan", "name": "Siobhán Walsh", "type": "user" });
        tags.push(json!({ "at": at(45), "tag": set, "act": "removed", "by": person }));
        tags.push(json!({ "at": at(45), "tag": topic.tag, "by": person }));
    }
    json!({
        "id": (FIRST + nth).to_string(), "source": "northwind", "channel": channel, "language": topic.language,
        "opened_at": at(0), "closed_at": at(60), "messages": messages, "tags": tags, "resolution": resolution,
        "ai": { "agent": "wren" },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_conversation_of_the_demo_can_be_kept_and_is_told_the_same_again() {
        let now = Timestamp::parse("2026-11-21T10:00:00Z").expect("a time");
        for nth in 0..CONVERSATIONS {
            let one = told(nth, now).to_string();
            assert_eq!(one, told(nth, now).to_string());
            let one = Conversation::parse(&one).expect("a conversation");
            assert!(one.has_ai() && one.opened_at < now, "{}", one.id);
        }
    }
}

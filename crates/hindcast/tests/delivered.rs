//! Entries reach everybody they are owed to, through receivers that fail at random and a server that is killed again and
//! again: each at least once, in order, none lost, and what comes twice comes under the same id.
//!
//! `HINDCAST_DELIVERED_ENTRIES` says how many (10,000); `./test` runs it.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

#[path = "it/process.rs"]
#[expect(dead_code, reason = "this story needs less than others")]
mod process;
#[path = "it/receiver.rs"]
#[expect(dead_code, reason = "this story needs less than others")]
mod receiver;
#[path = "it/support.rs"]
#[expect(dead_code, reason = "this story needs less than others")]
mod support;

use process::{Home, Process};
use receiver::{Receiver, Reply, Sent, says, told};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const CHUNK: usize = 100;
/// The server is killed after so many chunks.
const KILLED_EVERY: usize = 8;
/// How long the last of it may take.
const PATIENCE: Duration = Duration::from_secs(900);

/// What a receiver has taken: indexes and ids, in the order in which it said yes.
type Taken = Arc<Mutex<Vec<(u64, String)>>>;

/// Random enough, and the same each time.
struct Dice(Mutex<u64>);

impl Dice {
    fn throw(&self, sides: u64) -> u64 {
        let mut state = self.0.lock().expect("not poisoned");
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) % sides
    }
}

/// A failure of some sort; those of a webhook say when to come back, or it would take days.
fn failure(dice: &Dice) -> Reply {
    let soon = vec![("retry-after", "0".to_owned())];
    match dice.throw(5) {
        0 => Reply::Says(500, soon, "oh no".to_owned()),
        1 => Reply::Says(503, soon, String::new()),
        2 => Reply::Says(429, soon, String::new()),
        3 => Reply::Says(404, soon, "<html>".to_owned()),
        _ => Reply::Says(
            302,
            vec![("location", "http://169.254.169.254/".to_owned()), soon[0].clone()],
            String::new(),
        ),
    }
}

fn objects(text: &str) -> Vec<Value> {
    serde_json::Deserializer::from_str(text).into_iter().map(|value| value.expect("JSON")).collect()
}

fn index(entry: &Value) -> u64 {
    entry["index"].as_u64().expect("an index")
}

fn webhook(dice: &Dice, taken: &Taken, sent: &Sent) -> Reply {
    if dice.throw(600) == 0 {
        return failure(dice);
    }
    let id = sent.header("webhook-id").to_owned();
    taken.lock().expect("not poisoned").push((index(&sent.json()["data"]), id));
    says(204)
}

fn splunk(dice: &Dice, taken: &Taken, sent: &Sent) -> Reply {
    match dice.throw(10) {
        0 => return failure(dice),
        1 => return told(200, &json!({ "text": "Server is busy", "code": 9 })),
        2 => return Reply::Says(200, Vec::new(), "a proxy".to_owned()),
        3 => return says(413),
        _ => {}
    }
    let mut taken = taken.lock().expect("not poisoned");
    taken.extend(objects(sent.text()).iter().map(|one| {
        let id = one["event"]["id"].as_str().expect("an id").to_owned();
        (index(&one["event"]), id)
    }));
    told(200, &json!({ "text": "Success", "code": 0 }))
}

fn datadog(dice: &Dice, taken: &Taken, sent: &Sent) -> Reply {
    match dice.throw(8) {
        0 => return failure(dice),
        1 => return told(200, &json!({})),
        _ => {}
    }
    let logs = sent.json();
    let logs = logs.as_array().expect("an array").iter();
    let mut taken = taken.lock().expect("not poisoned");
    taken.extend(logs.map(|log| (index(log), log["id"].as_str().expect("an id").to_owned())));
    told(202, &json!({}))
}

fn elastic(dice: &Dice, taken: &Taken, sent: &Sent) -> Reply {
    if dice.throw(8) == 0 {
        return failure(dice);
    }
    let lines = objects(sent.text());
    let count = lines.len() / 2;
    // Half a batch: the queue is full from some place on.
    let upto = if dice.throw(4) == 0 { dice.throw(count as u64) as usize } else { count };
    let mut taken = taken.lock().expect("not poisoned");
    // It comes in order, so whatever lies below the highest is there.
    let highest = taken.iter().map(|(index, _)| *index).max();
    let items: Vec<_> = lines
        .chunks(2)
        .enumerate()
        .map(|(place, pair)| {
            if place >= upto {
                return json!({ "create": { "status": 429, "error": { "type": "es_rejected_execution_exception" } } });
            }
            let id = pair[0]["create"]["_id"].as_str().expect("an id").to_owned();
            let index = index(&pair[1]);
            let is_there = highest.is_some_and(|highest| index <= highest);
            taken.push((index, id));
            json!({ "create": { "status": if is_there { 409 } else { 201 } } })
        })
        .collect();
    told(200, &json!({ "errors": upto < count, "items": items }))
}

type Judge = fn(&Dice, &Taken, &Sent) -> Reply;

#[test]
#[ignore = "takes minutes; ./test runs it"]
fn everybody_gets_everything_in_order_whatever_happens() {
    let wanted = std::env::var("HINDCAST_DELIVERED_ENTRIES").ok().and_then(|text| text.parse().ok());
    let entries: usize = wanted.unwrap_or(10_000);
    let kinds: [(&str, Judge, Value); 4] = [
        ("webhook", webhook, json!({})),
        ("splunk", splunk, json!({ "token": "t" })),
        ("datadog", datadog, json!({ "api_key": "k" })),
        ("elastic", elastic, json!({ "index": "logs-audit" })),
    ];
    let mut home = Home::new("[deliver]\nallow = [\"127.0.0.0/8\"]\n[segments]\nseal_entries = 1500\n");
    let mut server = home.start();
    let receivers: Vec<_> = kinds
        .into_iter()
        .enumerate()
        .map(|(seed, (kind, judge, mut settings))| {
            let (dice, taken) = (Dice(Mutex::new(seed as u64 + 7)), Taken::default());
            let noted = taken.clone();
            let receiver = Receiver::start(move |sent| judge(&dice, &noted, sent));
            settings["url"] = json!(receiver.url);
            let wanted = json!({
                "kind": kind, "name": kind, "since": "start", "query": "action:story.*", "settings": settings,
            });
            let made = server.post("/v1/destinations", &wanted);
            assert_eq!(made.status, 201, "{}", made.text());
            (kind, taken, receiver)
        })
        .collect();
    let begun = Instant::now();
    let mut kills = 0;
    for (nth, first) in (0..entries).step_by(CHUNK).enumerate() {
        let events: Vec<_> = (first..(first + CHUNK).min(entries))
            .map(|n| json!({ "id": format!("story-{n}"), "action": "story.told", "actor": { "type": "agent", "id": "ana" } }))
            .collect();
        let appended = server.append(&events);
        assert_eq!(appended.status, 201, "{}", appended.text());
        if nth % KILLED_EVERY == KILLED_EVERY - 1 {
            std::thread::sleep(Duration::from_millis(300 + 70 * (nth as u64 % 9)));
            drop(server);
            kills += 1;
            server = home.start();
        }
    }
    wait_until_abreast(&server);
    let owed = owed(&server, entries);
    for (kind, taken, _receiver) in &receivers {
        let taken = taken.lock().expect("not poisoned");
        let twice = check(kind, &owed, &taken);
        println!("{kind}: {} entries, {twice} of them more than once", owed.len());
    }
    println!("{entries} entries, {kills} kills, {:.0?}", begun.elapsed());
}

fn wait_until_abreast(server: &Process) {
    let begun = Instant::now();
    loop {
        let listed = server.get("/v1/destinations").good();
        let all = listed["destinations"].as_array().expect("destinations").clone();
        if all.iter().all(|one| one["lag_entries"] == 0) {
            assert!(all.iter().all(|one| one["dead"] == 0 && one["state"] == "active"), "{listed}");
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "still behind: {listed}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// The indexes of what was owed, in order.
fn owed(server: &Process, entries: usize) -> Vec<u64> {
    assert_eq!(server.count("action:story.*"), entries as u64);
    let mut owed = Vec::new();
    let mut path = "/v1/events?q=action:story.*&limit=1000".to_owned();
    loop {
        let page = server.get(&path).good();
        owed.extend(page["entries"].as_array().expect("entries").iter().map(index));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/events?q=action:story.*&limit=1000&cursor={next}");
    }
    owed.sort_unstable();
    owed
}

/// Each at least once, each first in its turn, and always under one id. How many came more than once.
fn check(kind: &str, owed: &[u64], taken: &[(u64, String)]) -> usize {
    let mut ids = BTreeMap::new();
    let mut firsts = Vec::new();
    for (index, id) in taken {
        match ids.get(index) {
            None => {
                ids.insert(*index, id.clone());
                firsts.push(*index);
            }
            Some(known) => assert_eq!(known, id, "{kind}: entry {index} came under another id"),
        }
    }
    assert!(firsts.is_sorted(), "{kind}: out of order");
    assert_eq!(firsts, owed, "{kind}: lost or invented");
    taken.len() - firsts.len()
}

//! Before another version decides: a replay has shown what the workspace asks for, and a second person agrees.

use crate::cast::Visitor;
use crate::gate::{CAP, Shop, refund};
use crate::process::wait_for;
use crate::support::Answer;
use hindcast::people::Role;
use serde_json::{Value, json};

/// What a workspace asks for; a replay of 30 entries is the least.
fn publish(shop: &Shop, second_person: bool, thresholds: Value) {
    let required = json!({ "kind": "policy", "max_age_hours": 24, "min_n": 30, "thresholds": thresholds });
    let wanted =
        json!({ "fail_open": [], "publish": { "second_person": second_person, "required": required } });
    assert_eq!(shop.edit("PUT", "/v1/gate", &wanted).good()["publish"]["second_person"], second_person);
}

fn only_two(shop: &Shop) {
    let wanted = json!({ "fail_open": [], "publish": { "second_person": true } });
    shop.edit("PUT", "/v1/gate", &wanted).good();
}

/// Saves a version with another cap and answers the number of its version and of the policy.
fn saved(shop: &Shop, cents: &str) -> (i64, i64) {
    let shown = shop.edit("GET", "/v1/policies/refunds", &Value::Null).good();
    let text = CAP.replace("5000", cents);
    let wanted = json!({ "version": shown["version"], "text": text });
    let saved = shop.edit("PUT", "/v1/policies/refunds", &wanted).good();
    (saved["newest"].as_i64().expect("a number"), saved["version"].as_i64().expect("a version"))
}

fn enforce(shop: &Shop, (number, version): (i64, i64)) -> Answer {
    shop.edit("POST", "/v1/policies/refunds/activate", &json!({ "version": version, "enforced": number }))
}

fn replay(shop: &Shop, wanted: &Value) {
    let begun = shop.edit("POST", "/v1/replays", wanted);
    assert_eq!(begun.status, 202, "{}", begun.text());
    let begun = begun.json();
    let path = format!("/v1/replays/{}", begun["id"].as_str().expect("an id"));
    let done = wait_for("the replay", || {
        let shown = shop.edit("GET", &path, &Value::Null).good();
        shown["finished_at"].is_string().then_some(shown)
    });
    assert_eq!(done["state"], "succeeded", "{done}");
}

fn why(answer: &Answer) -> String {
    let problem = answer.json();
    assert_eq!((answer.status, &problem["code"]), (409, &json!("not_shown")), "{problem}");
    problem["detail"].as_str().expect("a sentence").to_owned()
}

#[test]
fn a_version_decides_once_a_replay_of_exactly_it_has_shown_what_is_asked_for() {
    let shop = Shop::open();
    for nth in 0..40 {
        shop.ask_with("", &refund(1_000 + nth * 100)).good();
    }
    publish(&shop, false, json!([{ "measure": "changed_rate", "at_most": 0.1 }]));
    let new = saved(&shop, "2000");
    assert!(why(&enforce(&shop, new)).contains("there is no policy simulation of this version"));
    // In shadow it decides nothing, and a share is a decision.
    let tried = json!({ "version": new.1, "trial": new.0, "enforced": 1 });
    let shadow = shop.edit("POST", "/v1/policies/refunds/activate", &tried).good();
    let version = &shadow["version"];
    let share = json!({ "version": version, "trial": new.0, "enforced": 1, "share": 10 });
    why(&shop.edit("POST", "/v1/policies/refunds/activate", &share));
    let new = (new.0, version.as_i64().expect("a version"));

    // A filter could leave out what changes.
    let candidate = json!({ "policy": "refunds", "number": new.0 });
    replay(&shop, &json!({ "candidate": candidate, "filter": "action:user.signed_in" }));
    assert!(why(&enforce(&shop, new)).contains("there is no policy simulation of this version"));
    // The real one shows that too much changes.
    replay(&shop, &json!({ "candidate": candidate }));
    let told = why(&enforce(&shop, new));
    assert!(
        told.contains("the share of changed decisions is 72.5 % (n = 40), at most 10 % is required"),
        "{told}"
    );
    // What is asked for is met by another version; that of the first one is no proof for it.
    let good = saved(&shop, "4900");
    assert!(why(&enforce(&shop, good)).contains("only 1 of others"), "{}", why(&enforce(&shop, good)));
    replay(&shop, &json!({ "candidate": { "policy": "refunds", "text": CAP.replace("5000", "4900") } }));
    let enforced = enforce(&shop, good).good();
    // What was compared with what decided before says nothing about a change of what decides now.
    let back = (new.0, enforced["version"].as_i64().expect("a version"));
    assert!(why(&enforce(&shop, back)).contains("there is no policy simulation"));
    assert_eq!((&enforced["enforced"], &enforced["waiting"]), (&json!(good.0), &Value::Null));
    // What decides already goes on, and off needs no proof.
    let off = json!({ "version": enforced["version"] });
    shop.edit("POST", "/v1/policies/refunds/activate", &off).good();
}

#[test]
fn what_no_replay_could_show_is_not_asked_for() {
    let shop = Shop::open();
    let refused = |required: Value| {
        let wanted = json!({ "fail_open": [], "publish": { "required": required } });
        let answer = shop.edit("PUT", "/v1/gate", &wanted);
        assert_eq!(answer.status, 422, "{}", answer.text());
        answer.json()["detail"].as_str().expect("a sentence").to_owned()
    };
    let asks = |measure: &str| json!({ "kind": "policy", "max_age_hours": 1, "min_n": 30, "thresholds": [{ "measure": measure, "at_most": 0.1 }] });
    assert!(refused(asks("resolution_low")).contains("thresholds[0].measure"));
    assert!(refused(asks("vibes")).contains("vibes"));
    let kind = json!({ "kind": "agent", "max_age_hours": 1, "min_n": 30 });
    assert!(refused(kind).contains("kind as policy"));
    let few = json!({ "kind": "policy", "max_age_hours": 1, "min_n": 3 });
    assert!(refused(few).contains("min_n"));
    // What is not named stays.
    publish(&shop, true, json!([]));
    let kept = shop.edit("PUT", "/v1/gate", &json!({ "fail_open": ["order.refund"] })).good();
    assert_eq!(
        (&kept["fail_open"], &kept["publish"]["second_person"]),
        (&json!(["order.refund"]), &json!(true))
    );
}

#[test]
fn two_people_change_what_decides() {
    let shop = Shop::open();
    only_two(&shop);
    let (ana, bob) = (shop.server.visitor(Role::Owner, &[]), shop.server.visitor(Role::SecurityAdmin, &[]));
    let new = saved(&shop, "100");
    // A token that is nobody's may be anybody's.
    let nobodys = enforce(&shop, new);
    assert_eq!((nobodys.status, &nobodys.json()["code"]), (403, &json!("second_person")));

    let activate = |who: &Visitor<'_>, version: i64, mode: &str| {
        let fields =
            [("version", version.to_string()), ("number", new.0.to_string()), ("mode", mode.to_owned())];
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = who.post("/policies/refunds/activate", &fields);
        assert_eq!(answer.status, 303, "{}", answer.text());
    };
    let shown = || shop.edit("GET", "/v1/policies/refunds", &Value::Null).good();
    let version = || shown()["version"].as_i64().expect("a version");
    let answer = |who: &Visitor<'_>, how: &str| {
        who.post(&format!("/policies/refunds/{how}"), &[("version", &version().to_string())])
    };
    let decision = || shop.ask_with("", &refund(2_000)).good()["decision"].clone();

    activate(&ana, new.1, "enforce");
    assert_eq!((&shown()["enforced"], &shown()["waiting"]["enforced"]), (&json!(1), &json!(new.0)));
    assert_eq!(decision(), "allow", "nothing has changed yet");
    let hers = ana.get("/policies/refunds").text().to_owned();
    assert!(hers.contains("You asked for this yourself") && !hers.contains("/refunds/agree"), "{hers}");
    assert_eq!(answer(&ana, "agree").status, 422, "not herself");
    let his = bob.get("/policies/refunds").text().to_owned();
    assert!(his.contains("Waits for a second person") && his.contains("/refunds/agree"), "{his}");
    // He looks at another text than she meant: what was asked for is worthless.
    let before = version();
    saved(&shop, "200");
    assert_eq!(shown()["waiting"], Value::Null);
    let late = bob.post("/policies/refunds/agree", &[("version", &before.to_string())]);
    assert_eq!(late.status, 412);

    activate(&ana, version(), "enforce");
    assert_eq!(answer(&bob, "reject").status, 303);
    assert_eq!((&shown()["waiting"], decision()), (&Value::Null, json!("allow")));
    activate(&ana, version(), "enforce");
    assert_eq!(answer(&bob, "agree").status, 303);
    assert_eq!((&shown()["enforced"], decision()), (&json!(new.0), json!("needs_approval")));

    // To take it away needs two as well, also by deleting it; a trial that decides nothing does not.
    let deleted = shop.edit("DELETE", "/v1/policies/refunds", &Value::Null);
    assert_eq!((deleted.status, &deleted.json()["code"]), (409, &json!("decides")));
    activate(&bob, version(), "off");
    assert_eq!(decision(), "needs_approval");
    assert_eq!(answer(&bob, "reject").status, 303, "taken back");
    activate(&ana, version(), "shadow");
    assert_eq!(shown()["waiting"], Value::Null);
    let log = ana.get("/log?q=action%3Apolicy.activat*").text().to_owned();
    for told in ["asked a second person to activate", "rejected to activate", "activated the policy refunds"]
    {
        assert!(log.contains(told), "{told}: {log}");
    }
}

#[test]
fn what_is_asked_for_is_set_on_the_page() {
    let shop = Shop::open();
    let ana = shop.server.visitor(Role::Owner, &[]);
    let set = |fields: &[(&str, &str)]| ana.post("/policies/settings/publish", fields);
    let wrong = set(&[("required", "yes"), ("max_age_hours", "0"), ("min_n", "30"), ("changed", "101")]);
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("A number from 0 to 100 is expected."), "{}", wrong.text());
    let fields = [
        ("second", "yes"),
        ("required", "yes"),
        ("max_age_hours", "48"),
        ("min_n", "30"),
        ("changed", "2.5"),
    ];
    assert_eq!(set(&fields).status, 303);
    let kept = shop.edit("GET", "/v1/gate", &Value::Null).good();
    let threshold = json!([{ "measure": "changed_rate", "at_most": 0.025 }]);
    assert_eq!(
        (&kept["publish"]["second_person"], &kept["publish"]["required"]["thresholds"]),
        (&json!(true), &threshold)
    );
    let page = ana.get("/policies/tools").text().to_owned();
    assert!(page.contains("value=\"2.5\"") && page.contains("value=\"48\""), "{page}");
    // And the page of a policy says what is missing.
    let new = saved(&shop, "100");
    let fields =
        [("version", new.1.to_string()), ("number", new.0.to_string()), ("mode", "enforce".to_owned())];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let refused = ana.post("/policies/refunds/activate", &fields);
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("There is no replay of exactly this version"), "{}", refused.text());
    assert_eq!(set(&[]).status, 303);
    assert_eq!(ana.post("/policies/refunds/activate", &fields).status, 303);
}

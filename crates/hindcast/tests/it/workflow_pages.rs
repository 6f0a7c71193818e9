//! Workflows as pages: people write what is done by itself, look at what it says and saw, put it in force and take it back; they bring
//! rules of other products along, and connect the products in which it is done.

use crate::cast::Visitor;
use crate::desk::{Desk, Inbox, TAGS};
use crate::engine::ASKS;
use crate::process::wait_for;
use crate::support::{Answer, TestServer};
use hindcast::catalog::{By, Settings};
use hindcast::people::Role;
use serde_json::{Value, json};

fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").to_owned()
}

fn unescaped(text: &str) -> String {
    text.replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#38;", "&")
}

/// The text in the editor, as typed.
fn text_of(page: &str) -> String {
    let text = page.split("name=\"text\"").nth(1).and_then(|rest| rest.split_once('>')).expect("a text").1;
    unescaped(text.split("</textarea>").next().expect("an end"))
}

fn told(answer: &Answer, status: u16, told: &str) {
    assert_eq!(answer.status, status, "{told}: {}", answer.text());
    assert!(unescaped(answer.text()).contains(told), "{told}: {}", answer.text());
}

fn activate(who: &Visitor<'_>, name: &str, version: &str, number: &str, mode: &str, sure: bool) -> Answer {
    let mut fields = vec![("version", version), ("number", number), ("mode", mode)];
    if sure {
        fields.push(("sure", "on"));
    }
    who.post(&format!("/workflows/{name}/activate"), &fields)
}

/// The row of the list that has a workflow.
fn row_of(who: &Visitor<'_>, name: &str) -> String {
    let list = who.get("/workflows").text().to_owned();
    let link = format!("/workflows/{name}\"");
    list.split("data-testid=\"workflow-row\"").find(|row| row.contains(&link)).expect("a row").to_owned()
}

#[test]
fn a_workflow_is_mended_saved_tried_and_put_in_force() {
    let server = TestServer::quiet();
    let ana = server.visitor(Role::Owner, &[]);
    assert!(ana.get("/workflows").text().contains("No workflows yet"));
    let blank = ana.get("/workflows/new?from=unsure-answers").text().to_owned();
    let text = text_of(&blank);
    assert!(text.contains("name: unsure-answers") && blank.contains("Tests passed: 2 of 2."), "{blank}");
    // A typo is told beside its line with the word that was meant, and nothing is kept.
    let typo = text.replace("ai.confidence, op", "ai.confidense, op");
    let wrong = ana.post("/workflows", &[("text", &typo)]);
    told(&wrong, 422, "did you mean ai.confidence?");
    told(&wrong, 422, "Line 7, column");
    assert_eq!(ana.get("/workflows/unsure-answers").status, 404);
    // Looked over, its tests are run and told, and nothing is kept either.
    let fails = text.replace("ai.confidence: 35", "ai.confidence: 95");
    let looked = ana.post("/workflows/check", &[("text", &fails)]);
    told(&looked, 200, "This text can be used. Nothing was saved. Tests passed: 1 of 2.");
    told(&looked, 200, "expected matched true, was false");
    told(&looked, 200, "ai.confidence lt 60, was 95");
    assert_eq!(ana.get("/workflows/unsure-answers").status, 404);
    for name in ["check", "import", "new", "runs", "settings", "trigger"] {
        let taken = text.replace("name: unsure-answers", &format!("name: {name}"));
        told(&ana.post("/workflows", &[("text", &taken)]), 422, "is none of check, import, new");
    }
    let to = location(&ana.post("/workflows", &[("text", &text.replace('\n', "\r\n"))]));
    let page = ana.get(&to).text().to_owned();
    assert!(page.contains("Nothing sets it off.") && page.contains("Saved"), "{page}");
    assert!(page.contains("/simulations/new?workflow=unsure-answers&#38;version=1"), "{page}");
    assert!(page.contains("AI answered") && page.contains("ai.handoff_requested"), "what it says: {page}");
    told(&ana.post("/workflows", &[("text", &text)]), 422, "A workflow has this name already");
    // Another name is another workflow.
    let renamed = text.replace("name: unsure-answers", "name: unsure");
    let stays = ana.post("/workflows/unsure-answers", &[("version", "1"), ("text", &renamed)]);
    told(&stays, 422, "stays the same from version to version");

    location(&activate(&ana, "unsure-answers", "1", "1", "shadow", false));
    assert!(row_of(&ana, "unsure-answers").contains("Shadow"));
    told(&activate(&ana, "unsure-answers", "2", "1", "enforce", false), 422, "Tick the box if you mean it");
    told(&activate(&ana, "unsure-answers", "2", "9", "shadow", false), 422, "Choose one of the versions");
    told(&activate(&ana, "unsure-answers", "2", "1", "on", true), 422, "Choose whether it is off");
    location(&activate(&ana, "unsure-answers", "2", "1", "enforce", true));
    let row = row_of(&ana, "unsure-answers");
    for shown in [
        "AI answered",
        "Enforced",
        ">100<",
        "/workflows/unsure-answers/runs",
        "The owner",
        "/versions\">1</a>",
    ] {
        assert!(row.contains(shown), "{shown}: {row}");
    }
    // Somebody who had the page open before comes too late, and is told.
    told(
        &activate(&ana, "unsure-answers", "2", "1", "off", true),
        412,
        "Somebody changed this workflow meanwhile",
    );
    let log = server.get("/v1/events?q=action:workflow.enabled").send().good();
    assert_eq!(log["entries"][0]["actor"]["role"], "owner", "{log}");
}

#[test]
fn of_two_who_edit_at_once_the_second_sees_both_versions_and_an_earlier_one_comes_back() {
    let server = TestServer::quiet();
    let (ana, bob) = (server.visitor(Role::Owner, &[]), server.visitor(Role::SecurityAdmin, &[]));
    let text = text_of(ana.get("/workflows/new?from=unsure-answers").text());
    location(&ana.post("/workflows", &[("text", &text)]));
    let save = |who: &Visitor<'_>, version: &str, percent: &str| {
        let text = text.replace("value: 60", &format!("value: {percent}"));
        who.post("/workflows/unsure-answers", &[("version", version), ("text", &text)])
    };
    location(&save(&ana, "1", "70"));
    let late = save(&bob, "1", "80");
    assert_eq!(late.status, 412);
    let page = late.text().to_owned();
    assert!(page.contains("Somebody saved version 2 meanwhile"), "{page}");
    assert!(page.contains("<del>70}</del>") && page.contains("<ins>80}</ins>"), "{page}");
    assert!(text_of(&page).contains("value: 80"), "what was typed is still there");
    // Seen both, theirs goes on top.
    location(&save(&bob, "2", "80"));
    let history = ana.get("/workflows/unsure-answers/versions?number=3").text().to_owned();
    for shown in [
        "From version 2 to version 3",
        "if.any[0].value",
        "<del>70}</del>",
        "The security_admin",
        "The owner",
    ] {
        assert!(history.contains(shown), "{shown}: {history}");
    }
    assert!(!history.contains("Restore version 3"), "the newest is there already");
    location(&activate(&ana, "unsure-answers", "3", "3", "enforce", true));
    let first = ana.get("/workflows/unsure-answers/versions?number=1").text().to_owned();
    assert!(first.contains("Restore version 1") && first.contains("name=\"version\" value=\"4\""), "{first}");
    let restore = |version: &str| {
        ana.post("/workflows/unsure-answers/restore", &[("version", version), ("number", "1")])
    };
    told(&restore("3"), 412, "Somebody changed this workflow meanwhile");
    let page = ana.get(&location(&restore("4"))).text().to_owned();
    assert!(text_of(&page).contains("value: 60") && page.contains("Version 4 acts."), "{page}");
    assert_eq!(ana.get("/workflows/unsure-answers/versions?number=9").status, 404);
    // What is in force is not deleted, and nothing without its name.
    let remove = |confirm: &str| ana.post("/workflows/unsure-answers/remove", &[("confirm", confirm)]);
    told(&remove("unsure"), 422, "Expected unsure-answers.");
    told(&remove("unsure-answers"), 409, "It is in force. Turn it off first.");
    let version = ana.get("/workflows/unsure-answers").text().to_owned();
    let version = version.split("name=\"version\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    location(&activate(&ana, "unsure-answers", version.expect("a version"), "4", "off", true));
    location(&remove("unsure-answers"));
    assert_eq!(ana.get("/workflows/unsure-answers").status, 404);
}

/// The page of the newest run.
fn newest_run(who: &Visitor<'_>, desk: &Desk) -> (String, Answer) {
    let run = desk.runs().remove(0);
    let (workflow, id) = (run["workflow"].as_str().expect("a name"), run["id"].as_str().expect("an id"));
    let path = format!("/workflows/{workflow}/runs/{id}");
    let answer = who.get(&path);
    (path, answer)
}

#[test]
fn a_run_shows_what_every_condition_saw_and_what_became_of_each_proposal() {
    let inbox = Inbox::default();
    let desk = Desk::open(move |sent| inbox.answer(sent));
    let ana = desk.server.visitor(Role::Owner, &[]);
    desk.stand("tried", TAGS, "shadow");
    assert!(ana.get("/workflows/tried/runs").text().contains("data-testid=\"runs-none\""));
    desk.happens("message.received");
    let list = ana.get("/workflows/tried/runs").text().to_owned();
    for shown in ["Message received", "c-1", "Yes", "tag.add", "Only noted"] {
        assert!(list.contains(shown), "{shown}: {list}");
    }
    let (_, page) = newest_run(&ana, &desk);
    let page = page.text().to_owned();
    for shown in ["message.text", "contains", ">refund<", "I want a refund", "It was only asked"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert_eq!(
        (page.matches("</svg>Yes</span>").count(), page.contains("</svg>Unknown")),
        (2, false),
        "{page}"
    );
    assert!(
        page.contains("<dd>Shadow</dd>") && page.contains("/workflows/tried/versions?number=1"),
        "{page}"
    );

    desk.enforce("refunds", TAGS);
    desk.happens("message.received");
    let done = desk.becomes("done");
    assert!(row_of(&ana, "refunds").contains("refunds touched in 7 days: 1"));
    let of_done = wait_for("its run", || {
        let page = ana.get("/workflows/refunds/runs").text().to_owned();
        page.contains("Done").then_some(page)
    });
    assert!(!of_done.contains("tried"), "only its own: {of_done}");
    let all = ana.get("/workflows/runs").text().to_owned();
    assert!(all.contains("/workflows/tried/runs\"") && all.contains("/workflows/refunds/runs\""), "{all}");
    let run = desk.runs().into_iter().find(|run| run["workflow"] == "refunds").expect("a run");
    let page =
        ana.get(&format!("/workflows/refunds/runs/{}", run["id"].as_str().expect("an id"))).text().to_owned();
    let decision = format!("/log/{}", done["decision"].as_str().expect("a decision"));
    assert!(page.contains(&format!("href=\"{decision}\"")), "{page}");
    assert!(ana.get(&decision).text().contains("conversation.tagged"));
    // What is said of the run is found in the log.
    let entries = page.split("href=\"/log?").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    let entries = wait_for("the entries", || {
        let page = ana.get(&format!("/log?{}", unescaped(entries))).text().to_owned();
        (page.matches("data-testid=\"log-row\"").count() >= 3).then_some(page)
    });
    assert!(entries.contains("workflow.acted") && entries.contains("gate.decided"), "{entries}");

    // People are asked, on a page that the run leads to; and another version voids what waits.
    desk.enforce("careful", ASKS);
    desk.happens("message.received");
    let waiting = desk.becomes("waiting");
    let run = desk.runs().into_iter().find(|run| run["workflow"] == "careful").expect("a run");
    let path = format!("/workflows/careful/runs/{}", run["id"].as_str().expect("an id"));
    let page = ana.get(&path).text().to_owned();
    let approval = format!("/approvals/{}", waiting["approval"].as_str().expect("an approval"));
    for shown in ["Waits for people", "role:security_admin", "pay it back", &format!("href=\"{approval}\"")] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert_eq!(ana.get(&approval).status, 200);
    assert!(ana.get("/workflows/careful").text().contains("One proposal of it is still waiting"));
    let shown = ana.get("/workflows/careful").text().to_owned();
    let version = shown.split("name=\"version\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    location(&activate(&ana, "careful", version.expect("a version"), "1", "off", true));
    // Nobody else's run is found under another name or by a stranger.
    assert_eq!(ana.get(&path.replace("careful", "refunds")).status, 404);
    let (other, _) = desk.server.another_workspace();
    let stranger = desk.server.visitor_of(&other, Role::Owner, &[]);
    for path in
        [path.as_str(), "/workflows/careful", "/workflows/careful/runs", "/workflows/careful/versions"]
    {
        assert_eq!(stranger.get(path).status, 404, "{path}");
    }
}

#[test]
fn what_was_not_recorded_makes_a_run_unknown_and_nothing_is_proposed() {
    let desk = Desk::open(|_| panic!("nothing is done"));
    let ana = desk.server.visitor(Role::Owner, &[]);
    desk.enforce("vips", "trigger: [manual]\nif:\n  all:\n    - {field: customer.tier, op: is, value: vip}\n    - {field: ticket.tags, op: contains, value: late}\nthen:\n  - note.add: hurry\n");
    desk.trigger(&json!({ "trigger": "manual", "facts": { "ticket.tags": ["late"] } }));
    let (_, page) = newest_run(&ana, &desk);
    let page = page.text().to_owned();
    for shown in [
        "Unknown",
        "Not recorded: customer.tier",
        "was not recorded",
        "All of these",
        "if.all[0]",
        "Nothing was proposed.",
        "Not proposed, as something was not recorded",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
}

#[test]
fn whoever_may_not_read_conversations_sees_no_texts_of_tickets() {
    let inbox = Inbox::default();
    let desk = Desk::open(move |sent| inbox.answer(sent));
    desk.stand("tried", TAGS, "shadow");
    desk.happens("message.received");
    let ana = desk.server.visitor(Role::Owner, &[]);
    let (path, page) = newest_run(&ana, &desk);
    assert!(page.text().contains("I want a refund"));
    // A manager sees which workflows there are, and not what they saw.
    let manager = desk.server.visitor(Role::SupportOpsManager, &[]);
    let list = manager.get("/workflows").text().to_owned();
    assert!(list.contains("/workflows/tried\"") && !list.contains("/runs\""), "{list}");
    assert!(!manager.get("/workflows/tried").text().contains("/runs\""));
    for page in [path.as_str(), "/workflows/tried/runs", "/workflows/runs"] {
        told(&manager.get(page), 403, "conversation.read");
    }
    // What a role hides is hidden in a trace too, as nobody knows which value is a text.
    let workspace = desk.server.workspace.parse().expect("an id");
    let hide = |settings: &mut Settings, _: &mut String| {
        settings.hidden.insert("auditor".to_owned(), vec!["text".to_owned()]);
    };
    desk.server.app.catalog.change_settings(&workspace, &By::server(), hide).expect("kept");
    let auditor = desk.server.visitor(Role::Auditor, &[]);
    let page = auditor.get(&path).text().to_owned();
    assert!(page.contains("Your role hides values") && page.contains("(hidden)"), "{page}");
    assert!(!page.contains("I want a refund") && !page.contains("<dt class=\"code\">tags"), "{page}");
    // That somebody read of the conversation is an entry.
    ana.post("/logout", &[]);
    let read = wait_for("the entry", || {
        let log = desk.server.get("/v1/events?q=action:history.viewed").send().good();
        Some(log["entries"].clone()).filter(|found| found.as_array().is_some_and(|found| !found.is_empty()))
    });
    assert!(read.to_string().contains("c-1"), "{read}");
}

#[test]
fn each_role_does_what_is_for_it_and_forms_come_from_our_pages() {
    let server = TestServer::quiet();
    let owner = server.visitor(Role::Owner, &[]);
    let text = text_of(owner.get("/workflows/new").text());
    location(&owner.post("/workflows", &[("text", &text)]));
    for role in [Role::Viewer, Role::Auditor, Role::SupportOpsManager] {
        let visitor = server.visitor(role, &[]);
        for (path, fields) in [
            ("/workflows", &[("text", text.as_str())][..]),
            ("/workflows/check", &[]),
            ("/workflows/refund-tags", &[("version", "1"), ("text", "")]),
            ("/workflows/refund-tags/check", &[]),
            ("/workflows/refund-tags/activate", &[("mode", "off")]),
            ("/workflows/refund-tags/restore", &[("version", "1"), ("number", "1")]),
            ("/workflows/refund-tags/remove", &[("confirm", "refund-tags")]),
            ("/settings/connectors/intercom", &[("token", "x")]),
            ("/settings/connectors/intercom/remove", &[]),
        ] {
            assert_eq!(visitor.post(path, fields).status, 403, "{path} as {role:?}");
        }
        assert_eq!(visitor.upload("/workflows/import", b"[]").status, 403, "{role:?}");
        assert_eq!(visitor.get("/workflows/import").status, 403, "{role:?}");
        let shown = visitor.get("/workflows/refund-tags");
        if role == Role::Viewer {
            told(&shown, 403, "policy.read");
            assert!(!visitor.get("/log").text().contains("href=\"/workflows\""));
        } else {
            assert!(shown.text().contains("readonly") && !shown.text().contains("data-testid=\"activate\""));
        }
    }
    // Another site's form does nothing, whoever is signed in.
    for path in ["/workflows", "/workflows/refund-tags/remove", "/settings/connectors/intercom"] {
        let forged =
            owner.post_with(path, &[("confirm", "refund-tags")], &[("sec-fetch-site", "cross-site")]);
        assert_eq!(forged.status, 403, "{path}");
    }
}

#[test]
fn rules_of_another_product_are_looked_over_and_saved_switched_off() {
    let server = TestServer::quiet();
    let ana = server.visitor(Role::Owner, &[]);
    let export = json!({ "triggers": [
        { "title": "VIPs <first>", "active": true, "actions": [{ "field": "priority", "value": "urgent" }],
          "conditions": { "all": [{ "field": "update_type", "operator": "is", "value": "Create" },
                                   { "field": "current_tags", "operator": "includes", "value": "vip" }], "any": [] } },
        { "title": "Score", "active": true, "actions": [{ "field": "satisfaction_score", "value": "offered" },
                                                         { "field": "current_tags", "value": "asked" }],
          "conditions": { "all": [{ "field": "moon_phase", "operator": "is", "value": "full" }], "any": [] } },
        { "title": "Rings", "active": true, "actions": [{ "field": "ring_the_bell", "value": "1" }],
          "conditions": { "all": [], "any": [] } },
    ] }).to_string();
    let send = |act: &str, from: &str, text: &str, file: &str| {
        ana.upload_with("/workflows/import", &[("from", from), ("text", text), ("act", act)], file.as_bytes())
    };
    told(&send("look", "zendesk", "", ""), 422, "Choose a file or paste an export.");
    told(&send("look", "zendesk", "{", ""), 422, "This is not JSON: line 1");
    told(&send("look", "chatwoot", &export, ""), 422, "These are no rules of Chatwoot");
    let looked = send("look", "zendesk", "", &export);
    told(&looked, 200, "This would become workflows: 2 of 3 rules. Nothing is saved yet.");
    told(&looked, 200, "VIPs <first>");
    told(&looked, 200, "moon_phase");
    told(&looked, 200, "No action of it could be carried over");
    assert!(!looked.text().contains("<first>"), "what others wrote is text");
    assert!(text_of(looked.text()).contains("moon_phase"), "it is there to be saved");
    assert!(ana.get("/workflows").text().contains("No workflows yet"));
    // What was shown is what is saved.
    let saved = send("save", "zendesk", &export, "");
    told(&saved, 200, "Saved and switched off: 2 of 3 rules.");
    let row = row_of(&ana, "vips-first");
    assert!(row.contains(">Off<") || row.contains("Off</span>"), "{row}");
    let page = ana.get("/workflows/score").text().to_owned();
    assert!(text_of(&page).contains("moon_phase"), "what was lost stands above the text: {page}");
    // Brought along again, nothing comes twice.
    let again = send("save", "zendesk", &export, "");
    told(&again, 200, "Saved and switched off: 0 of 3 rules.");
    told(&again, 200, "There is a workflow of this name already");
    let log = server.get("/v1/events?q=action:workflow.created").send().good();
    assert_eq!(log["entries"].as_array().map(Vec::len), Some(2), "{log}");
}

#[test]
fn a_product_is_connected_changed_and_taken_away_and_its_secrets_are_never_shown() {
    let inbox = Inbox::default();
    let desk = Desk::open(move |sent| inbox.answer(sent));
    let ana = desk.server.visitor(Role::Owner, &[]);
    let list = ana.get("/settings/connectors").text().to_owned();
    assert!(list.contains("/v1/hooks/") && list.matches("Not connected").count() == 2, "{list}");
    let form = ana.get("/settings/connectors/intercom").text().to_owned();
    assert!(form.contains("billing = 814") && form.contains("value=\"7\""), "{form}");
    assert!(!form.contains("ic_token") && !form.contains("client-secret"), "{form}");
    // Left empty, secrets stay: what is done there goes on, and posts are taken as before.
    let change = |fields: &[(&str, &str)]| {
        let kept = [("region", "us"), ("admin", "7"), ("teams", "billing = 814\nretail=9")];
        ana.post("/settings/connectors/intercom", &[&kept[..], fields].concat())
    };
    location(&change(&[("token", ""), ("hook_secret", "")]));
    desk.enforce("refunds", TAGS);
    desk.happens("message.received");
    desk.becomes("done");
    let list = ana.get("/settings/connectors").text().to_owned();
    assert!(list.contains("Works") && list.contains("/v1/hooks/"), "{list}");
    // A credential goes to no other host than the one it was told for.
    let moved = ana.post("/settings/connectors/intercom", &[("region", "eu"), ("admin", "7")]);
    told(&moved, 422, "asked for again when the address changes");
    location(&change(&[("no_posts", "on")]));
    assert!(!ana.get("/settings/connectors").text().contains("/v1/hooks/"));
    for (fields, expected) in [
        (&[("admin", "me"), ("region", "us")][..], "The id of a teammate is expected"),
        (&[("admin", "7"), ("region", "us"), ("teams", "billing")], "a name = an id of digits"),
        (&[("admin", "7"), ("region", "us"), ("agents", "eve = x")], "a name = an id of digits"),
    ] {
        told(&ana.post("/settings/connectors/intercom", fields), 422, expected);
    }
    told(&ana.post("/settings/connectors/zendesk", &[("token", "t")]), 422, "The first part of the address");
    let zendesk = [("token", "zd_token"), ("subdomain", "acme"), ("user", "ana@acme.example")];
    location(&ana.post("/settings/connectors/zendesk", &zendesk));
    let elsewhere = [("subdomain", "evil"), ("user", "ana@acme.example")];
    told(
        &ana.post("/settings/connectors/zendesk", &elsewhere),
        422,
        "asked for again when the address changes",
    );
    location(&ana.post("/settings/connectors/zendesk/remove", &[]));
    assert_eq!(ana.post("/settings/connectors/zendesk/remove", &[]).status, 404);
    assert_eq!(ana.get("/settings/connectors/slack").status, 404);
    // The secret of tools is made once and shown once.
    let tools = [("tools", "order.refund = https://shop.example.com/refund?a=b")];
    let made = ana.post("/settings/connectors/http", &tools);
    assert_eq!(made.status, 200);
    assert!(made.text().contains("whsec_"), "{}", made.text());
    location(&ana.post("/settings/connectors/http", &tools));
    assert!(!ana.get("/settings/connectors/http").text().contains("whsec_"));
    let again = ana.post("/settings/connectors/http", &[&tools[..], &[("new_secret", "on")]].concat());
    assert!(again.status == 200 && again.text().contains("whsec_"));
    told(&ana.post("/settings/connectors/http", &[("tools", "x")]), 422, "a name = an address");
    let log = desk.server.get("/v1/events?q=action:connector.connected").send().good();
    assert!(!log.to_string().contains("zd_token"), "{log}");
    let kept: &Value = &log["entries"][0]["metadata"]["connection"]["tools"];
    assert_eq!(kept["order.refund"], "https://shop.example.com/refund?a=b", "{log}");
}

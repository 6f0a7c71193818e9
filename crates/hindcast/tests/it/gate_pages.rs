//! Policies and approvals as pages: people write what may be done, look at it and let the gate go by it; and they answer what
//! programs ask, on a page that shows exactly what for.

use crate::cast::Visitor;
use crate::gate::{CAP, Shop, refund, with};
use crate::postbox::{Manners, Postbox};
use crate::process::wait_for;
use crate::support::{Answer, TestServer};
use hindcast::catalog::{By, Scope};
use hindcast::people::Role;
use mail_parser::MessageParser;
use serde_json::{Value, json};

fn id(approval: &Value) -> String {
    approval["id"].as_str().expect("an id").to_owned()
}

fn path(approval: &Value) -> String {
    format!("/approvals/{}", id(approval))
}

fn answer(visitor: &Visitor<'_>, approval: &Value, act: &str, comment: &str) -> Answer {
    visitor.post(&path(approval), &[("act", act), ("comment", comment)])
}

fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").to_owned()
}

/// The newest policy text in the editor, as typed.
fn text_of(page: &str) -> String {
    let text = page.split("name=\"text\"").nth(1).and_then(|rest| rest.split_once('>')).expect("a text").1;
    let text = text.split("</textarea>").next().expect("an end");
    text.replace("&#34;", "\"")
        .replace("&quot;", "\"")
        .replace("&#62;", ">")
        .replace("&gt;", ">")
        .replace("&#38;", "&")
}

#[test]
fn somebody_sees_what_exactly_is_asked_and_approves_it_once() {
    let shop = Shop::open();
    let ana = shop.server.visitor(Role::Owner, &[]);
    let nothing = ana.get("/approvals").text().to_owned();
    assert!(nothing.contains("Nothing waits for your decision."));
    let approval = shop.ask(9_000)["approval"].clone();

    let page = ana.get("/approvals").text().to_owned();
    for shown in [
        "1 approval waits for you",
        "Fin asks for: order.refund",
        "amount_cents",
        "9000",
        "Refunds above 50 are for people.",
        "refund-cap",
        "conversation/c-1",
        "0 of 1 agreed",
        "Security admin, Owner",
        "value=\"approve\"",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    // From the card to the entry of the decision.
    let entry = page.split("href=\"/log/").nth(1).and_then(|rest| rest.split('"').next()).expect("an entry");
    assert!(ana.get(&format!("/log/{entry}")).text().contains("order.refund"));

    // Whoever says no says why; whoever agrees need not.
    let refused = answer(&ana, &approval, "deny", "  ");
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("Say why not"));
    let to = location(&answer(&ana, &approval, "approve", ""));
    assert!(ana.get(&to).text().contains("Approved. The call can be made now, once."));
    assert!(!ana.get("/log").text().contains("waits for you"));
    let done = shop.ask_with(&with(&approval), &refund(9_000)).good();
    assert_eq!((&done["decision"], &done["approval"]["state"]), (&json!("allow"), &json!("used")));
    let decided = ana.get("/approvals?tab=decided").text().to_owned();
    assert!(decided.contains("The call was let through.") && decided.contains("The owner"), "{decided}");
    // What was decided is decided: the page tells, and nothing is done.
    let late = answer(&ana, &approval, "deny", "too late");
    assert_eq!(late.status, 409);
    assert!(late.text().contains("Nothing was done.") && late.text().contains("not waiting any more: Used"));
    let log = shop.server.get("/v1/events?q=action:approval.granted").send().good();
    assert_eq!(log["entries"][0]["actor"]["role"], "owner", "{log}");
}

#[test]
fn nobody_approves_their_own_request_but_they_can_take_it_back() {
    let shop = Shop::open();
    let ana = shop.server.visitor(Role::Owner, &[]);
    let token = shop.token_of(&ana, &[Scope::Decide]);
    let asked = shop.server.post("/v1/decide").by(&token).json(&refund(9_000)).good();
    let approval = asked["approval"].clone();
    assert!(ana.get("/approvals").text().contains("Nothing waits for your decision."));
    let page = ana.get("/approvals?tab=requests").text().to_owned();
    assert!(page.contains("This is your own request") && !page.contains("value=\"approve\""), "{page}");
    let refused = answer(&ana, &approval, "approve", "");
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("somebody else has to approve it"));
    // Nobody else takes it back.
    let bob = shop.server.visitor(Role::SecurityAdmin, &[]);
    assert_eq!(answer(&bob, &approval, "cancel", "").status, 404);
    let to = location(&answer(&ana, &approval, "cancel", ""));
    assert!(ana.get(&to).text().contains("The request was taken back."));
    assert_eq!(answer(&bob, &approval, "approve", "").status, 409);
}

#[test]
fn two_have_to_agree_and_one_no_is_enough() {
    let shop = Shop::with(&CAP.replace("@timeout(\"30m\")", "@timeout(\"30m\") @required(\"2\")"));
    let (ana, bob) = (shop.server.visitor(Role::Owner, &[]), shop.server.visitor(Role::SecurityAdmin, &[]));
    let approval = shop.ask(9_000)["approval"].clone();
    let to = location(&answer(&ana, &approval, "approve", "fine with me"));
    let page = ana.get(&to).text().to_owned();
    assert!(page.contains("Others have to agree too.") && page.contains("1 of 2 agreed"), "{page}");
    assert!(page.contains("You have answered already.") && !page.contains("value=\"approve\""));
    assert_eq!(answer(&ana, &approval, "approve", "").status, 409, "nobody counts twice");
    assert!(bob.get(&path(&approval)).text().contains("fine with me"));
    location(&answer(&bob, &approval, "deny", "not <b>this</b> time"));
    let page = ana.get(&path(&approval)).text().to_owned();
    assert!(page.contains("said no. The call was not let through."), "{page}");
    assert!(!page.contains("<b>this</b>"), "what people write is text");
}

#[test]
fn time_that_is_over_is_told_and_nothing_is_done() {
    let shop = Shop::with(&CAP.replace("@timeout(\"30m\")", "@timeout(\"1s\")"));
    let ana = shop.server.visitor(Role::Owner, &[]);
    let approval = shop.ask(9_000)["approval"].clone();
    let page = wait_for("it expires", || {
        let page = ana.get(&path(&approval)).text().to_owned();
        page.contains("Nobody decided in time.").then_some(page)
    });
    assert!(!page.contains("value=\"approve\""));
    let late = answer(&ana, &approval, "approve", "");
    assert_eq!(late.status, 409);
    assert!(late.text().contains("not waiting any more: Expired"));
}

#[test]
fn each_role_does_what_is_for_it_and_forms_come_from_our_pages() {
    let shop = Shop::open();
    let approval = shop.ask(9_000)["approval"].clone();
    let viewer = shop.server.visitor(Role::Viewer, &[]);
    for page in ["/policies", "/policies/refunds", "/approvals", &path(&approval)] {
        let answer = viewer.get(page);
        assert_eq!(answer.status, 403, "{page}");
        assert!(answer.text().contains("policy.read"), "{page}");
    }
    assert!(!viewer.get("/log").text().contains("href=\"/approvals\""));
    assert_eq!(answer(&viewer, &approval, "approve", "").status, 403);
    // An auditor sees all of it, and changes nothing.
    let auditor = shop.server.visitor(Role::Auditor, &[]);
    let page = auditor.get(&path(&approval)).text().to_owned();
    assert!(
        page.contains("9000") && page.contains("does not answer them") && !page.contains("value=\"approve\"")
    );
    assert_eq!(answer(&auditor, &approval, "deny", "no").status, 403);
    assert!(auditor.get("/policies/refunds").text().contains("readonly"));
    // A manager is not among those who are asked, and sees the log of their team only.
    let manager = shop.server.visitor(Role::SupportOpsManager, &[]);
    assert_eq!(manager.get(&path(&approval)).status, 404);
    assert_eq!(answer(&manager, &approval, "approve", "").status, 404);
    for visitor in [&viewer, &auditor, &manager] {
        for (path, fields) in [
            ("/policies", &[("name", "x"), ("text", "")][..]),
            ("/policies/check", &[]),
            ("/policies/settings", &[]),
            ("/policies/tools", &[]),
            ("/policies/tools/of/order.refund/remove", &[]),
            ("/policies/refunds", &[]),
            ("/policies/refunds/check", &[]),
            ("/policies/refunds/activate", &[("mode", "off")]),
            ("/policies/refunds/remove", &[("confirm", "refunds")]),
        ] {
            assert_eq!(visitor.post(path, fields).status, 403, "{path}");
        }
    }
    // Another site's form does nothing, whoever is signed in.
    let owner = shop.server.visitor(Role::Owner, &[]);
    for path in [path(&approval), "/policies/refunds/activate".to_owned()] {
        let forged = owner.post_with(&path, &[("act", "approve")], &[("sec-fetch-site", "cross-site")]);
        assert_eq!(forged.status, 403, "{path}");
    }
    assert!(owner.get(&path(&approval)).text().contains("0 of 1 agreed"));
    // Another workspace knows nothing of it.
    let (other, _) = shop.server.another_workspace();
    let stranger = shop.server.visitor_of(&other, Role::Owner, &[]);
    for page in ["/policies/refunds", "/policies/tools/of/order.refund", &path(&approval)] {
        assert_eq!(stranger.get(page).status, 404, "{page}");
    }
    assert_eq!(answer(&stranger, &approval, "approve", "").status, 404);
}

#[test]
fn what_a_role_hides_is_hidden_on_the_card_too() {
    let shop = Shop::with(&CAP.replace("role:owner", "role:owner, role:support_ops_manager"));
    let workspace = shop.server.workspace.parse().expect("an id");
    let hide = |settings: &mut hindcast::catalog::Settings, _: &mut String| {
        settings.hidden.insert("support_ops_manager".to_owned(), vec!["metadata".to_owned()]);
    };
    shop.server.app.catalog.change_settings(&workspace, &By::server(), hide).expect("kept");
    let approval = shop.ask(9_123_457)["approval"].clone();
    let manager = shop.server.visitor(Role::SupportOpsManager, &[]);
    let page = manager.get("/approvals").text().to_owned();
    assert!(page.contains("Refunds above 50 are for people."), "why is no secret: {page}");
    assert!(page.contains("Your role hides a part of this call.") && !page.contains("9123457"), "{page}");
    assert!(!manager.get(&path(&approval)).text().contains("amount_cents"));
    assert!(shop.server.visitor(Role::Owner, &[]).get("/approvals").text().contains("9123457"));
}

#[test]
fn a_policy_is_mended_saved_tried_and_enforced() {
    let shop = Shop::open();
    let ana = shop.server.visitor(Role::Owner, &[]);
    let tags = ana.get("/policies/new?from=agent-tags").text().to_owned();
    let text = text_of(&tags);
    assert!(text.contains("@id(\"agent-tags\")"), "{text}");
    // A typo is told beside its line, and nothing is kept.
    let typo = text.replace("context.tag)", "context.tagg)");
    let wrong = ana.post("/policies", &[("name", "tags"), ("text", &typo)]);
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.text().contains("did you mean `context.tag`?") && wrong.text().contains("Line 9"),
        "{}",
        wrong.text()
    );
    assert_eq!(ana.get("/policies/tags").status, 404);
    let looked = ana.post("/policies/check", &[("name", "tags"), ("text", &text)]);
    assert_eq!(looked.status, 200);
    assert!(looked.text().contains("This text can be used") && ana.get("/policies/tags").status == 404);
    for name in ["check", "new", "tools", "settings", "..", "a b", ""] {
        let taken = ana.post("/policies", &[("name", name), ("text", &text)]);
        assert_eq!(taken.status, 422, "{name}");
    }
    let to = location(&ana.post("/policies", &[("name", "tags"), ("text", &text)]));
    let page = ana.get(&to).text().to_owned();
    assert!(page.contains("The gate does not know this policy.") && page.contains("Saved"), "{page}");

    let tagged = |tag: &str| {
        let call = json!({
            "action": "ai_agent.tagged", "actor": { "type": "agent", "id": "fin" },
            "targets": [{ "type": "conversation", "id": "c-1" }], "metadata": { "tag": tag },
        });
        shop.ask_with("", &call).good()
    };
    assert_eq!(tagged("vip")["decision"], "allow");
    let activate = |version: &str, mode: &str, share: &str| {
        let fields = [("version", version), ("number", "1"), ("mode", mode), ("share", share)];
        ana.post("/policies/tags/activate", &fields)
    };
    location(&activate("1", "shadow", ""));
    assert_eq!(
        (&tagged("vip")["decision"], &tagged("vip")["trial"]["decision"]),
        (&json!("allow"), &json!("deny"))
    );
    for share in ["0", "100", "many"] {
        let wrong = activate("2", "canary", share);
        assert_eq!(wrong.status, 422, "{share}");
        assert!(wrong.text().contains("from 1 to 99"), "{share}");
    }
    location(&activate("2", "canary", "99"));
    assert!(ana.get("/policies/tags").text().contains("Version 1 decides for 99 % of the conversations"));
    location(&activate("3", "enforce", ""));
    assert_eq!((&tagged("vip")["decision"], &tagged("bug")["decision"]), (&json!("deny"), &json!("allow")));
    // Somebody who had the page open before comes too late, and is told.
    let late = activate("3", "off", "");
    assert_eq!(late.status, 412);
    assert!(late.text().contains("Somebody changed this policy meanwhile"));
    let list = ana.get("/policies").text().to_owned();
    let row =
        list.split("data-testid=\"policy-row\"").find(|row| row.contains("/policies/tags\"")).expect("a row");
    for shown in ["Forbids", "AI agent", "Enforced", "policy%3Aagent-tags", ">1</a>"] {
        assert!(row.contains(shown), "{shown}: {row}");
    }
    // A hit is what the link finds.
    let href = row
        .split("href=\"")
        .find(|href| href.contains("gate.decided"))
        .and_then(|href| href.split('"').next());
    let found = ana.get(&href.expect("a link").replace("&#38;", "&").replace("&amp;", "&")).text().to_owned();
    assert_eq!(found.matches("data-testid=\"log-row\"").count(), 1, "{found}");
}

#[test]
fn of_two_who_edit_at_once_the_second_sees_both_versions() {
    let shop = Shop::open();
    let (ana, bob) = (shop.server.visitor(Role::Owner, &[]), shop.server.visitor(Role::SecurityAdmin, &[]));
    let save = |who: &Visitor<'_>, version: &str, cents: &str| {
        who.post(
            "/policies/refunds",
            &[("version", version), ("text", &CAP.trim_start().replace("5000", cents))],
        )
    };
    location(&save(&ana, "2", "4000"));
    let late = save(&bob, "2", "3000");
    assert_eq!(late.status, 412);
    let page = late.text().to_owned();
    assert!(page.contains("Somebody saved version 2 meanwhile"), "{page}");
    assert!(page.contains("<del>4000</del>") && page.contains("<ins>3000</ins>"), "{page}");
    assert!(text_of(&page).contains("3000"), "what was typed is still there");
    // Seen both, theirs goes on top.
    location(&save(&bob, "3", "3000"));
    let history = ana.get("/policies/refunds/versions?number=3").text().to_owned();
    assert!(history.contains("<del>4000</del>") && history.contains("The security_admin"), "{history}");
    let history = ana.get("/policies/refunds/versions?number=3&against=1").text().to_owned();
    assert!(history.contains("<del>5000</del>") && history.contains("Restore as draft"), "{history}");
    assert_eq!(ana.get("/policies/refunds/versions?number=9").status, 404);
    // Back to the first text, which is a draft until somebody saves it.
    let draft = ana.get("/policies/refunds?draft=1").text().to_owned();
    assert!(text_of(&draft).contains("5000") && draft.contains("This is the text of version 1."), "{draft}");
    assert!(text_of(ana.get("/policies/refunds").text()).contains("3000"));
    // It goes when its name is typed.
    assert_eq!(ana.post("/policies/refunds/remove", &[("confirm", "refund")]).status, 422);
    location(&ana.post("/policies/refunds/remove", &[("confirm", "refunds")]));
    assert_eq!(ana.get("/policies/refunds").status, 404);
}

#[test]
fn the_base_is_looked_at_and_replaced() {
    let server = TestServer::quiet();
    let ana = server.visitor(Role::Owner, &[]);
    let base = ana.get("/policies/base.cedar").text().to_owned();
    assert!(text_of(&base).contains("@id(\"base-people\")") && base.contains("readonly"), "{base}");
    let text = text_of(ana.get("/policies/new?from=base").text());
    location(&ana.post("/policies", &[("name", "base.cedar"), ("text", &text)]));
    assert!(ana.get("/policies").text().contains("Base (comes with Hindcast)"), "it is off still");
    let fields = [("version", "1"), ("number", "1"), ("mode", "enforce")];
    location(&ana.post("/policies/base.cedar/activate", &fields));
    assert!(!ana.get("/policies").text().contains("Base (comes with Hindcast)"));
}

#[test]
fn tools_are_declared_and_those_that_policies_need_stay() {
    let shop = Shop::open();
    let ana = shop.server.visitor(Role::Owner, &[]);
    assert!(ana.get("/policies/tools").text().contains("amount_cents"));
    let declare = |version: &str, name: &str, declaration: &str| {
        ana.post("/policies/tools", &[("version", version), ("name", name), ("declaration", declaration)])
    };
    let told = |answer: Answer, told: &str| {
        assert_eq!(answer.status, 422, "{told}");
        assert!(answer.text().contains(told), "{told}: {}", answer.text());
    };
    told(declare("0", "", "{"), "This is not JSON: line 1");
    told(declare("0", "", r#"{"name":"x"}"#), "input_schema");
    told(
        declare("1", "order.refund", r#"{"name":"y","input_schema":{"type":"object"}}"#),
        "stays order.refund",
    );
    let bare = r#"{"name":"order.refund","input_schema":{"type":"object"}}"#;
    told(declare("1", "order.refund", bare), "refund-cap");
    told(
        declare("0", "", bare.replace("refund", "cancel").replace("object", "array").as_str()),
        "JSON Schema",
    );
    let needed = ana.post("/policies/tools/of/order.refund/remove", &[]);
    told(needed, "Policies that are in use would not work");
    location(&declare("0", "", &bare.replace("refund", "cancel")));
    assert!(ana.get("/policies/tools/of/order.cancel").text().contains("order.cancel"));
    told(declare("0", "", &bare.replace("refund", "cancel")), "Somebody changed this tool meanwhile");
    location(&ana.post("/policies/tools/of/order.cancel/remove", &[]));
    assert_eq!(ana.get("/policies/tools/of/order.cancel").status, 404);

    // What nobody can say is let through where that was chosen.
    let mut call = refund(1);
    call["metadata"] = json!({});
    assert_eq!(shop.ask_with("", &call).good()["allowed"], false);
    location(&ana.post("/policies/settings", &[("fail_open", "order.refund\r\nconversation.closed")]));
    assert_eq!(shop.ask_with("", &call).good()["allowed"], true);
    assert!(ana.get("/policies/tools").text().contains("conversation.closed\norder.refund"));
    let long = "x".repeat(200);
    told(ana.post("/policies/settings", &[("fail_open", &long)]), "At most 200 actions");
}

#[test]
fn whoever_may_answer_is_mailed_once_without_the_arguments() {
    let postbox = Postbox::start(Manners::default());
    let port = postbox.port;
    let server = TestServer::start_with(|config| {
        config.alerts.judge = false;
        config.mail.host = "127.0.0.1".to_owned();
        config.mail.port = port;
        config.mail.tls = hindcast::config::MailTls::None;
        config.mail.from = "Audit log <audit@example.com>".to_owned();
        config.server.public_url = "https://audit.example.com".to_owned();
    });
    let shop = Shop::on(server, CAP);
    let (ana, bob) = (shop.server.visitor(Role::Owner, &[]), shop.server.visitor(Role::SecurityAdmin, &[]));
    shop.server.visitor(Role::Viewer, &[]);
    shop.server.visitor(Role::SupportOpsManager, &[]);
    let approval = shop.ask(98_765)["approval"].clone();
    let kept = wait_for("both mails", || Some(postbox.kept()).filter(|kept| kept.len() >= 2));
    let mut to: Vec<_> = kept.iter().flat_map(|mail| mail.to.clone()).collect();
    to.sort();
    let mut expected = vec![ana.email.clone(), bob.email.clone()];
    expected.sort();
    assert_eq!(to.len(), 2);
    assert!(to.iter().zip(&expected).all(|(to, expected)| to.contains(expected.as_str())), "{to:?}");
    let mail = MessageParser::default().parse(&kept[0].mail).expect("a mail");
    assert_eq!(mail.subject(), Some("Approval needed: order.refund"));
    let text = mail.body_text(0).expect("text");
    for told in ["Fin", "refund-cap", &format!("https://audit.example.com/approvals/{}?w=", id(&approval))] {
        assert!(text.contains(told), "{told}: {text}");
    }
    assert!(!text.contains("98765") && !text.contains("98,765"), "{text}");
    // Asked about again, nobody hears of it again; of another one they do.
    shop.ask(98_765);
    shop.ask(5_001);
    let kept = wait_for("two more", || Some(postbox.kept()).filter(|kept| kept.len() >= 4));
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    assert_eq!((kept.len(), postbox.kept().len()), (4, 4));
}

#[test]
fn somebody_asks_back_before_they_decide() {
    let shop = Shop::open();
    let ana = shop.server.visitor(Role::Owner, &[]);
    let approval = shop.ask(9_000)["approval"].clone();
    assert_eq!(answer(&ana, &approval, "ask", " ").status, 422);
    let to = location(&answer(&ana, &approval, "ask", "Which order is it?"));
    let page = ana.get(&to).text().to_owned();
    assert!(page.contains("Nothing is decided by it.") && page.contains("Which order is it?"), "{page}");
    // The program that asked hears it, and answers; another one does not even see it.
    let of = |token: &str, text: &str| {
        let path = format!("/v1/approvals/{}/comments", id(&approval));
        shop.server.post(&path).by(token).json(&json!({ "comment": text }))
    };
    let another = shop.server.token_with(&[Scope::Decide], |_| ());
    assert_eq!(of(&another, "Me too").problem(), (404, "not_found".into()));
    assert_eq!(of(&shop.asker, "").problem(), (422, "invalid_body".into()));
    let said = of(&shop.asker, "Order 7, of yesterday.");
    assert_eq!(said.status, 201, "{}", said.text());
    let said = said.json();
    assert_eq!((&said["state"], said["comments"].as_array().map(Vec::len)), (&json!("pending"), Some(2)));
    assert_eq!(
        (&said["comments"][0]["by"], &said["comments"][1]["name"]),
        (&json!(ana.id.0), &json!("test"))
    );
    assert!(ana.get(&path(&approval)).text().contains("Order 7, of yesterday."));
    location(&answer(&ana, &approval, "approve", ""));
    let done = shop.ask_with(&with(&approval), &refund(9_000)).good();
    assert_eq!(done["decision"], "allow");
    // What is over is not talked about.
    assert_eq!(of(&shop.asker, "Thanks!").problem(), (409, "enough_said".into()));
    assert_eq!(answer(&ana, &approval, "ask", "Why?").status, 409);
    let log = ana.get("/log?q=action%3Aapproval.commented").text().to_owned();
    assert_eq!(log.matches("data-testid=\"log-row\"").count(), 2, "{log}");
}

#[test]
fn a_policy_is_written_as_a_form_and_as_a_text_and_stays_the_same() {
    let shop = Shop::open();
    let ana = shop.server.visitor(Role::Owner, &[]);
    let shown = ana.get("/policies/refunds/form").text().to_owned();
    for filled in [
        "value=\"Agent\" selected",
        "order.refund</textarea>",
        "value=\"context.arguments.amount_cents\"",
        "value=\"more\" selected",
        "value=\"5000\"",
        "value=\"ask\" checked",
        "value=\"refund-cap\"",
    ] {
        assert!(shown.contains(filled), "{filled}: {shown}");
    }
    let filled = |name: &str, cents: &str, act: &str| {
        let fields = [
            ("act", act),
            ("version", "2"),
            ("name", name),
            ("does", "ask"),
            ("who", "Agent"),
            ("actions", "order.refund"),
            ("attribute-0", "context.arguments.amount_cents"),
            ("operator-0", "more"),
            ("value-0", cents),
            ("id", name),
            ("reason", "Refunds \"above\" are for people."),
            ("timeout", "30m"),
        ];
        fields.map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let post = |path: &str, fields: &[(String, String)]| {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        ana.post(path, &fields)
    };
    // More lines, a look, the text, and then it is kept.
    let rows = post("/policies/refunds/form", &filled("refund-cap", "4000", "rows"));
    assert_eq!(rows.text().matches("data-testid=\"form-row\"").count(), 4);
    assert!(
        post("/policies/refunds/form", &filled("refund-cap", "4000", "check"))
            .text()
            .contains("This text can be used")
    );
    let text = text_of(post("/policies/refunds/form", &filled("refund-cap", "4000", "text")).text());
    assert!(
        text.contains("context has arguments.amount_cents && context.arguments.amount_cents > 4000"),
        "{text}"
    );
    location(&post("/policies/refunds/form", &filled("refund-cap", "4000", "save")));
    let kept = shop.edit("GET", "/v1/policies/refunds", &Value::Null).good();
    assert_eq!((&kept["newest"], kept["text"].as_str()), (&json!(2), Some(text.as_str())));
    // Wrong values, unknown names and being too late are told, and nothing is kept.
    let wrong = post("/policies/refunds/form", &filled("refund-cap", "", "save"));
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("An attribute such as context.tag is expected"), "{}", wrong.text());
    let unknown = post("/policies/refunds/form", &filled("refund-cap", "much", "save"));
    assert_eq!(unknown.status, 422);
    assert!(unknown.text().contains("data-testid=\"form-flaws\""), "{}", unknown.text());
    let late = post("/policies/refunds/form", &filled("refund-cap", "3000", "save"));
    assert_eq!(late.status, 412);
    assert!(text_of(late.text()).contains("> 3000"), "what was typed is there still");
    // A new one too; and what a form cannot show stays a text.
    location(&post("/policies/new/form", &filled("small", "1", "save")));
    let many = [("text", "permit(principal, action, resource) when { context.simulated || true };")];
    let stays = ana.post("/policies/new/form", &many);
    assert!(stays.text().contains("A form cannot show this text whole"), "{}", stays.text());
    assert!(text_of(stays.text()).contains("|| true"));
    let viewer = shop.server.visitor(Role::Viewer, &[]);
    assert_eq!(viewer.get("/policies/refunds/form").status, 403);
}

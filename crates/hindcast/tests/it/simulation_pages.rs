//! Simulations as people see them: begun from a form with the checks of the API, read down to one case, compared, cancelled, gone
//! on with and deleted; in every language, by whoever may.

use crate::cast::Visitor;
use crate::doubles::agents::{Agents, CAP, conversation, tools};
use crate::process::wait_for;
use crate::receiver::{Receiver, told};
use crate::support::{Answer, TestServer};
use hindcast::catalog::{By, Scope, Settings};
use hindcast::people::Role;
use serde_json::{Value, json};

const LANGUAGES: [&str; 4] = ["en", "de", "fr", "ja"];

/// A server with tools, a policy that is enforced and a past of so many conversations; and a token that simulates.
fn house(count: usize) -> (TestServer, String) {
    let server = TestServer::start_with(|config| {
        config.alerts.judge = false;
        config.deliver.allow = vec!["127.0.0.0/8".parse().expect("a network")];
    });
    let token = server.token_with(&[Scope::Policies, Scope::Conversations, Scope::Read], |_| ());
    let call =
        |method: &str, path: &str, body: &Value| server.call(method, path).by(&token).json(body).good();
    for (name, declaration) in tools() {
        call("PUT", &format!("/v1/tools/{name}"), &declaration);
    }
    let saved = call("PUT", "/v1/policies/refunds", &json!({ "text": CAP }));
    call("POST", "/v1/policies/refunds/activate", &json!({ "version": saved["version"], "enforced": 1 }));
    let all: Vec<Value> = (1..=count).map(conversation).collect();
    call("POST", "/v1/conversations", &json!(all));
    (server, token)
}

/// Where an answer sends the browser.
fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").to_owned()
}

fn over(owner: &Visitor<'_>, path: &str) {
    wait_for("the simulation ends", || (!owner.get(path).text().contains("data-poll")).then_some(()));
}

/// The first address on a page that begins so.
fn link(page: &str, start: &str) -> String {
    let href = page.split(" href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let href = href.map(|href| href.replace("&#38;", "&").replace("&amp;", "&"));
    href.into_iter()
        .find(|href| href.starts_with(start))
        .unwrap_or_else(|| panic!("a link to {start} in {page}"))
}

/// Every page is one, whatever the language.
fn is_whole(owner: &Visitor<'_>, path: &str) {
    let and = if path.contains('?') { '&' } else { '?' };
    for language in LANGUAGES {
        let page = owner.get(&format!("{path}{and}lang={language}"));
        assert_eq!(page.status, 200, "{path} in {language}: {}", page.text());
        let text = page.text();
        assert_eq!(text.matches("<h1").count(), 1, "{path}");
        for wrong in ["sim-", "permission-", " style=\"", "<script>", "{ $"] {
            let shown = text
                .replace("data-testid=\"sim-", "")
                .replace("class=\"card sim-", "")
                .replace("class=\"sim-", "");
            assert!(!shown.contains(wrong), "{path} in {language} has {wrong}");
        }
        let mut ids: Vec<&str> =
            text.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "{path} has an id twice");
        for href in text.split(" href=\"/simulations").skip(1).filter_map(|rest| rest.split('"').next()) {
            let href = format!("/simulations{}", href.replace("&#38;", "&").replace("&amp;", "&"));
            let status = owner.get(href.split('#').next().unwrap_or_default()).status;
            assert_eq!(status, 200, "{href} on {path}");
        }
    }
}

const RECORDED: [(&str, &str); 5] = [
    ("subject", "recorded"),
    ("name", "As it was"),
    ("all", "on"),
    ("size", "1000"),
    ("per_resolution", "0.99"),
];

#[test]
fn a_report_is_begun_from_the_form_and_read_down_to_one_case() {
    let (server, _) = house(120);
    let owner = server.visitor(Role::Owner, &[]);
    assert!(owner.get("/simulations").text().contains("data-testid=\"simulations-none\""));
    let first = location(&owner.post("/simulations", &RECORDED));
    over(&owner, &first);
    let page = owner.get(&first).text().to_owned();
    for shown in ["As it was", "n = 120", "Predicted resolution", "confusion-matrix", "per resolution"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    // Tags the agent set against those people left: a cell off the diagonal leads to just its cases.
    let cell = link(&page, &format!("{first}/cases?expected=refund&predicted=billing"));
    let cases = owner.get(&cell).text().to_owned();
    let expected = (1..=120).filter(|nth| nth % 23 == 0 && nth % 10 < 4).count();
    assert_eq!(cases.matches("data-testid=\"case-row\"").count(), expected, "{cases}");
    let case = link(&cases, &format!("{first}/cases/"));
    let shown = owner.get(&case).text().to_owned();
    assert!(
        shown.contains("Let me have a look.") && shown.contains("We have refunded your order"),
        "{shown}"
    );
    assert!(shown.contains("data-testid=\"case-human\"") && shown.contains("data-testid=\"case-agent\""));

    // The same with a stricter standard, against the first.
    let id = first.trim_start_matches("/simulations/").to_owned();
    let again = owner.get(&format!("/simulations/new?again={id}&baseline={id}")).text().to_owned();
    assert!(
        again.contains("value=\"As it was\"") && again.contains(&format!("value=\"{id}\" selected")),
        "{again}"
    );
    let mut wanted = RECORDED.to_vec();
    wanted.extend([("baseline", id.as_str()), ("name", "Again"), ("with", "refunds@1"), ("seed", "2")]);
    wanted.retain(|(name, value)| *name != "name" || *value == "Again");
    let second = location(&owner.post("/simulations", &wanted));
    over(&owner, &second);
    let page = owner.get(&second).text().to_owned();
    assert!(page.contains("+0.0") || page.contains("0.0 points"), "{page}");
    assert!(owner.get(&format!("{second}?with={id}")).text().contains("data-testid=\"sim-compared\""));
    let list = owner.get("/simulations").text().to_owned();
    assert_eq!(list.matches("data-testid=\"simulation-row\"").count(), 2);
    for path in [
        "/simulations",
        &first,
        &second,
        &cell,
        &case,
        &format!("{second}?with={id}"),
        &format!("{first}/cases"),
    ] {
        is_whole(&owner, path);
    }
    for (file, kind, holds) in [
        ("report.json", "application/json; charset=utf-8", "\"schema\":\"simulation/1\""),
        ("cases.csv", "text/csv; charset=utf-8", "c-0001,2026-10,chat"),
    ] {
        let file = owner.get(&format!("{first}/file/{file}"));
        assert_eq!((file.status, file.header("content-type")), (200, kind));
        assert!(file.text().contains(holds), "{}", file.text());
        assert!(!file.text().contains("Let me have a look"), "words stay where they are");
    }
    let paper = owner.get(&format!("{first}/file/report.pdf"));
    assert_eq!((paper.status, paper.header("content-type")), (200, "application/pdf"));
    assert!(paper.body.starts_with(b"%PDF-"));
    assert_eq!(owner.get(&format!("{first}/file/secrets.txt")).status, 404);

    // Deleted once its name is typed.
    let remove = format!("{first}/remove");
    assert_eq!(owner.post(&remove, &[("confirm", "yes")]).status, 422);
    assert!(location(&owner.post(&remove, &[("confirm", &id)])).starts_with("/simulations?saved="));
    assert_eq!(owner.get(&first).status, 404);
    assert!(owner.get(&second).text().contains("a run that is gone"), "{}", owner.get(&second).text());
}

#[test]
fn what_does_not_fit_is_said_beside_its_field_and_nothing_is_lost() {
    let (server, _) = house(3);
    let owner = server.visitor(Role::Owner, &[]);
    for (fields, field) in [
        (&[("subject", "http"), ("url", "ftp://x.example"), ("name", "kept")][..], "url"),
        (&[("subject", "http"), ("url", ""), ("name", "kept")], "url"),
        (&[("subject", "chat"), ("url", "https://x.example"), ("model", " "), ("name", "kept")], "model"),
        (&[("subject", "recorded"), ("size", "many"), ("name", "kept")], "size"),
        (&[("subject", "recorded"), ("from", "monday"), ("name", "kept")], "from"),
        (&[("subject", "recorded"), ("tag", "nothing-has-this"), ("name", "kept")], "tag"),
        (&[("subject", "recorded"), ("baseline", "nobody"), ("name", "kept")], "baseline"),
        (&[("subject", "recorded"), ("with", "refunds@9"), ("name", "kept")], "with"),
        (&[("subject", "recorded"), ("per_resolution", "cheap"), ("name", "kept")], "per_resolution"),
        (&[("subject", "policy"), ("policy", "refunds@7"), ("name", "kept")], "policy"),
        (&[("subject", "policy"), ("policy", ""), ("name", "kept")], "policy"),
        (&[("subject", "text"), ("pname", "a b"), ("text", CAP), ("name", "kept")], "pname"),
        (&[("subject", "text"), ("pname", "x"), ("text", "permit("), ("name", "kept")], "text"),
        (
            &[("subject", "text"), ("pname", "x"), ("text", CAP), ("filter", "nokey:1"), ("name", "kept")],
            "filter",
        ),
        (
            &[
                ("subject", "text"),
                ("pname", "refunds"),
                ("text", CAP),
                ("from", "2026-02-02"),
                ("until", "2026-02-01"),
                ("name", "kept"),
            ],
            "until",
        ),
    ] {
        for path in ["/simulations", "/simulations/estimate"] {
            // An estimate asks the door and the past, and not yet the run it is compared with, nor what a version says.
            if path.ends_with("estimate") && ["baseline", "text"].contains(&field)
                || path.ends_with("estimate") && fields.contains(&("policy", "refunds@7"))
            {
                continue;
            }
            let answer = owner.post(path, fields);
            let page = answer.text();
            assert_eq!(answer.status, 422, "{path} {fields:?}: {page}");
            assert!(page.contains(&format!("href=\"#f-{field}\"")), "{path} names {field}: {page}");
            assert!(page.contains("value=\"kept\""), "{fields:?}");
        }
    }
    assert!(
        owner.get("/simulations").text().contains("data-testid=\"simulations-none\""),
        "nothing was begun"
    );
}

#[test]
fn a_replay_is_the_same_thing_to_whoever_looks() {
    let (server, _) = house(1);
    let act = |euros: u64| {
        json!({ "action": "shop.refund", "actor": { "type": "agent", "id": "fin" },
            "targets": [{ "type": "conversation", "id": "c-0001" }], "metadata": { "arguments": { "order": 1, "euros": euros } } })
    };
    server.append(&[act(40), act(60), act(5), act(500)]);
    let owner = server.visitor(Role::Owner, &[]);
    let stricter = CAP.replace("100", "20");
    let fields = [
        ("subject", "text"),
        ("pname", "refunds"),
        ("text", stricter.as_str()),
        ("name", "Stricter"),
        ("baseline", "enforced"),
    ];
    let estimate = owner.post("/simulations/estimate", &fields);
    assert!(estimate.text().contains("data-testid=\"sim-estimate\""), "{}", estimate.text());
    let path = location(&owner.post("/simulations", &fields));
    over(&owner, &path);
    let page = owner.get(&path).text().to_owned();
    for shown in
        ["stricter", "Allowed → Denied", "from-allow-to-deny", "shop-cap", "agent fin", "href=\"/log/"]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    is_whole(&owner, &path);
    let again = location(&owner.post("/simulations", &fields));
    assert_eq!(again, format!("{path}?served=yes"), "the same question is answered from what is kept");
    assert!(owner.get(&again).text().contains("The same was asked before"));
    for (file, holds) in
        [("report.json", "differences"), ("differences.csv", "newly_denied"), ("junit.xml", "<testsuite")]
    {
        let file = owner.get(&format!("{path}/file/{file}"));
        assert!(file.status == 200 && file.text().contains(holds), "{}", file.text());
    }
    assert!(owner.get(&format!("{path}/file/report.pdf")).body.starts_with(b"%PDF-"));
    assert_eq!(owner.get(&format!("{path}/cases")).status, 404, "its cases are entries of the log");

    // A saved version is tried before it is activated; what it was compared with has changed then.
    let policy = owner.get("/policies/refunds").text().to_owned();
    let simulate = link(&policy, "/simulations/new?subject=policy");
    assert!(owner.get(&simulate).text().contains("value=\"refunds@1\" selected"));
    let token = server.token_with(&[Scope::Policies], |_| ());
    let off = server.get("/v1/policies/refunds").by(&token).send().good()["version"].clone();
    let off = server
        .post("/v1/policies/refunds/activate")
        .by(&token)
        .json(&json!({ "version": off, "enforced": null }));
    assert_eq!(off.status, 200, "{}", off.text());
    assert!(owner.get(&path).text().contains("Policies or tools have changed since"));
}

#[test]
fn one_is_watched_cancelled_and_gone_on_with() {
    let (server, _) = house(60);
    let receiver = Receiver::start(|sent| {
        std::thread::sleep(std::time::Duration::from_millis(150));
        let _ = sent;
        told(200, &json!({ "reply": "We have refunded your order. Have a nice day.", "resolved": true }))
    });
    let owner = server.visitor(Role::Owner, &[]);
    let fields = [
        ("subject", "http"),
        ("name", "Slow"),
        ("url", receiver.url.as_str()),
        ("size", "60"),
        ("concurrency", "1"),
        ("credential", "hush-hush"),
        ("timeout", "30"),
    ];
    let path = location(&owner.post("/simulations", &fields));
    wait_for("something was looked at", || {
        owner.get(&path).text().contains("Predicted resolution so far").then_some(())
    });
    let page = owner.get(&path).text().to_owned();
    assert!(page.contains("<progress") && page.contains("so far, and will change"), "{page}");
    assert!(!page.contains("hush-hush"));
    assert!(
        owner.part(&path).text().starts_with("\n<div id=\"simulation\"")
            || owner.part(&path).text().contains("id=\"simulation\"")
    );
    let busy = owner.post("/simulations", &RECORDED);
    assert_eq!(busy.status, 409, "one at a time");
    assert!(busy.text().contains("is under way") && busy.text().contains("value=\"As it was\""));
    assert_eq!(
        owner
            .post(&format!("{path}/remove"), &[("confirm", path.trim_start_matches("/simulations/"))])
            .status,
        409
    );
    location(&owner.post(&format!("{path}/cancel"), &[]));
    over(&owner, &path);
    let page = owner.get(&path).text().to_owned();
    assert!(page.contains("It was cancelled") && page.contains("sim-continue"), "{page}");
    is_whole(&owner, &path);
    location(&owner.post(&format!("{path}/continue"), &[]));
    over(&owner, &path);
    assert!(owner.get(&path).text().contains("n = 60"));
}

#[test]
fn each_role_sees_and_does_what_it_may_and_words_stay_hidden() {
    let (server, _) = house(40);
    let owner = server.visitor(Role::Owner, &[]);
    let path = location(&owner.post("/simulations", &RECORDED));
    over(&owner, &path);
    let case = format!("{path}/cases/1");
    for role in [Role::SupportOpsManager, Role::Viewer] {
        let visitor = server.visitor(role, &["ana"]);
        assert!(
            !visitor.get("/log").text().contains("href=\"/simulations\""),
            "not in the navigation of {role:?}"
        );
        for page in
            ["/simulations", &path, &case, &format!("{path}/cases"), &format!("{path}/file/report.json")]
        {
            let answer = visitor.get(page);
            assert_eq!(answer.status, 403, "{page} as {role:?}");
            assert!(answer.text().contains("simulation.read") && !answer.text().contains("As it was"));
        }
        assert_eq!(visitor.post("/simulations", &RECORDED).status, 403);
    }
    let auditor = server.visitor(Role::Auditor, &[]);
    assert_eq!(auditor.get(&case).status, 200);
    let seen = auditor.get(&path).text().to_owned();
    assert!(!seen.contains("/remove") && !seen.contains("/simulations/new"), "{seen}");
    for act in
        ["", "/estimate", &path[12..], &format!("{}/cancel", &path[12..]), &format!("{}/remove", &path[12..])]
    {
        if act == &path[12..] {
            continue;
        }
        assert_eq!(auditor.post(&format!("/simulations{act}"), &RECORDED).status, 403, "{act}");
    }
    assert_eq!(auditor.get("/simulations/new").status, 403);

    let workspace = server.workspace.parse().expect("an id");
    let hide = |settings: &mut Settings, _: &mut String| {
        settings.hidden.insert("auditor".to_owned(), vec!["text".to_owned()]);
    };
    server.app.catalog.change_settings(&workspace, &By::server(), hide).expect("kept");
    let shown = auditor.get(&case).text().to_owned();
    assert!(!shown.contains("Let me have a look") && !shown.contains("We have refunded"), "{shown}");

    let (other, _) = server.another_workspace();
    let stranger = server.visitor_of(&other, Role::Owner, &[]);
    for page in [&path, &case, &format!("{path}/cases"), &format!("{path}/file/cases.csv")] {
        assert_eq!(stranger.get(page).status, 404, "{page}");
    }
    for act in ["cancel", "continue", "remove"] {
        assert_eq!(stranger.post(&format!("{path}/{act}"), &[]).status, 404, "{act}");
    }
}

#[test]
fn an_insight_leads_to_a_form_that_knows_what_it_is_about() {
    let (server, token) = house(120);
    let begun = server.post("/v1/insights").by(&token).json(&json!({}));
    assert!(matches!(begun.status, 200 | 202), "{}", begun.text());
    let owner = server.visitor(Role::Owner, &[]);
    let page = wait_for("insights are worked out", || {
        let page = owner.get("/insights").text().to_owned();
        page.contains("data-testid=\"insights-told\"").then_some(page)
    });
    let insight =
        page.split(" href=\"/insights/").nth(1).and_then(|rest| rest.split('"').next()).expect("an insight");
    let one = owner.get(&format!("/insights/{insight}")).text().to_owned();
    let form = owner.get(&link(&one, "/simulations/new?insights=")).text().to_owned();
    assert!(form.contains("data-testid=\"sim-prefilled\"") && form.contains("value=\"Fix:"), "{form}");
    assert_eq!(owner.get("/simulations/new?insights=none&nr=1").status, 404);
    assert_eq!(owner.get("/simulations/new?again=none").status, 404);
}

#[test]
fn agents_that_decide_for_themselves_are_asked_and_compared() {
    let Some(agents) = Agents::start() else { return };
    let (server, _) = house(60);
    let owner = server.visitor(Role::Owner, &[]);
    let http = [
        ("subject", "http"),
        ("name", "By HTTP"),
        ("url", agents.http.as_str()),
        ("all", "on"),
        ("redact", "on"),
    ];
    let first = location(&owner.post("/simulations", &http));
    over(&owner, &first);
    let page = owner.get(&first).text().to_owned();
    // Of sixty, six want a person, six ask what nobody knows, and refunds above 100 are stopped.
    for (query, n) in [
        ("reason=customer_asked", 6),
        ("reason=no_knowledge", 6),
        ("reason=policy_denied", (1..=60).filter(|nth| nth % 10 < 4 && 10 + nth * 7 % 150 > 100).count()),
        ("outcome=disagreed", 6),
    ] {
        let cases = owner.get(&link(&page, &format!("{first}/cases?{query}"))).text().to_owned();
        assert_eq!(cases.matches("data-testid=\"case-row\"").count(), n, "{query}: {cases}");
    }
    assert!(page.contains("sets no tags") && page.contains("data-matrix=\"endings\""), "{page}");
    let id = first.trim_start_matches("/simulations/");
    let chat = [
        ("subject", "chat"),
        ("name", "By chat"),
        ("url", agents.chat.as_str()),
        ("model", "small"),
        ("all", "on"),
        ("baseline", id),
    ];
    let second = location(&owner.post("/simulations", &chat));
    over(&owner, &second);
    let page = owner.get(&second).text().to_owned();
    assert!(page.contains("against By HTTP") && page.contains("Other answer → Resolved"), "{page}");
    let moved = link(&page, &format!("{second}/cases?from=disagreed"));
    assert_eq!(owner.get(&moved).text().matches("data-testid=\"case-row\"").count(), 6);
    let case = link(owner.get(&moved).text(), &format!("{second}/cases/"));
    let case = owner.get(&case).text().to_owned();
    assert!(
        case.contains("spam folder") && case.contains("I have sent your invoice again."),
        "both are there: {case}"
    );
}

#[test]
fn a_rule_is_compared_on_the_past_from_its_own_form() {
    let server = TestServer::quiet();
    for (who, times) in [("ana", 12), ("bob", 30)] {
        server.append(&crate::alerts::failures(who, times));
    }
    let owner = server.visitor(Role::Owner, &[]);
    let rule = owner.get("/alerts/rules/A1");
    assert!(rule.text().contains("formaction=\"/alerts/rules/A1/compare"), "{}", rule.text());
    let typed =
        [("yaml", ""), ("quiet", "1440"), ("tune-failures", "20"), ("tune-within", "10m"), ("version", "0")];
    let form = owner.post("/alerts/rules/A1/compare", &typed);
    assert_eq!(form.status, 200, "{}", form.text());
    for part in ["failures = 20", "within = 10m", "value=\"1440\"", "<option value=\"A1\" selected>"] {
        assert!(form.text().contains(part), "{part} in {}", form.text());
    }
    let wrong = owner.post("/alerts/rules/A1/compare", &[("quiet", "many"), ("tune-failures", "20")]);
    assert_eq!(wrong.status, 422);
    let begin = [
        ("subject", "rule"),
        ("rule", "A1"),
        ("tuned", "failures = 20\nwithin = 10m"),
        ("quiet", "1440"),
        ("state", "on"),
        ("baseline", "enforced"),
    ];
    let estimate = owner.post("/simulations/estimate", &begin);
    assert!(estimate.text().contains("entries would be looked at"), "{}", estimate.text());
    let path = location(&owner.post("/simulations", &begin));
    over(&owner, &path);
    is_whole(&owner, &path);
    let page = owner.get(&path);
    let page = page.text();
    for part in ["Alerts: 1, where the baseline raises 2", "Alerts only before", "ana", "href=\"/log/11\""] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!page.contains("id=\"added\""), "nothing is new");
    assert_eq!(link(page, "/alerts/rules/"), "/alerts/rules/A1");
    assert!(location(&owner.post("/simulations", &begin)).ends_with("?served=yes"));
    let again = owner.get(&link(page, "/simulations/new?again="));
    assert!(again.text().contains("failures = 20"), "{}", again.text());
    assert!(owner.get("/simulations").text().contains("Alert rule"));
    for (field, value, told) in [
        ("tuned", "failures", "Expected a name and a value"),
        ("tuned", "failures = 1", "id=\"d-tuned\""),
        ("yaml", "title: [", "class=\"error\" id=\"d-yaml\""),
        ("rule", "", "Choose a rule"),
        ("from", "soon", "Expected a date"),
    ] {
        let wrong = begin.map(|(name, kept)| (name, if name == field { value } else { kept }));
        let wrong: Vec<_> = wrong.into_iter().chain([(field, value)]).collect();
        let refused = owner.post("/simulations", &wrong);
        assert_eq!(refused.status, 422, "{field}={value}: {}", refused.text());
        assert!(refused.text().contains(told), "{told} in {}", refused.text());
    }
    let own = owner.post("/alerts/rules/compare", &[("yaml", "title: Mine\n"), ("quiet", "60")]);
    assert!(own.text().contains("title: Mine"), "{}", own.text());
    let auditor = server.visitor(Role::Auditor, &[]);
    assert_eq!(auditor.post("/alerts/rules/A1/compare", &typed).status, 403);
}

//! Whatever somebody writes into an event, a name or an address: nothing of it runs, nothing of it is fetched, and
//! nothing of it turns text around. Other sites change nothing here, and lead nobody away.

use crate::browser::{Browser, Setup};
use crate::cast::{PASSWORD, hire, owner, speaks};
use crate::support::TestServer;
use fantoccini::key::Key;
use hindcast::catalog::{By, Team};
use hindcast::people::Role;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

const SCRIPT: &str = "<script>window.hacked=1;alert(1)</script>";
const IMAGE: &str = "\"'><img src=http://evil.example/x.png onerror=\"window.hacked=2;alert(2)\">";
const SVG: &str =
    "</title></textarea></template><svg onload=window.hacked=3><a xlink:href=javascript:alert(3)>";
const ATTRIBUTE: &str = "\" onmouseover=\"window.hacked=4\" onfocus=\"window.hacked=4\" autofocus x=\"";
const ADDRESS: &str = "javascript:window.hacked=5//{{7*7}}${7*7}";
/// Turned around, hidden and joined: RIGHT-TO-LEFT OVERRIDE, ISOLATE, ZERO WIDTH SPACE, BYTE ORDER MARK.
const TREACHEROUS: &str = "invoice\u{202e}fdp.exe \u{2066}ad\u{200b}min\u{feff}";

/// Everything in it means harm.
fn hostile(actor: &str) -> Value {
    json!({
        "action": format!("macro{IMAGE}"),
        "actor": { "type": "user", "id": actor, "name": format!("{SCRIPT}{TREACHEROUS}"), "email": ATTRIBUTE, "role": SVG },
        "on_behalf_of": { "type": "user", "id": SCRIPT, "name": IMAGE },
        "targets": [{ "type": ATTRIBUTE, "id": SCRIPT, "name": format!("{SVG}{TREACHEROUS}") }],
        "changes": [
            { "path": format!("/{SCRIPT}"), "before": IMAGE, "after": SVG },
            { "path": format!("/{ATTRIBUTE}"), "before": { SCRIPT: IMAGE }, "after": [SVG, TREACHEROUS] },
        ],
        "outcome": { "result": "denied", "code": IMAGE, "reason": SVG },
        "reason": format!("{SCRIPT}\n{IMAGE}"),
        "description": format!("{SVG} {ADDRESS} {TREACHEROUS}"),
        "context": {
            "session_id": SCRIPT, "request_id": IMAGE, "user_agent": format!("Mozilla {SCRIPT}"),
            "geo": { "city": SVG, "region": IMAGE },
        },
        "metadata": { SCRIPT: IMAGE, ATTRIBUTE: ADDRESS, "list": [SVG, { IMAGE: SCRIPT }] },
    })
}

/// Nothing that was written by somebody else is more than text.
async fn is_harmless(browser: &Browser, page: &str) {
    browser.settle().await;
    let script = r#"
        const all = [...document.querySelectorAll('*')];
        const found = [];
        if (window.hacked !== undefined) found.push('a script ran: ' + window.hacked);
        for (const one of all) {
            for (const { name, value } of one.attributes) {
                if (name.startsWith('on') || name === 'style' || name === 'srcdoc') found.push(one.outerHTML.slice(0, 200));
                if (/^\s*javascript:/i.test(value) && name !== 'value') found.push(one.outerHTML.slice(0, 200));
            }
        }
        const foreign = 'img, iframe, object, embed, base, meta[http-equiv], body style, head script:nth-of-type(n+3), body script';
        for (const one of document.querySelectorAll(foreign)) found.push(one.outerHTML.slice(0, 200));
        for (const link of document.querySelectorAll('a[href], form[action]')) {
            const to = new URL(link.getAttribute('href') ?? link.getAttribute('action'), location);
            if (to.origin !== location.origin) found.push('leads to ' + to);
        }
        // Where people read; what a button copies is what was written.
        const read = [document.documentElement.textContent];
        for (const one of all) {
            for (const name of ['title', 'aria-label', 'placeholder', 'value', 'content']) read.push(one.getAttribute(name) ?? '');
        }
        const turned = read.map(text => /.{0,60}[\u202a-\u202e\u2066\u2067\u200b\u200e\u200f\ufeff].{0,20}/.exec(text)).find(Boolean);
        if (turned) found.push('turned around: ' + encodeURI(turned[0]));
        return found;"#;
    let found = browser.run(script).await;
    assert_eq!(found, json!([]), "on {page}");
    assert_eq!(browser.complaints(), [""; 0], "on {page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_others_write_runs() {
    let server = TestServer::start();
    let actor = "\"><b>ana</b>";
    let first = server.append(&[hostile(actor)])["first_index"].to_string();
    let mara = owner(&server);
    let named = hire(&server, &format!("Ivan {SCRIPT}{TREACHEROUS}"), Role::Viewer, speaks("en"));
    let team = Team { id: IMAGE.to_owned(), name: SVG.to_owned(), actors: vec![SCRIPT.to_owned()] };
    server
        .app
        .catalog
        .put_team(&server.workspace.parse().expect("an id"), &team, &By::server())
        .expect("kept");
    server.app.post();
    let setup = Setup { notes_requests: true, ..Setup::default() };
    let Some(browser) = Browser::open_as(&server, setup).await else { return };
    browser.sign_in(&mara).await;
    browser.requests();

    let escaped = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let in_path = |text: &str| escaped(text).replace('+', "%20");
    let mut pages = vec![
        "/log?range=all&parts=all&group=off&cols=outcome,time,who,target,ip,location,source".to_owned(),
        format!("/people/{}?range=all", in_path(actor)),
        format!("/settings/people/{}", named.id.0),
        format!("/log?range=all&parts=all&q={}", escaped(&format!("\"{SCRIPT}\" -\"{IMAGE}\""))),
        format!("/log?q={}", escaped(IMAGE)),
        format!("/log?range={0}&from={0}&cols={0}&group={0}", escaped(ATTRIBUTE)),
        format!("/log/{}", in_path(SCRIPT)),
        format!("/log/export?q={}", escaped(&format!("\"{SVG}\""))),
        format!("/help/activities?find={}", escaped(IMAGE)),
        format!("/dashboards/overview?q={}", escaped(&format!("\"{IMAGE}\""))),
        format!("/login?next={}", escaped(ADDRESS)),
    ];
    for tab in ["", "changes", "context", "integrity", "raw"] {
        pages.push(format!("/log/{first}?tab={tab}"));
        pages.push(format!("/log?range=all&group=off&entry={first}&tab={tab}"));
    }
    for facet in ["actor", "role", "action", "target"] {
        pages.push(format!("/log/values?range=all&facet={facet}"));
    }
    for board in ["overview", "access", "changes", "people"] {
        pages.push(format!("/dashboards/{board}?range=all"));
    }
    for section in ["people", "teams", "roles", "preferences", "tokens"] {
        pages.push(format!("/settings/{section}"));
    }
    for page in &pages {
        browser.visit(page).await;
        is_harmless(&browser, page).await;
    }

    let person = format!("/people/{}?range=all", in_path(actor));
    assert_eq!(browser.status(&person).await, 200, "whatever they are called, they have a page");

    // What is treacherous is seen as what it is.
    browser.visit(&format!("/log/{first}")).await;
    let told = browser.see("main").await;
    for mark in ["⟨U+202E⟩", "⟨U+2066⟩", "⟨U+200B⟩", "⟨U+FEFF⟩", SCRIPT, "{{7*7}}${7*7}"] {
        assert!(told.contains(mark), "{mark} in {told}");
    }

    // What scripts put on the page: suggestions, and entries that arrive.
    browser.visit("/log?range=all").await;
    browser.settle().await;
    browser.fill("#q", "actor:").await;
    browser.see("#q-list [role=option]").await;
    is_harmless(&browser, "the suggestions").await;
    browser.key(Key::Down).await;
    browser.key(Key::Enter).await;
    is_harmless(&browser, "a suggestion that was taken").await;
    browser.run("document.activeElement.blur()").await;
    browser.press("[data-testid=tail-toggle]").await;
    browser.move_pointer_away().await;
    let arrived = server.append(&[hostile("mallory")])["first_index"].to_string();
    browser.see(&format!("#e-{arrived}")).await;
    browser.press(&format!("#e-{arrived} .c-menu summary")).await;
    is_harmless(&browser, "an entry that arrived").await;
    browser.press(&format!("#e-{arrived} th a")).await;
    browser.see("[data-testid=entry-panel]").await;
    is_harmless(&browser, "its panel").await;

    let asked = browser.requests();
    assert!(asked.iter().any(|url| url.contains("/log/tail")), "requests are noted");
    let foreign: Vec<_> =
        asked.iter().filter(|url| !url.starts_with(&server.url) && !url.starts_with("data:")).collect();
    assert!(foreign.is_empty(), "something was asked of others: {foreign:?}");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_ten_thousand_characters_breaks_nothing() {
    let server = TestServer::start();
    let long = "Bartholomew".repeat(1000)[..10_000].to_owned();
    let event = json!({
        "action": "macro.updated",
        "actor": { "type": "user", "id": "long", "name": long, "email": "l@northwind.example" },
        "targets": [{ "type": "macro", "id": "1", "name": long }],
        "changes": [{ "path": "/name", "before": long, "after": "short" }],
    });
    let index = server.append(&[event])["first_index"].to_string();
    let mara = owner(&server);
    let Some(browser) = Browser::open(&server).await else { return };
    browser.sign_in(&mara).await;
    let mut faults = Vec::new();
    for width in [1280, 320] {
        browser.resize(width, 800);
        for page in [
            "/log?range=all&parts=all&cols=outcome,time,who,target,ip".to_owned(),
            format!("/log?range=all&entry={index}"),
            format!("/log?range=all&entry={index}&tab=changes"),
            format!("/log/{index}"),
            format!("/log/{index}?tab=changes"),
            format!("/log/{index}?tab=context"),
            format!("/log/{index}?tab=raw"),
            "/people/long?range=all".to_owned(),
            "/dashboards/overview?range=all".to_owned(),
            "/dashboards/people?range=all".to_owned(),
            "/log/values?range=all&facet=actor".to_owned(),
        ] {
            browser.visit(&page).await;
            browser.settle().await;
            if let Some(wide) = browser.sideways().await {
                faults.push(format!("{page}: {wide}"));
            }
            if page.starts_with("/log?range=all&parts") {
                let height =
                    browser.run("return document.querySelector('#rows tr[data-index]').offsetHeight").await;
                if height.as_u64().is_none_or(|height| height > 300) {
                    faults.push(format!("{page}: a row is {height} px high"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    browser.close().await;
}

/// Somebody else's site: whatever is asked of it, it answers with this page.
fn elsewhere(page: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let Ok(mut connection) = connection else { return };
            let mut asked = [0; 4096];
            let _read = connection.read(&mut asked);
            let _written = write!(
                connection,
                "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
                page.len()
            );
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_changes_nothing() {
    let server = TestServer::start();
    let mara = owner(&server);
    let Some(browser) = Browser::open(&server).await else { return };
    browser.sign_in(&mara).await;
    let to = &server.url;
    let forms = [
        ("/preferences/look", "<input name=language value=de>"),
        ("/settings/people", "<input name=email value=evil@evil.example><input name=role value=owner>"),
        (
            "/settings/tokens",
            "<input name=name value=evil><input name=scope value=read><input name=days value=9>",
        ),
        (
            "/settings/sources",
            "<input name=kind value=intercom><input name=name value=evil><input name=token value=x><input name=every_minutes value=9>",
        ),
        ("/settings/retention", "<input name=days value=1>"),
        ("/settings/retention/apply", ""),
        ("/settings/erasure", "<input name=ids value=ana><input name=reference value=evil>"),
        (
            "/settings/general",
            "<input name=name value=Evil><input name=zone value=UTC><input name=from value=1><input name=until value=2>",
        ),
        ("/logout", ""),
        ("/integrity/verify", ""),
    ];
    let size = |server: &TestServer| {
        server.get("/v1/events?limit=500").send().good()["entries"].as_array().map(Vec::len)
    };
    let before = size(&server);
    for (path, fields) in forms {
        let page = format!(
            "<!doctype html><form method=post action='{to}{path}'>{fields}<button id=go>A prize!</button></form>"
        );
        browser.visit(&elsewhere(page)).await;
        browser.press("#go").await;
        browser.until("we are told no", async || browser.here().await == path).await;
        browser.see("#refused-h").await;
    }
    // By a script of theirs, with our cookie.
    let page = format!(
        "<!doctype html><title>waiting</title><script>
         fetch('{to}/settings/people', {{ method: 'POST', mode: 'no-cors', credentials: 'include',
             headers: {{ 'content-type': 'application/x-www-form-urlencoded' }}, body: 'email=evil@evil.example&role=owner' }})
         .then(() => document.title = 'sent', () => document.title = 'sent');
         </script><iframe src='{to}/log'></iframe>"
    );
    browser.visit(&elsewhere(page)).await;
    browser.until_is("it was sent", "return document.title === 'sent'").await;
    browser
        .until("our pages are not shown within theirs", async || {
            browser.complaints().iter().any(|told| told.contains("frame-ancestors"))
        })
        .await;

    let workspace = server.workspace.parse().expect("an id");
    let catalog = &server.app.catalog;
    assert_eq!(size(&server), before, "nothing happened");
    assert!(catalog.invitations(&workspace, (server.app.clock)()).expect("read").is_empty());
    assert_eq!(catalog.workspace(&workspace).expect("read").expect("there").name, "Northwind");
    let person = catalog.person(&mara.id).expect("read").expect("there");
    assert_eq!(person.preferences.language.as_deref(), Some("en"));
    browser.visit("/log").await;
    assert_eq!(browser.here().await, "/log", "she is still signed in");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_led_away() {
    let server = TestServer::start();
    let mara = owner(&server);
    let Some(browser) = Browser::open(&server).await else { return };
    for next in [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/%09/evil.example",
        "javascript:alert(1)",
        "//evil.example/log",
    ] {
        browser.forget().await;
        browser.visit(&format!("/login?next={next}")).await;
        assert_eq!(browser.attribute("form[action='/login'] [name=next]", "value").await, "/log", "{next}");
    }
    browser.fill("#f-email", &mara.email).await;
    browser.fill("#f-password", PASSWORD).await;
    // Even a form that was tampered with.
    browser
        .run("document.querySelector(\"form[action='/login'] [name=next]\").value = '//evil.example'")
        .await;
    browser.key(Key::Enter).await;
    browser.arrive("/log").await;
    assert_eq!(browser.here().await, "/log");
    browser
        .run("document.querySelectorAll('[name=next]').forEach(next => next.value = '//evil.example')")
        .await;
    browser.press("header details.menu > summary[title=Theme]").await;
    browser.press("button[name=theme][value=dark]").await;
    browser
        .until("the theme is dark", async || browser.attribute("html", "data-theme").await == "dark")
        .await;
    assert_eq!(browser.here().await, "/log");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_survives_a_session_that_ended() {
    let server = TestServer::start();
    server.append(&[hostile("ana")]);
    let mara = owner(&server);
    let Some(browser) = Browser::open(&server).await else { return };
    browser.sign_in(&mara).await;
    browser.visit("/log?range=all").await;
    browser.settle().await;
    browser.fill("#q", "half a thought").await;
    let person = server.app.catalog.person(&mara.id).expect("read").expect("there");
    let workspace = server.workspace.parse().expect("an id");
    server.app.catalog.end_sessions(&person, None, &workspace, &By::server()).expect("ended");

    browser.key(Key::Enter).await;
    browser.see("#signed-out").await;
    assert_eq!(browser.value("#q").await, "half a thought");
    assert!(browser.sees("[data-testid=log-row]").await, "what was there stays");
    browser.press("#signed-out a").await;
    browser.arrive("/login").await;
    browser.fill("#f-email", &mara.email).await;
    browser.fill("#f-password", PASSWORD).await;
    browser.key(Key::Enter).await;
    browser.arrive("/log").await;
    assert!(browser.here().await.contains("range=all"), "back to where she was");
    browser.close().await;
}

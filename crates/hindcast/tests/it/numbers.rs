//! Somebody follows the numbers: each is that of the list it leads to, whatever else is asked for.

use crate::cast::Visitor;
use crate::support::{TestServer, event};
use hindcast::people::Role;
use serde_json::{Value, json};

/// A log in which names, ids, roles and targets get in each other's way.
fn filled() -> TestServer {
    let server = TestServer::quiet();
    let by = |id: &str, name: &str, role: &str, action: &str, result: &str| {
        let mut event = event(action);
        event["actor"] = json!({ "type": "user", "id": id, "name": name, "role": role });
        event["outcome"] = json!(result);
        event["context"] = json!({ "ip": format!("203.0.113.{}", id.len()), "source": "ui",
                                   "geo": { "country": if id == "ana" { "JP" } else { "DE" } } });
        event
    };
    let about = |mut event: Value, targets: &[(&str, &str)]| {
        let target = |(kind, id): &(&str, &str)| json!({ "type": kind, "id": id });
        event["targets"] = targets.iter().map(target).collect();
        event
    };
    let agent =
        json!({ "action": "ai_agent.replied", "actor": { "type": "agent", "id": "fin", "name": "Ana 2" } });
    server.append(&[
        by("ana", "Ana Groß", "admin", "user.signed_in", "success"),
        by("ana", "Ana Diaz", "admin", "contacts.exported", "success"),
        by("ana", "Ana Diaz", "admin", "settings.changed", "denied"),
        by("bob", "Ana Diaz", "admin", "user.sign_in_failed", "failure"),
        by("bob", "Ana Diaz", "admin", "user.locked_out", "success"),
        by("bob", "Ana Diaz", "admin", "data_export.downloaded", "success"),
        by("groß", "Bob", "auditor", "user.sign_in_failed", "failure"),
        by("groß", "Bob", "auditor", "user.locked_out", "failure"),
        by("cus 1", "Customer", "contact", "conversation.created", "success"),
        about(by("ana", "Ana Diaz", "admin", "macro.updated", "success"), &[("macro", "42")]),
        about(by("bob", "Ana Diaz", "admin", "macro.updated", "denied"), &[("macro", "42"), ("ticket", "7")]),
        about(by("bob", "Ana Diaz", "admin", "macro.deleted", "denied"), &[("macro", "7")]),
        about(by("bob", "Ana Diaz", "auditor", "agent.suspended", "success"), &[("odd kind", "7")]),
        agent,
    ]);
    server
}

/// The text between two others, each time.
fn between<'t>(text: &'t str, before: &'t str, after: &'t str) -> impl Iterator<Item = &'t str> {
    text.split(before).skip(1).filter_map(move |rest| rest.split(after).next())
}

fn unescaped(html: &str) -> String {
    html.replace("&#38;", "&").replace("&amp;", "&").replace("&#34;", "\"").replace("&#39;", "'")
}

fn figure(text: &str) -> u64 {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_else(|_| panic!("{text:?} is no number"))
}

/// How many entries the list has that an address leads to.
fn listed(visitor: &Visitor<'_>, href: &str) -> u64 {
    let answer = visitor.get(href);
    assert_eq!(answer.status, 200, "{href}: {}", answer.text());
    let told = between(answer.text(), "id=\"result-status\">", " ").next().expect("a status").to_owned();
    figure(&told)
}

/// Every number of a page, with the address it leads to.
fn numbers(page: &str) -> Vec<(u64, String)> {
    let tiles = between(page, "<div class=\"tile\"><a href=\"", "</a>").map(|tile| {
        let (href, rest) = tile.split_once('"').expect("an address");
        (figure(between(rest, "<span class=\"n\">", "<").next().expect("a number")), unescaped(href))
    });
    let values =
        ["<a class=\"n\" href=\"", "<td class=\"number\"><a href=\""].into_iter().flat_map(|before| {
            between(page, before, "</a>").map(|value| {
                let (href, count) = value.split_once("\">").expect("an address");
                (figure(count), unescaped(href))
            })
        });
    tiles.chain(values).filter(|(_, href)| href.starts_with("/log?")).collect()
}

#[test]
fn every_number_of_a_dashboard_is_that_of_the_list_it_leads_to() {
    let server = filled();
    let owner = server.visitor(Role::Owner, &[]);
    let mut followed = 0;
    for q in [
        "",
        "outcome:success",
        "-outcome:success",
        "outcome:denied outcome:success",
        "action:user.locked_out",
        "action:user.*",
        "-action:user.*",
        "actor:ana",
        "actor:diaz -actor:ana",
        "actor_type:agent",
        "actor_type:user",
        "role:contact",
        "category:settings",
        "country:JP",
        "ip:203.0.113.0/24",
        "target:macro/42",
        "target:macro/* target:ticket/*",
        "target:7",
    ] {
        for board in ["overview", "access", "changes", "people"] {
            let path = format!("/dashboards/{board}?range=all&q={}", q.replace(' ', "+"));
            let page = owner.get(&path);
            assert_eq!(page.status, 200, "{path}");
            for (number, href) in numbers(page.text()) {
                assert_eq!(listed(&owner, &href), number, "{href} on {path}");
                followed += 1;
            }
        }
    }
    assert!(followed > 300, "{followed}");
}

/// The number on a tile of a board, and where it leads.
fn tile(visitor: &Visitor<'_>, board: &str, label: &str) -> (u64, String) {
    let page = visitor.get(&format!("/dashboards/{board}?range=all")).text().to_owned();
    let tile =
        between(&page, "<div class=\"tile\">", "</div>").find(|tile| tile.contains(&format!(">{label}<")));
    numbers(&format!("<div class=\"tile\">{}", tile.expect("a tile"))).pop().expect("a number")
}

#[test]
fn exports_of_the_product_and_of_the_log_are_found_together() {
    let server = filled();
    let owner = server.visitor(Role::Owner, &[]);
    let sent = owner.post("/exports", &[("format", "csv"), ("address", "range=all")]);
    assert_eq!(sent.status, 200);
    let page = owner.get("/log?range=all&parts=all").text().to_owned();
    let view = |name: &str| {
        let views = between(&page, "<nav class=\"views\"", "</nav>").next().expect("views").to_owned();
        let link = between(&views, "<a href=\"", "</a>").find(|link| link.contains(name)).map(str::to_owned);
        unescaped(link.expect("a view").split('"').next().unwrap_or_default())
    };
    let until = || listed(&owner, &view("Exports and data access"));
    let three = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        until() == 3
    });
    assert!(three, "contacts.exported, data_export.downloaded and log.exported, not {}", until());
    assert_eq!(tile(&owner, "overview", "Exports and data access").0, 3);
    let mut created = event("token.created");
    created["actor"] = json!({ "type": "user", "id": "ana" });
    server.append(&[created]);
    assert_eq!(listed(&owner, &view("Tokens")), 1);
}

#[test]
fn a_page_about_somebody_is_about_nobody_else() {
    let server = filled();
    let owner = server.visitor(Role::Owner, &[]);
    for (id, name, entries) in
        [("ana", "Ana Diaz", 4), ("bob", "Ana Diaz", 6), ("gro%C3%9F", "Bob", 2), ("cus%201", "Customer", 1)]
    {
        let path = format!("/people/{id}?range=all");
        let page = owner.get(&path);
        assert_eq!(page.status, 200, "{path}");
        let heading = between(page.text(), "<h1>", "</h1>").next().expect("a heading");
        assert_eq!(heading, format!("<bdi>{name}</bdi>"), "{path}");
        assert!(page.text().contains(&format!("{entries} entr")), "{path} has {entries} entries");
        let (_, head) =
            page.text().split_once("<div class=\"end\"><a class=\"button\" href=\"").expect("a link");
        let href = unescaped(head.split('"').next().unwrap_or_default());
        assert_eq!(listed(&owner, &href), entries, "{href}");
        for (number, href) in numbers(page.text()) {
            assert_eq!(listed(&owner, &href), number, "{href} on {path}");
        }
    }
    assert_eq!(owner.get("/people/diaz").status, 404, "a word of a name is no id");
}

#[test]
fn bars_lead_to_what_they_count() {
    let server = filled();
    let owner = server.visitor(Role::Owner, &[]);
    for second in ["05.999999", "06.000000", "06.999999", "07.000000"] {
        let mut old = event("macro.updated");
        old["occurred_at"] = json!(format!("2020-02-03T04:05:{second}Z"));
        server.append(&[old]);
    }
    for path in [
        "/log?range=15m",
        "/log?range=24h",
        "/log?range=90d",
        "/log?range=all",
        "/log?from=0001-01-01T00:00&q=action:macro.updated",
        "/log?from=2020-02-03T04:05:06Z&to=2020-02-03T04:05:07Z",
    ] {
        let page = owner.get(&format!("{path}&parts=all")).text().to_owned();
        let table =
            between(&page, "<figure id=\"histogram\">", "</figure>").next().expect("a chart").to_owned();
        let lines = between(&table, "<tr><th scope=\"row\"><a href=\"", "</tr>").map(|line| {
            let href = unescaped(line.split('"').next().unwrap_or_default());
            let count: u64 = between(line, "<td class=\"number\">", "<").map(figure).sum();
            assert_eq!(listed(&owner, &href), count, "{href} on {path}");
            count
        });
        assert_eq!(lines.sum::<u64>(), listed(&owner, path), "{path}");
        let bars: Vec<&str> = between(&table, "data-from=\"", "\"").collect();
        let ends: Vec<&str> = between(&table, "data-to=\"", "\"").collect();
        assert_eq!(bars[1..], ends[..ends.len() - 1], "{path}: each bar begins where the last ended");
    }
}

#[test]
fn a_bar_of_a_minute_stays_that_minute_when_searched_again() {
    let server = filled();
    let owner = server.visitor(Role::Owner, &[]);
    let page = owner.get("/log?range=15m&parts=all").text().to_owned();
    let bar = between(&page, "<tr><th scope=\"row\"><a href=\"", "\"").next().map(unescaped).expect("a bar");
    let count = listed(&owner, &bar);
    let page = owner.get(&bar).text().to_owned();
    let form = between(&page, "<form id=\"search\"", "</form>").next().expect("a form");
    let mut sent = Vec::new();
    for field in between(form, "<input", ">") {
        let attribute = |name: &str| between(field, &format!(" {name}=\""), "\"").next().map(unescaped);
        let value = attribute("value").unwrap_or_default();
        sent.extend(attribute("name").map(|name| format!("{name}={}", value.replace('+', "%2B"))));
        if attribute("type").as_deref() == Some("datetime-local") {
            assert!(value.len() == "2026-11-21T09:00:00".len() && field.contains(" step=\"1\""), "{field}");
        }
    }
    sent.push("range=custom".to_owned());
    assert_eq!(listed(&owner, &format!("/log?{}", sent.join("&"))), count, "{sent:?}");
    assert!(count > 0);
}

#[test]
fn dates_that_are_typed_win_unless_another_range_is_chosen() {
    let server = filled();
    let owner = server.visitor(Role::Owner, &[]);
    let mut old = event("macro.updated");
    old["occurred_at"] = json!("2020-02-03T04:05:06Z");
    server.append(&[old]);
    let page = owner.get("/log?range=24h").text().to_owned();
    let form = between(&page, "<form id=\"search\"", "</form>").next().expect("a form");
    // The first button of a form is the one that Enter presses.
    let first = between(form, "<button", "</button>").next().expect("a button");
    assert!(first.contains("Search"), "{first}");
    assert!(form.contains("<input type=\"hidden\" name=\"was\" value=\"24h\">"), "{form}");
    let dates = "from=2020-02-03T00:00:00&to=2020-02-04T00:00:00";
    for (path, count) in [
        (format!("/log?q=&range=24h&was=24h&{dates}"), 1),
        (format!("/log?q=&range=24h&was=24h&{dates}&range=custom"), 1),
        (format!("/log?q=&range=7d&was=custom&{dates}"), 14),
        (format!("/log?q=&range=custom&was=custom&{dates}"), 1),
        ("/log?q=&range=24h&was=24h&from=&to=".to_owned(), 14),
    ] {
        assert_eq!(listed(&owner, &path), count, "{path}");
    }
    // What does not count is not kept, or it would count later.
    let page = owner.get(&format!("/log?range=7d&was=custom&{dates}")).text().to_owned();
    let form = between(&page, "<form id=\"search\"", "</form>").next().expect("a form");
    assert!(!form.contains("2020-02-03T00:00:00"), "{form}");
}

#[test]
fn a_stretch_that_is_dragged_over_keeps_the_query() {
    let server = filled();
    let owner = server.visitor(Role::Owner, &[]);
    let mut event = event("macro.updated");
    event["description"] = json!("a TOKEN FROM afar");
    server.append(&[event]);
    let page = owner.get("/log?range=15m&q=TOKEN+FROM&parts=all&group=off").text().to_owned();
    let brush = between(&page, "data-href-template=\"", "\"").next().map(unescaped).expect("an address");
    let (query, range) = brush.split_once("&from=").expect("a range");
    assert_eq!(range, "{from}&to={to}");
    assert!(query.starts_with("/log?q=TOKEN%20FROM&group=off") && !query.contains("range="), "{query}");
    let page = owner.get("/log?range=15m&parts=all").text().to_owned();
    assert!(between(&page, "data-href-template=\"", "\"").any(|brush| brush.starts_with("/log?")));
}

#[test]
fn what_a_row_offers_to_filter_for_stays_in() {
    let server = filled();
    let owner = server.visitor(Role::Owner, &[]);
    for (q, offered) in [
        ("action:user.locked_out action:user.sign_in_failed", 4),
        ("action:user.*", 5),
        ("actor:ana", 11),
        ("ip:203.0.113.0/24", 13),
    ] {
        let path = format!("/log?range=all&group=off&q={}", q.replace(' ', "+"));
        assert_eq!(listed(&owner, &path), offered, "{path}");
        let page = owner.get(&path).text().to_owned();
        for row in between(&page, "<tr id=\"e-", "</tr>") {
            let menu = between(row, "<td class=\"c-menu\">", "</td>").next().unwrap_or_default();
            for (nth, link) in between(menu, "<a href=\"", "\"").map(unescaped).enumerate() {
                let left = listed(&owner, &link);
                assert!(nth % 2 == 1 || (1..=offered).contains(&left), "{link} on {path} has {left}");
            }
        }
    }
}

#[test]
fn numbers_that_nobody_typed_do_no_harm() {
    let server = filled();
    let events: Vec<_> = (0..60).map(|n| event(&format!("step.{n}"))).collect();
    server.append(&events);
    let owner = server.visitor(Role::Owner, &[]);
    let page = owner.get("/log?range=24h&group=off").text().to_owned();
    let older = between(&page, "before=", "&").next().expect("a second page").replace("&#38;", "");
    let place = &older[..older.len() - 16];
    let tail = server.get("/log/tail?after=18446744073709551615").with("cookie", &owner.cookie).open();
    assert_eq!(tail.status(), 200);
    for now in ["8000000000000000", "7fffffffffffffff", "0000000000000000"] {
        for range in ["24h", "90d", "month", "last-month", "all"] {
            for part in ["", "&part=histogram", "&part=facets", "&part=rows"] {
                let path = format!("/log?before={place}{now}&range={range}{part}");
                for answer in [owner.get(&path), owner.part(&path)] {
                    assert!(answer.status < 500, "{path}: {}", answer.text());
                }
            }
        }
    }
}

#[test]
fn a_chart_is_a_file_too_and_shows_what_its_reader_may_see() {
    let server = TestServer::quiet();
    let of = |actor: &str| {
        json!({
            "action": "note.added", "occurred_at": "2025-03-04T05:06:07Z",
            "actor": { "type": "user", "id": actor, "name": format!("={actor}") },
        })
    };
    server.append(&[of("ana"), of("bob"), of("ana")]);
    let owner = server.visitor(Role::Owner, &[]);
    let page = owner.get("/dashboards/overview?range=all");
    for link in ["/charts/histogram.svg?", "/charts/heat.csv?", "/charts/actor.csv?"] {
        assert!(page.text().contains(link), "{link}: {}", page.text());
    }
    let svg = owner.get("/charts/histogram.svg?range=all");
    assert_eq!(svg.header("content-type"), "image/svg+xml; charset=utf-8");
    assert!(svg.header("content-disposition").starts_with("attachment"));
    assert!(svg.text().starts_with("<svg xmlns=") && svg.text().contains("<rect fill="), "{}", svg.text());
    let csv = owner.get("/charts/actor.csv?range=all");
    assert!(csv.text().contains("\r\n'=ana,2\r\n'=bob,1\r\n"), "nothing is a formula: {}", csv.text());
    let heat = owner.get("/charts/heat.csv?from=2025-03-01T00:00:00Z&to=2025-04-01T00:00:00Z");
    assert_eq!(heat.text().lines().count(), 1 + 7 * 24);
    assert!(heat.text().contains("Tuesday,5,3"), "{}", heat.text());
    let viewer = server.visitor(Role::Viewer, &["bob"]);
    let seen = viewer.get("/charts/actor.csv?range=all");
    assert!(seen.text().contains("bob") && !seen.text().contains("ana"), "{}", seen.text());
    for nothing in ["/charts/actor.png", "/charts/weather.svg", "/charts/histogram"] {
        assert_eq!(owner.get(nothing).status, 404, "{nothing}");
    }
    assert_ne!(server.stranger().get("/charts/actor.csv").status, 200);
}

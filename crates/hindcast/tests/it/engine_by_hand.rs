//! Workflows, connectors and upstreams at the command line, beside a server that runs.

use crate::desk::{Desk, TAGS};
use crate::mcp_peers::{Does, Listening, tool};
use crate::process::wait_for;
use crate::receiver::{Receiver, says, told};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// The program, as it is told by its environment whom to talk to: how it ended, and what it said where.
struct Shell<'d> {
    desk: &'d Desk,
    token: &'d str,
    folder: &'d Path,
}

impl Shell<'_> {
    fn run(&self, line: &[&str]) -> (i32, String, String) {
        let mut program = Command::new(env!("CARGO_BIN_EXE_hindcast"));
        program.args(line).current_dir(self.folder).env("HINDCAST_URL", &self.desk.server.url);
        program.env("HINDCAST_TOKEN", self.token).env("HINDCAST_WORKSPACE", &self.desk.server.workspace);
        let output = program.output().expect("ran");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().expect("ended"), text(&output.stdout), text(&output.stderr))
    }

    fn good(&self, line: &[&str]) -> String {
        let (code, out, said) = self.run(line);
        assert_eq!(code, 0, "{line:?}: {out}{said}");
        out
    }
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

#[test]
fn a_workflow_is_set_off_by_hand_and_first_only_asked() {
    let desk = Desk::open(|_| says(404));
    desk.enforce("refunds", TAGS);
    desk.enforce("close", "trigger: [ticket.resolved, manual]\nthen:\n  - ticket.close: {}\n");
    desk.enforce("both", "trigger: [ticket.created, ticket.reopened]\nthen:\n  - tag.add: seen\n");
    let folder = tempfile::tempdir().expect("a folder");
    let shell = Shell { desk: &desk, token: &desk.conductor, folder: folder.path() };
    let asked = ["--conversation", "c-1", "--product", "intercom", "--fact", "message.text=a refund, please"];
    let dry = shell.good(&[&words("workflow trigger message.received --dry-run")[..], &asked].concat());
    assert_eq!(dry, "refunds\tenforce\ttrue\t\t\ttag.add\n");
    assert_eq!(desk.runs(), Vec::<Value>::new(), "only asked");
    let keyed =
        [&words("workflow trigger message.received --key k-1 --json --fact ticket.priority=7")[..], &asked]
            .concat();
    let (code, out, said) = shell.run(&keyed);
    assert_eq!(code, 0, "{said}");
    let fired: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(
        (&fired["workflows"][0]["workflow"], &fired["workflows"][0]["matched"]),
        (&json!("refunds"), &json!("true"))
    );
    assert!(said.contains("not recorded: ") && said.contains("ticket.priority"), "{said}");
    shell.good(&keyed);
    assert_eq!(desk.runs().len(), 1, "it is the same happening");
    // Who names a workflow means what sets it off; that needs to know workflows.
    let both = desk.server.token_with(
        &[
            hindcast::catalog::Scope::Policies,
            hindcast::catalog::Scope::Decide,
            hindcast::catalog::Scope::Conversations,
        ],
        |_| (),
    );
    let shell = Shell { token: &both, ..shell };
    let closed = shell.good(&words("workflow trigger close --conversation c-2 --product intercom"));
    assert!(
        closed.starts_with("close\tenforce\ttrue\t\t") && closed.ends_with("\tticket.close\n"),
        "{closed}"
    );
    let (code, _, said) = shell.run(&words("workflow trigger both"));
    assert!(
        code == 1 && said.contains("both is set off by several: name one of ticket.created, ticket.reopened"),
        "{said}"
    );
    let (code, _, said) = shell.run(&words("workflow trigger ticket.craeted"));
    assert!(
        code == 1 && said.contains("ticket.craeted is neither what sets workflows off nor a workflow"),
        "{said}"
    );
    assert_eq!(shell.run(&words("workflow trigger ticket.created --fact x")).0, 2, "wrong usage");
    let (code, _, said) =
        Shell { token: &desk.reader, ..shell }.run(&words("workflow trigger ticket.created"));
    assert_eq!(code, 1, "its token may not: {said}");
}

#[test]
fn connectors_are_set_shown_tested_and_removed_by_hand() {
    let desk = Desk::open(|sent| match (sent.path.as_str(), sent.header("authorization")) {
        ("/me", "Bearer good") => told(
            200,
            &json!({ "type": "admin", "id": "7", "email": "ada@example.com", "app": { "name": "Northwind" } }),
        ),
        ("/me", _) => says(401),
        ("/api/v2/users/me.json", _) => {
            told(200, &json!({ "user": { "id": null, "name": "Anonymous user" } }))
        }
        _ => says(405),
    });
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("token"), "good\n").expect("written");
    let shell = Shell { desk: &desk, token: &desk.server.admin, folder: folder.path() };
    let (code, out, _) = shell.run(&words("connector test intercom"));
    assert!(
        code == 1 && out.starts_with("intercom\tdoes not work\tIntercom answered with status 401"),
        "{out}"
    );
    let set = ["--set", "token=@token", "--set", "admin=7", "--team", "billing=814", "--agent", "ada=7"];
    let (code, out, said) = shell.run(&[&words("connector set intercom")[..], &set].concat());
    assert!(code == 0 && out.is_empty() && said.starts_with("intercom\tconnected\tno posts\t"), "{said}");
    let tested = shell.good(&words("connector test intercom"));
    assert_eq!(tested, "intercom\tworks\tthe token is that of ada@example.com in Northwind\n");
    let shown: Value = serde_json::from_str(&shell.good(&words("connector show intercom"))).expect("JSON");
    assert_eq!(shown["connection"]["teams"], json!({ "billing": "814" }));
    assert!(!shown.to_string().contains("good"), "secrets are never told: {shown}");

    let zendesk = [
        "--set",
        "token=zd",
        "--set",
        "subdomain=company",
        "--set",
        "user=ada@example.com",
        "--set",
        "hook_secret=s",
    ];
    shell.good(&[&words("connector set zendesk")[..], &zendesk].concat());
    let (code, out, _) = shell.run(&words("connector test zendesk --json"));
    let tested: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(
        (code, &tested["works"]),
        (1, &json!(false)),
        "Zendesk takes strangers for somebody: {tested}"
    );

    let away = "away=http://127.0.0.1:9/x";
    let here = format!("here={}", desk.product.url);
    let (code, secret, said) = shell.run(&["connector", "set", "http", "--tool", &here, "--tool", away]);
    assert!(code == 0 && secret.starts_with("whsec_") && said.contains("shown only now"), "{secret}{said}");
    let (code, out, _) = shell.run(&words("connector test http"));
    let lines: Vec<_> = out.lines().collect();
    assert!(code == 1 && lines[0].starts_with("away\tdoes not work\t"), "{out}");
    assert_eq!(lines[1], "here\tworks\tanswered with status 405");
    assert_eq!(desk.product.sent().last().expect("sent").method, "HEAD", "nothing is done there");

    assert_eq!(shell.good(&words("connector list")).lines().count(), 3);
    let listed = shell.good(&words("connector list --json"));
    let kinds: Vec<Value> = listed
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["kind"].clone())
        .collect();
    assert_eq!(kinds, ["http", "intercom", "zendesk"]);
    assert_eq!(shell.good(&words("connector remove zendesk")), "removed zendesk\n");
    let (code, _, said) = shell.run(&words("connector show zendesk"));
    assert!(code == 1 && said.contains("there is no such connector"), "{said}");
    let (code, _, said) = shell.run(&words("connector set intercom --set token=x"));
    assert!(code == 1 && said.contains("admin: expected"), "{said}");
    assert_eq!(shell.run(&words("connector show frontdesk")).0, 2, "wrong usage");
    wait_for("each change is an entry", || (desk.log("action:connector.connected").len() == 4).then_some(()));
}

#[test]
fn upstreams_are_connected_looked_at_and_their_tools_approved_by_hand() {
    let desk = Desk::at(Receiver::start(|_| says(404)), |_| ());
    let tools = vec![
        tool("refund", "Pays money back.", &[("order_id", "string")]),
        tool("lookup", "Finds an order.", &[]),
    ];
    let shop = Listening::start(tools, |name, _| Does::Tells(name.to_owned()));
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("secret"), "ours-alone\n").expect("written");
    let shell = Shell { desk: &desk, token: &desk.editor, folder: folder.path() };
    let set = ["mcp", "upstream", "set", "shop", "--at", &shop.url, "--credential", "secret"];
    let (code, out, said) = shell.run(&set);
    assert!(code == 0 && said.starts_with("shop\thttp://") && said.contains("/mcp/shop"), "{out}{said}");
    let states: Vec<_> = out.lines().map(|line| words(line)[..2].join(" ")).collect();
    assert_eq!(states, ["mcp.shop.lookup new", "mcp.shop.refund new"]);
    let (code, _, said) = shell.run(&set);
    assert!(code == 1 && said.contains("name"), "one of the name is there: {said}");

    // To approve is to approve what was looked at.
    let (code, shown, said) = shell.run(&words("mcp upstream approve shop refund"));
    assert!(code == 1 && said.contains("nothing was approved"), "{said}");
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(shown["declared"]["description"], "Pays money back.");
    let fingerprint = shown["fingerprint"].as_str().expect("text");
    let (code, _, said) =
        shell.run(&["mcp", "upstream", "approve", "shop", "refund", "--fingerprint", &"0".repeat(64)]);
    assert_eq!(code, 1, "{said}");
    let approve = [
        "mcp",
        "upstream",
        "approve",
        "shop",
        "refund",
        "--fingerprint",
        fingerprint,
        "--target",
        "order_id=order",
    ];
    let out = shell.good(&approve);
    assert!(out.lines().any(|line| line.starts_with("mcp.shop.refund\tapproved\t")), "{out}");
    let shown: Value = serde_json::from_str(&shell.good(&words("mcp upstream show shop"))).expect("JSON");
    let refund = shown["tools"]
        .as_array()
        .expect("tools")
        .iter()
        .find(|tool| tool["name"] == "refund")
        .expect("there");
    assert_eq!((&refund["writes"], &refund["targets"]), (&json!(true), &json!({ "order_id": "order" })));
    assert!(!shown.to_string().contains("ours-alone"));
    let out = shell.good(&words("mcp upstream block shop refund"));
    assert!(out.lines().any(|line| line.starts_with("mcp.shop.refund\tblocked\t")), "{out}");

    let listed: Value = serde_json::from_str(&shell.good(&words("mcp upstream list --json"))).expect("JSON");
    assert_eq!((&listed["name"], &listed["has_credential"]), (&json!("shop"), &json!(true)));
    drop(shop);
    let (code, _, said) = shell.run(&words("mcp upstream refresh shop"));
    assert_eq!(code, 1, "it does not answer: {said}");
    assert!(!shell.good(&words("mcp upstream list")).contains("no problem known"));
    assert_eq!(shell.good(&words("mcp upstream remove shop")), "removed shop\n");
    let (code, _, said) = shell.run(&words("mcp upstream show shop"));
    assert!(code == 1 && said.contains("there is no upstream called shop"), "{said}");
    assert_eq!(shell.run(&words("mcp upstream approve shop")).0, 2, "wrong usage");
}

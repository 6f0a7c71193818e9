//! A support desk whose workflows act: a server with a connector for Intercom, and whoever plays the product.

use crate::cast::Visitor;
use crate::process::wait_for;
use crate::receiver::{Receiver, Reply, Sent, says, told};
use crate::support::{Answer, TestServer};
use hindcast::catalog::Scope;
use hindcast::config::Config;
use hindcast::people::Role;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha1::Sha1;
use std::sync::{Arc, Mutex};

/// What Intercom signs its posts with.
pub const HOOK_SECRET: &str = "client-secret";

/// One conversation at Intercom, as far as workflows touch it.
#[derive(Clone, Default)]
pub struct Inbox(Arc<Mutex<Vec<String>>>);

impl Inbox {
    pub fn answer(&self, sent: &Sent) -> Reply {
        assert_eq!(sent.header("authorization"), "Bearer ic_token");
        let mut tags = self.0.lock().expect("not poisoned");
        let shown = |tags: &[String]| {
            let tags: Vec<_> =
                tags.iter().map(|name| json!({ "id": format!("t-{name}"), "name": name })).collect();
            json!({ "type": "conversation", "id": "c-1", "state": "open", "tags": { "tags": tags },
                    "admin_assignee_id": null, "team_assignee_id": null })
        };
        match (sent.method.as_str(), sent.path.as_str()) {
            ("GET", "/conversations/c-1") => told(200, &shown(&tags)),
            ("POST", "/tags") => {
                let name = sent.json()["name"].as_str().expect("a name").to_owned();
                told(200, &json!({ "type": "tag", "id": format!("t-{name}"), "name": name }))
            }
            ("POST", "/conversations/c-1/tags") => {
                let body = sent.json();
                assert_eq!(body["admin_id"], "7");
                let name =
                    body["id"].as_str().and_then(|id| id.strip_prefix("t-")).expect("an id").to_owned();
                tags.push(name);
                told(200, &json!({ "type": "tag" }))
            }
            ("DELETE", path) if path.starts_with("/conversations/c-1/tags/") => {
                assert_eq!(sent.json()["admin_id"], "7", "who deletes is told in a body");
                tags.retain(|name| !path.ends_with(&format!("t-{name}")));
                told(200, &json!({ "type": "tag" }))
            }
            ("POST", "/conversations/c-1/reply" | "/conversations/c-1/parts") => told(200, &shown(&tags)),
            _ => says(404),
        }
    }
}

/// A server with a connector for Intercom, whatever stands there.
pub struct Desk {
    pub server: TestServer,
    pub editor: String,
    pub conductor: String,
    pub reader: String,
    pub product: Receiver,
    pub hook: String,
}

impl Desk {
    pub fn open(answer: impl Fn(&Sent) -> Reply + Send + Sync + 'static) -> Self {
        Self::at(Receiver::start(answer), |_| ())
    }

    /// The same where the product is somebody in particular, with other settings.
    pub fn at(product: Receiver, change: impl FnOnce(&mut Config)) -> Self {
        let url = product.url.clone();
        let server = TestServer::start_with(|config| {
            change(config);
            config.alerts.judge = false;
            config.sources.intercom_url = url.clone();
            config.sources.zendesk_url = url;
            config.deliver.allow = vec!["127.0.0.0/8".parse().expect("a network")];
        });
        let editor = server.token_with(&[Scope::Policies], |_| ());
        let conductor = server.token_with(&[Scope::Decide, Scope::Conversations], |_| ());
        let reader = server.token_with(&[Scope::Policies, Scope::Conversations], |_| ());
        let mut desk = Self { server, editor, conductor, reader, product, hook: String::new() };
        let wanted = json!({ "token": "ic_token", "admin": "7", "hook_secret": HOOK_SECRET, "teams": { "billing": "814" } });
        let connected = desk.connect("intercom", &wanted).good();
        assert!(!connected.to_string().contains("ic_token") && !connected.to_string().contains(HOOK_SECRET));
        desk.hook = connected["hook"].as_str().expect("an address").to_owned();
        desk
    }

    pub fn connect(&self, kind: &str, wanted: &Value) -> Answer {
        self.server.call("PUT", &format!("/v1/connectors/{kind}")).by_admin().json(wanted)
    }

    pub fn edit(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.server.call(method, &format!("/v1/workflows{path}")).by(&self.editor).json(body)
    }

    pub fn shown(&self, name: &str) -> Value {
        self.server.get(&format!("/v1/workflows/{name}")).by(&self.editor).send().good()
    }

    /// Has it connected to an account of Zendesk's.
    pub fn connect_zendesk(&self, more: &Value) {
        let mut wanted = json!({ "token": "zd_token", "subdomain": "company", "user": "ada@example.com" });
        more.as_object().into_iter().flatten().for_each(|(name, value)| wanted[name] = value.clone());
        self.connect("zendesk", &wanted).good();
    }

    /// Has it told where a tool is, and declares the tool.
    pub fn tools(&self, tools: &[(&str, &str)]) {
        let tool = json!({ "input_schema": { "type": "object" }, "writes": true });
        for (name, _) in tools {
            self.server.call("PUT", &format!("/v1/tools/{name}")).by(&self.editor).json(&tool).good();
        }
        let known: serde_json::Map<_, _> =
            tools.iter().map(|(name, url)| ((*name).to_owned(), (*url).into())).collect();
        self.connect("http", &json!({ "tools": known })).good();
    }

    /// Saves a text and puts it in force.
    pub fn enforce(&self, name: &str, rest: &str) -> Value {
        self.stand(name, rest, "enforced")
    }

    pub fn stand(&self, name: &str, rest: &str, standing: &str) -> Value {
        let known = self.server.get(&format!("/v1/workflows/{name}")).by(&self.editor).send();
        let version = if known.status == 200 { known.json()["version"].clone() } else { json!(0) };
        let text = format!("schema: workflow/1\nname: {name}\n{rest}");
        let saved =
            self.edit("PUT", &format!("/{name}"), &json!({ "text": text, "version": version })).good();
        let mut wanted = json!({ "version": saved["version"] });
        wanted[standing] = saved["newest"].clone();
        self.edit("POST", &format!("/{name}/activate"), &wanted).good()
    }

    pub fn trigger(&self, body: &Value) -> Value {
        self.server.post("/v1/workflows/trigger").by(&self.conductor).json(body).good()
    }

    /// Something happens to the conversation.
    pub fn happens(&self, trigger: &str) -> Value {
        self.trigger(&json!({ "trigger": trigger, "conversation": "c-1", "product": "intercom",
                              "facts": { "ticket.tags": [], "message.text": "I want a refund" } }))
    }

    pub fn runs(&self) -> Vec<Value> {
        let runs = self.server.get("/v1/workflows/runs").by(&self.reader).send().good();
        runs["runs"].as_array().expect("runs").clone()
    }

    /// The intents of all runs, the newest run first.
    pub fn intents(&self) -> Vec<Value> {
        let runs = self.runs();
        runs.iter().flat_map(|run| run["intents"].as_array().expect("intents").clone()).collect()
    }

    /// The only intent, once it is in a state.
    pub fn becomes(&self, state: &str) -> Value {
        wait_for(&format!("the intent becomes {state}"), || {
            self.intents().into_iter().find(|intent| intent["state"] == state)
        })
    }

    pub fn log(&self, query: &str) -> Vec<Value> {
        let log = self.server.get(&format!("/v1/events?limit=1000&q={query}")).send().good();
        log["entries"].as_array().expect("entries").clone()
    }

    /// Entries of the log, once there are any: what was done is told a moment after it was.
    pub fn told(&self, query: &str) -> Vec<Value> {
        wait_for(query, || Some(self.log(query)).filter(|found| !found.is_empty()))
    }

    /// What was written at the product.
    pub fn written(&self) -> Vec<String> {
        let sent = self.product.sent();
        let writes = sent.iter().filter(|sent| sent.method != "GET");
        writes.map(|sent| format!("{} {}", sent.method, sent.path)).collect()
    }

    pub fn approver(&self) -> (Visitor<'_>, String) {
        let visitor = self.server.visitor(Role::SecurityAdmin, &[]);
        let token = self.server.token_with(&[Scope::Approve], |new| new.person = Some(visitor.id.clone()));
        (visitor, token)
    }

    pub fn answer(&self, token: &str, approval: &Value, deed: &str) -> Answer {
        let id = approval.as_str().expect("an id");
        self.server
            .post(&format!("/v1/approvals/{id}/{deed}"))
            .by(token)
            .json(&json!({ "comment": "looked at it" }))
    }

    pub fn forbid(&self, policy: &str) {
        let put = self.server.call("PUT", "/v1/policies/tags").by(&self.editor);
        let saved = put.json(&json!({ "text": policy })).good();
        let on = self.server.post("/v1/policies/tags/activate").by(&self.editor);
        on.json(&json!({ "version": saved["version"], "enforced": 1 })).good();
    }

    /// Intercom posts something about the conversation.
    pub fn post(&self, id: &str, topic: &str) -> Answer {
        let now = (self.server.app.clock)().seconds();
        let post = json!({
            "type": "notification_event", "id": id, "topic": topic, "created_at": now,
            "data": { "item": { "type": "conversation", "id": "c-1", "state": "open", "tags": { "tags": [] } } },
        });
        let body = post.to_string();
        let mut mac = Hmac::<Sha1>::new_from_slice(HOOK_SECRET.as_bytes()).expect("a key");
        mac.update(body.as_bytes());
        let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        self.server
            .post(&self.hook)
            .with("authorization", "")
            .with("x-hub-signature", &format!("sha1={hex}"))
            .body(body)
    }
}

/// A workflow that tags whoever wants a refund.
pub const TAGS: &str = "trigger: [message.received]
if: {field: message.text, op: contains, value: refund}
then:
  - tag.add: refund
";

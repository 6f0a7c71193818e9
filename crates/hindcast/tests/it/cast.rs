//! People who are signed in, as their browsers see the server.

use crate::support::{Answer, TestServer, unwritten};
use hindcast::catalog::{By, Membership, NewPerson, NewSession, PersonId, Preferences, Stage, Team};
use hindcast::people::{Role, password};
use hindcast_ledger::WorkspaceId;
use std::sync::LazyLock;
use std::time::Duration;
use ureq::http::Request;

/// The password of everybody.
pub const PASSWORD: &str = "a quiet green lamp";
static HASH: LazyLock<String> = LazyLock::new(|| password::hash(PASSWORD).expect("hashed"));

/// Somebody's browser.
pub struct Visitor<'s> {
    server: &'s TestServer,
    /// Who.
    pub id: PersonId,
    /// Their address.
    pub email: String,
    /// The session, as the cookie has it.
    pub cookie: String,
}

impl TestServer {
    /// Lets somebody into the workspace, and in at the door.
    pub fn visitor(&self, role: Role, actors: &[&str]) -> Visitor<'_> {
        self.visitor_of(&self.workspace, role, actors)
    }

    /// The same in another workspace.
    pub fn visitor_of(&self, workspace: &str, role: Role, actors: &[&str]) -> Visitor<'_> {
        let (app, workspace): (_, WorkspaceId) = (&self.app, workspace.parse().expect("an id"));
        let now = (app.clock)();
        let _unwritten = unwritten(app);
        if role == Role::SupportOpsManager {
            let team = Team { id: "payments".into(), name: "Payments".into(), actors: vec!["bob".into()] };
            app.catalog.put_team(&workspace, &team, &By::server()).expect("kept");
        }
        let membership = Membership {
            workspace: workspace.clone(),
            role,
            teams: vec!["payments".to_owned()],
            actors: actors.iter().map(|actor| (*actor).to_owned()).collect(),
            joined_at: now,
        };
        let email = format!("{}-{workspace}@northwind.example", role.as_str());
        let new = NewPerson {
            email: email.clone(),
            name: format!("The {}", role.as_str()),
            password: Some(HASH.clone()),
            preferences: Preferences { language: Some("en".to_owned()), ..Preferences::default() },
        };
        let joined = app.catalog.add_person(&new, &[membership], "agent.joined", |_| By::server(), now);
        let id = joined.expect("kept").expect("nobody else has the address");
        let session = NewSession {
            person: &id,
            workspace: &workspace,
            stage: Stage::In,
            method: "password",
            address: "127.0.0.1",
            user_agent: "story",
        };
        let secret = app.catalog.begin_session(&session, None, now).expect("begun");
        let cookie = format!("hindcast={}", secret.reveal());
        self.forget_outbox();
        Visitor { server: self, id, email, cookie }
    }

    /// Stories count entries; those about how people came would come between.
    pub fn forget_outbox(&self) {
        for outgoing in self.app.catalog.outbox().expect("read") {
            self.app.catalog.written(&outgoing).expect("forgotten");
        }
    }

    /// Somebody who is not signed in.
    pub fn stranger(&self) -> Visitor<'_> {
        Visitor { server: self, id: PersonId(String::new()), email: String::new(), cookie: String::new() }
    }
}

impl Visitor<'_> {
    /// A page.
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None)
    }

    /// A page, asked for with these headers.
    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers, None)
    }

    /// A part of a page.
    pub fn part(&self, path: &str) -> Answer {
        self.send("GET", path, &[("hx-request-type", "partial")], None)
    }

    /// A form, sent from our own pages.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_with(path, fields, &[("sec-fetch-site", "same-origin")])
    }

    /// A form, sent with these headers.
    pub fn post_with(&self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let mut body = form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields {
            body.append_pair(name, value);
        }
        let mut headers = headers.to_vec();
        headers.push(("content-type", "application/x-www-form-urlencoded"));
        self.send("POST", path, &headers, Some(body.finish().into_bytes()))
    }

    /// A file in a form of our own pages.
    pub fn upload(&self, path: &str, file: &[u8]) -> Answer {
        self.upload_with(path, &[], file)
    }

    /// A file in a form of our own pages, beside other fields.
    pub fn upload_with(&self, path: &str, fields: &[(&str, &str)], file: &[u8]) -> Answer {
        let part = |name: &str| format!("--story\r\ncontent-disposition: form-data; name=\"{name}\"");
        let fields = fields.iter().map(|(name, value)| format!("{}\r\n\r\n{value}\r\n", part(name)));
        let head = format!("{}{}; filename=\"evidence\"\r\n\r\n", fields.collect::<String>(), part("file"));
        let body = [head.as_bytes(), file, b"\r\n--story--\r\n"].concat();
        let headers =
            [("sec-fetch-site", "same-origin"), ("content-type", "multipart/form-data; boundary=story")];
        self.send("POST", path, &headers, Some(body))
    }

    /// The cookie that an answer sets, to be shown from now on.
    pub fn take_cookie(&mut self, answer: &Answer) {
        let cookie = answer.headers.get_all("set-cookie").iter().find_map(|header| {
            let cookie = header.to_str().expect("ASCII").split(';').next()?;
            cookie.starts_with("hindcast=").then(|| cookie.to_owned())
        });
        self.cookie = cookie.expect("a session cookie");
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Vec<u8>>) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.server.url));
        // Refusals name the request; so that pages can be compared, all have one name.
        request = request.header("x-request-id", "story");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !self.cookie.is_empty() {
            request = request.header("cookie", &self.cookie);
        }
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(Duration::from_secs(60)));
        let agent: ureq::Agent = config.build().into();
        let answer = match body {
            Some(body) => agent.run(request.body(body).expect("a request")),
            None => agent.run(request.body(()).expect("a request")),
        };
        Answer::of(answer.expect("an answer"))
    }
}

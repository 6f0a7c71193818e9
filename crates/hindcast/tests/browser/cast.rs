//! People who can sign in, and how they do it.

use crate::browser::Browser;
use crate::support::TestServer;
use fantoccini::key::Key;
use hindcast::catalog::{By, Membership, NewPerson, NewSession, PersonId, Preferences, Stage};
use hindcast::people::second_factor::SecondFactor;
use hindcast::people::{Role, password};
use hindcast_ledger::WorkspaceId;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The password of everybody.
pub const PASSWORD: &str = "a quiet green lamp";
/// Codes change so often.
const STEP_SECONDS: u64 = 30;

/// Somebody who can sign in.
pub struct Person {
    pub id: PersonId,
    pub email: String,
}

/// Lets somebody into the workspace, as if they had been invited.
pub fn hire(server: &TestServer, name: &str, role: Role, preferences: Preferences) -> Person {
    hire_in(server, &server.workspace, name, role, preferences)
}

/// Lets somebody into a workspace.
pub fn hire_in(
    server: &TestServer,
    workspace: &str,
    name: &str,
    role: Role,
    preferences: Preferences,
) -> Person {
    let app = &server.app;
    let membership = |workspace| {
        let (teams, actors) = Default::default();
        Membership { workspace, role, teams, actors, joined_at: (app.clock)() }
    };
    let mut memberships = vec![membership(workspace.parse().expect("an id"))];
    if role == Role::Owner {
        memberships.push(membership(WorkspaceId::instance()));
    }
    let first = name.split(' ').next().expect("a name").to_lowercase();
    let email = format!("{first}@northwind.example");
    let hash = password::hash(PASSWORD).expect("hashed");
    let new = NewPerson { email: email.clone(), name: name.to_owned(), password: Some(hash), preferences };
    let joined = |_: &PersonId| By::server();
    let id = app.catalog.add_person(&new, &memberships, "agent.joined", joined, (app.clock)());
    let id = id.expect("kept").expect("nobody else has the address");
    hush(server);
    Person { id, email }
}

/// Stories count entries; those about how everything was made ready would come between.
pub fn hush(server: &TestServer) {
    for outgoing in server.app.catalog.outbox().expect("read") {
        server.app.catalog.written(&outgoing).expect("forgotten");
    }
}

/// An owner who reads English.
pub fn owner(server: &TestServer) -> Person {
    hire(server, "Mara Lindqvist", Role::Owner, speaks("en"))
}

/// The preferences of somebody who reads a language.
pub fn speaks(language: &str) -> Preferences {
    Preferences { language: Some(language.to_owned()), ..Preferences::default() }
}

impl Browser {
    /// Signs somebody in at the door.
    pub async fn sign_in(&self, person: &Person) {
        self.visit("/login").await;
        self.fill("#f-email", &person.email).await;
        self.fill("#f-password", PASSWORD).await;
        self.key(Key::Enter).await;
        self.arrive("/log").await;
    }
}

impl Browser {
    /// Shows the session of somebody who is inside already: nothing about their coming is in the log.
    pub fn enter(&self, server: &TestServer, workspace: &str, person: &Person) {
        let workspace = &workspace.parse().expect("an id");
        let new = NewSession {
            person: &person.id,
            workspace,
            stage: Stage::In,
            method: "password",
            address: "127.0.0.1",
            user_agent: "a story",
        };
        let secret = server.app.catalog.begin_session(&new, None, (server.app.clock)()).expect("begun");
        self.remember("hindcast", secret.reveal());
    }
}

/// The app on somebody's telephone that shows codes.
pub struct Authenticator {
    factor: SecondFactor,
    taken: u64,
}

impl Authenticator {
    /// One that was given the secret, as people type it.
    pub fn new(secret: &str) -> Self {
        let secret: String = secret.split_whitespace().collect();
        Self { factor: SecondFactor::from_base32(&secret).expect("base32"), taken: 0 }
    }

    /// A code that was not used before. When this half minute's was, the next one is good already; it must have begun
    /// when that was used too.
    pub async fn code(&mut self) -> String {
        while self.taken > now_step() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        self.taken = now_step().max(self.taken + 1);
        self.factor.code(self.taken * STEP_SECONDS)
    }

    /// A code that is not good at any time near.
    pub fn wrong_code(&self) -> String {
        let near = now_step() - 3..=now_step() + 3;
        let good: Vec<_> = near.map(|step| self.factor.code(step * STEP_SECONDS)).collect();
        ["000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777"]
            .into_iter()
            .find(|code| !good.iter().any(|good| good == code))
            .expect("seven codes are good")
            .to_owned()
    }
}

fn now_step() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() / STEP_SECONDS
}

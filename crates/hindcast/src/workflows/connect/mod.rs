//! Connectors: how what a workflow proposes is done, one file for each product.
//!
//! A connector is told one call and says what became of it. It reads first, so that what is so already is not done again and
//! the entry tells what was there before. What was sent and not answered is *ambiguous*: nobody knows whether it was done, and
//! it is not sent again.

mod ask;
mod http;
mod intercom;
mod zendesk;

use super::calls::Call;
use crate::anchors::certificates_of;
use crate::app::App;
use crate::catalog::{ConnectorRow, IntentRow};
use crate::deliver::web::Web;
use crate::sources::Region;
use ask::Asker;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use ureq::tls::RootCerts;

pub(crate) use http::new_secret;

/// So much of an answer of a product is read: conversations are long.
const ANSWER_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Names a connector may give to teams, agents and tools, of each.
pub(crate) const NAMES_MAX: usize = 500;

/// What became of a call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Performed {
    /// It was done, or was so already.
    Done {
        /// What was there before and what is there now, by name.
        change: Box<(Value, Value)>,
        /// What is to be said of it.
        said: String,
    },
    /// It was not done, and may be tried again.
    Later(String),
    /// It was not done, and the product takes no calls for now.
    Away {
        /// How long it wants to be left alone.
        after: Option<Duration>,
        /// Why.
        why: String,
    },
    /// The product does not know us: somebody has to connect it anew.
    Refused(String),
    /// It was not done, and never will be.
    Failed(String),
    /// It was sent, and nobody knows what became of it.
    Ambiguous(String),
}

impl Performed {
    /// Why it was not done.
    fn why(self) -> String {
        match self {
            Self::Done { said, .. } => said,
            Self::Later(why) | Self::Refused(why) | Self::Failed(why) | Self::Ambiguous(why) => why,
            Self::Away { why, .. } => why,
        }
    }

    /// Done, with something to show for it.
    fn done(before: Value, after: Value) -> Self {
        Self::Done { change: Box::new((before, after)), said: String::new() }
    }

    /// It was so already.
    fn same(what: Value) -> Self {
        Self::Done { change: Box::new((what.clone(), what)), said: "it was so already".to_owned() }
    }
}

/// Does what workflows propose, in one product. It may block.
pub(crate) trait Connector: Send {
    /// Does one call.
    fn perform(&mut self, row: &IntentRow, call: &Call) -> Performed;

    /// Looks whether it could, and changes nothing.
    fn look(&self) -> Vec<Looked>;
}

/// What came of looking whether somebody can be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Looked {
    /// Who: the product, or a tool.
    pub at: String,
    /// Whether they can be called.
    pub works: bool,
    /// What they said.
    pub said: String,
}

impl Looked {
    /// A product that was asked who we are there.
    fn known(at: &str, answered: Result<Value, Performed>, who: impl Fn(&Value) -> String) -> Self {
        let (works, said) = match answered {
            Ok(answer) => (true, who(&answer)),
            Err(performed) => (false, performed.why()),
        };
        Self { at: at.to_owned(), works, said }
    }
}

/// The products there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Intercom: conversations.
    Intercom,
    /// Zendesk: tickets.
    Zendesk,
    /// Anything that takes signed JSON over HTTP: tools and webhooks.
    Http,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Intercom, Self::Zendesk, Self::Http];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intercom => "intercom",
            Self::Zendesk => "zendesk",
            Self::Http => "http",
        }
    }

    /// Reads [`Self::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What a connector has to be told, but for its secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Connection {
    /// Intercom: where the workspace is.
    pub region: Region,
    /// Intercom: the id of the teammate in whose name things are done.
    pub admin: String,
    /// Zendesk: the first part of its address.
    pub subdomain: String,
    /// Zendesk: whose API token it is.
    pub user: String,
    /// The ids of teams, by the names that workflows have for them.
    pub teams: BTreeMap<String, String>,
    /// The ids of agents, by the names that workflows have for them.
    pub agents: BTreeMap<String, String>,
    /// The addresses of tools, by their names.
    pub tools: BTreeMap<String, String>,
}

/// Why a connector cannot be used.
#[derive(Debug)]
pub(crate) struct Unopened(pub String);

/// What the credential of a connector is sealed for.
pub(crate) fn credential_purpose(id: &str) -> String {
    format!("credential of connector {id}")
}

/// What the secret of a connector's posts is sealed for.
pub(crate) fn hook_purpose(id: &str) -> String {
    format!("hook secret of connector {id}")
}

/// Opens a connector.
pub(crate) fn open(app: &App, row: &ConnectorRow) -> Result<Box<dyn Connector>, Unopened> {
    let broken = |error: &dyn std::fmt::Display| Unopened(format!("{} cannot be used: {error}", row.kind));
    let kind = Kind::parse(&row.kind).ok_or_else(|| broken(&"its kind is not known"))?;
    let connection: Connection = serde_json::from_str(&row.connection).map_err(|error| broken(&error))?;
    let credential = app.seal.unseal(&credential_purpose(&row.id), &row.credential);
    let credential = String::from_utf8(credential.map_err(|error| broken(&error))?);
    let credential = credential.map_err(|error| broken(&error))?;
    let roots = match app.config.sources.ca.as_os_str().is_empty() {
        true => RootCerts::WebPki,
        false => {
            let pem = std::fs::read(&app.config.sources.ca).map_err(|error| broken(&error))?;
            RootCerts::from(certificates_of(&pem).map_err(|error| broken(&format!("{error:#}")))?)
        }
    };
    let timeout = Duration::from_secs(app.config.workflows.call_seconds);
    let web = Web::trusting(app.deliver.guard(), timeout, roots);
    let said = |url: &String| Some(url.clone()).filter(|url| !url.is_empty());
    let sources = &app.config.sources;
    Ok(match kind {
        Kind::Intercom => {
            let host = said(&sources.intercom_url);
            let host = host.unwrap_or_else(|| connection.region.host().to_owned());
            let asker = Asker::intercom(web.with_answers(ANSWER_BYTES_MAX), &host, &credential);
            Box::new(intercom::Intercom::new(asker, connection, app.clock.clone()))
        }
        Kind::Zendesk => {
            let host = said(&sources.zendesk_url);
            let host = host.unwrap_or_else(|| format!("https://{}.zendesk.com", connection.subdomain));
            let web = web.with_answers(ANSWER_BYTES_MAX);
            let asker = Asker::zendesk(web, &host, &connection.user, &credential);
            Box::new(zendesk::Zendesk::new(asker, connection))
        }
        Kind::Http => Box::new(http::Http::new(web, connection, credential, app.clock.clone())),
    })
}

/// The id that a workflow means: one of the connector's names, or an id as it is.
fn named<'n>(names: &'n BTreeMap<String, String>, said: &'n str) -> Option<&'n str> {
    let known = names.get(said).map(String::as_str);
    known.or_else(|| said.bytes().all(|byte| byte.is_ascii_digit()).then_some(said))
}

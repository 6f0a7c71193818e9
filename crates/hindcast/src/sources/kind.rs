//! The kinds of sources there are, what each has to be told, and how it is opened.

use super::intercom::{ActivityLogs, Api as Intercom, Conversations};
use super::zendesk::{Api as Zendesk, AuditLogs, Tickets};
use super::{Asking, Source};
use hindcast_event::Timestamp;
use serde::{Deserialize, Serialize};

/// A subdomain is a label of a name (RFC 1035).
const SUBDOMAIN_BYTES_MAX: usize = 63;
const USER_BYTES_MAX: usize = 256;
const WORKSPACE_BYTES_MAX: usize = 64;
/// Before this none of the products kept such a log.
const BEGINNING: i64 = 1_451_606_400_000_000;

/// What is fetched from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Activity logs of Intercom.
    Intercom,
    /// What happened in conversations of Intercom.
    IntercomConversations,
    /// The audit log of Zendesk.
    Zendesk,
    /// Tickets of Zendesk.
    ZendeskTickets,
}

/// Where Intercom keeps a workspace.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Region {
    /// In the United States.
    #[default]
    Us,
    /// In the European Union.
    Eu,
    /// In Australia.
    Au,
}

/// What a source has to be told, but for its credential.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Connection {
    /// Intercom: where the workspace is.
    pub region: Region,
    /// Intercom: its id, for entries to say.
    pub workspace: String,
    /// Zendesk: the first part of its address.
    pub subdomain: String,
    /// Zendesk: whose API token it is.
    pub user: String,
    /// Nothing that happened earlier; microseconds since 1970.
    pub from: Option<i64>,
}

/// Which field is missing or wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("token: expected an access token of visible characters")]
    Token,
    #[error("workspace: expected the id of the workspace, letters and digits, or nothing")]
    Workspace,
    #[error("subdomain: expected the first part of the address, such as company of company.zendesk.com")]
    Subdomain,
    #[error("user: expected the email address of whoever made the API token")]
    User,
}

/// Where products are, when that is not where they always are. The operator says so, and nobody else.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hosts {
    pub intercom: Option<String>,
    pub zendesk: Option<String>,
}

impl Kind {
    pub const ALL: [Self; 4] =
        [Self::Intercom, Self::IntercomConversations, Self::Zendesk, Self::ZendeskTickets];

    /// The word for it in the catalog, in entries and in forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intercom => "intercom",
            Self::IntercomConversations => "intercom_conversations",
            Self::Zendesk => "zendesk",
            Self::ZendeskTickets => "zendesk_tickets",
        }
    }

    /// Reads [`Self::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether it is one of Intercom's.
    pub fn is_intercom(self) -> bool {
        matches!(self, Self::Intercom | Self::IntercomConversations)
    }
}

impl Region {
    pub const ALL: [Self; 3] = [Self::Us, Self::Eu, Self::Au];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Eu => "eu",
            Self::Au => "au",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|region| region.as_str() == word)
    }

    pub fn host(self) -> &'static str {
        match self {
            Self::Us => "https://api.intercom.io",
            Self::Eu => "https://api.eu.intercom.io",
            Self::Au => "https://api.au.intercom.io",
        }
    }
}

impl Connection {
    /// What is missing or wrong, with a credential or without one that is known already.
    pub fn check(&self, kind: Kind, token: Option<&str>) -> Result<(), Unfit> {
        let is_token = |token: &str| {
            !token.is_empty() && token.len() <= 4096 && token.bytes().all(|b| b.is_ascii_graphic())
        };
        if !token.is_none_or(is_token) {
            return Err(Unfit::Token);
        }
        if kind.is_intercom() {
            let plain = self.workspace.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
            return if plain && self.workspace.len() <= WORKSPACE_BYTES_MAX {
                Ok(())
            } else {
                Err(Unfit::Workspace)
            };
        }
        // It becomes part of a host name, so nothing else may come into it.
        let label = self.subdomain.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !label
            || self.subdomain.is_empty()
            || self.subdomain.len() > SUBDOMAIN_BYTES_MAX
            || self.subdomain.starts_with('-')
        {
            return Err(Unfit::Subdomain);
        }
        let user = self.user.contains('@') && self.user.len() <= USER_BYTES_MAX;
        if user && self.user.bytes().all(|b| b.is_ascii_graphic() && b != b':') {
            Ok(())
        } else {
            Err(Unfit::User)
        }
    }

    /// The source, ready to fetch.
    pub fn open(
        &self,
        kind: Kind,
        token: &str,
        hosts: &Hosts,
        web: Box<dyn Asking>,
        until: Option<Timestamp>,
    ) -> Result<Box<dyn Source>, Unfit> {
        self.check(kind, Some(token))?;
        let from = Timestamp::from_micros(self.from.unwrap_or(BEGINNING));
        if kind.is_intercom() {
            let host = hosts.intercom.as_deref().unwrap_or(self.region.host());
            let api = Intercom::new(web, host, token);
            let place = Some(self.workspace.clone()).filter(|place| !place.is_empty());
            return Ok(match kind {
                Kind::Intercom => Box::new(ActivityLogs::new(api, place, from, until)),
                _ => Box::new(Conversations::new(api, place, from)),
            });
        }
        let own = format!("https://{}.zendesk.com", self.subdomain);
        let host = hosts.zendesk.as_deref().unwrap_or(&own);
        let api = Zendesk::new(web, host, &self.subdomain, &self.user, token);
        Ok(match kind {
            Kind::Zendesk => Box::new(AuditLogs::new(api, from)),
            _ => Box::new(Tickets::new(api, from)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_can_be_led_to_no_other_host() {
        for subdomain in ["evil.example/", "a.b", "A", "", "-a", "a@b", "169.254.169.254", "x?"] {
            let connection = Connection {
                subdomain: subdomain.to_owned(),
                user: "a@b".to_owned(),
                ..Connection::default()
            };
            assert_eq!(connection.check(Kind::Zendesk, Some("t")), Err(Unfit::Subdomain), "{subdomain}");
        }
        let good = Connection {
            subdomain: "company".to_owned(),
            user: "ada@example.com".to_owned(),
            ..Connection::default()
        };
        assert_eq!(good.check(Kind::ZendeskTickets, Some("t")), Ok(()));
        for user in ["ada", "a:b@c", "a b@c", ""] {
            let bad = Connection { user: user.to_owned(), ..good.clone() };
            assert_eq!(bad.check(Kind::Zendesk, None), Err(Unfit::User), "{user}");
        }
        for token in ["", "a b", "a\nb", "ä"] {
            assert_eq!(
                Connection::default().check(Kind::Intercom, Some(token)),
                Err(Unfit::Token),
                "{token:?}"
            );
        }
        let region = Connection { region: Region::Eu, ..Connection::default() };
        assert_eq!(region.region.host(), "https://api.eu.intercom.io");
        assert!(Kind::ALL.into_iter().all(|kind| Kind::parse(kind.as_str()) == Some(kind)));
    }
}

//! A provider that vouches for people: OpenID Connect 1.0, the authorization code flow with PKCE (RFC 7636).
//!
//! One for the whole server. Its secret is kept sealed. What it says of somebody is believed when its signature, its
//! issuer, its audience and our nonce fit, and the address only when it says that it verified it.

use crate::app::App;
use crate::catalog::{By, CatalogError};
use anyhow::{Context as _, anyhow, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, DiscoveryError, HttpRequest, HttpResponse,
    IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse as _,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const SETTING: &str = "provider";
const SEALED_FOR: &str = "the secret of the provider";
/// A provider answers within this time.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// What it says of itself holds so long.
const DISCOVERED_FOR: Duration = Duration::from_secs(300);
/// No answer of a provider is larger.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// A provider as it is used.
#[derive(Clone)]
pub struct Provider {
    /// What it is called on the button.
    pub name: String,
    /// Its address.
    pub issuer: String,
    /// How it knows us.
    pub client_id: String,
    /// How it knows that it is us.
    pub client_secret: String,
}

/// A provider as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    name: String,
    issuer: String,
    client_id: String,
    client_secret: String,
}

/// What must be the same when somebody comes back from the provider.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Flow {
    /// Ties the answer to the browser that asked.
    pub state: String,
    nonce: String,
    verifier: String,
    /// Where to go then.
    pub next: String,
    /// The id of whoever wants to be known by it from now on.
    pub connects: Option<String>,
    /// When it began, in seconds.
    pub begun_at: i64,
}

/// Somebody on their way to the provider.
pub struct Going<'g> {
    /// Where to go when they are back.
    pub next: &'g str,
    /// Their id, when they want to be known by it from now on.
    pub connects: Option<String>,
    /// When.
    pub now: Timestamp,
}

/// What a provider says of itself, kept for a while, so that whoever clicks a link does not make us ask each time.
#[derive(Default)]
pub struct Discovered(Mutex<Option<(String, Instant, CoreProviderMetadata)>>);

impl Discovered {
    fn of(&self, provider: &Provider) -> anyhow::Result<CoreProviderMetadata> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((issuer, since, metadata)) = kept
            && issuer == provider.issuer
            && since.elapsed() < DISCOVERED_FOR
        {
            return Ok(metadata);
        }
        let metadata = provider.discover()?;
        let kept = (provider.issuer.clone(), Instant::now(), metadata.clone());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        Ok(metadata)
    }
}

/// Whom the provider vouches for.
#[derive(Clone, Debug)]
pub struct Vouched {
    /// By what it knows them.
    pub subject: String,
    /// Their address, if it verified that.
    pub email: Option<String>,
    /// Their name.
    pub name: Option<String>,
}

impl Provider {
    /// Whether what is said on the way cannot be read or changed by others: HTTPS, or this very machine.
    pub fn has_safe_issuer(&self) -> bool {
        is_safe(&self.issuer)
    }

    /// Fetches what the provider says of itself.
    pub fn discover(&self) -> anyhow::Result<CoreProviderMetadata> {
        let issuer = IssuerUrl::new(self.issuer.clone()).context("the issuer is no address")?;
        CoreProviderMetadata::discover(&issuer, &fetch)
            .map_err(|error| anyhow!(told(&error)).context(Trouble::of(&error)))
    }

    /// Where to send somebody, and what must be the same when they come back.
    pub fn begin(
        &self,
        known: &Discovered,
        callback: &str,
        going: Going<'_>,
    ) -> anyhow::Result<(String, Flow)> {
        let client = CoreClient::from_provider_metadata(
            known.of(self)?,
            ClientId::new(self.client_id.clone()),
            Some(ClientSecret::new(self.client_secret.clone())),
        )
        .set_redirect_uri(RedirectUrl::new(callback.to_owned()).context("the callback is no address")?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (address, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("email".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        ensure!(is_safe(address.as_str()), "the provider sends people to an address without HTTPS");
        let flow = Flow {
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
            next: going.next.to_owned(),
            connects: going.connects,
            begun_at: going.now.seconds(),
        };
        Ok((address.to_string(), flow))
    }

    /// Turns the code somebody brings back into what the provider says of them.
    pub fn finish(&self, callback: &str, code: &str, flow: Flow) -> anyhow::Result<Vouched> {
        let client = CoreClient::from_provider_metadata(
            self.discover()?,
            ClientId::new(self.client_id.clone()),
            Some(ClientSecret::new(self.client_secret.clone())),
        )
        .set_redirect_uri(RedirectUrl::new(callback.to_owned()).context("the callback is no address")?);
        let answer = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .context("the provider has no address for tokens")?
            .set_pkce_verifier(PkceCodeVerifier::new(flow.verifier))
            .request(&fetch)
            .map_err(|error| anyhow!(told(&error)))?;
        let token = answer.id_token().context("the provider sent no ID token")?;
        let claims = token
            .claims(&client.id_token_verifier(), &Nonce::new(flow.nonce))
            .map_err(|error| anyhow!(told(&error)))?;
        let email = claims.email().filter(|_| claims.email_verified() == Some(true));
        let name = claims.name().and_then(|name| name.get(None));
        Ok(Vouched {
            subject: claims.subject().to_string(),
            email: email.map(|email| email.to_string()),
            name: name.map(|name| name.to_string()),
        })
    }
}

/// The provider of this server, if there is one.
pub fn provider(app: &App) -> anyhow::Result<Option<Provider>> {
    let Some(text) = app.catalog.setting(&WorkspaceId::instance(), SETTING)? else { return Ok(None) };
    let kept: Kept = serde_json::from_str(&text).context("the provider in the catalog is damaged")?;
    let sealed = STANDARD.decode(&kept.client_secret).context("the secret of the provider is damaged")?;
    let client_secret = String::from_utf8(app.seal.unseal(SEALED_FOR, &sealed)?)?;
    Ok(Some(Provider { name: kept.name, issuer: kept.issuer, client_id: kept.client_id, client_secret }))
}

/// What the provider of this server is called, if there is one.
pub fn name(app: &App) -> Result<Option<String>, CatalogError> {
    let text = app.catalog.setting(&WorkspaceId::instance(), SETTING)?;
    Ok(text.and_then(|text| serde_json::from_str::<Kept>(&text).ok()).map(|kept| kept.name))
}

/// Sets up the provider of this server, or removes it.
pub fn set_provider(app: &App, new: Option<&Provider>, by: &By) -> anyhow::Result<()> {
    let before = name(app)?;
    let action = match (&before, new) {
        (None, None) => return Ok(()),
        (None, Some(_)) => "sso.configured",
        (Some(_), Some(_)) => "sso.updated",
        (Some(_), None) => "sso.removed",
    };
    let called = new.map(|new| new.name.clone()).or(before);
    let about = json!({ "provider": called, "issuer": new.map(|new| &new.issuer) });
    let kept = match new {
        None => None,
        Some(new) => {
            let sealed = app.seal.seal(SEALED_FOR, new.client_secret.as_bytes())?;
            Some(serde_json::to_string(&Kept {
                name: new.name.clone(),
                issuer: new.issuer.clone(),
                client_id: new.client_id.clone(),
                client_secret: STANDARD.encode(sealed),
            })?)
        }
    };
    let event = by.event(action, json!([]), about);
    Ok(app.catalog.set_setting(&WorkspaceId::instance(), SETTING, kept.as_deref(), &event)?)
}

/// Why a provider cannot be used, as far as whoever sets it up can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Nobody answered.
    #[error("the provider did not answer")]
    Unreached,
    /// The answer was another than what it says of itself.
    #[error("the provider answered with the status {0}")]
    Status(u16),
    /// It cannot be read as what a provider says of itself.
    #[error("the answer is no OpenID Connect configuration")]
    Unreadable,
    /// It is of another issuer.
    #[error("the provider calls itself by another address")]
    Other,
}

impl Trouble {
    fn of(error: &DiscoveryError<FetchError>) -> Self {
        match error {
            DiscoveryError::Response(status, _, _) if !status.is_success() => Self::Status(status.as_u16()),
            DiscoveryError::Response(..) | DiscoveryError::Parse(_) => Self::Unreadable,
            DiscoveryError::Validation(_) => Self::Other,
            _ => Self::Unreached,
        }
    }
}

/// Whether an address is of HTTPS, or of this very machine.
fn is_safe(address: &str) -> bool {
    let Ok(address) = openidconnect::url::Url::parse(address) else { return false };
    let is_here = match address.host_str() {
        Some("localhost") => true,
        Some(host) => host.trim_matches(['[', ']']).parse().is_ok_and(|ip: IpAddr| ip.is_loopback()),
        None => false,
    };
    address.scheme() == "https" || address.scheme() == "http" && is_here
}

/// Asks the provider: no redirects, no large answers, no waiting.
fn fetch(request: HttpRequest) -> Result<HttpResponse, FetchError> {
    if !is_safe(&request.uri().to_string()) {
        return Err(FetchError("its address is without HTTPS".to_owned()));
    }
    let failed = |error: ureq::Error| FetchError(error.to_string());
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(ANSWER_MAX))
        .build();
    let mut response = ureq::Agent::new_with_config(config).run(request).map_err(failed)?;
    let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec().map_err(failed)?;
    let (parts, _) = response.into_parts();
    Ok(HttpResponse::from_parts(parts, body))
}

/// The provider could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct FetchError(String);

/// An error with what caused it.
fn told(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        told.push_str(": ");
        told.push_str(&next.to_string());
        cause = next.source();
    }
    told
}

/// Reads what somebody brings back: the code, when the state is the one they left with.
pub fn code_of(query: &str, flow: &Flow) -> anyhow::Result<String> {
    let member = |wanted: &str| {
        let members = form_urlencoded::parse(query.as_bytes());
        members.into_iter().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    if let Some(error) = member("error") {
        bail!("the provider refused: {error}");
    }
    let state = member("state").context("no state came back")?;
    let same: bool = subtle::ConstantTimeEq::ct_eq(state.as_bytes(), flow.state.as_bytes()).into();
    ensure!(same, "the state that came back is another");
    member("code").context("no code came back")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_asked_over_https_or_on_this_machine() {
        for safe in
            ["https://id.example.com", "http://127.0.0.1:3000/", "http://[::1]:3000", "http://localhost:9000"]
        {
            assert!(is_safe(safe), "{safe}");
        }
        for not in [
            "http://id.example.com",
            "ftp://localhost",
            "http://127.0.0.1.example.com",
            "",
            "http://10.0.0.1",
        ] {
            assert!(!is_safe(not), "{not}");
        }
    }

    #[test]
    fn only_the_browser_that_left_may_come_back() {
        let text = |text: &str| text.to_owned();
        let flow = Flow {
            connects: None,
            state: text("s1"),
            nonce: text("n"),
            verifier: text("v"),
            next: text("/log"),
            begun_at: 0,
        };
        assert_eq!(code_of("state=s1&code=c%201", &flow).expect("same"), "c 1");
        for bad in ["state=s2&code=c", "code=c", "state=s1", "error=access_denied&state=s1&code=c"] {
            assert!(code_of(bad, &flow).is_err(), "{bad}");
        }
    }
}

//! Whoever asks for a page, signed in or not: their language, how they are connected, what they want back.

use super::text::Text;
use crate::api::caller::{address, is_https};
use crate::app::App;
use crate::catalog::Theme;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE, HOST, HeaderName, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use hindcast_event::Language;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Set by htmx: `partial` when it wants a part of a page.
pub const REQUEST_TYPE: HeaderName = HeaderName::from_static("hx-request-type");
/// Keep what somebody chose before they sign in.
pub const LANGUAGE_COOKIE: &str = "hindcast-language";
const THEME_COOKIE: &str = "hindcast-theme";
const YEAR_SECONDS: u64 = 365 * 24 * 3600;

/// Whoever asks for a page.
#[derive(Clone, Debug)]
pub struct Guest {
    /// What they are told, in their language.
    pub text: Text,
    /// Whether the language is asked for by this very request.
    pub language_asked: bool,
    /// Whether the language is a guess, because nothing said which.
    pub language_guessed: bool,
    /// Light or dark.
    pub theme: Theme,
    /// Whether a part of a page is wanted.
    pub partial: bool,
    /// Whether the connection is encrypted all the way, as far as we know.
    pub https: bool,
    /// How the browser reaches us: scheme and host, without a slash.
    pub origin: String,
    /// From where.
    pub address: Option<IpAddr>,
    /// With what.
    pub user_agent: String,
    /// The path and the query string.
    pub here: String,
}

impl FromRequestParts<Arc<App>> for Guest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
        let headers = &parts.headers;
        let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let asked =
            query.into_iter().find(|(name, _)| name == "lang").and_then(|(_, tag)| Language::parse(&tag));
        let kept = cookie(headers, LANGUAGE_COOKIE).and_then(Language::parse);
        let preferred = headers.get(ACCEPT_LANGUAGE).and_then(|header| preferred(header.to_str().ok()?));
        let found = asked.or(kept).or(preferred);
        let server = &app.config.server;
        let https =
            server.public_url.starts_with("https://") || is_https(headers, peer, &server.trusted_proxies);
        Ok(Self {
            text: Text { language: found.unwrap_or_default() },
            language_asked: asked.is_some(),
            language_guessed: found.is_none(),
            theme: cookie(headers, THEME_COOKIE).and_then(theme).unwrap_or_default(),
            partial: headers.get(REQUEST_TYPE).is_some_and(|kind| kind == "partial"),
            https,
            origin: origin(headers, https, &server.public_url),
            address: address(headers, peer, &server.trusted_proxies),
            user_agent: headers
                .get(USER_AGENT)
                .and_then(|agent| agent.to_str().ok())
                .unwrap_or_default()
                .to_owned(),
            here: parts.uri.path_and_query().map_or("/", |here| here.as_str()).to_owned(),
        })
    }
}

impl Guest {
    /// The cookies that keep a language and a theme.
    pub fn choices(&self, language: Option<Language>, theme: Option<Theme>) -> Vec<HeaderValue> {
        let secure = if self.https { "; Secure" } else { "" };
        let kept = [(LANGUAGE_COOKIE, language.map(Language::code)), (THEME_COOKIE, theme.map(theme_name))];
        let kept = kept.into_iter().filter_map(|(name, value)| {
            let cookie =
                format!("{name}={}; Path=/; Max-Age={YEAR_SECONDS}; SameSite=Lax; HttpOnly{secure}", value?);
            HeaderValue::from_str(&cookie).ok()
        });
        kept.collect()
    }
}

/// The address of ours in the settings, or the one the browser used.
fn origin(headers: &HeaderMap, https: bool, public_url: &str) -> String {
    match public_url.trim_end_matches('/') {
        "" => {
            let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
            format!("{}://{host}", if https { "https" } else { "http" })
        }
        url => url.to_owned(),
    }
}

/// The word for a theme, in `data-theme` and in forms.
pub fn theme_name(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "system",
        Theme::Light => "light",
        Theme::Dark => "dark",
    }
}

/// Reads [`theme_name`] back.
pub fn theme(word: &str) -> Option<Theme> {
    [Theme::System, Theme::Light, Theme::Dark].into_iter().find(|theme| theme_name(*theme) == word)
}

/// The value of a cookie.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers.get_all(COOKIE).into_iter().filter_map(|header| header.to_str().ok());
    cookies
        .flat_map(|header| header.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(known, value)| (known == name).then_some(value))
}

/// The language of ours that a browser likes best (RFC 9110, 12.5.4).
fn preferred(header: &str) -> Option<Language> {
    let mut wanted: Vec<(f32, Language)> = Vec::new();
    for part in header.split(',').take(32) {
        let mut members = part.split(';');
        let tag = members.next().unwrap_or_default().trim();
        let weight =
            members.find_map(|member| member.trim().strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok());
        if let (Some(language), Some(weight)) = (Language::parse(tag), weight)
            && weight > 0.0
        {
            wanted.push((weight, language));
        }
    }
    // Of equals the first one wins.
    wanted.into_iter().rev().max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, language)| language)
}

/// Where to go after something was done: only to a path of ours, never to another host.
pub fn local(path: Option<&str>) -> &str {
    let is_ours = |path: &&str| {
        path.starts_with('/')
            && !path.starts_with("//")
            && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    };
    path.filter(is_ours).unwrap_or("/log")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_s_wish_is_respected() {
        for (header, language) in [
            ("de-AT,de;q=0.9,en;q=0.8", Some(Language::German)),
            ("es, fr;q=0.5, ja;q=0.7", Some(Language::Japanese)),
            ("en;q=0, fr", Some(Language::French)),
            ("fr, de", Some(Language::French)),
            ("*", None),
            ("xx;q=q", None),
        ] {
            assert_eq!(preferred(header), language, "{header}");
        }
    }

    #[test]
    fn nobody_is_sent_to_another_host() {
        assert_eq!(local(Some("/log?q=a%20b&range=7d")), "/log?q=a%20b&range=7d");
        for bad in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "evil",
            "",
            "/log\r\nX: y",
            "/\t/evil",
        ] {
            assert_eq!(local(Some(bad)), "/log", "{bad}");
        }
        assert_eq!(local(None), "/log");
    }

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; hindcast-theme=dark"));
        headers.append(COOKIE, HeaderValue::from_static("b=2"));
        assert_eq!((cookie(&headers, "hindcast-theme"), cookie(&headers, "b")), (Some("dark"), Some("2")));
        assert_eq!(cookie(&headers, "theme"), None);
    }
}

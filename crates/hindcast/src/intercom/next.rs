//! The address of the next page: absolute, as clients follow it without looking.

use crate::config::Server;
use axum::http::{HeaderMap, Uri, header};
use std::net::IpAddr;

/// The address under which the caller reached us, without a slash at its end.
///
/// A configured one is always right. Else it is what the request says of itself, and what a proxy says of it only
/// if we trust that proxy: anybody can write a header.
pub fn base(server: &Server, peer: Option<IpAddr>, uri: &Uri, headers: &HeaderMap) -> String {
    if !server.public_url.is_empty() {
        return server.public_url.trim_end_matches('/').to_owned();
    }
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let trusted = peer.is_some_and(|peer| server.trusted_proxies.iter().any(|proxy| proxy.contains(peer)));
    let forwarded = |name| {
        let first = header(name).filter(|_| trusted).and_then(|list: &str| list.split(',').next());
        first.map(str::trim)
    };
    let scheme =
        forwarded("x-forwarded-proto").filter(|scheme| ["http", "https"].contains(scheme)).unwrap_or("http");
    let host =
        [forwarded("x-forwarded-host"), uri.authority().map(|a| a.as_str()), header(header::HOST.as_str())];
    let host = host.into_iter().flatten().find(|host| is_host(host));
    host.map_or_else(|| format!("{scheme}://{}", server.listen), |host| format!("{scheme}://{host}"))
}

fn is_host(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte))
}

/// The same request with some of its parameters `set` to other values; every other one stays as it was written.
pub fn next(base: &str, path: &str, query: &str, set: &[(&str, i64)]) -> String {
    let named =
        |pair: &&str| form_urlencoded::parse(pair.as_bytes()).next().map(|(name, _)| name.into_owned());
    let is_set = |pair: &&str| named(pair).is_some_and(|name| set.iter().any(|(set, _)| *set == name));
    let kept = query.split('&').filter(|pair| !pair.is_empty() && !is_set(pair)).map(str::to_owned);
    let set = set.iter().map(|(name, value)| format!("{name}={value}"));
    format!("{base}{path}?{}", kept.chain(set).collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn based(
        public_url: &str,
        proxies: &[&str],
        peer: &str,
        uri: &str,
        headers: &[(&'static str, &str)],
    ) -> String {
        let mut server = Config::load(None).expect("defaults").server;
        server.public_url = public_url.to_owned();
        server.trusted_proxies = proxies.iter().map(|proxy| proxy.parse().expect("a network")).collect();
        let headers = headers
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), value.parse().expect("a header")));
        base(&server, peer.parse().ok(), &uri.parse().expect("a uri"), &headers.collect())
    }

    #[test]
    fn a_proxy_is_believed_when_it_is_trusted() {
        let headers = [
            ("host", "inside:8480"),
            ("x-forwarded-proto", "https, http"),
            ("x-forwarded-host", "audit.example.com"),
        ];
        let proxies = ["10.0.0.0/8"];
        assert_eq!(based("", &proxies, "10.1.2.3", "/", &headers), "https://audit.example.com");
        assert_eq!(based("", &proxies, "192.0.2.1", "/", &headers), "http://inside:8480");
        assert_eq!(based("", &[], "10.1.2.3", "/", &headers), "http://inside:8480");
        assert_eq!(
            based("https://log.example.com/", &[], "192.0.2.1", "/", &headers),
            "https://log.example.com"
        );
    }

    #[test]
    fn a_host_that_is_none_is_not_repeated() {
        assert_eq!(based("", &[], "192.0.2.1", "/", &[("host", "a/b?c=\"")]), "http://127.0.0.1:8480");
        assert_eq!(based("", &[], "192.0.2.1", "/", &[]), "http://127.0.0.1:8480");
        assert_eq!(based("", &[], "::1", "http://two.example:81/x", &[]), "http://two.example:81");
        assert_eq!(based("", &[], "::1", "/", &[("host", "[::1]:80")]), "http://[::1]:80");
    }

    #[test]
    fn parameters_are_kept_as_they_were_written() {
        let query = "created_at_after=1700000000.0&page=1&x=%20%2B+ü&&per_page=9999&page=7&flag";
        assert_eq!(
            next("http://h", "/admins/activity_logs", query, &[("page", 2), ("per_page", 250)]),
            "http://h/admins/activity_logs?created_at_after=1700000000.0&x=%20%2B+ü&flag&page=2&per_page=250"
        );
        assert_eq!(next("http://h", "/p", "", &[("page", 2)]), "http://h/p?page=2");
    }
}

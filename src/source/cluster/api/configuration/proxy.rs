//! Chooses the proxy through which the API server is reached, as kubectl does.
//!
//! The `proxy-url` of the kubeconfig and the flag of the same name have priority. Otherwise, the variables of the
//! environment apply, by the rules of Go's package `httpproxy`. The client library follows other rules: it uses
//! `HTTPS_PROXY` for every server, also for one on this machine, compares `NO_PROXY` with the proxy instead of the
//! server, and refuses a proxy without a scheme.

use std::env;
use std::net::IpAddr;

use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};
use ipnet::IpNet;

use crate::source::error::{ErrorKind, SourceError};

/// The variables of the environment that choose a proxy.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProxyVariables {
    /// The proxy for servers whose scheme is `http`.
    for_http: String,
    /// The proxy for servers whose scheme is `https`.
    for_https: String,
    /// The servers that are reached without a proxy, separated by commas.
    excluded: String,
}

impl ProxyVariables {
    /// Reads the variables. A variable in lower case has priority, and an empty variable counts as missing.
    pub(crate) fn from_process() -> Self {
        let read = |lower: &str, upper: &str| {
            let values = [lower, upper].into_iter().filter_map(|name| env::var(name).ok());
            values.into_iter().find(|value| !value.is_empty()).unwrap_or_default()
        };
        Self {
            for_http: read("http_proxy", "HTTP_PROXY"),
            for_https: read("https_proxy", "HTTPS_PROXY"),
            excluded: read("no_proxy", "NO_PROXY"),
        }
    }

    /// Returns the proxy for `server`, or `None` for a direct connection.
    ///
    /// # Errors
    ///
    /// The variable that counts for this server is not an address.
    pub(crate) fn choose_proxy(&self, server: &Uri) -> Result<Option<Uri>, SourceError> {
        let (name, proxy, default_port) = match server.scheme_str() {
            Some("https") => ("HTTPS_PROXY", &self.for_https, 443),
            Some("http") => ("HTTP_PROXY", &self.for_http, 80),
            Some(_) | None => return Ok(None),
        };
        let host = server.host().unwrap_or_default();
        let host = Host::parse(host, server.port_u16().unwrap_or(default_port));
        let is_direct =
            host.is_on_this_machine() || self.excluded.split(',').any(|entry| host.matches(entry));
        if proxy.is_empty() || is_direct {
            return Ok(None);
        }
        let parsed = parse_variable(proxy).ok_or_else(|| {
            invalid_proxy_error(format!("the environment variable {name} is not the address of a proxy"))
        })?;
        check_authentication(parsed).map(Some)
    }
}

/// Parses the `proxy-url` of the kubeconfig or of the flag.
///
/// # Errors
///
/// The text is not an address whose scheme is `http`, `https` or `socks5`. kubectl refuses the same values.
pub(crate) fn parse_proxy_url(text: &str) -> Result<Uri, SourceError> {
    let uri = text.parse::<Uri>().ok().filter(|uri| uri.host().is_some_and(|host| !host.is_empty()));
    let uri = uri.filter(|uri| matches!(uri.scheme_str(), Some("http" | "https" | "socks5")));
    let uri = uri.and_then(to_connectable);
    let uri =
        uri.ok_or_else(|| invalid_proxy_error("`proxy-url` is not the address of a proxy".to_owned()))?;
    check_authentication(uri)
}

/// Refuses a SOCKS proxy with a user name, because the client library does not send the password to a SOCKS proxy.
fn check_authentication(proxy: Uri) -> Result<Uri, SourceError> {
    let has_user = proxy.authority().is_some_and(|authority| authority.as_str().contains('@'));
    if has_user && proxy.scheme_str() == Some("socks5") {
        let summary = "a SOCKS proxy with a user name and a password is not supported";
        return Err(SourceError::new(ErrorKind::Configuration, summary).hint(
            "Use an HTTP proxy, or a SOCKS proxy without a password, such as that of `ssh -D 1080 HOST`.",
        ));
    }
    Ok(proxy)
}

/// Returns the error about an address that cannot be used. The address may contain a password, so the error does not
/// quote it.
fn invalid_proxy_error(summary: String) -> SourceError {
    SourceError::new(ErrorKind::Configuration, summary).hint(
        "Use an address with the scheme `http`, `https` or `socks5`, such as `http://proxy.example.com:3128`.",
    )
}

/// Parses a proxy of the environment. Without a scheme, the scheme is `http`.
fn parse_variable(text: &str) -> Option<Uri> {
    let is_whole = |uri: &Uri| uri.scheme().is_some() && uri.authority().is_some();
    let parsed = text.parse::<Uri>().ok().filter(is_whole);
    let parsed = parsed.or_else(|| format!("http://{text}").parse().ok().filter(is_whole));
    parsed.and_then(to_connectable)
}

/// Rewrites the address of a proxy as the client library needs it: the scheme `socks5h` becomes `socks5`, and the
/// address of a SOCKS proxy gets a port. With both schemes, the proxy resolves the name of the server.
fn to_connectable(proxy: Uri) -> Option<Uri> {
    if !matches!(proxy.scheme_str(), Some("socks5" | "socks5h")) {
        return Some(proxy);
    }
    let mut parts = proxy.into_parts();
    let authority = parts.authority?;
    parts.authority = Some(match authority.port_u16() {
        Some(_) => authority,
        None => Authority::try_from(format!("{authority}:1080")).ok()?,
    });
    parts.scheme = Some(Scheme::try_from("socks5").ok()?);
    parts.path_and_query.get_or_insert(PathAndQuery::from_static("/"));
    Uri::from_parts(parts).ok()
}

/// The host and the port of a server.
struct Host {
    /// The name or the address, without brackets.
    name: String,
    /// The address, if the host is not a name. An IPv4 address in the form of an IPv6 address is an IPv4 address.
    address: Option<IpAddr>,
    port: String,
}

impl Host {
    fn parse(host: &str, port: u16) -> Self {
        let name = strip_brackets(host).to_owned();
        let address = parse_address(&name);
        Self { address, name, port: port.to_string() }
    }

    /// Whether the host is `localhost` or a loopback address. As in Go, the name must be in lower case.
    fn is_on_this_machine(&self) -> bool {
        self.address.map_or(self.name == "localhost", |address| address.is_loopback())
    }

    /// Whether an entry of `NO_PROXY` includes this host: `*`, a network, or an address or a domain with an optional
    /// port. A domain includes its subdomains. A domain with a dot or `*.` before it includes only its subdomains.
    fn matches(&self, entry: &str) -> bool {
        let entry = entry.trim().to_lowercase();
        if entry == "*" {
            return true;
        }
        if let Ok(network) = entry.parse::<IpNet>() {
            return self.address.is_some_and(|address| network.contains(&address));
        }
        let (pattern, port) = split_port(&entry);
        if pattern.is_empty() || port.is_some_and(|port| !port.is_empty() && port != self.port) {
            return false;
        }
        if let Some(address) = parse_address(pattern) {
            return self.address == Some(address);
        }
        if self.address.is_some() {
            return false;
        }
        let pattern = pattern.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(pattern);
        let name = self.name.to_lowercase();
        match name.strip_suffix(pattern) {
            Some("") => !pattern.starts_with('.'),
            Some(before) => pattern.starts_with('.') || before.ends_with('.'),
            None => false,
        }
    }
}

/// Splits an entry into the host and the port, as Go's `net.SplitHostPort` does. An IPv6 address without brackets has
/// no port.
fn split_port(entry: &str) -> (&str, Option<&str>) {
    match entry.rsplit_once(':') {
        Some((host, port)) if host.starts_with('[') && host.ends_with(']') => {
            (strip_brackets(host), Some(port))
        }
        Some((host, port)) if !host.contains([':', '[', ']']) => (host, Some(port)),
        Some(_) | None => (entry, None),
    }
}

fn strip_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

fn parse_address(text: &str) -> Option<IpAddr> {
    text.parse().ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests;

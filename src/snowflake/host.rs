//! Which hosts may be sent a token.
use reqwest::Url;
use std::net::IpAddr;

/// The hosts to which tokens may go.
///
/// By default Snowflake's own domains, over HTTPS. An administrator adds hosts (a proxy, an emulator); a
/// user who writes a connection cannot. Plain HTTP is for a loopback address that was added by name.
#[derive(Clone, Debug)]
pub struct HostPolicy {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    /// Lower case; with `subdomains` the domain without `*.`.
    host: String,
    subdomains: bool,
    /// Any port where there is none.
    port: Option<u16>,
}

/// The address is not on the list.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HostNotAllowed {
    #[error(
        "{host} is not a host that tokens may be sent to: use an address below snowflakecomputing.com, or have \
         the operator's administrator allow this host"
    )]
    Unknown { host: String },
    #[error("{url} is not encrypted: use https (http is for a loopback address that was allowed by name)")]
    NotEncrypted { url: String },
    #[error("{url} is not a plain https address: leave out user, path, query and fragment")]
    NotPlain { url: String },
}

/// A pattern that names no host.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} names no host: write host, host:port or *.domain")]
pub struct BadPattern(pub String);

impl Default for HostPolicy {
    fn default() -> Self {
        let rule = |host: &str| Rule { host: host.to_owned(), subdomains: true, port: None };
        Self { rules: vec![rule("snowflakecomputing.com"), rule("snowflakecomputing.cn")] }
    }
}

impl HostPolicy {
    /// Adds a host: `proxy.example.com`, `127.0.0.1:8080`, `[::1]`, `*.example.com`.
    pub fn allow(mut self, pattern: &str) -> Result<Self, BadPattern> {
        let bad = || BadPattern(pattern.to_owned());
        let (rest, subdomains) = match pattern.strip_prefix("*.") {
            Some(domain) => (domain, true),
            None => (pattern, false),
        };
        // Url knows how hosts are written: case, IPv6, punycode.
        let url = Url::parse(&format!("http://{rest}")).map_err(|_| bad())?;
        let host = url.host_str().ok_or_else(bad)?.to_owned();
        let plain = url.path() == "/" && !rest.ends_with('/') && is_plain(&url);
        if !plain || host.contains('*') || (subdomains && (is_address(&host) || !host.contains('.'))) {
            return Err(bad());
        }
        // Url hides port 80, which is http's own.
        let port = if rest.ends_with(":80") { Some(80) } else { url.port() };
        self.rules.push(Rule { host, subdomains, port });
        Ok(self)
    }

    /// Whether a token may be sent to this address.
    pub fn check(&self, url: &Url) -> Result<(), HostNotAllowed> {
        let shown = || {
            let mut shown = url.clone();
            // Neither can fail on an address with a host; a password must not be shown.
            let _ = shown.set_username("");
            let _ = shown.set_password(None);
            shown.set_query(None);
            shown.set_fragment(None);
            shown.to_string()
        };
        if !is_plain(url) {
            return Err(HostNotAllowed::NotPlain { url: shown() });
        }
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default();
        let mut allowed = self.rules.iter().filter(|rule| rule.covers(host, port)).peekable();
        if allowed.peek().is_none() {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            return Err(HostNotAllowed::Unknown { host: format!("{host}{port}") });
        }
        match url.scheme() {
            "https" => Ok(()),
            "http" if is_loopback(host) && allowed.any(|rule| !rule.subdomains) => Ok(()),
            _ => Err(HostNotAllowed::NotEncrypted { url: shown() }),
        }
    }
}

impl Rule {
    fn covers(&self, host: &str, port: Option<u16>) -> bool {
        let named = if self.subdomains {
            host.strip_suffix(&self.host).is_some_and(|before| before.len() > 1 && before.ends_with('.'))
        } else {
            host == self.host
        };
        named && (self.port.is_none() || self.port == port)
    }
}

fn is_plain(url: &Url) -> bool {
    url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none()
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn is_address(host: &str) -> bool {
    address(host).is_some()
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || address(host).is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;

//! Which hosts and origins may call, against DNS rebinding and foreign pages.
//!
//! Checked before the credential, so that a foreign page learns nothing; the SDK's own check is
//! switched off, because it runs later and its list cannot grow when a portal gets a hostname.

use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::uri::Authority;
use http::{StatusCode, Uri};

use crate::gate::refusal::Refusal;
use crate::options::McpOptions;

/// The lists, read once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Allowed {
    any_host: bool,
    hosts: Vec<(String, Option<u16>)>,
    origins: Vec<Origin>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    scheme: String,
    host: String,
    /// None allows any.
    port: Option<u16>,
}

impl Allowed {
    /// Reads the lists; an entry that cannot be read is logged and allows nothing.
    pub(crate) fn new(options: &McpOptions) -> Self {
        let mut allowed = Self {
            any_host: options.allowed_hosts.iter().any(|h| h == "*"),
            ..Self::default()
        };
        if let Ok(uri) = options.public_url.parse::<Uri>()
            && let Some(authority) = uri.authority()
        {
            // A proxy may forward with or without the port.
            allowed.hosts.push((host_of(authority.host()), None));
            allowed.origins.extend(read_origin(&options.public_url));
        }
        for entry in options.allowed_hosts.iter().filter(|h| *h != "*") {
            match entry.parse::<Authority>() {
                Ok(authority) => allowed
                    .hosts
                    .push((host_of(authority.host()), authority.port_u16())),
                Err(_) => tracing::warn!(
                    entry,
                    "an allowed host is not host or host:port; it allows nothing"
                ),
            }
        }
        for entry in &options.allowed_origins {
            match read_origin(entry) {
                Some(origin) => allowed.origins.push(origin),
                None => tracing::warn!(
                    entry,
                    "an allowed origin is not scheme://host[:port]; it allows nothing"
                ),
            }
        }
        allowed
    }

    /// Lets a request pass when its host and origin are known.
    ///
    /// # Errors
    /// A 403 that names the header.
    pub(crate) fn check(
        &self,
        parts: &Parts,
        portal_hostnames: impl FnOnce() -> Vec<String>,
    ) -> Result<(), Refusal> {
        if !self.host_is_known(parts, portal_hostnames)? {
            return Err(Refusal::status(
                StatusCode::FORBIDDEN,
                "this host name is not one this server answers at; add it to the allowed hosts of the MCP door",
            ));
        }
        if let Some(origin) = parts.headers.get(ORIGIN)
            && !origin.to_str().is_ok_and(|o| self.origin_is_allowed(o))
        {
            return Err(Refusal::status(
                StatusCode::FORBIDDEN,
                "pages of this origin may not call; add it to the allowed origins of the MCP door",
            ));
        }
        Ok(())
    }

    fn host_is_known(
        &self,
        parts: &Parts,
        portal_hostnames: impl FnOnce() -> Vec<String>,
    ) -> Result<bool, Refusal> {
        let mut named = parts.headers.get_all(HOST).iter();
        let authority = match (named.next(), named.next()) {
            (Some(host), None) => host.to_str().ok().and_then(|h| h.parse::<Authority>().ok()),
            (Some(_), Some(_)) => None,
            // Browsers always send it: what sends none is no page that could be rebound.
            (None, _) => match parts.uri.authority() {
                Some(authority) => Some(authority.clone()),
                None => return Ok(true),
            },
        };
        let Some(authority) = authority else {
            return Err(Refusal::status(
                StatusCode::BAD_REQUEST,
                "the Host header cannot be read",
            ));
        };
        let host = host_of(authority.host());
        let port = authority.port_u16();
        Ok(self.any_host
            || is_loopback(&host)
            || self
                .hosts
                .iter()
                .any(|(h, p)| *h == host && (p.is_none() || *p == port))
            || portal_hostnames().iter().any(|h| host_of(h) == host))
    }

    fn origin_is_allowed(&self, text: &str) -> bool {
        let Some(origin) = read_origin(text) else {
            return false;
        };
        self.origins.iter().any(|o| {
            o.scheme == origin.scheme
                && o.host == origin.host
                && (o.port.is_none() || o.port == origin.port)
        })
    }
}

/// Lower case, without the brackets of IPv6 and without a final dot.
fn host_of(host: &str) -> String {
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .trim_end_matches('.')
        .to_ascii_lowercase()
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

/// Reads `scheme://host[:port]`; without a port it is the scheme's, `:*` is any.
fn read_origin(text: &str) -> Option<Origin> {
    let (scheme, rest) = text.split_once("://")?;
    let rest = rest.trim_end_matches('/');
    let (rest, any_port) = match rest.strip_suffix(":*") {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let authority: Authority = rest.parse().ok()?;
    if authority.host().is_empty() || authority.as_str().contains('@') {
        return None;
    }
    let scheme = scheme.to_ascii_lowercase();
    let default = match scheme.as_str() {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    };
    let port = if any_port {
        None
    } else {
        Some(authority.port_u16().or(default)?)
    };
    Some(Origin {
        scheme,
        host: host_of(authority.host()),
        port,
    })
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn passes(uri: &str, host: Option<&str>, origin: Option<&str>) -> bool {
        let options = McpOptions {
            public_url: "https://kb.example".to_owned(),
            allowed_hosts: vec!["inner.example:8080".to_owned()],
            allowed_origins: vec![
                "http://localhost:*".to_owned(),
                "https://app.example".to_owned(),
            ],
            ..McpOptions::default()
        };
        let mut request = Request::builder().uri(uri);
        if let Some(host) = host {
            request = request.header(HOST, host);
        }
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        Allowed::new(&options)
            .check(&parts, || vec!["help.portal.example".to_owned()])
            .is_ok()
    }

    #[test]
    fn known_hosts_pass_and_others_do_not() {
        for host in [
            "kb.example",
            "KB.example:443",
            "localhost:8080",
            "127.0.0.1:1",
            "[::1]:8080",
            "inner.example:8080",
            "help.portal.example",
        ] {
            assert!(passes("/mcp", Some(host), None), "{host}");
        }
        for host in [
            "evil.example",
            "kb.example.evil.example",
            "inner.example:81",
            "inner.example",
            "a b",
            "localhost.evil.example",
        ] {
            assert!(!passes("/mcp", Some(host), None), "{host}");
        }
        assert!(passes("/mcp", None, None), "no browser leaves the host out");
        assert!(
            !passes("http://evil.example/mcp", None, None),
            "HTTP/2 carries it in the address"
        );
    }

    #[test]
    fn known_origins_pass_and_others_do_not() {
        for origin in [
            "https://kb.example",
            "http://localhost:5173",
            "https://app.example:443",
        ] {
            assert!(passes("/mcp", Some("kb.example"), Some(origin)), "{origin}");
        }
        for origin in [
            "null",
            "http://kb.example",
            "https://kb.example:8443",
            "https://app.example.evil.example",
            "https://u@app.example",
            "app.example",
            "",
        ] {
            assert!(
                !passes("/mcp", Some("kb.example"), Some(origin)),
                "{origin}"
            );
        }
    }
}

//! Where a gateway is, and whether a plain connection to it is acceptable.
//!
//! Only scheme, host, port and path survive reading: user names, queries and fragments could carry
//! secrets into logs, and the gateway needs none of them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tokio_tungstenite::tungstenite::http::Uri;

use super::GatewayError;

/// The port a gateway listens on unless it was told another.
pub(crate) const DEFAULT_PORT: u16 = 18789;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Without brackets, even for an IPv6 address.
    pub host: String,
    pub port: u16,
    pub tls: bool,
    path: String,
}

impl Address {
    /// Reads `ws://`, `wss://`, their `http` namesakes, or `host:port` alone.
    pub fn parse(text: &str) -> Result<Self, GatewayError> {
        let wrong = |detail: &str| GatewayError::Address { detail: detail.to_owned() };
        let text = text.trim();
        let bare = !text.contains("://");
        let with_scheme = if bare { format!("ws://{text}") } else { text.to_owned() };
        let without_fragment = with_scheme.split('#').next().unwrap_or_default();
        let uri: Uri = without_fragment.parse().map_err(|_unquoted| wrong("it cannot be read"))?;
        let authority = uri.authority().ok_or_else(|| wrong("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("it holds a user name"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        if host.is_empty() {
            return Err(wrong("it names no host"));
        }
        let after_host = authority.as_str().rsplit(']').next().unwrap_or_default();
        if after_host.contains(':') && authority.port_u16().is_none_or(|port| port == 0) {
            return Err(wrong("what follows its colon is no port"));
        }
        let plain_ok = plain_acceptable(&host);
        let tls = match uri.scheme_str() {
            // Without a scheme the safe one is meant, where a plain one would not be acceptable.
            Some("ws") if bare => !plain_ok,
            Some("ws" | "http") => false,
            Some("wss" | "https") => true,
            _ => return Err(wrong("it must start with ws:// or wss://")),
        };
        let default_port = match (bare, tls) {
            (true, _) => DEFAULT_PORT,
            (false, true) => 443,
            (false, false) => 80,
        };
        let port = authority.port_u16().unwrap_or(default_port);
        Ok(Self { host, port, tls, path: uri.path().to_owned() })
    }

    /// The address as the program writes it.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.tls { "wss" } else { "ws" };
        let path = if self.path == "/" { "" } else { &self.path };
        if self.host.contains(':') {
            format!("{scheme}://[{}]:{}{path}", self.host, self.port)
        } else {
            format!("{scheme}://{}:{}{path}", self.host, self.port)
        }
    }

    /// On this computer, so that the gateway trusts a token alone.
    #[must_use]
    pub fn loopback(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(ip) => ip.to_canonical().is_loopback(),
            Err(_) => is_localhost(&self.host),
        }
    }

    /// TLS, or a place where a plain connection is acceptable.
    pub fn check_secure(&self) -> Result<(), GatewayError> {
        if self.tls || plain_acceptable(&self.host) { Ok(()) } else { Err(GatewayError::Insecure) }
    }
}

/// Loopback, private ranges, `.local` and `.ts.net`, whose traffic stays at home or in a tunnel.
fn plain_acceptable(host: &str) -> bool {
    match host.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V4(ip)) => private_v4(ip),
        Ok(IpAddr::V6(ip)) => private_v6(ip),
        Err(_) => {
            let name = host.trim_end_matches('.');
            is_localhost(name) || [".local", ".ts.net"].iter().any(|end| name.ends_with(end))
        }
    }
}

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

fn private_v4(ip: Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    // 100.64.0.0/10 is what Tailscale hands out.
    ip.is_loopback() || ip.is_private() || ip.is_link_local() || (a == 100 && (64..128).contains(&b))
}

fn private_v6(ip: Ipv6Addr) -> bool {
    ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()
}

#[cfg(test)]
mod tests {
    use super::Address;
    use crate::gateway::GatewayError;

    #[test]
    fn a_plain_connection_is_for_loopback_and_private_networks() {
        let cases = [
            ("ws://127.0.0.1:18789", true, "loopback"),
            ("ws://[::1]:18789", true, "loopback, version 6"),
            ("ws://[::ffff:127.0.0.1]:1", true, "loopback in disguise"),
            ("ws://localhost:18789", true, "loopback by name"),
            ("ws://10.1.2.3:1", true, "private"),
            ("ws://172.16.0.1:1", true, "private"),
            ("ws://172.32.0.1:1", false, "just outside a private range"),
            ("ws://192.168.1.9:1", true, "private"),
            ("ws://100.64.0.1:1", true, "a Tailscale address"),
            ("ws://100.128.0.1:1", false, "just outside Tailscale's range"),
            ("ws://[fd00::1]:1", true, "private, version 6"),
            ("ws://[2001:db8::1]:1", false, "public, version 6"),
            ("ws://mini.local:1", true, "on the local link"),
            ("ws://mini.tail1234.ts.net", true, "inside a tailnet"),
            ("ws://example.com:18789", false, "public"),
            ("ws://127.0.0.1.example.com:1", false, "only looks like loopback"),
            ("ws://evil-localhost:1", false, "only looks like loopback"),
            ("ws://notlocal:1", false, "no dot, no .local"),
            ("ws://8.8.8.8:1", false, "public"),
            ("wss://example.com", true, "encrypted"),
            ("https://example.com", true, "a browser's way to write it"),
        ];
        for (text, acceptable, why) in cases {
            let address = Address::parse(text).expect(text);
            let expected = if acceptable { Ok(()) } else { Err(GatewayError::Insecure) };
            assert_eq!(address.check_secure(), expected, "{text}: {why}");
        }
    }

    #[test]
    fn addresses_are_read_as_people_write_them() {
        let cases = [
            (" ws://127.0.0.1:18789/ ", "ws://127.0.0.1:18789"),
            ("127.0.0.1", "ws://127.0.0.1:18789"),
            ("localhost:19000", "ws://localhost:19000"),
            ("home.example.com", "wss://home.example.com:18789"),
            ("https://mini.tail1.ts.net/#token=s3cret", "wss://mini.tail1.ts.net:443"),
            ("wss://Host.Example/path?token=s3cret", "wss://host.example:443/path"),
            ("ws://[::1]:5", "ws://[::1]:5"),
        ];
        for (text, url) in cases {
            assert_eq!(Address::parse(text).expect(text).url(), url, "{text}");
        }
        for wrong in [
            "",
            "ftp://x",
            "ws://",
            "ws://user:s3cret@127.0.0.1",
            "ws://a b",
            "ws://:80",
            "ws://127.0.0.1:",
            "nas:",
            "ws://[::1]:",
            "wss://nas:99999",
            "ws://nas:0",
        ] {
            let error = Address::parse(wrong).expect_err(wrong);
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }
}

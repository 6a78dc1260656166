//! Which gateway a command talks to, and with which token.

use std::path::Path;

use super::args::Common;
use super::exit::{Exit, Failure};
use crate::domain::{Discovered, GatewayTarget, Secret};

const TOKEN_VARIABLE: &str = "OPENCLAW_GATEWAY_TOKEN";
/// A token is a line; what is longer than this is another file by mistake.
const MAX_TOKEN: u64 = 16 * 1024;

/// The gateway that was named, else the one found on this machine.
///
/// The token comes from the file, else the environment, else the configuration the gateway was found
/// in; without any of them the engine asks the keychain.
pub(super) fn choose(common: &Common, found: &[Discovered]) -> Result<GatewayTarget, Failure> {
    let named = named_token(common)?;
    let mut target = match &common.url {
        Some(url) => of_url(url, found)?,
        None => only(found)?.target.clone(),
    };
    if named.is_some() {
        target.token = named;
    }
    target.remember_token = false;
    target.state_dir = common.state_dir.clone().or(target.state_dir);
    target.tls_fingerprint = common.tls_fingerprint.clone().or(target.tls_fingerprint);
    Ok(target)
}

fn named_token(common: &Common) -> Result<Option<Secret>, Failure> {
    match &common.token_file {
        Some(file) => read_token(file).map(Some),
        None => Ok(std::env::var(TOKEN_VARIABLE).ok().filter(|token| !token.trim().is_empty()).map(trimmed)),
    }
}

fn trimmed(token: impl AsRef<str>) -> Secret {
    Secret::new(token.as_ref().trim())
}

fn read_token(file: &Path) -> Result<Secret, Failure> {
    if file == Path::new("-") {
        return Err(Failure::new(Exit::Usage, "--token-file needs a file, not standard input"));
    }
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Usage, format!("cannot read the token: {error}: {}", file.display()))
    };
    let size = std::fs::metadata(file).map_err(failed)?.len();
    if size > MAX_TOKEN {
        return Err(Failure::new(Exit::Usage, format!("that is no token, it is too long: {}", file.display())));
    }
    let token = trimmed(std::fs::read_to_string(file).map_err(failed)?);
    if token.reveal().is_empty() {
        return Err(Failure::new(Exit::Usage, format!("the token file is empty: {}", file.display())));
    }
    Ok(token)
}

fn of_url(url: &str, found: &[Discovered]) -> Result<GatewayTarget, Failure> {
    let url = url.trim().trim_end_matches('/');
    let authority = url.strip_prefix("ws://").or_else(|| url.strip_prefix("wss://"));
    let Some(authority) = authority.filter(|rest| !rest.is_empty()) else {
        return Err(Failure::new(Exit::Usage, "the address of a gateway starts with ws:// or wss://"));
    };
    if authority.contains('@') {
        return Err(Failure::new(Exit::Usage, "an address holds no user or password")
            .with_remedy("Put the token into a file and name it with --token-file"));
    }
    let known = found.iter().find(|known| same_address(&known.url, url));
    Ok(known.map_or_else(
        || GatewayTarget {
            name: authority.split('/').next().unwrap_or(authority).to_owned(),
            url: url.to_owned(),
            token: None,
            tls_fingerprint: None,
            remember_token: false,
            state_dir: None,
        },
        |known| known.target.clone(),
    ))
}

fn same_address(one: &str, other: &str) -> bool {
    let plain = |url: &str| url.trim_end_matches('/').to_ascii_lowercase().replace("//localhost", "//127.0.0.1");
    plain(one) == plain(other)
}

/// The only gateway of this machine, or the only one that listens.
fn only(found: &[Discovered]) -> Result<&Discovered, Failure> {
    let listening: Vec<_> = found.iter().filter(|gateway| gateway.listening).collect();
    match (found, &listening[..]) {
        ([], _) => Err(Failure::new(Exit::NotConnected, "no OpenClaw gateway was found on this machine")
            .with_remedy("Name one with --url, or try the demo")),
        ([only], _) => Ok(only),
        (_, [only]) => Ok(*only),
        _ => {
            let each: Vec<_> = found.iter().map(|gateway| format!("  {}  {}", gateway.url, gateway.name)).collect();
            Err(Failure::new(Exit::Usage, format!("several gateways were found:\n{}", each.join("\n")))
                .with_remedy("Name one with --url"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{of_url, only, same_address};
    use crate::cli::exit::Exit;
    use crate::domain::{Discovered, GatewayTarget, Secret};

    fn gateway(url: &str, listening: bool) -> Discovered {
        let target = GatewayTarget {
            name: url.to_owned(),
            url: url.to_owned(),
            token: Some(Secret::new("configured")),
            tls_fingerprint: None,
            remember_token: false,
            state_dir: None,
        };
        let (name, source) = (url.to_owned(), "openclaw.json".to_owned());
        Discovered { name, url: url.to_owned(), source, has_token: true, listening, target }
    }

    #[test]
    fn without_a_name_the_gateway_must_be_plain() {
        let cases = [
            (vec![], Err(Exit::NotConnected), "none"),
            (vec![gateway("ws://a", false)], Ok("ws://a"), "the only one, even when it does not listen"),
            (vec![gateway("ws://a", false), gateway("ws://b", true)], Ok("ws://b"), "the only one that listens"),
            (vec![gateway("ws://a", true), gateway("ws://b", true)], Err(Exit::Usage), "two that listen"),
        ];
        for (found, expected, why) in cases {
            let chosen = only(&found).map(|gateway| gateway.url.as_str()).map_err(|failure| failure.exit);
            assert_eq!(chosen, expected, "{why}");
        }
    }

    #[test]
    fn a_named_gateway_of_this_machine_brings_its_configured_token() {
        let found = [gateway("ws://127.0.0.1:18789", true)];
        let known = of_url("ws://localhost:18789/", &found).expect("is an address");
        assert!(known.token.is_some());
        let other = of_url("wss://nas:18789", &found).expect("is an address");
        assert_eq!((other.name.as_str(), other.token.is_none()), ("nas:18789", true));
    }

    #[test]
    fn an_address_is_a_websocket_without_secrets() {
        for bad in ["http://nas", "nas:18789", "ws://", "ws://user:secret@nas"] {
            let failure = of_url(bad, &[]).expect_err("is refused");
            assert_eq!(failure.exit, Exit::Usage, "{bad}");
            assert!(!failure.what.contains("secret"));
        }
        assert!(same_address("ws://LOCALHOST:1/", "ws://127.0.0.1:1"));
    }
}

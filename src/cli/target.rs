//! Which gateway a command talks to, and with which token.

use std::path::Path;

use super::args::Common;
use super::exit::{Exit, Failure};
use crate::domain::{Discovered, GatewayTarget, Secret};
use crate::engine::Address;
use crate::words;

const TOKEN_VARIABLE: &str = "OPENCLAW_GATEWAY_TOKEN";
/// A token is a line; what is longer than this is another file by mistake.
const MAX_TOKEN: u64 = 16 * 1024;

/// The gateway that was named, else the one found on this machine.
///
/// The token comes from the file, else the environment (for the gateway that it speaks for), else the
/// configuration the gateway was found in; without any of them the engine asks the keychain.
pub(super) fn choose(common: &Common, found: &[Discovered]) -> Result<GatewayTarget, Failure> {
    choose_with(common, found, std::env::var(TOKEN_VARIABLE).ok().as_deref())
}

fn choose_with(common: &Common, found: &[Discovered], variable: Option<&str>) -> Result<GatewayTarget, Failure> {
    let of_file = common.token_file.as_deref().map(read_token).transpose()?;
    let mut target = match &common.url {
        Some(url) => of_url(url, found)?,
        None => of_machine(common.profile.as_deref(), found)?.target.clone(),
    };
    // A profile has its own token.
    let of_variable = variable.filter(|_| common.profile.is_none() && usual(&target.url, found)).map(trimmed);
    let named = of_file.or(of_variable.filter(|token| !token.reveal().is_empty()));
    target.token = named.or(target.token);
    target.remember_token = false;
    // Where it is does not depend on where the next program is started.
    let folder = common.state_dir.clone().map(|folder| std::path::absolute(&folder).unwrap_or(folder));
    target.state_dir = folder.or(target.state_dir);
    target.tls_fingerprint = common.tls_fingerprint.clone().or(target.tls_fingerprint);
    Ok(target)
}

/// The environment's token is for this computer and for the gateway that the environment or the usual
/// configuration names; any other address is a stranger to it.
fn usual(url: &str, found: &[Discovered]) -> bool {
    Address::parse(url).is_ok_and(|address| address.loopback())
        || found.iter().any(|known| profile_of(known).is_none() && same_address(&known.url, url))
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
    let plain = |url: &str| Some(Address::parse(url).ok()?.url().replace("//localhost:", "//127.0.0.1:"));
    plain(one).is_some_and(|one| plain(other) == Some(one))
}

/// The gateway of a profile, else the one that OpenClaw itself would talk to.
fn of_machine<'a>(profile: Option<&str>, found: &'a [Discovered]) -> Result<&'a Discovered, Failure> {
    if let Some(named) = profile {
        let wanted = (named != "default").then_some(named);
        return found.iter().find(|gateway| profile_of(gateway) == wanted).ok_or_else(|| {
            Failure::new(Exit::NotConnected, format!("no gateway is configured for the profile {named}"))
        });
    }
    match found {
        [] => Err(Failure::new(Exit::NotConnected, "no OpenClaw gateway was found on this machine")
            .with_remedy("Name one with --url, or try the demo")),
        [first, rest @ ..] if rest.is_empty() || profile_of(first).is_none() => Ok(first),
        _ => {
            let profiles: Vec<_> = found.iter().filter_map(profile_of).collect();
            Err(Failure::new(Exit::Usage, format!("there are gateways of the profiles {}", words::list(&profiles)))
                .with_remedy("Name one with --profile"))
        }
    }
}

/// `NAME` when its configuration is `.openclaw-NAME/openclaw.json`.
fn profile_of(gateway: &Discovered) -> Option<&str> {
    Path::new(&gateway.source).parent()?.file_name()?.to_str()?.strip_prefix(".openclaw-")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::{choose_with, of_machine, of_url, same_address};
    use crate::cli::args::Arguments;
    use crate::cli::exit::Exit;
    use crate::domain::{Discovered, GatewayTarget, Secret};

    fn gateway(url: &str, source: &str) -> Discovered {
        let target = GatewayTarget {
            name: url.to_owned(),
            url: url.to_owned(),
            token: Some(Secret::new("configured")),
            tls_fingerprint: None,
            remember_token: false,
            state_dir: None,
        };
        let (name, url, source) = (url.to_owned(), url.to_owned(), source.to_owned());
        Discovered { name, url, source, has_token: true, listening: true, target }
    }

    #[test]
    fn the_gateway_that_openclaw_would_talk_to_is_meant_unless_a_profile_is_named() {
        let main = || gateway("ws://a", "/home/ada/.openclaw/openclaw.json");
        let work = || gateway("ws://b", "/home/ada/.openclaw-work/openclaw.json");
        let home = || gateway("ws://c", "/home/ada/.openclaw-home/openclaw.json");
        let cases = [
            (None, vec![], Err(Exit::NotConnected), "none"),
            (None, vec![main()], Ok("ws://a"), "the only one"),
            (None, vec![main(), work()], Ok("ws://a"), "the usual one comes first"),
            (None, vec![work()], Ok("ws://b"), "the only one, though of a profile"),
            (None, vec![home(), work()], Err(Exit::Usage), "two profiles and no usual one"),
            (Some("work"), vec![main(), work()], Ok("ws://b"), "named"),
            (Some("default"), vec![main(), work()], Ok("ws://a"), "the usual one by its name"),
            (Some("play"), vec![main(), work()], Err(Exit::NotConnected), "no such profile"),
        ];
        for (profile, found, expected, why) in cases {
            let chosen = of_machine(profile, &found).map(|gateway| gateway.url.as_str());
            assert_eq!(chosen.map_err(|failure| failure.exit), expected, "{why}");
        }
    }

    #[test]
    fn a_named_gateway_of_this_machine_brings_its_configured_token() {
        let found = [gateway("ws://127.0.0.1:18789", "/home/ada/.openclaw/openclaw.json")];
        let known = of_url("ws://localhost:18789/", &found).expect("is an address");
        assert!(known.token.is_some());
        let other = of_url("wss://nas:18789", &found).expect("is an address");
        assert_eq!((other.name.as_str(), other.token.is_none()), ("nas:18789", true));
    }

    #[test]
    fn the_token_of_the_environment_goes_to_no_stranger() {
        let found = [
            gateway("wss://mini.example:443", "/home/ada/.openclaw/openclaw.json"),
            gateway("wss://work.example:443", "/home/ada/.openclaw-work/openclaw.json"),
        ];
        let cases = [
            ("", Some("variable"), "the usual gateway"),
            ("--url wss://mini.example/", Some("variable"), "the same by its address"),
            ("--url ws://127.0.0.1:18789", Some("variable"), "this computer, such as the end of a tunnel"),
            ("--url ws://[::1]:18789", Some("variable"), "this computer"),
            ("--url wss://other.example", None, "a stranger"),
            ("--url wss://mini.example:8443", None, "another port"),
            ("--url wss://mini.example.evil", None, "another host of that beginning"),
            ("--url ws://localhost.evil:18789", None, "another host of that beginning"),
            ("--url wss://work.example", Some("configured"), "a gateway of a profile"),
            ("--profile work", Some("configured"), "a profile by its name"),
        ];
        for (line, expected, why) in cases {
            let words = ["model-orchestrator"].into_iter().chain(line.split_ascii_whitespace());
            let common = Arguments::try_parse_from(words).expect("is a line").common;
            let target = choose_with(&common, &found, Some(" variable\n")).expect("is a gateway");
            assert_eq!(target.token.as_ref().map(Secret::reveal), expected, "{why}");
        }
        let common = Arguments::try_parse_from(["model-orchestrator"]).expect("is a line").common;
        let target = choose_with(&common, &found, Some(" ")).expect("is a gateway");
        assert_eq!(target.token.as_ref().map(Secret::reveal), Some("configured"), "a blank variable says nothing");
    }

    #[test]
    fn a_state_folder_is_the_same_wherever_the_next_program_is_started() {
        let line = ["model-orchestrator", "--url", "ws://nas", "--state-dir", "mine"];
        let common = Arguments::try_parse_from(line).expect("is a line").common;
        let folder = choose_with(&common, &[], None).expect("is a gateway").state_dir.expect("a folder");
        assert!(folder.is_absolute() && folder.ends_with("mine"), "{}", folder.display());
    }

    #[test]
    fn an_address_is_a_websocket_without_secrets() {
        for bad in ["http://nas", "nas:18789", "ws://", "ws://user:secret@nas"] {
            let failure = of_url(bad, &[]).expect_err("is refused");
            assert_eq!(failure.exit, Exit::Usage, "{bad}");
            assert!(!failure.what.contains("secret"));
        }
        assert!(same_address("ws://LOCALHOST:1/", "ws://127.0.0.1:1"));
        assert!(!same_address("wss://", "wss://"));
    }
}

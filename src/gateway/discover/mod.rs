//! Gateways that this machine's OpenClaw configuration names.
//!
//! Reads files and asks the loopback interface whether somebody listens, nothing else. Tokens that are
//! kept elsewhere (references to a secret store) are not resolved: such a gateway is found without one.

mod config;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::address::{Address, DEFAULT_PORT};
use crate::domain::{Discovered, GatewayTarget, Secret};

const PATIENCE: Duration = Duration::from_millis(200);
const REDACTED: &str = "__OPENCLAW_REDACTED__";

/// The part of the environment that discovery reads.
#[derive(Clone, Debug, Default)]
pub struct Env {
    pub home: Option<PathBuf>,
    pub vars: BTreeMap<String, String>,
}

impl Env {
    /// What this process was started with.
    #[must_use]
    pub fn process() -> Self {
        let utf8 = |text: std::ffi::OsString| text.into_string().ok();
        let vars = std::env::vars_os().filter_map(|(name, value)| Some((utf8(name)?, utf8(value)?)));
        Self { home: std::env::home_dir(), vars: vars.collect() }
    }

    fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// `~` at the start of a path is the home folder, as in a shell.
    fn path(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(text),
        }
    }

    fn secret(&self, name: &str) -> Option<Secret> {
        self.var(name).map(Secret::new)
    }
}

/// Gateways of this machine: the one that the environment or the usual configuration names first, then
/// those of profiles by name. Each address is listed once.
#[must_use]
pub fn discover(env: &Env) -> Vec<Discovered> {
    let mut found: Vec<Discovered> = Vec::new();
    let candidates = from_url(env).into_iter().chain(from_files(env));
    for candidate in candidates {
        if !found.iter().any(|earlier| earlier.url == candidate.url) {
            found.push(candidate);
        }
    }
    found
}

/// The configuration of the gateway at `url`, when this machine has it. It holds secrets.
#[must_use]
pub fn configuration_of(env: &Env, url: &str) -> Option<Value> {
    let wanted = Address::parse(url).ok()?.url();
    let main = main_file(env).map(|path| (None, path));
    let all = main.into_iter().chain(profiles(env).into_iter().map(|(profile, path)| (Some(profile), path)));
    let mut matching =
        all.filter(|(profile, path)| from_file(env, path, profile.as_deref()).is_some_and(|found| found.url == wanted));
    matching.next().and_then(|(_, path)| config::read(&path))
}

/// `OPENCLAW_GATEWAY_URL` goes with credentials of the environment only.
fn from_url(env: &Env) -> Option<Discovered> {
    let address = Address::parse(env.var("OPENCLAW_GATEWAY_URL")?).ok()?;
    let token = env.secret("OPENCLAW_GATEWAY_TOKEN");
    Some(discovered(address.host.clone(), &address, "OPENCLAW_GATEWAY_URL".to_owned(), token, None))
}

fn from_files(env: &Env) -> Vec<Discovered> {
    let main = main_file(env);
    let mut found: Vec<_> = main.iter().filter_map(|path| from_file(env, path, None)).collect();
    for (profile, path) in profiles(env) {
        if main.as_ref() != Some(&path) {
            found.extend(from_file(env, &path, Some(&profile)));
        }
    }
    found
}

/// The configuration that OpenClaw itself would read.
fn main_file(env: &Env) -> Option<PathBuf> {
    if let Some(path) = env.var("OPENCLAW_CONFIG_PATH") {
        return Some(env.path(path));
    }
    if let Some(folder) = env.var("OPENCLAW_STATE_DIR") {
        return Some(env.path(folder).join("openclaw.json"));
    }
    Some(env.home.as_ref()?.join(".openclaw/openclaw.json"))
}

/// `~/.openclaw-NAME/openclaw.json` for each profile, by name.
fn profiles(env: &Env) -> BTreeMap<String, PathBuf> {
    let entries = env.home.as_deref().and_then(|home| std::fs::read_dir(home).ok());
    let named = entries.into_iter().flatten().flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let profile = name.strip_prefix(".openclaw-").filter(|profile| !profile.is_empty())?.to_owned();
        let path = entry.path().join("openclaw.json");
        path.is_file().then_some((profile, path))
    });
    named.collect()
}

fn from_file(env: &Env, path: &Path, profile: Option<&str>) -> Option<Discovered> {
    let config = config::read(path)?;
    let gateway = config.get("gateway").unwrap_or(&Value::Null);
    // The environment speaks for the main configuration; a profile has its own.
    let of_env = |name: &str| if profile.is_none() { env.var(name) } else { None };
    let token_of_env = of_env("OPENCLAW_GATEWAY_TOKEN").map(Secret::new);
    let (of_auth, of_remote) = (token(gateway, "/auth/token"), token(gateway, "/remote/token"));
    let source = path.display().to_string();
    if gateway.get("mode").and_then(Value::as_str) == Some("remote") {
        let address = Address::parse(gateway.pointer("/remote/url")?.as_str()?).ok()?;
        let token = of_remote.or(token_of_env).or(of_auth);
        let fingerprint = gateway.pointer("/remote/tlsFingerprint").and_then(Value::as_str).map(str::to_owned);
        let name = profile.map_or_else(|| address.host.clone(), str::to_owned);
        return Some(discovered(name, &address, source, token, fingerprint));
    }
    let port = of_env("OPENCLAW_GATEWAY_PORT")
        .and_then(|port| port.parse().ok())
        .or_else(|| u16::try_from(gateway.get("port")?.as_f64()? as i64).ok())
        .filter(|port| *port != 0)
        .unwrap_or(DEFAULT_PORT);
    let tls = gateway.pointer("/tls/enabled") == Some(&Value::Bool(true));
    let scheme = if tls { "wss" } else { "ws" };
    let address = Address::parse(&format!("{scheme}://127.0.0.1:{port}")).ok()?;
    let name = profile.unwrap_or("This computer").to_owned();
    Some(discovered(name, &address, source, of_auth.or(token_of_env).or(of_remote), None))
}

/// A token in the file itself; a reference to one kept elsewhere is not for us to resolve.
fn token(gateway: &Value, pointer: &str) -> Option<Secret> {
    let text = gateway.pointer(pointer)?.as_str()?.trim();
    // `${NAME}` is a reference too.
    (!text.is_empty() && text != REDACTED && !text.starts_with("${")).then(|| Secret::new(text))
}

fn discovered(
    name: String,
    address: &Address,
    source: String,
    token: Option<Secret>,
    tls_fingerprint: Option<String>,
) -> Discovered {
    let url = address.url();
    Discovered {
        name: name.clone(),
        url: url.clone(),
        source,
        has_token: token.is_some(),
        listening: listening(address),
        target: GatewayTarget { name, url, token, tls_fingerprint, remember_token: false, state_dir: None },
    }
}

/// Whether somebody takes connections there. Only loopback is asked: elsewhere nobody wants a stranger's
/// knock.
fn listening(address: &Address) -> bool {
    if !address.loopback() {
        return false;
    }
    let ip = address.host.parse().unwrap_or(IpAddr::from([127, 0, 0, 1]));
    TcpStream::connect_timeout(&SocketAddr::new(ip, address.port), PATIENCE).is_ok()
}

#[cfg(test)]
mod tests;

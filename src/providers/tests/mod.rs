//! Asking providers, against small servers on loopback that answer as recorded.

mod check;
mod http;
mod requests;
mod server;

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::Value;

use super::{Check, Http, Paid};
use crate::domain::{AccountId, Billing, ProviderAccount, Secret, Service, Undocumented};

/// Long enough for any answer on loopback.
const PATIENCE: Duration = Duration::from_secs(15);

/// One for all tests: reading the root certificates takes a while, and no server here keeps a connection.
fn http() -> &'static Http {
    static HTTP: LazyLock<Http> = LazyLock::new(Http::new);
    &HTTP
}

fn secret(text: &str) -> Secret {
    Secret::new(text)
}

fn now() -> jiff::Timestamp {
    "2026-11-20T08:00:00Z".parse().expect("a moment")
}

/// An account that is asked at `base`, undocumented endpoints included.
fn account(service: Service, base: &str) -> ProviderAccount {
    ProviderAccount {
        base_url: Some(base.to_owned()),
        undocumented: Undocumented::On,
        ..ProviderAccount::new(AccountId::new("mine"), service)
    }
}

fn billed(service: Service, billing: Billing, base: &str) -> ProviderAccount {
    ProviderAccount { billing, ..account(service, base) }
}

fn a_check<'a>(account: &'a ProviderAccount, key: Option<&'a Secret>) -> Check<'a> {
    Check { account, key, model: None, prior: &[], paid: Paid::Never, now: now(), patience: PATIENCE }
}

/// An address of this computer where nobody listens.
fn closed() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!("http://{}", listener.local_addr().expect("it is bound"))
}

/// What a provider once answered: the body of a recorded case.
fn recorded(case: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/providers/cases/{case}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let case: Value = serde_json::from_str(&text).expect("a case is JSON");
    case["body_text"].as_str().map_or_else(|| case["body"].to_string(), str::to_owned)
}

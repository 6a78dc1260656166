//! Why there was no answer, in a few words of our own: those of libraries may quote addresses.

use std::collections::BTreeMap;
use std::error::Error;
use std::io;

use crate::providers::evidence::{Answer, Body};

/// Nothing, or no end of it, within the time.
pub(in crate::providers) const NO_ANSWER: &str = "timeout";
pub(super) const NO_ROOTS: &str = "tls: this system has no root certificates";
const NO_CONNECTION: &str = "timeout: no connection";

/// What an error of the transport means.
pub(super) fn answer(error: &reqwest::Error) -> Answer {
    let chain = chain(error);
    let said = |words: &str| chain.iter().any(|link| link.to_string().to_ascii_lowercase().contains(words));
    if said("proxy authorization required") {
        // The proxy's own answer, which the tunnel keeps to itself.
        return Answer::Http { status: 407, headers: BTreeMap::new(), body: Body::Empty };
    }
    let io = chain.iter().rev().find_map(|link| link.downcast_ref::<io::Error>());
    let tls = chain.iter().find_map(|link| link.downcast_ref::<rustls::Error>());
    let words = match (tls, io.map(io::Error::kind)) {
        (Some(tls), _) => format!("tls: {tls}"),
        _ if error.is_timeout() && error.is_connect() => NO_CONNECTION.to_owned(),
        _ if error.is_timeout() => NO_ANSWER.to_owned(),
        _ if said("dns error") => "dns: the name is not known".to_owned(),
        (None, Some(io::ErrorKind::ConnectionRefused)) => "connection refused".to_owned(),
        (None, Some(io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe)) => {
            "connection reset".to_owned()
        }
        (None, Some(io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable)) => {
            "network unreachable".to_owned()
        }
        (None, Some(io::ErrorKind::TimedOut)) => NO_CONNECTION.to_owned(),
        _ if said("tunnel") => "the proxy refused the connection".to_owned(),
        _ if error.is_connect() => "no connection".to_owned(),
        _ => "the connection ended before an answer".to_owned(),
    };
    Answer::Nothing { transport_error: words }
}

/// Every error behind this one. An I/O error may hold another without naming it as its source.
fn chain(error: &reqwest::Error) -> Vec<&(dyn Error + 'static)> {
    let mut links = Vec::new();
    let mut next = error.source();
    while let Some(link) = next {
        links.push(link);
        let held = link.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = held.map(|held| held as &(dyn Error + 'static)).or_else(|| link.source());
    }
    links
}

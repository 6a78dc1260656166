//! No HTTP answer at all: what kept it away, in the words of whatever tried.

use crate::domain::{Finding, Service};

/// Words of resolvers, sockets and TLS libraries, the most telling first.
const CAUSES: &[(&[&str], Finding)] = &[
    (&["tls", "ssl", "certificate", "handshake", "cert_"], Finding::TlsFailed),
    (
        &[
            "dns",
            "resolve",
            "enotfound",
            "eai_again",
            "name or service",
            "name not known",
            "no such host",
            "getaddrinfo",
        ],
        Finding::NameUnknown,
    ),
    (&["timeout", "timed out", "timed_out", "etimedout", "deadline"], Finding::NoAnswer),
];

pub(super) fn finding(transport_error: &str, service: Service) -> Finding {
    let said = transport_error.to_lowercase();
    if service.is_local() && ["refused", "econnrefused"].iter().any(|word| said.contains(word)) {
        return Finding::NotRunning;
    }
    let cause = CAUSES.iter().find(|(words, _)| words.iter().any(|word| said.contains(word)));
    cause.map_or(Finding::NoConnection, |(_, finding)| *finding)
}

#[cfg(test)]
mod tests {
    use super::finding;
    use crate::domain::{Finding, Service};

    #[test]
    fn causes_are_told_apart_by_the_words_of_whoever_tried() {
        let cases = [
            ("dns", Service::Other, Finding::NameUnknown),
            ("getaddrinfo ENOTFOUND api.example.test", Service::Other, Finding::NameUnknown),
            ("operation timed out", Service::Other, Finding::NoAnswer),
            ("TLS handshake timed out", Service::Other, Finding::TlsFailed),
            ("invalid peer certificate: Expired", Service::Other, Finding::TlsFailed),
            ("connection_refused", Service::Ollama, Finding::NotRunning),
            ("connection refused", Service::OpenAi, Finding::NoConnection),
            ("connection reset by peer", Service::Other, Finding::NoConnection),
            ("", Service::Other, Finding::NoConnection),
        ];
        for (said, service, expected) in cases {
            assert_eq!(finding(said, service), expected, "{said}");
        }
    }
}

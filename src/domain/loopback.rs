//! Which addresses are on this computer.

/// Whether an address names this computer, and nothing that only looks like it.
#[must_use]
pub fn is_loopback_url(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return false;
    }
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((six, _)) => six,
        None => authority.split(':').next().unwrap_or_default(),
    };
    let parts: Vec<&str> = host.split('.').collect();
    let four = parts.len() == 4 && parts[0] == "127" && parts.iter().all(|part| part.parse::<u8>().is_ok());
    host.eq_ignore_ascii_case("localhost") || host == "::1" || four
}

#[cfg(test)]
mod tests {
    use super::is_loopback_url;

    #[test]
    fn only_this_computer_is_this_computer() {
        for here in
            ["http://127.0.0.1:1/kimi", "http://localhost", "https://LOCALHOST:8/", "http://[::1]:9/v1", "127.0.0.2"]
        {
            assert!(is_loopback_url(here), "{here}");
        }
        for elsewhere in [
            "http://127.0.0.1:x@evil.example",
            "http://127.0.0.1.evil.example",
            "https://localhost.evil",
            "http://[2001::1]",
            "",
        ] {
            assert!(!is_loopback_url(elsewhere), "{elsewhere}");
        }
    }
}

//! The gateways this program was connected to, so that the next start can offer them: `gateways.json`, beside their
//! folders.
//!
//! Addresses only, never a token. Newest first, and no more than ten.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{StateError, atomic, files};
use crate::domain::KnownGateway;

const KEPT: usize = 10;

fn path(root: &Path) -> PathBuf {
    root.join("gateways.json")
}

/// Newest first. A file that is missing, or cannot be read, offers nothing.
#[must_use]
pub fn read(root: &Path) -> Vec<KnownGateway> {
    let bytes = files::read(&path(root)).ok().flatten();
    bytes.and_then(|bytes| parse(&bytes)).unwrap_or_default()
}

/// Puts `gateway` first, in place of what was known of its address.
///
/// # Errors
/// When the file cannot be read or written. One that does not parse is set aside.
pub fn remember(root: &Path, gateway: &KnownGateway, now: Timestamp) -> Result<(), StateError> {
    let path = path(root);
    let known = match files::read(&path)?.map(|bytes| parse(&bytes)) {
        None => Vec::new(),
        Some(Some(known)) => known,
        Some(None) => {
            atomic::set_aside(&path, "broken", now)?;
            Vec::new()
        }
    };
    if known.first() == Some(gateway) {
        return Ok(());
    }
    let others = known.iter().filter(|other| other.url != gateway.url);
    let entries: Vec<Value> = std::iter::once(gateway).chain(others).take(KEPT).map(to_json).collect();
    std::fs::create_dir_all(root).map_err(|error| StateError::write(root, error))?;
    atomic::write(&path, format!("{:#}\n", json!({ "gateways": entries })).as_bytes())
}

fn to_json(gateway: &KnownGateway) -> Value {
    json!({
        "name": gateway.name,
        "url": gateway.url,
        "tlsFingerprint": gateway.tls_fingerprint,
        "tokenRemembered": gateway.token_remembered,
    })
}

fn parse(bytes: &[u8]) -> Option<Vec<KnownGateway>> {
    let root: Value = serde_json::from_slice(bytes).ok()?;
    Some(root.get("gateways")?.as_array()?.iter().filter_map(of_json).take(KEPT).collect())
}

fn of_json(value: &Value) -> Option<KnownGateway> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let url = text("url").filter(|url| !url.is_empty())?;
    Some(KnownGateway {
        name: text("name").unwrap_or_else(|| url.clone()),
        url,
        tls_fingerprint: text("tlsFingerprint"),
        token_remembered: value.get("tokenRemembered").and_then(Value::as_bool).unwrap_or(false),
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{KEPT, read, remember};
    use crate::domain::KnownGateway;
    use crate::state::atomic;

    fn gateway(number: usize) -> KnownGateway {
        KnownGateway {
            name: format!("host-{number}"),
            url: format!("ws://host-{number}:18789"),
            tls_fingerprint: None,
            token_remembered: true,
        }
    }

    #[test]
    fn the_newest_ten_are_kept_and_each_address_once() {
        let root = tempfile::tempdir().expect("a folder");
        let root = root.path().join("not there yet");
        assert!(read(&root).is_empty());
        for number in 0..12 {
            remember(&root, &gateway(number), Timestamp::UNIX_EPOCH).expect("is written");
        }
        let again = KnownGateway { token_remembered: false, ..gateway(5) };
        remember(&root, &again, Timestamp::UNIX_EPOCH).expect("is written");
        let known = read(&root);
        assert_eq!((known.len(), &known[0], &known[1]), (KEPT, &again, &gateway(11)));
        assert_eq!(known.iter().filter(|known| known.url == again.url).count(), 1);
    }

    #[test]
    fn a_file_that_does_not_parse_is_kept_aside() {
        let root = tempfile::tempdir().expect("a folder");
        atomic::write(&root.path().join("gateways.json"), b"{").expect("is written");
        assert!(read(root.path()).is_empty());
        remember(root.path(), &gateway(1), Timestamp::UNIX_EPOCH).expect("is written");
        assert_eq!(read(root.path()), [gateway(1)]);
        let names = std::fs::read_dir(root.path()).expect("is there").count();
        assert_eq!(names, 2, "the broken one is still there");
    }
}

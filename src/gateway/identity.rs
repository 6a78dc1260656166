//! The key pair that makes this installation a device of its own, for gateways beyond loopback.
//!
//! Made once and kept in a file that only its owner can read. The private half never leaves this file.

use std::fmt;
use std::io::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::connect::{CLIENT_ID, CLIENT_MODE, ROLE, SCOPES};

/// An Ed25519 key pair and the id that a gateway knows it by.
pub struct DeviceIdentity {
    key: SigningKey,
    id: String,
}

#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("cannot read the device's key")]
    Read(#[source] std::io::Error),
    #[error("cannot keep the device's key")]
    Write(#[source] std::io::Error),
    #[error("no random numbers for a device's key")]
    NoRandomness,
    /// Replacing it would need a new approval, so this is left to a person.
    #[error("the file of the device's key holds something else")]
    NotAKey,
}

impl DeviceIdentity {
    /// The identity kept at `path`; a new one is made, and kept there, when nothing is.
    pub fn load_or_create(path: &Path) -> Result<Self, IdentityError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text).ok_or(IdentityError::NotAKey),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::create(path),
            Err(error) => Err(IdentityError::Read(error)),
        }
    }

    /// Made of a private key's 32 bytes.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let id = format!("{:x}", Sha256::digest(key.verifying_key().as_bytes()));
        Self { key, id }
    }

    /// Lowercase hex SHA-256 of the public key.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    fn create(path: &Path) -> Result<Self, IdentityError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_unnamed| IdentityError::NoRandomness)?;
        let text = format!("{}\n", json!({ "version": 1, "seed": URL_SAFE_NO_PAD.encode(seed) }));
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(IdentityError::Write)?;
        // The temporary file is created for its owner alone (0600), and renaming keeps that.
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(IdentityError::Write)?;
        file.write_all(text.as_bytes()).map_err(IdentityError::Write)?;
        file.as_file().sync_all().map_err(IdentityError::Write)?;
        match file.persist_noclobber(path) {
            Ok(_) => Ok(Self::from_seed(&seed)),
            // Another process was faster: its key is the device's.
            Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => {
                let text = std::fs::read_to_string(path).map_err(IdentityError::Read)?;
                Self::parse(&text).ok_or(IdentityError::NotAKey)
            }
            Err(error) => Err(IdentityError::Write(error.error)),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let seed = URL_SAFE_NO_PAD.decode(value.get("seed")?.as_str()?).ok()?;
        Some(Self::from_seed(&seed.try_into().ok()?))
    }

    /// The `device` part of `connect`, which answers the gateway's challenge.
    pub(crate) fn answer(&self, challenge: &Value, token: &str, platform: &str) -> Value {
        let nonce = challenge.get("nonce").and_then(Value::as_str).unwrap_or_default();
        // Sent back unchanged: the gateway compares it with its own clock.
        let signed_at = challenge.get("ts").cloned().unwrap_or_default();
        let claim = Claim { mode: CLIENT_MODE, signed_at: &signed_at, token, nonce, platform, family: "" };
        json!({
            "id": self.id,
            "publicKey": URL_SAFE_NO_PAD.encode(self.key.verifying_key().as_bytes()),
            "signature": self.sign(&claim),
            "signedAt": signed_at,
            "nonce": nonce,
        })
    }

    fn sign(&self, claim: &Claim<'_>) -> String {
        URL_SAFE_NO_PAD.encode(self.key.sign(claim.text(&self.id).as_bytes()).to_bytes())
    }
}

/// Everything a signature vouches for.
struct Claim<'a> {
    mode: &'a str,
    signed_at: &'a Value,
    token: &'a str,
    nonce: &'a str,
    platform: &'a str,
    family: &'a str,
}

impl Claim<'_> {
    fn text(&self, device: &str) -> String {
        let scopes = SCOPES.join(",");
        let plain = |text: &str| text.trim().to_ascii_lowercase();
        let Self { mode, signed_at, token, nonce, .. } = self;
        let (platform, family) = (plain(self.platform), plain(self.family));
        format!("v3|{device}|{CLIENT_ID}|{mode}|{ROLE}|{scopes}|{signed_at}|{token}|{nonce}|{platform}|{family}")
    }
}

impl fmt::Debug for DeviceIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceIdentity(•••)")
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::Value;

    use super::{Claim, DeviceIdentity, IdentityError};

    fn vector() -> Value {
        let text = include_str!("../../tests/recorded/gateway/device-signature-vector.json");
        serde_json::from_str(text).expect("the vector is JSON")
    }

    #[test]
    fn the_signature_is_the_one_a_gateway_accepted() {
        let vector = vector();
        let text = |pointer: &str| vector.pointer(pointer).and_then(Value::as_str).expect("is a text").to_owned();
        let device = DeviceIdentity::from_seed(&[7; 32]);
        assert_eq!(device.id(), text("/deviceId"));
        assert_eq!(URL_SAFE_NO_PAD.encode(device.key.verifying_key().as_bytes()), text("/publicKey"));
        let claim = Claim {
            mode: &text("/client/mode"),
            signed_at: &vector["signedAt"],
            token: &text("/token"),
            nonce: &text("/nonce"),
            platform: &text("/client/platform"),
            family: &text("/client/deviceFamily"),
        };
        assert_eq!(claim.text(device.id()), text("/payloadV3"));
        assert_eq!(device.sign(&claim), text("/signatureV3"));
    }

    #[test]
    fn a_key_is_made_once_and_kept_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("deeper/device.json");
        let made = DeviceIdentity::load_or_create(&path).expect("is made");
        let loaded = DeviceIdentity::load_or_create(&path).expect("is loaded");
        assert_eq!(made.id(), loaded.id());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let bits = std::fs::metadata(&path).expect("is there").permissions().mode();
            assert_eq!(bits & 0o777, 0o600);
        }
        let text = std::fs::read_to_string(&path).expect("is text");
        assert!(!format!("{made:?}").contains(made.id()) && text.contains("seed"));
    }

    #[test]
    fn a_damaged_key_is_reported_and_never_replaced() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("device.json");
        for damaged in ["", "{}", "{\"seed\":\"AAAA\"}", "{\"seed\":7}"] {
            let mut file = std::fs::File::create(&path).expect("is made");
            std::io::Write::write_all(&mut file, damaged.as_bytes()).expect("is written");
            let error = DeviceIdentity::load_or_create(&path).expect_err(damaged);
            assert!(matches!(error, IdentityError::NotAKey), "{error}");
            assert_eq!(std::fs::read_to_string(&path).expect("is still there"), damaged);
        }
    }
}

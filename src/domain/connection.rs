//! Which gateway, how it was found, and how the connection to it stands.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Secret;

/// Which gateway to talk to, and with what.
#[derive(Clone, Debug)]
pub struct GatewayTarget {
    /// For a person: "home-mini".
    pub name: String,
    /// `ws://` for loopback and private addresses, else `wss://`.
    pub url: String,
    /// `None`: what the keychain or an approved device holds.
    pub token: Option<Secret>,
    /// Lowercase hex SHA-256 of a self-signed certificate to accept.
    pub tls_fingerprint: Option<String>,
    /// Keep the token in the desktop's secret service.
    pub remember_token: bool,
    /// `None`: the usual place for this gateway.
    pub state_dir: Option<PathBuf>,
}

/// A gateway found in this machine's OpenClaw configuration.
#[derive(Clone, Debug)]
pub struct Discovered {
    pub name: String,
    pub url: String,
    /// Where it was found: a path or the name of a variable.
    pub source: String,
    /// Connecting needs no further question.
    pub has_token: bool,
    pub listening: bool,
    /// What connecting to it takes.
    pub target: GatewayTarget,
}

/// A gateway this program was connected to before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownGateway {
    pub name: String,
    pub url: String,
    pub tls_fingerprint: Option<String>,
    /// Connecting needs no token to be typed: the keychain has it, or the gateway asked for none.
    pub token_remembered: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Connection {
    /// No gateway was chosen yet.
    None,
    Connecting {
        name: String,
        url: String,
        attempt: u32,
    },
    Connected(GatewayInfo),
    /// It will be tried again at `retry_at`.
    Waiting {
        name: String,
        url: String,
        trouble: Trouble,
        retry_at: Timestamp,
    },
    /// It will not be tried again before the user does something.
    Stopped {
        name: String,
        url: String,
        trouble: Trouble,
    },
}

impl Connection {
    #[must_use]
    pub fn info(&self) -> Option<&GatewayInfo> {
        match self {
            Self::Connected(info) => Some(info),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GatewayInfo {
    pub name: String,
    pub url: String,
    pub version: String,
    /// The connection's rights and everything else that must hold before we write.
    pub access: Access,
    /// The gateway's clock minus ours.
    pub clock_skew: SignedDuration,
    /// How long its last answer took.
    pub latency: Option<SignedDuration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Access {
    ReadWrite,
    /// The token's scopes do not allow edits.
    ReadOnlyScopes,
    /// Another program holds the state folder.
    FolderHeld,
    /// The state folder takes nothing, so nothing could be recorded.
    FolderNotWritable,
    /// Another computer acts on this gateway.
    GatewayOwned,
    /// What the folder owes, it owes on another gateway, or the mark it put on this one was removed.
    AnotherGateway,
    /// The first apply starts with a guarded write that changes nothing, to prove this version.
    UnprovenVersion,
}

impl Access {
    /// Nothing may be changed on the gateway.
    #[must_use]
    pub fn looks_only(self) -> bool {
        !matches!(self, Self::ReadWrite | Self::UnprovenVersion)
    }

    /// Whether this program is the one that asks the gateway for what costs tokens.
    #[must_use]
    pub fn may_probe(self) -> bool {
        !self.looks_only()
    }
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Trouble {
    /// What was given as an address is none.
    NoAddress {
        detail: String,
    },
    /// Nothing listens there.
    Absent,
    Starting,
    Restarting,
    /// Closed or silent.
    Lost {
        detail: String,
    },
    NoToken,
    BadToken,
    /// `openclaw devices approve REQUEST` on the gateway's host lets this device in.
    NeedsPairing {
        request: String,
    },
    /// It speaks another protocol version.
    Protocol {
        detail: String,
    },
    /// A plain `ws://` address beyond loopback and private networks.
    Insecure,
    Certificate {
        detail: String,
    },
    /// It answers, but not like a gateway.
    NotAGateway {
        detail: String,
    },
    Refused {
        detail: String,
    },
    /// The gateway was not even asked: its state folder cannot be used.
    Folder {
        detail: String,
    },
}

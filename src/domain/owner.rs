//! Who acts on a gateway: one program, on one computer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The declaration key of the disabled cron that says who acts on a gateway.
pub const OWNER_KEY: &str = "model-orchestrator:owner";

/// What the mark on a gateway says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerMark {
    /// The state folder that acts, by the id it was given when it first did.
    pub folder: String,
    /// The computer, for a person.
    pub host: String,
    /// When it began to act.
    pub since: Timestamp,
}

/// The program without a window that acts on this folder, on this computer; the picture is its.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Background {
    pub pid: u32,
    pub since: Timestamp,
    pub version: String,
}

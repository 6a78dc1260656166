//! Why a gateway could not be reached, or would not do what was asked.
//!
//! Branches on `details.code`, never on prose: a bad token is an `INVALID_REQUEST` at the top level.
//! Every text of a peer in here went through [`Scrub::quote`].

use std::time::Duration;

use jiff::SignedDuration;

use super::frame::WireError;
use super::scrub::Scrub;
use crate::domain::{Revision, Trouble};

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GatewayError {
    #[error("not an address of a gateway: {detail}")]
    Address { detail: String },
    /// Refused before any byte was sent.
    #[error("a plain connection is only for loopback and private networks")]
    Insecure,
    #[error("nothing listens there")]
    Absent,
    #[error("cannot be reached: {detail}")]
    Unreachable { detail: String },
    #[error("the certificate was not accepted: {detail}")]
    Certificate { detail: String },
    #[error("it does not answer like a gateway: {detail}")]
    NotAGateway { detail: String },
    #[error("the gateway asks for a token")]
    NoToken,
    #[error("the gateway does not know this token")]
    BadToken,
    /// `openclaw devices approve REQUEST` on the gateway's host lets this device in.
    #[error("this device must be approved on the gateway, request {request}")]
    NeedsPairing { request: String },
    #[error("it speaks another protocol version: {detail}")]
    Protocol { detail: String },
    #[error("the gateway is starting")]
    Starting,
    #[error("the gateway is restarting")]
    Restarting,
    /// A connection was refused for a reason of its own.
    #[error("the gateway refused the connection: {message}")]
    Refused { code: String, message: String },

    /// Somebody else changed the cron meanwhile; nothing was written.
    #[error("the cron was changed meanwhile")]
    Conflict { expected: Option<Revision>, actual: Option<Revision> },
    #[error("the gateway has no such cron")]
    NotFound,
    #[error("the gateway's limit for this call is reached")]
    RateLimited { retry_after: Option<SignedDuration> },
    #[error("the gateway cannot do this now: {message}")]
    Unavailable { retry_after: Option<SignedDuration>, retryable: bool, message: String },
    #[error("this connection may not do that, it lacks {scope}")]
    MissingScope { scope: String },
    #[error("the gateway refused: {message}")]
    Rejected { code: String, message: String },
    /// No answer in time. A write may have been carried out all the same.
    #[error("no answer to {what} in {} s", after.as_secs())]
    Timeout { what: String, after: Duration },
    #[error("the connection is closed: {detail}")]
    Closed { detail: String },
    /// An answer that cannot be read.
    #[error("an answer that cannot be read: {detail}")]
    Garbage { detail: String },
}

impl GatewayError {
    /// Why there is no connection, when this is what connecting (or a call) ended in.
    #[must_use]
    pub fn trouble(&self) -> Trouble {
        match self {
            Self::Insecure => Trouble::Insecure,
            Self::Absent => Trouble::Absent,
            Self::Certificate { detail } => Trouble::Certificate { detail: detail.clone() },
            Self::NotAGateway { detail } => Trouble::NotAGateway { detail: detail.clone() },
            Self::NoToken => Trouble::NoToken,
            Self::BadToken => Trouble::BadToken,
            Self::NeedsPairing { request } => Trouble::NeedsPairing { request: request.clone() },
            Self::Protocol { detail } => Trouble::Protocol { detail: detail.clone() },
            Self::Starting => Trouble::Starting,
            Self::Restarting => Trouble::Restarting,
            Self::Unreachable { detail } | Self::Closed { detail } => Trouble::Lost { detail: detail.clone() },
            Self::Unavailable { retryable: true, message, .. } => Trouble::Lost { detail: message.clone() },
            Self::Timeout { .. } | Self::Garbage { .. } => Trouble::Lost { detail: self.to_string() },
            Self::Address { detail } => Trouble::NoAddress { detail: detail.clone() },
            Self::Refused { message, .. } => Trouble::Refused { detail: message.clone() },
            Self::Conflict { .. }
            | Self::NotFound
            | Self::RateLimited { .. }
            | Self::Unavailable { .. }
            | Self::MissingScope { .. }
            | Self::Rejected { .. } => Trouble::Refused { detail: self.to_string() },
        }
    }

    /// What an answer other than `hello-ok` to `connect` means.
    pub(crate) fn of_connect(error: &WireError, scrub: &Scrub) -> Self {
        let message = scrub.quote(&error.message);
        match error.detail_code() {
            Some("AUTH_TOKEN_MISMATCH" | "AUTH_DEVICE_TOKEN_MISMATCH") => Self::BadToken,
            Some("DEVICE_IDENTITY_REQUIRED") => Self::NoToken,
            Some("PAIRING_REQUIRED") => {
                Self::NeedsPairing { request: scrub.quote(error.detail("requestId").unwrap_or_default()) }
            }
            Some("PROTOCOL_MISMATCH") => {
                let expected = error.details.get("expectedProtocol").and_then(serde_json::Value::as_u64);
                Self::Protocol { detail: expected.map_or(message, |version| format!("it speaks version {version}")) }
            }
            Some(code) if code.contains("RATE_LIMIT") => Self::RateLimited { retry_after: retry_after(error) },
            // A password instead of a token, and whatever else is missing.
            Some(code) if code.starts_with("AUTH_") && code.contains("MISSING") => Self::NoToken,
            Some(code) if code.starts_with("AUTH_") => Self::BadToken,
            Some(code) => Self::Refused { code: scrub.quote(code), message },
            None if error.code == "UNAVAILABLE" && error.retryable => Self::Starting,
            None => Self::Refused { code: scrub.quote(&error.code), message },
        }
    }

    /// What a refused call means.
    pub(crate) fn of_call(error: &WireError, scrub: &Scrub) -> Self {
        let message = scrub.quote(&error.message);
        let revision = |key| error.detail(key).map(Revision::new);
        match (error.code.as_str(), error.detail_code()) {
            (_, Some("CRON_JOB_CHANGED")) => Self::Conflict {
                expected: revision("expectedConfigRevision"),
                actual: revision("actualConfigRevision"),
            },
            (_, Some("CRON_JOB_NOT_FOUND")) => Self::NotFound,
            (_, Some("MISSING_SCOPE")) => {
                Self::MissingScope { scope: scrub.quote(error.detail("missingScope").unwrap_or_default()) }
            }
            // Only the write limit names the limit it has reached.
            ("UNAVAILABLE", _) if error.retryable && error.detail("limit").is_some() => {
                Self::RateLimited { retry_after: retry_after(error) }
            }
            ("UNAVAILABLE", _) => {
                Self::Unavailable { retry_after: retry_after(error), retryable: error.retryable, message }
            }
            (code, _) => Self::Rejected { code: scrub.quote(code), message },
        }
    }

    /// What a close frame means to whom it cuts off.
    pub(crate) fn of_close(code: u16, reason: &str, scrub: &Scrub) -> Self {
        let reason = scrub.quote(reason);
        match code {
            1012 => Self::Restarting,
            1013 => Self::Starting,
            1002 => Self::Protocol { detail: reason },
            _ if reason.is_empty() => Self::Closed { detail: format!("code {code}") },
            _ => Self::Closed { detail: format!("{reason} (code {code})") },
        }
    }
}

fn retry_after(error: &WireError) -> Option<SignedDuration> {
    let millis = error.retry_after_ms.filter(|millis| millis.is_finite() && *millis >= 0.0)?;
    Some(SignedDuration::from_millis(millis.ceil() as i64))
}

//! The first request of a connection: who may come in, and with which rights.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::wire::{Caller, Fault, Request};
use super::world::{METHODS, hex};
use crate::domain::Secret;

const PROTOCOL: i64 = 4;
/// A signature older or newer than this against the challenge is stale.
const SIGNATURE_LASTS_MS: i64 = 10 * 60_000;
const CLIENT_IDS: [&str; 16] = [
    "webchat-ui",
    "openclaw-control-ui",
    "openclaw-browser-copilot",
    "openclaw-tui",
    "webchat",
    "cli",
    "gateway-client",
    "openclaw-macos",
    "openclaw-linux",
    "openclaw-ios",
    "openclaw-watchos",
    "openclaw-android",
    "node-host",
    "openclaw-worker",
    "test",
    "openclaw-probe",
];
const CLIENT_MODES: [&str; 8] = ["webchat", "cli", "ui", "backend", "node", "worker", "probe", "test"];

/// What the gateway sent before the client spoke.
#[derive(Clone, Debug)]
pub(super) struct Challenge {
    pub nonce: String,
    pub ts_ms: i64,
}

/// What the gateway knows of itself when somebody knocks.
#[derive(Debug)]
pub(super) struct Door<'a> {
    pub token: &'a Secret,
    /// Device tokens by device id.
    pub devices: &'a mut BTreeMap<String, Secret>,
    pub boot_id: &'a str,
    pub conn_id: &'a str,
    pub starting: bool,
    pub tick_ms: u64,
    pub uptime_ms: i64,
    /// Becomes the device token of a device that is new.
    pub fresh_token: Secret,
}

/// A refused connection: the answer, then the close.
#[derive(Debug)]
pub(super) struct Refusal {
    pub fault: Fault,
    pub close: u16,
    pub reason: String,
}

fn refuse(close: u16, fault: Fault) -> Refusal {
    Refusal { close, reason: fault.message.clone(), fault }
}

/// Checks `connect` and builds `hello-ok`.
pub(super) fn connect(
    request: &Request,
    challenge: &Challenge,
    door: &mut Door<'_>,
) -> Result<(Caller, Value), Refusal> {
    if request.method != "connect" {
        let fault = Fault::invalid("invalid handshake: first request must be connect");
        return Err(refuse(1008, fault));
    }
    if door.starting {
        let fault = Fault::new("UNAVAILABLE", "gateway starting; retry shortly").retry_after(500);
        let fault = fault.with(json!({ "reason": "startup-sidecars" }));
        return Err(Refusal { fault, close: 1013, reason: "gateway starting".into() });
    }
    let params = &request.params;
    check_client(params)?;
    check_protocol(params)?;
    let scopes = strings(params, "scopes");
    let device = params.get("device").filter(|device| device.is_object());
    let device_id = match device {
        Some(device) => Some(verify(device, params, challenge, &scopes).map_err(|fault| refuse(1008, fault))?),
        None => None,
    };
    let device_token = authorise(params, device_id.as_deref(), door)?;
    // A person's window without a device gets in, and may do nothing there.
    let mode = params["client"]["mode"].as_str().unwrap_or_default();
    let granted = if device_id.is_some() || matches!(mode, "backend" | "cli") { scopes } else { Vec::new() };
    let caller = Caller {
        id: device_id.unwrap_or_else(|| format!("connection:{}", door.conn_id)),
        scopes: granted,
        caps: strings(params, "caps"),
    };
    let hello = hello(&caller, device_token.as_ref(), door, challenge.ts_ms);
    Ok((caller, hello))
}

fn strings(params: &Value, key: &str) -> Vec<String> {
    let list = params.get(key).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn check_client(params: &Value) -> Result<(), Refusal> {
    let invalid = |why: String| Err(refuse(1008, Fault::invalid(format!("invalid connect params: {why}"))));
    let client = |key: &str| params.get("client").and_then(|client| client.get(key)).and_then(Value::as_str);
    for key in ["id", "version", "platform", "mode"] {
        if client(key).is_none() {
            return invalid(format!("at /client: must have required property '{key}'"));
        }
    }
    let allowed = |key: &str, list: &[&str]| client(key).is_some_and(|value| list.contains(&value));
    for (key, list) in [("id", &CLIENT_IDS[..]), ("mode", &CLIENT_MODES[..])] {
        if !allowed(key, list) {
            return invalid(format!("at /client/{key}: must be equal to one of the allowed values"));
        }
    }
    Ok(())
}

fn check_protocol(params: &Value) -> Result<(), Refusal> {
    let bound = |key: &str| params.get(key).and_then(Value::as_i64);
    let (Some(min), Some(max)) = (bound("minProtocol"), bound("maxProtocol")) else {
        let fault = Fault::invalid("invalid connect params: at root: must have required property 'minProtocol'");
        return Err(refuse(1008, fault));
    };
    if (min..=max).contains(&PROTOCOL) {
        return Ok(());
    }
    Err(refuse(
        1002,
        Fault::invalid("protocol mismatch").with(json!({
            "code": "PROTOCOL_MISMATCH",
            "clientMinProtocol": min,
            "clientMaxProtocol": max,
            "expectedProtocol": PROTOCOL,
            "minimumProbeProtocol": 3,
        })),
    ))
}

/// The shared token, or the token of a known device. A new device is paired silently, as on
/// loopback, and gets a token.
fn authorise(params: &Value, device: Option<&str>, door: &mut Door<'_>) -> Result<Option<Secret>, Refusal> {
    let given = |key: &str| params.get("auth").and_then(|auth| auth.get(key)).and_then(Value::as_str);
    let known = device.and_then(|id| door.devices.get(id)).cloned();
    let Some(token) = given("token").or_else(|| given("deviceToken")) else {
        let details = json!({ "code": "DEVICE_IDENTITY_REQUIRED" });
        return Err(refuse(1008, Fault::new("NOT_PAIRED", "device identity required").with(details)));
    };
    let is_known = known.as_ref().is_some_and(|known| known.reveal() == token);
    // The shared token counts only as such; a device token in either place.
    let is_shared = given("token") == Some(door.token.reveal());
    if !is_shared && !is_known {
        let (code, text, reason) = if given("token").is_none() {
            let text = "unauthorized: device token mismatch (rotate/reissue device token)";
            ("AUTH_DEVICE_TOKEN_MISMATCH", text, "device_token_mismatch")
        } else {
            let text = "unauthorized: gateway token mismatch (provide gateway auth token)";
            ("AUTH_TOKEN_MISMATCH", text, "token_mismatch")
        };
        return Err(refuse(
            1008,
            Fault::invalid(text).with(json!({
                "code": code,
                "authReason": reason,
                "canRetryWithDeviceToken": false,
                "recommendedNextStep": "update_auth_credentials",
            })),
        ));
    }
    Ok(device.map(|id| door.devices.entry(id.to_owned()).or_insert_with(|| door.fresh_token.clone()).clone()))
}

/// Checks a device's signature; the answer is its id.
fn verify(device: &Value, params: &Value, challenge: &Challenge, scopes: &[String]) -> Result<String, Fault> {
    let fault =
        |code: &str, text: &str, reason: &str| Fault::invalid(text).with(json!({ "code": code, "reason": reason }));
    let text = |key: &str| device.get(key).and_then(Value::as_str).unwrap_or_default();
    let invalid = || fault("DEVICE_AUTH_SIGNATURE_INVALID", "device signature invalid", "device-signature");
    let key = URL_SAFE_NO_PAD.decode(text("publicKey")).ok().and_then(|key| <[u8; 32]>::try_from(key).ok());
    let key = key.ok_or_else(invalid)?;
    let id = hex(&Sha256::digest(key));
    if id != text("id") {
        return Err(fault("DEVICE_AUTH_DEVICE_ID_MISMATCH", "device identity mismatch", "device-id-mismatch"));
    }
    let signed_ms = device.get("signedAt").and_then(Value::as_i64).unwrap_or(0);
    if (signed_ms - challenge.ts_ms).abs() > SIGNATURE_LASTS_MS {
        return Err(fault("DEVICE_AUTH_SIGNATURE_EXPIRED", "device signature expired", "device-signature-stale"));
    }
    if text("nonce") != challenge.nonce {
        return Err(fault("DEVICE_AUTH_NONCE_MISMATCH", "device nonce mismatch", "device-nonce-mismatch"));
    }
    let key = VerifyingKey::from_bytes(&key).ok().ok_or_else(invalid)?;
    let signature = URL_SAFE_NO_PAD.decode(text("signature")).ok();
    let signature = signature.and_then(|bytes| Signature::from_slice(&bytes).ok()).ok_or_else(invalid)?;
    let signed = [signed_text("v3", &id, params, scopes, challenge, signed_ms), {
        signed_text("v2", &id, params, scopes, challenge, signed_ms)
    }];
    let good = signed.iter().any(|text| key.verify_strict(text.as_bytes(), &signature).is_ok());
    if good { Ok(id) } else { Err(invalid()) }
}

fn signed_text(
    form: &str,
    id: &str,
    params: &Value,
    scopes: &[String],
    challenge: &Challenge,
    signed_ms: i64,
) -> String {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let client = |key: &str| text(params.get("client").and_then(|client| client.get(key)));
    let auth = |key: &str| params.get("auth").and_then(|auth| auth.get(key));
    let token = text(auth("token").or_else(|| auth("deviceToken")));
    let mut parts = vec![
        form.to_owned(),
        id.to_owned(),
        client("id"),
        client("mode"),
        text(params.get("role")),
        scopes.join(","),
        signed_ms.to_string(),
        token,
        challenge.nonce.clone(),
    ];
    if form == "v3" {
        parts.push(client("platform").trim().to_ascii_lowercase());
        parts.push(client("deviceFamily").trim().to_ascii_lowercase());
    }
    parts.join("|")
}

fn hello(caller: &Caller, device_token: Option<&Secret>, door: &Door<'_>, now_ms: i64) -> Value {
    let mut auth = json!({
        "method": "token", "role": "operator", "scopes": caller.scopes, "recoveryScope": "demo",
    });
    if let Some(token) = device_token {
        auth["deviceToken"] = token.reveal().into();
        auth["issuedAtMs"] = now_ms.into();
    }
    json!({
        "type": "hello-ok",
        "protocol": PROTOCOL,
        "server": {
            "version": "2026.9.6",
            "buildId": "2026.9.6-demo",
            "bootId": door.boot_id,
            "controlUiBuildSource": "bundled",
            "connId": door.conn_id,
        },
        "features": {
            "methods": METHODS,
            "events": ["connect.challenge", "chat.metadata.changed", "tick", "shutdown", "health", "cron", "agent"],
            "capabilities": ["model-catalog-snapshot"],
        },
        "snapshot": {
            "suspension": { "phase": "accepting" },
            "presence": [],
            "health": { "ok": true, "ts": now_ms, "durationMs": 2, "defaultAgentId": "main" },
            "stateVersion": { "presence": 1, "health": 1 },
            "uptimeMs": door.uptime_ms,
            "appliedConfigHash": "hmac-sha256:v1:Z2F0ZXdheS1kZW1vLWNvbmZpZ3VyYXRpb24tMDAwMDE",
            "sessionDefaults": {
                "defaultAgentId": "main",
                "modelConfigured": true,
                "ownership": "sole",
                "selectionRequired": false,
                "mainKey": "main",
                "mainSessionKey": "agent:main:main",
                "scope": "per-sender",
            },
            "authMode": "token",
        },
        "controlUiWidgetKinds": [],
        "controlUiLinkReaders": [],
        "pluginSurfaceUrls": {},
        "auth": auth,
        "policy": {
            "maxPayload": super::connection::MAX_PAYLOAD,
            "maxBufferedBytes": 52_428_800,
            "tickIntervalMs": door.tick_ms,
            "attachments": { "maxBytes": 19_464_192, "maxImageBytes": 6_291_456 },
            "allowedSessionVisibilities": ["shared", "read-only", "suggest", "draft"],
            "hasMultipleSessionSharingIdentities": false,
        },
    })
}

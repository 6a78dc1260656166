//! The providers behind the demo's gateway, over HTTP: paths, headers, bodies and codes of the real ones.
//!
//! Every provider has a folder of its own at one address: `http://127.0.0.1:PORT/kimi/…`. What it answers
//! is a pure function of the request and of how the provider stands at that moment; only `http` touches a
//! socket. The wire is written down once more on purpose: shared with the room that reads answers, the two
//! would always agree.
//!
//! Invariant: without the key that this demo made for it, a provider answers as to a stranger.

mod answer;
mod http;
mod keys;
mod shapes;

mod anthropic;
mod google;
mod kimi;
mod minimax;
mod openai;
mod zai;

use jiff::Timestamp;
use serde_json::json;

pub(super) use answer::{Answer, Asked};
pub(super) use http::serve;
pub(super) use keys::Keys;
pub(super) use kimi::CYCLE as KIMI_CYCLE;
pub(super) use zai::limit_reached;

use answer::{Shop, to_next_minute};

use super::DemoOutage;
use super::world::{PROVIDERS, Standing};

/// The providers of every demo, as its gateway calls them.
pub fn provider_ids() -> impl Iterator<Item = &'static str> {
    PROVIDERS.iter().map(|provider| provider.id)
}

/// The sentence of a minute's limit, where it tells of the minute.
pub(super) fn minute_limit(provider: &str, model: &str, now_ms: i64) -> Option<String> {
    let wait = to_next_minute(Timestamp::from_millisecond(now_ms).ok()?);
    match provider {
        "anthropic" => Some(anthropic::MINUTE_LIMIT.to_owned()),
        "openai" => Some(openai::minute_limit(model, wait)),
        _ => None,
    }
}

/// What is answered; `None` when the connection ends without a word.
pub(super) fn answer(asked: &Asked, keys: &Keys, standing: impl FnOnce(&str) -> Standing) -> Option<Answer> {
    let (id, asked) = asked.at_provider();
    let known = PROVIDERS.iter().find(|provider| provider.id == id).and_then(|provider| keys.of(provider.id));
    let Some(key) = known else {
        let names = provider_ids().collect::<Vec<_>>().join(", /");
        let text = format!("no provider of the demo has this path; they are at /{names}");
        return Some(Answer::json(404, json!({ "error": text })));
    };
    let standing = standing(id);
    if standing.outage == DemoOutage::Unreachable {
        return None;
    }
    let shop = Shop { id, key, standing: &standing };
    Some(match id {
        "anthropic" => anthropic::answer(&asked, &shop),
        "google" => google::answer(&asked, &shop),
        "kimi" => kimi::answer(&asked, &shop),
        "minimax" => minimax::answer(&asked, &shop),
        "openai" => openai::answer(&asked, &shop),
        _ => zai::answer(&asked, &shop),
    })
}

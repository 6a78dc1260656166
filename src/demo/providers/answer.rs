//! A request as providers look at it, and what they look it up in.

use hyper::HeaderMap;
use jiff::Timestamp;
use serde_json::Value;

use super::super::DemoOutage;
use super::super::world::{MODELS, Model, Shown, Standing};
use crate::domain::Secret;

/// A request.
#[derive(Clone, Debug)]
pub(in crate::demo) struct Asked {
    pub method: String,
    /// Without the query.
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    /// `null` when it is none or no JSON.
    pub body: Value,
}

/// What is sent back.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::demo) struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Value,
}

impl Answer {
    pub fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    pub fn with(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        self.headers.push((name, format!("{value}")));
        self
    }
}

impl Asked {
    /// The provider that the path begins with, and the request as that one sees it.
    pub(super) fn at_provider(&self) -> (&str, Self) {
        let path = self.path.trim_start_matches('/');
        let (id, rest) = path.split_once('/').unwrap_or((path, ""));
        (id, Self { path: format!("/{rest}"), ..self.clone() })
    }

    pub(super) fn route(&self) -> (&str, &str) {
        (&self.method, self.path.trim_end_matches('/'))
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ").map(str::trim)
    }

    /// A number of the query.
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        let fields = self.query.split('&').filter_map(|field| field.split_once('='));
        fields.into_iter().find(|(key, _)| *key == name).and_then(|(_, value)| value.parse().ok())
    }

    /// The model in the body.
    pub(super) fn model(&self) -> &str {
        self.body.get("model").and_then(Value::as_str).unwrap_or_default()
    }
}

/// The key that came with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Credential {
    Right,
    Wrong,
    Missing,
}

/// One provider at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shop<'a> {
    pub id: &'a str,
    pub key: &'a Secret,
    pub standing: &'a Standing,
}

impl<'a> Shop<'a> {
    pub fn outage(&self) -> DemoOutage {
        self.standing.outage
    }

    pub fn now(&self) -> Timestamp {
        self.standing.now
    }

    pub fn credential(&self, given: Option<&str>) -> Credential {
        match given.map(str::trim).filter(|given| !given.is_empty()) {
            None => Credential::Missing,
            Some(given) if given == self.key.reveal() && self.outage() != DemoOutage::RefusedKey => Credential::Right,
            Some(_) => Credential::Wrong,
        }
    }

    pub fn models(&self) -> impl Iterator<Item = &'static Model> + use<'a> {
        let id = self.id;
        MODELS.iter().filter(move |model| model.provider == id)
    }

    pub fn has(&self, model: &str) -> bool {
        self.models().any(|known| known.id == model)
    }

    pub fn window(&self, label: &str) -> Option<&'a Shown> {
        self.standing.windows.iter().find(|window| window.label == label)
    }

    pub fn next_minute_in(&self) -> i64 {
        to_next_minute(self.now())
    }
}

/// Seconds to the next full minute, when limits by the minute begin anew; at least one.
pub(super) fn to_next_minute(now: Timestamp) -> i64 {
    60 - now.as_second().rem_euclid(60)
}

/// A moment in milliseconds, as most providers write it.
pub(super) fn written(ms: i64) -> String {
    Timestamp::from_millisecond(ms).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

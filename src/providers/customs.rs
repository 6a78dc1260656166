//! The edge: bodies, wrappers and sentences become one [`Case`] that the tables can read.
//!
//! A gateway or proxy may wrap the real answer in its own message; it is unwrapped twice at most,
//! and the status outside no longer counts when the one inside says its own.

use jiff::tz::Offset;
use serde_json::Value;

use super::evidence::{Answer, Body, Evidence, PriorWindow, RequestKind};
use super::fault::{self, Fault};
use super::headers::Headers;
use super::prose::{self, Prose};
use crate::domain::{Billing, Service};

/// An answer that has been let in.
#[derive(Clone, Debug)]
pub(super) struct Case<'a> {
    pub(super) evidence: &'a Evidence,
    pub(super) service: Service,
    /// The status that counts: the innermost that is known.
    pub(super) status: Option<u16>,
    pub(super) headers: Headers,
    pub(super) content: Content,
    /// What went wrong, when something did.
    pub(super) fault: Option<Fault>,
    /// Named by a sentence of the gateway.
    named_model: Option<String>,
}

/// What a body turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    Json(Value),
    /// A web page.
    Page,
    Text(String),
    Empty,
    /// JSON that ends too early, or garbage in its place.
    CutOff,
    /// A stream of events without an error.
    Stream,
}

/// Wrappers around an answer that are taken off.
const MOST_WRAPPERS: usize = 2;

pub(super) fn admit(evidence: &Evidence) -> Case<'_> {
    match &evidence.answer {
        Answer::Nothing { .. } => case(evidence, None, Headers::default(), Content::Empty),
        Answer::Http { status, headers, body } => {
            let status = Some(*status).filter(|status| *status != 0);
            case(evidence, status, Headers::new(headers), decode(body))
        }
        Answer::BodyOnly(body) => case(evidence, None, Headers::default(), decode(body)),
        Answer::Prose(text) => of_prose(evidence, text),
    }
}

fn case(evidence: &Evidence, status: Option<u16>, headers: Headers, content: Content) -> Case<'_> {
    let service = Service::of(&evidence.provider, evidence.request.url.as_deref());
    let mut case = Case { evidence, service, status, headers, content, fault: None, named_model: None };
    let failed = status.is_some_and(|status| status >= 400);
    case.fault = match &case.content {
        Content::Json(body) => fault::in_body(body, failed),
        Content::Text(text) if failed => Some(Fault::of_text(text)),
        Content::Empty | Content::CutOff if failed => Some(Fault::default()),
        _ => None,
    };
    unwrap(&mut case);
    if case.status.is_none_or(|status| status < 400) {
        // An error inside a success, or without any status: its own number counts.
        let own = case.fault.as_ref().map(Fault::own_status);
        case.status = own.unwrap_or(case.status);
    }
    case
}

fn of_prose<'a>(evidence: &'a Evidence, text: &str) -> Case<'a> {
    let Prose { provider, model, status, code, message, json } = prose::read(text, &evidence.provider);
    let content = json.map_or_else(|| Content::Text(message.clone()), |json| Content::Json(first(json)));
    let mut case = case(evidence, status, Headers::default(), content);
    if case.service == Service::Other {
        case.service = provider.map_or(Service::Other, |provider| Service::of(&provider, None));
    }
    case.named_model = model;
    if case.fault.is_none() || matches!(case.content, Content::Text(_)) {
        case.fault = Some(Fault { codes: code.into_iter().collect(), ..Fault::of_text(&message) });
    }
    case
}

/// Takes wrappers off: a message that is itself an answer, or ends in one.
fn unwrap(case: &mut Case<'_>) {
    let outer = case.status;
    for _ in 0..MOST_WRAPPERS {
        let Some(message) = case.fault.as_ref().map(|fault| fault.message.clone()) else { return };
        let Some(inner) = prose::embedded(&message).map(first) else { return };
        let Some(fault) = fault::in_body(&inner, true) else { return };
        let own = fault.own_status().or_else(|| prose::status_before(&message));
        // Without any status inside, the failure outside is better than nothing.
        case.status = own.or(outer.filter(|status| *status >= 400));
        case.fault = Some(fault);
        case.content = Content::Json(inner);
    }
}

fn decode(body: &Body) -> Content {
    match body {
        Body::Empty | Body::Json(Value::Null) => Content::Empty,
        Body::Text(text) | Body::Json(Value::String(text)) => decode_text(text, 1),
        Body::Json(value) => Content::Json(first(value.clone())),
    }
}

/// Streams wrap an error in a list.
fn first(value: Value) -> Value {
    match value {
        Value::Array(mut items) if !items.is_empty() => items.swap_remove(0),
        other => other,
    }
}

fn decode_text(text: &str, layers: usize) -> Content {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Content::Empty;
    }
    if let Some(content) = stream(text) {
        return content;
    }
    match serde_json::from_str::<Value>(text) {
        Ok(Value::String(inner)) if layers > 0 => decode_text(&inner, layers - 1),
        Ok(value @ (Value::Object(_) | Value::Array(_))) => Content::Json(first(value)),
        Err(_) if is_page(text) => Content::Page,
        Err(_) if text.starts_with(['{', '[']) && prose::embedded(text).is_none() => Content::CutOff,
        Ok(_) | Err(_) => Content::Text(text.to_owned()),
    }
}

fn is_page(text: &str) -> bool {
    let start: String = text.chars().take(300).collect::<String>().to_ascii_lowercase();
    start.starts_with("<!doctype") || start.starts_with("<?xml") || start.contains("<html") || start.contains("<head")
}

/// The first error of an event stream, or that it is one.
fn stream(text: &str) -> Option<Content> {
    if !["event:", "data:", "id:", "retry:", ": "].iter().any(|field| text.starts_with(field)) {
        return None;
    }
    let mut error_event = false;
    for line in text.lines() {
        if let Some(event) = line.strip_prefix("event:") {
            error_event = event.trim() == "error";
        }
        let Some(data) = line.strip_prefix("data:").map(str::trim) else { continue };
        match serde_json::from_str::<Value>(data).map(first) {
            Ok(value) if error_event || value.get("error").is_some_and(|error| !error.is_null()) => {
                let wrapped = fault::in_body(&value, false).is_some();
                return Some(Content::Json(if wrapped { value } else { serde_json::json!({ "error": value }) }));
            }
            Err(_) if error_event => return Some(Content::Json(serde_json::json!({ "error": data }))),
            _ => {}
        }
    }
    Some(Content::Stream)
}

impl Case<'_> {
    /// How the account bills, as far as words of money go: Z.ai never runs out of a balance.
    pub(super) fn billing(&self) -> Billing {
        match (self.service, self.evidence.billing) {
            (Service::Zai, Billing::PrepaidCredits) => Billing::QuotaPlan,
            (_, billing) => billing,
        }
    }

    pub(super) fn kind(&self) -> Option<RequestKind> {
        self.evidence.request.kind
    }

    /// Whether only the quota was asked for.
    pub(super) fn asks_usage(&self) -> bool {
        matches!(self.kind(), Some(RequestKind::Quota | RequestKind::Balance))
    }

    pub(super) fn succeeded(&self) -> bool {
        self.fault.is_none() && self.status.is_some_and(|status| (200..300).contains(&status))
    }

    pub(super) fn json(&self) -> Option<&Value> {
        match &self.content {
            Content::Json(value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn url_has(&self, part: &str) -> bool {
        self.evidence.request.url.as_deref().is_some_and(|url| url.contains(part))
    }

    /// The zone of times without one.
    pub(super) fn naive(&self) -> Offset {
        if self.service == Service::Zai { Offset::constant(8) } else { Offset::UTC }
    }

    /// The windows of the earlier reading that are still used up now.
    pub(super) fn still_used_up(&self) -> impl Iterator<Item = &PriorWindow> {
        self.evidence.prior_quota.iter().filter(|window| {
            let passed = window.reset_at.is_some_and(|reset| reset <= self.evidence.now);
            window.blocks_chat && !passed && window.used_percent.is_some_and(|used| used >= 100.0)
        })
    }

    /// The model in question, spelled as the provider spells it.
    pub(super) fn model(&self) -> Option<String> {
        let message = self.fault.as_ref().map_or("", |fault| fault.message.as_str());
        let asked = self.evidence.request.model.as_deref().or(self.named_model.as_deref());
        match asked.filter(|model| !model.trim().is_empty()) {
            Some(model) => Some(spelled_in(message, model).unwrap_or_else(|| model.to_owned())),
            None => named_in(message),
        }
    }
}

/// `model` as `message` spells it.
fn spelled_in(message: &str, model: &str) -> Option<String> {
    let at = message.to_ascii_lowercase().find(&model.to_ascii_lowercase())?;
    message.get(at..at + model.len()).map(str::to_owned)
}

/// The model that a message names: "model: claude-opus-9", "The model `gpt-9` …", "models/gemini-2.5".
fn named_in(message: &str) -> Option<String> {
    let lower = message.to_ascii_lowercase();
    let marks = lower.match_indices("model").filter_map(|(at, word)| {
        let rest = message[at + word.len()..]
            .trim_start_matches(|l: char| l == 's' || l.is_whitespace() || ":/`'\"“(".contains(l));
        let rest = rest.strip_prefix("models/").unwrap_or(rest);
        let len = rest.find(|l: char| !(l.is_ascii_alphanumeric() || "-_.:/".contains(l))).unwrap_or(rest.len());
        let name = rest[..len].trim_end_matches(['.', ':', '/', '-']);
        (name.len() > 2 && name.contains(|l: char| l.is_ascii_digit())).then(|| name.to_owned())
    });
    marks.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::{Content, decode_text, named_in, spelled_in};

    #[test]
    fn a_text_is_json_a_page_a_stream_or_what_it_is() {
        let cases = [
            ("\u{feff}{\"a\":1}", "json"),
            ("\"{\\\"a\\\":1}\"", "json"),
            ("[{\"a\":1},{\"b\":2}]", "json"),
            ("<!doctype html><html>", "page"),
            ("{\"data\":{\"limits\":[{\"perc", "cut off"),
            ("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}", "json"),
            ("event: message_start\ndata: {\"type\":\"message_start\"}", "stream"),
            ("data: {\"error\":{\"message\":\"x\"}}\n\ndata: [DONE]", "json"),
            ("Too many requests", "text"),
            ("  ", "empty"),
        ];
        for (text, expected) in cases {
            let told = match decode_text(text, 1) {
                Content::Json(_) => "json",
                Content::Page => "page",
                Content::Text(_) => "text",
                Content::Empty => "empty",
                Content::CutOff => "cut off",
                Content::Stream => "stream",
            };
            assert_eq!(told, expected, "{text}");
        }
    }

    #[test]
    fn a_model_is_named_as_the_provider_names_it() {
        assert_eq!(spelled_in("no access to GLM-5.3", "glm-5.3").as_deref(), Some("GLM-5.3"));
        for (message, model) in [
            ("model: claude-opus-9", Some("claude-opus-9")),
            ("The model `gpt-9` does not exist", Some("gpt-9")),
            ("This model models/gemini-2.5-flash-lite is no longer available", Some("gemini-2.5-flash-lite")),
            ("model 'llama9' not found", Some("llama9")),
            ("The selected model was not found", None),
        ] {
            assert_eq!(named_in(message).as_deref(), model, "{message}");
        }
    }
}

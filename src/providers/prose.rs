//! Sentences instead of answers: what the gateway makes of a provider's failure.
//!
//! Prefixes and symbols are peeled off until the provider's own words, or an embedded JSON answer,
//! appear. Where the gateway replaced those words by its own, its sentence is turned into a code
//! that the shared table knows. Its verdicts are hints: the status rule and the tables decide.

use serde_json::Value;

use super::repr;

/// A sentence, taken apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Prose {
    /// Provider and model, where the sentence names them.
    pub(super) provider: Option<String>,
    pub(super) model: Option<String>,
    pub(super) status: Option<u16>,
    /// A code that leads the sentence, or stands for a sentence of the gateway.
    pub(super) code: Option<String>,
    pub(super) message: String,
    pub(super) json: Option<Value>,
}

const PREFIXES: &[&str] = &[
    "failovererror",
    "agent failed before reply",
    "embedded agent failed before reply",
    "agent run failed",
    "unhandled error",
    "uncaught error",
    "llm error",
    "api error",
    "apierror",
    "ratelimiterror",
    "cron",
    "error",
];

/// Sentences of the gateway that replace a provider's own, and the code each stands for.
const SENTENCES: &[(&str, &str)] = &[
    ("returned a billing error", "billing_error"),
    ("the selected model was not found", "model_not_found"),
    ("job execution timed out", "job_timed_out"),
    ("llm request timed out", "job_timed_out"),
    ("request timed out", "job_timed_out"),
    ("is temporarily disabled after a provider", "gateway_cooldown"),
    ("is temporarily unavailable for", "gateway_cooldown"),
    ("is in cooldown", "gateway_cooldown"),
    ("no api key found for provider", "no_key"),
    ("the ai service is temporarily overloaded", "overloaded_error"),
    ("context overflow", "context_length_exceeded"),
    ("connection error", "connection_error"),
    ("fetch failed", "connection_error"),
];

/// Takes a sentence apart; `about` is the provider that is meant when several are named.
pub(super) fn read(text: &str, about: &str) -> Prose {
    let mut rest = before_time_was_up(text.trim());
    if let Some(attempt) = of_summary(rest, about) {
        rest = attempt;
    }
    let mut prose = Prose::default();
    loop {
        let before = rest;
        rest = rest.trim_start_matches(|letter: char| {
            !letter.is_alphanumeric() && !matches!(letter, '{' | '[' | '(' | '\'' | '"')
        });
        rest = without_prefix(rest);
        if let Some((provider, model, after)) = named(rest) {
            (prose.provider, prose.model) = (Some(provider.to_owned()), Some(model.to_owned()));
            rest = after;
        }
        if rest == before {
            break;
        }
    }
    let (status, after) = leading_status(rest);
    prose.status = status.or_else(|| status_within(rest));
    after.trim().clone_into(&mut prose.message);
    if let Some(json) = embedded(rest) {
        prose.json = Some(json);
        return prose;
    }
    let lower = rest.to_lowercase();
    let sentence =
        SENTENCES.iter().find(|(sentence, _)| lower.chars().take(200).collect::<String>().contains(sentence));
    prose.code = sentence.map(|(_, code)| (*code).to_owned()).or_else(|| leading_code(&prose.message));
    prose
}

/// "why | cron: job execution timed out …": why the same model was asked again until then.
fn before_time_was_up(text: &str) -> &str {
    match text.split_once(" | cron: job execution timed out") {
        Some((why, _)) if !why.trim().is_empty() => why.trim(),
        _ => text,
    }
}

/// "All models failed (2): a/m: why | b/n: why": the part about the provider that is meant.
fn of_summary<'a>(text: &'a str, about: &str) -> Option<&'a str> {
    let start = text.find("All models failed")?;
    let list = text[start..].split_once(": ")?.1;
    let parts: Vec<&str> = list.split(" | ").collect();
    let meant = parts.iter().find(|part| !about.is_empty() && part.starts_with(about));
    meant.or(parts.first()).copied()
}

/// `text` without one word of a program that passed it on: "Error: …".
pub(super) fn without_prefix(text: &str) -> &str {
    let lower: String = text.chars().take(48).map(|letter| letter.to_ascii_lowercase()).collect();
    let found = PREFIXES.iter().find(|prefix| lower.starts_with(&format!("{prefix}:")));
    found.map_or(text, |prefix| text[prefix.len() + 1..].trim_start())
}

/// "x (m1) returned …", "x/m1 request failed …", "x/m1: …".
fn named(text: &str) -> Option<(&str, &str, &str)> {
    let name = |text: &str| {
        !text.is_empty() && text.len() < 80 && text.chars().all(|l| l.is_ascii_alphanumeric() || "-_.:@".contains(l))
    };
    let first = text.split_whitespace().next()?;
    if let Some((provider, model)) = first.split_once('/') {
        let model = model.trim_end_matches(':');
        let after = text[first.len()..].trim_start();
        let told = first.ends_with(':') || after.starts_with("request failed");
        let known = name(provider) && model.split('/').all(name);
        return (known && told).then_some((provider, model, after));
    }
    let after = text[first.len()..].trim_start();
    let (model, after) = after.strip_prefix('(')?.split_once(')')?;
    let after = after.trim_start();
    (name(first) && name(model) && after.starts_with("returned ")).then_some((first, model, after))
}

/// What may stand before a status.
const LEADS: &[&str] = &[
    "error code: ",
    "error code ",
    "http error ",
    "http ",
    "status code: ",
    "status code ",
    "status: ",
    "status ",
    "",
];

/// "429 Too Many Requests", "HTTP 429: …", "Error code: 429 - …", "status code 429".
fn leading_status(text: &str) -> (Option<u16>, &str) {
    let lower: String = text.chars().take(24).map(|letter| letter.to_ascii_lowercase()).collect();
    for lead in LEADS.iter().filter(|lead| lower.starts_with(**lead)) {
        let rest = &text[lead.len()..];
        if let Some(status) = status_at(rest) {
            let after = rest[3..].trim_start_matches(|letter: char| {
                letter.is_whitespace() || matches!(letter, ':' | '-' | ',' | '–' | '—')
            });
            return (Some(status), after);
        }
    }
    (None, text)
}

fn status_at(text: &str) -> Option<u16> {
    let digits = text.get(..3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?;
    let next = text[3..].chars().next();
    let ends = next.is_none_or(|next| !next.is_alphanumeric() && next != '.' && next != '-' && next != '/');
    digits.parse().ok().filter(|status| ends && (400..600).contains(status))
}

/// "(provider returned HTTP 401)", "(authentication failed, HTTP 403)", "(status 429)".
fn status_within(text: &str) -> Option<u16> {
    let lower = text.to_ascii_lowercase();
    ["http ", "status code ", "status: ", "status ", "status="]
        .iter()
        .find_map(|lead| lower.match_indices(lead).find_map(|(at, lead)| status_at(&lower[at + lead.len()..])))
}

/// A code that leads a sentence: `rate_limit_error`, or `authentication_error - OAuth token …`.
fn leading_code(text: &str) -> Option<String> {
    let word = text.split([' ', ':', ',']).next()?;
    let code = word.contains('_')
        && word.bytes().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_');
    code.then(|| word.to_owned())
}

/// A JSON answer inside a text: the text itself, or what follows a short remark and ends the text.
pub(super) fn embedded(text: &str) -> Option<Value> {
    let text = text.trim();
    let start = text.find(['{', '['])?;
    // `[1308][Usage limit …` is a list of remarks, not JSON.
    let start = if text[start..].starts_with('[') && !text[start + 1..].trim_start().starts_with(['{', '[', '"']) {
        start + text[start..].find('{')?
    } else {
        start
    };
    if !introduces(text[..start].trim_end()) {
        return None;
    }
    let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
    let Some(Ok(value)) = values.next() else { return repr::parse(&text[start..]).filter(tells_something) };
    let behind = &text[start + values.byte_offset()..];
    let ends = behind.chars().count() < 160 && !behind.contains(['{', '[']);
    Some(value).filter(|value| ends && tells_something(value))
}

/// Whether a value can be an answer at all.
fn tells_something(value: &Value) -> bool {
    let value = value.get(0).unwrap_or(value);
    ["error", "message", "msg", "code", "base_resp", "detail", "type"].iter().any(|key| value.get(key).is_some())
}

/// Whether a remark announces somebody's answer. What stands in quotation marks, behind much text or
/// behind other words is somebody's input.
fn introduces(remark: &str) -> bool {
    const WORDS: &[&str] = &[
        "error",
        "upstream",
        "provider",
        "api",
        "http",
        "request failed",
        "failed",
        "response",
        "server",
        "gateway",
        "received",
        "status",
        "got",
    ];
    let lower = remark.to_lowercase();
    let announces =
        remark.is_empty() || status_before(remark).is_some() || WORDS.iter().any(|word| lower.starts_with(word));
    announces && remark.len() <= 160 && !remark.ends_with(['\'', '"', '`', '“'])
}

/// The status that a remark before an embedded answer names.
pub(super) fn status_before(text: &str) -> Option<u16> {
    let remark = text.split(['{', '[']).next().unwrap_or_default();
    leading_status(remark.trim_start()).0.or_else(|| status_within(remark)).or_else(|| {
        remark.split(|letter: char| !letter.is_ascii_digit()).filter(|digits| digits.len() == 3).find_map(status_at)
    })
}

#[cfg(test)]
mod tests {
    use super::{embedded, read};

    #[test]
    fn a_sentence_of_the_gateway_is_peeled_to_its_core() {
        let cases = [
            ("⚠️ x (m1) returned a billing error — top up", Some("x"), None, Some("billing_error")),
            ("⚠️ x/m1 request failed (authentication failed, HTTP 403). Again.", Some("x"), Some(403), None),
            ("Authentication failed (provider returned HTTP 401). Your token", None, Some(401), None),
            ("cron: job execution timed out (last phase: x)", None, None, Some("job_timed_out")),
            ("FailoverError: HTTP 429: rate_limit_error", None, Some(429), Some("rate_limit_error")),
            ("HTTP 401: authentication_error - OAuth token has expired", None, Some(401), Some("authentication_error")),
            ("429 Too Many Requests", None, Some(429), None),
            ("⚠️ Usage limit reached for 5 hour.", None, None, None),
            ("4290 things", None, None, None),
            ("All models failed (2): a/m: 429 slow | b/n: 529 busy", Some("b"), Some(529), None),
            (
                "The AI service is temporarily overloaded. | cron: job execution timed out (last phase: x)",
                None,
                None,
                Some("overloaded_error"),
            ),
            (
                "⚠️ x/m1 request failed (internal error, HTTP 500). | cron: job execution timed out (last phase: x)",
                Some("x"),
                Some(500),
                None,
            ),
            (
                "Inline API key for provider \"x\" is temporarily disabled after a provider auth failure",
                None,
                None,
                Some("gateway_cooldown"),
            ),
        ];
        for (text, provider, status, code) in cases {
            let prose = read(text, "b");
            assert_eq!(
                (prose.provider.as_deref(), prose.status, prose.code.as_deref()),
                (provider, status, code),
                "{text}: {prose:?}"
            );
        }
    }

    #[test]
    fn json_is_taken_from_a_remark_but_not_from_a_quotation() {
        for text in [
            r#"{"error":{"message":"m"}}"#,
            r#"Error code: 429, with error text {"error":{"code":"1113","message":"m"}}"#,
            r#"429 {"type":"error","error":{"type":"rate_limit_error"}}"#,
            r#"upstream said [{"error":{"code":429}}]."#,
            "Error code: 429 - {'error': {'code': '1308', 'message': 'Usage limit', 'param': None}}",
        ] {
            assert!(embedded(text).is_some(), "{text}");
        }
        for text in [
            r#"Invalid value in messages[3].content: '{"error":{"code":"1113"}}'"#,
            r#"Invalid JSON body: {"error":{"code":"1113"}}"#,
            "[1308][Usage limit reached][2026]",
            "{not json}",
            r#"use {"temperature": 1}"#,
        ] {
            assert_eq!(embedded(text), None, "{text}");
        }
    }
}

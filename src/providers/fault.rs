//! The error inside an answer: its codes, its message, its details, in whatever envelope.

use serde_json::Value;

use super::{json, prose};

/// An error as an API puts it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Fault {
    /// Every code, the most telling first.
    pub(super) codes: Vec<String>,
    pub(super) message: String,
    /// The object that holds the error, or null.
    pub(super) value: Value,
}

impl Fault {
    /// An error that is only a sentence.
    pub(super) fn of_text(message: &str) -> Self {
        Self { message: message.trim().to_owned(), ..Self::default() }
    }

    pub(super) fn has(&self, code: &str) -> bool {
        self.codes.iter().any(|one| one.eq_ignore_ascii_case(code))
    }

    /// The opening of the message in lower case: up to the first quotation, colon or line break.
    ///
    /// What a user wrote is quoted behind those, so phrases are looked for here and nowhere else.
    pub(super) fn opening(&self) -> String {
        opening(&self.message)
    }

    pub(super) fn opens_with(&self, phrase: &str) -> bool {
        self.opening().starts_with(phrase)
    }

    pub(super) fn opening_has(&self, phrase: &str) -> bool {
        self.opening().contains(phrase)
    }

    /// The HTTP status that the error itself names.
    pub(super) fn own_status(&self) -> Option<u16> {
        let numeric = self.codes.iter().filter_map(|code| code.parse::<u16>().ok());
        let numeric = numeric.chain(
            ["http_code", "raw_status_code", "status", "status_code", "statusCode"].iter().filter_map(|key| {
                json::number(self.value.get(key)?).filter(|status| status.fract() == 0.0).map(|status| status as u16)
            }),
        );
        numeric
            .into_iter()
            .find(|status| (400..600).contains(status))
            .or_else(|| self.codes.iter().find_map(|c| named(c)))
    }

    /// Google's list of details, in any order.
    pub(super) fn details(&self) -> impl Iterator<Item = &Value> {
        json::items(self.value.get("details"))
    }
}

/// Statuses that have a name instead of a number.
fn named(code: &str) -> Option<u16> {
    const NAMES: &[(&str, u16)] = &[
        ("INVALID_ARGUMENT", 400),
        ("FAILED_PRECONDITION", 400),
        ("UNAUTHENTICATED", 401),
        ("PERMISSION_DENIED", 403),
        ("NOT_FOUND", 404),
        ("RESOURCE_EXHAUSTED", 429),
        ("INTERNAL", 500),
        ("UNAVAILABLE", 503),
        ("DEADLINE_EXCEEDED", 504),
    ];
    NAMES.iter().find(|(name, _)| *name == code).map(|(_, status)| *status)
}

/// Longest opening of a sentence, in characters.
const OPENING: usize = 200;

fn opening(message: &str) -> String {
    let message = beginning(message).replace('’', "'");
    let mut said = String::new();
    let mut letters = message.chars().take(OPENING).peekable();
    while let Some(letter) = letters.next() {
        let apostrophe = letter == '\''
            && said.ends_with(char::is_alphanumeric)
            && letters.peek().is_some_and(|next| next.is_alphanumeric());
        if !apostrophe && matches!(letter, ':' | '"' | '\'' | '“' | '‘' | '\n' | '：' | '「') {
            break;
        }
        said.extend(letter.to_lowercase());
    }
    said.trim_end().to_owned()
}

/// Where the sentence itself begins: behind symbols and the words of programs that passed it on.
fn beginning(message: &str) -> &str {
    let mut rest = message;
    loop {
        let next = prose::without_prefix(rest.trim_start_matches(|letter: char| !letter.is_alphanumeric()));
        if next == rest {
            return rest;
        }
        rest = next;
    }
}

/// The error in a body, if there is one.
///
/// With a status that says failure anything is an error; with one that says success, only what
/// looks like one.
pub(super) fn in_body(body: &Value, failed: bool) -> Option<Fault> {
    let envelope = body
        .get("base_resp")
        .filter(|base| base.get("status_code").and_then(json::code).is_some_and(|code| code != "0"));
    if let Some(base) = envelope {
        return Some(of_object(base, body));
    }
    match body.get("error") {
        Some(error @ Value::Object(_)) => return Some(of_object(error, body)),
        Some(Value::Array(errors)) if !errors.is_empty() => return Some(of_object(&errors[0], body)),
        Some(Value::String(text)) if !text.trim().is_empty() => {
            let mut fault = of_object(body, body);
            fault.message.clone_from(text);
            return Some(fault);
        }
        _ => {}
    }
    let first = json::items(body.get("errors")).next();
    let looks_failed = body.get("success").and_then(json::truth) == Some(false)
        || ["type", "object"].iter().any(|key| body.get(key).and_then(Value::as_str) == Some("error"))
        || (body.get("msg").is_some() && business_code(body));
    match first {
        Some(error) if failed || looks_failed || body.as_object().is_some_and(|body| body.len() == 1) => {
            Some(of_object(error, body))
        }
        _ if looks_failed || failed => Some(of_object(body, body)),
        _ => None,
    }
}

/// A code beside a message that is neither 0 nor 200.
fn business_code(body: &Value) -> bool {
    body.get("code")
        .and_then(json::code)
        .is_some_and(|code| code.bytes().all(|digit| digit.is_ascii_digit()) && !matches!(code.as_str(), "0" | "200"))
}

fn of_object(error: &Value, root: &Value) -> Fault {
    let mut codes = Vec::new();
    let mut add = |value: Option<&Value>| codes.extend(value.and_then(json::code));
    add(json::at(error, &["details", "error_code"]));
    for detail in json::items(error.get("details")) {
        add(detail.get("reason"));
    }
    for key in ["code", "status_code", "error_code", "type", "status", "reason"] {
        add(error.get(key));
    }
    for key in ["code", "type"] {
        add(root.get(key));
    }
    codes.retain(|code| code != "error");
    let mut seen = Vec::new();
    codes.retain(|code: &String| !seen.contains(code) && (seen.push(code.clone()), true).1);
    let keys = ["message", "msg", "status_msg", "error_description", "error_message", "detail", "title"];
    let message = error.as_str().or_else(|| json::text_in(error, &keys)).or_else(|| json::text_in(root, &keys));
    Fault { codes, message: message.unwrap_or_default().to_owned(), value: error.clone() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Fault, in_body};

    #[test]
    fn an_error_is_found_in_every_envelope() {
        let cases = [
            (json!({"error": {"code": "1113", "message": "m"}}), false, Some(("1113", "m")), "OpenAI's shape"),
            (
                json!({"type": "error", "error": {"type": "1113", "message": "m"}}),
                false,
                Some(("1113", "m")),
                "Anthropic's",
            ),
            (json!({"base_resp": {"status_code": 1008, "status_msg": "m"}}), false, Some(("1008", "m")), "MiniMax's"),
            (json!({"base_resp": {"status_code": 0}, "choices": []}), false, None, "a success of MiniMax"),
            (json!({"code": 401, "msg": "m", "success": false}), false, Some(("401", "m")), "flat"),
            (json!({"code": 200, "msg": "fine", "success": true}), false, None, "a flat success"),
            (json!({"error": "m"}), false, Some(("", "m")), "only a sentence"),
            (json!({"error": null, "id": "resp_1"}), false, None, "no error at all"),
            (json!({"object": "error", "message": "m", "code": "1300"}), false, Some(("1300", "m")), "Mistral's"),
            (json!({"detail": "m"}), true, Some(("", "m")), "a failure in few words"),
            (json!({"detail": "m"}), false, None, "the same without a failure"),
            (json!({"errors": [{"message": "m", "code": 7}]}), true, Some(("7", "m")), "a list"),
        ];
        for (body, failed, expected, why) in cases {
            let found = in_body(&body, failed);
            let told =
                found.as_ref().map(|fault| (fault.codes.first().map_or("", String::as_str), fault.message.as_str()));
            assert_eq!(told, expected, "{why}: {body}");
        }
    }

    #[test]
    fn an_opening_ends_where_somebody_else_is_quoted() {
        let cases = [
            ("You've reached your limit. Upgrade: https://x", "you've reached your limit. upgrade"),
            ("Invalid value in messages[3]: 'insufficient balance'", "invalid value in messages[3]"),
            ("⚠️ Error: Usage limit reached for 5 hour.", "usage limit reached for 5 hour."),
            ("余额不足或无可用资源包,请充值", "余额不足或无可用资源包,请充值"),
        ];
        for (message, opening) in cases {
            assert_eq!(Fault::of_text(message).opening(), opening);
        }
    }
}

//! One value of a file that could not be used; a default stands in for it.

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::{Problem, ProblemKind, quotation};

/// Where in a file, and what was wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadValue {
    /// Keys from the top, joined by dots.
    pub path: String,
    pub detail: String,
}

impl BadValue {
    pub(super) fn new(path: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { path: path.into(), detail: detail.into() }
    }

    /// "expected a number, found text".
    pub(super) fn expected(path: impl Into<String>, wanted: &str, found: &Value) -> Self {
        Self::new(path, format!("expected {wanted}, found {}", kind_of(found)))
    }

    #[must_use]
    pub fn problem(&self, file: &str, since: Timestamp) -> Problem {
        Problem {
            id: format!("state/{file}/{}", self.path),
            what: ProblemKind::BadValue { file: file.to_owned(), path: self.path.clone(), detail: self.detail.clone() },
            since,
        }
    }
}

/// What a value is, without its content: content may be long or private.
pub(super) fn kind_of(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        // A key may have been put where something else belongs.
        Value::String(text) if text.chars().count() <= 24 => format!("{:?}", quotation(text).unwrap_or_default()),
        Value::String(_) => "a long text".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::BadValue;

    #[test]
    fn a_complaint_quotes_a_short_text_but_never_a_key() {
        let said = |value| BadValue::expected("automation.level", "ask", &value).detail;
        assert_eq!(said(json!("perhaps")), "expected ask, found \"perhaps\"");
        assert_eq!(said(json!("")), "expected ask, found \"\"");
        assert_eq!(said(json!("sk-Zq7vW3xK9mP2")), "expected ask, found \"•••\"");
    }
}

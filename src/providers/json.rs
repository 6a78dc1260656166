//! Lenient reading of JSON: numbers may be strings, fields may be missing or null.

use serde_json::Value;

/// A number, or a string that is one.
pub(super) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().trim_end_matches('%').parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

/// The number in the first of `keys` that has one.
pub(super) fn number_in(value: &Value, keys: &[&str]) -> Option<f64> {
    keys.iter().find_map(|key| value.get(key).and_then(number))
}

/// A text that is not empty.
pub(super) fn text(value: &Value) -> Option<&str> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty())
}

pub(super) fn text_in<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a str> {
    keys.iter().find_map(|key| value.get(key).and_then(text))
}

/// A code: a word, or a whole number in either spelling.
pub(super) fn code(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => {
            let whole = number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 1e9)?;
            Some(format!("{whole:.0}"))
        }
        _ => None,
    }
}

/// A truth, also as a word or a number.
pub(super) fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        Value::Number(number) => number.as_f64().map(|number| number != 0.0),
        _ => None,
    }
}

/// The field at the end of a path.
pub(super) fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, key| value.get(key)).filter(|found| !found.is_null())
}

/// The items of a list; nothing else has any.
pub(super) fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{code, number, truth};

    #[test]
    fn numbers_codes_and_truths_come_in_several_spellings() {
        for (value, expected) in
            [(json!(4.5), Some(4.5)), (json!(" 37 "), Some(37.0)), (json!("12%"), Some(12.0)), (json!("NaN"), None)]
        {
            assert_eq!(number(&value), expected, "{value}");
        }
        for (value, expected) in [
            (json!(1113), Some("1113")),
            (json!("1113"), Some("1113")),
            (json!(1113.0), Some("1113")),
            (json!(""), None),
            (json!(null), None),
            (json!(1.5), None),
        ] {
            assert_eq!(code(&value).as_deref(), expected, "{value}");
        }
        assert_eq!([truth(&json!("False")), truth(&json!(1)), truth(&json!([]))], [Some(false), Some(true), None]);
    }
}

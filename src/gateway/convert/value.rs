//! Single values, read in every form a gateway might write them.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// The text under `key`, unless it is missing, empty or something else.
pub(crate) fn text(object: &Value, key: &str) -> Option<String> {
    object.get(key)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A list of texts; entries that are no text are left out.
pub(crate) fn texts(value: &Value) -> Option<Vec<String>> {
    Some(value.as_array()?.iter().filter_map(|entry| entry.as_str().map(str::to_owned)).collect())
}

/// Milliseconds since 1970, whole or not, or a time in words.
pub(crate) fn moment(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        _ => Timestamp::from_millisecond(whole(value)?).ok(),
    }
}

/// How long something takes; a negative one is none.
pub(crate) fn span_millis(value: &Value) -> Option<SignedDuration> {
    whole(value).filter(|millis| *millis >= 0).map(SignedDuration::from_millis)
}

pub(crate) fn span_seconds(value: &Value) -> Option<SignedDuration> {
    let seconds = value.as_f64().filter(|seconds| (0.0..1e12).contains(seconds))?;
    Some(SignedDuration::from_millis((seconds * 1000.0).round() as i64))
}

/// A count that is not negative.
pub(crate) fn count(value: &Value) -> Option<u64> {
    u64::try_from(whole(value)?).ok()
}

fn whole(value: &Value) -> Option<i64> {
    // Beyond 2^53 a float no longer tells whole numbers apart.
    value.as_i64().or_else(|| value.as_f64().filter(|number| number.abs() < 9.0e15).map(|number| number as i64))
}

/// `true` and `false` only; `None` for anything else.
pub(crate) fn flag(object: &Value, key: &str) -> Option<bool> {
    object.get(key)?.as_bool()
}

/// The value under `key`, `null` when there is none.
pub(crate) fn at<'a>(object: &'a Value, key: &str) -> &'a Value {
    object.get(key).unwrap_or(&Value::Null)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{count, moment, span_millis, span_seconds};

    #[test]
    fn numbers_are_read_whole_or_not_and_nonsense_is_nothing() {
        let at = |value| moment(&value).map(|at| at.to_string());
        assert_eq!(at(json!(1_795_386_079_690_i64)).as_deref(), Some("2026-11-22T22:21:19.69Z"));
        assert_eq!(at(json!(1_795_386_079_690.7)).as_deref(), Some("2026-11-22T22:21:19.69Z"));
        assert_eq!(at(json!("2030-03-01T08:00:00.000Z")).as_deref(), Some("2030-03-01T08:00:00Z"));
        for nonsense in [json!(null), json!("soon"), json!(1e300), json!(i64::MAX), json!([1]), json!(true)] {
            assert_eq!(moment(&nonsense), None, "{nonsense}");
        }
        assert_eq!(count(&json!(3.0)), Some(3));
        assert_eq!(count(&json!(-1)), None);
        assert_eq!(span_seconds(&json!(1.5)).map(|span| span.as_millis()), Some(1500));
        assert_eq!(span_millis(&json!("5")), None);
        assert_eq!(
            (span_millis(&json!(-5)), span_seconds(&json!(-0.5))),
            (None, None),
            "nothing takes less than no time"
        );
    }
}

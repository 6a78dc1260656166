//! Headers of an answer: names without case, and the limit families that APIs put there.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use super::moment;

/// Headers by lower-case name.
#[derive(Clone, Debug, Default)]
pub(super) struct Headers(BTreeMap<String, String>);

/// One counter of a rate limit: so many requests or tokens for each window.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bucket {
    /// `requests`, `input-tokens`, `req-minute`; empty when there is only one.
    pub(super) name: String,
    pub(super) limit: Option<f64>,
    pub(super) remaining: Option<f64>,
    pub(super) reset_at: Option<Timestamp>,
}

impl Bucket {
    pub(super) fn exhausted(&self) -> bool {
        self.remaining.is_some_and(|left| left <= 0.0)
    }
}

impl Headers {
    pub(super) fn new(headers: &BTreeMap<String, String>) -> Self {
        Self(headers.iter().map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned())).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.get(name)?.trim_end_matches('%').parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// A moment as these families write it: a date, a duration, seconds from now or since 1970.
    pub(super) fn reset(&self, name: &str, now: Timestamp) -> Option<Timestamp> {
        let text = self.get(name)?;
        if let Some(at) = moment::spelled(text, Offset::UTC) {
            return Some(at);
        }
        moment::after(now, wait(text)?)
    }

    /// Every counter, by the order of their names.
    pub(super) fn buckets(&self, now: Timestamp) -> Vec<Bucket> {
        let found: BTreeSet<&str> = self.0.keys().filter_map(|header| bucket_name(header)).collect();
        found.into_iter().map(|name| self.bucket(name, now)).collect()
    }

    fn bucket(&self, name: &str, now: Timestamp) -> Bucket {
        let field = |kind: &str| -> Vec<String> {
            let dashed = if name.is_empty() { String::new() } else { format!("-{name}") };
            let anthropic = if name.is_empty() { String::new() } else { format!("anthropic-ratelimit-{name}-{kind}") };
            vec![format!("x-ratelimit-{kind}{dashed}"), format!("ratelimit-{kind}{dashed}"), anthropic]
        };
        Bucket {
            name: name.to_owned(),
            limit: field("limit").iter().find_map(|header| self.number(header)),
            remaining: field("remaining").iter().find_map(|header| self.number(header)),
            reset_at: field("reset").iter().find_map(|header| self.reset(header, now)),
        }
    }

    /// `retry-after-ms` or `retry-after`: seconds, also with a fraction, or a date.
    pub(super) fn retry_after(&self, now: Timestamp) -> Option<Timestamp> {
        let millis = self.number("retry-after-ms").and_then(|millis| moment::seconds(millis / 1000.0));
        let at = millis.and_then(|wait| moment::after(now, wait)).and_then(|at| moment::believable(at, now));
        at.or_else(|| {
            let text = self.get("retry-after")?;
            let at = match wait(text) {
                Some(wait) => moment::after(now, wait)?,
                None => moment::http_date(text).or_else(|| moment::spelled(text, Offset::UTC))?,
            };
            moment::believable(at, now)
        })
    }
}

/// Seconds as a plain number, or a duration with units.
fn wait(text: &str) -> Option<SignedDuration> {
    match text.trim().parse::<f64>() {
        Ok(number) => moment::seconds(number),
        Err(_) => moment::duration(text),
    }
}

/// What the counter behind a header is called.
fn bucket_name(header: &str) -> Option<&str> {
    const KINDS: [&str; 3] = ["limit", "remaining", "reset"];
    let plain = header.strip_prefix("x-ratelimit-").or_else(|| header.strip_prefix("ratelimit-"));
    if let Some(rest) = plain {
        let kind = KINDS.iter().find(|kind| rest == **kind || rest.starts_with(&format!("{kind}-")))?;
        return Some(rest[kind.len()..].trim_start_matches('-'));
    }
    let rest = header.strip_prefix("anthropic-ratelimit-")?;
    if rest.starts_with("unified") {
        return None;
    }
    KINDS.iter().find_map(|kind| rest.strip_suffix(&format!("-{kind}")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::Headers;

    fn headers(lines: &[(&str, &str)]) -> Headers {
        let lines: BTreeMap<_, _> =
            lines.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Headers::new(&lines)
    }

    fn now() -> Timestamp {
        "2026-11-20T08:00:00Z".parse().expect("a moment")
    }

    #[test]
    fn retry_after_is_read_in_every_spelling_or_not_at_all() {
        let cases = [
            (vec![("Retry-After", "23")], Some(23)),
            (vec![("retry-after", "1.5")], Some(2)),
            (vec![("retry-after-ms", "20000"), ("retry-after", "99")], Some(20)),
            (vec![("retry-after", "Fri, 20 Nov 2026 08:01:10 GMT")], Some(70)),
            (vec![("retry-after", "Fri, 20 Nov 2026 07:00:00 GMT")], None),
            (vec![("retry-after", "0")], None),
            (vec![("retry-after", "-5")], None),
            (vec![("retry-after", "soon")], None),
            (vec![("retry-after", "999999999999")], None),
            (vec![], None),
        ];
        for (lines, expected) in cases {
            let found = headers(&lines).retry_after(now()).map(|at| at.as_second() - now().as_second());
            assert_eq!(found, expected, "{lines:?}");
        }
    }

    #[test]
    fn counters_are_found_in_three_families() {
        let found = headers(&[
            ("anthropic-ratelimit-input-tokens-remaining", "0"),
            ("anthropic-ratelimit-input-tokens-reset", "2026-11-20T08:00:21Z"),
            ("anthropic-ratelimit-unified-reset", "1795496400"),
            ("x-ratelimit-limit-requests", "3"),
            ("x-ratelimit-reset-requests", "6m0s"),
            ("X-RateLimit-Reset", "1795219200000"),
        ])
        .buckets(now());
        let told: Vec<_> = found.iter().map(|bucket| (bucket.name.as_str(), bucket.exhausted())).collect();
        assert_eq!(told, [("", false), ("input-tokens", true), ("requests", false)]);
        let resets: Vec<_> = found.iter().filter_map(|bucket| bucket.reset_at).map(|at| at.to_string()).collect();
        assert_eq!(resets, ["2026-11-21T00:00:00Z", "2026-11-20T08:00:21Z", "2026-11-20T08:06:00Z"]);
    }
}

//! `checks` of an entry: what the last look at an account asked, what it left out and why.
//!
//! Machine words only: no address, no key, no sentence of a provider.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::domain::{CheckReport, Withheld};
use crate::state::status::moment_text;

pub(super) fn put(checks: &mut Map<String, Value>, report: &CheckReport, retry_at: Option<Timestamp>) {
    let requests = report.requests.iter().map(|asked| {
        let ms = u64::try_from(asked.took.as_millis()).unwrap_or(u64::MAX);
        json!({"purpose": asked.purpose.code(), "status": asked.status, "ms": ms})
    });
    let not_asked = report.not_asked.iter().map(|left| {
        let mut entry = json!({"purpose": left.purpose.code(), "why": left.why.code()});
        if let Withheld::TooSoon { until } = left.why {
            entry["until"] = moment_text(until).into();
        }
        entry
    });
    let fields = [
        ("checked_at", moment_text(report.checked_at).into()),
        ("requests", requests.collect()),
        ("tokens_spent", report.tokens_spent.into()),
        ("not_asked", not_asked.collect()),
        ("retry_at", retry_at.map(moment_text).into()),
        ("quota_trouble", report.quota_trouble.as_ref().map(|said| said.reason.as_str()).into()),
    ];
    checks.extend(fields.map(|(key, value): (&str, Value)| (key.to_owned(), value)));
}

//! Variants made from the recorded cases: what providers, gateways and time change without changing
//! what an answer means. Each expects what its original expects, moved along where time moves.

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde_json::{Value, json};

use super::case::{Case, all};

/// Fewer variants than this and a transformation stopped applying.
const FEWEST: usize = 2000;

#[test]
fn what_does_not_change_the_meaning_does_not_change_the_diagnosis() {
    type Change = fn(&Case) -> Option<Case>;
    let changes: &[(&str, Change)] = &[
        ("keys reversed", keys_reversed),
        ("numbers as strings", numbers_as_strings),
        ("strings as numbers", strings_as_numbers),
        ("unknown fields added", with_noise),
        ("body as text", body_as_text),
        ("body encoded twice", body_encoded_twice),
        ("headers in upper case", headers_in_upper_case),
        ("another model", another_model),
        ("a gateway's message around it", in_a_gateways_message),
        ("a message that is the answer", in_a_bare_message),
        ("an event stream around it", in_a_stream),
        ("other words around the code", in_other_words),
        ("kind left out", without_kind),
        ("provider left out", without_provider),
        ("100 days later", |case| shifted(case, 100)),
        ("200 days earlier", |case| shifted(case, -200)),
    ];
    let mut faults = Vec::new();
    let mut count = 0;
    for (name, change) in changes {
        let variants: Vec<Case> = all().iter().filter_map(change).collect();
        assert!(variants.len() >= 10, "{name} applies to {} cases only", variants.len());
        count += variants.len();
        let found = variants.iter().flat_map(Case::faults).map(|fault| format!("{name}: {fault}"));
        faults.extend(found);
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert!(count >= FEWEST, "{count} variants");
}

fn with_body(case: &Case, change: impl FnOnce(&Value) -> Value) -> Option<Case> {
    let body = case.document.get("body").filter(|body| !body.is_null())?;
    let changed = change(body);
    let mut variant = case.clone();
    variant.document["body"] = changed;
    Some(variant)
}

fn keys_reversed(case: &Case) -> Option<Case> {
    fn reverse(value: &Value) -> Value {
        match value {
            Value::Object(object) => object
                .iter()
                .rev()
                .map(|(key, value)| (key.clone(), reverse(value)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            Value::Array(items) => items.iter().map(reverse).collect(),
            other => other.clone(),
        }
    }
    with_body(case, reverse)
}

fn leaves(value: &Value, change: &impl Fn(&Value) -> Option<Value>) -> Value {
    match value {
        Value::Object(object) => {
            let changed = object.iter().map(|(key, value)| (key.clone(), leaves(value, change)));
            changed.collect::<serde_json::Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(|item| leaves(item, change)).collect(),
        leaf => change(leaf).unwrap_or_else(|| leaf.clone()),
    }
}

fn numbers_as_strings(case: &Case) -> Option<Case> {
    with_body(case, |body| leaves(body, &|leaf| leaf.as_number().map(|number| number.to_string().into())))
}

fn strings_as_numbers(case: &Case) -> Option<Case> {
    let number = |leaf: &Value| {
        let text = leaf.as_str().filter(|text| text.len() <= 15 && text.starts_with(|first| first != '0'))?;
        text.parse::<i64>().ok().map(Value::from)
    };
    with_body(case, |body| leaves(body, &number))
}

/// Fields that nobody has heard of, with words that nobody must look for.
fn with_noise(case: &Case) -> Option<Case> {
    with_body(case, |body| {
        let mut body = body.clone();
        if let Some(object) = body.as_object_mut() {
            object.insert("trace_note".to_owned(), "insufficient balance, please recharge".into());
            object.insert("trace".to_owned(), json!({"spans": [null, 1, {"hint": "余额不足"}]}));
        }
        body
    })
}

fn as_text(case: &Case, change: impl FnOnce(&Value) -> String) -> Option<Case> {
    let body = case.document.get("body").filter(|body| !body.is_null())?;
    let text = change(body);
    let mut variant = case.clone();
    variant.document["body"] = Value::Null;
    variant.document["body_text"] = text.into();
    Some(variant)
}

fn body_as_text(case: &Case) -> Option<Case> {
    as_text(case, |body| format!("\u{feff}\r\n{body:#}\n"))
}

fn body_encoded_twice(case: &Case) -> Option<Case> {
    as_text(case, |body| Value::String(body.to_string()).to_string())
}

fn headers_in_upper_case(case: &Case) -> Option<Case> {
    let headers = case.document["headers"].as_object().filter(|headers| !headers.is_empty())?;
    let upper: serde_json::Map<String, Value> =
        headers.iter().map(|(name, value)| (name.to_uppercase(), value.clone())).collect();
    let mut variant = case.clone();
    variant.document["headers"] = upper.into();
    Some(variant)
}

/// The same text in the document and in what is expected of it.
fn reworded(case: &Case, change: impl Fn(&str) -> String) -> Case {
    let both = |value: &Value| serde_json::from_str(&change(&value.to_string())).expect("still JSON");
    Case { name: case.name.clone(), document: both(&case.document), expect: both(&case.expect) }
}

fn another_model(case: &Case) -> Option<Case> {
    let model = case.document["request"]["model"].as_str()?;
    let (shouted, other) = (model.to_uppercase(), "acme-9.1-turbo");
    Some(reworded(case, |text| text.replace(model, other).replace(&shouted, &other.to_uppercase())))
}

/// Z.ai's codes with a message that says nothing, in another language; only the date is left.
fn in_other_words(case: &Case) -> Option<Case> {
    // This sentence names the model as its provider spells it.
    let coded = case.name.starts_with("zai/") && case.name != "zai/chat-1311-model-not-in-plan";
    let message = case.document.pointer("/body/error/message").filter(|_| coded)?.as_str()?;
    let date = message.find("2026-").and_then(|at| message.get(at..at + 19));
    let said = date.map_or_else(|| "出错了，请联系客服。".to_owned(), |date| format!("出错了。将于 {date} 恢复。"));
    let mut variant = case.clone();
    *variant.document.pointer_mut("/body/error/message")? = said.into();
    Some(variant)
}

/// The error that a case is about, when its body holds one with a code of its own.
fn error_in(case: &Case) -> Option<&Value> {
    let body = case.document.get("body").filter(|body| body.is_object())?;
    let base = body["base_resp"]["status_code"].as_i64().is_some_and(|code| code != 0);
    let flat = body["success"] == false;
    let failed = case.document["status"].as_u64().is_some_and(|status| status >= 400);
    (base || flat || (failed && body.get("error").is_some_and(|error| !error.is_null()))).then_some(body)
}

/// Somebody in between answers 500 and quotes status and body.
fn in_a_gateways_message(case: &Case) -> Option<Case> {
    let body = error_in(case)?;
    let status = &case.document["status"];
    let message = format!("Error code: {status}, with error text {body}");
    let mut variant = case.clone();
    variant.document["status"] = if status.as_u64()? < 400 { status.clone() } else { 500.into() };
    variant.document["body"] = json!({"error": {"message": message, "type": "upstream_error", "code": null}});
    Some(variant)
}

fn in_a_bare_message(case: &Case) -> Option<Case> {
    let body = error_in(case)?;
    let mut variant = case.clone();
    variant.document["body"] = json!({"error": {"message": format!("{body:#}"), "status": "Bad Gateway"}});
    Some(variant)
}

/// Cases that only their status tells apart, or whose sentence names it: in a stream it is lost.
const ONLY_BY_STATUS: &[&str] = &[
    "anthropic/api-error-500",
    "anthropic/region-forbidden-403",
    "codex/usage-401",
    "deepseek/402",
    "generic/error-is-a-string",
    "generic/money-words-in-user-text",
    "generic/retry-after-fraction",
    "generic/retry-after-garbage",
    "generic/retry-after-huge",
    "generic/retry-after-in-past-date",
    "groq/413-request-too-large",
    "ollama/model-missing-404",
    "openai/models-403-restricted-key",
];

fn in_a_stream(case: &Case) -> Option<Case> {
    let body = error_in(case)?;
    if ONLY_BY_STATUS.contains(&case.name.as_str()) {
        return None;
    }
    let stream = format!(": keep-alive\n\nevent: error\ndata: {body}\n\n");
    let mut variant = case.clone();
    variant.document["status"] = 200.into();
    variant.document["body"] = Value::Null;
    variant.document["body_text"] = stream.into();
    Some(variant)
}

fn known_host(case: &Case) -> bool {
    let url = case.document["request"]["url"].as_str().unwrap_or_default();
    !["example.test", "127.0.0.1"].iter().any(|host| url.contains(host))
}

fn without_kind(case: &Case) -> Option<Case> {
    // The console of Alibaba has one address for everything.
    if !known_host(case) || case.name == "alibaba/coding-plan-quota" {
        return None;
    }
    let mut variant = case.clone();
    variant.document["request"].as_object_mut()?.shift_remove("kind")?;
    Some(variant)
}

fn without_provider(case: &Case) -> Option<Case> {
    if !known_host(case) || case.name.starts_with("claude-subscription/") {
        return None;
    }
    let mut variant = case.clone();
    variant.document["provider"] = "my-own-name".into();
    Some(variant)
}

/// Everything in another season. What the calendar decides is left out: it has its own test.
fn shifted(case: &Case, days: i32) -> Option<Case> {
    let by_calendar = case.expect["reset_confidence"] == "derived" && case.document.get("prior_quota").is_none();
    if by_calendar || case.name == "openrouter/key-ok" {
        return None;
    }
    Some(reworded(case, |text| shift_text(text, days)))
}

fn shift_text(text: &str, days: i32) -> String {
    let mut shifted = String::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let fresh = !shifted.ends_with(|before: char| before.is_ascii_alphanumeric() || before == '.');
        let found =
            fresh.then(|| date(rest, days).or_else(|| http_date(rest, days)).or_else(|| epoch(rest, days))).flatten();
        if let Some((replacement, len)) = found {
            shifted.push_str(&replacement);
            at += len;
        } else {
            let letter = rest.chars().next().expect("not at the end");
            shifted.push(letter);
            at += letter.len_utf8();
        }
    }
    shifted
}

fn moved(date: Date, days: i32) -> Date {
    date.checked_add(Span::new().days(days)).expect("within the calendar")
}

/// 2026-11-20, whatever follows.
fn date(text: &str, days: i32) -> Option<(String, usize)> {
    let date: Date = text.get(..10).filter(|date| date.starts_with("20"))?.parse().ok()?;
    Some((moved(date, days).to_string(), 10))
}

/// Fri, 20 Nov 2026.
fn http_date(text: &str, days: i32) -> Option<(String, usize)> {
    let date = Date::strptime("%a, %d %b %Y", text.get(..16)?).ok()?;
    Some((moved(date, days).strftime("%a, %d %b %Y").to_string(), 16))
}

/// Seconds or milliseconds since 1970, near the cases' own time.
fn epoch(text: &str, days: i32) -> Option<(String, usize)> {
    let len = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let unit = match len {
        10 => 1,
        13 => 1000,
        _ => return None,
    };
    let number: i64 = text[..len].parse().ok()?;
    let near = Timestamp::from_second(number / unit).ok()?;
    let cases = "2026-09-01T00:00:00Z".parse::<Timestamp>().ok()?.."2027-03-01T00:00:00Z".parse().ok()?;
    cases.contains(&near).then(|| ((number + i64::from(days) * 86_400 * unit).to_string(), len))
}

#[test]
fn dates_move_in_every_spelling() {
    let text =
        r#"{"a":"2026-11-20 19:12:05","b":1795173125000,"c":"Fri, 20 Nov 2026 08:01:10 GMT","d":"20261120160203b3"}"#;
    let later =
        r#"{"a":"2026-11-21 19:12:05","b":1795259525000,"c":"Sat, 21 Nov 2026 08:01:10 GMT","d":"20261120160203b3"}"#;
    assert_eq!(shift_text(text, 1), later);
}

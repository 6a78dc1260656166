//! Limits that an account's owner wrote down: the list `windows` of an account.
//!
//! Invariant: a share that was used has the moment when it was so, or it is not taken.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::domain::{HandWindow, Metric, ResetRule, Span};
use crate::state::BadValue;
use crate::state::document::{as_object, number};
use crate::state::section::Section;

pub(super) fn read(account: &mut Section<'_, '_>, key: &str) -> Vec<HandWindow> {
    let mut windows = Vec::new();
    account.each_of_list(key, |section| windows.push(section.into_window()));
    windows
}

impl Section<'_, '_> {
    fn into_window(mut self) -> HandWindow {
        let label = self.text("label");
        let wanted = "5h, daily, weekly, monthly, minute or total";
        let span = self.field("span", wanted, |value| span_of(value.as_str()?));
        let span = span.or_else(|| Span::of_label(label.as_deref()?)).unwrap_or(Span::Endless);
        let (seen_at, has_date) = (self.moment("seen_at"), self.has("seen_at"));
        let used_percent = self.number("used_percent", 100.0);
        if used_percent.is_some() && !has_date {
            let path = self.path_of("seen_at");
            self.bad.push(BadValue::new(path, "expected the date and time when used_percent was so"));
        }
        let metric = self.coded("metric", Metric::ALL, Metric::code);
        HandWindow {
            label: label.unwrap_or_else(|| span.id()),
            span,
            metric: metric.unwrap_or(Metric::Percent),
            limit: self.number("limit", 1e15),
            used_percent: used_percent.filter(|_| seen_at.is_some()),
            seen_at: seen_at.unwrap_or(Timestamp::UNIX_EPOCH),
            resets: self.reset_rule(),
        }
    }

    fn reset_rule(&mut self) -> ResetRule {
        let (once, again) = (self.moment("resets_at"), self.moment("resets_every_from"));
        match (again, once) {
            (Some(from), _) => ResetRule::EverySpanFrom(from),
            (None, Some(at)) => ResetRule::At(at),
            (None, None) => ResetRule::Unknown,
        }
    }
}

fn span_of(text: &str) -> Option<Span> {
    if text == Span::Endless.id() { Some(Span::Endless) } else { Span::of_label(text) }
}

/// The list saying these windows; `None` when there is nothing to say.
///
/// A window keeps the unknown fields of the one with its label, and what is no window stays.
pub(super) fn written(list: &Value, windows: &[HandWindow]) -> Option<Value> {
    let (mut known, others): (Vec<_>, Vec<_>) =
        list.as_array().into_iter().flatten().cloned().partition(Value::is_object);
    let mut items: Vec<Value> = windows.iter().map(|window| item(&mut known, window)).collect();
    items.extend(others);
    (!items.is_empty()).then_some(Value::Array(items))
}

fn item(known: &mut Vec<Value>, window: &HandWindow) -> Value {
    let read =
        |item: &Value| Section { path: String::new(), fields: item.as_object(), bad: &mut Vec::new() }.into_window();
    let found = known.iter().position(|item| read(item).label == window.label);
    let item = found.map_or_else(|| Value::Object(Map::new()), |at| known.remove(at));
    if found.is_some() && read(&item) == *window {
        return item;
    }
    let mut item = item;
    let fields = as_object(&mut item);
    for (key, value) in fields_of(window) {
        match value {
            Some(value) => drop(fields.insert(key.to_owned(), value)),
            None => drop(fields.shift_remove(key)),
        }
    }
    item
}

fn fields_of(window: &HandWindow) -> [(&'static str, Option<Value>); 8] {
    let used = window.used_percent.filter(|used| used.is_finite()).map(|used| number(used.clamp(0.0, 100.0)));
    let dated = used.is_some() || window.seen_at != Timestamp::UNIX_EPOCH;
    let (once, again) = match window.resets {
        ResetRule::Unknown => (None, None),
        ResetRule::At(at) => (Some(at.to_string().into()), None),
        ResetRule::EverySpanFrom(from) => (None, Some(from.to_string().into())),
    };
    [
        ("label", Some(window.label.as_str().into())),
        ("span", Some(window.span.id().into())),
        ("metric", Some(window.metric.code().into())),
        ("limit", window.limit.map(number)),
        ("used_percent", used),
        ("seen_at", dated.then(|| window.seen_at.to_string().into())),
        ("resets_at", once),
        ("resets_every_from", again),
    ]
}

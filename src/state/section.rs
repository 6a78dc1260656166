//! Reading a file of ours field by field: a value is read, or a complaint is made, and the default stands.

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::domain::{ModelRef, Tier};

use super::BadValue;

/// An object of the file, with its path for what is wrong in it. An absent one has no fields.
pub(super) struct Section<'a, 'b> {
    pub path: String,
    pub fields: Option<&'a Map<String, Value>>,
    pub bad: &'b mut Vec<BadValue>,
}

impl<'a> Section<'a, '_> {
    pub fn value(&self, key: &str) -> Option<&'a Value> {
        self.fields?.get(key).filter(|value| !value.is_null())
    }

    pub fn has(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    pub fn is_number(&self, key: &str) -> bool {
        self.value(key).is_some_and(Value::is_number)
    }

    pub fn keys(&self) -> Vec<String> {
        self.fields.map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
    }

    pub fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    pub fn complain(&mut self, key: &str, wanted: &str) {
        let found = self.fields.and_then(|fields| fields.get(key)).unwrap_or(&Value::Null);
        self.bad.push(BadValue::expected(self.path_of(key), wanted, found));
    }

    /// The value, if `read` can read it; a complaint if it is there and cannot be read.
    pub fn field<T>(&mut self, key: &str, wanted: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Option<T> {
        let value = read(self.value(key)?);
        if value.is_none() {
            self.complain(key, wanted);
        }
        value
    }

    pub fn section(&mut self, key: &str) -> Section<'a, '_> {
        let fields = self.field(key, "an object", Value::as_object);
        Section { path: self.path_of(key), fields, bad: self.bad }
    }

    pub fn each(mut self, mut visit: impl FnMut(&str, Entry<'a, '_>)) {
        for key in self.keys() {
            if self.has(&key) {
                if self.value(&key).is_some_and(Value::is_object) {
                    visit(&key, Entry::Of(self.section(&key)));
                } else {
                    self.complain(&key, "an object");
                }
            } else {
                visit(&key, Entry::Null);
            }
        }
    }

    pub fn each_tier(self, mut visit: impl FnMut(Tier, Entry<'a, '_>)) {
        self.each(|key, entry| match (tier_of(key), entry) {
            (Some(tier), entry) => visit(tier, entry),
            (None, Entry::Of(section)) => {
                let path = section.path.clone();
                section.bad.push(BadValue::new(path, "expected T1, T2 or T3 as its name"));
            }
            (None, Entry::Null) => {}
        });
    }

    pub fn text(&mut self, key: &str) -> Option<String> {
        self.field(key, "text", |value| value.as_str().map(str::to_owned))
    }

    pub fn texts(&mut self, key: &str) -> Option<Vec<String>> {
        let text = |item: &Value| item.as_str().map(str::to_owned);
        self.field(key, "a list of texts", |value| value.as_array()?.iter().map(text).collect())
    }

    pub fn flag(&mut self, key: &str) -> Option<bool> {
        self.field(key, "true or false", Value::as_bool)
    }

    pub fn model(&mut self, key: &str) -> Option<ModelRef> {
        self.field(key, "provider/model", |value| ModelRef::parse(value.as_str()?))
    }

    pub fn moment(&mut self, key: &str) -> Option<Timestamp> {
        self.field(key, "a date and time", |value| value.as_str()?.parse().ok())
    }

    pub fn time_of_day(&mut self, key: &str) -> Option<Time> {
        self.field(key, "a time such as 22:00", |value| value.as_str()?.parse().ok())
    }

    pub fn choice<T: Copy>(&mut self, key: &str, codes: &[(T, &'static str)]) -> Option<T> {
        let wanted = codes.iter().map(|(_, code)| *code).collect::<Vec<_>>().join(", ");
        self.field(key, &format!("one of {wanted}"), |value| {
            let said = value.as_str()?;
            codes.iter().find(|(_, code)| *code == said).map(|(choice, _)| *choice)
        })
    }

    /// One of an enum with machine words.
    pub fn coded<T: Copy>(&mut self, key: &str, all: &[T], code: impl Fn(T) -> &'static str) -> Option<T> {
        let codes: Vec<_> = all.iter().map(|one| (*one, code(*one))).collect();
        self.choice(key, &codes)
    }

    pub fn whole(&mut self, key: &str, least: u32, most: u32) -> Option<u32> {
        self.field(key, &format!("a whole number from {least} to {most}"), |value| {
            let number = u32::try_from(value.as_u64()?).ok()?;
            (least..=most).contains(&number).then_some(number)
        })
    }

    pub fn number(&mut self, key: &str, most: f64) -> Option<f64> {
        self.field(key, &format!("a number from 0 to {most}"), |value| {
            value.as_f64().filter(|number| (0.0..=most).contains(number))
        })
    }

    pub fn money(&mut self, key: &str) -> Option<f64> {
        self.number(key, 1e6)
    }

    pub fn percent(&mut self, key: &str) -> Option<f64> {
        self.number(key, 100.0).map(|percent| percent / 100.0)
    }

    pub fn duration(&mut self, key: &str, unit_secs: f64, most: f64) -> Option<SignedDuration> {
        let number = self.number(key, most)?;
        Some(in_units(number, unit_secs))
    }

    /// Zero is never; less than a minute is too often.
    pub fn minutes_or_never(&mut self, key: &str, most: f64) -> Option<SignedDuration> {
        let wanted = format!("0, or a number from 1 to {most}");
        let possible = |number: &f64| *number == 0.0 || (1.0..=most).contains(number);
        let number = self.field(key, &wanted, |value| value.as_f64().filter(possible))?;
        Some(in_units(number, 60.0))
    }

    /// The objects of a list, each with its path; what is no object is complained of and left out.
    pub fn each_of_list(&mut self, key: &str, mut visit: impl FnMut(Section<'a, '_>)) {
        let Some(items) = self.field(key, "a list", Value::as_array) else { return };
        for (at, item) in items.iter().enumerate() {
            let path = format!("{}.{at}", self.path_of(key));
            match item.as_object() {
                Some(fields) => visit(Section { path, fields: Some(fields), bad: self.bad }),
                None => self.bad.push(BadValue::expected(path, "an object", item)),
            }
        }
    }
}

/// A member of a section that holds objects by name.
pub(super) enum Entry<'a, 'b> {
    /// Taken out on purpose.
    Null,
    Of(Section<'a, 'b>),
}

fn in_units(number: f64, unit_secs: f64) -> SignedDuration {
    SignedDuration::from_millis((number * unit_secs * 1000.0).round() as i64)
}

pub(super) fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

pub(super) fn tier_of(key: &str) -> Option<Tier> {
    Tier::ALL.into_iter().find(|tier| tier.code() == key)
}

//! Changing a file of ours field by field: only what is said otherwise is written, the rest stays.

use serde_json::{Value, json};

use super::document::as_object;

/// The value that a file shall have.
pub(super) struct Writer {
    pub root: Value,
}

impl Writer {
    pub fn differing<T: PartialEq>(&mut self, path: &[&str], was: &T, is: &T, value: impl Fn(&T) -> Value) {
        if was != is {
            self.set(path, value(is));
        }
    }

    /// As [`Writer::differing`]; nothing becomes `null` where something stood.
    pub fn nullable<T: PartialEq>(
        &mut self,
        path: &[&str],
        was: Option<&T>,
        is: Option<&T>,
        value: impl Fn(&T) -> Value,
    ) {
        match is {
            _ if was == is => {}
            Some(is) => self.set(path, value(is)),
            None if self.at(path).is_some() => self.set(path, Value::Null),
            None => {}
        }
    }

    /// Whether an object is there already; else an empty one is put there.
    pub fn object_at(&mut self, path: &[&str]) -> bool {
        let found = self.at(path).is_some_and(Value::is_object);
        if !found {
            self.set(path, json!({}));
        }
        found
    }

    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(&self.root, |place, key| place.get(*key))
    }

    pub fn set(&mut self, path: &[&str], value: Value) {
        let (last, sections) = path.split_last().expect("paths are not empty");
        let mut place = &mut self.root;
        for key in sections {
            place = as_object(place).entry(*key).or_insert_with(|| json!({}));
        }
        as_object(place).insert((*last).to_owned(), value);
    }

    pub fn unset(&mut self, path: &[&str]) {
        let (last, sections) = path.split_last().expect("paths are not empty");
        let mut place = Some(&mut self.root);
        for key in sections {
            place = place.and_then(|value| value.get_mut(*key));
        }
        if let Some(fields) = place.and_then(Value::as_object_mut) {
            fields.shift_remove(*last);
        }
    }

    pub fn optional(&mut self, path: &[&str], differs: bool, value: Option<Value>) {
        match value {
            Some(value) if differs => self.set(path, value),
            None if differs => self.unset(path),
            _ => {}
        }
    }
}

/// The word of the file for a choice.
pub(super) fn code_of<T: PartialEq>(codes: &[(T, &'static str)], wanted: &T) -> &'static str {
    codes.iter().find(|(choice, _)| choice == wanted).map_or("", |(_, code)| code)
}

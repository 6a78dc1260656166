//! A JSON file that can be changed without disturbing what is not changed.
//!
//! The text is kept as it was found. A change names the whole value wanted; where that equals what
//! is there, the old bytes are copied, so indentation, escapes, `1.0`, `1e3`, doubled keys, a byte
//! order mark and line ends survive. What is new is written in the style around it.

mod fresh;
mod merge;
mod rewrite;
mod scan;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

pub use merge::{Prefer, merge};

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// One JSON object file: its text, and what it says.
#[derive(Clone, Debug)]
pub struct Document {
    has_mark: bool,
    text: String,
    root: Value,
}

/// Why bytes are not a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("the file is empty")]
    Empty,
    #[error("not UTF-8 text (byte {at})")]
    NotText { at: usize },
    #[error("line {line}, column {column}: {detail}")]
    Syntax { line: usize, column: usize, detail: String },
    #[error("expected an object at the top, found {found}")]
    NotAnObject { found: String },
}

impl Document {
    /// A new file, without anything in it.
    #[must_use]
    pub fn empty() -> Self {
        Self { has_mark: false, text: "{}\n".to_owned(), root: Value::Object(Map::new()) }
    }

    /// # Errors
    /// When the bytes are not one JSON object.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(bytes).map_err(|error| Malformed::NotText { at: error.valid_up_to() })?;
        let has_mark = text.starts_with(BYTE_ORDER_MARK);
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        if text.trim().is_empty() {
            return Err(Malformed::Empty);
        }
        let root: Value = serde_json::from_str(text).map_err(|error| Malformed::Syntax {
            line: error.line(),
            column: error.column(),
            detail: without_place(&error),
        })?;
        if !root.is_object() {
            return Err(Malformed::NotAnObject { found: super::bad_value::kind_of(&root) });
        }
        Ok(Self { has_mark, text: text.to_owned(), root })
    }

    #[must_use]
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// The file as it is to be on disk.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mark = if self.has_mark { BYTE_ORDER_MARK } else { "" };
        [mark.as_bytes(), self.text.as_bytes()].concat()
    }

    /// The same without members that a later one of their name hides: nobody reads them, and they may say anything.
    #[must_use]
    pub fn without_hidden(&self) -> Self {
        let text = rewrite::without_hidden(&self.text, &self.root);
        Self { has_mark: self.has_mark, text, root: self.root.clone() }
    }

    /// This file saying `target`, with only the bytes changed that say something else now.
    #[must_use]
    pub fn rewritten(&self, target: &Value) -> Self {
        if self.root == *target {
            return self.clone();
        }
        let text = rewrite::rewrite(&self.text, &self.root, target);
        Self { has_mark: self.has_mark, text, root: target.clone() }
    }
}

/// A value as an object; one of another kind becomes an empty one.
pub(super) fn as_object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut().expect("made an object above")
}

/// Whole numbers without a decimal point.
pub(super) fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 { Value::from(value as i64) } else { Value::from(value) }
}

/// serde's text ends in " at line 3 column 7", which is said separately.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(detail, _)| detail.to_owned())
}

//! Three-way merge of JSON values, field by field.

use serde_json::{Map, Value};

/// Whose value stands where both sides changed the same field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefer {
    Ours,
    Theirs,
}

/// Brings what we changed since `base` and what they changed since `base` together.
///
/// The paths of fields that both changed, to different values, are returned beside it. Lists are
/// one field: their items have no names to match them by.
#[must_use]
pub fn merge(base: &Value, ours: &Value, theirs: &Value, prefer: Prefer) -> (Value, Vec<String>) {
    let mut sides = Merger { prefer, path: Vec::new(), conflicts: Vec::new() };
    let merged = sides.field(Some(base), Some(ours), Some(theirs)).unwrap_or(Value::Null);
    (merged, sides.conflicts)
}

struct Merger {
    prefer: Prefer,
    path: Vec<String>,
    conflicts: Vec<String>,
}

impl Merger {
    /// `None` is an absent field.
    fn field(&mut self, base: Option<&Value>, ours: Option<&Value>, theirs: Option<&Value>) -> Option<Value> {
        if ours == theirs || theirs == base {
            return ours.cloned();
        }
        if ours == base {
            return theirs.cloned();
        }
        if let (Some(Value::Object(ours)), Some(Value::Object(theirs))) = (ours, theirs) {
            let base = base.and_then(Value::as_object);
            return Some(Value::Object(self.object(base, ours, theirs)));
        }
        self.conflicts.push(self.path.join("."));
        match self.prefer {
            Prefer::Ours => ours.cloned(),
            Prefer::Theirs => theirs.cloned(),
        }
    }

    fn object(
        &mut self,
        base: Option<&Map<String, Value>>,
        ours: &Map<String, Value>,
        theirs: &Map<String, Value>,
    ) -> Map<String, Value> {
        let mut merged = Map::new();
        let only_ours = ours.keys().filter(|key| !theirs.contains_key(*key));
        for key in theirs.keys().chain(only_ours) {
            self.path.push(key.clone());
            let value = self.field(base.and_then(|base| base.get(key)), ours.get(key), theirs.get(key));
            self.path.pop();
            if let Some(value) = value {
                merged.insert(key.clone(), value);
            }
        }
        merged
    }
}

//! How a key crosses the socket of this user, inward and nowhere else.
//!
//! [`Secret`] itself has no serialisation, so that it cannot end up in a file or an answer by accident; here is the one
//! exception, named at each field that needs it.

use serde::{Deserialize as _, Deserializer, Serializer};

use crate::domain::Secret;

#[expect(clippy::ref_option, reason = "serde calls it with the field")]
pub fn serialize<S: Serializer>(key: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    match key {
        Some(key) => serializer.serialize_some(key.reveal()),
        None => serializer.serialize_none(),
    }
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Secret::new))
}

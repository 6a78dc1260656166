//! `owner.json`: which folder this is, for the mark on its gateway, and the mark that it put there last.
//!
//! Made when the folder acts for the first time, and never carried out or in: what was imported from here is another
//! folder. It names the place where it was made, so that a copy made in another way does not pass for the original.

use serde_json::{Value, json};

use crate::domain::{FolderIdentity, OwnerMark};

/// Reads the file of the folder at `place`. What cannot be read is nothing: then the folder is a new one.
#[must_use]
pub fn read(root: &Value, place: Option<u64>) -> FolderIdentity {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let made_at = root["place"].as_u64();
    let is_copy = made_at.is_some() && place.is_some() && made_at != place;
    let made = text(&root["folder"]).filter(|folder| !folder.is_empty());
    let placed = || {
        let said = &root["placed"];
        let since = said["since"].as_str()?.parse().ok()?;
        Some(OwnerMark { folder: text(&said["folder"]).or_else(|| made.clone())?, host: text(&said["host"])?, since })
    };
    let placed = placed();
    FolderIdentity { folder: made.filter(|_| !is_copy), placed }
}

/// The file's value with a new id; what else is in it stays.
#[must_use]
pub fn with_id(root: &Value, folder: &str, place: Option<u64>) -> Value {
    let mut root = object(root);
    root["folder"] = folder.into();
    root["place"] = json!(place);
    root
}

/// The file's value with the mark that was read back.
#[must_use]
pub fn with_placed(root: &Value, placed: &OwnerMark) -> Value {
    let mut root = object(root);
    root["placed"] = json!({ "folder": placed.folder, "host": placed.host, "since": placed.since.to_string() });
    root
}

fn object(root: &Value) -> Value {
    if root.is_object() { root.clone() } else { json!({}) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark() -> OwnerMark {
        OwnerMark { folder: "f1".to_owned(), host: "nas".to_owned(), since: "2026-11-23T07:00:00.5Z".parse().unwrap() }
    }

    #[test]
    fn what_was_written_is_read_and_what_nobody_knows_stays() {
        let root = with_placed(&with_id(&json!({ "note": 1 }), "f1", Some(7)), &mark());
        let expected = FolderIdentity { folder: Some("f1".to_owned()), placed: Some(mark()) };
        assert_eq!(read(&root, Some(7)), expected);
        assert_eq!(root["note"], 1);
        assert_eq!(read(&root, None), expected, "where the system tells no place");
    }

    #[test]
    fn a_copy_is_another_folder_that_still_knows_where_it_owes() {
        let root = with_placed(&with_id(&json!({}), "f1", Some(7)), &mark());
        assert_eq!(read(&root, Some(8)), FolderIdentity { folder: None, placed: Some(mark()) });
        let own = with_id(&root, "f2", Some(8));
        assert_eq!(read(&own, Some(8)), FolderIdentity { folder: Some("f2".to_owned()), placed: Some(mark()) });
    }

    #[test]
    fn what_cannot_be_read_is_a_folder_that_never_acted() {
        for root in [json!(null), json!([]), json!({ "folder": 1 }), json!({ "folder": "" })] {
            assert_eq!(read(&root, Some(7)), FolderIdentity::default(), "{root}");
        }
    }
}

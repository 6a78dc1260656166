//! `owner.json`: which folder this is, for the mark on its gateway, and the mark that it put there last.
//!
//! Made when the folder acts for the first time, and never carried out or in: what was imported from here is another
//! folder. It names the place where it was made, so that a copy made in another way does not pass for the original.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::domain::{FolderIdentity, OwnerMark};

/// Where a folder is, as far as the system tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The number of the folder in its file system.
    pub inode: Option<u64>,
    /// What tells this computer from others, see [`this_machine`].
    pub machine: Option<String>,
}

/// A digest of what the system calls this computer; the name itself is for programs of this computer alone.
#[must_use]
pub fn this_machine() -> Option<String> {
    machine_of(&std::fs::read_to_string("/etc/machine-id").ok()?)
}

/// Before the first start of a system something else stands there.
fn machine_of(id: &str) -> Option<String> {
    let id = id.trim();
    let named = id.len() == 32 && id.bytes().all(|letter| letter.is_ascii_hexdigit());
    named.then(|| format!("{:x}", Sha256::digest(format!("model-orchestrator:{id}"))))
}

/// Reads the file of the folder at `place`. What cannot be read is nothing: then the folder is a new one.
#[must_use]
pub fn read(root: &Value, place: &Place) -> FolderIdentity {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let elsewhere = place.inode.is_some_and(|inode| root["place"].as_u64().is_some_and(|made_at| made_at != inode));
    let machine = place.machine.as_deref();
    let another = machine.is_some_and(|machine| root["machine"].as_str().is_some_and(|made_on| made_on != machine));
    let is_copy = another || elsewhere;
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
pub fn with_id(root: &Value, folder: &str, place: &Place) -> Value {
    let mut root = object(root);
    root["folder"] = folder.into();
    root["place"] = json!(place.inode);
    root["machine"] = json!(place.machine);
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

    fn place(inode: u64, machine: &str) -> Place {
        Place { inode: Some(inode), machine: Some(machine.to_owned()) }
    }

    fn mark() -> OwnerMark {
        OwnerMark { folder: "f1".to_owned(), host: "nas".to_owned(), since: "2026-11-23T07:00:00.5Z".parse().unwrap() }
    }

    #[test]
    fn what_was_written_is_read_and_what_nobody_knows_stays() {
        let root = with_placed(&with_id(&json!({ "note": 1 }), "f1", &place(7, "a")), &mark());
        let expected = FolderIdentity { folder: Some("f1".to_owned()), placed: Some(mark()) };
        assert_eq!(read(&root, &place(7, "a")), expected);
        assert_eq!(root["note"], 1);
        assert_eq!(read(&root, &Place::default()), expected, "where the system tells no place");
    }

    #[test]
    fn a_copy_is_another_folder_that_still_knows_where_it_owes() {
        let root = with_placed(&with_id(&json!({}), "f1", &place(7, "a")), &mark());
        let unnamed = Place { machine: None, ..place(7, "") };
        let older = with_placed(&with_id(&json!({}), "f1", &unnamed), &mark());
        for (root, at, is_copy, why) in [
            (&root, place(8, "a"), true, "another folder of this computer"),
            (&root, place(7, "b"), true, "the same number on another computer"),
            (&root, Place { inode: None, ..place(7, "b") }, true, "another computer that tells no number"),
            (&root, unnamed.clone(), false, "the computer is not told any more"),
            (&older, place(7, "b"), false, "nobody knows where it was made"),
            (&older, place(8, "b"), true, "and its number is another one"),
        ] {
            let folder = (!is_copy).then(|| "f1".to_owned());
            assert_eq!(read(root, &at), FolderIdentity { folder, placed: Some(mark()) }, "{why}");
        }
        let own = with_id(&root, "f2", &place(7, "b"));
        let expected = FolderIdentity { folder: Some("f2".to_owned()), placed: Some(mark()) };
        assert_eq!(read(&own, &place(7, "b")), expected);
    }

    #[test]
    fn a_computer_is_told_by_a_digest_and_only_where_it_has_a_name() {
        let id = "0123456789abcdef0123456789abcdef";
        let machine = machine_of(&format!("{id}\n")).unwrap();
        assert!(machine.len() == 64 && !machine.contains(id), "{machine}");
        for none in ["", "uninitialized\n", "0123"] {
            assert_eq!(machine_of(none), None, "{none:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_a_folder_that_never_acted() {
        for root in [json!(null), json!([]), json!({ "folder": 1 }), json!({ "folder": "" })] {
            assert_eq!(read(&root, &place(7, "a")), FolderIdentity::default(), "{root}");
        }
    }
}

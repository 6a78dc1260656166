//! Who acts on a gateway: one program, on one computer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Cron;

/// The declaration key of the disabled cron that says who acts on a gateway.
pub const OWNER_KEY: &str = "model-orchestrator:owner";

/// What the mark on a gateway says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerMark {
    /// The state folder that acts, by the id it was given when it first did.
    pub folder: String,
    /// The computer, for a person.
    pub host: String,
    /// When it began to act.
    pub since: Timestamp,
}

/// Why it is there, for a person who finds it in the list; what it says follows.
const WHAT_IT_IS: &str = "Only a mark, it never runs: a second computer that finds it here only looks on.";

impl OwnerMark {
    /// What the mark's cron is called.
    #[must_use]
    pub fn name(&self) -> String {
        format!("Model Orchestrator on {} acts on this gateway", self.host)
    }

    /// What its cron says, for a person and for [`OwnerMark::of`].
    ///
    /// # Panics
    /// Never: texts and a moment can always be written down.
    #[must_use]
    pub fn description(&self) -> String {
        let said = serde_json::to_string(self).expect("a text, a text and a moment");
        format!("{WHAT_IT_IS} {said}")
    }

    /// What a cron says of the owner, if it is a mark. One that cannot be read is somebody's, and never ours.
    #[must_use]
    pub fn of(cron: &Cron) -> Option<Self> {
        if cron.declaration_key.as_deref() != Some(OWNER_KEY) {
            return None;
        }
        let text = cron.description.as_deref().unwrap_or_default();
        let said = text.find('{').and_then(|start| serde_json::from_str(&text[start..]).ok());
        Some(said.unwrap_or_else(|| Self {
            folder: String::new(),
            host: "another program".to_owned(),
            since: cron.updated_at.unwrap_or(Timestamp::UNIX_EPOCH),
        }))
    }
}

/// Which folder this is, for a gateway on which it acts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderIdentity {
    /// `None`: it never acted, or it is a copy of one that did.
    pub folder: Option<String>,
    /// The mark that it put on a gateway last: what it owes, it owes there.
    pub placed: Option<OwnerMark>,
}

/// The program without a window that acts on this folder, on this computer; the picture is its.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Background {
    pub pid: u32,
    pub since: Timestamp,
    pub version: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CronId, Payload, Schedule};

    fn marked(description: &str) -> Cron {
        let schedule = Schedule::Event { kind: "never".to_owned() };
        let cron = Cron::new(CronId::new("m"), "mark", schedule, Payload::Other("command".to_owned()));
        Cron { declaration_key: Some(OWNER_KEY.to_owned()), description: Some(description.to_owned()), ..cron }
    }

    #[test]
    fn a_mark_says_what_was_written_into_it() {
        let mark = OwnerMark { folder: "f1".to_owned(), host: "na\"s {1}".to_owned(), since: Timestamp::UNIX_EPOCH };
        assert_eq!(OwnerMark::of(&marked(&mark.description())), Some(mark));
    }

    #[test]
    fn one_that_cannot_be_read_is_somebody_s_and_one_of_another_key_is_none() {
        for text in ["", "edited by hand", "{\"folder\": 1}"] {
            let mark = OwnerMark::of(&marked(text)).expect("a mark all the same");
            assert_eq!((mark.folder.as_str(), mark.host.as_str()), ("", "another program"), "{text}");
        }
        let other = Cron { declaration_key: Some("model-orchestrator:recovery:kimi".to_owned()), ..marked("{}") };
        assert_eq!(OwnerMark::of(&other), None);
    }
}

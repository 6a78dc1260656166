//! One scheduled job of the gateway, as far as this program reads it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{CronId, Revision};

/// The declaration keys of crons that this program itself places on the gateway start so.
pub const OWN_KEY_PREFIX: &str = "model-orchestrator:";

/// One OpenClaw scheduled job ("automation").
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cron {
    pub id: CronId,
    pub name: String,
    pub description: Option<String>,
    pub enabled: bool,
    /// The agent whose default model applies when the payload names none.
    pub agent: Option<String>,
    pub schedule: Schedule,
    /// A condition decides at its time whether it really runs.
    pub conditional: bool,
    pub payload: Payload,
    /// `None` after an event, which does not carry it: fetch the cron before a guarded edit.
    pub revision: Option<Revision>,
    pub next_run_at: Option<Timestamp>,
    pub running_since: Option<Timestamp>,
    pub last_run: Option<LastRun>,
    pub consecutive_errors: u32,
    pub auto_disabled: Option<AutoDisabled>,
    pub declaration_key: Option<String>,
    pub delete_after_run: bool,
    pub made_by: MadeBy,
    pub updated_at: Option<Timestamp>,
    /// The gateway's own definition without its state: what the ledger keeps and recovery gives back.
    pub definition: Arc<Value>,
}

impl Cron {
    /// Switched on, made by an operator, and nothing else is known of it.
    #[must_use]
    pub fn new(id: CronId, name: impl Into<String>, schedule: Schedule, payload: Payload) -> Self {
        Self {
            id,
            name: name.into(),
            description: None,
            enabled: true,
            agent: None,
            schedule,
            conditional: false,
            payload,
            revision: None,
            next_run_at: None,
            running_since: None,
            last_run: None,
            consecutive_errors: 0,
            auto_disabled: None,
            declaration_key: None,
            delete_after_run: false,
            made_by: MadeBy::Operator,
            updated_at: None,
            definition: Arc::default(),
        }
    }

    /// Only an agent turn can have a model, and the gateway's own jobs are not ours to touch.
    #[must_use]
    pub fn routable(&self) -> bool {
        matches!(self.payload, Payload::AgentTurn(_)) && self.owner() == Owner::User
    }

    #[must_use]
    pub fn owner(&self) -> Owner {
        match self.declaration_key.as_deref() {
            Some(key) if key.starts_with(OWN_KEY_PREFIX) => Owner::ThisProgram,
            Some(key) if key.starts_with("heartbeat:") || key.starts_with("skill-collection-review:") => Owner::Gateway,
            _ if matches!(&self.payload, Payload::Other(kind) if kind == "heartbeat") => Owner::Gateway,
            _ => Owner::User,
        }
    }

    /// Placed by this program: no cron of the user's, and not shown as one.
    #[must_use]
    pub fn is_our_own(&self) -> bool {
        self.owner() == Owner::ThisProgram
    }

    #[must_use]
    pub fn turn(&self) -> Option<&AgentTurn> {
        match &self.payload {
            Payload::AgentTurn(turn) => Some(turn),
            Payload::Other(_) => None,
        }
    }

    /// The fields this program writes, as they stand now.
    #[must_use]
    pub fn fields(&self) -> Fields {
        let turn = self.turn();
        Fields {
            model: turn.and_then(|turn| turn.model.clone()),
            fallbacks: turn.and_then(|turn| turn.fallbacks.clone()),
            enabled: self.enabled,
        }
    }

    #[must_use]
    pub fn one_shot(&self) -> bool {
        matches!(self.schedule, Schedule::At { .. })
    }

    /// Its last run ended in an error, or its answer reached nobody.
    #[must_use]
    pub fn failing(&self) -> bool {
        let failed = |run: &LastRun| run.status == RunStatus::Error || run.undelivered;
        self.consecutive_errors > 0 || self.last_run.as_ref().is_some_and(failed)
    }
}

/// Whose job it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Owner {
    User,
    /// Monitor jobs that the gateway keeps for itself.
    Gateway,
    /// Marks and one-shots that this program placed.
    ThisProgram,
}

/// Crons that an agent made for a channel account lose their stored authority by an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MadeBy {
    Operator,
    Agent,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Schedule {
    /// Five or six fields; without a zone the gateway's own applies.
    Cron {
        expr: String,
        zone: Option<String>,
        stagger: Option<SignedDuration>,
    },
    Every {
        every: SignedDuration,
        anchor: Option<Timestamp>,
    },
    At {
        at: Timestamp,
    },
    /// Runs when something happens: `on-exit`, `stream`, or a kind this version does not know.
    Event {
        kind: String,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Payload {
    AgentTurn(AgentTurn),
    /// `command`, `script`, `systemEvent`, `heartbeat`, or a kind this version does not know.
    Other(String),
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AgentTurn {
    pub message: String,
    /// As stored: a full reference, a bare model id, an alias; `None` follows the agent's default.
    pub model: Option<String>,
    /// `None`: the gateway's configured chain; empty: none.
    pub fallbacks: Option<Arc<[String]>>,
    pub timeout: Option<SignedDuration>,
    pub thinking: Option<String>,
}

/// What the gateway remembers of the last finished run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastRun {
    pub at: Timestamp,
    pub status: RunStatus,
    /// What went wrong with it or, where that went well, with the delivery of its answer.
    pub error: Option<String>,
    pub error_reason: Option<String>,
    /// Its answer was to be delivered and was not.
    #[serde(default)]
    pub undelivered: bool,
    pub duration: Option<SignedDuration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunStatus {
    Ok,
    Error,
    Skipped,
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AutoDisabled {
    pub at: Option<Timestamp>,
    pub reason: Option<String>,
    pub consecutive_errors: u32,
}

/// The fields of a cron that this program writes to bring it where it should run. See [`ScheduleEdit`] for the one thing more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fields {
    pub model: Option<String>,
    pub fallbacks: Option<Arc<[String]>>,
    pub enabled: bool,
}

/// What to write to a cron: `None` leaves a field alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patch {
    /// `Some(None)` drops the override, so that the agent's default applies.
    #[serde(default, with = "double_option", skip_serializing_if = "Option::is_none")]
    pub model: Option<Option<String>>,
    /// `Some(None)` drops the override, so that the configured chain applies.
    #[serde(default, with = "double_option", skip_serializing_if = "Option::is_none")]
    pub fallbacks: Option<Option<Arc<[String]>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The whole schedule: the gateway replaces what it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
}

/// Another schedule for a cron, and the one it has. Written only where its owner asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleEdit {
    pub from: Schedule,
    pub to: Schedule,
}

impl Patch {
    /// The smallest patch that turns `from` into `to`.
    #[must_use]
    pub fn between(from: &Fields, to: &Fields) -> Self {
        Self {
            schedule: None,
            model: (from.model != to.model).then(|| to.model.clone()),
            fallbacks: (from.fallbacks != to.fallbacks).then(|| to.fallbacks.clone()),
            enabled: (from.enabled != to.enabled).then_some(to.enabled),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.model.is_none() && self.fallbacks.is_none() && self.enabled.is_none() && self.schedule.is_none()
    }

    /// Whether `cron` already holds everything this patch writes.
    #[must_use]
    pub fn stands_in(&self, cron: &Cron) -> bool {
        self.holds_in(&cron.fields()) && self.schedule.as_ref().is_none_or(|schedule| *schedule == cron.schedule)
    }

    /// The same for the fields alone.
    #[must_use]
    pub fn holds_in(&self, fields: &Fields) -> bool {
        self.model.as_ref().is_none_or(|model| *model == fields.model)
            && self.fallbacks.as_ref().is_none_or(|list| *list == fields.fallbacks)
            && self.enabled.is_none_or(|enabled| enabled == fields.enabled)
    }
}

/// Keeps "absent" and "null" apart in our own files.
mod double_option {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::option_option, reason = "absent, null and a value are three things")]
    #[expect(clippy::ref_option, reason = "the signature serde asks for")]
    pub fn serialize<T: Serialize, S: Serializer>(value: &Option<Option<T>>, serializer: S) -> Result<S::Ok, S::Error> {
        value.as_ref().and_then(Option::as_ref).serialize(serializer)
    }

    #[expect(clippy::option_option, reason = "absent, null and a value are three things")]
    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<T>>, D::Error> {
        Option::<T>::deserialize(deserializer).map(Some)
    }
}

/// One finished run, from an event or from the gateway's list of runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    pub cron: CronId,
    /// When it started.
    pub at: Timestamp,
    pub finished_at: Timestamp,
    pub status: RunStatus,
    /// What really ran, after aliases and fallbacks; `None` when the run was refused before a
    /// model was chosen.
    pub provider: Option<String>,
    pub model: Option<String>,
    pub error: Option<String>,
    pub error_reason: Option<String>,
    pub duration: Option<SignedDuration>,
    pub usage: Option<TokenUsage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUsage {
    pub input: u64,
    pub output: u64,
    pub total: u64,
}

#[cfg(test)]
mod tests {
    use super::{Fields, Patch};

    #[test]
    fn a_patch_tells_absent_from_null() {
        let before = Fields { model: Some("a/b".into()), fallbacks: None, enabled: true };
        let after = Fields { model: None, ..before.clone() };
        let patch = Patch::between(&before, &after);
        let text = serde_json::to_string(&patch).expect("serialises");
        assert_eq!(text, r#"{"model":null}"#);
        assert_eq!(serde_json::from_str::<Patch>(&text).expect("parses"), patch);
        assert!(patch.holds_in(&after) && !patch.holds_in(&before));
    }
}

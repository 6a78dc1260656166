//! What this program owes back: every pause it made, and what a crisis changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{CronId, Fields, Revision};

/// One debt: a cron as it was before we touched it. Written before the first call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LedgerEntry {
    pub cron: CronId,
    pub name: String,
    pub opened_at: Timestamp,
    pub why: LedgerReason,
    /// The fields before our write.
    pub before: Fields,
    /// What we wrote; a field the user changed since then is theirs.
    pub wrote: Fields,
    /// The definition's revision before, so that giving back can be proven identical.
    pub revision_before: Option<Revision>,
    /// The cron's full definition before.
    pub definition: Arc<Value>,
    /// The write was seen on the gateway. Until then the entry is an intent.
    #[serde(default)]
    pub confirmed: bool,
    /// What the cron held when a further write of ours began, until that write is seen: it may not have arrived.
    #[serde(default)]
    pub held: Option<Fields>,
    /// Fields of the file that this version does not know.
    #[serde(flatten)]
    pub unknown: serde_json::Map<String, Value>,
}

impl LedgerEntry {
    /// We switched it off. A write that switches it on again may not have arrived.
    #[must_use]
    pub fn paused(&self) -> bool {
        let off = |wrote: &Fields| !wrote.enabled;
        self.before.enabled && (off(&self.wrote) || self.held.as_ref().is_some_and(off))
    }

    /// A cron that holds `now` is off because of us.
    #[must_use]
    pub fn pauses(&self, now: &Fields) -> bool {
        self.paused() && !now.enabled
    }

    /// What the cron holds when our writes are taken back: a field that somebody changed meanwhile is theirs.
    #[must_use]
    pub fn given_back(&self, now: &Fields) -> Fields {
        let held = self.held.as_ref();
        let ours = |same: &dyn Fn(&Fields) -> bool| same(&self.wrote) || held.is_some_and(same);
        Fields {
            model: if ours(&|wrote| wrote.model == now.model) { self.before.model.clone() } else { now.model.clone() },
            fallbacks: if ours(&|wrote| wrote.fallbacks == now.fallbacks) {
                self.before.fallbacks.clone()
            } else {
                now.fallbacks.clone()
            },
            enabled: if ours(&|wrote| wrote.enabled == now.enabled) { self.before.enabled } else { now.enabled },
        }
    }

    /// The debt when the write that is under way has not arrived; `None` when nothing was owed before it.
    #[must_use]
    pub fn without_the_write(mut self) -> Option<Self> {
        if let Some(held) = self.held.take() {
            self.confirmed = true;
            self.wrote = held;
        }
        let wrote = self.wrote.clone();
        self.stands(&wrote).then_some(self)
    }

    /// Whether anything is owed to a cron that holds `now`: of a crisis everything that we wrote and still stands,
    /// else only that it is off. Where it runs then is a matter of distribution.
    #[must_use]
    pub fn stands(&self, now: &Fields) -> bool {
        let back = self.given_back(now);
        match self.why {
            LedgerReason::Crisis => back != *now,
            _ => back.enabled && !now.enabled,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerReason {
    /// Nothing in its chain served.
    NothingServes,
    /// Pinned to a route that does not serve.
    PinnedOnDeadRoute,
    /// Crisis mode.
    Crisis,
    /// Taken over from the older `disabled-tracking.json`.
    Imported,
}

/// All open debts.
pub type Ledger = BTreeMap<CronId, LedgerEntry>;

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(enabled: bool) -> Fields {
        Fields { model: None, fallbacks: None, enabled }
    }

    #[test]
    fn a_cron_is_off_because_of_us_until_a_resume_has_arrived() {
        let (on, off) = (true, false);
        let cases = [
            (on, off, None, off, true, "a pause of ours"),
            (on, off, None, on, false, "somebody switched it on"),
            (on, on, Some(off), off, true, "a resume that got no answer, and did not arrive"),
            (on, on, Some(off), on, false, "a resume that got no answer, and arrived"),
            (on, on, None, off, false, "only moved; somebody switched it off"),
            (off, off, None, off, false, "it was off before"),
        ];
        for (before, wrote, held, now, pauses, why) in cases {
            let debt = LedgerEntry {
                cron: CronId::new("a"),
                name: "a".to_owned(),
                opened_at: Timestamp::UNIX_EPOCH,
                why: LedgerReason::Crisis,
                before: fields(before),
                wrote: fields(wrote),
                revision_before: None,
                definition: Arc::default(),
                confirmed: held.is_none(),
                held: held.map(fields),
                unknown: serde_json::Map::new(),
            };
            assert_eq!(debt.pauses(&fields(now)), pauses, "{why}");
        }
    }
}

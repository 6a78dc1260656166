//! What is owed when the ledger was lost: the journal of switches still knows what this program did.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::domain::{Cron, CronId, Ledger, LedgerEntry, LedgerReason, Reason, Switch};

/// The debts that `switches` (newest first) show and `ledger` does not: crons that are exactly as our last switch
/// left them, which paused them, or which a crisis moved.
///
/// A cron that somebody touched since is theirs.
#[must_use]
pub fn rebuilt_debts(
    switches: &[Switch],
    crons: &BTreeMap<CronId, Arc<Cron>>,
    ledger: &Ledger,
) -> BTreeMap<CronId, LedgerEntry> {
    let mut seen = BTreeSet::new();
    let newest = switches.iter().filter(|switch| seen.insert(&switch.cron));
    let missing = newest.filter(|switch| !ledger.contains_key(&switch.cron));
    missing.filter_map(|switch| Some((switch.cron.clone(), debt(switch, crons.get(&switch.cron)?)?))).collect()
}

fn debt(switch: &Switch, cron: &Cron) -> Option<LedgerEntry> {
    let in_crisis = matches!(switch.reason, Reason::PausedInCrisis { .. } | Reason::CheapestInCrisis { .. });
    let paused = switch.from.enabled && !switch.to.enabled;
    let untouched = cron.fields() == switch.to && cron.auto_disabled.is_none();
    (untouched && switch.undone_by.is_none() && (paused || in_crisis)).then(|| LedgerEntry {
        cron: switch.cron.clone(),
        name: switch.name.clone(),
        opened_at: switch.at,
        why: if in_crisis { LedgerReason::Crisis } else { LedgerReason::NothingServes },
        before: switch.from.clone(),
        wrote: switch.to.clone(),
        revision_before: switch.revision_before.clone(),
        definition: Arc::new(Value::Null),
        confirmed: true,
        held: None,
        unknown: serde_json::Map::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AgentTurn, Cause, Confirmation, Fields, Payload, PlanId, Schedule, StartedBy, SwitchId};

    fn switch(cron: &str, from: bool, to: bool, reason: Reason) -> Switch {
        let fields = |enabled| Fields { model: Some("a/b".to_owned()), fallbacks: None, enabled };
        Switch {
            id: SwitchId::new(format!("s-{cron}")),
            plan: PlanId::new("p"),
            at: "2026-11-23T08:00:00Z".parse().expect("a moment"),
            cron: CronId::new(cron),
            name: cron.to_owned(),
            from: fields(from),
            to: fields(to),
            schedule: None,
            revision_before: None,
            revision_after: None,
            reason,
            cause: Cause::Health,
            confirmation: Confirmation::NotNeeded,
            undone_by: None,
            by: StartedBy::Hand,
            seal: None,
        }
    }

    fn cron(id: &str, enabled: bool) -> (CronId, Arc<Cron>) {
        let turn = AgentTurn { model: Some("a/b".to_owned()), ..AgentTurn::default() };
        let schedule = Schedule::Event { kind: "stream".to_owned() };
        let cron = Cron { enabled, ..Cron::new(CronId::new(id), id, schedule, Payload::AgentTurn(turn)) };
        (cron.id.clone(), Arc::new(cron))
    }

    #[test]
    fn a_pause_that_still_stands_is_owed_although_the_ledger_is_gone() {
        let pause = || Reason::PausedInCrisis { expected_return: None };
        let crons = BTreeMap::from([cron("ours", false), cron("on again", true), cron("resumed then off", false)]);
        let switches = [
            switch("resumed then off", false, true, Reason::GivenBack),
            switch("resumed then off", true, false, pause()),
            switch("ours", true, false, pause()),
            switch("on again", true, false, pause()),
            switch("gone", true, false, pause()),
        ];
        let rebuilt = rebuilt_debts(&switches, &crons, &Ledger::new());
        assert_eq!(rebuilt.keys().map(CronId::as_str).collect::<Vec<_>>(), ["ours"]);
        let entry = &rebuilt["ours"];
        assert_eq!((entry.why, entry.before.enabled, entry.confirmed), (LedgerReason::Crisis, true, true));
        assert!(rebuilt_debts(&switches, &crons, &rebuilt).is_empty(), "what the ledger knows is left alone");
    }
}

//! Whether the first real run after a switch used what the switch wrote.

use crate::domain::{Catalog, Confirmation, ModelRef, RunRecord, Switch};

/// What `run` says about `switch`; `None` when it says nothing: another cron, an earlier run, one
/// that was refused before a model was chosen, or a switch that waits for nothing.
#[must_use]
pub fn confirm(switch: &Switch, run: &RunRecord, catalog: &Catalog) -> Option<Confirmation> {
    if switch.confirmation != Confirmation::Waiting || run.cron != switch.cron || run.at < switch.at {
        return None;
    }
    let (provider, model) = (run.provider.as_deref()?, run.model.as_deref()?);
    let ran = ModelRef::of(provider, model);
    let at = run.finished_at;
    if intended(switch, catalog).contains(&ran) {
        return Some(Confirmation::Confirmed { at });
    }
    Some(Confirmation::RanElsewhere { at, provider: provider.to_owned(), model: model.to_owned() })
}

/// What the written name may run as: an agent's own default counts when no name was written,
/// because the switch does not know the agent.
fn intended(switch: &Switch, catalog: &Catalog) -> Vec<ModelRef> {
    let resolved = catalog.resolve(switch.to.model.as_deref(), None);
    let as_written = switch.to.model.as_deref().and_then(ModelRef::parse);
    let defaults = catalog.agent_defaults.values().filter(|_| switch.to.model.is_none());
    resolved.or(as_written).into_iter().chain(defaults.cloned()).collect()
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::domain::{Cause, CronId, Fields, Model, PlanId, Reason, RunStatus, SwitchId};

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000).expect("in range") + SignedDuration::from_secs(secs)
    }

    fn switch(model: Option<&str>, confirmation: Confirmation) -> Switch {
        let fields = |model: Option<&str>| Fields { model: model.map(str::to_owned), fallbacks: None, enabled: true };
        Switch {
            id: SwitchId::new("s1"),
            plan: PlanId::new("p1"),
            at: at(0),
            cron: CronId::new("a"),
            name: "a".to_owned(),
            from: fields(Some("kimi/k2")),
            to: fields(model),
            schedule: None,
            revision_before: None,
            revision_after: None,
            reason: Reason::ChainEdited,
            cause: Cause::Health,
            confirmation,
            undone_by: None,
            by: crate::domain::StartedBy::Hand,
            seal: None,
        }
    }

    fn run(cron: &str, started: i64, ran: Option<(&str, &str)>) -> RunRecord {
        RunRecord {
            cron: CronId::new(cron),
            at: at(started),
            finished_at: at(started + 5),
            status: RunStatus::Ok,
            provider: ran.map(|(provider, _)| provider.to_owned()),
            model: ran.map(|(_, model)| model.to_owned()),
            error: None,
            error_reason: None,
            duration: None,
            usage: None,
        }
    }

    fn catalog() -> Catalog {
        let id = ModelRef::of("minimax", "MiniMax-M3");
        let model = Model { name: "M3".to_owned(), alias: Some("fast".to_owned()), ..Model::new(id.clone()) };
        Catalog { models: [(id.clone(), model)].into(), default_model: Some(id), ..Catalog::default() }
    }

    #[test]
    fn the_first_real_run_confirms_a_switch_or_tells_where_it_ran() {
        let minimax = Some(("minimax", "MiniMax-M3"));
        let yes = Some(Confirmation::Confirmed { at: at(65) });
        let elsewhere =
            Some(Confirmation::RanElsewhere { at: at(65), provider: "kimi".to_owned(), model: "k2".to_owned() });
        let waiting = |model| switch(model, Confirmation::Waiting);
        let full = Some("minimax/MiniMax-M3");
        let cases = [
            (waiting(full), run("a", 60, minimax), yes.clone(), "it ran there"),
            (waiting(Some("fast")), run("a", 60, minimax), yes.clone(), "by its alias"),
            (waiting(None), run("a", 60, minimax), yes, "by the agent's default"),
            (waiting(full), run("a", 60, Some(("kimi", "k2"))), elsewhere, "it ran elsewhere"),
            (waiting(full), run("a", -60, minimax), None, "a run from before says nothing"),
            (waiting(full), run("b", 60, minimax), None, "nor does another cron's"),
            (waiting(full), run("a", 60, None), None, "nor one that was refused before it began"),
            (switch(full, Confirmation::NotNeeded), run("a", 60, minimax), None, "a pause waits for no run"),
        ];
        for (switch, run, expected, why) in cases {
            assert_eq!(confirm(&switch, &run, &catalog()), expected, "{why}");
        }
    }
}

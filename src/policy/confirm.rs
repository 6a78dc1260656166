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

//! Edits of the mapping: what a drag, a key or a subcommand changes in `cron-tiers.json`.
//!
//! Nothing here reaches the gateway. Every edit is one step of undo, whatever number of crons it
//! touches.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::effect::{Effect, StoreOp};
use super::super::input::Receipt;
use super::super::{Consent, Done, Edit, Event, Ticket, World};
use super::edit_history::Change;
use super::edited;
use crate::domain::{CronId, Hold, HoldReason, ProblemKind, Refusal, TierEntry};

/// The mapping could not be saved; another name than that of a file set aside, which stays until it is read.
pub const SAVE_PROBLEM: &str = "state/cron-tiers.json/save";
pub(super) type Entries = BTreeMap<CronId, Option<TierEntry>>;

/// The saves of one cron's entry that are on their way.
#[derive(Debug, Default)]
pub struct Saves {
    underway: u32,
    /// The entry from before those that failed since the last one that did not: it is on disk.
    #[expect(clippy::option_option, reason = "none failed, unsorted and an entry are three things")]
    on_disk: Option<Option<TierEntry>>,
}

/// Carries out an edit and remembers how to take it back.
pub fn edit(world: &mut World, ticket: Ticket, edit: &Edit, now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    may_save(world)?;
    let mut after = Entries::new();
    for id in crons_of(edit) {
        if !world.crons.contains_key(id) && !world.tiers.contains_key(id) {
            return Err(Refusal::UnknownCron { cron: id.to_string() });
        }
        let old = world.tiers.get(id);
        let new = edited_entry(world, edit, id, old, now);
        if new.as_ref() != old {
            after.insert(id.clone(), new);
        }
    }
    if after.is_empty() {
        return Err(Refusal::NothingToDo);
    }
    let before = after.keys().map(|id| (id.clone(), world.tiers.get(id).cloned())).collect();
    let label = label(edit, after.len());
    world.history.did(label.clone(), Change::Mapping { before, after: after.clone() });
    let mut effects = put(world, Some(ticket), after);
    effects.push(Effect::Emit(Event::Done { ticket, what: Done::Edited { label } }));
    Ok(effects)
}

/// After a switch was taken back, automatic changes leave the cron alone.
pub fn hold_after_undo(world: &mut World, cron: &CronId, now: Timestamp) -> Vec<Effect> {
    let Some(entry) = world.tiers.get(cron) else { return Vec::new() };
    let hold = Some(Hold { since: now, why: HoldReason::Undone });
    let entry = TierEntry { hold, detour: None, ..entry.clone() };
    put(world, None, Entries::from([(cron.clone(), Some(entry))]))
}

/// Puts entries into the mapping and on the way to the disk.
pub(super) fn put(world: &mut World, ticket: Option<Ticket>, entries: Entries) -> Vec<Effect> {
    let before = entries.keys().map(|id| (id.clone(), world.tiers.get(id).cloned())).collect();
    let wished = edited::wishes(world, entries.keys());
    let mut names = BTreeMap::new();
    for (id, entry) in &entries {
        if let Some(cron) = world.crons.get(id) {
            names.insert(id.clone(), cron.name.clone());
        }
        match entry {
            Some(entry) => Arc::make_mut(&mut world.tiers).insert(id.clone(), entry.clone()),
            None => Arc::make_mut(&mut world.tiers).remove(id),
        };
    }
    edited::mark(world, wished);
    Arc::make_mut(&mut world.saving).extend(entries.keys().cloned());
    for id in entries.keys() {
        world.saves.entry(id.clone()).or_default().underway += 1;
    }
    world.dirty.plan = true;
    world.dirty.shown = true;
    let receipt = Receipt::Edit { ticket, before };
    let pending = (*world.edited).clone();
    vec![Effect::Store(Box::new(StoreOp::SaveTiers { changes: entries, names, pending, receipt }))]
}

/// The mapping is on disk, or could not be written: then the cards go back, with the reason.
pub fn saved(
    world: &mut World,
    ticket: Option<Ticket>,
    before: Entries,
    result: Result<(), ProblemKind>,
    now: Timestamp,
) -> Vec<Effect> {
    let on_disk = landed(world, before, result.is_ok());
    world.dirty.shown = true;
    let Err(problem) = result else {
        world.clear(SAVE_PROBLEM);
        return Vec::new();
    };
    world.dirty.plan = true;
    world.raise(SAVE_PROBLEM, problem.clone(), now);
    // After a conflict the file holds both sides, and is read again; else it is as it was before.
    if !matches!(problem, ProblemKind::EditConflict { .. }) {
        let tiers = Arc::make_mut(&mut world.tiers);
        for (id, entry) in on_disk {
            match entry {
                Some(entry) => tiers.insert(id, entry),
                None => tiers.remove(&id),
            };
        }
        // What could be taken back is no longer what is there.
        world.history.forget_mapping();
    }
    let refused = |ticket| Effect::Emit(Event::Refused { ticket, why: Refusal::Problem(problem) });
    ticket.map(refused).into_iter().collect()
}

/// One save fewer is on its way. Of those crons of which it was the last: what the disk still says, if it failed.
fn landed(world: &mut World, before: Entries, is_saved: bool) -> Entries {
    let mut on_disk = Entries::new();
    for (id, entry) in before {
        let mut saves = world.saves.remove(&id).unwrap_or_default();
        saves.underway = saves.underway.saturating_sub(1);
        saves.on_disk = if is_saved { None } else { saves.on_disk.or(Some(entry)) };
        if saves.underway > 0 {
            world.saves.insert(id, saves);
            continue;
        }
        Arc::make_mut(&mut world.saving).remove(&id);
        if let Some(entry) = saves.on_disk {
            on_disk.insert(id, entry);
        }
    }
    on_disk
}

pub(super) fn may_save(world: &World) -> Result<(), Refusal> {
    match &world.folder {
        None => Err(Refusal::NotConnected),
        Some(folder) if folder.held_by.is_some() => Err(Refusal::ReadOnly),
        Some(_) => Ok(()),
    }
}

fn crons_of(edit: &Edit) -> &[CronId] {
    match edit {
        Edit::SetTier { crons, .. }
        | Edit::AcceptSuggestions { crons }
        | Edit::SetCritical { crons, .. }
        | Edit::SetPin { crons, .. }
        | Edit::SetHold { crons, .. }
        | Edit::SetAskFirst { crons, .. }
        | Edit::Agree { crons, .. } => crons,
        Edit::SetNote { cron, .. } => std::slice::from_ref(cron),
    }
}

/// The entry of `id` after the edit. Marks need a tier: on an unsorted cron they change nothing.
fn edited_entry(world: &World, edit: &Edit, id: &CronId, old: Option<&TierEntry>, now: Timestamp) -> Option<TierEntry> {
    let routable = world.crons.get(id).is_none_or(|cron| cron.routable());
    let with = |change: &dyn Fn(&mut TierEntry)| {
        let mut entry = old?.clone();
        change(&mut entry);
        Some(entry)
    };
    match edit {
        Edit::SetTier { .. } | Edit::AcceptSuggestions { .. } if !routable => old.cloned(),
        Edit::SetTier { tier, .. } => tier.map(|tier| TierEntry::sorted(old, tier)),
        Edit::AcceptSuggestions { .. } => match world.suggestions.get(id) {
            Some(suggestion) => Some(TierEntry::sorted(old, suggestion.tier)),
            None => old.cloned(),
        },
        Edit::SetCritical { critical, .. } => with(&|entry| entry.critical = *critical),
        Edit::SetPin { pin, .. } => with(&|entry| entry.pinned.clone_from(pin)),
        Edit::SetHold { hold, .. } => with(&|entry| match (hold, &entry.hold) {
            (true, None) => entry.hold = Some(Hold { since: now, why: HoldReason::ByHand }),
            (true, Some(_)) => {}
            (false, _) => entry.hold = None,
        }),
        Edit::Agree { to, agrees, .. } => with(&|entry| match to {
            Consent::EditAgentMade => entry.edit_agent_made = *agrees,
            Consent::ExceedGuard => entry.above_guard = *agrees,
            Consent::MissOneShot => entry.may_miss_one_shot = *agrees,
        }),
        Edit::SetAskFirst { ask_first, .. } => with(&|entry| entry.ask_first = *ask_first),
        Edit::SetNote { note, .. } => with(&|entry| entry.note.clone_from(note)),
    }
}

/// "2 crons moved to T1": what undo would take back.
fn label(edit: &Edit, n_changed: usize) -> String {
    let crons = if n_changed == 1 { "1 cron".to_owned() } else { format!("{n_changed} crons") };
    match edit {
        Edit::SetTier { tier: Some(tier), .. } => format!("{crons} moved to {}", tier.code()),
        Edit::SetTier { tier: None, .. } => format!("{crons} moved to unsorted"),
        Edit::AcceptSuggestions { .. } => format!("{crons} sorted as suggested"),
        Edit::SetCritical { critical: true, .. } => format!("{crons} marked critical"),
        Edit::SetCritical { critical: false, .. } => format!("{crons} no longer critical"),
        Edit::SetPin { pin: Some(_), .. } => format!("{crons} pinned"),
        Edit::SetPin { pin: None, .. } => format!("{crons} unpinned"),
        Edit::SetHold { hold: true, .. } => format!("{crons} held"),
        Edit::SetHold { hold: false, .. } => format!("{crons} released"),
        Edit::Agree { to, agrees, .. } => {
            let what = match to {
                Consent::EditAgentMade => "edits although an agent made it",
                Consent::ExceedGuard => "routes above the cost guard",
                Consent::MissOneShot => "missing its one run",
            };
            format!("{crons}: {what} {}", if *agrees { "allowed" } else { "no longer allowed" })
        }
        Edit::SetAskFirst { ask_first: true, .. } => format!("{crons} left to you by automation"),
        Edit::SetAskFirst { ask_first: false, .. } => format!("{crons} open to automation"),
        Edit::SetNote { .. } => "note changed".to_owned(),
    }
}

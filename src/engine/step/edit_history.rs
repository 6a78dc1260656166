//! The way back from an edit of the mapping or the settings, and forth again, step by step.
//!
//! Invariant: a step is taken back field by field, and only where its value still stands. What was
//! changed again since, by another program or by this one, stays as it is now.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::effect::{Effect, StoreOp};
use super::super::input::Receipt;
use super::super::{Command, Done, Event, Ticket, World};
use super::edit::{self, Entries};
use super::settings;
use crate::domain::{Refusal, Settings};
use crate::state::document::{Prefer, merge};

/// How many steps can be taken back.
const STEPS_KEPT: usize = 200;

/// What can be taken back, and done again.
#[derive(Debug, Default)]
pub struct EditHistory {
    undo: Vec<Step>,
    redo: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    label: String,
    change: Change,
}

/// Both sides of what one step changed.
#[derive(Debug)]
pub(super) enum Change {
    /// Entries of the mapping; `None` is unsorted.
    Mapping {
        before: Entries,
        after: Entries,
    },
    Settings {
        before: Arc<Settings>,
        after: Arc<Settings>,
    },
    /// Several that were asked for at once, in their order.
    Several(Vec<Change>),
}

#[derive(Clone, Copy)]
enum Way {
    Back,
    Forth,
}

impl EditHistory {
    pub(in super::super) fn undo_label(&self) -> Option<String> {
        self.undo.last().map(|step| step.label.clone())
    }

    pub(in super::super) fn redo_label(&self) -> Option<String> {
        self.redo.last().map(|step| step.label.clone())
    }

    /// The user did something else: what was taken back before cannot be done again.
    pub(super) fn did(&mut self, label: String, change: Change) {
        self.undo.push(Step { label, change });
        if self.undo.len() > STEPS_KEPT {
            self.undo.remove(0);
        }
        self.redo.clear();
    }

    /// The mapping is not what the steps left: only those of the settings can still be taken back.
    pub(super) fn forget_mapping(&mut self) {
        for steps in [&mut self.undo, &mut self.redo] {
            steps.retain_mut(|step| step.change.forget_mapping());
        }
    }

    fn take(&mut self, way: Way) -> Option<Step> {
        match way {
            Way::Back => self.undo.pop(),
            Way::Forth => self.redo.pop(),
        }
    }

    fn taken(&mut self, way: Way, step: Step) {
        match way {
            Way::Back => self.redo.push(step),
            Way::Forth => self.undo.push(step),
        }
    }
}

impl Change {
    /// Whether something of it is left.
    fn forget_mapping(&mut self) -> bool {
        match self {
            Self::Mapping { .. } => false,
            Self::Settings { .. } => true,
            Self::Several(changes) => {
                changes.retain_mut(Self::forget_mapping);
                !changes.is_empty()
            }
        }
    }
}

impl Way {
    fn sides<'a, T>(self, before: &'a T, after: &'a T) -> (&'a T, &'a T) {
        match self {
            Self::Back => (after, before),
            Self::Forth => (before, after),
        }
    }
}

pub fn undo(world: &mut World, ticket: Ticket) -> Result<Vec<Effect>, Refusal> {
    go(world, ticket, Way::Back)
}

pub fn redo(world: &mut World, ticket: Ticket) -> Result<Vec<Effect>, Refusal> {
    go(world, ticket, Way::Forth)
}

fn go(world: &mut World, ticket: Ticket, way: Way) -> Result<Vec<Effect>, Refusal> {
    edit::may_save(world)?;
    let step = world.history.take(way).ok_or(Refusal::NothingToDo)?;
    world.dirty.shown = true;
    let told = |n_kept| told(&step.label, way, n_kept);
    let effects = match &step.change {
        Change::Several(changes) => {
            let mut n_kept_of_all = 0;
            let quietly = |n_kept: usize| {
                n_kept_of_all += n_kept;
                Done::Quietly
            };
            several(world, ticket, changes, way, quietly).map(|mut effects| {
                effects.push(Effect::Emit(Event::Done { ticket, what: told(n_kept_of_all) }));
                effects
            })
        }
        change => one(world, ticket, change, way, told),
    };
    // A step of which nothing is left is gone, so that the one before it can be reached.
    let effects = effects.ok_or_else(|| Refusal::ChangedSince { label: step.label.clone() })?;
    world.history.taken(way, step);
    Ok(effects)
}

/// `None`: nothing of it stands. `told` makes an answer of how much was kept.
fn one(
    world: &mut World,
    ticket: Ticket,
    change: &Change,
    way: Way,
    mut told: impl FnMut(usize) -> Done,
) -> Option<Vec<Effect>> {
    match change {
        Change::Mapping { before, after } => {
            let (from, to) = way.sides(before, after);
            let (entries, n_kept) = entries(world, from, to);
            (!entries.is_empty()).then(|| {
                let mut effects = edit::put(world, Some(ticket), entries);
                let what = told(n_kept);
                effects.extend((what != Done::Quietly).then_some(Effect::Emit(Event::Done { ticket, what })));
                effects
            })
        }
        Change::Settings { before, after } => {
            let (from, to) = way.sides(before, after);
            let (settings, n_kept) = moved(&*world.settings, &**from, &**to);
            (settings != *world.settings).then(|| settings::put(world, ticket, Arc::new(settings), told(n_kept)))
        }
        Change::Several(changes) => several(world, ticket, changes, way, told),
    }
}

/// The last of them is taken back first.
fn several(
    world: &mut World,
    ticket: Ticket,
    changes: &[Change],
    way: Way,
    mut told: impl FnMut(usize) -> Done,
) -> Option<Vec<Effect>> {
    let told: &mut dyn FnMut(usize) -> Done = &mut told;
    let mut one = |change| one(world, ticket, change, way, &mut *told);
    let done: Vec<Vec<Effect>> = match way {
        Way::Back => changes.iter().rev().filter_map(&mut one).collect(),
        Way::Forth => changes.iter().filter_map(&mut one).collect(),
    };
    (!done.is_empty()).then(|| done.into_iter().flatten().collect())
}

/// Edits and changes of the settings that are one step: what is so already is passed over.
pub fn together(
    world: &mut World,
    ticket: Ticket,
    commands: Vec<Command>,
    now: Timestamp,
) -> Result<Vec<Effect>, Refusal> {
    let before = std::mem::take(&mut world.history.undo);
    let (mut effects, mut refused) = (Vec::new(), None);
    for command in commands {
        let done = match command {
            Command::Edit(edit) => edit::edit(world, ticket, &edit, now),
            Command::Settings(change) => settings::change(world, ticket, change),
            _ => Err(Refusal::NothingToDo),
        };
        match done {
            Ok(more) => effects.extend(more),
            Err(Refusal::NothingToDo) => {}
            Err(why) => refused = Some(why),
        }
    }
    let steps = std::mem::replace(&mut world.history.undo, before);
    if steps.is_empty() {
        return Err(refused.unwrap_or(Refusal::NothingToDo));
    }
    effects.retain_mut(hush);
    let labels: Vec<String> = steps.iter().map(|step| step.label.clone()).collect();
    let label = labels.join(", ");
    world.history.did(label.clone(), Change::Several(steps.into_iter().map(|step| step.change).collect()));
    effects.push(Effect::Emit(Event::Done { ticket, what: Done::Edited { label } }));
    effects.extend(refused.map(|why| Effect::Emit(Event::Refused { ticket, why })));
    Ok(effects)
}

/// Nothing is told of a part: whether the effect is still one.
fn hush(effect: &mut Effect) -> bool {
    if let Effect::Store(op) = effect
        && let StoreOp::SaveSettings { receipt: Receipt::Settings { done, .. }, .. } = &mut **op
    {
        *done = Done::Quietly;
    }
    !matches!(effect, Effect::Emit(Event::Done { .. }))
}

/// The entries that change, and of how many crons something stays that was changed again since.
fn entries(world: &World, from: &Entries, to: &Entries) -> (Entries, usize) {
    let (mut entries, mut n_kept) = (Entries::new(), 0);
    for (id, to) in to {
        let now = world.tiers.get(id).cloned();
        let (entry, fields_kept) = moved(&now, from.get(id).unwrap_or(&None), to);
        n_kept += usize::from(fields_kept > 0);
        if entry != now {
            entries.insert(id.clone(), entry);
        }
    }
    (entries, n_kept)
}

fn told(label: &str, way: Way, n_kept: usize) -> Done {
    let label = match way {
        Way::Back => format!("undone: {label}"),
        Way::Forth => label.to_owned(),
    };
    Done::Edited {
        label: if n_kept == 0 { label } else { format!("{label}, except for {n_kept} changed again since") },
    }
}

/// `now` with every field that still is as in `from` as it is in `to`, and how many are not.
fn moved<T: Clone + Serialize + DeserializeOwned>(now: &T, from: &T, to: &T) -> (T, usize) {
    let value = |side: &T| serde_json::to_value(side).unwrap_or(Value::Null);
    let (merged, kept) = merge(&value(from), &value(to), &value(now), Prefer::Theirs);
    match serde_json::from_value(merged) {
        Ok(merged) => (merged, kept.len()),
        // Both sides were values of ours; should they not fit together, nothing is touched.
        Err(_) => (now.clone(), 1),
    }
}

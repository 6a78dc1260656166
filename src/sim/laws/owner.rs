//! One program acts on a gateway: whose mark is there, and who holds its folder.

use std::collections::{BTreeMap, BTreeSet};

use super::super::happening::{Call, Computer, Hand, Scene, Verdict};
use super::{Broken, Law};
use crate::domain::{Cron, OWNER_KEY};
use crate::engine::Command;

#[derive(Debug, Default)]
pub(super) struct Owners {
    /// Whose mark is on the gateway.
    mark: Option<Computer>,
    /// Who was asked to take over.
    takes_over: BTreeSet<Computer>,
    /// Calls of others since the mark was set, or taken off.
    late: BTreeMap<Computer, u32>,
    /// There was one before: without it a call may have been under way.
    was_marked: bool,
}

/// The call that was under way when the mark was replaced.
const IN_FLIGHT: u32 = 1;

impl Owners {
    pub(super) fn asked(&mut self, computer: Computer, command: &Command) {
        if matches!(command, Command::TakeOver) {
            self.takes_over.insert(computer);
        }
    }

    pub(super) fn judge(&mut self, call: &Call, scene: &Scene<'_>) -> Option<Broken> {
        if call.verdict != Verdict::Done {
            return None;
        }
        let is_mark = |cron: &Cron| cron.declaration_key.as_deref() == Some(OWNER_KEY);
        if call.before.as_ref().or(call.after.as_ref()).is_some_and(is_mark) {
            return self.marked(call);
        }
        let Hand::Engine(computer) = call.by else { return None };
        let desk = scene.computers.get(computer)?;
        let folder = desk.picture.and_then(|picture| picture.folder.as_ref());
        if let Some(holder) = folder.and_then(|folder| folder.held_by.as_ref()) {
            let seen = format!("computer {computer} changed {} in the folder that {holder} holds", call.cron);
            return Some((Law::OnlyTheOwnerWrites, seen));
        }
        if self.mark == Some(computer) {
            return None;
        }
        let late = self.late.entry(computer).or_default();
        *late += 1;
        let under_way = self.was_marked && *late <= IN_FLIGHT;
        (!under_way).then(|| {
            let whose = self.mark.map_or("nobody acts".to_owned(), |owner| format!("computer {owner} acts"));
            (Law::OnlyTheOwnerWrites, format!("computer {computer} changed {} where {whose}", call.cron))
        })
    }

    fn marked(&mut self, call: &Call) -> Option<Broken> {
        let Hand::Engine(computer) = call.by else {
            if call.after.is_none() {
                self.mark = None;
                self.late.clear();
            }
            return None;
        };
        let asked = self.takes_over.remove(&computer);
        let owner = self.mark.take().filter(|owner| *owner != computer);
        self.mark = call.after.is_some().then_some(computer);
        self.late.clear();
        self.was_marked = true;
        let owner = owner.filter(|_| !asked)?;
        Some((Law::OnlyTheOwnerWrites, format!("computer {computer} took over from computer {owner} unasked")))
    }
}

//! One program acts on a gateway: whose mark is there, and who holds its folder.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::super::happening::{Call, Computer, Hand, Method, Scene, Verdict};
use super::{Broken, Law};
use crate::domain::{Cron, OWNER_KEY};
use crate::engine::Command;

#[derive(Debug, Default)]
pub(super) struct Owners {
    /// Whose mark is on the gateway.
    mark: Option<Computer>,
    /// Who was asked to take over.
    takes_over: BTreeSet<Computer>,
    /// Calls of others since the mark was set, or taken off: one of each method may have been under way.
    late: BTreeSet<(Computer, Method)>,
    /// When it was set, or taken off: a call of before may have been under way.
    marked_at: Option<Timestamp>,
}

/// No call is under way for longer.
const UNDER_WAY: SignedDuration = SignedDuration::from_mins(5);

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
            return self.marked(call, scene.now);
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
        let lately = self.marked_at.is_some_and(|at| scene.now.duration_since(at) < UNDER_WAY);
        let under_way = self.late.insert((computer, call.method)) && lately;
        (!under_way).then(|| {
            let whose = self.mark.map_or("nobody acts".to_owned(), |owner| format!("computer {owner} acts"));
            (Law::OnlyTheOwnerWrites, format!("computer {computer} changed {} where {whose}", call.cron))
        })
    }

    fn marked(&mut self, call: &Call, now: Timestamp) -> Option<Broken> {
        let Hand::Engine(computer) = call.by else {
            if call.after.is_none() {
                self.mark = None;
                self.late.clear();
                self.marked_at = Some(now);
            }
            return None;
        };
        let asked = self.takes_over.remove(&computer);
        let owner = self.mark.take().filter(|owner| *owner != computer);
        self.mark = call.after.is_some().then_some(computer);
        self.late.clear();
        self.marked_at = Some(now);
        let owner = owner.filter(|_| !asked)?;
        Some((Law::OnlyTheOwnerWrites, format!("computer {computer} took over from computer {owner} unasked")))
    }
}

//! Writing the files of a folder.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::{
    AccountId, Crisis, CronId, DashboardReading, FolderIdentity, Ledger, OwnerMark, Settings, TemporaryModel, TierEntry,
};
use crate::state::document::Prefer;
use crate::state::files::{Seen, StateFile};
use crate::state::status::StatusReport;
use crate::state::{StateError, ledger, owner, scraped, settings, status, tiers, tracking};

use super::{Folder, Right, names};

impl Folder {
    /// Changes these entries of `cron-tiers.json`, in the shape found; `None` takes one out.
    ///
    /// # Errors
    /// [`StateError::Conflict`] when another program changed the same field of the same cron: its
    /// value stands, everything else was written, and [`Folder::reload`] shows the result.
    pub fn save_tiers(
        &mut self,
        changes: &BTreeMap<CronId, Option<TierEntry>>,
        names: &BTreeMap<CronId, String>,
    ) -> Result<(), StateError> {
        self.may_write()?;
        let mut taken_out = self.taken_out.clone();
        let ours = tiers::patched(self.tiers.root(), &self.tiers_read, changes, names, &mut taken_out);
        let stored = self.store(|folder| &mut folder.tiers, &ours, Prefer::Theirs);
        if let Ok(()) | Err(StateError::Conflict { .. }) = &stored {
            self.taken_out = taken_out;
            if *self.tiers.root() == ours {
                self.remember_tiers(changes);
            } else {
                self.tiers_read = tiers::read(self.tiers.root(), self.clock).0;
            }
        }
        stored
    }

    fn remember_tiers(&mut self, changes: &BTreeMap<CronId, Option<TierEntry>>) {
        for (id, change) in changes {
            match change {
                Some(entry) => self.tiers_read.insert(id.clone(), entry.clone()),
                None => self.tiers_read.remove(id),
            };
        }
    }

    /// Writes what differs from what `settings.json` says; unknown fields stay.
    ///
    /// # Errors
    /// As [`Folder::save_tiers`].
    pub fn save_settings(&mut self, settings: &Settings) -> Result<(), StateError> {
        self.may_write()?;
        let ours = settings::patched(self.settings.root(), settings);
        if ours == *self.settings.root() && !self.settings.exists() {
            return Ok(());
        }
        self.store(|folder| &mut folder.settings, &ours, Prefer::Theirs)
    }

    /// Writes the ledger and waits until it is on disk: call it before the first call of a pause.
    ///
    /// What both sides changed stays ours: nobody else can know what we owe.
    ///
    /// # Errors
    /// When it cannot be written; then no cron may be paused.
    pub fn save_ledger(&mut self, ledger: &Ledger) -> Result<(), StateError> {
        self.may_write()?;
        let ours = ledger::patched(self.ledger.root(), &self.ledger_read, ledger);
        if ours != *self.ledger.root() || self.ledger.exists() {
            self.store_ledger(&ours)?;
        }
        self.ledger_read.clone_from(ledger);
        Ok(())
    }

    /// Writes crisis mode beside the debts, and waits until it is on disk. Where nothing is to be said of it,
    /// no file is made.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save_crisis(&mut self, crisis: &Crisis) -> Result<(), StateError> {
        self.may_write()?;
        let ours = ledger::with_crisis(self.ledger.root(), &self.crisis_read, crisis);
        if ours != *self.ledger.root() || self.ledger.exists() {
            self.store_ledger(&ours)?;
        }
        self.crisis_read.clone_from(crisis);
        Ok(())
    }

    pub(super) fn store_ledger(&mut self, root: &Value) -> Result<(), StateError> {
        self.store(|folder| &mut folder.ledger, root, Prefer::Ours)
    }

    /// Which folder this is, as far as it was ever asked to act.
    pub(super) fn identity(&self) -> FolderIdentity {
        owner::read(self.owner.root(), &self.place)
    }

    /// The folder's id, made and kept now when it has none.
    ///
    /// # Errors
    /// When it cannot be written, or the system gives no chance numbers.
    pub fn identify(&mut self) -> Result<String, StateError> {
        self.may_write()?;
        if let Some(known) = self.identity().folder {
            return Ok(known);
        }
        let mut chance = [0_u8; 16];
        getrandom::fill(&mut chance).map_err(|_unnamed| {
            StateError::write(&self.path.join(names::OWNER), std::io::Error::other("no random numbers"))
        })?;
        let folder = format!("{:032x}", u128::from_be_bytes(chance));
        let ours = owner::with_id(self.owner.root(), &folder, &self.place);
        self.store(|folder| &mut folder.owner, &ours, Prefer::Ours)?;
        Ok(folder)
    }

    /// Writes down the mark that this folder put on its gateway.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save_placed(&mut self, placed: &OwnerMark) -> Result<(), StateError> {
        self.may_write()?;
        let ours = owner::with_placed(self.owner.root(), placed);
        self.store(|folder| &mut folder.owner, &ours, Prefer::Ours)
    }

    /// Writes `provider-status.json` and `provider-tracking.json`, each in the shape found.
    ///
    /// # Errors
    /// When one cannot be written.
    pub fn save_status(&mut self, report: &StatusReport) -> Result<(), StateError> {
        self.may_write()?;
        let ours = status::patched(self.status.root(), report);
        self.store(|folder| &mut folder.status, &ours, Prefer::Ours)?;
        let ours = tracking::patched(self.tracking.root(), report);
        self.store(|folder| &mut folder.tracking, &ours, Prefer::Ours)
    }

    /// Adds or changes a temporary model of `provider-tracking.json`; `None` takes the one of that id out.
    /// [`Folder::reload`] tells of it.
    ///
    /// # Errors
    /// [`StateError::NameTaken`] when a provider has that id, else as [`Folder::save_tiers`].
    pub fn put_temporary(&mut self, id: &str, model: Option<&TemporaryModel>) -> Result<(), StateError> {
        self.may_write()?;
        // What is on disk decides whether the name is free.
        self.is_stale |= matches!(self.tracking.refresh()?, Seen::Changed);
        let taken = || StateError::NameTaken { file: names::TRACKING.to_owned(), id: id.to_owned() };
        let ours = tracking::with_temporary(self.tracking.root(), id, model).ok_or_else(taken)?;
        if ours == *self.tracking.root() {
            return Ok(());
        }
        self.store(|folder| &mut folder.tracking, &ours, Prefer::Theirs)?;
        self.is_stale = true;
        Ok(())
    }

    /// Writes what a page said to `<account>-quota.json`, as scrapers do: also while another program
    /// of ours holds the folder, because that one only reads these files.
    ///
    /// # Errors
    /// When it cannot be written, or the account's id makes no file name.
    pub fn save_scraped(&mut self, account: &AccountId, reading: &DashboardReading) -> Result<(), StateError> {
        if let Right::CannotWrite(_) = self.right {
            self.may_write()?;
        }
        let name = format!("{account}{}", names::QUOTA_SUFFIX);
        if !names::is_quota(&name) || name.contains(['/', '\\', ':', '\0']) {
            return Err(StateError::write(&self.path.join("quota"), std::io::ErrorKind::InvalidFilename.into()));
        }
        let mut file = StateFile::new(&self.path, &name);
        // One that does not parse is set aside by the write.
        file.refresh()?;
        let ours = scraped::patched(file.root(), reading);
        let set_aside = file.store(&ours, Prefer::Ours, &self.known, self.clock.max(reading.seen_at))?;
        self.pending.extend(set_aside);
        Ok(())
    }

    fn store(
        &mut self,
        file: impl Fn(&mut Self) -> &mut StateFile,
        ours: &Value,
        prefer: Prefer,
    ) -> Result<(), StateError> {
        let (known, now) = (self.known.clone(), self.clock);
        let stored = file(self).store(ours, prefer, &known, now);
        self.is_stale |= file(self).root() != ours;
        self.pending.extend(stored?);
        Ok(())
    }
}

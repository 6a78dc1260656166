//! Crons that this program places on the gateway for itself, and runs that a person asked for.

use jiff::Timestamp;

use super::super::input::Input;
use super::Performer;
use crate::domain::{AccountId, CronId};

impl Performer {
    pub(super) fn run_cron(&self, session: u64, cron: CronId) {
        let result = Err("not built yet".to_owned());
        self.tell(Input::RunQueued { session, cron, result });
    }

    pub(super) fn place_check(&self, session: u64, account: AccountId, _at: Timestamp, _argv: Option<Vec<String>>) {
        let result = Box::new(Err("not built yet".to_owned()));
        self.tell(Input::CheckPlaced { session, account, result });
    }

    pub(super) fn remove_own(&self, session: u64, cron: CronId) {
        self.tell(Input::OwnRemoved { session, cron, result: Err("not built yet".to_owned()) });
    }
}

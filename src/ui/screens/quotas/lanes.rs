//! The rows: every window of every account, and the accounts that have money instead.

use crate::domain::{AccountId, Billing, Claim, Forecast, Health, ProviderAccount, Silence, VendorId, WindowForecast};
use crate::engine::Snapshot;
use crate::ui::screens::providers::seen::{self, Seen};
use crate::words::{self, Speech};

/// One row of the timeline and of the table.
pub(in crate::ui::screens) struct Lane<'a> {
    pub account: &'a ProviderAccount,
    pub vendor: VendorId,
    pub name: &'a str,
    /// The first of its account, which carries the name.
    pub first: bool,
    pub what: What<'a>,
}

pub(in crate::ui::screens) enum What<'a> {
    Window(&'a WindowForecast),
    /// Prepaid credits: what is left of them, and how the account stands.
    Money {
        left: Option<f64>,
        said: String,
        empty: bool,
    },
}

impl<'a> Lane<'a> {
    /// The window, and whose it is; `None` for money.
    pub fn window(&self) -> Option<(&'a WindowForecast, &'a ProviderAccount)> {
        match &self.what {
            What::Window(window) => Some((window, self.account)),
            What::Money { .. } => None,
        }
    }

    /// "weekly", "credits".
    pub fn label(&self) -> String {
        match &self.what {
            What::Window(window) => words::forecast_window(window),
            What::Money { .. } => "credits".to_owned(),
        }
    }

    /// "93%", or what is left of money.
    pub fn used(&self) -> String {
        match &self.what {
            What::Window(window) => words::percent(window.used_ratio),
            What::Money { left: Some(left), .. } => format!("{left:.2}"),
            What::Money { empty: true, .. } => "0".to_owned(),
            What::Money { .. } => "–".to_owned(),
        }
    }

    /// Nearly or wholly used.
    pub fn alarming(&self) -> bool {
        match &self.what {
            What::Window(window) => !self.old() && window.used_ratio >= 0.9,
            What::Money { empty, .. } => *empty,
        }
    }

    /// It will not last.
    pub fn runs_out(&self) -> bool {
        self.window().is_some_and(|(window, _)| window.claim.runs_out_at().is_some())
    }

    /// Its number says nothing of now.
    pub fn old(&self) -> bool {
        let What::Window(window) = &self.what else { return false };
        matches!(window.claim, Claim::Silent(Silence::RolledOver | Silence::Stale { .. }))
    }

    /// What will become of it.
    pub fn claim(&self, speech: &Speech<'_>) -> String {
        match &self.what {
            What::Window(window) => words::claim(window, speech),
            What::Money { said, .. } => said.clone(),
        }
    }

    /// The whole row in one sentence.
    pub fn sentence(&self, speech: &Speech<'_>) -> String {
        let (name, label) = (self.name, self.label());
        match &self.what {
            What::Window(window) => {
                let reset = words::forecast_reset(window, speech);
                let source = words::forecast_source(window, Some(self.account), speech);
                format!("{name}, {label}: {} used, resets {reset}; {}; {source}", self.used(), self.claim(speech))
            }
            What::Money { .. } => format!("{name}, {label}: {}", self.claim(speech)),
        }
    }

    pub fn key(&self) -> (&AccountId, String) {
        (&self.account.id, self.label())
    }
}

/// All of them: by account as on the other screens, each with its shortest window first.
pub(in crate::ui::screens) fn lanes<'a>(
    snapshot: &'a Snapshot,
    forecast: &'a Forecast,
    speech: &Speech<'_>,
) -> Vec<Lane<'a>> {
    let mut lanes = Vec::new();
    for seen in seen::all(snapshot, speech) {
        let account = seen.account();
        let (vendor, name) = (seen::vendor(account), seen.label());
        let mut windows: Vec<_> =
            forecast.windows.iter().filter(|window| window.account == account.id).map(What::Window).collect();
        windows.extend(money(&seen).filter(|_| windows.is_empty()));
        for (index, what) in windows.into_iter().enumerate() {
            lanes.push(Lane { account, vendor: vendor.clone(), name, first: index == 0, what });
        }
    }
    lanes
}

/// The windows that runs wait for: a limit of a minute, one beside chat, and money hold no cron back.
pub(in crate::ui::screens) fn lanes_of_runs<'a>(
    snapshot: &'a Snapshot,
    forecast: &'a Forecast,
    speech: &Speech<'_>,
) -> Vec<Lane<'a>> {
    let mut lanes = lanes(snapshot, forecast, speech);
    lanes.retain(|lane| lane.window().is_some_and(|(window, _)| window.holds_runs_back()));
    for index in 0..lanes.len() {
        lanes[index].first = index == 0 || lanes[index - 1].account.id != lanes[index].account.id;
    }
    lanes
}

fn money<'a>(seen: &Seen<'_>) -> Option<What<'a>> {
    if seen.account().billing != Billing::PrepaidCredits || !seen.of.set_up {
        return None;
    }
    let empty = seen.of.vital.is_some_and(|vital| matches!(vital.health, Health::OutOfBalance));
    let left = seen.money.and_then(|read| read.money.available);
    Some(What::Money { left, said: seen.said.headline.clone(), empty })
}

//! Step 3: the account is tested as it is described, before anything is saved.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use egui::{RichText, Ui};

use crate::domain::{AccountTest, CheckReport, HealthState, KeyState, ProviderAccount};
use crate::engine::{Command, Snapshot};
use crate::ui::action::Action;
use crate::ui::theme;
use crate::ui::widgets::{Tone, paragraph, plain_button, primary_button, tag};
use crate::words::{self, Speech};

use super::super::details::{heading, report_ui};
use super::Form;

/// What is known of the account as it is described now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    None,
    Running,
    Good,
    Bad,
    /// Something was changed since.
    Outdated,
}

impl Form {
    fn typed(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.draft.key.hash(&mut hasher);
        hasher.finish()
    }

    pub(super) fn test_state(&self, snapshot: &Snapshot, account: Option<&ProviderAccount>) -> State {
        let Some(tested) = &self.tested else { return State::None };
        match &snapshot.looks.test {
            None | Some(AccountTest::Running { .. }) => State::Running,
            // The result of the test before, until the engine has heard of this one.
            Some(AccountTest::Done { report, .. })
                if self.before.as_ref().is_some_and(|old| Arc::ptr_eq(old, report)) =>
            {
                State::Running
            }
            Some(AccountTest::Done { .. }) if account != Some(tested) || self.tested_key != self.typed() => {
                State::Outdated
            }
            Some(AccountTest::Done { report, .. }) if good(report) => State::Good,
            Some(AccountTest::Done { .. }) => State::Bad,
        }
    }

    pub(super) fn test_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>, wishes: &mut Vec<Action>) {
        let palette = theme::palette(ui);
        let account = self.account(snapshot, speech);
        let text = "The account is asked as you described it: free questions first, and one that costs a few tokens \
                    only where nothing free can tell. Nothing is saved by it.";
        paragraph(ui, RichText::new(text).color(palette.secondary));
        let state = self.test_state(snapshot, account.as_ref().ok());
        ui.horizontal(|ui| {
            let running = state == State::Running;
            let word = if self.tested.is_none() { "Test now" } else { "Test again" };
            let button = |ui: &mut Ui| {
                if self.tested.is_none() { primary_button(ui, word) } else { plain_button(ui, word) }
            };
            let go = ui.add_enabled_ui(account.is_ok() && !running, button).inner;
            let why = if running { "The test is under way" } else { account.as_ref().err().map_or("", String::as_str) };
            if go.on_disabled_hover_text(why).clicked()
                && let Ok(account) = &account
            {
                let key = self.draft.typed_key();
                wishes.push(Action::Tell(Command::TestAccount { account: Box::new(account.clone()), key }));
                self.tested = Some(account.clone());
                self.tested_key = self.typed();
                self.before = match &snapshot.looks.test {
                    Some(AccountTest::Done { report, .. }) => Some(report.clone()),
                    Some(AccountTest::Running { .. }) | None => None,
                };
            }
            match state {
                State::None => {}
                State::Running => {
                    tag(ui, "Asking…", Tone::Accent);
                }
                State::Good => {
                    tag(ui, "It works", Tone::Good);
                }
                State::Bad => {
                    tag(ui, "It does not work yet", Tone::Bad);
                }
                State::Outdated => {
                    tag(ui, "Changed since the test", Tone::Warning);
                }
            }
        });
        if let Err(trouble) = &account {
            paragraph(ui, RichText::new(trouble).color(palette.warning));
        }
        if let (Some(AccountTest::Done { report, key }), Some(tested)) = (&snapshot.looks.test, &self.tested)
            && state != State::Running
        {
            done_ui(ui, report, key, tested, speech);
        }
        if state == State::Bad {
            let text = "You can save it all the same: it is skipped until an answer is good, and checked again.";
            paragraph(ui, RichText::new(text).color(palette.secondary));
        }
    }
}

/// A job would run, or at least nothing speaks against it.
fn good(report: &CheckReport) -> bool {
    report.diagnosis.as_ref().is_some_and(|said| said.state == HealthState::Up)
}

fn done_ui(ui: &mut Ui, report: &CheckReport, key: &KeyState, tested: &ProviderAccount, speech: &Speech<'_>) {
    let palette = theme::palette(ui);
    if let Some(said) = &report.diagnosis {
        paragraph(ui, RichText::new(words::diagnosis_headline(said, speech)).font(theme::strong_font()));
        if let Some(advice) = words::diagnosis_advice(said, speech) {
            paragraph(ui, RichText::new(advice).color(palette.secondary));
        }
        if said.state == HealthState::Up {
            paragraph(ui, RichText::new(words::proof(report.proof)).color(palette.secondary));
        }
    } else {
        let text = "Nothing that could be asked tells whether jobs run";
        paragraph(ui, RichText::new(text).font(theme::strong_font()));
    }
    if let Some(other) = &report.key_belongs_to {
        let text = format!("The key is taken at {other}: choose the other region, or correct the base URL");
        paragraph(ui, RichText::new(text).color(palette.warning));
    }
    paragraph(ui, RichText::new(words::key_state(key, &tested.key)).color(palette.secondary));
    if let Some(plan) = &report.plan {
        paragraph(ui, RichText::new(format!("Plan: {plan}")));
    }
    if !report.windows.is_empty() {
        heading(ui, "Quota windows found");
    }
    for window in &report.windows {
        paragraph(ui, RichText::new(words::capitalised(&words::allowance(window, speech))));
    }
    if let Some(trouble) = &report.quota_trouble {
        paragraph(ui, RichText::new(words::diagnosis_headline(trouble, speech)).color(palette.secondary));
    }
    report_ui(ui, report, speech);
}

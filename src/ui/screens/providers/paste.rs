//! "Paste what the dashboard says": the text, what is read from it while it is typed, and the button to use it.
//!
//! Nothing is kept before that button is pressed.

use egui::{RichText, ScrollArea, TextEdit, Ui};
use jiff::Timestamp;

use crate::domain::{AccountId, DashboardReading, ProviderAccount};
use crate::engine::{DashboardError, DashboardPage, dashboard_of, read_dashboard};
use crate::ui::action::Action;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, foot_ui, link_button, paragraph, plain_button, primary_button};
use crate::words::{self, Speech};

use super::details::heading;
use super::seen::label;
use super::until::Outcome;

const WIDTH: f32 = 680.0;

/// What was pasted, and what was read from it.
#[derive(Debug)]
pub(super) struct Paste {
    pub of: AccountId,
    text: String,
    read: Option<Result<DashboardReading, DashboardError>>,
    /// When it was pasted: the page's "in 3 hours" counts from there.
    at: Option<Timestamp>,
    focused: bool,
}

impl Paste {
    pub fn new(of: AccountId) -> Self {
        Self { of, text: String::new(), read: None, at: None, focused: false }
    }

    pub fn ui(
        &mut self,
        ui: &mut Ui,
        account: &ProviderAccount,
        speech: &Speech<'_>,
        wishes: &mut Vec<Action>,
    ) -> Outcome<DashboardReading> {
        let palette = theme::palette(ui);
        let room = ui.ctx().content_rect();
        ui.set_width(WIDTH.min(room.width() - 4.0 * space::L));
        let title = format!("What the dashboard of {} says", label(account));
        widgets::elided(ui, &title, theme::heading_font(), palette.text, ui.available_width());
        ui.horizontal_wrapped(|ui| {
            let text = "Open its usage page, select everything, copy it and paste it here.";
            ui.label(RichText::new(text).color(palette.secondary));
            if let Some(link) = dashboard_of(account)
                && link_button(ui, "Open the page").on_hover_text(link).clicked()
            {
                wishes.push(Action::Browse(link.to_owned()));
            }
        });
        self.field_ui(ui, account, speech);
        ScrollArea::vertical().id_salt("read").max_height((room.height() - 420.0).max(120.0)).show(ui, |ui| {
            ui.set_min_height(80.0);
            match &self.read {
                None => {
                    let text = "What is read from it shows here. Nothing is kept before you say so.";
                    paragraph(ui, RichText::new(text).color(palette.faint));
                }
                Some(Ok(reading)) => reading_ui(ui, reading, speech),
                Some(Err(error)) => error_ui(ui, error),
            }
        });
        let ready = matches!(&self.read, Some(Ok(_)));
        foot_ui(ui, |ui| {
            let go = ui.add_enabled_ui(ready, |ui| primary_button(ui, "Use these numbers")).inner;
            if go.on_disabled_hover_text("Nothing was read yet").clicked()
                && let Some(Ok(reading)) = self.read.take()
            {
                return Outcome::Chosen(reading);
            }
            if plain_button(ui, "Cancel").clicked() { Outcome::Closed } else { Outcome::Open }
        })
    }

    fn field_ui(&mut self, ui: &mut Ui, account: &ProviderAccount, speech: &Speech<'_>) {
        ScrollArea::vertical().id_salt("pasted").max_height(160.0).show(ui, |ui| {
            let field = TextEdit::multiline(&mut self.text)
                .hint_text("5-hour limit   37% used   resets in 2 hours …")
                .desired_width(ui.available_width())
                .desired_rows(8)
                .margin(egui::Margin::symmetric(10, 6));
            let field = ui.add(field).accessible_name("What the page says");
            if !self.focused {
                self.focused = field.has_focus();
                field.request_focus();
            }
            if field.changed() {
                self.at = Some(speech.now);
                self.read = self.read(account, speech);
            }
        });
    }

    /// Read once for each text.
    fn read(&self, account: &ProviderAccount, speech: &Speech<'_>) -> Option<Result<DashboardReading, DashboardError>> {
        let seen_at = self.at.filter(|_| !self.text.trim().is_empty())?;
        let ProviderAccount { service, billing, .. } = *account;
        Some(read_dashboard(&DashboardPage { text: &self.text, service, billing, seen_at, zone: speech.zone }))
    }
}

fn reading_ui(ui: &mut Ui, reading: &DashboardReading, speech: &Speech<'_>) {
    let palette = theme::palette(ui);
    heading(ui, "Read from it");
    if let Some(plan) = &reading.plan {
        paragraph(ui, RichText::new(format!("Plan: {plan}")));
    }
    for window in &reading.windows {
        paragraph(ui, RichText::new(words::dashboard_window(window, speech)));
    }
    if let Some(money) = reading.money.as_ref().and_then(words::dashboard_money) {
        paragraph(ui, RichText::new(money));
    }
    let sure = words::reading_confidence(reading.confidence);
    paragraph(ui, RichText::new(sure).font(theme::small_font()).color(palette.secondary));
    notes_ui(ui, &reading.notes);
}

fn error_ui(ui: &mut Ui, error: &DashboardError) {
    let palette = theme::palette(ui);
    paragraph(ui, RichText::new(words::capitalised(&error.to_string())).color(palette.warning));
    if let DashboardError::NoQuota { notes, .. } = error {
        notes_ui(ui, notes);
    }
}

fn notes_ui(ui: &mut Ui, notes: &[crate::domain::DashboardNote]) {
    let palette = theme::palette(ui);
    if !notes.is_empty() {
        heading(ui, "Seen and not taken");
    }
    for note in notes {
        paragraph(ui, RichText::new(words::dashboard_note(note)).font(theme::small_font()).color(palette.secondary));
    }
}

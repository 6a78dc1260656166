//! What the user decides about a cron: tier, critical, pin, hold, and whether automation may change it.

use egui::{Checkbox, ComboBox, RichText, Ui};

use crate::domain::{Cron, ModelRef, Pin, Tier, TierEntry};
use crate::engine::{Command, Edit, Snapshot};
use crate::ui::action::Action;
use crate::ui::theme::{self, space};
use crate::ui::widgets;
use crate::words::{self, Speech};

use super::control_ui;

/// Tier, critical, pin, hold and asking first of a routable cron; each is one step of undo.
pub(super) fn section_ui(
    ui: &mut Ui,
    snapshot: &Snapshot,
    cron: &Cron,
    entry: Option<&TierEntry>,
    speech: &Speech<'_>,
) -> Option<Action> {
    let mut edit = None;
    let held_by = snapshot.folder.as_ref().and_then(|folder| folder.held_by.as_deref());
    widgets::section(ui, "Yours to decide", |ui| {
        if let Some(holder) = held_by {
            let palette = theme::palette(ui);
            let text = format!("The state folder is held by {holder}: nothing can be changed here");
            ui.label(RichText::new(text).color(palette.warning));
        }
        ui.add_enabled_ui(held_by.is_none(), |ui| {
            ui.spacing_mut().item_spacing.y = space::S / 2.0;
            control_ui(ui, "Tier", |ui| edit = tier_ui(ui, cron, entry));
            edit = suggestion_ui(ui, snapshot, cron, entry).or(edit.take());
            if let Some(entry) = entry {
                edit = entry_ui(ui, cron, entry, speech).or(edit.take());
            }
        });
    });
    edit.map(|edit| Action::Tell(Command::Edit(edit)))
}

fn tier_ui(ui: &mut Ui, cron: &Cron, entry: Option<&TierEntry>) -> Option<Edit> {
    let mut edit = None;
    let crons = || vec![cron.id.clone()];
    let now = entry.map(|entry| entry.tier);
    for tier in Tier::ALL {
        let chip = widgets::chip(ui, tier.code(), now == Some(tier)).on_hover_text(words::tier_name(tier));
        if chip.clicked() && now != Some(tier) {
            edit = Some(Edit::SetTier { crons: crons(), tier: Some(tier) });
        }
    }
    let chip = widgets::chip(ui, "Unsorted", now.is_none()).on_hover_text("Not touched before it has a tier");
    if chip.clicked() && now.is_some() {
        edit = Some(Edit::SetTier { crons: crons(), tier: None });
    }
    edit
}

fn suggestion_ui(ui: &mut Ui, snapshot: &Snapshot, cron: &Cron, entry: Option<&TierEntry>) -> Option<Edit> {
    let suggestion = snapshot.suggestions.get(&cron.id).filter(|_| entry.is_none())?;
    let accept = ui.horizontal_wrapped(|ui| {
        let palette = theme::palette(ui);
        let why = format!("{} fits: {}", suggestion.tier.code(), words::suggestion(&suggestion.why));
        ui.label(RichText::new(why).color(palette.secondary));
        widgets::link_button(ui, &format!("Accept {}", suggestion.tier.code())).clicked()
    });
    accept.inner.then(|| Edit::AcceptSuggestions { crons: vec![cron.id.clone()] })
}

fn entry_ui(ui: &mut Ui, cron: &Cron, entry: &TierEntry, speech: &Speech<'_>) -> Option<Edit> {
    let mut edit = None;
    let crons = || vec![cron.id.clone()];
    control_ui(ui, "Critical", |ui| {
        let mut critical = entry.critical;
        let tick = ui.add(Checkbox::new(&mut critical, "must keep running in a crisis"));
        if tick.changed() {
            edit = Some(Edit::SetCritical { crons: crons(), critical });
        }
    });
    control_ui(ui, "Pin", |ui| {
        if let Some(pin) = pin_ui(ui, cron, entry.pinned.as_ref(), speech) {
            edit = Some(Edit::SetPin { crons: crons(), pin });
        }
    });
    control_ui(ui, "Hold", |ui| {
        let mut hold = entry.hold.is_some();
        let text = match &entry.hold {
            Some(hold) => format!("left alone since {}", words::clock(hold.since, speech)),
            None => "leave it alone".to_owned(),
        };
        let tick = ui.add(Checkbox::new(&mut hold, text)).on_hover_text("Automatic changes leave a held cron alone");
        if tick.changed() {
            edit = Some(Edit::SetHold { crons: crons(), hold });
        }
    });
    control_ui(ui, "Automation", |ui| {
        let mut ask_first = entry.ask_first;
        let tick = ui.add(Checkbox::new(&mut ask_first, "ask before automation changes it"));
        if tick.on_hover_text("Left to you, also where automation acts within limits").changed() {
            edit = Some(Edit::SetAskFirst { crons: crons(), ask_first });
        }
    });
    edit
}

/// `Some(None)` unpins.
#[expect(clippy::option_option, reason = "no wish, unpin, and a pin are three things")]
fn pin_ui(ui: &mut Ui, cron: &Cron, pinned: Option<&Pin>, speech: &Speech<'_>) -> Option<Option<Pin>> {
    let mut wish = None;
    let turn = cron.turn();
    let has = speech.catalog.resolve(turn.and_then(|turn| turn.model.as_deref()), cron.agent.as_deref());
    let name = |model: &ModelRef| words::model_name(model, speech);
    let text = match pinned {
        None => "not pinned".to_owned(),
        Some(Pin { model: Some(model) }) => name(model),
        Some(Pin { model: None }) => "the model it has".to_owned(),
    };
    let combo = ComboBox::from_id_salt(("pin", &cron.id)).selected_text(text).width(ui.available_width() - space::S);
    let shown = combo.show_ui(ui, |ui| {
        if ui.selectable_label(pinned.is_none(), "not pinned").clicked() {
            wish = Some(None);
        }
        let models = has.iter().chain(speech.catalog.models.keys().filter(|model| has.as_ref() != Some(*model)));
        for model in models {
            let on = pinned.is_some_and(|pin| pin.model.as_ref() == Some(model));
            let now = if has.as_ref() == Some(model) { " (now)" } else { "" };
            if ui.selectable_label(on, format!("{}{now}", name(model))).on_hover_text(model.as_str()).clicked() {
                wish = Some(Some(Pin { model: Some(model.clone()) }));
            }
        }
    });
    shown.response.accessible_name("Pinned model");
    wish
}

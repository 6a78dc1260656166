//! The context menu of a card: everything that keys and dragging can do, by name.

use egui::{Button, Key, Modifiers, Popup, Response, SetOpenCommand, Ui};

use crate::domain::{MadeBy, Pointed, Tier};
use crate::engine::{Consent, Edit};
use crate::ui::action::Action;

use super::facts::{Card, Lane};
use super::keys::Mark;
use super::{Board, Scene};

/// Opens on a right click, on the menu key and on Shift+F10.
pub(super) fn card_menu(response: &Response, board: &mut Board, scene: &mut Scene<'_>, card: &Card) {
    let by_key = response.has_focus()
        && response.ctx.input_mut(|input| {
            input.consume_key(Modifiers::SHIFT, Key::F10) || input.consume_key(Modifiers::NONE, Key::Menu)
        });
    if by_key || response.secondary_clicked() {
        board.selection.grab(card.id());
        board.menu_by_key = by_key.then(|| card.id().clone());
        board.menu_focus = by_key;
    }
    let mut popup = Popup::context_menu(response);
    if board.menu_by_key.as_ref() == Some(card.id()) {
        // There is no pointer to open it at.
        popup = popup.at_position(response.rect.left_bottom());
    }
    if by_key {
        popup = popup.open_memory(SetOpenCommand::Bool(true));
    }
    popup.show(|ui| menu_ui(ui, board, scene, card));
}

fn menu_ui(ui: &mut Ui, board: &mut Board, scene: &mut Scene<'_>, card: &Card) {
    ui.set_min_width(210.0);
    let details = ui.add(Button::new("Open details").shortcut_text("Enter"));
    if std::mem::take(&mut board.menu_focus) {
        details.request_focus();
    }
    if details.clicked() {
        ui.close();
        scene.wishes.push(Action::Open(card.id().clone()));
    }
    if card.lane == Lane::NotRoutable {
        return;
    }
    ui.separator();
    let crons = board.selection.targets(&scene.facts, &scene.lanes);
    let many = if crons.len() > 1 { format!(" ({})", crons.len()) } else { String::new() };
    if let Some(tier) = card.suggested
        && item(ui, &format!("Accept suggestion: {}", tier.code()), "A", scene.editable)
    {
        board.accept(scene);
    }
    for (tier, key) in [(Some(Tier::T1), "1"), (Some(Tier::T2), "2"), (Some(Tier::T3), "3"), (None, "0")] {
        let to = tier.map_or("unsorted", Tier::code);
        if item(ui, &format!("Move to {to}{many}"), key, scene.editable) {
            board.move_to(scene, &crons, tier);
        }
    }
    ui.separator();
    let sorted = scene.editable && matches!(card.lane, Lane::Tier(_));
    let marks = [
        (Mark::Critical, "Not critical", "Critical: keeps running in a crisis", "C"),
        (Mark::Pinned, "Unpin its model", "Pin its model", "P"),
        (Mark::Held, "Lift the hold", "Hold: no automatic changes", "H"),
    ];
    for (mark, off, on, key) in marks {
        let text = if mark.is_on(card) { off } else { on };
        if item(ui, text, key, sorted) {
            board.toggle(scene, mark);
        }
    }
    let entry = scene.snapshot.tiers.get(card.id());
    let (asks, allowed) = entry.map_or((false, false), |entry| (entry.ask_first, entry.edit_agent_made));
    let text = if asks { "Let automation change it" } else { "Ask before automation changes it" };
    if item(ui, text, "", sorted) {
        scene.edit(Edit::SetAskFirst { crons: crons.clone(), ask_first: !asks });
    }
    if card.cron.made_by == MadeBy::Agent && sorted {
        let text = if allowed { "Leave this agent's cron alone" } else { "Allow edits, though its authority is lost" };
        if item(ui, text, "", true) {
            scene.edit(Edit::Agree { crons, to: Consent::EditAgentMade, agrees: !allowed });
        }
    }
    ui.separator();
    if item(ui, "Show its quota", "", true) {
        board.foot.show(Pointed::Cron(card.id().clone()));
    }
}

fn item(ui: &mut Ui, text: &str, key: &str, enabled: bool) -> bool {
    let clicked = ui.add_enabled(enabled, Button::new(text).shortcut_text(key)).clicked();
    if clicked {
        ui.close();
    }
    clicked
}

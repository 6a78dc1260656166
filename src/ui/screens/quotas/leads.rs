//! What can be done from a row: by a double click, by Enter, by its button, and by its menu.

use egui::{
    Align2, Button, EventFilter, Id, Key, Modifiers, Popup, Rangef, Rect, Response, Sense, SetOpenCommand, Ui,
    WidgetInfo, accesskit::Role,
};

use crate::ui::icon;
use crate::ui::theme;
use crate::ui::widgets::chip;
use crate::words;

use super::lanes::Lane;
use super::timeline::{Shown, opened};

/// Where somebody wants to go from a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::ui::screens) enum Lead {
    /// To the crons that draw on it.
    Crons,
    /// So much of each quota of its account is kept free.
    KeepFree(f64),
}

/// What is offered to be kept free; other numbers are in the account's own dialog.
const FREE: [f64; 6] = [0.0, 0.05, 0.1, 0.2, 0.3, 0.5];

/// What somebody chose for a row whose plot ends at `right`.
pub(super) fn of_row(ui: &Ui, response: &Response, lane: &Lane<'_>, right: f32, shown: &Shown<'_>) -> Option<Lead> {
    lane.window().filter(|(window, _)| window.holds_runs_back())?;
    let mut lead = opened(ui, response).then_some(Lead::Crons);
    let row = response.rect;
    let place = Rect::from_x_y_ranges(Rangef::new(right, row.right()), row.y_range().shrink(row.height() / 4.0));
    // Tab passes it by: the menu key opens the same.
    let button = ui.interact(place, response.id.with("menu"), Sense::CLICK);
    let label = format!("What to do with {} {}", lane.name, lane.label());
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
    let palette = theme::palette(ui);
    let color = if button.hovered() || response.has_focus() { palette.text } else { palette.faint };
    ui.painter().text(place.center(), Align2::CENTER_CENTER, icon::MORE_VERT, theme::icon_font(14.0), color);
    let by_key = response.has_focus()
        && ui.input_mut(|input| {
            input.consume_key(Modifiers::SHIFT, Key::F10) || input.consume_key(Modifiers::NONE, Key::Menu)
        });
    let mut menu = Popup::menu(&button);
    if by_key {
        menu = menu.open_memory(SetOpenCommand::Bool(true));
    }
    menu.show(|ui| items_ui(ui, lane, shown, by_key, &mut lead));
    Popup::context_menu(response).show(|ui| items_ui(ui, lane, shown, false, &mut lead));
    lead
}

fn items_ui(ui: &mut Ui, lane: &Lane<'_>, shown: &Shown<'_>, by_key: bool, lead: &mut Option<Lead>) {
    ui.set_min_width(230.0);
    let crons = ui.add(Button::new("Show its crons on the board").shortcut_text("Enter"));
    if by_key {
        crons.request_focus();
    }
    let mut chosen = crons.clicked().then_some(Lead::Crons);
    ui.separator();
    let mut items = vec![crons.id];
    let (name, kept) = (lane.name, lane.account.reserve_ratio);
    let held = shown.snapshot.folder.as_ref().is_some_and(|folder| folder.held_by.is_some());
    ui.add_enabled_ui(!held, |ui| {
        ui.label(format!("Keep free of each quota of {name}, for yourself"));
        ui.horizontal(|ui| {
            for part in FREE {
                let on = (part - kept).abs() < 0.005;
                let text = if part == 0.0 { "nothing".to_owned() } else { words::percent(part) };
                let item = chip(ui, &text, on);
                if !held {
                    items.push(item.id);
                }
                if item.on_hover_text(words::WHO_KEEPS_FREE).clicked() && !on {
                    chosen = Some(Lead::KeepFree(part));
                }
            }
        });
    });
    walk(ui, &items);
    if chosen.is_some() {
        *lead = chosen;
        ui.close();
    }
}

/// Arrows walk what can be chosen, one after the other: the toolkit looks for the nearest in their direction, also below
/// the menu.
fn walk(ui: &Ui, items: &[Id]) {
    let focus = ui.memory(egui::Memory::focused);
    let Some(at) = items.iter().position(|item| Some(*item) == focus) else { return };
    let arrows = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(items[at], arrows));
    let pressed = |key| ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key));
    let on = pressed(Key::ArrowRight) + pressed(Key::ArrowDown);
    let back = pressed(Key::ArrowLeft) + pressed(Key::ArrowUp);
    let to = match () {
        () if pressed(Key::Home) > 0 => 0,
        () if pressed(Key::End) > 0 => items.len() - 1,
        () => (at + on).saturating_sub(back).min(items.len() - 1),
    };
    if to != at {
        ui.memory_mut(|memory| memory.request_focus(items[to]));
    }
}

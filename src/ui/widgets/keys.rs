//! Keys that several screens share.

use egui::{Event, Key, Modifiers, Popup, Ui};

use crate::ui::theme::space;

/// Something is open over the screen: keys are for that.
pub fn covered(ui: &Ui) -> bool {
    ui.memory(|memory| memory.top_modal_layer().is_some()) || Popup::is_any_open(ui.ctx())
}

/// How the key of a screen's main button is written.
pub const GO_ON: &str = "Ctrl+Enter";

/// Whether Ctrl+Enter was pressed: the key of the button at the bottom right. Holding it down counts once, so that
/// nobody applies a plan by staying on the key that led to it.
pub fn go_on_pressed(ui: &Ui) -> bool {
    let mut pressed = false;
    if covered(ui) {
        return false;
    }
    ui.input_mut(|input| {
        input.events.retain(|event| {
            let Event::Key { key: Key::Enter, pressed: true, repeat, modifiers, .. } = event else { return true };
            let ours = modifiers.matches_logically(Modifiers::COMMAND);
            pressed |= ours && !repeat;
            !ours
        });
    });
    pressed
}

/// Scrolls to what has just got the focus. Call it at the end of what a scroll area shows: the toolkit leaves the
/// focus outside the view.
pub fn keep_focus_in_view(ui: &Ui) {
    let focused = ui.memory(egui::Memory::focused).and_then(|id| ui.ctx().read_response(id));
    let Some(focused) = focused.filter(egui::Response::gained_focus) else { return };
    if focused.layer_id == ui.layer_id() && ui.min_rect().contains_rect(focused.rect) {
        ui.scroll_to_rect(focused.rect.expand(space::S), None);
    }
}

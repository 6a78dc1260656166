//! The list of keys, opened by F1, by ? and by the button in the top line.

use egui::{RichText, ScrollArea, Ui, vec2};

use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, plain_button};

/// Whether the list is open.
#[derive(Debug, Default)]
pub(super) struct Help {
    pub open: bool,
    /// It was drawn, so its button has had the focus.
    drawn: bool,
}

type Keys = &'static [(&'static str, &'static str)];

const LEFT: [(&str, Keys); 4] = [
    (
        "Board",
        &[
            ("↑ ↓ ← →", "walk the cards; with Shift select on the way"),
            ("Space", "select one more, or one less"),
            ("Ctrl+A", "select the whole column"),
            ("1  2  3", "move the selected cards to that tier"),
            ("0", "back to unsorted"),
            ("A", "accept the suggested tier"),
            ("C  P  H", "critical, pinned, held: on or off"),
            ("Enter", "details; Escape closes them"),
            ("Q", "the quotas below the cards: open or fold"),
            ("Shift+F10", "everything else a card can do"),
        ],
    ),
    (
        "Quotas",
        &[
            ("← →", "back and on in time; Home leads to now"),
            ("+  −", "closer and further, as Ctrl with the wheel"),
            ("↑ ↓", "walk the windows"),
            ("Enter", "the crons that draw on one, lit on the board"),
        ],
    ),
    (
        "What-if, on a slider",
        &[("← →", "a step back or on; with Shift a day, or ten percent"), ("Home  End", "as it is now; to the end")],
    ),
    ("A chain's routes", &[("Ctrl+← →", "move the route"), ("Delete", "take it out"), ("Enter", "its menu")]),
];

const RIGHT: [(&str, Keys); 4] = [
    (
        "Everywhere",
        &[
            ("Ctrl+1 … 8", "Board, Quotas, What-if, Providers, Plan, Crisis, Activity, Settings"),
            ("Tab", "to the next part; Shift+Tab back"),
            ("Ctrl+Enter", "the button at the bottom right"),
            ("Ctrl+F  /", "search the board; Enter goes to what was found"),
            ("Ctrl+Z  Ctrl+Y", "undo and redo an edit"),
            ("Escape", "close what is open, or clear the selection"),
            ("F1  ?", "this list"),
        ],
    ),
    (
        "Providers",
        &[("↑ ↓ ← →", "walk the accounts"), ("Enter", "everything that can be done with one"), ("C", "check it now")],
    ),
    (
        "Plan, and the plans of a crisis",
        &[
            ("↑ ↓", "walk the lines; the one you are on is explained"),
            ("Space", "tick or untick it"),
            ("Ctrl+Enter", "do what the button at the bottom right says"),
        ],
    ),
    ("Activity", &[("U", "undo this switch, or on its title the whole plan"), ("Enter", "details of the cron")]),
];

const WIDTH: f32 = 860.0;
const KEY: f32 = 104.0;

impl Help {
    pub fn ui(&mut self, ui: &Ui) {
        if !self.open {
            self.drawn = false;
            return;
        }
        let shown = widgets::modal(ui, "keys").show(ui.ctx(), |ui| {
            let room = ui.ctx().content_rect();
            ui.set_width(WIDTH.min(room.width() - 4.0 * space::L));
            ui.label(RichText::new("Keys").font(theme::heading_font()));
            let height = room.height() - 160.0;
            ScrollArea::vertical().max_height(height).auto_shrink([false, true]).show(ui, |ui| {
                ui.columns(2, |columns| {
                    groups_ui(&mut columns[0], &LEFT);
                    groups_ui(&mut columns[1], &RIGHT);
                });
            });
            widgets::foot_ui(ui, |ui| {
                let close = plain_button(ui, "Close");
                if !self.drawn {
                    self.drawn = close.has_focus();
                    close.request_focus();
                }
                close.clicked()
            })
        });
        let again = |input: &mut egui::InputState| {
            let pressed = |input: &mut egui::InputState, key| input.consume_key(egui::Modifiers::NONE, key);
            pressed(input, egui::Key::F1) || pressed(input, egui::Key::Questionmark)
        };
        let again = self.drawn && ui.input_mut(again);
        self.open = !(shown.inner || shown.should_close() || again);
    }
}

fn groups_ui(ui: &mut Ui, groups: &[(&str, Keys)]) {
    ui.spacing_mut().item_spacing.y = space::S / 2.0;
    for (title, keys) in groups {
        ui.add_space(space::S / 2.0);
        ui.label(RichText::new(*title).font(theme::title_font()));
        for (key, what) in *keys {
            key_ui(ui, key, what);
        }
    }
}

fn key_ui(ui: &mut Ui, key: &str, what: &str) {
    let palette = theme::palette(ui);
    let left = ui.cursor().min;
    let width = ui.available_width() - KEY;
    let text = ui.painter().layout(what.to_owned(), theme::text_font(), palette.secondary, width);
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), text.size().y + 4.0), egui::Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Label, true, format!("{key}: {what}")));
    let keys = widgets::cut(ui.painter(), key, theme::strong_font(), palette.text, KEY);
    ui.painter().galley(rect.min + vec2(0.0, 2.0), keys, palette.text);
    ui.painter().galley(left + vec2(KEY, 2.0), text, palette.secondary);
}

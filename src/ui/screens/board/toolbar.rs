//! Search, filters, order and density, above the columns.

use egui::{Button, Id, Key, Layout, Modifiers, Popup, RichText, Stroke, TextEdit, Ui, vec2};

use crate::engine::{Command, SettingsChange};
use crate::ui::action::Action;
use crate::ui::icon;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{chip, icon_button};

use super::facts::Lane;
use super::lanes::{Only, Sort};
use super::{Board, Scene};

impl Board {
    pub(super) fn toolbar_ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        ui.allocate_ui_with_layout(
            vec2(ui.available_width(), 30.0),
            Layout::left_to_right(egui::Align::Center),
            |ui| {
                self.search_ui(ui);
                for only in Only::ALL {
                    let count = scene.lanes.count(only);
                    let on = self.filter.only.contains(&only);
                    if (count > 0 || on)
                        && chip(ui, &format!("{} {count}", only.label()), on).clicked()
                        && !self.filter.only.remove(&only)
                    {
                        self.filter.only.insert(only);
                    }
                }
                self.lane_chips(ui, scene);
                ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
                    self.view_ui(ui, scene);
                    let hint = self.hint(scene);
                    let color = theme::palette(ui).secondary;
                    ui.add(egui::Label::new(RichText::new(hint).color(color)).truncate());
                });
            },
        );
    }

    fn search_ui(&mut self, ui: &mut Ui) {
        let width = (ui.available_width() * 0.24).clamp(150.0, 230.0);
        let id = Id::unique("board search");
        let down = |input: &mut egui::InputState| input.consume_key(Modifiers::NONE, Key::ArrowDown);
        if ui.memory(|memory| memory.has_focus(id)) && ui.input_mut(down) {
            self.to_cards = !self.lanes.is_empty();
        }
        let field = TextEdit::singleline(&mut self.filter.text)
            .id(id)
            .hint_text("Search crons, models, errors…")
            .margin(egui::Margin::symmetric(10, 7))
            .desired_width(width - 20.0);
        let response = ui.add(field);
        ui.ctx().accesskit_node_builder(response.id, |node| node.set_label("Search crons"));
        if std::mem::take(&mut self.focus_search) {
            response.request_focus();
        }
        // Enter goes to what was found, Escape back to where one was.
        if response.lost_focus() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
            self.filter.text.clear();
            self.to_cards = true;
        }
        let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        self.to_cards |= entered && !self.lanes.is_empty();
    }

    /// Columns that are not always there.
    fn lane_chips(&mut self, ui: &mut Ui, scene: &Scene<'_>) {
        if scene.lanes.total(Lane::Unsorted) == 0 && chip(ui, "Unsorted 0", self.show_unsorted).clicked() {
            self.show_unsorted = !self.show_unsorted;
        }
        let without = scene.lanes.total(Lane::NotRoutable);
        if without > 0 {
            let shown = chip(ui, &format!("Not routable {without}"), self.show_not_routable);
            let shown = shown.on_hover_text("Commands, scripts and the gateway's own jobs: they have no model");
            if shown.clicked() {
                self.show_not_routable = !self.show_not_routable;
            }
        }
    }

    fn view_ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        ui.spacing_mut().item_spacing.x = space::S / 2.0;
        let open = self.foot.is_open(scene.snapshot);
        let label = if open { "Fold the quotas below the cards (Q)" } else { "Quotas below the cards (Q)" };
        let quotas = icon_button(ui, icon::TIMER, label);
        if open {
            let under = Stroke::new(2.0, theme::palette(ui).accent);
            ui.painter().hline(quotas.rect.x_range().shrink(4.0), quotas.rect.bottom() - 1.0, under);
        }
        if quotas.clicked() {
            self.fold_foot(scene, !open);
        }
        let compact = scene.density.compact;
        let label = if compact { "Cards with three lines" } else { "Compact cards" };
        if icon_button(ui, icon::DENSITY_SMALL, label).clicked() {
            let change = SettingsChange::SetCompactCards(!compact);
            scene.wishes.push(Action::Tell(Command::Settings(change)));
        }
        let sort = icon_button(ui, icon::SORT, "Order of the cards");
        Popup::menu(&sort).show(|ui| {
            for (sort, text) in [(Sort::Name, "By name"), (Sort::NextRun, "By next run")] {
                if ui.add(Button::selectable(self.filter.sort == sort, text)).clicked() {
                    self.filter.sort = sort;
                }
            }
        });
    }
}

//! The quota windows: each where it would be read then, or at any level.

use std::collections::BTreeMap;

use egui::{Align, Id, Layout, RichText, Ui, vec2};

use crate::domain::{AccountId, Imagined, WindowForecast, vendor_of};
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, Moved, Track, elided, link_button};
use crate::words;

use super::heading_ui;

/// What an arrow moves, and an arrow with Shift.
const STEP: f64 = 0.01;
const STRIDE: f64 = 0.1;

const ROW: f32 = 22.0;
/// What a track has of the row, which is narrow where there is little room.
const TRACK: f32 = 0.36;
const NUMBER: f32 = 36.0;

pub(super) fn ui(ui: &mut Ui, supposed: &mut BTreeMap<(AccountId, String), f64>, imagined: &Imagined) {
    let windows: Vec<_> = imagined.then.forecast.windows.iter().filter(|window| window.holds_runs_back()).collect();
    if windows.is_empty() {
        return;
    }
    heading_ui(ui, "Windows");
    for window in windows {
        window_ui(ui, supposed, window);
    }
}

fn window_ui(ui: &mut Ui, supposed: &mut BTreeMap<(AccountId, String), f64>, window: &WindowForecast) {
    let palette = theme::palette(ui);
    let vendor = vendor_of(&window.account);
    let key = (window.account.clone(), window.label.clone());
    let set = supposed.get(&key).copied();
    let level = set.unwrap_or(window.used_ratio);
    let (name, said) =
        (format!("{} {}", words::account_name(&window.account), words::forecast_window(window)), words::percent(level));
    let mut moved = None;
    ui.horizontal(|ui| {
        ui.set_min_height(ROW);
        ui.spacing_mut().item_spacing.x = space::S;
        widgets::mark(ui, &vendor, false);
        let room = ui.available_width();
        let width = room * TRACK;
        let names = room - width - NUMBER - 2.0 * space::S;
        ui.allocate_ui_with_layout(vec2(names, ROW), Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(names);
            elided(ui, &name, theme::text_font(), palette.text, names);
        });
        let color = theme::vendor_color(&vendor);
        let id = Id::unique(("what-if window", &key));
        let track = Track { id, name: &name, said: &said, part: level as f32, color, marks: &[] };
        moved = track.ui(ui, width).1;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if set.is_none() {
                ui.label(RichText::new(&said).font(theme::text_font()).color(palette.secondary));
                return;
            }
            let reset = link_button(ui, &said).accessible_name(format!("{name}: as it is"));
            if reset.on_hover_text("Supposed; press for as it is").clicked() {
                supposed.remove(&key);
            }
        });
    });
    let level = match moved {
        None => return,
        Some(Moved::To(part)) => f64::from(part),
        Some(Moved::Steps(steps)) => level + STEP * f64::from(steps),
        Some(Moved::Strides(strides)) => level + STRIDE * f64::from(strides),
        Some(Moved::ToBegin) => 0.0,
        Some(Moved::ToEnd) => 1.0,
    };
    supposed.insert(key, (level.clamp(0.0, 1.0) * 100.0).round() / 100.0);
}

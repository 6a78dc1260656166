//! The sidebar: where one can go, and which gateway this is.

use egui::{
    Align2, Button, Popup, Rect, Sense, Stroke, StrokeKind, Ui, UiBuilder, Vec2, WidgetInfo, accesskit, pos2, vec2,
};

use crate::domain::{Connection, OutageLevel, Outlook};
use crate::engine::{Command, Snapshot};
use crate::ui::action::{Action, Screen};
use crate::ui::icon;
use crate::ui::theme::{self, corner};
use crate::ui::widgets::{Tone, cut, tag};
use crate::words;

use super::Shell;

const ENTRY: f32 = 33.0;

impl Shell {
    pub(super) fn sidebar_ui(&self, ui: &mut Ui, snapshot: &Snapshot, folded: bool) -> Vec<Action> {
        let palette = theme::palette(ui);
        let full = ui.max_rect();
        ui.painter().vline(full.right() - 0.5, full.y_range(), Stroke::new(1.0, palette.line));
        let mut wishes = Vec::new();
        brand_ui(ui, full, folded);
        let entries = [
            (Screen::Board, icon::VIEW_KANBAN, "Board", Beside::Nothing),
            (Screen::Quotas, icon::TIMER, "Quotas", Beside::quotas(self.foreseen.latest(), snapshot)),
            (Screen::WhatIf, icon::SCIENCE, "What-if", Beside::Nothing),
            (Screen::Providers, icon::DNS, "Providers", Beside::Nothing),
            (Screen::Plan, icon::RULE, "Plan", Beside::count(snapshot.plan.changes.len())),
            (Screen::Crisis, icon::WARNING, "Crisis", Beside::crisis(snapshot)),
            (Screen::Activity, icon::HISTORY, "Activity", Beside::Nothing),
            (Screen::Settings, icon::TUNE, "Settings", Beside::Nothing),
        ];
        for (row, (screen, glyph, name, beside)) in entries.into_iter().enumerate() {
            let top = full.top() + 50.0 + row as f32 * ENTRY;
            let rect = Rect::from_min_size(pos2(full.left() + 10.0, top), vec2(full.width() - 21.0, ENTRY - 2.0));
            if entry_ui(ui, rect, (glyph, name), beside, self.screen == screen, folded) {
                wishes.push(Action::Go(screen));
            }
        }
        wishes.extend(gateway_ui(ui, full, snapshot, folded));
        wishes
    }
}

/// What stands beside an entry's name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nothing,
    Count(usize),
    /// A dot, and what it means.
    Alarm(&'static str),
}

impl Beside {
    fn count(n: usize) -> Self {
        if n == 0 { Self::Nothing } else { Self::Count(n) }
    }

    /// Nobody chose what was paid for there, and it is seen nowhere else.
    fn quotas(outlook: Option<&Outlook>, snapshot: &Snapshot) -> Self {
        match outlook.and_then(|outlook| outlook.paid_lately(snapshot.at)) {
            Some(_) => Self::Alarm(words::PAID_LATELY),
            None => Self::Nothing,
        }
    }

    fn crisis(snapshot: &Snapshot) -> Self {
        if snapshot.crisis.state.mode.is_some() {
            Self::Alarm("crisis mode is on")
        } else if snapshot.level() == OutageLevel::Crisis {
            Self::Alarm("providers are down")
        } else {
            Self::Nothing
        }
    }
}

/// The three bars of the mark, and the name.
fn brand_ui(ui: &Ui, full: Rect, folded: bool) {
    let palette = theme::palette(ui);
    let at = if folded { pos2(full.left() + 17.0, full.top() + 19.0) } else { full.min + vec2(19.0, 19.0) };
    for (row, (width, vendor)) in [(18.0, "google"), (14.0, "anthropic"), (9.0, "minimax")].into_iter().enumerate() {
        let bar = Rect::from_min_size(at + vec2(0.0, row as f32 * 5.0), vec2(width, 3.5));
        ui.painter().rect_filled(bar, 1.5, theme::vendor_color(&vendor.into()));
    }
    if !folded {
        let name = pos2(full.left() + 46.0, full.top() + 26.0);
        ui.painter().text(name, Align2::LEFT_CENTER, "Orchestrator", theme::title_font(), palette.text);
    }
}

fn entry_ui(ui: &Ui, rect: Rect, (glyph, name): (&str, &str), beside: Beside, open: bool, folded: bool) -> bool {
    let palette = theme::palette(ui);
    let response = ui.interact(rect, egui::Id::unique(("sidebar", name)), Sense::click());
    let label = match beside {
        Beside::Nothing => name.to_owned(),
        Beside::Count(count) => format!("{name}, {count}"),
        Beside::Alarm(what) => format!("{name}, {what}"),
    };
    response.widget_info(|| WidgetInfo::selected(accesskit::Role::Tab, true, open, &label));
    let painter = ui.painter();
    if open {
        painter.rect_filled(rect, corner::BUTTON, palette.accent_ground);
    } else if response.hovered() {
        painter.rect_filled(rect, corner::BUTTON, palette.hover);
    }
    if response.has_focus() {
        painter.rect_stroke(rect, corner::BUTTON, Stroke::new(2.0, palette.accent), StrokeKind::Inside);
    }
    let color = if open { palette.text } else { palette.secondary };
    let icon_at = pos2(rect.left() + if folded { rect.width() / 2.0 } else { 16.0 }, rect.center().y);
    painter.text(icon_at, Align2::CENTER_CENTER, glyph, theme::icon_font(17.0), color);
    if !folded {
        let font = if open { theme::strong_font() } else { theme::text_font() };
        painter.text(pos2(rect.left() + 34.0, rect.center().y), Align2::LEFT_CENTER, name, font, color);
    }
    match beside {
        Beside::Nothing => {}
        Beside::Count(count) => count_ui(ui, rect, count, open, folded),
        Beside::Alarm(_) => {
            let at = if folded { rect.right_top() + vec2(3.0, 3.0) } else { rect.right_center() - vec2(16.0, 0.0) };
            painter.circle_filled(at, 4.0, palette.bad);
        }
    }
    let clicked = response.clicked();
    if folded {
        response.on_hover_text(label);
    }
    clicked
}

/// A count in a round ground at the right end of an entry.
fn count_ui(ui: &Ui, rect: Rect, count: usize, open: bool, folded: bool) {
    let (palette, painter) = (theme::palette(ui), ui.painter());
    let most = if folded { 99 } else { 999 };
    let text = if count > most { format!("{most}+") } else { count.to_string() };
    let (color, fill) = if open { (palette.text, palette.card) } else { (palette.accent, palette.accent_ground) };
    let galley = cut(painter, &text, theme::chip_font(), color, 40.0);
    // Folded it stands above the icon's shoulder, in the margin beside it.
    let (size, middle) = if folded {
        let size = galley.size() + vec2(8.0, 0.0);
        (size, rect.right_top() + vec2(7.0 - size.x / 2.0, 2.0))
    } else {
        let size = galley.size() + vec2(14.0, 4.0);
        (size, rect.right_center() - vec2(8.0 + size.x / 2.0, 0.0))
    };
    let ground = Rect::from_center_size(middle, size);
    painter.rect_filled(ground, ground.height() / 2.0, fill);
    painter.galley(ground.center() - galley.size() / 2.0, galley, color);
}

/// The gateway's name with a dot for its connection, and what can be done with it.
fn gateway_ui(ui: &mut Ui, full: Rect, snapshot: &Snapshot, folded: bool) -> Vec<Action> {
    let palette = theme::palette(ui);
    let (name, color, state) = match &snapshot.connection {
        Connection::None => return Vec::new(),
        Connection::Connected(info) => (&info.name, palette.good, "connected"),
        Connection::Connecting { name, .. } => (name, palette.warning, "connecting"),
        Connection::Waiting { name, .. } => (name, palette.warning, "not connected, trying again"),
        Connection::Stopped { name, .. } => (name, palette.bad, "not connected"),
    };
    let rect = Rect::from_min_max(pos2(full.left() + 6.0, full.bottom() - 48.0), full.right_bottom() - vec2(8.0, 16.0));
    let response = ui.interact(rect, egui::Id::unique("gateway menu"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Button, true, format!("Gateway {name}, {state}")));
    if response.hovered() || response.has_focus() {
        let line = if response.has_focus() { Stroke::new(2.0, palette.accent) } else { Stroke::NONE };
        ui.painter().rect(rect, corner::BUTTON, palette.hover, line, StrokeKind::Inside);
    }
    let dot = pos2(rect.left() + if folded { rect.width() / 2.0 } else { 16.0 }, rect.center().y);
    ui.painter().circle_filled(dot, 4.0, color);
    if !folded {
        let room = rect.width() - if snapshot.demo { 84.0 } else { 36.0 };
        let galley = cut(ui.painter(), name, theme::text_font(), palette.secondary, room);
        let at = pos2(rect.left() + 30.0, rect.center().y - galley.size().y / 2.0);
        ui.painter().galley(at, galley, palette.secondary);
        if snapshot.demo {
            let place = Rect::from_min_size(rect.right_center() - vec2(54.0, 10.0), Vec2::new(50.0, 20.0));
            let layout = egui::Layout::right_to_left(egui::Align::Center);
            ui.scope_builder(UiBuilder::new().max_rect(place).layout(layout), |ui| tag(ui, "DEMO", Tone::Accent));
        }
    }
    let mut wishes = Vec::new();
    Popup::menu(&response).show(|ui| {
        ui.set_min_width(200.0);
        if let Connection::Connected(info) = &snapshot.connection {
            ui.label(egui::RichText::new(&info.name).font(theme::strong_font()));
            let about = format!("{}\nOpenClaw {}", info.url, info.version);
            ui.label(egui::RichText::new(about).font(theme::small_font()).color(palette.secondary));
            ui.separator();
        }
        if ui.add(Button::new("Choose another gateway…")).clicked() {
            wishes.push(Action::Go(Screen::Welcome));
        }
        if ui.add(Button::new("Disconnect")).clicked() {
            wishes.push(Action::Tell(Command::Disconnect));
        }
    });
    response.on_hover_text(format!("{name}: {state}"));
    wishes
}

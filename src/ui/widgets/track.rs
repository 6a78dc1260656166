//! A slider on a thin track: a part of a whole, by pointer and by keyboard, with marks below.

use egui::accesskit::{self, Action};
use egui::{
    Align2, Color32, EventFilter, Id, Key, Modifiers, Rect, Response, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2,
    vec2,
};

use crate::ui::theme;

const HEIGHT: f32 = 20.0;
/// More, where there are names below it.
const MARKED: f32 = 34.0;
const KNOB: f32 = 7.0;
const THICK: f32 = 4.0;

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Track<'a> {
    pub id: Id,
    /// What is chosen with it.
    pub name: &'a str,
    /// How the choice reads.
    pub said: &'a str,
    /// 0.0 to 1.0.
    pub part: f32,
    pub color: Color32,
    /// Names of parts of the whole.
    pub marks: &'a [(f32, &'a str)],
}

/// What somebody did with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moved {
    To(f32),
    /// Arrows: back is negative.
    Steps(i32),
    /// Arrows with Shift, and the keys of pages.
    Strides(i32),
    ToBegin,
    ToEnd,
}

impl Track<'_> {
    /// Draws it in `width`.
    pub fn ui(&self, ui: &mut Ui, width: f32) -> (Response, Option<Moved>) {
        let height = if self.marks.is_empty() { HEIGHT } else { MARKED };
        let (rect, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
        let across = rect.with_max_y(rect.top() + HEIGHT).shrink2(vec2(KNOB, 0.0));
        let response = ui.interact(across.expand2(vec2(KNOB, 0.0)), self.id, Sense::click_and_drag());
        response.widget_info(|| {
            let value = f64::from(self.part) * 100.0;
            WidgetInfo::slider(ui.is_enabled(), value, format!("{}: {}", self.name, self.said))
        });
        ui.ctx().accesskit_node_builder(self.id, |node| {
            node.set_min_numeric_value(0.0);
            node.set_max_numeric_value(100.0);
            node.add_action(Action::Increment);
            node.add_action(Action::Decrement);
        });
        let mut moved = None;
        if let Some(pointer) = response.interact_pointer_pos() {
            if response.is_pointer_button_down_on() {
                response.request_focus();
            }
            moved = Some(Moved::To(((pointer.x - across.left()) / across.width().max(1.0)).clamp(0.0, 1.0)));
        }
        if response.has_focus() {
            moved = self.keys(ui).or(moved);
        }
        self.paint(ui, across, rect, &response);
        (response, moved)
    }

    fn keys(&self, ui: &Ui) -> Option<Moved> {
        let arrows = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(self.id, arrows));
        let pressed = |modifiers, key| {
            i32::try_from(ui.input_mut(|input| input.count_and_consume_key(modifiers, key))).unwrap_or(1)
        };
        let asked =
            |action: Action| i32::try_from(ui.input(|input| input.num_accesskit_action_requests(self.id, action)));
        let (shift, none) = (Modifiers::SHIFT, Modifiers::NONE);
        let strides = pressed(shift, Key::ArrowRight) - pressed(shift, Key::ArrowLeft) + pressed(none, Key::PageUp)
            - pressed(none, Key::PageDown);
        let steps = pressed(none, Key::ArrowRight) - pressed(none, Key::ArrowLeft)
            + asked(Action::Increment).unwrap_or(0)
            - asked(Action::Decrement).unwrap_or(0);
        match () {
            () if pressed(none, Key::Home) > 0 => Some(Moved::ToBegin),
            () if pressed(none, Key::End) > 0 => Some(Moved::ToEnd),
            () if strides != 0 => Some(Moved::Strides(strides)),
            () if steps != 0 => Some(Moved::Steps(steps)),
            () => None,
        }
    }

    fn paint(&self, ui: &Ui, across: Rect, rect: Rect, response: &Response) {
        let (palette, painter) = (theme::palette(ui), ui.painter());
        let middle = across.center().y;
        let line = Rect::from_x_y_ranges(across.x_range(), middle - THICK / 2.0..=middle + THICK / 2.0);
        let x = egui::lerp(across.x_range(), self.part.clamp(0.0, 1.0));
        painter.rect_filled(line, THICK / 2.0, palette.strong_line);
        painter.rect_filled(line.with_max_x(x), THICK / 2.0, self.color);
        for (part, name) in self.marks {
            let at = egui::lerp(across.x_range(), *part);
            painter.vline(at, middle + THICK..=middle + THICK + 3.0, Stroke::new(1.0, palette.strong_line));
            let align = match *part {
                part if part <= 0.0 => Align2::LEFT_BOTTOM,
                part if part >= 1.0 => Align2::RIGHT_BOTTOM,
                _ => Align2::CENTER_BOTTOM,
            };
            let edge = if *part <= 0.0 {
                -KNOB
            } else if *part >= 1.0 {
                KNOB
            } else {
                0.0
            };
            painter.text(pos2(at + edge, rect.bottom()), align, *name, theme::chip_font(), palette.secondary);
        }
        let knob = Rect::from_center_size(pos2(x, middle), vec2(2.0 * KNOB, 2.0 * KNOB));
        let held = response.dragged() || response.hovered();
        let ring = if held { palette.text } else { palette.panel };
        painter.rect(knob, KNOB, self.color, Stroke::new(2.0, ring), StrokeKind::Inside);
        if response.has_focus() {
            painter.rect_stroke(knob.expand(3.0), KNOB + 3.0, Stroke::new(2.0, palette.accent), StrokeKind::Inside);
        }
    }
}

/// One of a few words, side by side in one frame: the choice that holds is filled.
pub fn segments<T: Copy + PartialEq>(ui: &mut Ui, of: &str, choices: &[(T, &str, super::Tone)], now: T) -> Option<T> {
    let palette = theme::palette(ui);
    let mut chosen = None;
    ui.spacing_mut().item_spacing.x = 0.0;
    for (choice, word, tone) in choices {
        let galley = ui.painter().layout_no_wrap((*word).to_owned(), theme::chip_font(), Color32::PLACEHOLDER);
        let (rect, response) = ui.allocate_exact_size(galley.size() + SEGMENT, Sense::click());
        let on = *choice == now;
        response.widget_info(|| {
            WidgetInfo::selected(accesskit::Role::RadioButton, ui.is_enabled(), on, format!("{of}: {word}"))
        });
        let (color, ground) = match () {
            () if on => tone.colors(palette),
            () if response.hovered() => (palette.text, palette.hover),
            () => (palette.secondary, palette.panel),
        };
        let line = if on { color } else { palette.line };
        let line = if response.has_focus() { Stroke::new(2.0, palette.accent) } else { Stroke::new(1.0, line) };
        ui.painter().rect(rect, theme::corner::MARK, ground, line, StrokeKind::Inside);
        ui.painter().galley_with_override_text_color(rect.center() - galley.size() / 2.0, galley, color);
        if response.clicked() {
            response.request_focus();
        }
        if response.clicked() && !on {
            chosen = Some(*choice);
        }
    }
    chosen
}

/// How wide these words are.
#[must_use]
pub fn segments_width<T>(ui: &Ui, choices: &[(T, &str, super::Tone)]) -> f32 {
    let width = |word: &str| {
        ui.painter().layout_no_wrap(word.to_owned(), theme::chip_font(), Color32::PLACEHOLDER).size().x + SEGMENT.x
    };
    choices.iter().map(|(_, word, _)| width(word)).sum()
}

/// Around a word.
const SEGMENT: egui::Vec2 = egui::Vec2::new(14.0, 7.0);

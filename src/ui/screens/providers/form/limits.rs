//! Limits that the owner writes down, for what no source reports.

use egui::{ComboBox, DragValue, RichText, TextEdit, Ui};

use crate::domain::{Metric, Span};
use crate::ui::icon;
use crate::ui::theme;
use crate::ui::widgets::{card_frame, icon_button, plain_button};
use crate::words::Speech;

use super::super::{FIELD, moment};
use super::draft::{Limit, Rule};
use super::{Form, meaning_ui, named_ui};

const SPANS: [(Span, &str); 6] = [
    (Span::Minute, "a minute"),
    (Span::Hours(5), "hours"),
    (Span::Daily, "a day"),
    (Span::Weekly, "a week"),
    (Span::Monthly, "a month"),
    (Span::Endless, "no end"),
];

const METRICS: [(Metric, &str); 6] = [
    (Metric::Percent, "percent"),
    (Metric::Requests, "requests"),
    (Metric::Tokens, "tokens"),
    (Metric::PlanCredits, "units of the plan"),
    (Metric::Calls, "calls"),
    (Metric::Usd, "USD"),
];

const RULES: [(Rule, &str); 3] =
    [(Rule::Unknown, "not known"), (Rule::Once, "once, at"), (Rule::Every, "each span, from")];

impl Form {
    pub(super) fn limits_ui(&mut self, ui: &mut Ui, speech: &Speech<'_>) {
        let mut removed = None;
        for (at, limit) in self.draft.windows.iter_mut().enumerate() {
            card_frame(ui).show(ui, |ui| {
                ui.set_min_width(ui.available_width());
                if limit_ui(ui, at, limit, speech) {
                    removed = Some(at);
                }
            });
        }
        if let Some(at) = removed {
            self.draft.windows.remove(at);
        }
        named_ui(ui, "Limits by hand", |ui| {
            if plain_button(ui, "Add a limit").clicked() {
                let name = format!("limit {}", self.draft.windows.len() + 1);
                let name = if self.draft.windows.is_empty() { "weekly".to_owned() } else { name };
                self.draft.windows.push(Limit::new(&name));
            }
        });
        meaning_ui(
            ui,
            "For what neither the provider nor the gateway reports. A read number goes before a written one.",
        );
    }
}

/// One limit; true when it is to be removed.
fn limit_ui(ui: &mut Ui, at: usize, limit: &mut Limit, speech: &Speech<'_>) -> bool {
    let n = at + 1;
    let mut removed = false;
    ui.horizontal(|ui| {
        field_ui(ui, &mut limit.label, "name", 130.0, &format!("Name of limit {n}"));
        ui.label("lasts");
        if let Span::Hours(hours) = &mut limit.span {
            let field = DragValue::new(hours).range(1..=720).speed(0.1);
            ui.add(field).accessible_name(format!("Hours of limit {n}"));
        }
        let kind = |span: Span| std::mem::discriminant(&span);
        let name = SPANS.iter().find(|(span, _)| kind(*span) == kind(limit.span)).map_or("", |(_, name)| name);
        let combo = ComboBox::from_id_salt(("span", at)).selected_text(name).width(92.0);
        let shown = combo.show_ui(ui, |ui| {
            for (span, name) in SPANS {
                if ui.selectable_label(kind(span) == kind(limit.span), name).clicked() {
                    limit.span = span;
                }
            }
        });
        shown.response.accessible_name(format!("Span of limit {n}"));
        ui.label("at most");
        field_ui(ui, &mut limit.at_most, "not known", 84.0, &format!("Size of limit {n}"));
        pick_ui(ui, &format!("Unit of limit {n}"), &mut limit.metric, &METRICS, 118.0);
        removed = icon_button(ui, icon::DELETE, &format!("Remove limit {n}")).clicked();
    });
    ui.horizontal(|ui| {
        ui.label("used");
        field_ui(ui, &mut limit.used, "not known", 84.0, &format!("Percent used of limit {n}"));
        ui.label("%, resets");
        pick_ui(ui, &format!("Reset of limit {n}"), &mut limit.rule, &RULES, 118.0);
        if limit.rule != Rule::Unknown {
            let field = TextEdit::singleline(&mut limit.at).hint_text(moment::HINT).desired_width(180.0).margin(FIELD);
            ui.add(field).accessible_name(format!("When limit {n} resets"));
            if moment::typed(&limit.at, speech).is_none() && !limit.at.trim().is_empty() {
                let color = theme::palette(ui).warning;
                ui.label(RichText::new("not a date and time").font(theme::small_font()).color(color));
            }
        }
    });
    removed
}

fn field_ui(ui: &mut Ui, text: &mut String, hint: &str, width: f32, name: &str) {
    let field = TextEdit::singleline(text).hint_text(hint).desired_width(width).margin(FIELD);
    ui.add(field).accessible_name(name);
}

fn pick_ui<T: Copy + PartialEq>(ui: &mut Ui, name: &str, value: &mut T, all: &[(T, &str)], width: f32) {
    let text = all.iter().find(|(each, _)| each == value).map_or("", |(_, text)| text);
    let shown = ComboBox::from_id_salt(name).selected_text(text).width(width).show_ui(ui, |ui| {
        for (each, text) in all {
            ui.selectable_value(value, *each, *text);
        }
    });
    shown.response.accessible_name(name);
}

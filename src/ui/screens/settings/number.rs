//! A number that is sent when it is left, not at every step of the way.

use std::ops::RangeInclusive;

use egui::{DragValue, Id, Ui};

/// The number that is being changed.
#[derive(Debug, Default)]
pub(super) struct Draft {
    of: Option<(Id, f64)>,
}

/// One number and how it is shown.
pub(super) struct Number<'a> {
    /// For a screen reader, and unique on the screen.
    pub name: &'a str,
    pub value: f64,
    pub range: RangeInclusive<f64>,
    pub step: f64,
    pub prefix: &'a str,
    pub suffix: &'a str,
    pub decimals: usize,
}

impl Draft {
    /// Draws the field; the new value once it is settled.
    pub fn ui(&mut self, ui: &mut Ui, number: &Number<'_>) -> Option<f64> {
        let id = Id::unique(("number", number.name));
        let mut value = match self.of {
            Some((of, value)) if of == id => value,
            _ => number.value,
        };
        let field = DragValue::new(&mut value)
            .range(number.range.clone())
            .speed(number.step)
            .prefix(number.prefix)
            .suffix(number.suffix)
            .fixed_decimals(number.decimals);
        let field = ui.add(field).accessible_name(number.name);
        if field.changed() {
            self.of = Some((id, value));
        }
        let left = field.drag_stopped() || field.lost_focus() || !(field.has_focus() || field.dragged());
        let (_, settled) = self.of.filter(|(of, _)| *of == id && left)?;
        self.of = None;
        ((settled - number.value).abs() > f64::EPSILON).then_some(settled)
    }
}

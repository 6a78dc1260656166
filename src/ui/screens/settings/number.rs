//! A number, or a time of the day, that is sent when it is left, not at every step of the way.

use std::ops::RangeInclusive;

use egui::{DragValue, Id, Ui};
use jiff::civil::Time;

const MINUTES_OF_THE_DAY: f64 = 24.0 * 60.0;

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
        self.field_ui(ui, number.name, number.value, |field| {
            field
                .range(number.range.clone())
                .speed(number.step)
                .prefix(number.prefix)
                .suffix(number.suffix)
                .fixed_decimals(number.decimals)
        })
    }

    /// The same for a time of the day, typed as `22:15`, `7:30` or `7`.
    pub fn time_ui(&mut self, ui: &mut Ui, name: &str, time: Time) -> Option<Time> {
        let minutes = f64::from(time.hour()) * 60.0 + f64::from(time.minute());
        let settled = self.field_ui(ui, name, minutes, |field| {
            field
                .range(0.0..=MINUTES_OF_THE_DAY - 1.0)
                .speed(2.0)
                .custom_formatter(|minutes, _| format!("{:02}:{:02}", minutes as i64 / 60, minutes as i64 % 60))
                .custom_parser(minutes_of)
        })?;
        Time::new((settled as i64 / 60) as i8, (settled as i64 % 60) as i8, 0, 0).ok()
    }

    fn field_ui(
        &mut self,
        ui: &mut Ui,
        name: &str,
        now: f64,
        style: impl FnOnce(DragValue<'_>) -> DragValue<'_>,
    ) -> Option<f64> {
        let id = Id::unique(("number", name));
        let mut value = match self.of {
            Some((of, value)) if of == id => value,
            _ => now,
        };
        let field = ui.add(style(DragValue::new(&mut value))).accessible_name(name);
        if field.changed() {
            self.of = Some((id, value));
        }
        let left = field.drag_stopped() || field.lost_focus() || !(field.has_focus() || field.dragged());
        let (_, settled) = self.of.filter(|(of, _)| *of == id && left)?;
        self.of = None;
        ((settled - now).abs() > f64::EPSILON).then_some(settled)
    }
}

/// The minutes since midnight of "22:15", "7:30" or "7".
fn minutes_of(text: &str) -> Option<f64> {
    let (hours, minutes) = text.trim().split_once([':', '.']).unwrap_or((text.trim(), "0"));
    let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then(|| f64::from(hours) * 60.0 + f64::from(minutes))
}

#[cfg(test)]
mod tests {
    use super::minutes_of;

    #[test]
    fn a_time_is_read_as_people_write_it() {
        let cases = [("22:15", Some(1335.0)), (" 7:30 ", Some(450.0)), ("7.05", Some(425.0)), ("7", Some(420.0))];
        let wrong = ["24:00", "7:60", "", "noon", "7:30:00", "-1"].map(|text| (text, None));
        for (text, expected) in cases.into_iter().chain(wrong) {
            assert_eq!(minutes_of(text), expected, "{text:?}");
        }
    }
}

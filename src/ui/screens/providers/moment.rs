//! A moment that somebody types: `2026-11-24 18:00`, `2026-11-24`, `18:00`, by the clock of the reader.

use egui::{RichText, TextEdit, Ui};
use jiff::{Timestamp, ToSpan as _};

use crate::domain::typed_moment;
use crate::ui::theme;
use crate::words::{self, Speech};

/// How it is to be typed.
pub(super) const HINT: &str = "2026-12-31 08:00, or 18:00";

/// The moment meant; a time of day alone is the next such time. `None` for what is no time at all.
pub(super) fn typed(text: &str, speech: &Speech<'_>) -> Option<Timestamp> {
    typed_moment(text, speech.now, speech.zone)
}

/// The same moment as it would be typed.
pub(super) fn written(at: Timestamp, speech: &Speech<'_>) -> String {
    speech.zone.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Tomorrow at eight.
pub(super) fn tomorrow_morning(speech: &Speech<'_>) -> Option<Timestamp> {
    let tomorrow = speech.zone.to_datetime(speech.now).date().checked_add(1.day()).ok()?;
    speech.zone.to_timestamp(tomorrow.at(8, 0, 0, 0)).ok()
}

/// A field for a moment, and how it was understood; the moment when it is one that lies ahead.
pub(super) fn field_ui(ui: &mut Ui, text: &mut String, name: &str, speech: &Speech<'_>) -> Option<Timestamp> {
    let palette = theme::palette(ui);
    let field = TextEdit::singleline(text).hint_text(HINT).desired_width(190.0).margin(super::FIELD);
    ui.add(field).accessible_name(name);
    let at = typed(text, speech);
    let (said, color) = match at {
        None if text.trim().is_empty() => return None,
        None => ("not a date and time".to_owned(), palette.warning),
        Some(at) if at <= speech.now => ("that has passed".to_owned(), palette.warning),
        Some(at) => (words::clock_and_relative(at, speech), palette.secondary),
    };
    ui.label(RichText::new(said).font(theme::small_font()).color(color));
    at.filter(|at| *at > speech.now)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::{tomorrow_morning, typed, written};
    use crate::domain::{Catalog, Settings};
    use crate::words::Speech;

    #[test]
    fn a_moment_is_written_as_it_is_typed() {
        let zone = TimeZone::get("Europe/Berlin").expect("a zone");
        let now: Timestamp = "2026-11-23T06:00:00Z".parse().expect("a timestamp");
        let (settings, catalog) = (Settings::default(), Catalog::default());
        let speech = &Speech { now, zone: &zone, settings: &settings, catalog: &catalog };
        let at = typed("2026-11-24 18:00", speech).expect("a moment");
        assert_eq!(written(at, speech), "2026-11-24 18:00");
        assert_eq!(tomorrow_morning(speech).map(|at| at.to_string()).as_deref(), Some("2026-11-24T07:00:00Z"));
    }
}

//! What is under the pointer in numbers: the moment, the use then, who read it and how sure it is.

use egui::{RichText, Ui};
use jiff::Timestamp;

use crate::domain::WindowForecast;
use crate::ui::theme;
use crate::ui::widgets::paragraph;
use crate::words;

use super::lanes::{Lane, What};
use super::runs::Counted;
use super::timeline::Shown;
use super::view::{Bins, Scale};

pub(super) fn lane_ui(ui: &mut Ui, lane: &Lane<'_>, scale: Scale, shown: &Shown<'_>) {
    let palette = theme::palette(ui);
    let speech = shown.speech;
    ui.label(RichText::new(format!("{}, {}", lane.name, lane.label())).font(theme::strong_font()));
    let What::Window(window) = &lane.what else {
        paragraph(ui, RichText::new(lane.claim(speech)).color(palette.secondary));
        return;
    };
    let pointer = ui.input(|input| input.pointer.latest_pos());
    let moment = pointer.filter(|at| scale.x.contains(at.x)).map(|at| scale.moment(at.x));
    if let Some(said) = moment.and_then(|moment| at_moment(window, moment, shown)) {
        paragraph(ui, RichText::new(said));
    }
    let small = |text: String| RichText::new(text).font(theme::small_font()).color(palette.secondary);
    let source = words::forecast_source(window, Some(lane.account), speech);
    paragraph(ui, RichText::new(format!("{} used: {source}", lane.used())));
    paragraph(ui, RichText::new(words::capitalised(&lane.claim(speech))));
    if lane.account.reserve_ratio > 0.0 {
        paragraph(ui, RichText::new(words::kept_free(lane.account.reserve_ratio, shown.speech.settings)));
    }
    if !window.band.is_empty() {
        paragraph(ui, small(format!("Until its reset: {}", words::growth(window))));
        let weight = words::weight(window).map(|weight| format!("; {weight}")).unwrap_or_default();
        paragraph(ui, small(words::capitalised(&format!("{}{weight}", words::basis(window, speech)))));
    }
}

/// What was read about that moment, or is expected of it.
fn at_moment(window: &WindowForecast, moment: Timestamp, shown: &Shown<'_>) -> Option<String> {
    let clock = words::clock(moment, shown.speech);
    if moment > shown.at {
        let point = window.expected(moment)?;
        return Some(format!("{clock}: {} expected", words::band(&point)));
    }
    let samples = shown.samples(window);
    let sample = samples.get(samples.partition_point(|sample| sample.at <= moment).checked_sub(1)?)?;
    let read = words::clock(sample.at, shown.speech);
    Some(format!("{clock}: {} at the last reading, {read}", words::percent(sample.used_ratio)))
}

pub(super) fn runs_ui(ui: &mut Ui, scale: Scale, bins: Bins, counted: &Counted, shown: &Shown<'_>) {
    let Some(pointer) = ui.input(|input| input.pointer.latest_pos()) else { return };
    let Some(bin) = bins.index(scale.moment(pointer.x)) else { return };
    let (from, to) = (words::clock(bins.edge(bin), shown.speech), words::clock(bins.edge(bin + 1), shown.speech));
    ui.label(RichText::new(format!("{from} to {to}")).font(theme::strong_font()));
    let (past, coming) = counted.of_bin(bin);
    let n = |n: u32, what: &str| (n > 0).then(|| format!("{} {what}", words::count(n as usize, "run")));
    let said: Vec<_> = n(past, "started").into_iter().chain(n(coming, "to come")).collect();
    ui.label(if said.is_empty() { "No run".to_owned() } else { words::list(&said) });
    let by: Vec<_> =
        counted.by_vendor(bin).into_iter().map(|(vendor, n)| format!("{} {n}", words::vendor_name(vendor))).collect();
    if !by.is_empty() {
        let palette = theme::palette(ui);
        paragraph(ui, RichText::new(by.join(", ")).font(theme::small_font()).color(palette.secondary));
    }
}

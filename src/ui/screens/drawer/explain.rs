//! *Explain* as a table: every route of a cron's chain in order, and what became of it.
//!
//! Reading, not computing: all of it stands in the plan's decision.

use egui::accesskit::Role;
use egui::{Align, Layout, RichText, Sense, Stroke, Ui, UiBuilder, WidgetInfo, pos2, vec2};

use crate::domain::{
    Chain, ChainOrder, Change, CronId, Decision, Fields, ModelRef, QuotaWindow, RouteKey, SkipReason, VendorId,
    Verdict, Vital,
};
use crate::engine::Snapshot;
use crate::ui::theme::table::{GAP, MARK_GAP, ROW};
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, elided};
use crate::words::{self, Speech};

/// Width of a route's place in the chain.
const NUMBER: f32 = 34.0;

/// One route as *explain* shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteLine {
    pub label: String,
    pub vendor: Option<VendorId>,
    pub text: String,
    pub stand: Stand,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    Chosen,
    /// Where it goes all the same, though the route is known not to serve: an undo, or a pin.
    ChosenFailing,
    /// Passed over for a reason that matters.
    Skipped,
    /// Nobody had to look at it.
    NotNeeded,
}

/// The question, the routes in order with what became of each, and what would change it.
pub fn section_ui(
    ui: &mut Ui,
    snapshot: &Snapshot,
    cron: &CronId,
    change: Option<&Change>,
    decision: Option<&Decision>,
    speech: &Speech<'_>,
) {
    widgets::section(ui, &question(snapshot, cron, change, decision, speech), |ui| {
        table_ui(ui, snapshot, cron, change, decision, speech);
    });
}

/// The answer without its frame and question.
pub fn table_ui(
    ui: &mut Ui,
    snapshot: &Snapshot,
    cron: &CronId,
    change: Option<&Change>,
    decision: Option<&Decision>,
    speech: &Speech<'_>,
) {
    let palette = theme::palette(ui);
    ui.spacing_mut().item_spacing.y = space::S / 2.0;
    let reason = match (change, decision) {
        (Some(change), _) => words::change_reason(change, speech),
        (None, Some(decision)) => words::reason(&decision.reason, speech),
        (None, None) => return,
    };
    ui.label(RichText::new(reason).color(palette.secondary));
    let Some(decision) = decision else { return };
    let lines = lines(snapshot, cron, change, decision, speech);
    for (at, line) in lines.iter().enumerate() {
        line_ui(ui, at + 1, line);
    }
    let trigger = words::trigger(decision, speech);
    if let Some(trigger) = trigger {
        ui.label(RichText::new(trigger).color(palette.secondary));
    }
}

fn line_ui(ui: &mut Ui, number: usize, line: &RouteLine) {
    let palette = theme::palette(ui);
    let color = match line.stand {
        Stand::Chosen => palette.text,
        Stand::ChosenFailing => palette.warning,
        Stand::Skipped => palette.secondary,
        Stand::NotNeeded => palette.faint,
    };
    let width = ui.available_width();
    let name = (width * 0.28).clamp(84.0, 190.0);
    let galley = ui.painter().layout(line.text.clone(), theme::text_font(), color, width - NUMBER - name);
    let height = (galley.size().y + GAP).max(ROW - 4.0);
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Row, true, format!("{number}, {}, {}", line.label, line.text)));
    let mut row = ui.new_child(UiBuilder::new().max_rect(rect).layout(Layout::left_to_right(Align::Center)));
    row.spacing_mut().item_spacing.x = 0.0;
    elided(&mut row, &number.to_string(), theme::text_font(), palette.faint, NUMBER);
    row.add_space(rect.left() + NUMBER - row.cursor().left());
    let font = if matches!(line.stand, Stand::Chosen | Stand::ChosenFailing) {
        theme::strong_font()
    } else {
        theme::text_font()
    };
    let mut left = name - GAP;
    if let Some(vendor) = &line.vendor {
        widgets::mark(&mut row, vendor, line.stand == Stand::Skipped);
        row.add_space(MARK_GAP);
        left -= widgets::MARK + MARK_GAP;
    }
    elided(&mut row, &line.label, font, color, left);
    let at = pos2(rect.left() + NUMBER + name, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, color);
    ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, palette.line));
}

/// The question that the table answers.
#[must_use]
pub fn question(
    snapshot: &Snapshot,
    cron: &CronId,
    change: Option<&Change>,
    decision: Option<&Decision>,
    speech: &Speech<'_>,
) -> String {
    let name = snapshot.crons.get(cron).map(|cron| cron.name.as_str());
    let name = name.or_else(|| change.map(|change| change.name.as_str())).unwrap_or(cron.as_str());
    if let Some(change) = change {
        return if change.to.enabled {
            format!("Why does {name} go to {}?", words::target(change, speech))
        } else {
            format!("Why does {name} pause?")
        };
    }
    let Some(decision) = decision else { return format!("Nothing is planned for {name} yet") };
    match (decision.verdict, &decision.model) {
        (Verdict::Change, _) => format!("Why does {name} change?"),
        (Verdict::Stay, Some(model)) => format!("Why does {name} stay on {}?", words::model_name(model, speech)),
        (Verdict::Stay, None) => format!("Why does {name} stay as it is?"),
        (Verdict::Waiting, _) => format!("Why does {name} wait?"),
        (Verdict::Stranded, _) => format!("Why is {name} stranded?"),
        (Verdict::LeftAlone, _) => format!("Why is {name} left alone?"),
    }
}

/// The routes of the cron's chain in order; pause comes last where the chain ends in it.
#[must_use]
pub fn lines(
    snapshot: &Snapshot,
    cron: &CronId,
    change: Option<&Change>,
    decision: &Decision,
    speech: &Speech<'_>,
) -> Vec<RouteLine> {
    let Some(entry) = snapshot.tiers.get(cron) else { return Vec::new() };
    let mut lines: Vec<RouteLine> = order(snapshot.settings.chain(entry.tier), decision)
        .iter()
        .map(|route| line(snapshot, decision, change, route, speech))
        .collect();
    if !entry.critical {
        let pauses = change.is_some_and(|change| !change.to.enabled);
        lines.push(RouteLine {
            label: "pause".to_owned(),
            vendor: None,
            text: if pauses { "until a route serves again" } else { "not needed" }.to_owned(),
            stand: if pauses { Stand::Chosen } else { Stand::NotNeeded },
        });
    }
    lines
}

/// As the decision went through them: a ranked chain's order is told by what was skipped.
fn order(chain: &Chain, decision: &Decision) -> Vec<RouteKey> {
    let mut routes: Vec<RouteKey> = Vec::new();
    if chain.order == ChainOrder::Listed {
        routes.clone_from(&chain.routes);
    }
    let needless = |why: &SkipReason| matches!(why, SkipReason::NotNeeded);
    let before = decision.skipped.iter().filter(|skipped| !needless(&skipped.why));
    let after = decision.skipped.iter().filter(|skipped| needless(&skipped.why));
    let told = before
        .map(|skipped| &skipped.route)
        .chain(decision.chosen.as_ref())
        .chain(after.map(|skipped| &skipped.route))
        .chain(&chain.routes);
    for route in told {
        if !routes.contains(route) {
            routes.push(route.clone());
        }
    }
    routes
}

fn line(
    snapshot: &Snapshot,
    decision: &Decision,
    change: Option<&Change>,
    key: &RouteKey,
    speech: &Speech<'_>,
) -> RouteLine {
    let route = snapshot.settings.routes.get(key);
    let model = model_of(snapshot, key);
    let skipped = decision.skipped.iter().find(|skipped| skipped.route == *key);
    let (stand, text) = match skipped.map(|skipped| (skipped, &skipped.why)) {
        _ if decision.chosen.as_ref() == Some(key) => {
            let fails =
                model.as_ref().and_then(|model| vital(snapshot, model)).is_some_and(|vital| vital.health.fails());
            let stand = if fails { Stand::ChosenFailing } else { Stand::Chosen };
            (stand, serves(snapshot, model.as_ref(), speech))
        }
        Some((_, SkipReason::NotNeeded)) | None => {
            let now = snapshot.crons.get(&decision.cron).map(|cron| cron.fields());
            let text = match (&model, change, now) {
                (Some(model), Some(change), _) if is_fallback(&change.to, model) => "not needed; written as a fallback",
                (Some(model), None, Some(now)) if is_fallback(&now, model) => "not needed; it is a fallback",
                _ => "not needed",
            };
            (Stand::NotNeeded, text.to_owned())
        }
        Some((skipped, _)) => (Stand::Skipped, words::skipped(skipped, speech)),
    };
    let vendor = model.as_ref().map(widgets::vendor_of_model).or_else(|| Some(route?.vendor.clone()));
    RouteLine { label: words::route_name(key, speech), vendor, text, stand }
}

/// The model a route runs on here: what the user set, else what was matched.
fn model_of(snapshot: &Snapshot, key: &RouteKey) -> Option<ModelRef> {
    let set = snapshot.settings.routes.get(key).and_then(|route| route.model.clone());
    set.or_else(|| snapshot.matches.iter().find(|matched| matched.route == *key)?.model.clone())
}

fn is_fallback(fields: &Fields, model: &ModelRef) -> bool {
    fields.fallbacks.as_ref().is_some_and(|list| list.iter().any(|fallback| fallback == model.as_str()))
}

/// What is known of a model, else of its account.
fn vital<'a>(snapshot: &'a Snapshot, model: &ModelRef) -> Option<&'a Vital> {
    snapshot.fleet.models.get(model).or_else(|| snapshot.fleet.accounts.get(&model.account()))
}

/// "serves · 71% of the Week window used, resets tomorrow 09:00".
fn serves(snapshot: &Snapshot, model: Option<&ModelRef>, speech: &Speech<'_>) -> String {
    let Some(model) = model else { return String::new() };
    let account = model.account();
    let mut text = vital(snapshot, model)
        .map_or_else(|| "untested".to_owned(), |vital| words::health(&vital.health, &account, speech));
    let windows = snapshot.fleet.windows.get(&account).map_or(&[][..], Vec::as_slice);
    let fullest = windows
        .iter()
        .filter(|window| window.covers.covers(model))
        .max_by(|a, b| a.used_ratio.total_cmp(&b.used_ratio));
    if let Some(window) = fullest {
        text.push_str(" · ");
        text.push_str(&window_text(window, speech));
    }
    text
}

fn window_text(window: &QuotaWindow, speech: &Speech<'_>) -> String {
    let used = format!("{} of the {} window used", words::percent(window.used_ratio), window.label);
    match window.resets_at {
        Some(at) => format!("{used}, resets {}", words::clock(at, speech)),
        None => used,
    }
}

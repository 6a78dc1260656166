//! A chain as chips in a column's header: lit, waiting or crossed out, reordered by drag, by keys
//! or by menu.

use egui::{
    Align2, Color32, CursorIcon, DragAndDrop, EventFilter, Id, Key, Modifiers, Popup, Pos2, Rect, Response, Sense,
    Stroke, StrokeKind, Ui, WidgetInfo, accesskit, pos2, vec2,
};

use crate::domain::{Chain, ChainOrder, RouteKey, SkipReason, Skipped, Tier};
use crate::engine::{Command, SettingsChange};
use crate::ui::action::Action;
use crate::ui::theme::Palette;
use crate::ui::widgets::{MARK, paint_mark, paragraph};
use crate::ui::{icon, theme};
use crate::words::{self, Speech};

use super::chain::{ChainView, RouteState, RouteView};

/// Height of a chip and of a row of chips.
const CHIP: f32 = 24.0;
const ROW: f32 = 28.0;
const ARROW: f32 = 10.0;

/// A route being dragged to another place of its chain.
#[derive(Clone, Debug)]
struct CarriedRoute {
    tier: Tier,
    from: usize,
}

/// How many rows the chips of `view` need in `width`.
#[must_use]
pub fn chain_rows(ui: &Ui, view: &ChainView, speech: &Speech<'_>, width: f32) -> usize {
    places(ui, view, speech, width).last().map_or(1, |rect| (rect.min.y / ROW) as usize + 1)
}

/// Height of `rows` rows of chips.
#[must_use]
pub fn chain_height(rows: usize) -> f32 {
    rows as f32 * ROW
}

/// Draws the chips from `at` on; the chain the user wants instead is the answer.
pub fn chain_ui(
    ui: &mut Ui,
    tier: Tier,
    view: &ChainView,
    speech: &Speech<'_>,
    at: Pos2,
    width: f32,
) -> Option<Action> {
    let mut wanted = None;
    let places = places(ui, view, speech, width);
    let count = view.routes.len();
    for (index, (route, place)) in view.routes.iter().zip(&places).enumerate() {
        let rect = place.translate(at.to_vec2());
        let response = route_ui(ui, tier, route, speech, rect, index, count);
        arrow_ui(ui, rect);
        wanted = keys(ui, &response, &view.chain, index).or(wanted);
        wanted = route_menu(&response, view, index, speech).or(wanted);
        if response.drag_started() && view.chain.order == ChainOrder::Listed {
            DragAndDrop::set_payload(ui.ctx(), CarriedRoute { tier, from: index });
        }
    }
    wanted = dropped(ui, tier, view, &places, at).or(wanted);
    if let Some(pause) = places.get(count) {
        pause_ui(ui, tier, pause.translate(at.to_vec2()), End::of(view));
    }
    wanted.map(|chain| set(tier, chain))
}

/// What stands at the end of a chain.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// Some route serves, or may.
    Waits,
    /// Nothing before it serves: this is where the crons are.
    Lit,
    /// No route stands for a model here, so that its crons are left alone.
    NotSetUp,
}

impl End {
    fn of(view: &ChainView) -> Self {
        let not_set_up = |route: &RouteView| route.state == RouteState::Skipped(SkipReason::NotSetUp);
        match () {
            () if view.routes.iter().any(|route| route.state == RouteState::Serving) => Self::Waits,
            () if view.routes.iter().all(not_set_up) => Self::NotSetUp,
            () => Self::Lit,
        }
    }

    fn word(self) -> &'static str {
        if self == Self::NotSetUp { "chain not set up" } else { "pause" }
    }
}

fn set(tier: Tier, chain: Chain) -> Action {
    Action::Tell(Command::Settings(SettingsChange::SetChain { tier, chain }))
}

/// Where each chip goes, relative to the first: the routes, then pause.
fn places(ui: &Ui, view: &ChainView, speech: &Speech<'_>, width: f32) -> Vec<Rect> {
    let widths = view.routes.iter().map(|route| match route.state {
        RouteState::Serving => {
            let name = words::route_name(&route.key, speech);
            MARK + 4.0 + text_width(ui, &name) + 14.0
        }
        RouteState::Ready => MARK + 8.0,
        RouteState::Spared(_) | RouteState::Skipped(_) => MARK + 22.0,
    });
    let widths = widths.chain([text_width(ui, End::of(view).word()) + 12.0]);
    let mut at = pos2(0.0, 0.0);
    widths
        .map(|chip| {
            if at.x > 0.0 && at.x + chip > width {
                at = pos2(0.0, at.y + ROW);
            }
            let rect = Rect::from_min_size(at, vec2(chip, CHIP));
            at.x += chip + ARROW;
            rect
        })
        .collect()
}

fn text_width(ui: &Ui, text: &str) -> f32 {
    ui.painter().layout_no_wrap(text.to_owned(), theme::strong_chip_font(), Color32::PLACEHOLDER).size().x
}

fn route_ui(
    ui: &mut Ui,
    tier: Tier,
    route: &RouteView,
    speech: &Speech<'_>,
    rect: Rect,
    index: usize,
    count: usize,
) -> Response {
    let palette = theme::palette(ui);
    let id = Id::unique(("route", tier.code(), route.key.as_str()));
    let response = ui.interact(rect, id, Sense::click_and_drag());
    let name = words::route_name(&route.key, speech);
    let why = match &route.state {
        RouteState::Serving => "serves this tier".to_owned(),
        RouteState::Ready => "next in line".to_owned(),
        RouteState::Spared(why) | RouteState::Skipped(why) => skipped(&route.key, why, speech),
    };
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Button, true, format!("{name}, {why}")));
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_position_in_set(index + 1);
        node.set_size_of_set(count);
    });
    let serving = route.state == RouteState::Serving;
    let skipped = matches!(route.state, RouteState::Skipped(_));
    let (ground, line) = match () {
        () if serving => (palette.accent_ground, palette.accent),
        () if response.hovered() => (palette.hover, palette.secondary),
        () => (palette.panel, palette.strong_line),
    };
    let line = if response.has_focus() { Stroke::new(2.0, palette.accent) } else { Stroke::new(1.0, line) };
    let painter = ui.painter();
    painter.rect(rect, 5.0, ground, line, StrokeKind::Inside);
    let square = Rect::from_center_size(pos2(rect.left() + 4.0 + MARK / 2.0, rect.center().y), vec2(MARK, MARK));
    if let Some(vendor) = &route.vendor {
        paint_mark(painter, palette, square, vendor, skipped);
    }
    let beside = pos2(square.right() + 5.0, rect.center().y);
    if serving {
        painter.text(beside, Align2::LEFT_CENTER, &name, theme::strong_chip_font(), palette.text);
    } else if let Some((icon, color)) = sign(&route.state, palette) {
        painter.text(beside, Align2::LEFT_CENTER, icon, theme::icon_font(12.0), color);
    }
    let model = route.model.as_ref().map(|model| format!("\n{model}")).unwrap_or_default();
    response.on_hover_text(format!("{name}: {why}{model}"))
}

/// What stands beside the mark of a route that is passed over: one that only waits is not down.
fn sign(state: &RouteState, palette: &Palette) -> Option<(&'static str, Color32)> {
    match state {
        RouteState::Serving | RouteState::Ready => None,
        RouteState::Spared(_) => Some((icon::TIMER, palette.secondary)),
        RouteState::Skipped(_) => Some((icon::CLOSE, palette.bad)),
    }
}

fn arrow_ui(ui: &Ui, chip: Rect) {
    let at = pos2(chip.right() + ARROW / 2.0, chip.center().y);
    let color = theme::palette(ui).faint;
    ui.painter().text(at, Align2::CENTER_CENTER, icon::CHEVRON_RIGHT, theme::icon_font(11.0), color);
}

/// Why a route is passed over, with the account's own word for it: "skipped: out of credits since 15:00".
fn skipped(route: &RouteKey, why: &SkipReason, speech: &Speech<'_>) -> String {
    words::skipped(&Skipped { route: route.clone(), why: why.clone() }, speech)
}

/// The end of the chain: lit when nothing before it serves.
fn pause_ui(ui: &mut Ui, tier: Tier, rect: Rect, end: End) {
    let palette = theme::palette(ui);
    let response = ui.interact(rect, Id::unique(("pause", tier.code())), Sense::hover());
    let label = match end {
        End::Waits => "then pause",
        End::Lit => "nothing serves: pause",
        End::NotSetUp => end.word(),
    };
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Label, true, label));
    let (color, ground, line) = if end == End::Lit {
        (palette.warning, palette.warning_ground, palette.warning)
    } else {
        (palette.secondary, palette.panel, palette.strong_line)
    };
    ui.painter().rect(rect, 5.0, ground, Stroke::new(1.0, line), StrokeKind::Inside);
    let font = if end == End::Lit { theme::strong_chip_font() } else { theme::chip_font() };
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, end.word(), font, color);
    response.on_hover_text(if end == End::NotSetUp {
        "No route of this chain stands for a model of this gateway, so its crons are left alone. Settings match them."
    } else {
        "When no route serves, crons that are not critical pause until one does"
    });
}

/// Ctrl+Left and Ctrl+Right move the focused route, Delete takes it out.
fn keys(ui: &Ui, response: &Response, chain: &Chain, index: usize) -> Option<Chain> {
    if !response.has_focus() {
        return None;
    }
    let arrows = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
    let pressed = |key, modifiers| ui.input_mut(|input| input.consume_key(modifiers, key));
    if pressed(Key::ArrowLeft, Modifiers::COMMAND) {
        moved(chain, index, index.checked_sub(1)?)
    } else if pressed(Key::ArrowRight, Modifiers::COMMAND) {
        moved(chain, index, index + 1)
    } else if pressed(Key::Delete, Modifiers::NONE) {
        Some(without(chain, index))
    } else {
        None
    }
}

fn route_menu(response: &Response, view: &ChainView, index: usize, speech: &Speech<'_>) -> Option<Chain> {
    let mut wanted = None;
    let chain = &view.chain;
    let listed = chain.order == ChainOrder::Listed;
    Popup::menu(response).show(|ui| {
        let route = &view.routes[index];
        ui.label(egui::RichText::new(words::route_name(&route.key, speech)).font(theme::strong_font()));
        if let Some(why) = route.state.why() {
            let why = egui::RichText::new(skipped(&route.key, why, speech)).color(theme::palette(ui).secondary);
            paragraph(ui, why);
        }
        ui.separator();
        if ui.add_enabled(listed && index > 0, egui::Button::new("Move left")).clicked() {
            wanted = moved(chain, index, index - 1);
        }
        if ui.add_enabled(listed && index + 1 < chain.routes.len(), egui::Button::new("Move right")).clicked() {
            wanted = moved(chain, index, index + 1);
        }
        if ui.button("Take out of this chain").clicked() {
            let at = chain.routes.iter().position(|key| *key == route.key);
            wanted = at.map(|at| without(chain, at));
        }
    });
    wanted
}

/// The menu of the whole chain: its order, and routes to add.
pub fn chain_menu(ui: &mut Ui, tier: Tier, view: &ChainView, speech: &Speech<'_>, rect: Rect) -> Option<Action> {
    let palette = theme::palette(ui);
    let response = ui.interact(rect, Id::unique(("chain menu", tier.code())), Sense::click());
    let label = format!("Change the chain of {}", tier.code());
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Button, true, &label));
    if response.hovered() || response.has_focus() {
        let line = if response.has_focus() { palette.accent } else { palette.secondary };
        ui.painter().rect(rect, 5.0, palette.hover, Stroke::new(1.0, line), StrokeKind::Inside);
    }
    ui.painter().text(
        rect.center(),
        Align2::CENTER_CENTER,
        icon::MORE_HORIZ,
        theme::icon_font(14.0),
        palette.secondary,
    );
    let mut wanted = None;
    Popup::menu(&response).show(|ui| {
        for (order, text) in [
            (ChainOrder::Listed, "In my order"),
            (ChainOrder::Cheapest, "Cheapest available first"),
            (ChainOrder::Smartest, "Smartest available first"),
        ] {
            if ui.radio(view.chain.order == order, text).clicked() {
                wanted = Some(Chain { order, ..view.chain.clone() });
                ui.close();
            }
        }
        let others: Vec<&RouteKey> =
            speech.settings.routes.keys().filter(|key| !view.chain.routes.contains(key)).collect();
        if !others.is_empty() {
            ui.separator();
        }
        for key in others {
            if ui.button(format!("Add {}", words::route_name(key, speech))).clicked() {
                let mut chain = view.chain.clone();
                chain.routes.push(key.clone());
                wanted = Some(chain);
            }
        }
    });
    response.on_hover_text(label);
    wanted.map(|chain| set(tier, chain))
}

/// Shows where a carried route would land, and lands it.
fn dropped(ui: &mut Ui, tier: Tier, view: &ChainView, places: &[Rect], at: Pos2) -> Option<Chain> {
    let carried = DragAndDrop::payload::<CarriedRoute>(ui.ctx()).filter(|carried| carried.tier == tier)?;
    let pointer = ui.input(|input| input.pointer.latest_pos())?;
    ui.set_cursor_icon(CursorIcon::Grabbing);
    let chips: Vec<Rect> = places[..view.routes.len()].iter().map(|rect| rect.translate(at.to_vec2())).collect();
    let header = chips.iter().copied().reduce(Rect::union)?.expand2(vec2(40.0, 24.0));
    if !header.contains(pointer) {
        return None;
    }
    let to =
        chips.iter().filter(|chip| chip.bottom() < pointer.y || chip.top() <= pointer.y && chip.center().x < pointer.x);
    let to = to.count();
    let color = theme::palette(ui).accent;
    let x =
        chips.get(to).map_or_else(|| chips.last().map(|chip| chip.right() + 3.0), |chip| Some(chip.left() - 4.0))?;
    let y = chips.get(to).or(chips.last())?.y_range();
    ui.painter().vline(x, y, Stroke::new(2.0, color));
    if !ui.input(|input| input.pointer.any_released()) {
        return None;
    }
    DragAndDrop::clear_payload(ui.ctx());
    // The place is counted with the route still in its old one.
    moved(&view.chain, carried.from, if to > carried.from { to - 1 } else { to })
}

/// `chain` with the route at `from` put at `to`; `None` when that changes nothing.
fn moved(chain: &Chain, from: usize, to: usize) -> Option<Chain> {
    if from == to || from >= chain.routes.len() || to >= chain.routes.len() {
        return None;
    }
    let mut chain = chain.clone();
    let route = chain.routes.remove(from);
    chain.routes.insert(to, route);
    Some(chain)
}

fn without(chain: &Chain, index: usize) -> Chain {
    let mut chain = chain.clone();
    if index < chain.routes.len() {
        chain.routes.remove(index);
    }
    chain
}

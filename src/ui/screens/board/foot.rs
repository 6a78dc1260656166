//! The quotas at the foot of the board: which cards draw on which, by lighting up what belongs to what is pointed at.
//!
//! Draws with the painters of the quotas screen. What is pointed at in one frame is lit in the next one.

use std::rc::Rc;

use egui::{Align, Event, Layout, Pos2, Rect, Stroke, StrokeKind, Ui, UiBuilder, vec2};

use crate::domain::{AccountId, Pointed};
use crate::engine::{Command, SettingsChange, Snapshot};
use crate::ui::action::{Action, Screen};
use crate::ui::icon;
use crate::ui::screens::quotas::compact::{self, Lighting};
use crate::ui::screens::quotas::lanes::{Lane, lanes_of_runs};
use crate::ui::screens::quotas::runs::Runs;
use crate::ui::screens::quotas::timeline::Shown;
use crate::ui::theme::{self, corner, space};
use crate::ui::widgets::{elided, icon_button};
use crate::words;

use super::lit::{Lamp, Lit};
use super::pointing::{Done, Pointing};
use super::{Board, Scene};

/// Height of its title.
const TITLE: f32 = 26.0;
/// It has at most this part of the board's height, and so many points…
const PART: f32 = 0.32;
const MOST: f32 = 190.0;
/// …and says what is missing in so many.
const EMPTY: f32 = 56.0;
/// A pointer that has moved less since something was asked for by name still stands where the menu was.
const SLIP: f32 = 8.0;

/// What the strip remembers while the window is open.
#[derive(Debug, Default)]
pub struct Foot {
    runs: Runs,
    pointing: Pointing,
    lamp: Lamp,
    /// What pointer and keyboard are on, found while this frame is drawn.
    pub hovered: Option<Pointed>,
    pub focused: Option<Pointed>,
    /// Whether it is open in this window, where that cannot be written down.
    only_here: Option<bool>,
    /// It shall open in the next frame.
    opens: bool,
    /// The row that shall get the focus.
    wants_focus: Option<(AccountId, String)>,
    /// Something was pressed in this frame.
    pressed: bool,
    /// What counted when this frame began.
    before: Option<Pointed>,
    /// Where the pointer was when something was asked for by name.
    asked_at: Option<Pos2>,
    /// The card whose rows were brought into view.
    scrolled_for: Option<Pointed>,
}

impl Foot {
    #[must_use]
    pub fn is_open(&self, snapshot: &Snapshot) -> bool {
        self.only_here.unwrap_or(snapshot.settings.window.quota_strip)
    }

    /// Opens, with that lit until somebody points at something else.
    pub fn show(&mut self, what: Pointed) {
        self.opens = true;
        if let Pointed::Window(account, label) = &what {
            self.wants_focus = Some((account.clone(), label.clone()));
        }
        self.pointing.show(what);
    }
}

impl Board {
    /// Opens or folds the strip, and has that remembered.
    pub(super) fn fold_foot(&mut self, scene: &mut Scene<'_>, open: bool) {
        if scene.editable {
            self.foot.only_here = None;
            scene.wishes.push(Action::Tell(Command::Settings(SettingsChange::SetQuotaStrip(open))));
        } else {
            self.foot.only_here = Some(open);
        }
    }

    /// Opens it where somebody asked for it from elsewhere.
    pub(super) fn open_foot(&mut self, scene: &mut Scene<'_>) {
        if std::mem::take(&mut self.foot.opens) && !self.foot.is_open(scene.snapshot) {
            self.fold_foot(scene, true);
        }
    }

    /// Escape leaves what is lit, and leads from the rows to the cards. True where the key is used up by that.
    pub(super) fn leave_foot(&mut self, scene: &Scene<'_>) -> bool {
        if !self.foot.is_open(scene.snapshot) {
            return false;
        }
        let on_row = matches!(self.foot.pointing.focused(), Some(Pointed::Window(..)));
        self.to_cards |= on_row;
        self.foot.pointing.end() || on_row
    }

    /// The columns, above the quotas where those are open.
    pub(super) fn body_ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        if !self.foot.is_open(scene.snapshot) {
            return self.columns_ui(ui, scene);
        }
        let full = ui.available_rect_before_wrap();
        let windows = scene.foreseen.map(|outlook| lanes_of_runs(scene.snapshot, &outlook.forecast, scene.speech));
        let height = height(windows.as_ref().map_or(0, Vec::len), full.height());
        let (columns, foot) = full.split_top_bottom_at_y(full.bottom() - height);
        let columns = columns.with_max_y(columns.bottom() - space::S);
        ui.scope_builder(UiBuilder::new().max_rect(columns), |ui| self.columns_ui(ui, scene));
        self.foot_ui(ui, scene, windows.as_deref(), foot);
        ui.advance_cursor_after_rect(full);
    }

    fn foot_ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>, windows: Option<&[Lane<'_>]>, rect: Rect) {
        let palette = theme::palette(ui);
        let line = Stroke::new(1.0, palette.line);
        ui.painter().rect(rect, corner::PANEL, palette.panel, line, StrokeKind::Inside);
        let inner = rect.shrink2(vec2(space::M, space::S / 2.0));
        let (title, body) = inner.split_top_bottom_at_y(inner.top() + TITLE);
        let lit = scene.lit.clone();
        let layout = Layout::left_to_right(Align::Center);
        ui.scope_builder(UiBuilder::new().max_rect(title).layout(layout), |ui| {
            self.foot_title_ui(ui, scene, &lit);
        });
        let builder = UiBuilder::new().max_rect(body).id_salt("quotas at the foot");
        ui.scope_builder(builder, |ui| self.foot_rows_ui(ui, scene, windows, &lit));
    }

    fn foot_title_ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>, lit: &Lit) {
        let palette = theme::palette(ui);
        elided(ui, "Quotas, the coming day", theme::strong_font(), palette.text, ui.available_width() / 3.0);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, icon::EXPAND_MORE, "Fold the quotas").clicked() {
                self.fold_foot(scene, false);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let width = ui.available_width() - space::S;
                let (text, color) = match &lit.said {
                    Some(said) => (said.as_str(), palette.text),
                    None => ("Point at a card, a window or a run to see what belongs together", palette.secondary),
                };
                elided(ui, text, theme::text_font(), color, width);
            });
        });
    }

    fn foot_rows_ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>, windows: Option<&[Lane<'_>]>, lit: &Lit) {
        let (lanes, outlook) = match (windows, scene.foreseen) {
            (Some(lanes), Some(outlook)) if !lanes.is_empty() => (lanes, outlook),
            (windows, _) => {
                let text =
                    if windows.is_some() { "No provider has told a quota yet" } else { "Working out the forecast…" };
                let (color, width) = (theme::palette(ui).secondary, ui.available_width());
                elided(ui, text, theme::text_font(), color, width);
                return;
            }
        };
        let wanted = self.foot.wants_focus.take();
        let wanted = wanted.and_then(|(account, label)| {
            lanes.iter().position(|lane| {
                lane.window().is_some_and(|(window, _)| window.account == account && window.label == label)
            })
        });
        let shown = Shown {
            snapshot: scene.snapshot,
            forecast: &outlook.forecast,
            lanes,
            speech: scene.speech,
            at: scene.speech.now,
            now: words::clock(scene.speech.now, scene.speech),
            leads: false,
        };
        let is_lit =
            |lane: &Lane<'_>| lane.window().is_some_and(|(window, _)| lit.window(&window.account, &window.label));
        let by_card = lit.at.clone().filter(|_| lit.dims_windows());
        let arrives = by_card.is_some() && by_card != self.foot.scrolled_for;
        self.foot.scrolled_for = by_card;
        let lighting = Lighting {
            row: &is_lit,
            arrives,
            dims: lit.dims_windows(),
            ticks: &lit.ticks,
            said: lit.said.as_deref().unwrap_or_default(),
            wants_focus: wanted,
        };
        let touched = compact::ui(ui, &mut self.foot.runs, &shown, &lighting);
        let row = |index: usize| {
            let (window, _) = lanes[index].window()?;
            Some(Pointed::Window(window.account.clone(), window.label.clone()))
        };
        let part = touched.part.map(|(from, to)| Pointed::Between(from, to));
        self.foot.hovered = touched.hovered.and_then(row).or(part).or(self.foot.hovered.take());
        self.foot.focused = touched.focused.and_then(row).or(self.foot.focused.take());
        scene.wishes.extend(touched.opened.map(|_| Action::Go(Screen::Quotas)));
    }

    /// What is lit in this frame: what belongs to what was pointed at in the last one.
    pub(super) fn light(&mut self, ui: &Ui, scene: &Scene<'_>) -> Rc<Lit> {
        let is_press = |event: &Event| {
            matches!(event, Event::Key { pressed: true, .. } | Event::PointerButton { pressed: true, .. })
        };
        self.foot.pressed = ui.input(|input| input.events.iter().any(is_press));
        self.foot.before = self.foot.pointing.at().cloned();
        match (self.foot.pointing.at(), scene.foreseen) {
            (Some(at), Some(outlook)) if self.foot.is_open(scene.snapshot) => {
                self.foot.lamp.point(at, outlook, &scene.facts, &scene.lanes, scene.speech);
            }
            _ => self.foot.lamp.off(),
        }
        self.foot.lamp.lit()
    }

    /// Takes what this frame found under pointer and keyboard.
    pub(super) fn point(&mut self, ui: &Ui) {
        let (hovered, focused) = (self.foot.hovered.take(), self.foot.focused.take());
        let pointer = ui.input(|input| input.pointer.latest_pos());
        if self.foot.pointing.was_asked() {
            self.foot.asked_at = pointer;
        }
        let slipped = self.foot.asked_at.zip(pointer).is_some_and(|(was, is)| was.distance(is) < SLIP);
        let moved = ui.input(|input| input.pointer.is_moving()) && !slipped;
        let done = Done { moved, pressed: self.foot.pressed };
        self.foot.pointing.follow(hovered, focused, done);
        if self.foot.before.as_ref() != self.foot.pointing.at() {
            ui.ctx().request_repaint();
        }
    }
}

/// How much of so much height it has, for so many windows.
fn height(n_rows: usize, room: f32) -> f32 {
    let wanted = if n_rows == 0 { EMPTY } else { TITLE + compact::height(n_rows) + space::S };
    wanted.min(MOST).min(room * PART).max(EMPTY)
}

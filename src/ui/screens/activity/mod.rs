//! Activity: every switch, newest first, under the plan it belonged to; filter, undo one, undo a plan.
//!
//! Undoing is only asked for here: it comes back as a plan, which is looked at and applied there.

mod list;

use egui::{Align, Key, Layout, Margin, Modifiers, Rangef, Response, RichText, Ui, UiBuilder, vec2};
use egui_extras::{Column, TableBuilder, TableRow};
use jiff::tz::TimeZone;

use crate::domain::{Cause, Confirmation, Switch, SwitchId};
use crate::engine::{Command, Snapshot, UndoScope};
use crate::ui::action::{Action, Screen};
use crate::ui::icon;
use crate::ui::theme::table::{GAP, HEADER, LEAD, ROW};
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, elided, row_link_button};
use crate::words::{self, Speech};

use super::tables::{Cursor, Row, model_ui, row_id, search_ui, titles_ui};
pub(super) use list::models;
use list::{Filter, Item, List};

/// The activity screen.
#[derive(Debug, Default)]
pub struct Activity {
    text: String,
    filter: Filter,
    list: List,
    cursor: Cursor,
    selected: Option<SwitchId>,
}

const COLUMNS: usize = 9;
const TIME: f32 = 126.0;
const ARROW: f32 = 22.0;
const CAUSE: f32 = 66.0;
const STATE: f32 = 196.0;
const UNDO: f32 = 52.0;

/// Below this width the cause is left to the row's hover and the screen reader.
const TIGHT: f32 = 880.0;

#[derive(Clone, Copy)]
struct Widths {
    time: f32,
    name: f32,
    model: f32,
    why: f32,
    cause: f32,
    state: f32,
}

impl Widths {
    fn in_width(width: f32) -> Self {
        let tight = width < TIGHT;
        let (time, cause, state) = if tight { (TIME - 22.0, 0.0, STATE - 56.0) } else { (TIME, CAUSE, STATE) };
        let name = (width * 0.17).clamp(124.0, 300.0);
        let model = (width * 0.109).clamp(92.0, 150.0);
        let fixed = time + ARROW + cause + state + UNDO;
        Self { time, name, model, why: (width - fixed - name - 2.0 * model).max(80.0), cause, state }
    }

    fn columns(self) -> [f32; COLUMNS] {
        [self.time, self.name, self.model, ARROW, self.model, self.why, self.cause, self.state, UNDO]
    }
}

impl Activity {
    /// Puts the keyboard on the newest plan.
    pub fn take_focus(&mut self) {
        self.cursor.take_focus(0);
    }

    /// Draws the journal and returns what the user asked for.
    pub fn ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, zone: &TimeZone) -> Vec<Action> {
        let speech = Speech { now: snapshot.at, zone, settings: &snapshot.settings, catalog: &snapshot.catalog };
        self.list.follow(&snapshot.switches, &self.text, self.filter, &speech);
        self.tools_ui(ui, snapshot);
        ui.add_space(space::S / 2.0);
        if snapshot.switches.is_empty() {
            let text = "Every change that is written and read back appears here, with its reason, and can be undone.";
            widgets::empty_state(ui, icon::HISTORY, "Nothing was switched yet", text);
            return Vec::new();
        }
        if self.list.items.is_empty() {
            let text = "No switch fits this filter.";
            widgets::empty_state(ui, icon::SEARCH, "Nothing found", text);
            return Vec::new();
        }
        self.table_ui(ui, snapshot, &speech)
    }

    fn tools_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot) {
        ui.horizontal(|ui| {
            ui.set_min_height(30.0);
            ui.label(RichText::new("Activity").font(theme::heading_font()));
            if snapshot.switches.is_empty() {
                return;
            }
            search_ui(ui, &mut self.text, "Search crons, models, reasons…", "Search the activity");
            for filter in Filter::ALL {
                let text = format!("{} {}", filter.label(), self.list.count(filter));
                if widgets::chip(ui, &text, self.filter == filter).clicked() {
                    self.filter = filter;
                }
            }
        });
    }

    fn table_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>) -> Vec<Action> {
        let mut actions = Vec::new();
        let Self { list, cursor, selected, .. } = self;
        let height = ui.available_height() - HEADER - 4.0;
        let frame = widgets::panel_frame(ui).inner_margin(Margin::same(1));
        frame.show(ui, |ui| {
            ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
            let across = ui.available_rect_before_wrap().x_range();
            let widths = Widths::in_width(across.span());
            let mut builder = TableBuilder::new(ui)
                .id_salt("switches")
                .animate_scrolling(false)
                .auto_shrink([false, true])
                .min_scrolled_height(0.0)
                .max_scroll_height(height)
                .cell_layout(Layout::left_to_right(Align::Center));
            for width in widths.columns() {
                builder = builder.column(Column::exact(width).clip(false));
            }
            if let Some(row) = cursor.wanted(list.items.len()) {
                builder = builder.scroll_to_row(row, None);
            }
            let titles = ["Time", "Cron", "From", "", "To", "Why", "Cause", "State", ""].into_iter();
            let room = widths.columns();
            let titles = titles.enumerate().map(|(at, title)| Some(title).filter(|_| room[at] > 0.0));
            let table = builder.header(HEADER, |mut row| titles_ui(&mut row, across, titles));
            table.body(|body| {
                body.rows(ROW, list.items.len(), |mut row| {
                    let at = row.index();
                    let place = Place { across, at, of: list.items.len() };
                    let asked = match list.items[at] {
                        Item::Plan { first, listed, standing } => {
                            let first = &snapshot.switches[first];
                            plan_ui(&mut row, cursor, place, &PlanRow { first, listed, standing }, speech)
                        }
                        Item::Switch(switch) => {
                            let switch = &snapshot.switches[switch];
                            let is_selected = selected.as_ref() == Some(&switch.id);
                            let (picked, asked) =
                                switch_ui(&mut row, cursor, place, switch, is_selected, widths, speech);
                            if picked {
                                *selected = Some(switch.id.clone());
                            }
                            asked
                        }
                    };
                    actions.extend(asked);
                });
            });
        });
        actions
    }
}

struct PlanRow<'a> {
    first: &'a Switch,
    listed: usize,
    standing: usize,
}

/// "Plan of today 07:02 · 5 switches", and the button that takes all of them back.
fn plan_ui(
    row: &mut TableRow<'_, '_>,
    cursor: &mut Cursor,
    place: Place,
    plan: &PlanRow<'_>,
    speech: &Speech<'_>,
) -> Vec<Action> {
    let mut actions = Vec::new();
    row.col(|ui| {
        let palette = theme::palette(ui);
        let rect = egui::Rect::from_x_y_ranges(place.across, ui.max_rect().y_range());
        ui.painter().rect_filled(rect, 0.0, palette.background);
        let label = || format!("{}, {}", plan.title(speech), plan.counted());
        let id = row_id("switches of", &plan.first.plan);
        let row = Row { id, index: place.at, of: place.of, selected: false, label: &label };
        let response = cursor.row_ui(ui, place.across, &row);
        // One line over all columns: a room of its own, so that no column grows by it.
        let room = UiBuilder::new().max_rect(rect.shrink2(vec2(LEAD, 0.0)));
        let mut room = ui.new_child(room.layout(Layout::left_to_right(Align::Center)));
        let asked = plan_line_ui(&mut room, plan, cursor.stops_at(place.at), speech);
        if asked || plan.standing > 0 && undo_key(ui, &response) {
            actions = undo(UndoScope::Plan(plan.first.plan.clone()));
        }
    });
    for _ in 1..COLUMNS {
        row.col(|_| {});
    }
    actions
}

impl PlanRow<'_> {
    fn title(&self, speech: &Speech<'_>) -> String {
        let what = if self.first.cause == Cause::Undo { "Undo" } else { "Plan" };
        format!("{what} of {}", words::clock_with_day(self.first.at, speech))
    }

    fn counted(&self) -> String {
        if self.listed == 1 { "1 switch".to_owned() } else { format!("{} switches", self.listed) }
    }
}

/// True when its undo was pressed.
fn plan_line_ui(ui: &mut Ui, plan: &PlanRow<'_>, stops: bool, speech: &Speech<'_>) -> bool {
    let palette = theme::palette(ui);
    ui.label(RichText::new(plan.title(speech)).font(theme::strong_font()));
    ui.add_space(space::S);
    let rest = format!("{} · {}", plan.counted(), short_id(plan.first.plan.as_str()));
    ui.label(RichText::new(rest).font(theme::small_font()).color(palette.secondary));
    if plan.standing < 2 {
        return false;
    }
    let button = |ui: &mut Ui| row_link_button(ui, &format!("Undo these {}", plan.standing), stops);
    let button = ui.with_layout(Layout::right_to_left(Align::Center), button).inner;
    button.on_hover_text("Shows how these switches would be taken back (U)").clicked()
}

/// U on a row asks for what its undo asks for.
fn undo_key(ui: &Ui, row: &Response) -> bool {
    row.has_focus() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::U))
}

fn undo(scope: UndoScope) -> Vec<Action> {
    vec![Action::Tell(Command::PrepareUndo(scope)), Action::Go(Screen::Plan)]
}

/// Enough of a hash to tell plans apart.
fn short_id(id: &str) -> &str {
    id.char_indices().nth(8).map_or(id, |(end, _)| &id[..end])
}

#[derive(Clone, Copy)]
struct Place {
    across: Rangef,
    at: usize,
    of: usize,
}

fn switch_ui(
    row: &mut TableRow<'_, '_>,
    cursor: &mut Cursor,
    place: Place,
    switch: &Switch,
    selected: bool,
    widths: Widths,
    speech: &Speech<'_>,
) -> (bool, Vec<Action>) {
    let mut actions = Vec::new();
    let mut picked = false;
    let (from, to) = list::models(switch, speech);
    let undone = switch.undone_by.is_some();
    row.col(|ui| {
        let palette = theme::palette(ui);
        let label = || sentence(switch, &from, &to, speech);
        let id = row_id("switch", &switch.id);
        let row = Row { id, index: place.at, of: place.of, selected, label: &label };
        let response = cursor.row_ui(ui, place.across, &row);
        picked = response.clicked() || response.gained_focus();
        let enter = response.has_focus() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Enter));
        if response.double_clicked() || enter {
            actions.push(Action::Open(switch.cron.clone()));
        }
        if !undone && undo_key(ui, &response) {
            actions.extend(undo(UndoScope::Switch(switch.id.clone())));
        }
        ui.add_space(LEAD);
        let time = words::clock(switch.at, speech);
        elided(ui, &time, theme::text_font(), palette.secondary, widths.time - LEAD - GAP)
            .on_hover_text(words::relative(switch.at, speech.now));
    });
    row.col(|ui| {
        let palette = theme::palette(ui);
        elided(ui, &switch.name, theme::strong_font(), palette.text, widths.name - GAP);
    });
    row.col(|ui| model_ui(ui, vendor(&switch.from, speech), &from, widths.model, false));
    row.col(|ui| {
        let palette = theme::palette(ui);
        widgets::icon(ui, icon::ARROW_FORWARD, 14.0, palette.faint);
    });
    row.col(|ui| model_ui(ui, vendor(&switch.to, speech), &to, widths.model, !undone));
    row.col(|ui| {
        let palette = theme::palette(ui);
        let why = words::reason(&switch.reason, speech);
        elided(ui, &why, theme::text_font(), palette.secondary, widths.why - GAP);
    });
    row.col(|ui| {
        if widths.cause > 0.0 {
            let palette = theme::palette(ui);
            elided(ui, words::cause(switch.cause), theme::small_font(), palette.secondary, widths.cause - GAP);
        }
    });
    row.col(|ui| state_ui(ui, switch, widths.state, speech));
    row.col(|ui| {
        if undone {
            return;
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(LEAD);
            let stops = cursor.stops_at(place.at);
            if row_link_button(ui, "Undo", stops)
                .accessible_name(format!("Undo the switch of {}", switch.name))
                .clicked()
            {
                actions.extend(undo(UndoScope::Switch(switch.id.clone())));
            }
        });
    });
    (picked, actions)
}

fn vendor(fields: &crate::domain::Fields, speech: &Speech<'_>) -> Option<crate::domain::VendorId> {
    let model = speech.catalog.resolve(fields.model.as_deref(), None)?;
    (fields.enabled && fields.model.is_some()).then(|| widgets::vendor_of_model(&model))
}

/// "✓ verified · confirmed by a run", "undone", "ran on another model".
fn state_ui(ui: &mut Ui, switch: &Switch, width: f32, speech: &Speech<'_>) {
    let palette = theme::palette(ui);
    let whole = state(switch, speech);
    let color = match (&switch.undone_by, &switch.confirmation) {
        (Some(_), _) => palette.faint,
        (None, Confirmation::Confirmed { .. } | Confirmation::NotNeeded) => palette.good,
        (None, Confirmation::RanElsewhere { .. }) => palette.bad,
        (None, Confirmation::Waiting) => palette.secondary,
    };
    elided(ui, &whole, theme::text_font(), color, width - GAP).on_hover_text(&whole);
}

fn state(switch: &Switch, speech: &Speech<'_>) -> String {
    if switch.undone_by.is_some() { "undone".to_owned() } else { words::confirmation(&switch.confirmation, speech) }
}

fn sentence(switch: &Switch, from: &str, to: &str, speech: &Speech<'_>) -> String {
    let (at, why) = (words::clock_and_relative(switch.at, speech), words::reason(&switch.reason, speech));
    let (cause, state) = (words::cause(switch.cause), state(switch, speech));
    format!("{at}, {}, from {from} to {to}, {why}, {cause}, {state}", switch.name)
}

//! The tier board: columns of cards that are dragged between tiers.
//!
//! Owns only what may be forgotten when the window closes: selection, search, scroll. It returns
//! wishes and changes nothing itself. Derived lists are kept until the world or the filter
//! changes; per frame only what is seen is drawn.

mod card;
mod chain;
mod chain_ui;
mod column;
mod facts;
mod foot;
mod keys;
mod lanes;
mod lit;
mod menu;
mod pointing;
mod select;
mod toolbar;

use std::rc::Rc;
use std::sync::Arc;

use egui::{Align2, CursorIcon, DragAndDrop, Id, LayerId, Order, Rect, Sense, StrokeKind, Ui, accesskit, pos2, vec2};

use jiff::tz::TimeZone;

pub use facts::Lane;
pub use lanes::{Filter, Only, Sort};

use crate::domain::{AccountId, CronId, Outlook, Pointed, Tier};
use crate::engine::{Command, Edit, Snapshot};
use crate::ui::action::Action;
use crate::ui::icon;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{cut, empty_state, plain_button};
use crate::words::Speech;

use facts::Facts;
use foot::Foot;
use lanes::Lanes;
use lit::Lit;
use select::Selection;

/// The board and what it remembers while the window is open.
#[derive(Debug, Default)]
pub struct Board {
    filter: Filter,
    show_not_routable: bool,
    /// Shown although nothing is unsorted.
    show_unsorted: bool,
    selection: Selection,
    /// What a screen reader is told about the last wish.
    announcement: String,
    focus_search: bool,
    /// The keyboard goes to the cards.
    to_cards: bool,
    /// The card whose menu was opened by a key.
    menu_by_key: Option<CronId>,
    /// That menu has just opened: its first item takes the focus.
    menu_focus: bool,
    /// The column in which the card under the cursor has the focus.
    focused_in: Option<Lane>,
    /// The row that the cursor went to is in view.
    arrived: bool,
    facts: Rc<Facts>,
    lanes: Rc<Lanes>,
    foot: Foot,
}

const READ_ONLY: &str = "Read only: another program holds the state folder";

/// Crons that are carried by the pointer.
#[derive(Clone, Debug)]
struct Carried(Vec<CronId>);

/// What the parts of the board draw from in one frame.
struct Scene<'a> {
    snapshot: &'a Snapshot,
    speech: &'a Speech<'a>,
    facts: Rc<Facts>,
    lanes: Rc<Lanes>,
    density: card::Density,
    /// What the quotas at the foot are drawn from, where they are open.
    foreseen: Option<&'a Arc<Outlook>>,
    lit: Rc<Lit>,
    /// Edits of the mapping are possible.
    editable: bool,
    wishes: Vec<Action>,
}

impl Scene<'_> {
    fn edit(&mut self, edit: Edit) {
        if self.editable {
            self.wishes.push(Action::Tell(Command::Edit(edit)));
        }
    }

    /// What a screen reader is told when an edit was asked for.
    fn said(&self, text: String) -> String {
        if self.editable { text } else { READ_ONLY.to_owned() }
    }
}

impl Board {
    /// Whether it draws what is foreseen: else nobody needs to work that out.
    #[must_use]
    pub fn wants_outlook(&self, snapshot: &Snapshot) -> bool {
        self.foot.is_open(snapshot)
    }

    /// Draws the board, with the quotas at its foot where those are open, and returns what the user asked for.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        foreseen: Option<&Arc<Outlook>>,
        zone: &TimeZone,
    ) -> Vec<Action> {
        let speech = &Speech { now: snapshot.at, zone, settings: &snapshot.settings, catalog: &snapshot.catalog };
        let facts = Facts::of(snapshot, &self.facts, speech);
        if facts.revision != self.facts.revision {
            // Keys go on working on a card where it arrives.
            let card = self.selection.cursor.as_ref().and_then(|id| facts.card(id));
            if let (Some(before), Some(card)) = (self.focused_in, card) {
                self.selection.follow |= card.lane != before;
            }
        }
        self.facts = facts;
        let lanes = Lanes::of(&self.facts, &self.filter, &self.lanes);
        if !Rc::ptr_eq(&lanes, &self.lanes) {
            self.selection.prune(&self.facts, &lanes);
        }
        self.lanes = lanes;
        let mut scene = Scene {
            snapshot,
            speech,
            facts: self.facts.clone(),
            lanes: self.lanes.clone(),
            density: card::Density::of(snapshot.settings.window.compact_cards),
            foreseen,
            lit: Rc::default(),
            editable: snapshot.folder.as_ref().is_none_or(|folder| folder.held_by.is_none()),
            wishes: Vec::new(),
        };
        self.open_foot(&mut scene);
        scene.lit = self.light(ui, &scene);
        self.go_to_cards(&scene);
        self.keys(ui, &mut scene);
        self.toolbar_ui(ui, &mut scene);
        ui.add_space(space::S / 2.0);
        if scene.facts.cards.is_empty() {
            nothing_ui(ui, snapshot);
        } else if scene.lanes.is_empty() && self.filter.is_on() {
            empty_state(ui, icon::SEARCH, "No cron matches", "Change the search or switch filters off.");
            ui.add_space(space::S);
            if ui.vertical_centered(|ui| plain_button(ui, "Clear search and filters")).inner.clicked() {
                self.filter = Filter { sort: self.filter.sort, ..Filter::default() };
            }
        } else {
            self.body_ui(ui, &mut scene);
        }
        self.point(ui);
        ghost_ui(ui, &scene);
        self.announce_ui(ui);
        scene.wishes
    }

    /// Carries out [`Board::take_focus`] as soon as there is a card to go to: the one that was left, or the first.
    fn go_to_cards(&mut self, scene: &Scene<'_>) {
        if !self.to_cards || scene.lanes.is_empty() {
            return;
        }
        self.to_cards = false;
        let known = self.selection.cursor.as_ref().and_then(|id| scene.lanes.locate(&scene.facts, id));
        let shown = self.shown(scene);
        if known.is_none_or(|(lane, _)| !shown.contains(&lane)) {
            self.selection.cursor = self.neighbour(scene, None, keys::Way::Down(0));
        }
        self.selection.follow = self.selection.cursor.is_some();
    }

    fn columns_ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        let lanes = self.shown(scene);
        let weight = |lane: Lane| if matches!(lane, Lane::Tier(_)) { 1.22 } else { 1.0 };
        let total: f32 = lanes.iter().map(|lane| weight(*lane)).sum();
        let full = ui.available_rect_before_wrap();
        let share = (full.width() - space::M * (lanes.len() - 1) as f32) / total;
        let head = column::head_height(ui, scene, &lanes, share * 1.22);
        let mut left = full.left();
        for lane in lanes {
            let width = share * weight(lane);
            let rect = Rect::from_min_size(pos2(left, full.top()), vec2(width, full.height()));
            self.column_ui(ui, scene, lane, rect, head);
            left += width + space::M;
        }
        let lane = self.selection.cursor.as_ref().and_then(|id| scene.facts.card(id)).map(|card| card.lane);
        let hidden = self.selection.cursor.as_ref().is_none_or(|id| scene.lanes.locate(&scene.facts, id).is_none());
        if self.selection.follow && (std::mem::take(&mut self.arrived) || hidden) {
            self.selection.follow = false;
        }
        let focus = ui.memory(egui::Memory::focused);
        self.focused_in = lane.filter(|_| self.selection.cursor.as_ref().map(card_id) == focus);
        ui.advance_cursor_after_rect(full);
    }

    fn shown(&self, scene: &Scene<'_>) -> Vec<Lane> {
        let unsorted = self.show_unsorted || scene.lanes.total(Lane::Unsorted) > 0;
        let mut lanes: Vec<Lane> = unsorted.then_some(Lane::Unsorted).into_iter().collect();
        lanes.extend(Tier::ALL.map(Lane::Tier));
        lanes.extend(self.show_not_routable.then_some(Lane::NotRoutable));
        lanes
    }

    fn move_to(&mut self, scene: &mut Scene<'_>, crons: &[CronId], tier: Option<Tier>) {
        let differs = |id: &&CronId| {
            scene.facts.card(id).is_some_and(|card| match card.lane {
                Lane::Tier(now) => Some(now) != tier,
                Lane::Unsorted => tier.is_some(),
                Lane::NotRoutable => false,
            })
        };
        let crons: Vec<CronId> = crons.iter().filter(differs).cloned().collect();
        if crons.is_empty() {
            return;
        }
        let n = crons.len();
        let to = tier.map_or("unsorted", Tier::code);
        let text = if n == 1 { format!("1 cron moves to {to}") } else { format!("{n} crons move to {to}") };
        self.announcement = scene.said(text);
        scene.edit(Edit::SetTier { crons, tier });
    }

    fn announce_ui(&self, ui: &mut Ui) {
        if self.announcement.is_empty() {
            return;
        }
        let at = Rect::from_min_size(ui.max_rect().left_bottom(), egui::Vec2::ZERO);
        let response = ui.interact(at, Id::unique("board announcement"), Sense::hover());
        let text = &self.announcement;
        response.widget_info(|| egui::WidgetInfo::labeled(accesskit::Role::Status, true, text));
        ui.ctx().accesskit_node_builder(response.id, |node| node.set_live(accesskit::Live::Polite));
    }
}

/// No crons at all: still loading, or really none.
fn nothing_ui(ui: &mut Ui, snapshot: &Snapshot) {
    if snapshot.crons_as_of.is_some() {
        empty_state(ui, icon::INBOX, "This gateway has no crons", "As soon as one is created there it appears here.");
    } else if snapshot.connection.info().is_some() {
        empty_state(ui, icon::HOURGLASS_TOP, "Reading the crons…", "The gateway sends its list.");
    } else {
        empty_state(ui, icon::CLOUD_OFF, "Not connected", "The crons appear when the gateway answers.");
    }
}

/// What is carried, beside the pointer.
fn ghost_ui(ui: &mut Ui, scene: &Scene<'_>) {
    let Some(carried) = DragAndDrop::payload::<Carried>(ui.ctx()) else { return };
    let Some(pointer) = ui.input(|input| input.pointer.latest_pos()) else { return };
    let Some(first) = carried.0.first().and_then(|id| scene.facts.card(id)) else { return };
    ui.set_cursor_icon(CursorIcon::Grabbing);
    let palette = theme::palette(ui);
    let paint = ui.ctx().layer_painter(LayerId::new(Order::Tooltip, Id::unique("carried cards")));
    let galley = cut(&paint, &first.cron.name, theme::strong_font(), palette.text, 200.0);
    let more = carried.0.len() - 1;
    let extra = if more == 0 { 0.0 } else { 34.0 };
    let size = galley.size() + vec2(24.0 + extra, 14.0);
    // Whole, also beside the edge of the window.
    let most = ui.ctx().content_rect().max - size - vec2(6.0, 6.0);
    let rect = Rect::from_min_size((pointer + vec2(12.0, 8.0)).min(most), size);
    if more > 0 {
        let under = rect.translate(vec2(4.0, 4.0));
        paint.rect(under, theme::corner::CARD, palette.card, (1.0, palette.strong_line), StrokeKind::Inside);
    }
    paint.rect(rect, theme::corner::CARD, palette.card, (1.5, palette.accent), StrokeKind::Inside);
    paint.galley(rect.min + vec2(12.0, 7.0), galley, palette.text);
    if more > 0 {
        let at = rect.right_center() - vec2(10.0, 0.0);
        paint.text(at, Align2::RIGHT_CENTER, format!("+{more}"), theme::strong_font(), palette.accent);
    }
}

/// The id of a card in the toolkit: of the cron, not of its row.
fn card_id(id: &CronId) -> Id {
    Id::unique(("card", id.as_str()))
}

impl Board {
    /// Puts the keyboard into the search field.
    pub fn search(&mut self) {
        self.focus_search = true;
    }

    /// Puts the keyboard on the card that had it last, else on the first.
    pub fn take_focus(&mut self) {
        self.to_cards = true;
    }

    /// Opens the quotas at the foot with the crons lit that draw on a window.
    pub fn show_crons(&mut self, account: AccountId, window: String) {
        self.foot.show(Pointed::Window(account, window));
    }

    /// How many cards are selected, for the line beside the filters.
    fn hint(&self, scene: &Scene<'_>) -> String {
        let movable = |id: &&CronId| scene.facts.card(id).is_some_and(|card| card.lane != Lane::NotRoutable);
        match (scene.editable, self.selection.chosen.iter().filter(movable).count()) {
            (false, _) => READ_ONLY.to_owned(),
            (true, 0) => "? lists the keys".to_owned(),
            (true, n) => format!("{n} selected — drag, or press 1 2 3"),
        }
    }
}

//! The cards in rows, as many beside each other as there is room for, and the keyboard's way through them.

use egui::accesskit::Role;
use egui::{EventFilter, Id, Key, Modifiers, PointerButton, Rect, Response, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::domain::AccountId;
use crate::engine::{Command, Snapshot, dashboard_of};
use crate::ui::action::Action;
use crate::ui::theme::space;
use crate::words::{self, Speech};

use super::card::{self, Laid, Look, card_ui, lay};
use super::menu;
use super::seen::Seen;
use super::{Ask, Rights};

/// No card is narrower while two fit.
const NARROWEST: f32 = 330.0;
const WIDEST: f32 = 480.0;

/// The keyboard's place among the cards.
#[derive(Debug, Default)]
pub(super) struct Cards {
    /// The card that had the focus last: Tab comes to it.
    at: Option<AccountId>,
    /// The card that shall get the focus as soon as it is drawn.
    want: Option<AccountId>,
    /// The cards are to have the keyboard, whichever is first.
    arriving: bool,
    /// The card whose menu a key opens.
    menu: Option<AccountId>,
}

/// What all cards of one frame are drawn from.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    pub seen: &'a [Seen<'a>],
    pub snapshot: &'a Snapshot,
    pub rights: Rights,
    pub speech: &'a Speech<'a>,
}

impl Cards {
    pub fn take_focus(&mut self) {
        self.arriving = true;
    }

    /// Draws the cards; `asks` is what shall be opened.
    pub fn ui(&mut self, ui: &mut Ui, table: Table<'_>, asks: &mut Vec<Ask>) -> Vec<Action> {
        let mut wishes = Vec::new();
        let seen = table.seen;
        let (columns, width) = columns(ui.available_width());
        if !seen.iter().any(|seen| self.at.as_ref() == Some(seen.id())) {
            self.at = seen.first().map(|seen| seen.id().clone());
        }
        if std::mem::take(&mut self.arriving) {
            self.want.clone_from(&self.at);
        }
        for (row, cards) in seen.chunks(columns).enumerate() {
            let laid: Vec<_> = cards.iter().map(|seen| lay(ui, seen, table.snapshot, table.speech, width)).collect();
            let height = laid.iter().map(|laid| laid.height).fold(0.0, f32::max).ceil();
            let (place, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
            for (column, (one, laid)) in cards.iter().zip(laid).enumerate() {
                let kept = [&self.at, &self.want].into_iter().any(|id| id.as_ref() == Some(one.id()));
                // What has the keyboard exists also outside the view; the rest only inside.
                if !kept && !ui.is_rect_visible(place) {
                    continue;
                }
                let left = place.left() + column as f32 * (width + space::M);
                let rect = Rect::from_min_size(pos2(left.round(), place.top()), vec2(width, height));
                let response = self.grip_ui(ui, rect, table, row * columns + column, columns);
                wishes.extend(self.one_ui(ui, rect, one, laid, &response, table, asks));
            }
        }
        // It went while it was on its way to the keyboard.
        self.want = self.want.take().filter(|want| seen.iter().any(|seen| seen.id() == want));
        wishes
    }

    /// The card as one thing that has the focus, and the arrows that lead from it to others.
    fn grip_ui(&mut self, ui: &Ui, rect: Rect, table: Table<'_>, index: usize, columns: usize) -> Response {
        let one = &table.seen[index];
        let id = card_id(one.id());
        let tabbing = ui.input(|input| input.key_pressed(Key::Tab));
        let passed_by = tabbing && self.at.as_ref() != Some(one.id());
        let response = ui.interact(rect, id, if passed_by { Sense::CLICK } else { Sense::click() });
        response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, card::spoken(one)));
        ui.ctx().accesskit_node_builder(id, |node| {
            node.set_position_in_set(index + 1);
            node.set_size_of_set(table.seen.len());
        });
        if self.want.as_ref() == Some(one.id()) {
            self.want = None;
            response.request_focus();
            ui.scroll_to_rect(rect.expand(space::S), None);
        }
        if response.clicked_by(PointerButton::Primary) {
            response.request_focus();
        }
        if response.has_focus() {
            self.at = Some(one.id().clone());
            let filter = EventFilter { vertical_arrows: true, horizontal_arrows: true, ..EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
            let to = index.saturating_add_signed(steps(ui, columns)).min(table.seen.len() - 1);
            if to != index {
                self.want = Some(table.seen[to].id().clone());
                ui.ctx().request_repaint();
            }
        }
        response
    }

    #[expect(clippy::too_many_arguments, reason = "one card, what it says, and where its wishes go")]
    fn one_ui(
        &mut self,
        ui: &mut Ui,
        rect: Rect,
        one: &Seen<'_>,
        laid: Laid,
        response: &Response,
        table: Table<'_>,
        asks: &mut Vec<Ask>,
    ) -> Vec<Action> {
        let mut wishes = Vec::new();
        let waits = words::told_to_wait(one.of.look, table.speech);
        let resting = if one.awaited { Some("Its answer is still out") } else { waits.as_deref() };
        let stops = self.at.as_ref() == Some(one.id());
        let look = Look { response, stops, resting };
        let pressed = card_ui(ui, rect, one, laid, look, table.speech);
        let key = |key| response.has_focus() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed.check || key(Key::C) && resting.is_none() {
            wishes.push(Action::Tell(Command::Check { accounts: Some(vec![one.id().clone()]) }));
        }
        if pressed.dashboard {
            wishes.extend(dashboard_of(one.account()).map(|link| Action::Browse(link.to_owned())));
        }
        if response.double_clicked() {
            asks.push(Ask::Details(one.id().clone()));
        }
        // Enter, Space and the menu key; a click only takes the focus.
        let by_key = response.clicked() && !response.clicked_by(PointerButton::Primary) || key(Key::Menu);
        if by_key || response.secondary_clicked() {
            self.menu = Some(one.id().clone());
            response.request_focus();
        }
        if let Some(more) = pressed.more {
            let opens = self.menu.take_if(|menu| menu == one.id()).is_some();
            wishes.extend(menu::menu_ui(&more, one, table, opens, asks));
        }
        wishes
    }
}

pub(super) fn card_id(account: &AccountId) -> Id {
    Id::unique(("account", account))
}

/// How many fit beside each other, and how wide each is.
fn columns(room: f32) -> (usize, f32) {
    let n = ((room + space::M) / (NARROWEST + space::M)).floor().max(1.0);
    let width = ((room - (n - 1.0) * space::M) / n).min(WIDEST);
    (n as usize, width.floor())
}

/// How many cards the keys lead on; in a slow frame one may have been pressed more than once.
fn steps(ui: &Ui, columns: usize) -> isize {
    let columns = isize::try_from(columns).unwrap_or(1);
    let moves = [
        (Key::ArrowLeft, -1),
        (Key::ArrowRight, 1),
        (Key::ArrowUp, -columns),
        (Key::ArrowDown, columns),
        (Key::Home, isize::MIN),
        (Key::End, isize::MAX),
    ];
    moves.into_iter().fold(0_isize, |sum, (key, step)| {
        let times = ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key));
        sum.saturating_add(isize::try_from(times).unwrap_or(1).saturating_mul(step))
    })
}

#[cfg(test)]
mod tests {
    use super::columns;

    #[test]
    fn three_cards_stand_beside_each_other_at_1280_two_at_1024_and_more_on_wide_screens() {
        let beside = |room: f32| columns(room).0;
        assert_eq!([beside(1072.0), beside(940.0), beside(3632.0), beside(200.0)], [3, 2, 10, 1]);
        assert!(columns(940.0).1 <= 480.0);
    }
}

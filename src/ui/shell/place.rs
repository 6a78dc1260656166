//! The keyboard's place. The toolkit forgets it at every Escape, and when what had it is closed or gone.
//!
//! Follows what is open over a screen, each with the place one came from; closing it leads back there.

use egui::text_edit::TextEditState;
use egui::{Context, Event, Id, Key};

/// What can be open over a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    Drawer,
    Dialog,
    Menu,
}

/// Where the keyboard shall go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Towards {
    /// Into the drawer: it was opened by key, or what had the focus in it is gone.
    Drawer,
    /// To the screen's own first place: what had the focus is gone.
    Screen,
}

/// The toolkit needs this many frames to notice that what had the focus is gone.
const PATIENCE: u8 = 4;

#[derive(Debug, Default)]
pub(super) struct Place {
    /// What had the focus when the last frame began.
    last: Option<Id>,
    over: Vec<(Over, Option<Id>)>,
    /// Where to go once nothing has the focus any more, and for how many frames that is still wanted.
    back: Option<(Id, u8)>,
    /// The keyboard was used last, not the pointer.
    by_key: bool,
    /// Tab was pressed in the last frame, and in this one: from the last button it leads to the first by way of none.
    tabbed: (bool, bool),
}

impl Place {
    /// Whether a ring around what has the focus is looked for now.
    pub fn by_key(&self) -> bool {
        self.by_key
    }

    /// What is open was asked for once more, from another place.
    pub fn opened_again(&mut self, over: Over) {
        self.over.retain(|(known, _)| *known != over);
    }

    /// Looks, at the beginning of a frame, where the focus is and what is open.
    pub fn follow(&mut self, ctx: &Context, open: [(Over, bool); 3]) -> Option<Towards> {
        self.listen(ctx);
        let (focus, lost) = self.found(ctx);
        let mut towards = None;
        for (over, _) in open.iter().filter(|(_, is_open)| !is_open) {
            if let Some(at) = self.over.iter().position(|(known, _)| known == over) {
                let from = self.over.remove(at).1;
                self.back = from.map(|id| (id, PATIENCE));
            }
        }
        for (over, _) in open.iter().filter(|(_, is_open)| *is_open) {
            if self.over.iter().all(|(known, _)| known != over) {
                // What a click opened has the focus since then, and by key what is in it may have it already.
                let from = if *over == Over::Menu && !self.by_key { focus.or(self.last) } else { self.last };
                self.over.push((*over, self.back.take().map(|(id, _)| id).or(from)));
                towards = (self.by_key && *over == Over::Drawer).then_some(Towards::Drawer);
            }
        }
        if lost && self.by_key && !self.tabbed.0 && self.back.is_none() {
            towards = towards.or(match self.over.last() {
                None => Some(Towards::Screen),
                Some((Over::Drawer, _)) => Some(Towards::Drawer),
                Some(_) => None,
            });
        }
        if self.back.is_some() {
            ctx.request_repaint();
        }
        self.last = focus;
        towards
    }

    /// What has the focus now; and whether it was lost without anybody's will.
    fn found(&mut self, ctx: &Context) -> (Option<Id>, bool) {
        if let Some(focus) = ctx.memory(egui::Memory::focused) {
            self.back = self.back.filter(|(_, frames)| *frames > 1).map(|(id, frames)| (id, frames - 1));
            return (Some(focus), false);
        }
        let text = self.last.is_some_and(|id| TextEditState::load(ctx, id).is_some());
        let wanted = match (self.back.take(), self.last) {
            (Some((back, _)), _) => Some(back),
            // A text field must see that it was left; it gets the focus back when it has.
            (None, Some(last)) if text && escaped(ctx) => {
                self.back = Some((last, PATIENCE));
                None
            }
            (None, Some(last)) if self.by_key && (text || escaped(ctx)) => Some(last),
            _ => None,
        };
        if let Some(id) = wanted {
            ctx.memory_mut(|memory| memory.request_focus(id));
        }
        (wanted, wanted.is_none() && self.last.is_some() && self.back.is_none())
    }

    fn listen(&mut self, ctx: &Context) {
        self.tabbed = (self.tabbed.1, false);
        ctx.input(|input| {
            for event in &input.raw.events {
                match event {
                    Event::Key { pressed: true, key, .. } => {
                        self.by_key = true;
                        self.tabbed.1 |= *key == Key::Tab;
                    }
                    Event::PointerButton { pressed: true, .. } | Event::MouseWheel { .. } => self.by_key = false,
                    _ => {}
                }
            }
        });
    }
}

fn escaped(ctx: &Context) -> bool {
    let escape = |event: &Event| matches!(event, Event::Key { key: Key::Escape, pressed: true, .. });
    ctx.input(|input| input.raw.events.iter().any(escape))
}

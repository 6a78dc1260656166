//! Which of what is pointed at counts: what the pointer is on, what the keyboard is on, or what was asked to be shown.
//!
//! What changed last wins; what was asked to be shown stays until somebody points at something else. Escape leaves all
//! of it, until then too.

use crate::domain::Pointed;

#[derive(Debug, Default)]
pub struct Pointing {
    hovered: Option<Pointed>,
    focused: Option<Pointed>,
    /// Asked for by name, from a menu or from another screen.
    shown: Option<Pointed>,
    /// The keyboard moved last.
    by_key: bool,
    /// Something was pressed since it was asked for: only then has a focus that moves been moved by somebody, and not by
    /// a menu that closed.
    pressed: bool,
    /// It was asked for in this frame, so that what was pressed in it was the asking.
    asked: bool,
    /// Nothing counts until something else is pointed at.
    left: bool,
    /// What the keyboard was on then: the toolkit takes the focus at Escape, and it comes back.
    left_on: Option<Pointed>,
}

impl Pointing {
    /// Takes what pointer and keyboard are on in this frame, and what was done in it.
    pub fn follow(&mut self, hovered: Option<Pointed>, focused: Option<Pointed>, done: Done) {
        self.pressed = !std::mem::take(&mut self.asked) && (self.pressed || done.pressed);
        if hovered != self.hovered {
            self.by_key = false;
            if done.moved && hovered.is_some() {
                self.left = false;
                self.shown.take_if(|shown| hovered.as_ref() != Some(shown));
            }
            self.hovered = hovered;
        }
        if focused != self.focused {
            self.by_key = focused.is_some();
            if focused.is_some() {
                self.left &= focused == self.left_on;
                let by_somebody = self.pressed;
                self.shown.take_if(|shown| by_somebody && focused.as_ref() != Some(shown));
            }
            self.focused = focused;
        }
    }

    /// Shows that until somebody points at something else.
    pub fn show(&mut self, what: Pointed) {
        self.shown = Some(what);
        self.asked = true;
        self.left = false;
    }

    /// Whether it was asked for in this frame.
    #[must_use]
    pub fn was_asked(&self) -> bool {
        self.asked
    }

    /// Shows no more what was asked for, nor what pointer and keyboard rest on; whether something was asked for.
    pub fn end(&mut self) -> bool {
        self.left = true;
        self.left_on.clone_from(&self.focused);
        self.shown.take().is_some()
    }

    #[must_use]
    pub fn focused(&self) -> Option<&Pointed> {
        self.focused.as_ref()
    }

    /// What counts.
    #[must_use]
    pub fn at(&self) -> Option<&Pointed> {
        let [first, second] = if self.by_key { [&self.focused, &self.hovered] } else { [&self.hovered, &self.focused] };
        self.shown.as_ref().or(first.as_ref()).or(second.as_ref()).filter(|_| !self.left)
    }
}

/// What was done in a frame.
#[derive(Clone, Copy, Debug, Default)]
pub struct Done {
    /// The pointer moved. One that rests where something came under it has pointed at nothing.
    pub moved: bool,
    /// A key or a button of the pointer went down.
    pub pressed: bool,
}

#[cfg(test)]
mod tests {
    use super::{Done, Pointing};
    use crate::domain::{CronId, Pointed};

    fn cron(id: &str) -> Pointed {
        Pointed::Cron(CronId::new(id))
    }

    const RESTS: Done = Done { moved: false, pressed: false };
    const MOVED: Done = Done { moved: true, pressed: false };
    const PRESSED: Done = Done { moved: false, pressed: true };

    fn window() -> Pointed {
        Pointed::Window("kimi".into(), "weekly".to_owned())
    }

    #[test]
    fn what_changed_last_counts() {
        let steps = [
            (Some(cron("hovered")), None, Some(cron("hovered")), "the pointer alone"),
            (
                Some(cron("hovered")),
                Some(cron("focused")),
                Some(cron("focused")),
                "the keyboard moved, the pointer rests",
            ),
            (Some(cron("other")), Some(cron("focused")), Some(cron("other")), "the pointer moved on"),
            (None, Some(cron("focused")), Some(cron("focused")), "the pointer has left"),
            (None, None, None, "nothing"),
        ];
        let mut pointing = Pointing::default();
        for (hovered, focused, expected, why) in steps {
            pointing.follow(hovered, focused, MOVED);
            assert_eq!(pointing.at(), expected.as_ref(), "{why}");
        }
    }

    #[test]
    fn what_was_asked_for_stays_until_something_else_is_pointed_at() {
        let mut pointing = Pointing::default();
        pointing.show(window());
        pointing.follow(Some(cron("below a pointer that rests")), None, RESTS);
        assert_eq!(pointing.at(), Some(&window()));
        pointing.follow(Some(cron("below a pointer that rests")), Some(window()), RESTS);
        assert_eq!(pointing.at(), Some(&window()), "the keyboard goes to it");
        pointing.follow(Some(cron("pointed at")), Some(window()), MOVED);
        assert_eq!(pointing.at(), Some(&cron("pointed at")));
        pointing.show(window());
        assert!(pointing.end());
        assert!(!pointing.end(), "it has ended");
        pointing.show(window());
        pointing.follow(None, None, PRESSED);
        pointing.follow(None, Some(cron("had the focus before the menu")), RESTS);
        assert_eq!(pointing.at(), Some(&window()), "what was pressed was the asking, and the menu closes");
        pointing.follow(None, Some(cron("walked to")), PRESSED);
        assert_eq!(pointing.at(), Some(&cron("walked to")));
    }

    #[test]
    fn what_was_left_counts_again_when_something_else_is_pointed_at() {
        let mut pointing = Pointing::default();
        pointing.follow(Some(cron("hovered")), Some(cron("focused")), MOVED);
        assert!(!pointing.end(), "nothing was asked for by name");
        pointing.follow(Some(cron("hovered")), Some(cron("focused")), MOVED);
        pointing.follow(Some(cron("hovered")), None, PRESSED);
        pointing.follow(Some(cron("hovered")), Some(cron("focused")), RESTS);
        assert_eq!(pointing.at(), None, "pointer and keyboard are where they were");
        pointing.follow(Some(cron("hovered")), Some(cron("next")), PRESSED);
        assert_eq!(pointing.at(), Some(&cron("next")));
        pointing.end();
        pointing.follow(Some(cron("other")), Some(cron("next")), MOVED);
        assert_eq!(pointing.at(), Some(&cron("other")));
    }
}

//! Which of what is pointed at counts: what the pointer is on, what the keyboard is on, or what was asked to be shown.
//!
//! What changed last wins; what was asked to be shown stays until somebody points at something else.

use crate::domain::Pointed;

#[derive(Debug, Default)]
pub struct Pointing {
    hovered: Option<Pointed>,
    focused: Option<Pointed>,
    /// Asked for by name, from a menu or from another screen.
    shown: Option<Pointed>,
    /// The keyboard moved last.
    by_key: bool,
}

impl Pointing {
    /// Takes what pointer and keyboard are on in this frame. A pointer that rests where something came under it has
    /// pointed at nothing: `moved` says whether it moved.
    pub fn follow(&mut self, hovered: Option<Pointed>, focused: Option<Pointed>, moved: bool) {
        if hovered != self.hovered {
            self.by_key = false;
            if moved && hovered.is_some() && hovered != self.shown {
                self.shown = None;
            }
            self.hovered = hovered;
        }
        if focused != self.focused {
            self.by_key = focused.is_some();
            if focused.is_some() && focused != self.shown {
                self.shown = None;
            }
            self.focused = focused;
        }
    }

    /// Shows that until somebody points at something else.
    pub fn show(&mut self, what: Pointed) {
        self.shown = Some(what);
    }

    /// Shows no more what was asked for; whether something was.
    pub fn end(&mut self) -> bool {
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
        self.shown.as_ref().or(first.as_ref()).or(second.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::Pointing;
    use crate::domain::{CronId, Pointed};

    fn cron(id: &str) -> Pointed {
        Pointed::Cron(CronId::new(id))
    }

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
            pointing.follow(hovered, focused, true);
            assert_eq!(pointing.at(), expected.as_ref(), "{why}");
        }
    }

    #[test]
    fn what_was_asked_for_stays_until_something_else_is_pointed_at() {
        let mut pointing = Pointing::default();
        pointing.show(window());
        pointing.follow(Some(cron("below a pointer that rests")), None, false);
        assert_eq!(pointing.at(), Some(&window()));
        pointing.follow(Some(cron("below a pointer that rests")), Some(window()), false);
        assert_eq!(pointing.at(), Some(&window()), "the keyboard goes to it");
        pointing.follow(Some(cron("pointed at")), Some(window()), true);
        assert_eq!(pointing.at(), Some(&cron("pointed at")));
        pointing.show(window());
        assert!(pointing.end());
        assert!(!pointing.end(), "it has ended");
        pointing.show(window());
        pointing.follow(None, Some(cron("walked to")), false);
        assert_eq!(pointing.at(), Some(&cron("walked to")));
    }
}

//! "Treat as down until…" and "Set aside until…": what its owner says of an account, and how long it holds.

use egui::{Align, Layout, RichText, Ui};
use jiff::{SignedDuration, Timestamp};

use crate::domain::{AccountId, Health, ProviderAccount};
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, foot_ui, plain_button, primary_button};
use crate::words::{self, Speech};

use super::moment;
use super::seen::{Seen, label};

/// What its owner can say of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hand {
    Down,
    Aside,
}

impl Hand {
    pub fn until(self, account: &ProviderAccount) -> Option<Timestamp> {
        match self {
            Self::Down => account.down_until,
            Self::Aside => account.set_aside_until,
        }
    }

    /// The account with this said of it, or no longer.
    pub fn set(self, account: &ProviderAccount, until: Option<Timestamp>) -> ProviderAccount {
        match self {
            Self::Down => ProviderAccount { down_until: until, ..account.clone() },
            Self::Aside => ProviderAccount { set_aside_until: until, ..account.clone() },
        }
    }

    pub const fn begin(self) -> &'static str {
        match self {
            Self::Down => "Treat as down until…",
            Self::Aside => "Set aside until…",
        }
    }

    pub const fn end(self) -> &'static str {
        match self {
            Self::Down => "No longer treat as down",
            Self::Aside => "No longer set aside",
        }
    }

    const fn meaning(self) -> &'static str {
        match self {
            Self::Down => {
                "Its crons move as in an outage, whatever checks find, and it counts for the outage level. \
                 Nothing is written before you or the automation applies the plan."
            }
            Self::Aside => "It is skipped in every chain, and not counted as down.",
        }
    }
}

/// The dialog.
#[derive(Debug)]
pub(super) struct Until {
    pub of: AccountId,
    hand: Hand,
    text: String,
    focused: bool,
}

/// What came of a dialog in this frame.
#[derive(Debug)]
pub(super) enum Outcome<T> {
    Open,
    Closed,
    Chosen(T),
}

impl Until {
    pub fn new(of: AccountId, hand: Hand) -> Self {
        Self { of, hand, text: String::new(), focused: false }
    }

    pub fn ui(&mut self, ui: &mut Ui, seen: &Seen<'_>, speech: &Speech<'_>) -> Outcome<ProviderAccount> {
        let palette = theme::palette(ui);
        ui.set_width(460.0_f32.min(ui.ctx().content_rect().width() - 4.0 * space::L));
        let title = match self.hand {
            Hand::Down => format!("Treat {} as down", label(seen.account())),
            Hand::Aside => format!("Set {} aside", label(seen.account())),
        };
        widgets::elided(ui, &title, theme::heading_font(), palette.text, ui.available_width());
        widgets::paragraph(ui, RichText::new(self.hand.meaning()).color(palette.secondary));
        ui.add_space(space::S / 2.0);
        let mut until = None;
        for (at, (text, moment)) in choices(seen, speech).into_iter().enumerate() {
            let text = format!("{text}, until {}", words::clock_with_day(moment, speech));
            let button = ui.with_layout(Layout::top_down_justified(Align::Min), |ui| plain_button(ui, &text)).inner;
            if at == 0 && !self.focused {
                self.focused = button.has_focus();
                button.request_focus();
            }
            if button.clicked() {
                until = Some(moment);
            }
        }
        let mut cancelled = false;
        let typed = ui.horizontal(|ui| {
            ui.label("Until");
            moment::field_ui(ui, &mut self.text, "Until when", speech)
        });
        foot_ui(ui, |ui| {
            let go = ui.add_enabled_ui(typed.inner.is_some(), |ui| primary_button(ui, "Until then")).inner;
            if go.on_disabled_hover_text("Type a moment that lies ahead, or press one of the buttons").clicked() {
                until = typed.inner;
            }
            cancelled = plain_button(ui, "Cancel").clicked();
        });
        match until {
            Some(until) => Outcome::Chosen(self.hand.set(seen.account(), Some(until))),
            None if cancelled => Outcome::Closed,
            None => Outcome::Open,
        }
    }
}

/// An hour, the night, and its own reset where one is known.
fn choices(seen: &Seen<'_>, speech: &Speech<'_>) -> Vec<(&'static str, Timestamp)> {
    let hour = speech.now.checked_add(SignedDuration::from_hours(1)).ok();
    let of_health = seen.of.vital.and_then(|vital| match vital.health {
        Health::LimitHit { resets_at } => resets_at,
        _ => None,
    });
    let windows =
        seen.of.windows.iter().filter(|window| window.used_ratio >= speech.settings.thresholds.strained_ratio);
    let reset = of_health.or_else(|| windows.filter_map(|window| window.resets_at).max());
    [
        ("For one hour", hour),
        ("For the night", moment::tomorrow_morning(speech)),
        ("To its reset", reset.filter(|at| *at > speech.now)),
    ]
    .into_iter()
    .filter_map(|(text, at)| Some((text, at?)))
    .collect()
}

//! Strips above a screen: what keeps it from being the whole truth, or from being changed.

use egui::{Align, Frame, Label, Layout, Margin, RichText, Stroke, Ui};

use crate::domain::{Access, Connection, JobPhase, Problem, ProblemKind};
use crate::engine::{Command, Snapshot};
use crate::ui::action::{Action, Screen};
use crate::ui::icon as glyph;
use crate::ui::theme::{self, corner, space};
use crate::ui::widgets::{Tone, counts, icon, plain_button};
use crate::words::{self, Said, Speech};

struct Strip {
    tone: Tone,
    icon: &'static str,
    text: String,
    more: String,
    button: Option<(&'static str, Action)>,
}

/// Draws what applies; the worst first, at most two.
pub(super) fn strips_ui(ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>, screen: Screen) -> Vec<Action> {
    let mut wishes = Vec::new();
    for strip in strips(ui, snapshot, speech, screen).into_iter().take(2) {
        wishes.extend(strip_ui(ui, strip));
        ui.add_space(space::S / 2.0);
    }
    wishes
}

fn strips(ui: &Ui, snapshot: &Snapshot, speech: &Speech<'_>, screen: Screen) -> Vec<Strip> {
    let mut strips = Vec::new();
    if let Some(why) = &snapshot.ended {
        strips.push(Strip {
            tone: Tone::Bad,
            icon: glyph::ERROR,
            text: "The engine has stopped".to_owned(),
            more: format!("{why}. Close this window and start again: nothing is lost."),
            button: None,
        });
    }
    strips.extend(connection(ui, snapshot, speech, screen));
    strips.extend(offline(ui, snapshot, speech));
    strips.extend(rights(snapshot, speech));
    if snapshot.job.as_ref().is_some_and(|job| job.phase == JobPhase::Interrupted) && screen != Screen::Plan {
        strips.push(Strip {
            tone: Tone::Warning,
            icon: glyph::WARNING,
            text: "An earlier job was interrupted".to_owned(),
            more: "What it had written is known; the rest can be continued.".to_owned(),
            button: Some(("Show", Action::Go(Screen::Plan))),
        });
    }
    if snapshot.match_asked && screen != Screen::Settings {
        strips.push(Strip {
            tone: Tone::Accent,
            icon: glyph::HELP,
            text: "Some routes fit several models of this gateway".to_owned(),
            more: "They are skipped until you say which one is meant.".to_owned(),
            button: Some(("Choose models", Action::Go(Screen::Settings))),
        });
    }
    strips.extend(background(snapshot, speech));
    strips
}

fn connection(ui: &Ui, snapshot: &Snapshot, speech: &Speech<'_>, screen: Screen) -> Option<Strip> {
    let (trouble, retry_at) = match &snapshot.connection {
        Connection::Waiting { trouble, retry_at, .. } => (trouble, Some(*retry_at)),
        Connection::Stopped { trouble, .. } => (trouble, None),
        Connection::Connecting { .. } if screen != Screen::Welcome => {
            return Some(Strip {
                tone: Tone::Accent,
                icon: glyph::HOURGLASS_TOP,
                text: words::connection(&snapshot.connection, speech),
                more: String::new(),
                button: Some(("Cancel", Action::Tell(Command::Disconnect))),
            });
        }
        Connection::None | Connection::Connecting { .. } | Connection::Connected(_) => return None,
    };
    let said = words::trouble(trouble);
    let mut more: Vec<String> = said.remedy.into_iter().collect();
    if let Some(retry_at) = retry_at {
        counts(ui, retry_at, speech.now);
        more.push(format!("Tries again {}", words::relative(retry_at, speech.now)));
    }
    if let Some(as_of) = snapshot.crons_as_of {
        more.push(format!("What you see is from {}", words::clock_and_relative(as_of, speech)));
    }
    let button = match retry_at {
        Some(_) => ("Try now", Action::Tell(Command::Refresh)),
        None => ("Choose a gateway", Action::Go(Screen::Welcome)),
    };
    let tone = if retry_at.is_some() { Tone::Warning } else { Tone::Bad };
    Some(Strip { tone, icon: glyph::CLOUD_OFF, text: said.what, more: more.join(" · "), button: Some(button) })
}

/// One network that is down, not so many providers.
fn offline(ui: &Ui, snapshot: &Snapshot, speech: &Speech<'_>) -> Option<Strip> {
    let since = snapshot.looks.offline_since?;
    counts(ui, since, speech.now);
    Some(Strip {
        tone: Tone::Warning,
        icon: glyph::CLOUD_OFF,
        text: format!("This computer reaches none of the providers since {}", words::clock(since, speech)),
        more: "What is shown is as it was; nothing is planned on it. Check the network of this computer.".to_owned(),
        button: Some(("Check again", Action::Tell(Command::Check { accounts: None }))),
    })
}

fn rights(snapshot: &Snapshot, speech: &Speech<'_>) -> Option<Strip> {
    let holder = snapshot.folder.as_ref().and_then(|folder| folder.held_by.as_ref());
    if let Some(holder) = holder {
        return Some(Strip {
            tone: Tone::Warning,
            icon: glyph::LOCK,
            text: "Read only".to_owned(),
            more: format!("{holder} holds the state folder and acts; this window only looks."),
            button: None,
        });
    }
    match snapshot.connection.info()?.access {
        Access::ReadOnlyScopes => Some(Strip {
            tone: Tone::Warning,
            icon: glyph::LOCK,
            text: words::problem(&ProblemKind::ReadOnlyScopes, speech).what,
            more: "Tiers can be sorted here; no plan can be applied.".to_owned(),
            button: None,
        }),
        Access::GatewayOwned => {
            let said = words::owned(snapshot.owner.as_ref(), speech);
            let button = ("Take over…", Action::AskTakeOver);
            Some(said_strip((Tone::Warning, glyph::COMPUTER), said, Some(button)))
        }
        Access::AnotherGateway => {
            let ours = |problem: &&Problem| matches!(problem.what, ProblemKind::AnotherGateway { .. });
            let problem = snapshot.problems.iter().find(ours)?;
            let button = ("Act here…", Action::AskTakeOver);
            Some(said_strip((Tone::Warning, glyph::LOCK), words::problem(&problem.what, speech), Some(button)))
        }
        Access::ReadWrite | Access::FolderHeld | Access::FolderNotWritable | Access::UnprovenVersion => None,
    }
}

/// A program without a window acts, or lets this one act.
fn background(snapshot: &Snapshot, speech: &Speech<'_>) -> Option<Strip> {
    let (said, text, here) = match (&snapshot.background, &snapshot.waiting) {
        (Some(background), _) => (words::background(background, speech), "Act from this window", true),
        (None, Some(_)) => (words::background_waits(), "Let the background go on", false),
        (None, None) => return None,
    };
    let button = (text, Action::Tell(Command::ActHere { here }));
    Some(said_strip((Tone::Plain, glyph::HUB), said, Some(button)))
}

fn said_strip((tone, icon): (Tone, &'static str), said: Said, button: Option<(&'static str, Action)>) -> Strip {
    Strip { tone, icon, text: said.what, more: said.remedy.unwrap_or_default(), button }
}

fn strip_ui(ui: &mut Ui, strip: Strip) -> Option<Action> {
    let palette = theme::palette(ui);
    let (color, ground) = strip.tone.colors(palette);
    let mut wish = None;
    Frame::new()
        .fill(ground)
        .stroke(Stroke::new(1.0, color.gamma_multiply(0.5)))
        .corner_radius(corner::CARD)
        .inner_margin(Margin::symmetric(12, 6))
        .show(ui, |ui| {
            ui.allocate_ui_with_layout(
                egui::vec2(ui.available_width(), 30.0),
                Layout::right_to_left(Align::Center),
                |ui| {
                    if let Some((text, action)) = strip.button
                        && plain_button(ui, text).clicked()
                    {
                        wish = Some(action);
                    }
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        icon(ui, strip.icon, 18.0, color);
                        ui.label(RichText::new(strip.text).font(theme::strong_font()));
                        ui.add(Label::new(RichText::new(strip.more).color(palette.secondary)).truncate());
                    });
                },
            );
        });
    wish
}

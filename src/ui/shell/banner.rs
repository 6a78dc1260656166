//! The banner of an outage: what is down, what crisis mode would do, what it did, and the way back. Whole above the
//! board, in one line above the other screens.
//!
//! Nothing that changes a cron happens here: its buttons prepare the crisis screen, where the second press does it.

use egui::{Align, Frame, Label, Layout, Margin, RichText, Stroke, Ui, vec2};
use jiff::Timestamp;

use crate::domain::{Job, JobPhase, OutageLevel, PlanOrigin, Readiness};
use crate::engine::{Command, Snapshot};
use crate::ui::action::{Action, Choice, Screen};
use crate::ui::icon;
use crate::ui::rights::{after_closing, cannot_write};
use crate::ui::screens::preview::offered;
use crate::ui::theme::{self, corner, space};
use crate::ui::widgets::{self, Tone, danger_button, plain_button, primary_button};
use crate::words::{self, Owed, Speech};

/// Height of the whole banner without its frame; two lines of sentence fit below the headline. It is higher where they
/// need more.
const HEIGHT: f32 = 56.0;
const LINE: f32 = 30.0;
/// With less room than this beside the buttons the sentence alone says how far it is.
const ROOM: f32 = 560.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    Plain,
    Primary,
    Danger,
}

#[derive(Debug)]
struct Press {
    text: String,
    action: Action,
    weight: Weight,
    /// It leads to writing, so that it needs the right to.
    writes: bool,
}

#[derive(Debug)]
struct Saying {
    tone: Tone,
    icon: &'static str,
    headline: String,
    /// One, or two on lines of their own.
    sentence: String,
    /// How much of it is written, and how many lines of how many that is.
    progress: Option<(f32, String)>,
    /// What it counts down to.
    until: Option<Timestamp>,
    /// From right to left.
    presses: Vec<Press>,
}

fn looks(text: &str, action: Action) -> Press {
    Press { text: text.to_owned(), action, weight: Weight::Plain, writes: false }
}

fn writes(text: &str, action: Action, weight: Weight) -> Press {
    Press { text: text.to_owned(), action, weight, writes: true }
}

/// What there is to say, made anew when the world changes or a minute has passed.
#[derive(Debug, Default)]
pub(super) struct Banner {
    of: Option<(u64, i64)>,
    said: Option<Saying>,
    /// What headline and sentence needed when they were drawn last.
    tall: f32,
}

impl Banner {
    /// Draws it, if there is anything.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        screen: Screen,
        owed: Owed,
        speech: &Speech<'_>,
    ) -> Option<Action> {
        let of = (snapshot.revision, speech.now.as_second().div_euclid(60));
        if self.of != Some(of) {
            self.of = Some(of);
            self.said = banner(snapshot, owed, speech);
        }
        let said = self.said.as_ref().filter(|_| !matches!(screen, Screen::Crisis | Screen::Welcome))?;
        if let Some(until) = said.until {
            widgets::counts_minutes(ui, until, speech.now);
        }
        let wish =
            if screen == Screen::Board { whole_ui(ui, snapshot, said, &mut self.tall) } else { line_ui(ui, said) };
        ui.add_space(space::S / 2.0);
        wish
    }
}

fn banner(snapshot: &Snapshot, owed: Owed, speech: &Speech<'_>) -> Option<Saying> {
    let state = &snapshot.crisis.state;
    match (&state.mode, snapshot.level()) {
        (Some(mode), _) if mode.recovering.is_some() => Some(recovering(snapshot, speech)),
        (Some(_), _) if snapshot.crisis.readiness == Readiness::Ready => ready(snapshot),
        (Some(_), _) => Some(on(snapshot, owed, speech)),
        (None, OutageLevel::Crisis) => Some(asks(snapshot, speech)),
        (None, _) => report(snapshot, owed, speech),
    }
}

/// Nobody has answered the outage yet.
fn asks(snapshot: &Snapshot, speech: &Speech<'_>) -> Saying {
    let mut presses = Vec::new();
    let mut sentence = String::new();
    if let Some(plan) = offered(snapshot) {
        let (enter, reroute) = (words::enter_sentence(plan, speech), words::reroute_sentence(&snapshot.plan, speech));
        sentence = format!("Crisis mode: {enter}\nOnly re-route: {reroute}");
        presses.push(writes("Enter crisis mode", Action::Prepare(Choice::Enter), Weight::Danger));
        let review = format!("Review {}", words::count(plan.changes.len(), "change"));
        presses.push(looks(&review, Action::Prepare(Choice::Enter)));
        if !words::reroute_lines(&snapshot.plan).is_empty() {
            presses.push(writes("Only re-route", Action::Prepare(Choice::Reroute), Weight::Plain));
        }
    } else {
        presses.push(looks("Show", Action::Go(Screen::Crisis)));
    }
    let headline = words::outage_headline(&snapshot.plan.outage, speech);
    Saying { tone: Tone::Bad, icon: icon::WARNING, headline, sentence, progress: None, until: None, presses }
}

fn on(snapshot: &Snapshot, owed: Owed, speech: &Speech<'_>) -> Saying {
    let view = &snapshot.crisis;
    let headline = words::crisis_mode(&view.state, speech).unwrap_or_default();
    let job = job_of_crisis(snapshot);
    let sentence = match job {
        Some(job) => {
            format!("{} · {}", words::job_headline(job), words::job_detail(job, after_closing(snapshot), speech))
        }
        None => format!("{}. {}.", words::owed_sentence(owed), words::expected_end(view.expected_end, speech)),
    };
    let mut presses = vec![looks("Show", Action::Go(Screen::Crisis))];
    if job.is_none() && !snapshot.plan.changes.is_empty() {
        let review = format!("Review {}", words::count(snapshot.plan.changes.len(), "change"));
        presses.insert(0, looks(&review, Action::Prepare(Choice::Follow)));
    }
    Saying {
        tone: Tone::Warning,
        icon: icon::WARNING,
        headline,
        sentence,
        progress: job.map(progress),
        until: view.expected_end,
        presses,
    }
}

fn ready(snapshot: &Snapshot) -> Option<Saying> {
    let plan = snapshot.crisis.recover.as_ref()?;
    Some(Saying {
        tone: Tone::Good,
        icon: icon::CHECK_CIRCLE,
        headline: words::returned(&snapshot.crisis),
        sentence: format!("{}.", words::recover_sentence(plan, &snapshot.ledger)),
        progress: None,
        until: None,
        presses: vec![writes("Recover", Action::Prepare(Choice::Recover), Weight::Primary)],
    })
}

fn recovering(snapshot: &Snapshot, speech: &Speech<'_>) -> Saying {
    let job = job_of_crisis(snapshot);
    let mut presses = vec![looks("Show", Action::Go(Screen::Crisis))];
    let stop = "Stay in crisis mode";
    presses.push(Press { writes: true, ..looks(stop, Action::Tell(Command::StayInCrisis)) });
    let mut until = None;
    if let Some(JobPhase::Proving { until: at, .. }) = job.map(|job| &job.phase) {
        until = Some(*at);
        let go_on = Action::Tell(Command::GoOn);
        presses.push(Press { writes: true, ..looks("Give back the rest now", go_on) });
    }
    let sentence = match (job, &snapshot.crisis.recover) {
        (Some(job), _) => {
            Some(format!("{} · {}", words::job_headline(job), words::job_detail(job, after_closing(snapshot), speech)))
        }
        // It was stopped, or is of an earlier life.
        (None, Some(plan)) => {
            presses.insert(0, writes("Recover", Action::Prepare(Choice::Recover), Weight::Primary));
            Some(format!("{}.", words::recover_sentence(plan, &snapshot.ledger)))
        }
        (None, None) => None,
    };
    Saying {
        tone: Tone::Accent,
        icon: icon::RESTART_ALT,
        headline: words::readiness(&snapshot.crisis, speech),
        sentence: sentence.unwrap_or_default(),
        progress: job.map(progress),
        until,
        presses,
    }
}

/// What was given back, and what is still owed.
fn report(snapshot: &Snapshot, owed: Owed, speech: &Speech<'_>) -> Option<Saying> {
    let state = &snapshot.crisis.state;
    let held = words::held_sentence(&snapshot.plan, &snapshot.ledger);
    let left = (owed != Owed::default()).then(|| words::owed_sentence(owed));
    if let Some(report) = state.report.as_ref().filter(|report| !report.lines.is_empty()) {
        let rest: Vec<String> = left.into_iter().chain(held).map(|sentence| sentence + ".").collect();
        return Some(Saying {
            tone: Tone::Good,
            icon: icon::CHECK_CIRCLE,
            headline: words::report_headline(report, speech),
            sentence: rest.join(" "),
            progress: None,
            until: None,
            presses: vec![
                looks("Dismiss", Action::Tell(Command::DismissReport)),
                looks("Show", Action::Prepare(Choice::Report)),
            ],
        });
    }
    // A pause of one outage is told on its card; after a crisis it is easily forgotten.
    state.left_at?;
    Some(Saying {
        tone: Tone::Warning,
        icon: icon::WARNING,
        headline: left? + ".",
        sentence: held.map(|held| held + ".").unwrap_or_default(),
        progress: None,
        until: None,
        presses: vec![looks("Show", Action::Go(Screen::Crisis))],
    })
}

/// The running job that the banner speaks of, so that nothing else on the board has to.
pub(super) fn job_of_crisis(snapshot: &Snapshot) -> Option<&Job> {
    let ours = |job: &&Job| matches!(job.plan.origin, PlanOrigin::Crisis | PlanOrigin::Recovery);
    let on = snapshot.crisis.state.mode.is_some();
    snapshot.job.as_deref().filter(|job| on && job.running()).filter(ours)
}

fn progress(job: &Job) -> (f32, String) {
    let (done, all) = job.progress();
    (done as f32 / all.max(1) as f32, format!("{done} of {all} changes written"))
}

fn framed<R>(ui: &mut Ui, tone: Tone, margin: Margin, add_contents: impl FnOnce(&mut Ui) -> R) -> R {
    let (color, ground) = tone.colors(theme::palette(ui));
    let frame = Frame::new().fill(ground).stroke(Stroke::new(1.0, color)).corner_radius(corner::PANEL);
    frame.inner_margin(margin).show(ui, add_contents).inner
}

fn whole_ui(ui: &mut Ui, snapshot: &Snapshot, banner: &Saying, tall: &mut f32) -> Option<Action> {
    let palette = theme::palette(ui);
    let (color, _) = banner.tone.colors(palette);
    let cannot = cannot_write(snapshot);
    let height = if banner.sentence.is_empty() { LINE } else { HEIGHT.max(*tall) };
    framed(ui, banner.tone, Margin::symmetric(16, 10), |ui| {
        let size = vec2(ui.available_width(), height);
        let row = ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = space::M;
            let mut wish = None;
            for press in &banner.presses {
                wish = press_ui(ui, press, cannot.as_deref()).or(wish);
            }
            if let Some((ratio, name)) = banner.progress.as_ref().filter(|_| ui.available_width() > ROOM) {
                widgets::progress_bar(ui, *ratio, color, name);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                widgets::icon(ui, banner.icon, 22.0, color);
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 2.0;
                    let width = ui.available_width();
                    // In the middle, however many lines the sentence takes.
                    let text = theme::strong_font();
                    let mut taken = text.size + 4.0;
                    for line in banner.sentence.lines() {
                        let line = ui.painter().layout(line.to_owned(), theme::text_font(), color, width);
                        taken += line.size().y + 2.0;
                    }
                    if (*tall - taken).abs() > 0.5 {
                        *tall = taken;
                        ui.ctx().request_discard("the banner has other lines");
                    }
                    ui.add_space(((height - taken) / 2.0).max(0.0));
                    widgets::elided(ui, &banner.headline, theme::title_font(), palette.text, width);
                    for line in banner.sentence.lines() {
                        ui.add(Label::new(RichText::new(line).color(palette.secondary)).wrap());
                    }
                });
            });
            wish
        });
        row.inner
    })
}

fn press_ui(ui: &mut Ui, press: &Press, cannot: Option<&str>) -> Option<Action> {
    let why = cannot.filter(|_| press.writes);
    let button = ui.add_enabled_ui(why.is_none(), |ui| match press.weight {
        Weight::Plain => plain_button(ui, &press.text),
        Weight::Primary => primary_button(ui, &press.text),
        Weight::Danger => danger_button(ui, &press.text),
    });
    let button = match why {
        Some(why) => button.inner.on_disabled_hover_text(why),
        None => button.inner,
    };
    button.clicked().then(|| press.action.clone())
}

/// Above the other screens: the headline, and the way to the whole.
fn line_ui(ui: &mut Ui, banner: &Saying) -> Option<Action> {
    let palette = theme::palette(ui);
    let (color, _) = banner.tone.colors(palette);
    framed(ui, banner.tone, Margin::symmetric(12, 3), |ui| {
        let size = vec2(ui.available_width(), LINE);
        let row = ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
            let leads = |press: &Press| matches!(press.action, Action::Prepare(Choice::Report | Choice::Recover));
            let prepared = banner.presses.iter().find(|press| leads(press)).map(|press| press.action.clone());
            let show = plain_button(ui, "Show").clicked();
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                widgets::icon(ui, banner.icon, 18.0, color);
                ui.label(RichText::new(&banner.headline).font(theme::strong_font()));
                let first = banner.sentence.lines().next().unwrap_or_default();
                ui.add(Label::new(RichText::new(first).color(palette.secondary)).truncate());
            });
            show.then(|| prepared.unwrap_or(Action::Go(Screen::Crisis)))
        });
        row.inner
    })
}

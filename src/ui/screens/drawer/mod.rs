//! The details of one cron: what it is, what the user decided about it, why it runs where it runs,
//! what it did.
//!
//! Owns which cron is open and the text of the note while it is typed.

mod controls;
pub mod explain;
mod runs;

use egui::{Align, CollapsingHeader, Label, Layout, RichText, ScrollArea, TextEdit, Ui};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::{AgentTurn, Cron, CronId, MadeBy, Owner, Payload, Schedule, TierEntry};
use crate::engine::{Command, Consent, Edit, Snapshot};
use crate::ui::action::Action;
use crate::ui::icon;
use crate::ui::screens::preview::shown_plan;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, Tone, elided};
use crate::words::{self, Speech};

/// Beyond this a prompt is cut; it is here to be recognised, not to be edited.
const PROMPT_CHARS: usize = 4_000;
const NOTE_ROWS: usize = 2;
const LABEL: f32 = 88.0;

/// The details drawer.
#[derive(Debug, Default)]
pub struct Drawer {
    cron: Option<CronId>,
    /// Which runs were asked for: of which cron, and up to which run.
    asked: Option<(CronId, Option<Timestamp>)>,
    note: Note,
    /// The keyboard goes into it.
    take_focus: bool,
}

/// The note while it is typed.
#[derive(Debug, Default)]
struct Note {
    of: Option<CronId>,
    text: String,
    /// As the last snapshot had it.
    stored: String,
    /// As it was last sent.
    sent: String,
}

impl Drawer {
    /// Shows a cron from the next frame on.
    pub fn open(&mut self, cron: CronId) {
        self.cron = Some(cron);
    }

    pub fn close(&mut self) {
        self.cron = None;
        self.asked = None;
    }

    /// Puts the keyboard at the top of it.
    pub fn take_focus(&mut self) {
        self.take_focus = true;
    }

    #[must_use]
    pub fn cron(&self) -> Option<&CronId> {
        self.cron.as_ref()
    }

    /// Fills the given room with the open cron; draws nothing while none is open.
    pub fn ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, zone: &TimeZone) -> Vec<Action> {
        let Some(id) = self.cron.clone() else { return Vec::new() };
        let margin = egui::Margin { left: 16, right: 12, top: 12, bottom: 0 };
        egui::Frame::new().inner_margin(margin).show(ui, |ui| self.content_ui(ui, snapshot, zone, &id)).inner
    }

    fn content_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, zone: &TimeZone, id: &CronId) -> Vec<Action> {
        let speech = Speech { now: snapshot.at, zone, settings: &snapshot.settings, catalog: &snapshot.catalog };
        let mut actions = Vec::new();
        let cron = snapshot.crons.get(id);
        let take_focus = std::mem::take(&mut self.take_focus);
        actions.extend(head_ui(ui, snapshot, id, cron.map(|cron| &**cron), take_focus, &speech));
        let Some(cron) = cron else {
            let text = "It was deleted on the gateway, or the list is not complete yet.";
            widgets::empty_state(ui, icon::BLOCK, "This cron is not there", text);
            return actions;
        };
        actions.extend(self.ask_for_runs(snapshot, cron));
        ScrollArea::vertical().id_salt(("drawer", id)).auto_shrink([false, false]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = space::S;
            actions.extend(self.body_ui(ui, snapshot, cron, &speech));
            widgets::keep_focus_in_view(ui);
        });
        actions
    }

    /// Once when it opens, and again when the cron has run since.
    fn ask_for_runs(&mut self, snapshot: &Snapshot, cron: &Cron) -> Option<Action> {
        snapshot.connection.info()?;
        let newest = (cron.id.clone(), cron.last_run.as_ref().map(|run| run.at));
        if self.asked.as_ref() == Some(&newest) {
            return None;
        }
        self.asked = Some(newest);
        Some(Action::Tell(Command::LoadRuns { cron: cron.id.clone() }))
    }

    fn body_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, cron: &Cron, speech: &Speech<'_>) -> Vec<Action> {
        let mut actions = Vec::new();
        let entry = snapshot.tiers.get(&cron.id);
        schedule_ui(ui, cron, speech);
        if cron.routable() {
            actions.extend(controls::section_ui(ui, snapshot, cron, entry, speech));
            model_ui(ui, snapshot, cron, speech);
        } else {
            widgets::section(ui, "No model to choose", |ui| {
                let palette = theme::palette(ui);
                ui.label(RichText::new(why_not_routable(cron)).color(palette.secondary));
            });
        }
        if cron.routable() {
            actions.extend(consents_ui(ui, cron, entry));
        }
        let change = shown_plan(snapshot).change(&cron.id);
        let decision = shown_plan(snapshot).decision(&cron.id);
        explain::section_ui(ui, snapshot, &cron.id, change, decision, speech);
        widgets::section(ui, "Last runs", |ui| runs::runs_ui(ui, snapshot, &cron.id, speech));
        widgets::section(ui, "Switches", |ui| actions.extend(runs::switches_ui(ui, snapshot, &cron.id, speech)));
        actions.extend(self.note.ui(ui, cron, entry));
        if let Some(turn) = cron.turn() {
            prompt_ui(ui, turn);
        }
        actions
    }
}

fn head_ui(
    ui: &mut Ui,
    snapshot: &Snapshot,
    id: &CronId,
    cron: Option<&Cron>,
    take_focus: bool,
    speech: &Speech<'_>,
) -> Vec<Action> {
    let mut actions = Vec::new();
    ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
        let close = widgets::icon_button(ui, icon::CLOSE, "Close the details");
        if take_focus {
            close.request_focus();
        }
        if close.clicked() {
            actions.push(Action::CloseDrawer);
        }
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            let name = cron.map_or(id.as_str(), |cron| cron.name.as_str());
            title_ui(ui, name);
        });
    });
    ui.horizontal(|ui| {
        ui.set_min_height(26.0);
        let palette = theme::palette(ui);
        let width = ui.available_width() - 34.0;
        elided(ui, id.as_str(), theme::small_font(), palette.faint, width);
        if widgets::icon_button(ui, icon::CONTENT_COPY, "Copy the id").clicked() {
            ui.ctx().copy_text(id.as_str().to_owned());
        }
    });
    let tags = cron.map_or_else(Vec::new, |cron| tags(snapshot, cron, speech));
    if !tags.is_empty() {
        ui.horizontal_wrapped(|ui| {
            for (text, tone) in tags {
                widgets::tag(ui, &text, tone);
            }
        });
    }
    ui.add_space(space::S / 2.0);
    actions
}

/// At most three lines of a name; the rest on hover.
fn title_ui(ui: &mut Ui, name: &str) {
    let palette = theme::palette(ui);
    let format = egui::text::TextFormat::simple(theme::heading_font(), palette.text);
    let mut job = egui::text::LayoutJob::single_section(name.to_owned(), format);
    job.wrap = egui::text::TextWrapping { max_rows: 3, max_width: ui.available_width(), ..Default::default() };
    let response = ui.add(Label::new(job));
    response.on_hover_text(name);
}

/// What is special about it, in words.
fn tags(snapshot: &Snapshot, cron: &Cron, speech: &Speech<'_>) -> Vec<(String, Tone)> {
    let entry = snapshot.tiers.get(&cron.id);
    let mut tags: Vec<(String, Tone)> = Vec::new();
    if !cron.enabled {
        let ours = snapshot.ledger.contains_key(&cron.id);
        let who = match (&cron.auto_disabled, ours) {
            (Some(_), _) => "switched off by the gateway",
            (None, true) => "paused by this program",
            (None, false) => "paused by you",
        };
        tags.push((who.to_owned(), Tone::Warning));
    }
    if let Some(since) = cron.running_since {
        tags.push((format!("runs since {}", words::clock(since, speech)), Tone::Accent));
    }
    if cron.consecutive_errors > 0 {
        tags.push((format!("{} failed in a row", cron.consecutive_errors), Tone::Bad));
    }
    if entry.is_some_and(|entry| entry.critical) {
        tags.push(("★ critical".to_owned(), Tone::Warning));
    }
    if entry.is_some_and(|entry| entry.pinned.is_some()) {
        tags.push(("pinned".to_owned(), Tone::Plain));
    }
    if entry.is_some_and(|entry| entry.hold.is_some()) {
        tags.push(("held".to_owned(), Tone::Plain));
    }
    if cron.made_by == MadeBy::Agent {
        tags.push(("made by an agent".to_owned(), Tone::Plain));
    }
    if snapshot.saving.contains(&cron.id) {
        tags.push(("saving…".to_owned(), Tone::Plain));
    }
    tags
}

/// A label and what stands beside it.
fn fact_ui(ui: &mut Ui, label: &str, add_contents: impl FnOnce(&mut Ui)) {
    ui.horizontal_top(|ui| {
        let palette = theme::palette(ui);
        let left = ui.cursor().left();
        ui.label(RichText::new(label).color(palette.faint));
        ui.add_space((left + LABEL - ui.cursor().left()).max(0.0));
        ui.vertical(|ui| add_contents(ui));
    });
}

/// The same for a control, centred on its label.
fn control_ui(ui: &mut Ui, label: &str, add_contents: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.set_min_height(26.0);
        let palette = theme::palette(ui);
        let left = ui.cursor().left();
        ui.label(RichText::new(label).color(palette.faint));
        ui.add_space((left + LABEL - ui.cursor().left()).max(0.0));
        add_contents(ui);
    });
}

fn schedule_ui(ui: &mut Ui, cron: &Cron, speech: &Speech<'_>) {
    widgets::section(ui, "When", |ui| {
        ui.spacing_mut().item_spacing.y = space::S / 2.0;
        fact_ui(ui, "Schedule", |ui| {
            ui.label(words::schedule(&cron.schedule, speech));
            if cron.conditional {
                ui.label(RichText::new("a condition decides at its time").color(theme::palette(ui).secondary));
            }
        });
        fact_ui(ui, "Next run", |ui| {
            let Some(at) = cron.next_run_at else {
                ui.label(if cron.enabled { "none planned" } else { "none while it is off" });
                return;
            };
            ui.label(words::clock_and_relative(at, speech));
            if let Some(there) = in_its_zone(cron, at, speech) {
                ui.label(RichText::new(there).color(theme::palette(ui).secondary));
            }
        });
    });
}

/// "13:30 in Asia/Shanghai", where the cron keeps another clock than ours.
fn in_its_zone(cron: &Cron, at: Timestamp, speech: &Speech<'_>) -> Option<String> {
    let Schedule::Cron { zone: Some(name), .. } = &cron.schedule else { return None };
    if speech.zone.iana_name() == Some(name.as_str()) {
        return None;
    }
    let zone = TimeZone::get(name).ok()?;
    let there = Speech { zone: &zone, ..*speech };
    Some(format!("{} in {name}", words::clock(at, &there)))
}

fn model_ui(ui: &mut Ui, snapshot: &Snapshot, cron: &Cron, speech: &Speech<'_>) {
    widgets::section(ui, "Model", |ui| {
        ui.spacing_mut().item_spacing.y = space::S / 2.0;
        let turn = cron.turn();
        let stored = turn.and_then(|turn| turn.model.as_deref());
        let now = snapshot.catalog.resolve(stored, cron.agent.as_deref());
        fact_ui(ui, "Now", |ui| {
            let vendor = now.as_ref().map(widgets::vendor_of_model);
            let name = words::cron_model(cron, speech);
            let label = ui.horizontal(|ui| widgets::provider_label(ui, vendor.as_ref(), &name, false)).inner;
            if let Some(model) = &now {
                label.on_hover_text(format!(
                    "{} — stored as {}",
                    model,
                    stored.unwrap_or("nothing: the agent's default")
                ));
            }
        });
        if let Some(change) = shown_plan(snapshot).change(&cron.id) {
            fact_ui(ui, "Planned", |ui| {
                let to = change.to_model.as_ref().filter(|_| change.to.enabled);
                let vendor = to.map(widgets::vendor_of_model);
                let name = words::target(change, speech);
                ui.horizontal(|ui| widgets::provider_label(ui, vendor.as_ref(), &name, true));
            });
        }
        fact_ui(ui, "Fallbacks", |ui| {
            let text = match turn.and_then(|turn| turn.fallbacks.as_deref()) {
                None => "the gateway's configured chain".to_owned(),
                Some([]) => "none".to_owned(),
                Some(list) => list.iter().map(|stored| fallback(stored, cron, speech)).collect::<Vec<_>>().join(" → "),
            };
            ui.add(Label::new(text).wrap());
        });
    });
}

fn fallback(stored: &str, cron: &Cron, speech: &Speech<'_>) -> String {
    let model = speech.catalog.resolve(Some(stored), cron.agent.as_deref());
    model.map_or_else(|| stored.to_owned(), |model| words::model_name(&model, speech))
}

fn why_not_routable(cron: &Cron) -> String {
    match (cron.owner(), &cron.payload) {
        (Owner::Gateway, _) => "A monitor job that the gateway keeps for itself; it is never touched".to_owned(),
        (Owner::ThisProgram, _) => "A mark or one-shot that this program placed".to_owned(),
        (Owner::User, Payload::Other(kind)) => format!("A {kind} job runs no agent turn; it is never touched"),
        (Owner::User, Payload::AgentTurn(_)) => String::new(),
    }
}

/// What the user may agree to for this cron, where it applies.
fn consents_ui(ui: &mut Ui, cron: &Cron, entry: Option<&TierEntry>) -> Vec<Action> {
    let has = |read: fn(&TierEntry) -> bool| entry.is_some_and(read);
    let consents = [
        (
            cron.made_by == MadeBy::Agent,
            Consent::EditAgentMade,
            has(|entry| entry.edit_agent_made),
            "Made by an agent",
            "An agent made it for a channel account. An edit drops the authority it stored, and that cannot be given back.",
            "Allow edits all the same",
        ),
        (
            has(|entry| entry.critical),
            Consent::ExceedGuard,
            has(|entry| entry.above_guard),
            "Cost guard",
            "When nothing within its tier's cost guard serves, this critical cron is left where it is.",
            "Let it run on dearer routes",
        ),
        (
            cron.one_shot(),
            Consent::MissOneShot,
            has(|entry| entry.may_miss_one_shot),
            "One run only",
            "If nothing in its chain serves when it is due, it is kept running like a critical cron.",
            "Let it be paused and missed",
        ),
    ];
    let mut actions = Vec::new();
    for (_, to, before, title, text, label) in consents.into_iter().filter(|consent| consent.0) {
        widgets::section(ui, title, |ui| {
            ui.label(RichText::new(text).color(theme::palette(ui).secondary));
            let mut agrees = before;
            let tick = ui.add_enabled(entry.is_some(), egui::Checkbox::new(&mut agrees, label));
            if tick.on_disabled_hover_text("Give it a tier first").changed() {
                let crons = vec![cron.id.clone()];
                actions.push(Action::Tell(Command::Edit(Edit::Agree { crons, to, agrees })));
            }
        });
    }
    actions
}

impl Note {
    /// Saved when the field is left.
    fn ui(&mut self, ui: &mut Ui, cron: &Cron, entry: Option<&TierEntry>) -> Option<Action> {
        let mut action = None;
        let stored = entry.and_then(|entry| entry.note.as_deref()).unwrap_or_default();
        if self.of.as_ref() != Some(&cron.id) || self.stored != stored {
            let stored = || stored.to_owned();
            *self = Self { of: Some(cron.id.clone()), text: stored(), stored: stored(), sent: stored() };
        }
        widgets::section(ui, "Note", |ui| {
            let field = TextEdit::multiline(&mut self.text)
                .desired_rows(NOTE_ROWS)
                .desired_width(f32::INFINITY)
                .hint_text("For yourself; kept in the state folder");
            let field = ui.add_enabled(entry.is_some(), field).accessible_name("Note");
            let field = field.on_disabled_hover_text("Give it a tier first");
            let text = self.text.trim();
            if field.lost_focus() && text != self.sent.trim() {
                text.clone_into(&mut self.sent);
                let note = (!text.is_empty()).then(|| text.to_owned());
                action = Some(Action::Tell(Command::Edit(Edit::SetNote { cron: cron.id.clone(), note })));
            }
        });
        action
    }
}

fn prompt_ui(ui: &mut Ui, turn: &AgentTurn) {
    CollapsingHeader::new("Prompt").id_salt("prompt").show(ui, |ui| {
        let palette = theme::palette(ui);
        let end = turn.message.char_indices().nth(PROMPT_CHARS).map(|(end, _)| end);
        let text = end.map_or_else(|| turn.message.clone(), |end| format!("{}…", &turn.message[..end]));
        ui.add(Label::new(RichText::new(text).color(palette.secondary)).wrap().selectable(true));
    });
}

//! The plans side by side, as cards of which one is prepared.

use egui::{Id, Rect, Sense, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, accesskit, pos2, vec2};

use crate::domain::Plan;
use crate::engine::Snapshot;
use crate::ui::action::Choice;
use crate::ui::theme::{self, corner, space};
use crate::ui::widgets::{self, Tone, tag};
use crate::words::{self, CrisisCounts, Speech};

use super::offers::Offers;

const HEIGHT: f32 = 104.0;
const PAD: f32 = 12.0;
/// Room that a count needs beside the title.
const TAG: f32 = 78.0;

/// What one card says.
#[derive(Debug)]
struct Card {
    choice: Choice,
    sentence: String,
    counts: Vec<(String, Tone)>,
    footing: String,
}

/// All cards, made anew when the world changes or a minute has passed.
#[derive(Debug, Default)]
pub(super) struct Choices {
    of: Option<(u64, i64)>,
    cards: Vec<Card>,
}

impl Choices {
    /// Draws a card for each offer; the one that was pressed is the answer.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        offers: &Offers,
        chosen: Option<Choice>,
        speech: &Speech<'_>,
    ) -> Option<Choice> {
        let of = (snapshot.revision, speech.now.as_second().div_euclid(60));
        if self.of != Some(of) {
            self.of = Some(of);
            let card = |choice: &Choice| card(snapshot, offers, *choice, speech);
            self.cards = offers.all().iter().map(card).collect();
        }
        let n = self.cards.len();
        if n == 0 {
            return None;
        }
        let mut pressed = None;
        let full = ui.available_rect_before_wrap();
        let full = full.with_max_y(full.top() + HEIGHT);
        let share = (full.width() - space::M * (n - 1) as f32) / n as f32;
        for (at, card) in self.cards.iter().enumerate() {
            let left = full.left() + at as f32 * (share + space::M);
            let rect = Rect::from_min_size(pos2(left, full.top()), vec2(share, HEIGHT));
            if card_ui(ui, rect, card, chosen == Some(card.choice)) {
                pressed = Some(card.choice);
            }
        }
        ui.advance_cursor_after_rect(full);
        pressed
    }
}

fn card(snapshot: &Snapshot, offers: &Offers, choice: Choice, speech: &Speech<'_>) -> Card {
    let plan = offers.plan(choice).map(|plan| &**plan);
    Card {
        choice,
        sentence: sentence(snapshot, choice, plan, speech),
        counts: plan.map(|plan| counts(choice, plan)).unwrap_or_default(),
        footing: plan.filter(|plan| !plan.changes.is_empty()).map(|plan| footing(plan, speech)).unwrap_or_default(),
    }
}

fn card_ui(ui: &mut Ui, rect: Rect, card: &Card, chosen: bool) -> bool {
    let palette = theme::palette(ui);
    let (choice, said) = (card.choice, &card.sentence);
    let response = ui.interact(rect, Id::unique(("crisis choice", choice)), Sense::click());
    let label = format!("{}: {said}", title(choice));
    response.widget_info(|| WidgetInfo::selected(accesskit::Role::RadioButton, true, chosen, &label));
    let ground = if response.hovered() && !chosen { palette.hover } else { palette.card };
    let line = match (chosen, response.has_focus()) {
        (true, _) => Stroke::new(2.0, palette.accent),
        (false, true) => Stroke::new(2.0, palette.text),
        (false, false) => Stroke::new(1.0, palette.line),
    };
    ui.painter().rect(rect, corner::CARD, ground, line, StrokeKind::Inside);
    if chosen && response.has_focus() {
        let ring = Stroke::new(1.5, palette.text);
        ui.painter().rect_stroke(rect.expand(2.5), corner::CARD + 2, ring, StrokeKind::Inside);
    }
    let inner = rect.shrink2(vec2(PAD, 9.0));
    ui.scope_builder(UiBuilder::new().max_rect(inner).sense(Sense::empty()), |ui| {
        ui.set_clip_rect(ui.clip_rect().intersect(rect));
        ui.spacing_mut().item_spacing = vec2(6.0, 5.0);
        ui.horizontal(|ui| {
            radio_ui(ui, chosen);
            // Painted, and not a label: the card itself reads it out.
            let name = widgets::cut(ui.painter(), title(choice), theme::title_font(), palette.text, f32::INFINITY);
            let (place, _) = ui.allocate_exact_size(name.size(), Sense::empty());
            ui.painter().galley(place.min, name, palette.text);
            for (text, tone) in &card.counts {
                if ui.available_width() > TAG {
                    tag(ui, text, *tone);
                }
            }
        });
        let width = ui.available_width();
        let galley = {
            let mut job = egui::text::LayoutJob::simple(said.clone(), theme::text_font(), palette.secondary, width);
            job.wrap.max_rows = 2;
            ui.painter().layout_job(job)
        };
        let (place, _) = ui.allocate_exact_size(vec2(width, galley.size().y), Sense::hover());
        ui.painter().galley(place.min, galley, palette.secondary);
        if !card.footing.is_empty() {
            widgets::elided(ui, &card.footing, theme::small_font(), palette.faint, width);
        }
    });
    response.on_hover_text(said).clicked()
}

fn radio_ui(ui: &mut Ui, chosen: bool) {
    let palette = theme::palette(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(14.0, 14.0), Sense::hover());
    let line = if chosen { palette.accent } else { palette.strong_line };
    ui.painter().circle_stroke(rect.center(), 6.0, Stroke::new(1.5, line));
    if chosen {
        ui.painter().circle_filled(rect.center(), 3.0, palette.accent);
    }
}

fn title(choice: Choice) -> &'static str {
    match choice {
        Choice::Enter => "Enter crisis mode",
        Choice::Reroute => "Only re-route",
        Choice::Follow => "Follow the crisis",
        Choice::Recover => "Recover",
        Choice::Report => "Given back",
    }
}

fn sentence(snapshot: &Snapshot, choice: Choice, plan: Option<&Plan>, speech: &Speech<'_>) -> String {
    match (choice, plan) {
        (Choice::Report, _) => {
            let report = snapshot.crisis.state.report.as_ref();
            let report = report.map(|report| words::report_headline(report, speech));
            let held = words::held_sentence(&snapshot.plan, &snapshot.ledger);
            let said: Vec<_> = report.into_iter().chain(held).map(|said| said + ".").collect();
            said.join(" ")
        }
        (Choice::Enter | Choice::Follow, Some(plan)) => words::enter_sentence(plan, speech),
        // Of the whole ordinary plan: what it would pause stays where it fails.
        (Choice::Reroute, Some(_)) => words::reroute_sentence(&snapshot.plan, speech),
        (Choice::Recover, Some(plan)) => format!("{}.", words::recover_sentence(plan, &snapshot.ledger)),
        (_, None) => String::new(),
    }
}

/// How many crons do what.
fn counts(choice: Choice, plan: &Plan) -> Vec<(String, Tone)> {
    let counts = CrisisCounts::of(plan);
    let verb = |n, one, many| if n == 1 { one } else { many };
    let said = [
        (counts.moves, verb(counts.moves, "moves", "move"), Tone::Accent),
        (counts.pauses, verb(counts.pauses, "pauses", "pause"), Tone::Warning),
        (counts.resumes, verb(counts.resumes, "runs again", "run again"), Tone::Good),
        (counts.stranded, "stranded", Tone::Bad),
        (counts.held, "held", Tone::Plain),
        (if choice == Choice::Recover { 0 } else { counts.kept }, "kept", Tone::Plain),
    ];
    said.into_iter().filter(|(n, ..)| *n > 0).map(|(n, word, tone)| (format!("{n} {word}"), tone)).collect()
}

/// How long it takes, and what it costs.
fn footing(plan: &Plan, speech: &Speech<'_>) -> String {
    let n = plan.changes.iter().filter(|change| change.ticked).count();
    let time = words::span(words::time_to_apply(n, plan.writes, speech.now));
    let cost = plan.daily_cost.map(|cost| format!("{} → {} a day", words::usd(cost.before), words::usd(cost.after)));
    let time = format!("takes about {time}");
    [Some(time), cost].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

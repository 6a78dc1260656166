//! The failing crons: what is wrong with each, what mends it, and the way there.

use egui::accesskit::Role;
use egui::{Align, Layout, RichText, Sense, Ui, WidgetInfo};

use crate::domain::{Advice, Mender, Planned, Triage, TriageKind};
use crate::engine::{Snapshot, dashboard_of};
use crate::ui::action::{Action, Screen};
use crate::ui::icon;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{Tone, elided, panel_frame, paragraph, plain_button, tag};
use crate::words;

use super::Ask;
use super::cards::Table;

/// More than these are shown when somebody asks for them.
const FIRST: usize = 8;

/// What the section remembers.
#[derive(Debug, Default)]
pub(super) struct Failing {
    folded: bool,
    all: bool,
}

impl Failing {
    /// Draws nothing while no cron fails.
    pub fn ui(&mut self, ui: &mut Ui, table: Table<'_>, asks: &mut Vec<Ask>) -> Vec<Action> {
        let mut wishes = Vec::new();
        let triage = &table.snapshot.triage;
        if triage.is_empty() {
            return wishes;
        }
        panel_frame(ui).show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = space::S / 2.0;
            self.title_ui(ui, triage.len());
            if self.folded {
                return;
            }
            let shown = if self.all { triage.len() } else { FIRST };
            for one in triage.iter().take(shown) {
                ui.separator();
                wishes.extend(one_ui(ui, one, table, asks));
            }
            if triage.len() > shown && plain_button(ui, &format!("Show all {}", triage.len())).clicked() {
                self.all = true;
            }
        });
        wishes
    }

    fn title_ui(&mut self, ui: &mut Ui, n: usize) {
        let palette = theme::palette(ui);
        let text = format!("Failing crons: {n}");
        let title = ui.horizontal(|ui| {
            let glyph = if self.folded { icon::CHEVRON_RIGHT } else { icon::EXPAND_MORE };
            ui.label(RichText::new(glyph).font(theme::icon_font(16.0)).color(palette.secondary));
            ui.label(RichText::new(&text).font(theme::title_font()));
        });
        let rect = title.response.rect.with_max_x(ui.max_rect().right());
        let response = ui.interact(rect, egui::Id::unique("failing crons"), Sense::click());
        let open = !self.folded;
        response.widget_info(|| WidgetInfo::selected(Role::DisclosureTriangle, true, open, &text));
        if response.has_focus() {
            let line = egui::Stroke::new(2.0, palette.accent);
            ui.painter().rect_stroke(rect.expand(2.0), theme::corner::BUTTON, line, egui::StrokeKind::Inside);
        }
        if response.clicked() {
            self.folded = !self.folded;
        }
    }
}

fn one_ui(ui: &mut Ui, one: &Triage, table: Table<'_>, asks: &mut Vec<Ask>) -> Vec<Action> {
    let mut wishes = Vec::new();
    let palette = theme::palette(ui);
    let name = table.snapshot.crons.get(&one.cron).map_or_else(|| one.cron.as_str(), |cron| cron.name.as_str());
    let said = words::triage(one, table.speech);
    ui.horizontal(|ui| {
        ui.set_min_height(30.0);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if let Some((word, step)) = step(one, table.snapshot)
                && plain_button(ui, word).accessible_name(format!("{word}: {name}")).clicked()
            {
                match step {
                    Step::Do(action) => wishes.push(action),
                    Step::Ask(ask) => asks.push(ask),
                }
            }
            if plain_button(ui, "Open").accessible_name(format!("Open {name}")).clicked() {
                wishes.push(Action::Open(one.cron.clone()));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let (word, tone) = whose_turn(one);
                tag(ui, word, tone);
                elided(ui, name, theme::strong_font(), palette.text, ui.available_width());
            });
        });
    });
    paragraph(ui, RichText::new(said.what));
    if let Some(remedy) = said.remedy {
        paragraph(ui, RichText::new(remedy).color(palette.secondary));
    }
    wishes
}

const fn whose_turn(one: &Triage) -> (&'static str, Tone) {
    match one.kind.mender() {
        Mender::User => ("needs you", Tone::Bad),
        Mender::Look => ("have a look", Tone::Warning),
        Mender::Route => ("another model", Tone::Accent),
        Mender::Time => ("passes", Tone::Plain),
    }
}

enum Step {
    Do(Action),
    Ask(Ask),
}

/// The shortest way to what mends it, where there is one from here.
fn step(one: &Triage, snapshot: &Snapshot) -> Option<(&'static str, Step)> {
    let of_account = matches!(one.kind, TriageKind::Auth | TriageKind::Account);
    let account = one.account.as_ref().and_then(|id| snapshot.accounts.get(id)).filter(|_| of_account);
    if let Some(account) = account {
        let own_key = account.key != crate::domain::KeySource::Gateway;
        let advice = one.said.as_ref().map(|said| said.advice);
        let link = dashboard_of(account).map(|link| Step::Do(Action::Browse(link.to_owned())));
        let edit = || ("Edit account…", Step::Ask(Ask::Edit(account.id.clone())));
        return match advice {
            Some(Advice::FixEndpoint) => Some(edit()),
            Some(Advice::FixKey) if own_key => Some(edit()),
            _ => link.map(|link| ("Dashboard", link)),
        };
    }
    match one.planned {
        Planned::Moves { .. } | Planned::Pauses => Some(("See the plan", Step::Do(Action::Go(Screen::Plan)))),
        Planned::Nothing { .. } => None,
    }
}

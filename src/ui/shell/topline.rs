//! The top line: how bad it is as a pill with a word, the sentence that matters now, and "Check now".

use egui::{Align, Label, Layout, Popup, RichText, Stroke, Ui, UiBuilder, vec2};

use crate::domain::{Connection, DemoOutage, Health};
use crate::engine::{Command, Snapshot};
use crate::ui::action::Action;
use crate::ui::icon;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{Tone, icon_button, paragraph, pill, plain_button, tag};
use crate::words::{self, Speech};

pub(super) fn topline_ui(ui: &mut Ui, snapshot: &Snapshot, help: &mut bool, speech: &Speech<'_>) -> Vec<Action> {
    let palette = theme::palette(ui);
    let full = ui.max_rect();
    ui.painter().hline(full.x_range(), full.bottom() - 0.5, Stroke::new(1.0, palette.line));
    let mut wishes = Vec::new();
    let inner = full.shrink2(vec2(space::L, 0.0));
    let builder = UiBuilder::new().max_rect(inner).layout(Layout::right_to_left(Align::Center));
    ui.scope_builder(builder, |ui| {
        ui.set_min_height(inner.height());
        let connected = matches!(snapshot.connection, Connection::Connected(_));
        let check = ui.add_enabled_ui(connected, |ui| plain_button(ui, "Check now")).inner;
        if check.on_hover_text("Reads crons, models and quotas from the gateway again").clicked() {
            wishes.push(Action::Tell(Command::Refresh));
        }
        *help |= icon_button(ui, icon::HELP, "Keys (F1 or ?)").clicked();
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = space::M;
            if snapshot.demo {
                wishes.extend(demo_ui(ui, snapshot, speech));
            }
            match snapshot.crons_as_of {
                // What was remembered says nothing of now.
                Some(_) if !snapshot.evidence_read => {
                    tag(ui, "Reading…", Tone::Plain);
                }
                Some(_) => {
                    pill(ui, snapshot.level());
                }
                None => {}
            }
            let said = sentence(snapshot, speech);
            let label = Label::new(RichText::new(said).font(theme::text_font()).color(palette.secondary)).truncate();
            ui.add(label);
        });
    });
    wishes
}

/// The label of the demo, and its switches: how each provider stands, and that it can be let fail.
fn demo_ui(ui: &mut Ui, snapshot: &Snapshot, speech: &Speech<'_>) -> Option<Action> {
    let palette = theme::palette(ui);
    tag(ui, "DEMO", Tone::Accent);
    let switches = plain_button(ui, "Outages…").accessible_name("Let a provider of the demo fail");
    let mut wish = None;
    Popup::menu(&switches).show(|ui| {
        let text = "A gateway and providers inside this program; nothing is real. Let a provider fail:";
        ui.set_min_width(280.0);
        ui.set_max_width(280.0);
        paragraph(ui, RichText::new(text).font(theme::small_font()).color(palette.secondary));
        for account in snapshot.catalog.accounts() {
            let vital = snapshot.fleet.accounts.get(&account);
            let state = words::health(&vital.map_or(Health::Unknown, |vital| vital.health.clone()), &account, speech);
            ui.menu_button(format!("{}: {state}", words::account_name(&account)), |ui| {
                for outage in DemoOutage::of(account.as_str()) {
                    if ui.button(words::demo_outage(outage)).clicked() {
                        let provider = account.as_str().to_owned();
                        wish = Some(Action::Tell(Command::DemoOutage { provider, outage }));
                    }
                }
            });
        }
    });
    wish
}

fn sentence(snapshot: &Snapshot, speech: &Speech<'_>) -> String {
    match &snapshot.connection {
        Connection::Connected(_) if snapshot.crons_as_of.is_some() => words::outage(&snapshot.plan.outage, speech),
        Connection::Connected(_) => "Reading the gateway…".to_owned(),
        other => match snapshot.crons_as_of {
            // The strip below says what is wrong; here stands what was known last.
            Some(as_of) if !matches!(other, Connection::Connecting { .. }) => {
                format!("{} (as of {})", words::outage(&snapshot.plan.outage, speech), words::clock(as_of, speech))
            }
            _ => words::connection(other, speech),
        },
    }
}

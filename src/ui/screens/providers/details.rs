//! Everything known of one account: what it answered, in whose words, what was asked, every window.

use egui::{Grid, RichText, ScrollArea, Ui};

use crate::domain::{CheckReport, Diagnosis, MoneyRead};
use crate::engine::{Snapshot, dashboard_of};
use crate::ui::action::Action;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{
    self, foot_ui, keep_focus_in_view, link_button, paragraph, plain_button, provider_label, tag,
};
use crate::words::{self, Speech};

use super::seen::{Seen, vendor};

const WIDTH: f32 = 720.0;

/// Draws the details; true when they are to be closed.
pub(super) fn details_ui(
    ui: &mut Ui,
    seen: &Seen<'_>,
    snapshot: &Snapshot,
    speech: &Speech<'_>,
    wishes: &mut Vec<Action>,
) -> bool {
    let room = ui.ctx().content_rect();
    ui.set_width(WIDTH.min(room.width() - 4.0 * space::L));
    ui.horizontal(|ui| {
        provider_label(ui, Some(&vendor(seen.account())), seen.label(), true);
        tag(ui, seen.said.standing.label(), seen.tone());
    });
    ScrollArea::vertical().max_height(room.height() - 190.0).auto_shrink([false, true]).show(ui, |ui| {
        let palette = theme::palette(ui);
        paragraph(ui, RichText::new(&seen.said.headline).font(theme::strong_font()));
        if let Some(next) = &seen.said.next {
            paragraph(ui, RichText::new(next).color(palette.secondary));
        }
        for said in seen.models(snapshot, speech).into_iter().chain(seen.aside(speech)) {
            paragraph(ui, RichText::new(said).color(palette.warning));
        }
        let report = seen.of.look.and_then(|look| look.report.as_deref());
        quote_ui(ui, seen, report);
        facts_ui(ui, seen, speech);
        windows_ui(ui, seen, speech);
        if let Some(report) = report {
            report_ui(ui, report, speech);
        }
        keep_focus_in_view(ui);
    });
    foot_ui(ui, |ui| {
        let close = plain_button(ui, "Close").clicked();
        if let Some(link) = dashboard_of(seen.account())
            && plain_button(ui, "Open the dashboard").on_hover_text(link).clicked()
        {
            wishes.push(Action::Browse(link.to_owned()));
        }
        close
    })
}

/// The provider's own sentence, marked as that: it is not our judgement.
fn quote_ui(ui: &mut Ui, seen: &Seen<'_>, report: Option<&CheckReport>) {
    let of_vital = seen.of.vital.and_then(|vital| vital.said.as_deref());
    let said = of_vital.or_else(|| report.and_then(|report| report.diagnosis.as_ref()));
    let Some(quote) = said.and_then(|said| said.quote.as_deref()) else { return };
    let palette = theme::palette(ui);
    ui.add_space(space::S / 2.0);
    let code = said.and_then(code).map(|code| format!(" ({code})")).unwrap_or_default();
    let title = format!("In the provider's own words{code}, which are not ours");
    ui.label(RichText::new(title).font(theme::small_font()).color(palette.faint));
    egui::Frame::new().fill(palette.background).corner_radius(theme::corner::BUTTON).inner_margin(space::S).show(
        ui,
        |ui| {
            paragraph(ui, RichText::new(format!("“{}”", words::on_one_line(quote))).italics().color(palette.secondary));
        },
    );
}

fn code(said: &Diagnosis) -> Option<String> {
    let status = said.http_status.map(|status| format!("HTTP {status}"));
    let parts: Vec<_> = status.into_iter().chain(said.provider_code.clone()).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn facts_ui(ui: &mut Ui, seen: &Seen<'_>, speech: &Speech<'_>) {
    let account = seen.account();
    let mut facts = vec![
        ("Service", words::service_name(account.service).to_owned()),
        ("At the gateway", account.id.to_string()),
        ("Pays", words::account_price(account, seen.plan, speech)),
        ("Key", seen.key()),
        ("Checks", words::look_times(seen.of.look, speech)),
    ];
    if let Some(url) = &account.base_url {
        facts.push(("Asked at", url.clone()));
    }
    facts.extend(words::told_to_wait(seen.of.look, speech).map(|said| ("Waits", said)));
    if let Some(vital) = seen.of.vital {
        if let Some(at) = vital.observed_at {
            let from = words::source(vital.source, account);
            facts.push(("Last evidence", format!("{from}, {}", words::clock_and_relative(at, speech))));
        }
        if let Some(since) = vital.since {
            facts.push(("So since", words::clock_and_relative(since, speech)));
        }
        let breaker = words::breaker(&vital.breaker, speech);
        facts.push(("Circuit breaker", breaker.unwrap_or_else(|| "closed: it is trusted".to_owned())));
        facts.extend(words::gateway_waits(vital.gateway_waits_until, speech).map(|said| ("Gateway", said)));
    }
    let money = |read: &MoneyRead| words::account_money(read, account, speech);
    facts.extend(seen.money.and_then(money).map(|said| ("Money", said)));
    heading(ui, "What is known");
    rows_ui(ui, "facts", &facts);
}

fn windows_ui(ui: &mut Ui, seen: &Seen<'_>, speech: &Speech<'_>) {
    heading(ui, "Quota windows");
    if seen.of.windows.is_empty() {
        let text = "None are known. Its dashboard shows them; paste what it says, or write them down in Edit account.";
        paragraph(ui, RichText::new(text).color(theme::palette(ui).secondary));
    }
    for window in seen.of.windows {
        let palette = theme::palette(ui);
        let old = words::window_is_old(window, speech);
        let said = format!("{}: {}", words::window_name(window), words::window_used(window));
        paragraph(ui, RichText::new(said).color(if old { palette.faint } else { palette.text }));
        let detail = format!(
            "{} · {}",
            words::window_reset(window, speech),
            words::window_source(window, seen.account(), speech)
        );
        paragraph(ui, RichText::new(detail).font(theme::small_font()).color(palette.faint));
    }
}

/// What the last check asked, what it left out and why, and what that cost.
pub(super) fn report_ui(ui: &mut Ui, report: &CheckReport, speech: &Speech<'_>) {
    let palette = theme::palette(ui);
    heading(ui, &format!("The check {}", words::clock_and_relative(report.checked_at, speech)));
    let small = |text: String| RichText::new(text).font(theme::small_font()).color(palette.secondary);
    for asked in &report.requests {
        paragraph(ui, RichText::new(words::asked(asked)));
        paragraph(ui, small(asked.url.clone()));
    }
    for left in &report.not_asked {
        paragraph(ui, small(words::not_asked(left, speech)));
    }
    if report.requests.is_empty() && report.not_asked.is_empty() {
        paragraph(ui, small("Nothing was asked".to_owned()));
    }
    paragraph(ui, small(words::tokens_spent(report)));
}

pub(super) fn heading(ui: &mut Ui, text: &str) {
    ui.add_space(space::S / 2.0);
    ui.label(RichText::new(text).font(theme::title_font()));
}

fn rows_ui(ui: &mut Ui, id: &str, rows: &[(&str, String)]) {
    let palette = theme::palette(ui);
    Grid::new(id).num_columns(2).spacing([space::M, space::S / 2.0]).show(ui, |ui| {
        for (name, value) in rows {
            ui.label(RichText::new(*name).color(palette.secondary));
            let width = ui.available_width();
            widgets::elided(ui, value, theme::text_font(), palette.text, width);
            ui.end_row();
        }
    });
}

/// What a removed account loses, and what stays.
pub(super) fn remove_ui(ui: &mut Ui, seen: &Seen<'_>) -> super::until::Outcome<()> {
    use super::until::Outcome;
    let palette = theme::palette(ui);
    ui.set_width(460.0_f32.min(ui.ctx().content_rect().width() - 4.0 * space::L));
    let title = format!("Forget {}?", seen.label());
    widgets::elided(ui, &title, theme::heading_font(), palette.text, ui.available_width());
    let listed = if seen.of.set_up {
        "The gateway lists its models, so it stays on this screen with what its id tells."
    } else {
        "It leaves this screen."
    };
    let text = format!(
        "What you said of it goes: its name, plan, price, limits and address. {listed} A key in the keychain is \
         removed. Undo brings everything back but the key."
    );
    paragraph(ui, RichText::new(text).color(palette.secondary));
    foot_ui(ui, |ui| {
        if widgets::danger_button(ui, "Forget it").clicked() {
            return Outcome::Chosen(());
        }
        if link_button(ui, "Keep it").clicked() { Outcome::Closed } else { Outcome::Open }
    })
}

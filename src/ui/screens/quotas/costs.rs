//! The week in money, as a table below that of the windows: what was and what is to come, by account.

use egui::{Align, Layout, Margin, Ui};
use egui_extras::{Column, TableBuilder};

use crate::domain::{AccountCost, Costs};
use crate::ui::screens::tables::titles_ui;
use crate::ui::theme::table::{GAP, HEADER, LEAD, MARK_GAP};
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, MARK, elided};
use crate::words::{self, Speech};

const ROW: f32 = 26.0;
/// More accounts scroll.
const MOST_ROWS: usize = 6;

/// How much room it needs.
pub(super) fn height(costs: &Costs) -> f32 {
    let rows = costs.accounts.len().min(MOST_ROWS);
    if rows == 0 { 0.0 } else { space::M + HEADER + ROW * rows as f32 + 4.0 }
}

/// Account, how it is paid, the week that was, the one to come.
fn columns(width: f32) -> [f32; 4] {
    let (account, paid) = (116.0, 107.0);
    let week = ((width - account - paid) / 2.0).max(120.0);
    [account, paid, week, week]
}

/// Draws a row for each account.
pub(super) fn ui(ui: &mut Ui, costs: &Costs, speech: &Speech<'_>) {
    if costs.accounts.is_empty() {
        return;
    }
    ui.add_space(space::M);
    let height = ui.available_height() - HEADER - 4.0;
    widgets::panel_frame(ui).inner_margin(Margin::same(1)).show(ui, |ui| {
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        let across = ui.available_rect_before_wrap().x_range();
        let widths = columns(across.span());
        let mut builder = TableBuilder::new(ui)
            .id_salt("costs of the week")
            .auto_shrink([false, true])
            .min_scrolled_height(0.0)
            .max_scroll_height(height)
            .cell_layout(Layout::left_to_right(Align::Center));
        for width in widths {
            builder = builder.column(Column::exact(width).clip(false));
        }
        let coming = words::capitalised(&words::next_days(costs, speech));
        let titles = ["Account", "Paid", "Last 7 days", &coming].map(Some);
        let table = builder.header(HEADER, |mut row| titles_ui(&mut row, across, titles));
        table.body(|body| {
            body.rows(ROW, costs.accounts.len(), |mut row| {
                let cost = &costs.accounts[row.index()];
                row.col(|ui| account_ui(ui, cost, widths[0]));
                let cells =
                    [words::paid_how(cost), words::used(&cost.past, cost.pays), words::used(&cost.coming, cost.pays)];
                for (at, text) in cells.into_iter().enumerate() {
                    row.col(|ui| {
                        let palette = theme::palette(ui);
                        let color = if at == 0 { palette.secondary } else { palette.text };
                        elided(ui, &text, theme::text_font(), color, widths[at + 1] - GAP);
                    });
                }
            });
        });
    });
}

fn account_ui(ui: &mut Ui, cost: &AccountCost, width: f32) {
    let palette = theme::palette(ui);
    ui.add_space(LEAD);
    widgets::mark(ui, &crate::domain::vendor_of(&cost.account), false);
    ui.add_space(MARK_GAP);
    let left = width - LEAD - MARK - MARK_GAP - GAP;
    elided(ui, &words::account_name(&cost.account), theme::strong_font(), palette.text, left);
}

//! How many runs start when: bars by provider, what is over paler than what is to come.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Painter, Rect, pos2};
use jiff::{SignedDuration, Timestamp};

use crate::domain::{AccountId, ComingRuns, Forecast, ModelRef, UsageHistory, VendorId, vendor_of};
use crate::ui::theme;

use super::view::{Bins, Scale};

/// What was counted, as long as nothing of it moves.
#[derive(Debug, Default)]
pub(in crate::ui::screens) struct Runs {
    of: Option<(Bins, Timestamp, Timestamp, usize)>,
    counted: Arc<Counted>,
}

#[derive(Debug, Default)]
pub(super) struct Counted {
    pub vendors: Vec<VendorId>,
    /// A row for each bin, a number for each vendor.
    past: Vec<u32>,
    coming: Vec<u32>,
    highest: u32,
}

impl Counted {
    /// Past and coming runs of a bin, all providers together.
    pub fn of_bin(&self, bin: usize) -> (u32, u32) {
        let n = self.vendors.len();
        let sum = |counts: &[u32]| counts.get(bin * n..(bin + 1) * n).map_or(0, |row| row.iter().sum());
        (sum(&self.past), sum(&self.coming))
    }

    /// The same by provider, those that have some.
    pub fn by_vendor(&self, bin: usize) -> Vec<(&VendorId, u32)> {
        let n = self.vendors.len();
        let at = |counts: &[u32], vendor: usize| counts.get(bin * n + vendor).copied().unwrap_or(0);
        let both = self.vendors.iter().enumerate();
        both.map(|(index, vendor)| (vendor, at(&self.past, index) + at(&self.coming, index)))
            .filter(|one| one.1 > 0)
            .collect()
    }
}

impl Runs {
    /// Counts where something has changed since.
    pub(super) fn counted(&mut self, bins: Bins, forecast: &Forecast, history: &UsageHistory) -> Arc<Counted> {
        let of = (bins, forecast.at, forecast.until, history.runs.len());
        if self.of != Some(of) {
            self.of = Some(of);
            self.counted = Arc::new(count(bins, forecast, history));
        }
        Arc::clone(&self.counted)
    }
}

fn count(bins: Bins, forecast: &Forecast, history: &UsageHistory) -> Counted {
    let to = bins.edge(bins.n);
    let first = history.runs.partition_point(|run| run.at < bins.from);
    let last = history.runs.partition_point(|run| run.at < to.min(forecast.at));
    let past = history.runs.get(first..last).unwrap_or_default();
    let ComingRuns { crons, .. } = &forecast.coming;
    // Few models and accounts have many runs: each is looked up by name once.
    let mut of_account: BTreeMap<&AccountId, VendorId> = BTreeMap::new();
    for cron in crons {
        of_account.entry(&cron.account).or_insert_with(|| vendor_of(&cron.account));
    }
    let mut of_model: BTreeMap<&ModelRef, VendorId> = BTreeMap::new();
    for model in past.iter().filter_map(|run| run.model.as_ref()) {
        of_model.entry(model).or_insert_with(|| vendor_of(&model.account()));
    }
    let mut vendors: Vec<VendorId> = of_account.values().chain(of_model.values()).cloned().collect();
    vendors.sort();
    vendors.dedup();
    let group = |vendor: &VendorId| vendors.binary_search(vendor).unwrap_or(usize::MAX);
    let of_account: BTreeMap<_, _> = of_account.iter().map(|(account, vendor)| (*account, group(vendor))).collect();
    let of_model: BTreeMap<_, _> = of_model.iter().map(|(model, vendor)| (*model, group(vendor))).collect();
    let groups: Vec<_> = crons.iter().map(|cron| of_account[&cron.account]).collect();
    // A start on the edge of two bins belongs to the later one.
    let just_before = |at: Timestamp| at.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(at);
    let coming = forecast.coming.binned(just_before(bins.from), just_before(to), bins.n, vendors.len(), &groups);
    let mut counts = vec![0_u32; bins.n * vendors.len()];
    for run in past {
        let vendor = run.model.as_ref().and_then(|model| of_model.get(model));
        let (Some(bin), Some(vendor)) = (bins.index(run.at), vendor) else { continue };
        if let Some(count) = counts.get_mut(bin * vendors.len() + vendor) {
            *count += 1;
        }
    }
    let n = vendors.len().max(1);
    let rows = counts.chunks(n).zip(coming.chunks(n));
    let highest = rows.map(|(past, coming)| past.iter().chain(coming).sum()).max().unwrap_or(0);
    Counted { vendors, past: counts, coming, highest }
}

/// Draws the bars of what was counted into `rect`, over the axis of `scale`.
pub(super) fn paint(painter: &Painter, rect: Rect, scale: Scale, bins: Bins, counted: &Counted) {
    let n = counted.vendors.len();
    let unit = rect.height() / counted.highest.max(1) as f32;
    for bin in 0..bins.n {
        let (left, right) = (scale.at(bins.edge(bin)) + 0.5, scale.at(bins.edge(bin + 1)) - 0.5);
        let mut bottom = rect.bottom();
        for (counts, fade) in [(&counted.past, 0.35), (&counted.coming, 0.9)] {
            for (index, vendor) in counted.vendors.iter().enumerate() {
                let height = unit * counts.get(bin * n + index).copied().unwrap_or(0) as f32;
                if height > 0.0 {
                    let bar = Rect::from_min_max(pos2(left, bottom - height), pos2(right, bottom));
                    painter.rect_filled(bar, 0.0, theme::vendor_color(vendor).gamma_multiply(fade));
                    bottom -= height;
                }
            }
        }
    }
}

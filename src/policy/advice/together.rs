//! Runs that start together: named, so that their owner can spread them. Schedules are the user's own and stay as they are.

use crate::domain::{Forecast, Together};

/// How many are named.
const MOST: usize = 1;

/// The minutes at which most start at once on one account.
pub(super) fn together(forecast: &Forecast) -> Vec<Together> {
    let clusters = forecast.coming.clusters.iter().take(MOST);
    let said = clusters.map(|cluster| Together {
        account: cluster.account.clone(),
        n_together: cluster.n_together,
        n_crons: cluster.n_crons,
        at: cluster.at,
    });
    said.collect()
}

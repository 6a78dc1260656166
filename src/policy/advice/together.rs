//! Runs that start together: named, with what would keep them apart. Schedules are the user's own and stay as they are
//! until somebody asks for another.

use super::apart::apart;
use crate::domain::{Forecast, Observation, Together};

/// How many are named.
const MOST: usize = 1;

/// The minutes at which most start at once on one account.
pub(super) fn together(forecast: &Forecast, obs: &Observation) -> Vec<Together> {
    let clusters = forecast.coming.clusters.iter().take(MOST);
    let said = clusters.map(|cluster| Together {
        account: cluster.account.clone(),
        n_together: cluster.n_together,
        n_crons: cluster.n_crons,
        at: cluster.at,
        apart: apart(&cluster.account, forecast, obs),
    });
    said.collect()
}

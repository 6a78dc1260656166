//! How full windows get when crons run elsewhere for a while: weighed run by run, turn by turn.
//!
//! A window that comes back in between has several turns, and each of them must have room. Of what nothing is
//! foretold nothing is promised: there is no room in it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::{
    AccountId, Billing, Claim, ComingBlock, ComingCron, Forecast, Level, ModelRef, Observation, Settings, Silence,
    WindowForecast,
};
use crate::policy::forecast::{Learned, Rate, length};
use crate::policy::standing::later;

/// What advice keeps windows below.
pub(super) const AIM: f64 = 0.85;

/// Every window that limits runs, with what the crons on it will make of it.
pub(super) struct Room<'a> {
    forecast: &'a Forecast,
    settings: &'a Settings,
    gauges: BTreeMap<&'a AccountId, Vec<Gauge<'a>>>,
    /// The starts of each cron, in seconds after the forecast's now.
    starts: Vec<Vec<u32>>,
    /// Until when runs go elsewhere.
    until: Timestamp,
}

struct Gauge<'a> {
    window: &'a WindowForecast,
    rate: Option<Rate<'a>>,
    turns: Vec<Turn>,
    limit: f64,
}

/// One turn of a window, and how full it is likely to get.
struct Turn {
    from: Timestamp,
    to: Timestamp,
    before: f64,
    added: f64,
}

/// What of a window may be used by runs.
pub(super) fn limit(settings: &Settings, account: &AccountId) -> f64 {
    AIM.min(1.0 - settings.reserve(account))
}

impl<'a> Room<'a> {
    /// For runs that go elsewhere until then.
    pub fn new(
        learned: &'a Learned,
        obs: &'a Observation,
        settings: &'a Settings,
        forecast: &'a Forecast,
        until: Timestamp,
    ) -> Self {
        let mut starts = vec![Vec::new(); forecast.coming.crons.len()];
        for start in &forecast.coming.starts {
            starts[start.cron as usize].push(start.after_secs);
        }
        let mut room = Self { forecast, settings, gauges: BTreeMap::new(), starts, until };
        for window in &forecast.windows {
            if matches!(window.claim, Claim::Silent(Silence::NotOfRuns)) {
                continue;
            }
            let rate = learned.rate(&window.account, &window.label);
            let turns = rate.map(|rate| room.turns(window, rate, obs.at)).unwrap_or_default();
            let limit = limit(settings, &window.account);
            room.gauges.entry(&window.account).or_default().push(Gauge { window, rate, turns, limit });
        }
        room
    }

    fn turns(&self, window: &WindowForecast, rate: Rate<'_>, at: Timestamp) -> Vec<Turn> {
        let filled = |from: Timestamp, to: Timestamp| self.scheduled(window, rate, from, to) + rate.other(from, to);
        let now = match (&window.claim, window.band.last()) {
            (Claim::RunsOut { .. } | Claim::Lasts { .. }, Some(end)) => {
                Some(Turn { from: at, to: end.at, before: end.likely, added: 0.0 })
            }
            (Claim::Silent(Silence::BarelyBegun), _) => window.resets_at.map(|to| {
                let before = window.used_ratio + filled(window.observed_at.min(at), to);
                Turn { from: at, to, before, added: 0.0 }
            }),
            (Claim::Silent(Silence::NotStarted), _) => length(window.span).map(|length| {
                let to = later(at, length);
                Turn { from: at, to, before: filled(at, to), added: 0.0 }
            }),
            _ => None,
        };
        // Where the turn of now says nothing, neither do those after it.
        let Some(now) = now else { return Vec::new() };
        let next = window.next.iter().filter(|block| block.starts_at < self.until && block.starts_at >= now.to);
        let turn = |block: &ComingBlock| {
            let (from, to) = (block.starts_at, block.ends_at);
            Turn { from, to, before: filled(from, to), added: 0.0 }
        };
        let next: Vec<Turn> = next.map(turn).collect();
        std::iter::once(now).chain(next).collect()
    }

    /// What the crons that are on it take between two moments.
    fn scheduled(&self, window: &WindowForecast, rate: Rate<'_>, from: Timestamp, to: Timestamp) -> f64 {
        let on_it = |cron: &ComingCron| cron.account == window.account && window.covers.covers(&cron.model);
        let crons = self.forecast.coming.crons.iter().enumerate().filter(|(_, cron)| on_it(cron));
        crons.map(|(index, cron)| f64::from(self.n_starts(index, from, to)) * rate.takes(&cron.cron)).sum()
    }

    /// Starts after `from` up to and including `to`.
    pub fn n_starts(&self, cron: usize, from: Timestamp, to: Timestamp) -> u32 {
        let starts = &self.starts[cron];
        let until = |at: Timestamp| {
            let secs = at.duration_since(self.forecast.coming.from).as_secs_f64();
            starts.partition_point(|after| f64::from(*after) <= secs)
        };
        (until(to) - until(from).min(until(to))) as u32
    }

    /// Whether every window that a cron's runs come to on `to` keeps below its limit.
    pub fn holds(&self, cron: usize, to: &ModelRef) -> bool {
        let account = to.account();
        let Some(gauges) = self.gauges.get(&account) else {
            // Without windows: what is paid by the token, or runs at home, is not limited; of a plan nothing is known.
            return matches!(self.settings.billing(&account), Billing::PrepaidCredits | Billing::Local);
        };
        let from = &self.forecast.coming.crons[cron].model;
        let comes = |gauge: &&Gauge<'_>| gauge.covers(to) && !gauge.covers(from);
        gauges.iter().filter(comes).all(|gauge| {
            let takes = gauge.rate.map(|rate| rate.takes(&self.forecast.coming.crons[cron].cron));
            let fits = |takes: f64| {
                let fits = |turn: &Turn| turn.before + turn.added + self.share(cron, turn, takes) <= gauge.limit;
                !gauge.turns.is_empty() && gauge.turns.iter().all(fits)
            };
            takes.is_some_and(fits)
        })
    }

    /// What the runs of a cron take of a turn before they go back.
    fn share(&self, cron: usize, turn: &Turn, takes: f64) -> f64 {
        f64::from(self.n_starts(cron, turn.from, turn.to.min(self.until))) * takes
    }

    /// The runs of a cron go to `to` (`sign` 1), or come back (-1).
    pub fn put(&mut self, cron: usize, to: &ModelRef, sign: f64) {
        let coming = &self.forecast.coming.crons[cron];
        let mut added: Vec<(AccountId, usize, usize, f64)> = Vec::new();
        for (account, gauges) in &self.gauges {
            for (index, gauge) in gauges.iter().enumerate() {
                let Some(rate) = gauge.rate else { continue };
                let way = f64::from(u8::from(gauge.covers(to))) - f64::from(u8::from(gauge.covers(&coming.model)));
                if way == 0.0 {
                    continue;
                }
                for (turn, of) in gauge.turns.iter().enumerate() {
                    let share = self.share(cron, of, rate.takes(&coming.cron));
                    added.push(((*account).clone(), index, turn, sign * way * share));
                }
            }
        }
        for (account, gauge, turn, share) in added {
            if let Some(gauges) = self.gauges.get_mut(&account) {
                gauges[gauge].turns[turn].added += share;
            }
        }
    }

    /// Where the turn of now of a window ends up.
    pub fn level(&self, window: &WindowForecast) -> Option<Level> {
        let gauge = self.gauge(window)?;
        gauge.turns.first().map(|turn| gauge.level(turn))
    }

    /// Every window that gets more to do, in the turn that is fullest then: the fullest of all first.
    pub fn filled(&self) -> Vec<Level> {
        let fullest = |gauge: &Gauge<'_>| {
            let more = gauge.turns.iter().filter(|turn| turn.added > 1e-9);
            let turn = more.max_by(|a, b| (a.before + a.added).total_cmp(&(b.before + b.added)))?;
            Some(gauge.level(turn))
        };
        let mut filled: Vec<Level> = self.gauges.values().flatten().filter_map(fullest).collect();
        filled.sort_by(|a, b| {
            b.after.total_cmp(&a.after).then_with(|| (&a.account, &a.label).cmp(&(&b.account, &b.label)))
        });
        filled
    }

    fn gauge(&self, window: &WindowForecast) -> Option<&Gauge<'a>> {
        self.gauges.get(&window.account)?.iter().find(|gauge| gauge.window.label == window.label)
    }
}

impl Gauge<'_> {
    fn covers(&self, model: &ModelRef) -> bool {
        model.account() == self.window.account && self.window.covers.covers(model)
    }

    fn level(&self, turn: &Turn) -> Level {
        Level {
            account: self.window.account.clone(),
            label: self.window.label.clone(),
            before: turn.before,
            after: turn.before + turn.added,
            at: turn.to,
        }
    }
}

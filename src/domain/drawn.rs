//! Which runs draw on which quota windows, asked of a forecast: from a cron, from a window, or from a part of time.
//!
//! The rule is that of the forecast itself: a cron draws on the windows of the account it will run on, where they cover
//! its model.

use jiff::{SignedDuration, Timestamp};

use super::{AccountId, CronId, Forecast, Foretold, Start};

/// What is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pointed {
    Cron(CronId),
    /// A window, by its account and label.
    Window(AccountId, String),
    /// The runs that start from a moment on and before another.
    Between(Timestamp, Timestamp),
}

/// What belongs to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// The windows that are drawn on: indexes into [`Forecast::windows`].
    pub windows: Vec<usize>,
    /// The crons that draw on them: indexes into the forecast's coming crons, twice where one is elsewhere for a while.
    pub crons: Vec<usize>,
    /// The same, each once.
    pub n_crons: usize,
    /// Those of them whose runs nobody can foretell.
    pub n_variable: usize,
    /// Their starts up to `until`.
    pub starts: Vec<Start>,
    /// How far starts were looked at.
    pub until: Timestamp,
}

impl Drawn {
    /// So far ahead the starts of one cron are told.
    pub const AHEAD: SignedDuration = SignedDuration::from_hours(24);
}

impl Forecast {
    /// What belongs to what is pointed at.
    #[must_use]
    pub fn drawn(&self, pointed: &Pointed) -> Drawn {
        let day = self.at.checked_add(Drawn::AHEAD).unwrap_or(Timestamp::MAX).min(self.coming.until);
        match pointed {
            Pointed::Cron(id) => {
                let crons = self.entries(id);
                let used = |index: &usize| {
                    let window = &self.windows[*index];
                    window.holds_runs_back() && crons.iter().any(|cron| self.draws(*index, *cron))
                };
                let windows = (0..self.windows.len()).filter(used).collect();
                self.with_starts(windows, crons, self.at, day)
            }
            Pointed::Window(account, label) => {
                let of = |index: &usize| {
                    let window = &self.windows[*index];
                    window.account == *account && window.label == *label
                };
                let Some(window) = (0..self.windows.len()).find(of) else { return Drawn::default() };
                let crons = (0..self.coming.crons.len()).filter(|cron| self.draws(window, *cron)).collect();
                match self.windows[window].resets_at.filter(|reset| *reset > self.at) {
                    Some(reset) if reset <= self.coming.until => self.before_reset(window, crons, reset),
                    Some(_) => self.with_starts(vec![window], crons, self.at, self.coming.until),
                    None => self.with_starts(vec![window], crons, self.at, day),
                }
            }
            Pointed::Between(from, to) => self.started(*from, *to),
        }
    }

    /// Where a cron stands among those that are coming.
    fn entries(&self, id: &CronId) -> Vec<usize> {
        let crons = &self.coming.crons;
        let first = crons.partition_point(|one| one.cron < *id);
        (first..crons.len()).take_while(|index| crons[*index].cron == *id).collect()
    }

    fn draws(&self, window: usize, cron: usize) -> bool {
        self.windows[window].is_drawn_on_by(&self.coming.crons[cron])
    }

    fn with_starts(&self, windows: Vec<usize>, crons: Vec<usize>, from: Timestamp, until: Timestamp) -> Drawn {
        let mut meant = vec![false; self.coming.crons.len()];
        for cron in &crons {
            meant[*cron] = true;
        }
        let between = self.coming.between(from, until).iter();
        let starts = between.filter(|start| meant.get(start.cron as usize).is_some_and(|meant| *meant)).copied();
        let starts = starts.collect();
        let (n_crons, n_variable) = self.counted(&crons);
        Drawn { windows, crons, n_crons, n_variable, starts, until }
    }

    /// Of `crons` those that start before the reset, or whose starts nobody knows: what starts at it or later uses the
    /// next window.
    fn before_reset(&self, window: usize, crons: Vec<usize>, reset: Timestamp) -> Drawn {
        let drawn = self.with_starts(vec![window], crons, self.at, before(reset));
        let mut starts = vec![false; self.coming.crons.len()];
        for start in &drawn.starts {
            starts[start.cron as usize] = true;
        }
        let meant = |cron: &usize| starts[*cron] || self.coming.crons[*cron].foretold == Foretold::Variable;
        let crons: Vec<_> = drawn.crons.iter().copied().filter(meant).collect();
        let (n_crons, n_variable) = self.counted(&crons);
        Drawn { crons, n_crons, n_variable, until: reset, ..drawn }
    }

    /// A start on the edge of two parts belongs to the later one.
    fn started(&self, from: Timestamp, to: Timestamp) -> Drawn {
        let starts = self.coming.between(before(from), before(to)).to_vec();
        let mut crons: Vec<usize> = starts.iter().map(|start| start.cron as usize).collect();
        crons.sort_unstable();
        crons.dedup();
        let (n_crons, n_variable) = self.counted(&crons);
        Drawn { windows: Vec::new(), crons, n_crons, n_variable, starts, until: to }
    }

    /// How many crons these are, and how many of them on events.
    fn counted(&self, crons: &[usize]) -> (usize, usize) {
        let all = &self.coming.crons;
        let n_crons = crons.chunk_by(|a, b| all[*a].cron == all[*b].cron).count();
        let variable = |cron: &&usize| all[**cron].foretold == Foretold::Variable;
        (n_crons, crons.iter().filter(variable).count())
    }
}

fn before(at: Timestamp) -> Timestamp {
    at.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{Drawn, Pointed};
    use crate::domain::{
        AccountId, Basis, Claim, ComingCron, ComingRuns, CronId, Forecast, Foretold, Growth, Learning, ModelRef,
        ModelScope, Silence, Source, Start, TrackRecord, WindowForecast, WindowStart,
    };

    fn hours(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
    }

    fn window(account: &str, label: &str, resets: Option<i64>, covers: ModelScope) -> WindowForecast {
        WindowForecast {
            account: AccountId::new(account),
            label: label.to_owned(),
            span: None,
            metric: None,
            covers,
            used_ratio: 0.4,
            observed_at: hours(0),
            source: Source::UsageStatus,
            resets_at: resets.map(hours),
            started_at: None,
            starts: WindowStart::Unknown,
            claim: Claim::Learning(Learning::Readings { seen: 1, needed: 8 }),
            band: Vec::new(),
            growth: Growth::default(),
            basis: Basis::default(),
            past: Vec::new(),
            next: Vec::new(),
        }
    }

    fn cron(id: &str, on: &str, foretold: Foretold) -> ComingCron {
        let model = ModelRef::parse(on).expect("provider/model");
        let account = model.account();
        ComingCron { cron: CronId::new(id), model, account, foretold, n_starts: 0, tokens: None }
    }

    /// Two crons on Kimi, of which one goes to Google after ten hours; a third on events; one on MiniMax. Kimi's tell of
    /// themselves every hour, each at its own minute.
    fn forecast() -> Forecast {
        let crons = vec![
            cron("a", "kimi/k2", Foretold::Told),
            cron("b", "kimi/k2", Foretold::Told),
            cron("b", "google/flash", Foretold::Told),
            cron("c", "kimi/large", Foretold::Variable),
            cron("d", "minimax/m3", Foretold::Told),
        ];
        let mut starts: Vec<Start> = (0..72)
            .flat_map(|hour| {
                let b = if hour < 10 { 1 } else { 2 };
                [Start { after_secs: hour * 3600 + 60, cron: 0 }, Start { after_secs: hour * 3600 + 1800, cron: b }]
            })
            .collect();
        starts.push(Start { after_secs: 3 * 3600, cron: 4 });
        starts.sort_unstable();
        let large = ModelScope::Models(vec![ModelRef::parse("kimi/large").expect("provider/model")]);
        let windows = vec![
            window("google", "Day", Some(30), ModelScope::All),
            window("kimi", "5h", Some(5), ModelScope::All),
            window("kimi", "Large", None, large),
            WindowForecast {
                claim: Claim::Silent(Silence::NotOfRuns),
                ..window("kimi", "rpm", Some(1), ModelScope::All)
            },
        ];
        let coming = ComingRuns { from: hours(0), until: hours(72), crons, starts, clusters: Vec::new() };
        Forecast { at: hours(0), until: hours(72), windows, coming, record: TrackRecord::default() }
    }

    fn of_cron(id: &str) -> Drawn {
        forecast().drawn(&Pointed::Cron(CronId::new(id)))
    }

    fn of_window(account: &str, label: &str) -> Drawn {
        forecast().drawn(&Pointed::Window(AccountId::new(account), label.to_owned()))
    }

    #[test]
    fn a_cron_draws_on_the_windows_of_its_account_that_cover_its_model() {
        let cases: [(&str, &[usize], usize, &str); 5] = [
            ("a", &[1], 24, "the window of all models, not that of another, and no limit of a minute"),
            ("b", &[0, 1], 24, "where it is now, and where it will be"),
            ("c", &[1, 2], 0, "on events: what it draws on is known, when it does is not"),
            ("d", &[], 1, "an account without a window"),
            ("e", &[], 0, "one that is off is not among them"),
        ];
        for (id, windows, n_runs, why) in cases {
            let drawn = of_cron(id);
            assert_eq!((drawn.windows.as_slice(), drawn.starts.len()), (windows, n_runs), "{id}: {why}");
        }
        assert_eq!(of_cron("b").n_crons, 1, "twice on the list, and one cron");
        assert_eq!(of_cron("c").n_variable, 1);
    }

    #[test]
    fn a_window_is_drawn_on_by_its_crons_until_its_reset() {
        let five = of_window("kimi", "5h");
        assert_eq!((five.crons.as_slice(), five.n_crons, five.n_variable), (&[0, 1, 3][..], 3, 1));
        assert_eq!((five.starts.len(), five.until), (10, hours(5)), "two in each of five hours");
        let day = of_window("google", "Day");
        assert_eq!((day.crons.as_slice(), day.starts.len()), (&[2][..], 20), "from the tenth hour to the thirtieth");
        let large = of_window("kimi", "Large");
        assert_eq!((large.crons.as_slice(), large.until), (&[3][..], hours(24)), "no reset is told: a day");
        assert_eq!(of_window("kimi", "gone"), Drawn::default());
    }

    #[test]
    fn what_starts_at_the_reset_or_later_uses_the_next_window() {
        let cases: [(i64, &[usize], usize, &str); 4] = [
            (3, &[0, 1, 3], 6, "another account's cron starts then, and none of Kimi's"),
            (10, &[0, 1, 3], 20, "the detour begins afterwards"),
            (11, &[0, 1, 3], 21, "so many of the one that is elsewhere by then"),
            (80, &[0, 1, 3], 72 + 10, "beyond what is told: all that draw on it"),
        ];
        for (reset, crons, n_starts, why) in cases {
            let mut forecast = forecast();
            forecast.windows[1].resets_at = Some(hours(reset));
            let drawn = forecast.drawn(&Pointed::Window(AccountId::new("kimi"), "5h".to_owned()));
            assert_eq!((drawn.crons.as_slice(), drawn.starts.len()), (crons, n_starts), "{reset}: {why}");
        }
        // A detour to Google from its reset on: half past ten is the first start there.
        let first = hours(10) + SignedDuration::from_mins(30);
        for (reset, n_crons) in [(first, 0), (first + SignedDuration::from_secs(1), 1)] {
            let mut forecast = forecast();
            forecast.windows[0].resets_at = Some(reset);
            let drawn = forecast.drawn(&Pointed::Window(AccountId::new("google"), "Day".to_owned()));
            assert_eq!((drawn.n_crons, drawn.crons.len(), drawn.starts.len()), (n_crons, n_crons, n_crons), "{reset}");
            assert_eq!(drawn.until, reset);
        }
    }

    #[test]
    fn a_part_of_time_holds_what_starts_in_it() {
        let at = |secs: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(secs);
        let drawn = |from, to| forecast().drawn(&Pointed::Between(at(from), at(to)));
        assert_eq!(drawn(0, 1800).crons, [0], "a start on the edge belongs to the later part");
        assert_eq!(drawn(1800, 3600).crons, [1]);
        let third = drawn(3 * 3600, 4 * 3600);
        assert_eq!((third.crons.as_slice(), third.n_crons, third.starts.len()), (&[0, 1, 4][..], 3, 3));
        assert_eq!(drawn(10, 20).n_crons, 0);
    }
}

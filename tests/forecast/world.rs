//! Invented accounts, second by second: what their crons and people use, and how their windows come back.
//!
//! Shares no code, no table and no number with the forecast: fire times are counted in minutes of a day, what a
//! token weighs is hidden in a factor for each run, and a window is a bucket of tokens.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use model_orchestrator::domain::{
    AccountId, AgentTurn, Catalog, Cron, CronId, Fleet, Metric, Model, ModelRef, ModelScope, Observation, OutageLevel,
    PastRun, Payload, PlanMode, QuotaSample, QuotaWindow, Schedule, Source, Span, Tier, TierEntry, TokenUsage,
    UsageHistory, WindowHistory,
};

use crate::chance::Chance;

/// A Monday.
const BEGINNING: &str = "2026-08-03T00:00:00Z";

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

pub const ACCOUNT: &str = "acme";
const LABEL: &str = "Window";

/// What kind of life an account leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    Steady,
    Bursty,
    WeekendDip,
    MovedReset,
    FirstUse,
    Interactive,
    Gaps,
}

impl Shape {
    pub const ALL: [Self; 7] =
        [Self::Steady, Self::Bursty, Self::WeekendDip, Self::MovedReset, Self::FirstUse, Self::Interactive, Self::Gaps];

    pub fn name(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Bursty => "bursty",
            Self::WeekendDip => "week-end dip",
            Self::MovedReset => "moved reset",
            Self::FirstUse => "first-use window",
            Self::Interactive => "interactive use on top",
            Self::Gaps => "gaps in what was seen",
        }
    }
}

/// An invented job: it starts at these minutes of the day, on these days.
struct Job {
    minutes: Vec<i64>,
    workdays_only: bool,
    expression: String,
    mean_tokens: f64,
    scatter: f64,
    lasts_secs: i64,
    tier: Tier,
}

/// Something that used tokens: at a second, so many of the bucket.
#[derive(Clone, Copy)]
struct Sip {
    at: i64,
    weight: f64,
}

/// One turn of the window.
#[derive(Clone, Copy)]
struct Turn {
    begins: i64,
    ends: i64,
    /// The end that was told until then, where it was moved or came early.
    told: Option<(i64, i64)>,
}

/// An account whose future is known.
pub struct World {
    span: Span,
    jobs: Vec<Job>,
    /// All runs, by start: when, which job, tokens, whether it failed by itself.
    runs: Vec<(i64, usize, f64, bool)>,
    sips: Vec<Sip>,
    turns: Vec<Turn>,
    limit: f64,
    /// Nobody looked from the first to the second.
    away: Vec<(i64, i64)>,
    /// Where a turn can be foretold: its number.
    pub asked: usize,
}

/// A question to a forecast, with its answer.
pub struct Question {
    pub history: UsageHistory,
    pub obs: Observation,
    pub resets_at: Timestamp,
    pub started_at: Timestamp,
    /// When it is really used up, before its reset.
    pub runs_out_at: Option<Timestamp>,
}

fn beginning() -> i64 {
    BEGINNING.parse::<Timestamp>().expect("a moment").as_second()
}

fn moment(secs: i64) -> Timestamp {
    Timestamp::from_second(secs).expect("within time")
}

impl World {
    pub fn of(shape: Shape, seed: u64) -> Self {
        let mut chance = Chance::of(seed.wrapping_mul(31) + shape as u64);
        let weeks = chance.whole(3, 6);
        let span = match shape {
            Shape::FirstUse => Span::Hours(5),
            Shape::Bursty => Span::Daily,
            Shape::WeekendDip | Shape::MovedReset => Span::Weekly,
            _ if chance.happens(0.4) => Span::Daily,
            _ => Span::Weekly,
        };
        let jobs = jobs(shape, &mut chance);
        let days = (weeks + 1) * 7;
        let mut runs = Vec::new();
        for day in 0..days {
            for (index, job) in jobs.iter().enumerate().filter(|(_, job)| !job.workdays_only || day % 7 < 5) {
                for minute in &job.minutes {
                    let tokens = job.mean_tokens * chance.skewed(job.scatter);
                    runs.push((beginning() + day * DAY + minute * MINUTE, index, tokens, chance.happens(0.02)));
                }
            }
        }
        runs.sort_by_key(|run| (run.0, run.1));
        let mut sips: Vec<Sip> = runs
            .iter()
            .map(|(at, job, tokens, failed)| {
                let weight = tokens * chance.skewed(0.15) * if *failed { 0.4 } else { 1.0 };
                Sip { at: at + jobs[*job].lasts_secs, weight }
            })
            .collect();
        let scheduled: f64 = sips.iter().map(|sip| sip.weight).sum::<f64>() / (days * DAY) as f64;
        match shape {
            Shape::Interactive => {
                let by_hand = chance.between(0.4, 1.0);
                people(&mut sips, days, scheduled * by_hand * DAY as f64, &mut chance);
            }
            Shape::FirstUse => people(&mut sips, days, scheduled * 0.12 * DAY as f64, &mut chance),
            _ => people(&mut sips, days, scheduled * 0.06 * DAY as f64, &mut chance),
        }
        sips.sort_by_key(|sip| sip.at);
        let turns = turns(shape, span, days, &sips, &mut chance);
        let usual = usual_use(&turns, &sips, span);
        let limit = usual / chance.between(0.75, 1.45);
        let away = away(shape, days, &mut chance);
        let asked = asked(&turns, &sips, limit, span, &mut chance);
        Self { span, jobs, runs, sips, turns, limit, away, asked }
    }

    /// At a part of the asked turn: what could be known then, and what came of it.
    pub fn question(&self, part: f64) -> Question {
        let turn = self.turns[self.asked];
        let at = turn.begins + ((turn.ends - turn.begins) as f64 * part) as i64 / (5 * MINUTE) * (5 * MINUTE) + 97;
        let used = |until: i64| self.used(turn, until);
        let runs_out = self.sips.iter().filter(|sip| turn.begins <= sip.at && sip.at < turn.ends);
        let runs_out_at = runs_out.map(|sip| sip.at).find(|second| used(*second) >= 1.0);
        let samples = self.samples(at);
        let shown = *samples.last().expect("it was read");
        let window = QuotaWindow {
            resets_at: shown.resets_at,
            span: Some(self.span),
            metric: Some(Metric::Percent),
            ..QuotaWindow::new(LABEL, shown.used_ratio, shown.at, Source::UsageStatus)
        };
        let account = AccountId::new(ACCOUNT);
        let seen =
            WindowHistory { span: Some(self.span), metric: Some(Metric::Percent), covers: ModelScope::All, samples };
        let history = UsageHistory {
            windows: BTreeMap::from([((account.clone(), LABEL.to_owned()), seen)]),
            runs: self.past_runs(at),
        };
        Question {
            history,
            obs: self.observation(account, window, moment(at)),
            resets_at: shown.resets_at.unwrap_or(moment(turn.ends)),
            started_at: moment(turn.begins),
            runs_out_at: runs_out_at.map(moment),
        }
    }

    /// Share of the limit that would be used from the beginning of a turn up to a second.
    fn used(&self, turn: Turn, until: i64) -> f64 {
        let from = self.sips.partition_point(|sip| sip.at < turn.begins);
        let to = self.sips.partition_point(|sip| sip.at <= until.min(turn.ends - 1)).max(from);
        self.sips[from..to].iter().map(|sip| sip.weight).sum::<f64>() / self.limit
    }

    /// Read every five minutes, in whole percents; kept when it says something new, or after an hour.
    fn samples(&self, until: i64) -> Vec<QuotaSample> {
        let mut kept: Vec<QuotaSample> = Vec::new();
        let (mut next_sip, mut turn, mut used) = (0, 0, 0.0);
        let mut at = beginning() + 40;
        while at <= until {
            while self.turns.get(turn).is_some_and(|one| one.ends <= at) {
                turn += 1;
                used = 0.0;
            }
            let Some(one) = self.turns.get(turn) else { break };
            while self.sips.get(next_sip).is_some_and(|sip| sip.at <= at) {
                if self.sips[next_sip].at >= one.begins {
                    used += self.sips[next_sip].weight / self.limit;
                }
                next_sip += 1;
            }
            let begun = one.begins <= at;
            let told = one.told.filter(|(until, _)| at < *until).map_or(one.ends, |(_, told)| told);
            let sample = QuotaSample {
                at: moment(at),
                used_ratio: if begun { ((used * 100.0).round() / 100.0_f64).min(1.0) } else { 0.0 },
                resets_at: begun.then(|| moment(told)),
                source: Source::UsageStatus,
            };
            let news = kept.last().is_none_or(|last| {
                let alike =
                    last.used_ratio.to_bits() == sample.used_ratio.to_bits() && last.resets_at == sample.resets_at;
                !alike || sample.at.duration_since(last.at) >= SignedDuration::from_hours(1)
            });
            // What is asked now was read just now.
            let last_one = at + 5 * MINUTE > until;
            if (news || last_one) && !self.away.iter().any(|(from, to)| *from <= at && at < *to && !last_one) {
                kept.push(sample);
            }
            at += 5 * MINUTE;
        }
        kept
    }

    /// What the gateway told of the runs that had ended. One into a used-up window fails.
    fn past_runs(&self, until: i64) -> Vec<PastRun> {
        let ended = self.runs.iter().filter(|(at, job, _, _)| at + self.jobs[*job].lasts_secs <= until);
        let mut full: Vec<(i64, i64)> = Vec::new();
        for turn in self.turns.iter().filter(|turn| turn.begins <= until) {
            let of_turn = self.sips.iter().filter(|sip| turn.begins <= sip.at && sip.at < turn.ends);
            let mut used = 0.0;
            for sip in of_turn {
                used += sip.weight / self.limit;
                if used >= 1.0 {
                    full.push((sip.at, turn.ends));
                    break;
                }
            }
        }
        ended
            .map(|(at, job, tokens, failed)| {
                let refused = full.iter().any(|(from, to)| *from <= *at && *at < *to);
                let well = !failed && !refused;
                let total = *tokens as u64;
                PastRun {
                    cron: id(*job),
                    at: moment(*at),
                    duration: Some(SignedDuration::from_secs(self.jobs[*job].lasts_secs)),
                    model: (!refused).then(model),
                    well,
                    tokens: well.then_some(TokenUsage { input: total * 4 / 5, output: total / 5, total }),
                }
            })
            .collect()
    }

    fn observation(&self, account: AccountId, window: QuotaWindow, at: Timestamp) -> Observation {
        let crons = self.jobs.iter().enumerate().map(|(index, job)| {
            let schedule = Schedule::Cron { expr: job.expression.clone(), zone: None, stagger: None };
            let turn = AgentTurn { model: Some(model().as_str().to_owned()), ..AgentTurn::default() };
            let cron = Cron::new(id(index), id(index).as_str(), schedule, Payload::AgentTurn(turn));
            (cron.id.clone(), Arc::new(cron))
        });
        let tiers = self.jobs.iter().enumerate().map(|(index, job)| (id(index), TierEntry::new(job.tier)));
        Observation {
            at,
            gateway_reachable: true,
            crons: Arc::new(crons.collect()),
            catalog: Arc::new(Catalog { models: [(model(), Model::new(model()))].into(), ..Catalog::default() }),
            fleet: Arc::new(Fleet { windows: BTreeMap::from([(account, vec![window])]), ..Fleet::default() }),
            tiers: Arc::new(tiers.collect()),
            ledger: Arc::default(),
            edited: Arc::default(),
            down_since: BTreeMap::new(),
            previous_level: OutageLevel::Healthy,
            busy: Arc::default(),
            mode: PlanMode::Ordinary,
        }
    }
}

fn model() -> ModelRef {
    ModelRef::of(ACCOUNT, "large")
}

fn id(job: usize) -> CronId {
    CronId::new(format!("job-{job:02}"))
}

fn jobs(shape: Shape, chance: &mut Chance) -> Vec<Job> {
    let n_jobs = chance.whole(8, 26);
    (0..n_jobs)
        .map(|_| {
            let minute = chance.whole(0, 60);
            let each_day: Vec<i64> = match shape {
                Shape::Bursty => match chance.whole(0, 4) {
                    0 => vec![9 * 60],
                    1 => vec![9 * 60 + minute / 10],
                    2 => vec![7 * 60 + 30, 18 * 60 + 30],
                    _ => vec![minute + chance.whole(6, 23) * 60],
                },
                Shape::FirstUse => {
                    let (first, last) = (chance.whole(6, 9), chance.whole(17, 22));
                    let step = chance.whole(1, 3);
                    (first..last).step_by(step as usize).map(|hour| hour * 60 + minute).collect()
                }
                _ => match chance.whole(0, 5) {
                    0 => (0..24).map(|hour| hour * 60 + minute).collect(),
                    1 => (0..24).step_by(3).map(|hour| hour * 60 + minute).collect(),
                    2 => (0..48).map(|half| half * 30 + minute % 30).collect(),
                    3 => (7..20).map(|hour| hour * 60 + minute).collect(),
                    _ => (0..24).step_by(6).map(|hour| hour * 60 + minute).collect(),
                },
            };
            let workdays_only = match shape {
                Shape::WeekendDip => chance.happens(0.8),
                Shape::Interactive | Shape::Steady => false,
                _ => chance.happens(0.15),
            };
            let heavy = if shape == Shape::Bursty { 0.9 } else { 0.7 };
            Job {
                expression: expression(&each_day, workdays_only),
                minutes: each_day,
                workdays_only,
                mean_tokens: 10_f64.powf(chance.between(3.6, 5.2)),
                scatter: chance.between(0.2, heavy),
                lasts_secs: chance.whole(15, 400),
                tier: [Tier::T1, Tier::T2, Tier::T3][chance.whole(0, 3) as usize],
            }
        })
        .collect()
}

/// As a gateway writes it: all minutes of the day share their minute of the hour, or come twice an hour.
fn expression(minutes: &[i64], workdays_only: bool) -> String {
    let mut of_hour: Vec<i64> = minutes.iter().map(|minute| minute % 60).collect();
    of_hour.sort_unstable();
    of_hour.dedup();
    let mut hours: Vec<i64> = minutes.iter().map(|minute| minute / 60).collect();
    hours.dedup();
    let list = |numbers: &[i64]| numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    // Different minutes at different hours would need two expressions.
    assert_eq!(of_hour.len() * hours.len(), minutes.len(), "{minutes:?} is one expression");
    format!("{} {} * * {}", list(&of_hour), list(&hours), if workdays_only { "1-5" } else { "*" })
}

/// People at their desks: mornings and afternoons of working days, some days much, some hardly, now and then at night.
fn people(sips: &mut Vec<Sip>, days: i64, each_day: f64, chance: &mut Chance) {
    for day in 0..days {
        let mood = chance.skewed(0.35) * if day % 7 < 5 { 1.3 } else { 0.25 };
        let n_talks = 6.0 * mood;
        for _ in 0..(n_talks + chance.unit()) as i64 {
            let hour = if chance.happens(0.9) { chance.between(8.0, 18.5) } else { chance.between(19.0, 24.0) };
            let begins = beginning() + day * DAY + (hour * HOUR as f64) as i64;
            let n_turns = chance.whole(3, 15);
            for turn in 0..n_turns {
                let weight = each_day / 54.0 * chance.skewed(0.6);
                sips.push(Sip { at: begins + turn * chance.whole(40, 200), weight });
            }
        }
    }
}

fn turns(shape: Shape, span: Span, days: i64, sips: &[Sip], chance: &mut Chance) -> Vec<Turn> {
    let (from, to) = (beginning(), beginning() + days * DAY);
    let plain = |begins: i64, ends: i64| Turn { begins, ends, told: None };
    let mut turns = Vec::new();
    match (shape, span) {
        (Shape::FirstUse, _) => {
            let mut at = from;
            while let Some(first) = sips.iter().map(|sip| sip.at).find(|second| *second >= at && *second < to) {
                turns.push(plain(first, first + 5 * HOUR));
                at = first + 5 * HOUR;
            }
        }
        (_, Span::Daily) => {
            let shift = chance.whole(0, 24) * HOUR - DAY;
            (0..=days).for_each(|day| turns.push(plain(from + shift + day * DAY, from + shift + (day + 1) * DAY)));
        }
        _ => {
            let mut begins = from - chance.whole(1, 7 * 24) * HOUR;
            while begins < to {
                let mut turn = plain(begins, begins + 7 * DAY);
                if shape == Shape::MovedReset && chance.happens(0.6) {
                    let moved_at = begins + chance.whole(20, 120) * HOUR;
                    let by = chance.whole(6, 40) * HOUR;
                    // Early: it comes back without a word. Else another time is told from some moment on.
                    turn = match chance.whole(0, 3) {
                        0 => Turn { ends: moved_at, told: Some((moved_at, begins + 7 * DAY)), ..turn },
                        1 => Turn { ends: turn.ends + by, told: Some((moved_at, begins + 7 * DAY)), ..turn },
                        _ => Turn { ends: turn.ends - by, told: Some((moved_at, begins + 7 * DAY)), ..turn },
                    };
                }
                begins = turn.ends;
                turns.push(turn);
            }
        }
    }
    turns
}

/// What a whole turn of the usual length uses at its most, so that some run out and some do not.
fn usual_use(turns: &[Turn], sips: &[Sip], span: Span) -> f64 {
    let used = |turn: &Turn| {
        sips.iter().filter(|sip| turn.begins <= sip.at && sip.at < turn.ends).map(|sip| sip.weight).sum::<f64>()
    };
    let whole = turns.iter().filter(|turn| turn.begins >= beginning());
    let mut each: Vec<f64> = whole.map(used).collect();
    each.sort_unstable_by(f64::total_cmp);
    let place = if span == Span::Weekly { 0.5 } else { 0.7 };
    each[((each.len() - 1) as f64 * place) as usize]
}

/// When the program was closed: for hours, in one shape for whole days too.
fn away(shape: Shape, days: i64, chance: &mut Chance) -> Vec<(i64, i64)> {
    let often = if shape == Shape::Gaps { 0.45 } else { 0.1 };
    let mut away = Vec::new();
    for day in 0..days {
        if chance.happens(often) {
            let from = beginning() + day * DAY + chance.whole(0, 20) * HOUR;
            away.push((from, from + chance.whole(3, if shape == Shape::Gaps { 30 } else { 9 }) * HOUR));
        }
    }
    away
}

/// The turn that is asked about: one of the last week, of which a fair part is used.
fn asked(turns: &[Turn], sips: &[Sip], limit: f64, span: Span, chance: &mut Chance) -> usize {
    let used = |turn: &Turn| {
        sips.iter().filter(|sip| turn.begins <= sip.at && sip.at < turn.ends).map(|sip| sip.weight).sum::<f64>() / limit
    };
    let last = sips.last().map_or(0, |sip| sip.at);
    let late_enough = |turn: &&(usize, &Turn)| turn.1.ends <= last && turn.1.begins >= last - 15 * DAY;
    let candidates: Vec<usize> = turns
        .iter()
        .enumerate()
        .filter(|one| late_enough(&one))
        .filter(|(_, turn)| used(turn) > 0.4)
        .map(|(index, _)| index)
        .collect();
    match (candidates.as_slice(), span) {
        ([], _) => turns.iter().rposition(|turn| turn.ends <= last).unwrap_or(0),
        (some, Span::Weekly) => some[some.len() - 1],
        (some, _) => some[chance.whole(0, some.len() as i64) as usize],
    }
}

//! How good a forecast is, and how good it would be to go on at the pace so far.

use jiff::{SignedDuration, Timestamp};
use model_orchestrator::domain::{Claim, Forecast, Settings};
use model_orchestrator::policy::{forecast, learn};

use crate::world::{Question, Shape, World};

/// Parts of a turn at which it is asked.
const ASKED_AT: [f64; 4] = [0.2, 0.4, 0.6, 0.8];

/// What runs out within this part of a window is running out already: whole percents tell no better.
const ALREADY: f64 = 0.02;

/// What was said of run-outs, and of turns that lasted.
#[derive(Default)]
pub struct Score {
    pub n_asked: usize,
    pub n_claims: usize,
    /// Run-outs of which something was claimed.
    pub n_run_outs: usize,
    pub n_inside: usize,
    /// Share of the time left.
    pub widths: Vec<f64>,
    pub errors: Vec<f64>,
    pub errors_of_pace: Vec<f64>,
    /// Turns that lasted, of which something was claimed; and those of which running out was claimed.
    pub n_lasted: usize,
    pub n_false_alarms: usize,
    pub n_false_alarms_of_pace: usize,
}

pub fn score(shape: Shape, seeds: &[u64]) -> Score {
    let mut score = Score::default();
    for seed in seeds {
        let world = World::of(shape, *seed);
        for part in ASKED_AT {
            score.add(&world.question(part));
        }
    }
    score
}

impl Score {
    fn add(&mut self, question: &Question) {
        let now = question.obs.at;
        if question
            .runs_out_at
            .is_some_and(|at| left(now, at) <= ALREADY * left(question.started_at, question.resets_at))
        {
            return;
        }
        self.n_asked += 1;
        let said = ask(question);
        let window = &said.windows[0];
        let (low, likely, high) = match window.claim {
            Claim::RunsOut { early, likely, late, .. } => (Some(early), likely, late.unwrap_or(question.resets_at)),
            Claim::Lasts { at_worst, .. } => (at_worst, question.resets_at, question.resets_at),
            Claim::UsedUp | Claim::Learning(_) | Claim::Silent(_) => return,
        };
        self.n_claims += 1;
        let by_pace = pace(question, window.used_ratio);
        let Some(truth) = question.runs_out_at else {
            self.n_lasted += 1;
            self.n_false_alarms += usize::from(window.claim.runs_out_at().is_some());
            self.n_false_alarms_of_pace += usize::from(by_pace < question.resets_at);
            return;
        };
        self.n_run_outs += 1;
        self.n_inside += usize::from(low.is_some_and(|low| low <= truth && truth <= high));
        let whole = left(now, truth);
        if let Some(low) = low {
            self.widths.push(left(low, high) / whole);
        }
        self.errors.push(left(truth, likely).abs() / whole);
        self.errors_of_pace.push(left(truth, by_pace).abs() / whole);
    }

    pub fn join(&mut self, other: &Self) {
        self.n_asked += other.n_asked;
        self.n_claims += other.n_claims;
        self.n_run_outs += other.n_run_outs;
        self.n_inside += other.n_inside;
        self.widths.extend(&other.widths);
        self.errors.extend(&other.errors);
        self.errors_of_pace.extend(&other.errors_of_pace);
        self.n_lasted += other.n_lasted;
        self.n_false_alarms += other.n_false_alarms;
        self.n_false_alarms_of_pace += other.n_false_alarms_of_pace;
    }

    pub fn inside(&self) -> f64 {
        self.n_inside as f64 / self.n_run_outs.max(1) as f64
    }
}

pub fn ask(question: &Question) -> Forecast {
    let learned = learn(&question.history, &question.obs);
    let until = question.obs.at + SignedDuration::from_hours(24);
    forecast(&learned, &question.obs, &Settings::default(), None, until)
}

/// Used up when what is used so far took as long as it did.
fn pace(question: &Question, used_ratio: f64) -> Timestamp {
    let so_far = left(question.started_at, question.obs.at);
    let left_over = so_far * (1.0 - used_ratio) / used_ratio.max(1e-6);
    let at = question.obs.at.as_second() as f64 + left_over;
    Timestamp::from_second(at.min(4e9) as i64).expect("within time").min(question.resets_at)
}

fn left(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}

pub fn median(numbers: &[f64]) -> f64 {
    let mut numbers = numbers.to_vec();
    numbers.sort_unstable_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

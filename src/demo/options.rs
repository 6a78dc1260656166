//! What a demo is started with.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// How the built-in gateway behaves. The default is what a newcomer sees.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// Calls of one writing method and caller in 60 s, as on a real gateway.
    pub write_limit: u32,
    /// What a write takes; writes are carried out one after another.
    pub write_delay: Duration,
    /// Same seed, same durations and token counts.
    pub seed: u64,
    /// Crons run when they are due. Without it only `cron.run` starts a run.
    pub run_jobs: bool,
    pub clock: DemoClock,
    /// How long Google's day still goes on; without it until midnight in Los Angeles.
    pub day_left: Option<SignedDuration>,
    /// How much faster than life a run takes; 1.0 is life.
    pub speed: f64,
    /// `policy.tickIntervalMs`.
    pub tick: Duration,
    /// How long connections are refused as "starting" after a restart.
    pub restart_takes: Duration,
}

impl Default for DemoOptions {
    fn default() -> Self {
        Self {
            write_limit: 30,
            write_delay: Duration::from_millis(15),
            seed: 7,
            run_jobs: true,
            clock: DemoClock::Real,
            day_left: None,
            speed: 1.0,
            tick: Duration::from_secs(30),
            restart_takes: Duration::from_millis(300),
        }
    }
}

/// Which time the demo lives in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DemoClock {
    #[default]
    Real,
    /// Stands at this moment until [`Demo::advance`](super::Demo::advance) moves it.
    Manual(Timestamp),
}

//! What is asked of a simulation, and what came of it.

use std::fmt::Write as _;

use jiff::Timestamp;

/// One world to live through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    pub seed: u64,
    pub days: u32,
    /// Mishaps by their place in the seed's list that do not happen: how a failing world is made smaller.
    pub without: u128,
    /// How often it goes on after its days; `None`: until it has shown enough.
    pub more: Option<u32>,
}

impl Trial {
    /// All of that seed's world.
    #[must_use]
    pub fn whole(seed: u64, days: u32) -> Self {
        Self { seed, days, without: 0, more: None }
    }

    /// What repeats it from a shell.
    #[must_use]
    pub fn command(&self) -> String {
        let mut command = format!("model-orchestrator simulate --seed {} --days {}", self.seed, self.days);
        let dropped = (0..MISHAPS_DROPPED).filter(|n| self.without & (1 << n) != 0);
        let names: Vec<String> = dropped.map(|n| n.to_string()).collect();
        if !names.is_empty() {
            command.push_str(" --without ");
            command.push_str(&names.join(","));
        }
        if let Some(more) = self.more {
            write!(command, " --more {more}").ok();
        }
        command
    }
}

/// So many mishaps of a world, the first ones, can be left out.
pub const MISHAPS_DROPPED: usize = 128;

/// How often what must be seen was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub n_crons: u32,
    pub steps: u64,
    pub runs: u64,
    /// Updates that the gateway carried out for a program of ours.
    pub writes: u64,
    pub outages: u32,
    /// Crisis mode was entered.
    pub crises: u32,
    /// It was left because everything was given back.
    pub recoveries: u32,
    pub relapses: u32,
    /// Updates that the gateway refused because somebody else had been there.
    pub conflicts: u32,
    pub crashes: u32,
    /// A person changed something: at the gateway or in the mapping.
    pub edits: u32,
    /// The clock was set, or the computer slept.
    pub jumps: u32,
    pub restarts: u32,
    pub take_overs: u32,
}

/// Its name, how often at least, and where it is counted.
type Seen = (&'static str, u32, fn(&Counts) -> u32);

/// What must be seen in a world that shall show anything.
const SEEN: [Seen; 6] = [
    ("crons", 25, |counts| counts.n_crons),
    ("crises", 2, |counts| counts.crises),
    ("conflicts", 1, |counts| counts.conflicts),
    ("crashes", 1, |counts| counts.crashes),
    ("edits", 1, |counts| counts.edits),
    ("relapses", 1, |counts| counts.relapses),
];

impl Counts {
    /// Names of what was seen too seldom.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        SEEN.iter().filter(|(_, at_least, of)| of(self) < *at_least).map(|(name, ..)| *name).collect()
    }
}

/// A law that did not hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Breach {
    /// Its name, as in [`super::Law`].
    pub law: super::Law,
    pub at: Timestamp,
    /// What was seen, for a person.
    pub seen: String,
}

/// What came of a trial. It ends with the first breach.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub trial: Trial,
    pub counts: Counts,
    pub breach: Option<Breach>,
    /// The mishaps of the seed, in order and in words.
    pub mishaps: Vec<String>,
    /// The last things that happened before the breach.
    pub story: Vec<String>,
}

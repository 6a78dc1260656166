//! What should be: health from evidence, a plan from health, and why for every cron.
//!
//! Pure: no clock, no I/O, no randomness. The moment is part of the observation, so equal
//! observations give equal plans in equal order.

mod standing;

mod chain;
mod crisis;
mod distribute;
mod early;
mod ground;
mod outage;
mod pause;
mod plan;
mod recovery;
mod undo;

mod advance;
mod agenda;
mod breaker;
mod evidence;
mod looks;
mod wakeups;
mod windows;

mod advice;

mod automation;
mod confirm;
mod costs;
mod fires;
mod forecast;
mod matching;
mod misplaced;
mod rebuild;
mod suggest;
mod temporary;
mod triage;

mod what_if;

pub use advance::{advance, next_wake, set_back};
pub use advice::{
    advise, advised_plan, between_starts, may_start_later, overloads, sparing, staggered_plan, with_detours,
};
pub use agenda::{AFTER_RESET, Demand, Watched, doubted, look_due, next_round, paid_due};
pub use automation::{Allowed, allowed, needs_nobody, switched_on_again, unattended, waits_for_no_stage};
pub use chain::tier_models;
pub use confirm::confirm;
pub use costs::costs;
pub use crisis::expected_end;
pub use early::nearly_off;
pub use evidence::{absorb_catalog, absorb_run};
pub use fires::{fires, missed, next_fire, next_run};
pub use forecast::{Learned, forecast, learn, stale_at, track_record};
pub use ground::Ground;
pub use looks::{Vantage, absorb_check, absorb_gateway_probe, absorb_money, unreached};
pub use matching::{match_routes, with_matches};
pub use misplaced::misplaced;
pub use outage::{outage, vendors_counted, vendors_failing_at, vendors_serving};
pub use plan::{plan, plan_one};
pub use rebuild::rebuilt_debts;
pub use recovery::{awaits, enter_plan, follow, long_away, patience, readiness, recover_plan, stages};
pub use suggest::suggest_tier;
pub use temporary::with_temporary;
pub use triage::triage;
pub use undo::undo_plan;
pub use wakeups::wakeups;
pub use what_if::{Variant, prospect, supposed};
pub use windows::{absorb_hand, absorb_windows};

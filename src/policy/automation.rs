//! What automation may do by itself: what health alone causes, outside quiet hours, and not too much of it.
//!
//! All or nothing: where a plan needs more crons than the limit leaves, automation does none of it, so that a
//! person decides about big changes. Whether it is the time for a crisis to begin or to end is not decided here.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use crate::domain::{
    Automation, AutomationLevel, AutomationWord, Cause, Change, ChangeKind, Crisis, CronId, Observation, Plan,
    QuietHours, Settings, Switch, TierMap,
};
use crate::fault::{self, Fault};

/// The limit holds for any stretch of this length.
const WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// So often it changes one cron within it: what turns more often is not helped by one more turn.
const TURNS: usize = 6;

/// What a person switches on again within it is theirs.
const LATELY: SignedDuration = SignedDuration::from_hours(24);

/// Which lines of a plan automation may write now, and what is to be said of that.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Allowed {
    /// In the order of the plan.
    pub crons: Vec<CronId>,
    pub word: AutomationWord,
}

/// What automation may do of `plan` now. `acted` says which crons it changed and when, without what it gave
/// back; `zone` is that of this computer, for the quiet hours.
#[must_use]
pub fn allowed(
    plan: &Plan,
    obs: &Observation,
    settings: &Settings,
    acted: &[(Timestamp, CronId)],
    zone: &TimeZone,
) -> Allowed {
    let automation = &settings.automation;
    let recent = || acted.iter().filter(|(at, _)| obs.at.duration_since(*at) < WITHIN).map(|(_, cron)| cron);
    let acts = automation.level == AutomationLevel::ActWithinLimits || fault::on(Fault::ActsUnasked);
    if !acts {
        return Allowed::default();
    }
    let rests = |change: &Change| rests_until(&change.cron, acted, obs.at);
    let lines = plan.changes.iter().filter(|change| needs_nobody(change, &obs.tiers));
    let (lines, resting): (Vec<&Change>, Vec<&Change>) = lines.partition(|change| rests(change).is_none());
    if lines.is_empty() {
        let until = resting.into_iter().filter_map(rests).min();
        let word = until.map_or(AutomationWord::Silent, |until| AutomationWord::TurnsTooOften { until });
        return Allowed { crons: Vec::new(), word };
    }
    let quiet = automation.quiet.filter(|_| !fault::on(Fault::IgnoresQuietHours));
    if let Some(until) = quiet.and_then(|quiet| quiet_until(quiet, obs.at, zone)) {
        return Allowed { crons: Vec::new(), word: AutomationWord::QuietUntil { until } };
    }
    let counted = lines.iter().filter(|change| !change.gives_back()).map(|change| &change.cron);
    let n_new = counted.clone().count();
    let (n_crons, limit) = (recent().chain(counted).collect::<BTreeSet<_>>().len(), limit(automation, obs));
    if n_new > 0 && n_crons > limit && !fault::on(Fault::IgnoresTheLimit) {
        return Allowed { crons: Vec::new(), word: AutomationWord::OverLimit { n_crons, limit } };
    }
    Allowed { crons: lines.into_iter().map(|change| change.cron.clone()).collect(), word: AutomationWord::Acting }
}

/// Until when a cron that automation changed so often is left alone; `None` where it is not.
fn rests_until(cron: &CronId, acted: &[(Timestamp, CronId)], now: Timestamp) -> Option<Timestamp> {
    let recent = acted.iter().filter(|(at, of)| of == cron && now.duration_since(*at) < WITHIN);
    let mut recent: Vec<Timestamp> = recent.map(|(at, _)| *at).collect();
    recent.sort();
    let counts_from = recent.len().checked_sub(TURNS)?;
    recent[counts_from].checked_add(WITHIN).ok()
}

/// The lines of a plan that may be written while nobody looks: what health causes, and no person decides.
#[must_use]
pub fn unattended<'a>(
    plan: &'a Plan,
    tiers: &TierMap,
    switches: &[Switch],
    crisis: &Crisis,
    now: Timestamp,
) -> Vec<&'a Change> {
    let again = switched_on_again(plan, switches, crisis.mode.as_ref().map(|mode| mode.since), now);
    let lines = plan.changes.iter().filter(|change| needs_nobody(change, tiers) && !again.contains(&change.cron));
    let staged = crisis.recovering().is_some();
    lines.filter(|change| !staged || waits_for_no_stage(change)).collect()
}

/// What was begun to be given back goes on in its stages, or goes back; a critical cron whose route fails meanwhile
/// leaves it all the same.
#[must_use]
pub fn waits_for_no_stage(change: &Change) -> bool {
    change.critical && change.cause == Cause::Health && change.reason.leaves_what_fails()
}

/// Caused by health, offered without a doubt, and not excepted by the user.
#[must_use]
pub fn needs_nobody(change: &Change, tiers: &TierMap) -> bool {
    let asks = tiers.get(&change.cron).is_some_and(|entry| entry.ask_first) && !fault::on(Fault::TouchesAskFirst);
    let by_health = change.cause == Cause::Health || fault::on(Fault::ActsOnEdits);
    by_health && change.ticked && !asks
}

/// What a person switched on again after it was paused lately, or in the crisis that was `entered`: it is not paused
/// again while nobody looks. `switches` has the newest first.
#[must_use]
pub fn switched_on_again(
    plan: &Plan,
    switches: &[Switch],
    entered: Option<Timestamp>,
    now: Timestamp,
) -> BTreeSet<CronId> {
    let pauses = plan.changes.iter().filter(|change| change.kind == ChangeKind::Pause);
    let pauses: BTreeSet<&CronId> = pauses.map(|change| &change.cron).collect();
    let lately = now.checked_sub(LATELY).unwrap_or(Timestamp::MIN);
    let since = entered.map_or(lately, |entered| entered.min(lately));
    let mut seen = BTreeSet::new();
    let says_whether = |switch: &&Switch| pauses.contains(&switch.cron) && switch.from != switch.to;
    let newest = switches.iter().filter(says_whether).filter(|switch| seen.insert(&switch.cron));
    let ours = newest.filter(|switch| switch.at >= since && switch.undone_by.is_none() && !switch.to.enabled);
    ours.map(|switch| switch.cron.clone()).collect()
}

/// How many different crons it may change in an hour: a share of all that can be routed, or a number.
fn limit(automation: &Automation, obs: &Observation) -> usize {
    let n_routable = obs.crons.values().filter(|cron| cron.routable()).count();
    // A share such as 0.29 of 100 is 29, whatever binary fractions make of it.
    let share = (automation.max_ratio.clamp(0.0, 1.0) * n_routable as f64 + 1e-9).floor();
    (share as usize).max(automation.max_crons as usize)
}

/// When the quiet hours end, if `at` lies in them. They have no length when they end as they begin.
fn quiet_until(quiet: QuietHours, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let here = at.to_zoned(zone.clone());
    let (date, time) = (here.date(), here.time());
    let within = if quiet.from <= quiet.to {
        quiet.from <= time && time < quiet.to
    } else {
        quiet.from <= time || time < quiet.to
    };
    let ends_on = if time < quiet.to { Some(date) } else { date.tomorrow().ok() };
    within.then(|| clock_shows(quiet.to, ends_on?, at, zone))?
}

/// The first moment after `at` on which clocks of `date` show `time`, or would, did they not skip it.
fn clock_shows(time: Time, date: Date, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(date.to_datetime(time));
    match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => ambiguous.unambiguous().ok(),
        AmbiguousOffset::Fold { .. } => ambiguous.earlier().ok().filter(|first| *first > at).or(ambiguous.later().ok()),
        AmbiguousOffset::Gap { .. } => {
            let beyond = ambiguous.later().ok()?;
            zone.preceding(beyond).next().map(|skip| skip.timestamp())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use jiff::civil::time;
    use jiff::tz::TimeZone;
    use jiff::{SignedDuration, Timestamp};

    use super::{Allowed, allowed};
    use crate::domain::{
        AgentTurn, Automation, AutomationLevel, AutomationWord, Cause, Change, ChangeKind, Cron, CronId, Fields,
        Observation, Outage, OutageLevel, Payload, Plan, PlanId, PlanMode, PlanOrigin, QuietHours, Reason, Schedule,
        Settings, Tier, TierEntry,
    };

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a moment")
    }

    fn id(index: usize) -> CronId {
        CronId::new(format!("cron-{index:03}"))
    }

    fn cron(index: usize) -> Cron {
        let event = Schedule::Event { kind: "stream".to_owned() };
        Cron::new(id(index), "A", event, Payload::AgentTurn(AgentTurn::default()))
    }

    fn observe(n_crons: usize) -> Observation {
        let crons = (0..n_crons).map(|index| (id(index), Arc::new(cron(index))));
        Observation {
            at: at("2026-11-23T08:00:00Z"),
            gateway_reachable: true,
            crons: Arc::new(crons.collect()),
            catalog: Arc::default(),
            fleet: Arc::default(),
            tiers: Arc::default(),
            ledger: Arc::default(),
            edited: Arc::default(),
            down_since: BTreeMap::new(),
            previous_level: OutageLevel::Healthy,
            busy: Arc::default(),
            mode: PlanMode::Crisis,
        }
    }

    fn change(index: usize) -> Change {
        let on = Fields { model: None, fallbacks: None, enabled: true };
        Change {
            cron: id(index),
            name: "A".to_owned(),
            tier: Some(Tier::T2),
            critical: false,
            revision: None,
            to: Fields { enabled: false, ..on.clone() },
            from: on,
            schedule: None,
            from_model: None,
            to_model: None,
            to_route: None,
            kind: ChangeKind::Pause,
            reason: Reason::PausedInCrisis { expected_return: None },
            cause: Cause::Health,
            next_run_at: None,
            running_since: None,
            marks: Vec::new(),
            ticked: true,
        }
    }

    fn plan(changes: Vec<Change>) -> Plan {
        Plan {
            id: PlanId::new("plan"),
            at: at("2026-11-23T08:00:00Z"),
            origin: PlanOrigin::Crisis,
            outage: Outage::default(),
            changes,
            decisions: Vec::new(),
            notes: Vec::new(),
            daily_cost: None,
            writes: None,
        }
    }

    fn acts(max_ratio: f64, max_crons: u32) -> Settings {
        let automation = Automation { level: AutomationLevel::ActWithinLimits, max_ratio, max_crons, quiet: None };
        Settings { automation, ..Settings::default() }
    }

    fn now(plan: &Plan, obs: &Observation, settings: &Settings, acted: &[(Timestamp, CronId)]) -> Allowed {
        allowed(plan, obs, settings, acted, &TimeZone::UTC)
    }

    fn acting(crons: impl IntoIterator<Item = usize>) -> Allowed {
        Allowed { crons: crons.into_iter().map(id).collect(), word: AutomationWord::Acting }
    }

    fn rests(mins: i64) -> Allowed {
        let until = at("2026-11-23T08:00:00Z") + SignedDuration::from_mins(mins);
        Allowed { crons: Vec::new(), word: AutomationWord::TurnsTooOften { until } }
    }

    fn over(n_crons: usize, limit: usize) -> Allowed {
        Allowed { crons: Vec::new(), word: AutomationWord::OverLimit { n_crons, limit } }
    }

    #[test]
    fn it_acts_by_itself_only_where_the_user_said_so() {
        let plan = plan(vec![change(1), change(0)]);
        for level in [AutomationLevel::Observe, AutomationLevel::Ask] {
            let automation = Automation { level, ..Automation::default() };
            let settings = Settings { automation, ..Settings::default() };
            assert_eq!(now(&plan, &observe(4), &settings, &[]), Allowed::default(), "{level:?}");
        }
        assert_eq!(now(&plan, &observe(4), &acts(0.25, 20), &[]), acting([1, 0]), "in the order of the plan");
    }

    #[test]
    fn only_what_health_causes_and_nobody_must_agree_to_is_done() {
        let plan = plan(vec![
            Change { cause: Cause::Edit, ..change(0) },
            Change { cause: Cause::Undo, ..change(1) },
            Change { ticked: false, ..change(2) },
            change(3),
            change(4),
            Change { kind: ChangeKind::Resume, ..change(5) },
        ]);
        let asks = |ask_first| TierEntry { ask_first, ..TierEntry::new(Tier::T2) };
        let tiers = [(id(3), asks(true)), (id(4), asks(false)), (id(5), asks(true))];
        let obs = Observation { tiers: Arc::new(tiers.into_iter().collect()), ..observe(8) };
        assert_eq!(now(&plan, &obs, &acts(0.25, 20), &[]), acting([4]));
        let none = Plan { changes: plan.changes[..3].to_vec(), ..plan };
        assert_eq!(now(&none, &obs, &acts(0.25, 20), &[]), Allowed::default(), "nothing to do is nothing to say");
    }

    #[test]
    fn it_does_all_or_nothing_of_what_the_limit_leaves() {
        let of = |n_changes: usize| plan((0..n_changes).map(change).collect());
        let cases = [
            (100, of(25), acts(0.25, 20), acting(0..25), "a quarter of a hundred"),
            (100, of(26), acts(0.25, 20), over(26, 25), "one more"),
            (40, of(20), acts(0.25, 20), acting(0..20), "the number, where that is more"),
            (40, of(21), acts(0.25, 20), over(21, 20), "and one more"),
            (100, of(29), acts(0.29, 0), acting(0..29), "no rounding takes one away"),
            (3, of(1), acts(0.25, 0), over(1, 0), "three quarters of a cron are none"),
            (3, of(1), acts(0.0, 0), over(1, 0), "no limit left at all"),
            (3, of(3), acts(9.0, 0), acting(0..3), "all there are"),
            (3, of(1), acts(f64::NAN, 0), over(1, 0), "no number at all"),
            (0, of(0), acts(0.0, 0), Allowed::default(), "no crons, nothing to do"),
        ];
        for (n_crons, plan, settings, expected, why) in cases {
            assert_eq!(now(&plan, &observe(n_crons), &settings, &[]), expected, "{why}");
        }
    }

    #[test]
    fn what_cannot_be_routed_makes_the_limit_no_larger() {
        let mut obs = observe(8);
        let monitor = Cron { payload: Payload::Other("heartbeat".to_owned()), ..cron(7) };
        Arc::make_mut(&mut obs.crons).insert(id(7), Arc::new(monitor));
        assert_eq!(now(&plan(vec![change(0), change(1)]), &obs, &acts(0.25, 0), &[]), over(2, 1));
    }

    #[test]
    fn the_limit_counts_different_crons_of_the_last_hour() {
        let obs = observe(4);
        let ago = |mins: i64, index: usize| (obs.at - SignedDuration::from_mins(mins), id(index));
        let both = plan(vec![change(0), change(1)]);
        let cases = [
            (vec![ago(59, 2)], acting([0, 1]), "two and one are three"),
            (vec![ago(59, 2), ago(1, 3)], over(4, 3), "four are too many"),
            (vec![ago(60, 2), ago(1, 3)], acting([0, 1]), "an hour ago is over"),
            (vec![ago(9, 2), ago(5, 2), ago(1, 2)], acting([0, 1]), "one cron three times is one"),
            (vec![ago(9, 0), ago(5, 1), ago(1, 2)], acting([0, 1]), "the same crons again are no others"),
            (vec![ago(9, 0); 5], acting([0, 1]), "one cron five times is one"),
            (vec![ago(9, 0); 6], acting([1]), "what turned so often is left alone for a while"),
            (
                [vec![ago(9, 1); 6], vec![ago(8, 0); 6]].concat(),
                rests(51),
                "and it is said until when, where nothing else is left",
            ),
            (vec![ago(60, 0); 6], acting([0, 1]), "an hour ago is over for that, too"),
        ];
        for (acted, expected, why) in cases {
            assert_eq!(now(&both, &obs, &acts(0.0, 3), &acted), expected, "{why}");
        }
    }

    #[test]
    fn what_it_gives_back_does_not_count() {
        let obs = observe(9);
        let resumes = (0..4).map(|index| Change { kind: ChangeKind::Resume, ..change(index) });
        let given_back =
            (4..8).map(|index| Change { kind: ChangeKind::Move, reason: Reason::GivenBack, ..change(index) });
        let back = plan(resumes.chain(given_back).collect());
        let full = [(obs.at, id(8))];
        assert_eq!(now(&back, &obs, &acts(0.0, 1), &full), acting(0..8), "even with nothing left");
        let more = plan(back.changes.iter().cloned().chain([Change { cron: id(20), ..change(0) }]).collect());
        assert_eq!(now(&more, &obs, &acts(0.0, 1), &full), over(2, 1), "all or nothing");
        assert_eq!(now(&more, &obs, &acts(0.0, 1), &[]), acting((0..8).chain([20])));
    }

    #[test]
    fn nothing_is_changed_in_quiet_hours() {
        let brussels = TimeZone::get("Europe/Brussels").expect("a zone");
        let night = QuietHours { from: time(22, 0, 0, 0), to: time(7, 0, 0, 0) };
        let noon = QuietHours { from: time(12, 0, 0, 0), to: time(13, 30, 0, 0) };
        let early = QuietHours { from: time(1, 0, 0, 0), to: time(2, 30, 0, 0) };
        let never = QuietHours { from: time(9, 0, 0, 0), to: time(9, 0, 0, 0) };
        // In Brussels clocks go from 02:00 to 03:00 on 29 March, from 03:00 to 02:00 on 25 October, at 01:00 UTC.
        let cases = [
            (night, "2026-11-23T20:59:59Z", None, "before ten at night"),
            (night, "2026-11-23T21:00:00Z", Some("2026-11-24T06:00:00Z"), "until the next morning"),
            (night, "2026-11-24T05:59:59Z", Some("2026-11-24T06:00:00Z"), "after midnight too"),
            (night, "2026-11-24T06:00:00Z", None, "seven is over"),
            (noon, "2026-11-23T11:00:00Z", Some("2026-11-23T12:30:00Z"), "within a day"),
            (noon, "2026-11-23T12:30:00Z", None, "its end is not part of it"),
            (never, "2026-11-23T08:00:00Z", None, "no length"),
            (night, "2026-03-28T22:00:00Z", Some("2026-03-29T05:00:00Z"), "a night one hour shorter"),
            (night, "2026-10-24T21:00:00Z", Some("2026-10-25T06:00:00Z"), "a night one hour longer"),
            (early, "2026-03-29T00:30:00Z", Some("2026-03-29T01:00:00Z"), "its end is skipped: clocks show 03:00"),
            (early, "2026-03-29T01:00:00Z", None, "and so it is over"),
            (early, "2026-10-25T00:10:00Z", Some("2026-10-25T00:30:00Z"), "02:10, for the first time"),
            (early, "2026-10-25T00:40:00Z", None, "02:40, for the first time"),
            (early, "2026-10-25T01:10:00Z", Some("2026-10-25T01:30:00Z"), "02:10 again"),
        ];
        for (quiet, moment, expected, why) in cases {
            let mut settings = acts(1.0, 20);
            settings.automation.quiet = Some(quiet);
            let obs = Observation { at: at(moment), ..observe(4) };
            let found = allowed(&plan(vec![change(0)]), &obs, &settings, &[], &brussels);
            let word = expected.map_or(AutomationWord::Acting, |until| AutomationWord::QuietUntil { until: at(until) });
            assert_eq!((found.word, found.crons.len()), (word, usize::from(expected.is_none())), "{why}");
        }
    }
}

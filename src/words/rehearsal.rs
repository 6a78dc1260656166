//! An outage that was rehearsed: what came of it in a sentence, in numbers, and one thing after another.

use jiff::Timestamp;

use super::crisis::sum_up;
use super::{Speech, account_name, clock, count, fine_span, level, list, span};
use crate::domain::{
    AutomationLevel, Drill, OutageLasts, Rehearsal, RehearsalEvent, RehearsalLane, Rehearsed, Settings, StartedBy,
    Wrote,
};

/// "Anthropic and Google away for 6 h: 7 runs fail, 29 without this program. …"
#[must_use]
pub fn rehearsal(of: &Rehearsal, speech: &Speech<'_>) -> String {
    let names: Vec<_> = of.accounts.iter().map(account_name).collect();
    let lasts = fine_span(of.ends.duration_since(of.begins));
    let (with, without) = (of.with.n_failed, of.without.n_failed);
    let fail = |n: u32| match n {
        0 => "no run fails".to_owned(),
        1 => "1 run fails".to_owned(),
        n => format!("{n} runs fail"),
    };
    let beside = match without {
        0 => "none".to_owned(),
        n if n == with => "as many".to_owned(),
        n => n.to_string(),
    };
    let went = format!("{} away for {lasts}: {} with this program, {beside} without it.", list(&names), fail(with));
    let missed = (of.with.n_missed > 0).then(|| {
        let runs = count(of.with.n_missed as usize, "run");
        match of.most_paused() as usize {
            0 => format!("Left out, because the gateway switched their crons off: {runs}."),
            paused => format!("Up to {} pause, which leaves out {runs}.", count(paused, "cron")),
        }
    });
    let said: Vec<String> =
        [Some(went), Some(noticed(of)), missed, Some(ending(of, speech))].into_iter().flatten().collect();
    said.join(" ")
}

fn noticed(of: &Rehearsal) -> String {
    let Some((at, n_failed)) = of.noticed() else {
        return if of.known_before() { "It knew of it before." } else { "It finds nothing out." }.to_owned();
    };
    let after = fine_span(at.duration_since(of.begins));
    match n_failed {
        0 => format!("It finds out after {after}, before a run fails."),
        n => format!("It finds out after {after} and {}.", count(n as usize, "failed run")),
    }
}

fn ending(of: &Rehearsal, speech: &Speech<'_>) -> String {
    if let Some(broken) = &of.broken {
        return format!(
            "It ended early, because the program broke a rule of its own at {}: {}. Please report it.",
            clock(broken.at, speech),
            broken.law
        );
    }
    let but = match of.switched_off.as_slice() {
        [] => String::new(),
        [one] => format!(", but {one}, which the gateway switched off"),
        several => format!(", but {} that the gateway switched off", count(several.len(), "cron")),
    };
    let aside = |n: u32, what: &str| (n > 0).then(|| format!("{n} {what}"));
    let asides = [
        aside(of.n_refitted, "with the fallbacks of their chains"),
        aside(of.n_home, "back where their chains bring them"),
    ];
    let asides: Vec<String> = asides.into_iter().flatten().collect();
    let what = if asides.is_empty() {
        "Every cron is as before".to_owned()
    } else {
        format!("Every cron runs as before, {},", list(&asides))
    };
    match (of.as_before, of.otherwise.as_slice()) {
        (Some(at), _) if at <= of.ends => format!("{what} when it ends{but}."),
        (Some(at), _) => {
            format!("{what} {} after it ends{but}.", fine_span(at.duration_since(of.ends)))
        }
        (None, []) => "Something is still owed a day after it ends.".to_owned(),
        (None, [one]) => format!("{one} is not as before a day after it ends."),
        (None, others) => format!("{} are not as before a day after it ends.", count(others.len(), "cron")),
    }
}

/// How far one is that is under way: "41% lived through". How long everything takes to be as before nobody knows.
#[must_use]
pub fn rehearsal_part(part: f32) -> String {
    if part >= 0.985 {
        "Finishing: until everything is as before…".to_owned()
    } else {
        format!("{:.0}% lived through", part * 100.0)
    }
}

/// "+6 h 12 min" after it began, "12 min before".
#[must_use]
pub fn rehearsal_offset(of: &Rehearsal, at: Timestamp) -> String {
    match at.duration_since(of.begins) {
        ahead if ahead.is_negative() => format!("{} before", fine_span(ahead.abs())),
        ahead => format!("+{}", fine_span(ahead)),
    }
}

/// One number of both lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LivedRow {
    pub what: &'static str,
    pub with: String,
    pub without: String,
}

/// With the program beside without it; what is nothing in both is left out where it is rare.
#[must_use]
pub fn rehearsal_numbers(of: &Rehearsal) -> Vec<LivedRow> {
    let (with, without) = (&of.with, &of.without);
    let row = |what, with: u32, without: u32| LivedRow { what, with: with.to_string(), without: without.to_string() };
    let mut rows = vec![row("Runs", with.n_runs, without.n_runs), row("Failed runs", with.n_failed, without.n_failed)];
    if with.n_missed + without.n_missed > 0 {
        rows.push(row("Runs left out", with.n_missed, without.n_missed));
    }
    if with.n_switched_off + without.n_switched_off > 0 {
        rows.push(row("Switched off", with.n_switched_off, without.n_switched_off));
    }
    rows.push(row("Changes", with.n_writes, without.n_writes));
    rows
}

/// "Google is away: 3 runs fail, 14 without this program. 2 to 9 crons are on it": what a row of the picture shows.
#[must_use]
pub fn rehearsal_lane(lane: &RehearsalLane) -> String {
    let name = account_name(&lane.account);
    let how = if lane.fails { "is away" } else { "serves" };
    let crons = lane.crons.iter().map(|(_, n)| *n);
    let (least, most) = (crons.clone().min().unwrap_or_default(), crons.max().unwrap_or_default());
    let crons = match (least, most) {
        (0, 0) => "No cron is on it".to_owned(),
        (least, most) if least == most => format!("{} on it", count(most as usize, "cron")),
        (least, most) => format!("{least} to {} on it", count(most as usize, "cron")),
    };
    let failed = (lane.failed.len(), lane.failed_without.len());
    match failed {
        (0, 0) => format!("{name} {how}. {crons}"),
        (with, without) => {
            format!("{name} {how}: {} with this program, {without} without. {crons}", count(with, "failed run"))
        }
    }
}

/// What happened, in a sentence.
#[must_use]
pub fn rehearsed(event: &RehearsalEvent, of: &Rehearsal, speech: &Speech<'_>) -> String {
    let names = || list(&of.accounts.iter().map(account_name).collect::<Vec<_>>());
    let verb = if of.accounts.len() == 1 { ["stops", "serves"] } else { ["stop", "serve"] };
    match &event.what {
        Rehearsed::Begins => format!("{} {} serving", names(), verb[0]),
        Rehearsed::RunFails { cron } => format!("The first run fails: {cron}"),
        Rehearsed::Noticed { account, n_failed: 0 } => {
            format!("The program finds out that {} does not serve", account_name(account))
        }
        Rehearsed::Noticed { account, n_failed } => format!(
            "The program finds out that {} does not serve, after {}",
            account_name(account),
            count(*n_failed as usize, "failed run")
        ),
        Rehearsed::Level(now) => format!("The level is {}", level(*now)),
        Rehearsed::CrisisOn(by) => format!("Crisis mode begins{}", pressed(*by)),
        Rehearsed::GivesBack(by) => format!("What was changed begins to be given back{}", pressed(*by)),
        Rehearsed::CrisisOff => "Crisis mode is over".to_owned(),
        Rehearsed::Wrote(wrote) => wrote_sentence(wrote),
        Rehearsed::WakesAt { account, at } => {
            format!("A wake-up for {} is put on the gateway, for {}", account_name(account), clock(*at, speech))
        }
        Rehearsed::SwitchedOff { cron } => format!("The gateway switches off {cron}, which failed too often"),
        Rehearsed::Ends => format!("{} {} again", names(), verb[1]),
        Rehearsed::FoundBack { account } => format!("The program finds out that {} serves", account_name(account)),
        Rehearsed::AsBefore if of.n_refitted + of.n_home > 0 => "Every cron runs as before".to_owned(),
        Rehearsed::AsBefore => "Every cron is as before".to_owned(),
    }
}

fn pressed(by: StartedBy) -> &'static str {
    match by {
        StartedBy::Hand => ": you press",
        StartedBy::Automation => ", by itself",
    }
}

fn wrote_sentence(wrote: &Wrote) -> String {
    let mut verb = ["moves", "move"];
    let moved = wrote.moved.iter().map(|(account, n)| {
        let said = (*n as usize, verb, format!(" to {}", account_name(account)));
        verb = ["", ""];
        said
    });
    let moved: Vec<(usize, [&str; 2], String)> = moved.collect();
    let others = [
        (wrote.n_paused as usize, ["pauses", "pause"], String::new()),
        (wrote.n_resumed as usize, ["runs", "run"], " again".to_owned()),
        (wrote.n_refitted as usize, ["gets", "get"], " other fallbacks".to_owned()),
    ];
    let parts: Vec<(usize, [&str; 2], String)> = moved.into_iter().chain(others).collect();
    let said = sum_up(parts).unwrap_or_else(|| "Nothing changes".to_owned()).replace("  ", " ");
    match wrote.stage {
        Some(stage) => format!("Given back, stage {}: {said}", stage + 1),
        None if wrote.by == StartedBy::Hand => format!("{said}: you press"),
        None => said,
    }
}

/// How much of it the settings let the program do by itself, and what is played for its user.
#[must_use]
pub fn rehearsal_manners(settings: &Settings) -> String {
    let after = span(Drill::PRESSED_AFTER);
    match settings.automation.level {
        AutomationLevel::ActWithinLimits => {
            format!("Automation acts within its limits; what it leaves to you is pressed {after} after it is offered.")
        }
        AutomationLevel::Ask | AutomationLevel::Observe => {
            format!("Nothing is done by itself with your settings: what is offered is pressed {after} later.")
        }
    }
}

/// Before anything is supposed to be down.
pub const HOW_TO_REHEARSE: &str =
    "Take accounts down above, then see how your own crons live through it, with this program and without.";

/// Why it cannot begin.
pub const NOTHING_TO_REHEARSE: &str = "Take an account down above first";

pub const WHAT_REHEARSING_DOES: &str = "Lives the outage through on a copy of your crons";

/// Somebody did not want to wait.
pub const REHEARSAL_STOPPED: &str = "The rehearsal was stopped before its end: there is nothing to show of it.";

/// It came to no end.
pub const REHEARSAL_FAILED: &str =
    "The rehearsal did not come to an end, because this program was wrong. The log says more; please report it.";

/// What is played, and what is not.
pub const WHAT_A_REHEARSAL_PLAYS: &str = "Your crons fire as scheduled among simulated providers. What waits in today's plan is applied first. What runs \
     use up of a quota is not played, and nobody edits anything meanwhile.";

/// "6 h", "until the reset".
#[must_use]
pub fn outage_lasts(lasts: OutageLasts) -> String {
    match lasts {
        OutageLasts::For(lasts) => fine_span(lasts),
        OutageLasts::UntilReset => "until the reset".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::SignedDuration;

    use super::super::testing::{at, world};
    use super::*;
    use crate::domain::{AccountId, BrokenLaw, Lived};

    fn lived() -> Rehearsal {
        let begins = at("2026-11-23 06:00");
        let ends = begins + SignedDuration::from_hours(6);
        let noticed = Rehearsed::Noticed { account: AccountId::new("google"), n_failed: 1 };
        Rehearsal {
            accounts: ["anthropic", "google"].map(AccountId::new).to_vec(),
            begins,
            ends,
            until: ends + SignedDuration::from_hours(1),
            events: vec![RehearsalEvent { at: begins + SignedDuration::from_mins(3), what: noticed }],
            lanes: Vec::new(),
            paused: vec![(begins, 0), (begins + SignedDuration::from_mins(9), 12), (ends, 0)],
            with: Lived { n_runs: 90, n_failed: 7, n_missed: 21, n_switched_off: 0, n_writes: 30 },
            without: Lived { n_runs: 100, n_failed: 29, ..Lived::default() },
            n_presses: 0,
            as_before: Some(ends + SignedDuration::from_mins(29)),
            switched_off: Vec::new(),
            otherwise: Vec::new(),
            n_refitted: 0,
            n_home: 0,
            broken: None,
        }
    }

    #[test]
    fn what_is_otherwise_than_it_began_and_yet_as_it_should_be_is_said_so() {
        let world = world();
        let lived = Rehearsal { n_refitted: 2, n_home: 7, ..lived() };
        let said = rehearsal(&lived, &world.speech());
        let expected = "Every cron runs as before, 2 with the fallbacks of their chains and 7 back where their chains bring \
                        them, 29 min after it ends.";
        assert!(said.ends_with(expected), "{said}");
    }

    #[test]
    fn how_far_one_is_is_said_until_nobody_knows() {
        assert_eq!(rehearsal_part(0.414), "41% lived through");
        assert_eq!(rehearsal_part(0.98), "98% lived through");
        assert!(rehearsal_part(0.99).starts_with("Finishing"));
    }

    #[test]
    fn a_sentence_says_how_it_went_with_the_program_and_without() {
        let (world, whole) = (world(), lived());
        let speech = world.speech();
        assert_eq!(
            rehearsal(&whole, &speech),
            "Anthropic and Google away for 6 h: 7 runs fail with this program, 29 without it. It finds out after 3 min \
             and 1 failed run. Up to 12 crons pause, which leaves out 21 runs. Every cron is as before 29 min after it \
             ends."
        );
        let off = vec!["disk-check".to_owned()];
        let but = Rehearsal { switched_off: off, ..whole.clone() };
        assert!(rehearsal(&but, &speech).ends_with("after it ends, but disk-check, which the gateway switched off."));
        let names = vec!["Inbox triage".to_owned()];
        let left = Rehearsal { as_before: None, otherwise: names, ..whole.clone() };
        assert!(rehearsal(&left, &speech).ends_with("Inbox triage is not as before a day after it ends."));
        let law = BrokenLaw { at: whole.ends, law: "a run is not ended by a pause".to_owned(), seen: String::new() };
        let said = rehearsal(&Rehearsal { broken: Some(law), ..whole }, &speech);
        assert!(
            said.contains("the program broke a rule of its own at 12:00: a run is not ended by a pause."),
            "{said}"
        );
    }

    #[test]
    fn what_was_written_is_summed_up_and_says_whose_press_it_was() {
        let (world, whole) = (world(), lived());
        let moved = BTreeMap::from([(AccountId::new("kimi"), 1), (AccountId::new("zai"), 14)]);
        let wrote = Wrote {
            by: StartedBy::Hand,
            stage: None,
            moved,
            n_paused: 2,
            n_resumed: 0,
            n_refitted: 0,
            until: whole.ends,
        };
        let said = |wrote: &Wrote| {
            rehearsed(
                &RehearsalEvent { at: whole.begins, what: Rehearsed::Wrote(wrote.clone()) },
                &whole,
                &world.speech(),
            )
        };
        assert_eq!(said(&wrote), "1 cron moves to Kimi, 14 to Z.ai, 2 pause: you press");
        let back = Wrote { stage: Some(1), moved: BTreeMap::new(), n_paused: 0, n_resumed: 3, ..wrote };
        assert_eq!(said(&back), "Given back, stage 2: 3 crons run again");
    }

    #[test]
    fn moments_are_told_from_the_beginning_of_the_outage() {
        let whole = lived();
        let told = |mins| rehearsal_offset(&whole, whole.begins + SignedDuration::from_mins(mins));
        assert_eq!([told(-18), told(0), told(65)], ["18 min before", "+0 s", "+1 h 05 min"]);
    }
}

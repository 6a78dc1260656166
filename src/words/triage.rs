//! Triage in words: what is wrong with a failing cron, and what to do about it.
//!
//! Invariant: what a provider wrote is never repeated here. Its meaning is said, and the account's billing
//! kind decides in which words; only the gateway's own sentence about a job's own work is quoted.

use super::text::{capitalised, lowered};
use super::{
    Said, Speech, account_name, clock_with_day, diagnosis_advice, diagnosis_headline, model_name, vendor_name,
};
use crate::domain::{
    Advice, Diagnosis, FAILURES_TO_SWITCH_OFF, HealthState, Mender, Planned, Reason, SwitchOff, Triage, TriageKind,
    vendor_of,
};

/// "OpenAI: key rejected … Switched off by the gateway after 10 failures, yesterday 21:04." and what mends it.
#[must_use]
pub fn triage(triage: &Triage, speech: &Speech<'_>) -> Said {
    let cause = cause(triage, speech);
    let what = match triage_warning(triage, speech) {
        Some(warning) => format!("{cause}. {warning}."),
        None => cause,
    };
    let mends = mends(triage, speech);
    let again = |how: &str| match triage.kind.mender() {
        Mender::Time => format!("When this has passed, {how}"),
        _ => format!("{mends}; then {how}"),
    };
    let remedy = match &triage.switch_off {
        SwitchOff::Far | SwitchOff::Near { .. } => mends,
        SwitchOff::Off { .. } => again(&format!("switch it on again: openclaw cron enable {}", triage.cron)),
        SwitchOff::Over => again(&format!("run it once more: openclaw cron run {}", triage.cron)),
    };
    Said { what, remedy: Some(remedy) }
}

/// How near the gateway is to switching it off, or that it did; `None` while that is far.
#[must_use]
pub fn triage_warning(triage: &Triage, speech: &Speech<'_>) -> Option<String> {
    let day = |at| clock_with_day(at, speech);
    Some(match &triage.switch_off {
        SwitchOff::Far => return None,
        SwitchOff::Near { next_run_at } => {
            let next = next_run_at.map(|at| format!(" {}", day(at))).unwrap_or_default();
            format!(
                "{} of {FAILURES_TO_SWITCH_OFF} failures in a row: the gateway switches it off if its next run{next} \
                 fails as well",
                triage.failures
            )
        }
        SwitchOff::Off { at, failures } => {
            let after = failures.map(|n| format!(" after {}", super::count(n as usize, "failure")));
            let when = at.map(|at| format!(", {}", day(at))).unwrap_or_default();
            format!("Switched off by the gateway{}{when}", after.unwrap_or_default())
        }
        SwitchOff::Over => "It was to run once, and does not run again by itself".to_owned(),
    })
}

fn cause(triage: &Triage, speech: &Speech<'_>) -> String {
    if let Some(said) = triage.said.as_deref() {
        return of_diagnosis(said, triage, speech);
    }
    let whose = triage.account.as_ref().map_or_else(|| "Its provider".to_owned(), account_name);
    match triage.kind {
        TriageKind::Auth => format!("{whose} refuses its key or its sign-in"),
        TriageKind::Account => format!("{whose} refuses this account"),
        TriageKind::Delivery => "Its answer could not be delivered".to_owned(),
        TriageKind::Schedule => "The gateway cannot work out when it runs next".to_owned(),
        TriageKind::Job => match triage.error.as_deref().filter(|_| triage.account.is_none()) {
            Some(error) => format!("Its own work failed: {}", error.trim_start_matches(['⚠', '\u{FE0F}', ' '])),
            None => "Its own work failed".to_owned(),
        },
        TriageKind::Model => "Its model is not allowed or not to be had".to_owned(),
        TriageKind::Limit => format!("{whose} let it run into a limit"),
        TriageKind::Overload => format!("{whose} is overloaded"),
        TriageKind::Unreachable => format!("{whose} cannot be reached"),
        TriageKind::Timeout => "It did not finish in its time".to_owned(),
        TriageKind::Cooldown => {
            let whose = triage.account.as_ref().map_or_else(|| "its provider".to_owned(), account_name);
            format!("The gateway waits before it asks {whose} again")
        }
        TriageKind::Lock => "Another run held its session".to_owned(),
        TriageKind::Interrupted => "The gateway was restarted during its run".to_owned(),
        TriageKind::Unknown => "It failed, and nothing here knows why".to_owned(),
    }
}

/// The headline, with the name of the account where it does not say it.
fn of_diagnosis(said: &Diagnosis, triage: &Triage, speech: &Speech<'_>) -> String {
    let headline = match said.reset_at.filter(|at| *at <= speech.now) {
        Some(at) => format!("It ran into a limit that was to reset {}", clock_with_day(at, speech)),
        None => diagnosis_headline(said, speech),
    };
    // Of an account that serves, only what was wrong with the request is news.
    let headline = headline.strip_prefix("Up — ").map(capitalised).unwrap_or(headline);
    match &triage.account {
        Some(account) if !headline.contains(&vendor_name(&vendor_of(account))) => {
            format!("{}: {}", account_name(account), lowered(&headline))
        }
        _ => headline,
    }
}

/// What a person can do, or that nothing needs to be done.
fn mends(triage: &Triage, speech: &Speech<'_>) -> String {
    let plan = match &triage.planned {
        Planned::Moves { to: Some(to) } => Some(format!("it moves to {}", model_name(to, speech))),
        Planned::Moves { to: None } => Some("it moves to another model".to_owned()),
        Planned::Pauses => Some("it pauses until something serves".to_owned()),
        Planned::Nothing { .. } => None,
    };
    // Another model mends neither a delivery nor a job's own work.
    let of_account = matches!(triage.kind, TriageKind::Auth | TriageKind::Account);
    match (triage.kind.mender(), plan) {
        (Mender::User, Some(plan)) if of_account => {
            format!("{}; by the plan {plan} meanwhile", by_hand(triage, speech))
        }
        (Mender::User | Mender::Look, _) => by_hand(triage, speech),
        (Mender::Route | Mender::Time, Some(plan)) => format!("Apply the plan: {plan}"),
        (Mender::Route, None) => reroute(&triage.planned).to_owned(),
        (Mender::Time, None) => in_time(triage, speech),
    }
}

fn by_hand(triage: &Triage, speech: &Speech<'_>) -> String {
    let whose = triage.account.as_ref().map_or_else(|| "its provider".to_owned(), account_name);
    let said = triage.said.as_deref();
    match said.map(|said| said.advice) {
        Some(Advice::FixKey) => return format!("Check the API key of {whose} where the gateway keeps it"),
        Some(Advice::ShrinkRequest) => return "Give it less to read, or a model that takes more".to_owned(),
        _ => {}
    }
    if let Some(advice) = said.and_then(|said| diagnosis_advice(said, speech)) {
        return advice;
    }
    match triage.kind {
        TriageKind::Auth => format!("Sign in to {whose} again, or check its API key where the gateway keeps it"),
        TriageKind::Account => format!("Look at the account at {whose}"),
        TriageKind::Delivery => {
            "Give its delivery a channel and a recipient in OpenClaw, or switch the delivery off".to_owned()
        }
        TriageKind::Schedule => "Correct its schedule in OpenClaw".to_owned(),
        TriageKind::Job if triage.account.is_none() => "Look at what it runs: its script, command or tool".to_owned(),
        TriageKind::Job => "Look at its message".to_owned(),
        _ => "Look at its last run in OpenClaw".to_owned(),
    }
}

fn reroute(planned: &Planned) -> &'static str {
    let Planned::Nothing { why: Some(why) } = planned else { return "Choose another model for it" };
    match why {
        Reason::Unsorted => "Give it a tier, so that the plan moves it to another model",
        Reason::Pinned { .. } | Reason::PinnedOnDeadRoute { .. } | Reason::PinnedCriticalOnDeadRoute { .. } => {
            "Unpin it, so that the plan moves it to another model"
        }
        Reason::Held { .. } => "Lift its hold, so that the plan moves it to another model",
        _ => "Choose another model for it",
    }
}

fn in_time(triage: &Triage, speech: &Speech<'_>) -> String {
    let advice = triage.said.as_deref().filter(|said| said.retry_at.is_none_or(|at| at > speech.now));
    let advice = advice.filter(|said| said.state != HealthState::Up).and_then(|said| diagnosis_advice(said, speech));
    advice.unwrap_or_else(|| match triage.kind {
        TriageKind::Timeout if triage.account.is_none() => {
            "Nothing to do, unless it returns: then give the job more time".to_owned()
        }
        TriageKind::Lock => "Nothing to do, unless it returns: then let the two run at different times".to_owned(),
        _ => "Nothing to do: its next run shows whether it has passed".to_owned(),
    })
}

#[cfg(test)]
mod tests;

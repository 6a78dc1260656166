//! The way back from a crisis: when, what is given back, what was missed, and what cannot be given back.

use jiff::{SignedDuration, Timestamp};

use super::{UntickedLines, sum_up, vendors};
use crate::domain::{
    AccountId, CrisisView, Ledger, LedgerEntry, Missed, Plan, Readiness, Reason, RecoveryCheck, RecoveryReport,
    ReportLine, Seal, Verdict,
};
use crate::words::{Speech, account_name, capitalised, clock, clock_and_relative, count, list, relative, span};

/// Relapses are remembered for so long.
const RELAPSES_COUNT: SignedDuration = SignedDuration::from_hours(24);

/// "23 crons get back what they had, 2 run on another route until theirs serves".
#[must_use]
pub fn recover_sentence(plan: &Plan, ledger: &Ledger) -> String {
    let ticked = plan.changes.iter().filter(|change| change.ticked);
    let offered = |reason: &Reason| matches!(reason, Reason::SwitchedOffInOutage { .. });
    let (mut back, mut elsewhere, mut switched_on) = (0, 0, 0);
    for change in ticked {
        match &change.reason {
            Reason::GivenBack => back += 1,
            reason if offered(reason) => switched_on += 1,
            _ => elsewhere += 1,
        }
    }
    let stays = plan.decisions.iter().filter(|decision| decision.reason == Reason::StillPaused).count();
    let keeps = plan.decisions.iter().filter(|decision| decision.verdict == Verdict::Stay).count();
    let waits = plan.decisions.iter().filter(|d| d.verdict == Verdict::Waiting && d.reason != Reason::StillPaused);
    let held = paused_and_held(plan, ledger);
    let said = sum_up([
        (back, ["gets back what it", "get back what they"], " had".to_owned()),
        (elsewhere, ["runs", "run"], " on another route until the former one serves".to_owned()),
        (switched_on, ["is", "are"], " switched on again after the gateway switched off".to_owned()),
        (keeps, ["stays", "stay"], " on another model until the former one serves".to_owned()),
        (stays, ["stays", "stay"], " paused until a provider is back".to_owned()),
        (waits.count(), ["waits", "wait"], " for a provider".to_owned()),
        (held, ["stays", "stay"], because_held(held)),
    ]);
    let mut said = said.unwrap_or_else(|| "Nothing to give back".to_owned());
    let UntickedLines { agent_made, switched_off: off, others } = UntickedLines::of(plan);
    if off > 0 {
        said = format!("{said}. {} switched off by the gateway: tick to switch on again", count(off, "cron"));
    }
    match agent_made + others {
        0 => {}
        1 => said.push_str(". 1 left out unless you tick it"),
        n => said = format!("{said}. {n} left out unless you tick them"),
    }
    said
}

/// "2 crons stay paused because you hold them": nobody switches on what this program paused and you hold.
#[must_use]
pub fn held_sentence(plan: &Plan, ledger: &Ledger) -> Option<String> {
    let held = paused_and_held(plan, ledger);
    sum_up([(held, ["stays", "stay"], because_held(held))])
}

fn paused_and_held(plan: &Plan, ledger: &Ledger) -> usize {
    let held = plan.decisions.iter().filter(|decision| matches!(decision.reason, Reason::Held { .. }));
    held.filter(|decision| ledger.get(&decision.cron).is_some_and(LedgerEntry::paused)).count()
}

fn because_held(n: usize) -> String {
    format!(" paused because you hold {}", if n == 1 { "it" } else { "them" })
}

/// Whether what was changed may be given back, and what it waits for.
#[must_use]
pub fn readiness(view: &CrisisView, speech: &Speech<'_>) -> String {
    match &view.readiness {
        Readiness::NothingOwed => "Nothing to give back".to_owned(),
        Readiness::StillDown { vendors: down, expected } => still_down(down, *expected, speech),
        Readiness::Settling { until, n_relapses: 0 } => {
            format!("{} again, and must go on until {} first", serve(view), clock_and_relative(*until, speech))
        }
        Readiness::Settling { until, n_relapses } => relapsed(view, *until, *n_relapses, speech),
        Readiness::Ready => "What was changed can be given back".to_owned(),
        Readiness::Recovering => "What was changed is being given back".to_owned(),
    }
}

fn still_down(down: &[crate::domain::VendorId], expected: Option<Timestamp>, speech: &Speech<'_>) -> String {
    let expected = expected.filter(|at| *at > speech.now).map(|at| clock_and_relative(at, speech));
    let (said, expects) = match down.len() {
        // No provider is, but what something had before does not serve, or not for long enough.
        0 => ("What is owed waits for its own route to serve".to_owned(), "expected"),
        1 => (format!("{} is still down", vendors(down)), "expected back"),
        _ => (format!("{} are still down", vendors(down)), "expected back"),
    };
    match expected {
        Some(at) => format!("{said}, {expects} at about {at}"),
        None => said,
    }
}

/// "Kimi serves", "Kimi and Google serve".
fn serve(view: &CrisisView) -> String {
    match view.state.came_back.len() {
        0 => "The providers serve".to_owned(),
        1 => format!("{} serves", vendors(view.state.came_back.keys())),
        _ => format!("{} serve", vendors(view.state.came_back.keys())),
    }
}

/// "Kimi failed again twice today, so it must serve 40 min first: until 16:40".
fn relapsed(view: &CrisisView, until: Timestamp, n: u32, speech: &Speech<'_>) -> String {
    let (who, it) = match view.state.came_back.len() {
        0 => ("A provider".to_owned(), "it"),
        1 => (vendors(view.state.came_back.keys()), "it"),
        _ => ("Providers".to_owned(), "they"),
    };
    let times = match n {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    };
    let day = |at: Timestamp| speech.zone.to_datetime(at).date();
    let counted = view.state.relapses.iter().filter(|at| speech.now.duration_since(**at) <= RELAPSES_COUNT);
    let today = counted.clone().count() > 0 && counted.clone().all(|at| day(*at) == day(speech.now));
    let lately = if today { "today" } else { "in the last 24 h" };
    let wait = match view.state.came_back.values().max() {
        Some(back) if *back < until => format!("serve {} first", span(until.duration_since(*back))),
        _ => "serve longer first".to_owned(),
    };
    format!("{who} failed again {times} {lately}, so {it} must {wait}: until {}", clock(until, speech))
}

/// The one-shot on the gateway: "Kimi is looked at again at 18:01, in 2 h: the gateway reminds this program". Where the
/// gateway cannot start it, it hears of that while it runs, or at its next start.
#[must_use]
pub fn recovery_check(account: &AccountId, check: &RecoveryCheck, speech: &Speech<'_>) -> String {
    let said = format!("{} is looked at again at {}", account_name(account), clock_and_relative(check.at, speech));
    if check.cron.is_some() { format!("{said}: the gateway reminds this program") } else { said }
}

/// "23 crons were given back since 15:02, 21 of them identical to before, and missed 12 runs".
#[must_use]
pub fn report_headline(report: &RecoveryReport, speech: &Speech<'_>) -> String {
    let n = report.lines.len();
    let identical = report.lines.iter().filter(|line| line.seal == Seal::Identical).count();
    let verb = if n == 1 { "was" } else { "were" };
    let proven = match identical {
        0 => String::new(),
        all if all == n && n == 1 => ", identical to before".to_owned(),
        all if all == n => ", all identical to before".to_owned(),
        some => format!(", {some} of them identical to before"),
    };
    let missed = match n_missed(report) {
        0 => String::new(),
        missed => format!("; {} missed", missed_runs(missed)),
    };
    format!("{} {verb} given back since {}{proven}{missed}", count(n, "cron"), clock(report.since, speech))
}

/// All runs that were missed, as far as they can be counted.
#[must_use]
pub fn n_missed(report: &RecoveryReport) -> u32 {
    report.lines.iter().filter_map(|line| line.missed).fold(0, |sum, missed| sum.saturating_add(missed.n_runs))
}

fn missed_runs(n: u32) -> String {
    if n == 1 { "1 run was".to_owned() } else { format!("{n} runs were") }
}

/// "missed 3 runs, the last at 09:30 · definition identical to before".
#[must_use]
pub fn report_line(line: &ReportLine, speech: &Speech<'_>) -> String {
    let ran = line.ran_at.map(|at| format!("run after all {}", relative(at, speech.now)));
    let parts: Vec<_> =
        [missed_of(line, speech), ran, Some(seal(line.seal).to_owned())].into_iter().flatten().collect();
    parts.join(" · ")
}

/// "missed 3 runs, the last at 09:30"; `None` for one that was never paused.
#[must_use]
pub fn missed_of(line: &ReportLine, speech: &Speech<'_>) -> Option<String> {
    line.paused_from?;
    Some(line.missed.map_or_else(|| "what it missed cannot be told".to_owned(), |missed| self::missed(&missed, speech)))
}

/// "missed no run", "missed 1 run, at 09:30", "missed 3 runs, the last at 09:30".
#[must_use]
pub fn missed(missed: &Missed, speech: &Speech<'_>) -> String {
    let last = missed.last.or(missed.first).map(|at| clock(at, speech));
    match (missed.n_runs, last) {
        (0, _) => "missed no run".to_owned(),
        (1, Some(at)) => format!("missed 1 run, at {at}"),
        (n, Some(at)) => format!("missed {}, the last at {at}", many_runs(n)),
        (n, None) => format!("missed {}", many_runs(n)),
    }
}

fn many_runs(n: u32) -> String {
    let runs = count(n as usize, "run");
    if n >= Missed::COUNTED { format!("{runs} or more") } else { runs }
}

/// Whether the definition is the one from before.
#[must_use]
pub const fn seal(seal: Seal) -> &'static str {
    match seal {
        Seal::Identical => "definition identical to before",
        Seal::Differs => "not identical to before: your own edits stay, or its former model does not serve yet",
    }
}

/// What no recovery can give back.
pub const NOT_GIVEN_BACK: [&str; 3] = [
    "the phase of an interval schedule: it counts anew from when its cron was switched on",
    "the error count from before: the gateway begins a new one",
    "the authority of the channel account for which an agent made a cron: an edit drops it",
];

/// The same as one sentence.
#[must_use]
pub fn not_given_back() -> String {
    let brief: Vec<_> = NOT_GIVEN_BACK.iter().map(|said| said.split(": ").next().unwrap_or(said)).collect();
    format!("{} cannot be given back", capitalised(&list(&brief)))
}

//! Accounts for people: a table of all of them, or all there is to say of one.

use jiff::Timestamp;

use crate::cli::accounts::Known;
use crate::cli::output;
use crate::cli::session::Context;
use crate::cli::table::{cut, table};
use crate::domain::{Billing, ModelRef, QuotaWindow, Withheld};
use crate::words::{self, Speech};

/// Cells of a headline in the table; the document has it whole.
const MAX_HEADLINE: usize = 64;
/// More windows than this are counted, not listed.
const MAX_WINDOWS: usize = 3;

/// A line for each account, what helps those that are down, and the outage level.
pub(super) fn all(known: &[Known<'_>], since: Timestamp, tokens_spent: u64, context: &Context) -> String {
    let mut text = table(&known.iter().flat_map(|known| rows(known, since, context)).collect::<Vec<_>>());
    if known.is_empty() {
        text.push_str("No account is known: the gateway lists no model, and none was added\n");
    }
    let helps = known.iter().filter(|known| known.set_up).filter_map(|known| {
        let said = known.said();
        let next = said.next.filter(|_| said.standing.is_down())?;
        Some(words::on_one_line(&format!("{}: {next}", known.account.label)) + "\n")
    });
    let helps: Vec<_> = helps.collect();
    if !helps.is_empty() {
        text.push('\n');
        text.extend(helps);
    }
    format!("{text}\n{}\nThis check cost {}\n", output::outage(context), tokens(tokens_spent))
}

/// The account's line, and one for each model that is worse off.
fn rows(known: &Known<'_>, since: Timestamp, context: &Context) -> Vec<[String; 6]> {
    let speech = context.speech();
    let said = known.said();
    let reset = |at: Option<Timestamp>| at.map(|at| words::clock_and_relative(at, &speech)).unwrap_or_default();
    let mut rows = vec![[
        known.account.label.clone(),
        cut(&said.headline, MAX_HEADLINE),
        quota(known, context),
        reset(known.next_reset()),
        seen(known, &speech).unwrap_or_default(),
        asked(known, since, &speech),
    ]];
    rows.extend(known.models().into_iter().map(|model| {
        let name = ModelRef::parse(&model.model).map_or_else(|| model.model.clone(), |id| id.model().to_owned());
        let none = String::new;
        [format!("  {name}"), cut(&model.headline, MAX_HEADLINE), none(), reset(model.reset_at), none(), none()]
    }));
    rows
}

/// "from runs, 3 min ago".
fn seen(known: &Known<'_>, speech: &Speech<'_>) -> Option<String> {
    let (source, at) = known.source()?;
    Some(format!("{}, {}", words::source(source, known.account), words::relative(at, speech.now)))
}

/// "2 questions, no tokens", or why nothing was asked.
fn asked(known: &Known<'_>, since: Timestamp, speech: &Speech<'_>) -> String {
    let report = known.report(since);
    let (n, spent) = report.map_or((0, 0), |report| (report.requests.len(), report.tokens_spent));
    match report.and_then(|report| report.not_asked.first()) {
        _ if known.gateway_asked(since) && n == 0 => "the gateway asked".to_owned(),
        _ if known.gateway_asked(since) => format!("{}, then the gateway asked", words::count(n, "question")),
        _ if n > 0 => format!("{}, {}", words::count(n, "question"), tokens(spent)),
        Some(left_out) => format!("nothing: {}", words::withheld(left_out.why, speech)),
        None => "nothing".to_owned(),
    }
}

fn tokens(spent: u64) -> String {
    match spent {
        0 => "no tokens".to_owned(),
        1 => "1 token".to_owned(),
        more => format!("{more} tokens"),
    }
}

/// "5h 63%, Week 37%": the fullest first; of a prepaid account also "Balance 12.34 USD".
fn quota(known: &Known<'_>, context: &Context) -> String {
    let now = context.snapshot.at;
    let mut windows: Vec<_> =
        known.windows.iter().filter(|window| window.resets_at.is_none_or(|at| at > now)).collect();
    windows.sort_by(|a, b| b.used_ratio.total_cmp(&a.used_ratio));
    let share = |window: &&QuotaWindow| format!("{} {:.0}%", words::window_name(window), window.used_ratio * 100.0);
    let mut parts: Vec<_> = windows.iter().take(MAX_WINDOWS).map(share).collect();
    if windows.len() > MAX_WINDOWS {
        parts.push(format!("{} more", windows.len() - MAX_WINDOWS));
    }
    let prepaid = known.account.billing == Billing::PrepaidCredits;
    let money = context.snapshot.fleet.money.get(&known.account.id).filter(|_| prepaid);
    parts.extend(money.and_then(|read| words::dashboard_money(&read.money)));
    parts.join(", ")
}

/// All there is to say of one account.
pub(super) fn one(known: &Known<'_>, since: Timestamp, context: &Context) -> String {
    let speech = context.speech();
    let (account, said) = (known.account, known.said());
    let fleet = &context.snapshot.fleet;
    let plan = fleet.plans.get(&account.id).map(String::as_str);
    let mut lines = vec![
        format!("{} · {} · {}", account.label, account.id, words::account_price(account, plan, &speech)),
        said.headline,
    ];
    lines.extend(said.next);
    let trusted = !said.standing.is_down();
    lines.extend(seen(known, &speech).map(|seen| format!("Last evidence: {seen}")));
    lines.extend(known.breaker().filter(|_| trusted).and_then(|breaker| words::breaker(breaker, &speech)));
    lines.extend(known.models().into_iter().map(|model| format!("  {}: {}", model.model, model.headline)));
    for window in known.windows {
        let (name, used) = (words::window_name(window), words::window_used(window));
        let (reset, from) = (words::window_reset(window, &speech), words::window_source(window, account, &speech));
        lines.push(format!("  {name} {used}, {reset} · {from}"));
    }
    let money = fleet.money.get(&account.id).and_then(|read| words::account_money(read, account, &speech));
    lines.extend(money.map(|money| format!("  {money}")));
    lines.extend(known.quota_trouble().map(|trouble| words::diagnosis_headline(trouble, &speech)));
    lines.extend(known.look.map(|look| words::key_state(&look.key, &account.key)));
    if let Some(report) = known.report(since) {
        lines.extend(report.requests.iter().map(words::asked));
        let withheld = report.not_asked.iter().filter(|left_out| left_out.why != Withheld::Answered);
        lines.extend(withheld.map(|left_out| words::not_asked(left_out, &speech)));
        lines.extend((!known.gateway_asked(since)).then(|| words::tokens_spent(report)));
    }
    let by_gateway = "The gateway asked with its own key, which costs a few tokens";
    lines.extend(known.gateway_asked(since).then(|| by_gateway.to_owned()));
    lines.extend(words::told_to_wait(known.look, &speech));
    lines.push(output::outage(context));
    lines.iter().map(|line| words::on_one_line(line) + "\n").collect()
}

//! What a week costs, in words. Plans and money by the token are said apart.

use jiff::{SignedDuration, Timestamp};

use super::{Speech, account_name, count, list, span, usd};
use crate::domain::{AccountCost, Costs, Pays, Usd, Used};

/// More accounts than this are summed up in a line.
const NAMED: usize = 3;

/// "Last 7 days: $1.24 by the token (MiniMax $1.10, OpenAI $0.14), about $1.40 and 3 runs without a known price in the next 7 days ·
/// plans: Kimi 412 runs". `None` where nothing ran.
#[must_use]
pub fn costs_line(costs: &Costs, speech: &Speech<'_>) -> Option<String> {
    if costs.accounts.is_empty() {
        return None;
    }
    let (past, coming) = costs.by_token();
    let mut paid: Vec<&AccountCost> = of(costs, Pays::ByToken).filter(|one| one.past.money.0 > 0.0).collect();
    paid.sort_by(|a, b| b.past.money.0.total_cmp(&a.past.money.0));
    let named: Vec<String> = paid
        .iter()
        .take(NAMED)
        .map(|one| format!("{} {}", account_name(&one.account), usd(cents(one.past.money))))
        .collect();
    let named = if named.is_empty() { String::new() } else { format!(" ({})", named.join(", ")) };
    let next = next_days(costs, speech);
    let plans: Vec<String> = of(costs, Pays::Flat)
        .map(|one| {
            let price = one.flat.map(|flat| format!(" {}", usd(cents(flat)))).unwrap_or_default();
            format!("{}{price}, {}", account_name(&one.account), count(one.past.n_runs as usize, "run"))
        })
        .collect();
    let plans = if plans.is_empty() { String::new() } else { format!(" · plans: {}", list(&plans)) };
    let and = |used: Used| unpriced(&used).map(|runs| format!(" and {runs}")).unwrap_or_default();
    let past = format!("{} by the token{named}{}", usd(cents(past.money)), and(past));
    let coming = format!("{}{}", usd(cents(coming.money)), and(coming));
    Some(format!("Last 7 days: {past}, about {coming} in {next}{plans}"))
}

/// "$12.40 by token and 3 runs without a known price".
#[must_use]
pub(super) fn by_token(used: &Used) -> String {
    match (unpriced(used), used.n_unpriced >= used.n_runs) {
        (Some(runs), true) => runs,
        (Some(runs), false) => format!("{} by token and {runs}", usd(cents(used.money))),
        (None, _) => format!("{} by token", usd(cents(used.money))),
    }
}

/// "3 runs without a known price", if there are any.
fn unpriced(used: &Used) -> Option<String> {
    (used.n_unpriced > 0).then(|| format!("{} without a known price", count(used.n_unpriced as usize, "run")))
}

fn of(costs: &Costs, pays: Pays) -> impl Iterator<Item = &AccountCost> {
    costs.accounts.iter().filter(move |one| one.pays == pays)
}

/// "the next 7 days", or how far runs are told.
#[must_use]
pub fn next_days(costs: &Costs, speech: &Speech<'_>) -> String {
    format!("the next {}", days_from(costs, speech.now))
}

/// "7 days", or how far runs are told from then on.
pub(super) fn days_from(costs: &Costs, from: Timestamp) -> String {
    let ahead = costs.until.duration_since(from);
    if ahead > SignedDuration::from_hours(7 * 24 - 12) { "7 days".to_owned() } else { span(ahead) }
}

/// "by the token", "plan", "plan, $4.60 a week".
#[must_use]
pub fn paid_how(cost: &AccountCost) -> String {
    match (cost.pays, cost.flat) {
        (Pays::ByToken, _) => "by the token".to_owned(),
        (Pays::Nothing, _) => "costs nothing".to_owned(),
        (Pays::Flat, Some(flat)) => format!("plan, {} a week", usd(cents(flat))),
        (Pays::Flat, None) => "plan".to_owned(),
    }
}

/// "$1.10, 412 runs, 3.1 M tokens"; without money where none is paid for a token, or none is known.
#[must_use]
pub fn used(used: &Used, pays: Pays) -> String {
    if used.n_runs == 0 {
        return "–".to_owned();
    }
    let mut parts = Vec::new();
    if pays == Pays::ByToken {
        parts.push(match unpriced(used) {
            None => usd(cents(used.money)),
            Some(_) if used.n_unpriced >= used.n_runs => "price not known".to_owned(),
            Some(runs) => format!("{} and {runs}", usd(cents(used.money))),
        });
    }
    parts.push(count(used.n_runs as usize, "run"));
    if used.tokens > 0.0 {
        parts.push(tokens(used.tokens));
    }
    parts.join(", ")
}

/// "3.1 M tokens", "820 k tokens".
fn tokens(tokens: f64) -> String {
    if tokens >= 1e6 {
        format!("{:.1} M tokens", tokens / 1e6)
    } else {
        format!("{:.0} k tokens", (tokens / 1e3).max(1.0))
    }
}

/// Less than a cent is no sum of a week.
pub(super) fn cents(money: Usd) -> Usd {
    Usd((money.0 * 100.0).round() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, world};
    use super::*;
    use crate::domain::AccountId;

    fn cost(account: &str, pays: Pays, flat: Option<f64>, money: f64, n_runs: u32) -> AccountCost {
        let used = Used { n_runs, tokens: f64::from(n_runs) * 7_500.0, money: Usd(money), n_unpriced: 0 };
        let coming = Used { money: Usd(money * 1.5), ..used };
        AccountCost { account: AccountId::new(account), pays, flat: flat.map(Usd), past: used, coming }
    }

    #[test]
    fn a_week_says_money_by_the_token_and_plans_apart() {
        let world = world();
        let accounts = vec![
            cost("kimi", Pays::Flat, Some(4.6), 0.0, 412),
            cost("minimax", Pays::ByToken, None, 1.1, 900),
            cost("openai", Pays::ByToken, None, 0.14, 12),
            cost("zai", Pays::Flat, None, 0.0, 1),
        ];
        let costs = Costs { until: at("2026-11-30 06:00"), accounts };
        assert_eq!(
            costs_line(&costs, &world.speech()).as_deref(),
            Some(
                "Last 7 days: $1.24 by the token (MiniMax $1.10, OpenAI $0.14), about $1.86 in the next 7 days · \
                 plans: Kimi $4.60, 412 runs and Z.ai, 1 run"
            )
        );
        assert_eq!(costs_line(&Costs::default(), &world.speech()), None);
        let near = Costs { until: at("2026-11-25 06:00"), ..costs };
        assert!(costs_line(&near, &world.speech()).expect("a line").contains("in the next 2 d"));
    }

    #[test]
    fn runs_without_a_known_price_are_told_beside_the_money() {
        let world = world();
        let mut accounts = vec![cost("minimax", Pays::ByToken, None, 1.1, 900), cost("kimi", Pays::Flat, None, 0.0, 4)];
        (accounts[0].past.n_unpriced, accounts[0].coming.n_unpriced) = (1, 40);
        let costs = Costs { until: at("2026-11-30 06:00"), accounts };
        assert_eq!(
            costs_line(&costs, &world.speech()).as_deref(),
            Some(
                "Last 7 days: $1.10 by the token (MiniMax $1.10) and 1 run without a known price, about $1.65 and 40 runs without a \
                 known price in the next 7 days · plans: Kimi, 4 runs"
            )
        );
        let used = |n_unpriced| Used { n_runs: 200, tokens: 1e6, money: Usd(0.0), n_unpriced };
        for (n_unpriced, expected) in [
            (0, "$0 by token"),
            (3, "$0 by token and 3 runs without a known price"),
            (200, "200 runs without a known price"),
        ] {
            assert_eq!(by_token(&used(n_unpriced)), expected);
        }
    }

    #[test]
    fn what_is_not_known_of_money_is_said_in_runs_and_tokens() {
        let known = Used { n_runs: 412, tokens: 3_090_000.0, money: Usd(1.1), n_unpriced: 0 };
        for (what, pays, expected) in [
            (known, Pays::ByToken, "$1.10, 412 runs, 3.1 M tokens"),
            (known, Pays::Flat, "412 runs, 3.1 M tokens"),
            (Used { n_unpriced: 412, ..known }, Pays::ByToken, "price not known, 412 runs, 3.1 M tokens"),
            (
                Used { n_unpriced: 2, ..known },
                Pays::ByToken,
                "$1.10 and 2 runs without a known price, 412 runs, 3.1 M tokens",
            ),
            (Used { n_runs: 1, tokens: 8_200.0, ..known }, Pays::Flat, "1 run, 8 k tokens"),
            (Used::default(), Pays::ByToken, "–"),
        ] {
            assert_eq!(used(&what, pays), expected);
        }
        assert_eq!(paid_how(&cost("kimi", Pays::Flat, Some(4.6), 0.0, 1)), "plan, $4.60 a week");
    }
}

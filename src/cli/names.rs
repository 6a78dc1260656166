//! Which cron, account or model a person means.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::exit::{Exit, Failure};
use crate::domain::{
    AccountId, Catalog, Cron, CronId, ModelRef, ProviderAccount, RouteMatch, Service, Settings, VENDORS, vendor_of,
};
use crate::words;

/// More candidates than this are counted, not listed.
const MAX_CANDIDATES: usize = 8;
/// More names that may have been meant help nobody.
const MAX_NEAR: usize = 3;
/// From here on one name may be another misspelt: about two letters in five differ.
const MIN_LIKENESS: f64 = 0.6;
/// So many letters that stand in a name are a part of it, not chance.
const MIN_PART: usize = 3;

/// The cron with that id, else the only one whose name it is, else the only one whose id starts so.
pub(super) fn cron<'a>(crons: &'a BTreeMap<CronId, Arc<Cron>>, named: &str) -> Result<&'a Arc<Cron>, Failure> {
    let named = named.trim();
    if let Some(cron) = crons.get(named) {
        return Ok(cron);
    }
    let by_name: Vec<_> = crons.values().filter(|cron| same_name(&cron.name, named)).collect();
    let by_prefix: Vec<_> =
        crons.values().filter(|cron| !named.is_empty() && cron.id.as_str().starts_with(named)).collect();
    let found = if by_name.is_empty() { by_prefix } else { by_name };
    match found[..] {
        [only] => Ok(only),
        [] => Err(unknown_cron(crons, named)),
        _ => Err(ambiguous(named, found.iter().map(|cron| format!("{}  {}", cron.id, cron.name)))),
    }
}

fn unknown_cron(crons: &BTreeMap<CronId, Arc<Cron>>, named: &str) -> Failure {
    let remedy = did_you_mean(named, crons.values().map(|cron| cron.name.as_str()))
        .unwrap_or_else(|| "Give its id, the beginning of its id, or its whole name".to_owned());
    Failure::new(Exit::Usage, format!("no cron is called '{named}'")).with_remedy(remedy)
}

/// The account with that id, else the only one of that id in other letters, of that label, or at that
/// service or vendor.
pub(super) fn account<'a>(
    accounts: &'a BTreeMap<AccountId, ProviderAccount>,
    named: &str,
) -> Result<&'a ProviderAccount, Failure> {
    let named = named.trim();
    if let Some(account) = accounts.get(named) {
        return Ok(account);
    }
    let service = Service::of(named, None);
    let vendor = VENDORS.iter().find(|vendor| same_name(vendor.id, named) || same_name(vendor.name, named));
    let meant: [&dyn Fn(&ProviderAccount) -> bool; 4] = [
        &|account| same_name(account.id.as_str(), named),
        &|account| same_name(&account.label, named),
        &|account| service != Service::Other && account.service == service,
        &|account| vendor.is_some_and(|vendor| vendor_of(&account.id).as_str() == vendor.id),
    ];
    let by = |meant: &&dyn Fn(&ProviderAccount) -> bool| -> Vec<_> { accounts.values().filter(|a| meant(a)).collect() };
    let found = meant.iter().map(by).find(|found| !found.is_empty()).unwrap_or_default();
    match found[..] {
        [only] => Ok(only),
        [] => Err(unknown_account(accounts, named)),
        _ => Err(ambiguous(named, found.iter().map(|account| format!("{}  {}", account.id, account.label)))),
    }
}

fn unknown_account(accounts: &BTreeMap<AccountId, ProviderAccount>, named: &str) -> Failure {
    let failure = Failure::new(Exit::Usage, format!("no account is called '{named}'"));
    let known = accounts.values().flat_map(|account| [account.id.as_str(), account.label.as_str()]);
    let ids: Vec<_> = accounts.keys().map(AccountId::as_str).collect();
    match did_you_mean(named, known) {
        Some(remedy) => failure.with_remedy(remedy),
        None if ids.is_empty() => failure,
        None => failure.with_remedy(format!("There are {}", words::list(&ids))),
    }
}

fn did_you_mean<'a>(named: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let near = near(named, known);
    let (last, others) = near.split_last()?;
    let others = if others.is_empty() { String::new() } else { format!("{} or ", others.join(", ")) };
    Some(format!("Did you mean {others}{last}?"))
}

/// The known names that a misspelt or shortened one may stand for, the likeliest first, in quotes.
fn near<'a>(named: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let named = named.to_lowercase();
    let likeness = |name: &str| {
        let part_of_it = named.chars().count() >= MIN_PART && name.contains(&named);
        if part_of_it { 1.0 } else { strsim::normalized_damerau_levenshtein(name, &named) }
    };
    let known: BTreeMap<String, &str> = known.map(|name| (name.trim().to_lowercase(), name.trim())).collect();
    let mut near: Vec<_> = known.iter().map(|(lower, name)| (likeness(lower), *name)).collect();
    near.retain(|(likeness, _)| *likeness >= MIN_LIKENESS);
    near.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    near.into_iter().take(MAX_NEAR).map(|(_, name)| format!("'{name}'")).collect()
}

fn same_name(name: &str, named: &str) -> bool {
    name.trim() == named || name.trim().to_lowercase() == named.to_lowercase()
}

fn ambiguous(named: &str, candidates: impl ExactSizeIterator<Item = String>) -> Failure {
    let more = candidates.len().saturating_sub(MAX_CANDIDATES);
    let mut listed: Vec<_> = candidates.take(MAX_CANDIDATES).map(|line| format!("  {line}")).collect();
    if more > 0 {
        listed.push(format!("  and {more} more"));
    }
    Failure::new(Exit::Usage, format!("'{named}' could be any of these:\n{}", listed.join("\n")))
        .with_remedy("Give the id, or more of it")
}

/// The model a person means: a route by key or label, else what the gateway takes the text for.
pub(super) fn model(
    named: &str,
    settings: &Settings,
    catalog: &Catalog,
    resolve: impl Fn(&str) -> Option<ModelRef>,
) -> Result<ModelRef, Failure> {
    let route = settings
        .routes
        .iter()
        .find(|(key, route)| key.as_str().eq_ignore_ascii_case(named) || route.label.eq_ignore_ascii_case(named));
    let of_route = route.and_then(|(_, route)| route.model.clone());
    resolve(named).or(of_route).ok_or_else(|| {
        let models = catalog.models.values().flat_map(|model| [Some(model.id.as_str()), model.alias.as_deref()]);
        let routes = settings.routes.iter().flat_map(|(key, route)| [key.as_str(), route.label.as_str()]);
        let remedy = did_you_mean(named, models.flatten().chain(routes))
            .unwrap_or_else(|| "Give a route, an alias, or provider/model as the gateway lists it".to_owned());
        Failure::new(Exit::Usage, format!("the gateway lists no model '{named}'")).with_remedy(remedy)
    })
}

/// The settings with every certain match filled in: what the engine plans with.
pub(super) fn with_matches(settings: &Settings, matches: &[RouteMatch]) -> Settings {
    use crate::domain::MatchCertainty::{Confirmed, Sure};
    let mut settings = settings.clone();
    for found in matches.iter().filter(|found| matches!(found.certainty, Confirmed | Sure)) {
        if let Some(route) = settings.routes.get_mut(&found.route) {
            route.model.clone_from(&found.model);
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::{account, cron};
    use crate::cli::exit::Exit;
    use crate::domain::{AccountId, AgentTurn, Cron, CronId, Payload, ProviderAccount, Schedule};

    fn crons(of: &[(&str, &str)]) -> BTreeMap<CronId, Arc<Cron>> {
        let cron = |(id, name): &(&str, &str)| {
            Cron::new(
                CronId::new(id),
                *name,
                Schedule::Event { kind: "on-exit".to_owned() },
                Payload::AgentTurn(AgentTurn::default()),
            )
        };
        of.iter().map(|entry| (CronId::new(entry.0), Arc::new(cron(entry)))).collect()
    }

    #[test]
    fn an_id_goes_before_a_name_and_a_name_before_the_beginning_of_an_id() {
        let crons =
            crons(&[("abc1", "Digest"), ("abd2", "abc1"), ("ffe3", "Triage"), ("tri4", "旅行 ✈️"), ("x5", "TRIAGE 2")]);
        let cases = [
            ("abc1", Ok("abc1"), "an id, though another cron is called so"),
            ("digest", Ok("abc1"), "a name without regard to case"),
            (" Triage ", Ok("ffe3"), "a whole name, not its beginning"),
            ("tri", Ok("tri4"), "the beginning of an id"),
            ("旅行 ✈️", Ok("tri4"), "any script"),
            ("ab", Err(Exit::Usage), "two ids begin so"),
            ("nobody", Err(Exit::Usage), "unknown"),
            ("", Err(Exit::Usage), "nothing is the beginning of everything"),
        ];
        for (named, expected, why) in cases {
            let found = cron(&crons, named).map(|cron| cron.id.as_str()).map_err(|failure| failure.exit);
            assert_eq!(found, expected, "{why}");
        }
    }

    #[test]
    fn a_name_that_is_nearly_right_is_offered() {
        let names =
            ["Invoice chaser", "📦 Parcel tracking", "Copy", "Copy", "Backup verify", "Backup prune", "机房温度"];
        let ids: Vec<_> = (0..names.len()).map(|n| format!("id-{n}")).collect();
        let crons = crons(&ids.iter().map(String::as_str).zip(names).collect::<Vec<_>>());
        let whole = "Give its id, the beginning of its id, or its whole name";
        let cases = [
            ("Invoice chasr", "Did you mean 'Invoice chaser'?", "a letter is missing"),
            ("invioce CHASER", "Did you mean 'Invoice chaser'?", "two letters changed places"),
            ("parcel tracking", "Did you mean '📦 Parcel tracking'?", "all but what is hard to type"),
            ("backup", "Did you mean 'Backup prune' or 'Backup verify'?", "the beginning of two"),
            ("机房温渡", "Did you mean '机房温度'?", "any script"),
            ("Coppy", "Did you mean 'Copy'?", "a name that two have is said once"),
            ("e", whole, "a single letter is no part"),
            ("Quarterly report", whole, "nothing is near"),
        ];
        for (named, remedy, why) in cases {
            let failure = cron(&crons, named).expect_err("is unknown");
            assert_eq!(failure.what, format!("no cron is called '{named}'"));
            assert_eq!(failure.remedy.as_deref(), Some(remedy), "{named}: {why}");
        }
    }

    #[test]
    fn an_account_is_meant_by_its_id_its_label_or_its_vendor() {
        let ids = ["anthropic", "claude-cli", "google", "minimax", "minimax-plan", "zai"];
        let mut accounts: BTreeMap<_, _> =
            ids.map(|id| (AccountId::new(id), ProviderAccount::implied(AccountId::new(id)))).into();
        accounts.get_mut("zai").expect("is there").label = "Work".to_owned();
        let cases = [
            ("minimax", Ok("minimax"), "an id, though another account is of the same vendor"),
            ("MiniMax-Plan", Ok("minimax-plan"), "an id in other letters"),
            ("work", Ok("zai"), "a label"),
            ("glm", Ok("zai"), "another name of its service"),
            ("gemini_flash", Ok("google"), "as the state files call it"),
            ("Claude", Ok("claude-cli"), "a label before a service"),
            ("z.ai", Ok("zai"), "a vendor"),
            ("minimaxi", Err("Did you mean 'MiniMax'?"), "misspelt"),
            ("deepseek", Err("There are anthropic, claude-cli, google, minimax, minimax-plan and zai"), "not here"),
        ];
        for (named, expected, why) in cases {
            let found = account(&accounts, named).map(|account| account.id.as_str());
            let found = found.map_err(|failure| failure.remedy.unwrap_or_default());
            assert_eq!(found, expected.map_err(str::to_owned), "{why}");
        }
        accounts.remove("minimax");
        accounts.get_mut("minimax-plan").expect("is there").label = "Plan".to_owned();
        accounts.insert(AccountId::new("mm-minimax"), ProviderAccount::implied(AccountId::new("mm-minimax")));
        accounts.get_mut("mm-minimax").expect("is there").label = "Credits".to_owned();
        let failure = account(&accounts, "minimax").expect_err("two are at that service");
        assert_eq!((failure.exit, failure.what.lines().count()), (Exit::Usage, 3), "{}", failure.what);
    }

    #[test]
    fn an_ambiguous_name_lists_its_candidates_up_to_a_limit() {
        let many: Vec<_> = (0..12).map(|n| (format!("id-{n:02}"), "Copy".to_owned())).collect();
        let many: Vec<_> = many.iter().map(|(id, name)| (id.as_str(), name.as_str())).collect();
        let failure = cron(&crons(&many), "copy").expect_err("twelve are called so");
        assert_eq!(failure.what.lines().count(), 1 + 8 + 1, "{}", failure.what);
        assert!(failure.what.ends_with("and 4 more"), "{}", failure.what);
    }
}

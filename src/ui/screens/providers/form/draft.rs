//! An account while it is described: what was typed so far, and what is still missing.

use jiff::Timestamp;

use crate::domain::{
    AccountId, FlatPrice, HandWindow, KeySource, Metric, Period, ProviderAccount, ResetRule, Secret, Service, Span,
    Undocumented, Usd, Workspace,
};
use crate::ui::screens::providers::moment;
use crate::words::{self, Speech};

/// Everything that the three steps ask for.
#[derive(Clone)]
pub(super) struct Draft {
    /// What has no text of its own: service, billing, region, the switch, what was said by hand.
    pub account: ProviderAccount,
    /// A service was chosen.
    pub chosen: bool,
    pub id: String,
    pub label: String,
    /// Name and id are the owner's, and stay when another service is chosen.
    pub named: bool,
    pub place: Place,
    /// A new key, to be put into the keychain.
    pub key: String,
    pub variable: String,
    pub entry: String,
    pub base_url: String,
    pub plan: String,
    pub organization: String,
    pub project: String,
    pub flat: Option<(f64, Period)>,
    pub windows: Vec<Limit>,
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Draft").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Where a key is kept, before that place has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Gateway,
    Keychain,
    Environment,
    OpenClaw,
}

/// A limit while it is written down.
#[derive(Clone, Debug)]
pub(super) struct Limit {
    pub label: String,
    pub span: Span,
    pub metric: Metric,
    pub at_most: String,
    pub used: String,
    pub rule: Rule,
    pub at: String,
    seen_at: Option<(Timestamp, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Unknown,
    Once,
    Every,
}

impl Draft {
    /// A new account, of which nothing is known yet.
    pub fn new() -> Self {
        let account = ProviderAccount::new(AccountId::new(""), Service::Other);
        Self { chosen: false, named: false, ..Self::of(&account, None) }
    }

    /// What is known of an account.
    pub fn of(account: &ProviderAccount, speech: Option<&Speech<'_>>) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (place, variable, entry) = match &account.key {
            KeySource::Gateway => (Place::Gateway, String::new(), String::new()),
            KeySource::Keychain => (Place::Keychain, String::new(), String::new()),
            KeySource::Environment(name) => (Place::Environment, name.clone(), String::new()),
            KeySource::OpenClaw(entry) => (Place::OpenClaw, String::new(), entry.clone()),
        };
        Self {
            chosen: true,
            id: account.id.as_str().to_owned(),
            label: account.label.clone(),
            named: true,
            place,
            key: String::new(),
            variable,
            entry,
            base_url: text(&account.base_url),
            plan: text(&account.plan),
            organization: text(&account.workspace.organization),
            project: text(&account.workspace.project),
            flat: account.flat_price.map(|flat| (flat.price.0, flat.per)),
            windows: speech.map_or_else(Vec::new, |speech| {
                account.by_hand.iter().map(|window| Limit::of(window, speech)).collect()
            }),
            account: account.clone(),
        }
    }

    /// Takes another service, and with it what is usual there.
    pub fn choose(&mut self, service: Service, free_id: impl FnOnce(Service) -> String) {
        self.chosen = true;
        self.account.service = service;
        self.account.billing = service.default_billing();
        self.account.undocumented = Undocumented::Off;
        if !self.named {
            self.id = free_id(service);
            words::service_name(service).clone_into(&mut self.label);
        }
    }

    /// The account as it is described now, or what is missing.
    pub fn account(&self, taken: impl Fn(&AccountId) -> bool, speech: &Speech<'_>) -> Result<ProviderAccount, String> {
        let missing = |what: &str| Err(what.to_owned());
        if !self.chosen {
            return missing("Choose a service first");
        }
        let id = self.id.trim();
        if id.is_empty() || id.contains(|letter: char| letter.is_whitespace() || letter == '/' || letter.is_control()) {
            return missing("The gateway's name for it is one word without a slash, such as minimax");
        }
        let id = AccountId::new(id);
        if taken(&id) {
            return Err(format!("There is an account called {id} already; edit that one, or give this another name"));
        }
        let label = self.label.trim();
        let key = match self.place {
            Place::Gateway => KeySource::Gateway,
            Place::Keychain => KeySource::Keychain,
            Place::Environment => match self.variable.trim() {
                "" => return missing("Name the environment variable"),
                name if name.contains(['=', ' ']) => return missing("A variable's name holds no blank and no ="),
                name => KeySource::Environment(name.to_owned()),
            },
            Place::OpenClaw => KeySource::OpenClaw(some(&self.entry).unwrap_or_else(|| id.as_str().to_owned())),
        };
        let base_url = some(&self.base_url);
        if base_url.as_ref().is_some_and(|url| !(url.starts_with("https://") || url.starts_with("http://"))) {
            return missing("An address starts with https://");
        }
        let by_hand: Result<Vec<_>, _> = self.windows.iter().map(|limit| limit.window(speech)).collect();
        Ok(ProviderAccount {
            label: if label.is_empty() {
                words::service_name(self.account.service).to_owned()
            } else {
                label.to_owned()
            },
            id,
            key,
            base_url,
            plan: some(&self.plan),
            flat_price: self.flat.map(|(price, per)| FlatPrice { price: Usd(price), per }),
            workspace: Workspace { organization: some(&self.organization), project: some(&self.project) },
            by_hand: by_hand?,
            ..self.account.clone()
        })
    }

    /// The key that was typed, for the keychain; it stays here until [`Self::forget_key`].
    pub fn typed_key(&self) -> Option<Secret> {
        let key = self.key.trim();
        (self.place == Place::Keychain && !key.is_empty()).then(|| Secret::new(key))
    }

    pub fn forget_key(&mut self) {
        self.key.clear();
    }
}

impl Limit {
    pub fn new(label: &str) -> Self {
        Self {
            label: label.to_owned(),
            span: Span::Weekly,
            metric: Metric::Percent,
            at_most: String::new(),
            used: String::new(),
            rule: Rule::Unknown,
            at: String::new(),
            seen_at: None,
        }
    }

    fn of(window: &HandWindow, speech: &Speech<'_>) -> Self {
        let number = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
        let (rule, at) = match window.resets {
            ResetRule::Unknown => (Rule::Unknown, String::new()),
            ResetRule::At(at) => (Rule::Once, moment::written(at, speech)),
            ResetRule::EverySpanFrom(at) => (Rule::Every, moment::written(at, speech)),
        };
        let used = number(window.used_percent);
        Self {
            label: window.label.clone(),
            span: window.span,
            metric: window.metric,
            at_most: number(window.limit),
            seen_at: Some((window.seen_at, used.clone())),
            used,
            rule,
            at,
        }
    }

    fn window(&self, speech: &Speech<'_>) -> Result<HandWindow, String> {
        let label = self.label.trim();
        if label.is_empty() {
            return Err("Give each limit a name".to_owned());
        }
        let number = |text: &str, what: &str| match text.trim().trim_end_matches('%').trim() {
            "" => Ok(None),
            text => match text.parse::<f64>() {
                Ok(number) if number.is_finite() && number >= 0.0 => Ok(Some(number)),
                _ => Err(format!("{label}: {what} is a number")),
            },
        };
        let limit = number(&self.at_most, "the limit")?;
        let used_percent = number(&self.used, "what is used")?;
        if used_percent.is_some_and(|used| used > 100.0) {
            return Err(format!("{label}: at most 100% can be used"));
        }
        let resets = match (self.rule, moment::typed(&self.at, speech)) {
            (Rule::Unknown, _) => ResetRule::Unknown,
            (_, None) => return Err(format!("{label}: when does it reset? Such as {}", moment::HINT)),
            (Rule::Once, Some(at)) => ResetRule::At(at),
            (Rule::Every, Some(at)) => ResetRule::EverySpanFrom(at),
        };
        // A number that was not touched is as old as it was.
        let kept = self.seen_at.as_ref().filter(|(_, used)| *used == self.used).map(|(at, _)| *at);
        let seen_at = kept.unwrap_or(speech.now);
        Ok(HandWindow {
            label: label.to_owned(),
            span: self.span,
            metric: self.metric,
            limit,
            used_percent,
            seen_at,
            resets,
        })
    }
}

fn some(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::{Draft, Limit, Place, Rule};
    use crate::domain::{
        Billing, Catalog, FlatPrice, KeySource, Period, ResetRule, Secret, Service, Settings, Undocumented, Usd,
    };
    use crate::words::Speech;

    fn with_speech(test: impl FnOnce(&Speech<'_>)) {
        let now: Timestamp = "2026-11-23T06:00:00Z".parse().expect("a timestamp");
        let (settings, catalog, zone) = (Settings::default(), Catalog::default(), TimeZone::UTC);
        test(&Speech { now, zone: &zone, settings: &settings, catalog: &catalog });
    }

    fn kimi() -> Draft {
        let mut draft = Draft::new();
        draft.choose(Service::Kimi, |service| service.code().to_owned());
        draft
    }

    type Slip = (fn(&mut Draft), &'static str);

    #[test]
    fn what_is_missing_is_said_before_it_can_be_saved() {
        with_speech(|speech| {
            let trouble = |change: fn(&mut Draft)| {
                let mut draft = kimi();
                change(&mut draft);
                draft.account(|id| id.as_str() == "taken", speech).err()
            };
            assert_eq!(trouble(|_| {}), None);
            let cases: [Slip; 7] = [
                (|draft| draft.chosen = false, "Choose a service"),
                (|draft| draft.id = "kimi/k2".to_owned(), "without a slash"),
                (|draft| draft.id = "taken".to_owned(), "called taken already"),
                (|draft| draft.place = Place::Environment, "Name the environment variable"),
                (|draft| draft.base_url = "api.kimi.com".to_owned(), "starts with https://"),
                (|draft| draft.windows.push(Limit::new(" ")), "a name"),
                (|draft| draft.windows.push(Limit { rule: Rule::Once, ..Limit::new("weekly") }), "when does it reset"),
            ];
            for (change, said) in cases {
                let trouble = trouble(change).expect("it is not complete");
                assert!(trouble.contains(said), "{trouble}");
            }
        });
    }

    #[test]
    fn an_account_goes_through_the_form_unchanged() {
        with_speech(|speech| {
            let mut draft = kimi();
            draft.plan = "Allegretto".to_owned();
            draft.flat = Some((39.0, Period::Month));
            draft.place = Place::OpenClaw;
            draft.account.undocumented = Undocumented::On;
            draft.account.reserve_ratio = 0.2;
            let mut limit = Limit { rule: Rule::Every, at: "2026-11-20 08:00".to_owned(), ..Limit::new("weekly") };
            (limit.at_most, limit.used) = ("500".to_owned(), "37 %".to_owned());
            draft.windows.push(limit);
            let account = draft.account(|_| false, speech).expect("it is complete");
            assert_eq!(account.flat_price, Some(FlatPrice { price: Usd(39.0), per: Period::Month }));
            assert_eq!((account.billing, &account.key), (Billing::QuotaPlan, &KeySource::OpenClaw("kimi".to_owned())));
            assert_eq!(account.by_hand[0].used_percent, Some(37.0));
            assert!(matches!(account.by_hand[0].resets, ResetRule::EverySpanFrom(_)));
            let again = Draft::of(&account, Some(speech)).account(|_| false, speech).expect("it is complete");
            assert_eq!(again, account);
        });
    }

    #[test]
    fn another_service_renames_only_what_nobody_named() {
        let mut draft = kimi();
        draft.choose(Service::Zai, |service| service.code().to_owned());
        assert_eq!((draft.id.as_str(), draft.label.as_str()), ("zai", "Z.ai (GLM)"));
        (draft.named, draft.label) = (true, "Work".to_owned());
        draft.choose(Service::MiniMax, |service| service.code().to_owned());
        assert_eq!((draft.label.as_str(), draft.account.billing), ("Work", Billing::PrepaidCredits));
    }

    #[test]
    fn a_typed_key_is_for_the_keychain_alone_and_never_printed() {
        let mut draft = kimi();
        draft.key = " sk-secret ".to_owned();
        assert_eq!(draft.typed_key().as_ref().map(Secret::reveal), None, "the gateway has it");
        draft.place = Place::Keychain;
        assert_eq!(draft.typed_key().as_ref().map(Secret::reveal), Some("sk-secret"));
        assert!(!format!("{draft:?}").contains("sk-secret"));
        draft.forget_key();
        assert!(draft.typed_key().is_none());
    }
}

//! Whatever is set is read back as it was, whatever the file said before.

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::*;
use crate::domain::{
    AccountId, Automation, CheckSettings, Distribution, FlatPrice, HandWindow, KeySource, Metric, Notifications,
    ProviderAccount, QuietHours, ResetRule, Service, Settings, Span, Undocumented, Usd, WindowSettings, Workspace,
};
use crate::state::document::Document;

fn moment() -> impl Strategy<Value = Timestamp> {
    (0i64..4_000_000_000, 0i32..1_000_000_000).prop_map(|(secs, nanos)| Timestamp::new(secs, nanos).unwrap())
}

fn amount() -> impl Strategy<Value = f64> {
    (0u32..40_000_000).prop_map(|quarters| f64::from(quarters) / 40.0)
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), select(vec![String::new(), " a\tb ".to_owned(), "余额 \u{1b}[1m\"\\".to_owned()])]
}

fn key() -> impl Strategy<Value = KeySource> {
    prop_oneof![
        Just(KeySource::Gateway),
        Just(KeySource::Keychain),
        "[A-Z_][A-Z0-9_]{0,18}".prop_map(KeySource::Environment),
        "[a-z]{1,9}[-./][a-z0-9]{1,9}".prop_map(KeySource::OpenClaw),
    ]
    .prop_filter("a key is no source of keys", is_key_source)
}

prop_compose! {
    fn window()(
        label in text(),
        span in prop_oneof![
            select(vec![Span::Minute, Span::Daily, Span::Weekly, Span::Monthly, Span::Endless]),
            any::<u32>().prop_map(Span::Hours),
        ],
        metric in select(Metric::ALL.to_vec()),
        limit in prop::option::of(amount()),
        used_percent in prop::option::of((0u8..=200).prop_map(|half| f64::from(half) / 2.0)),
        seen_at in moment(),
        resets in prop_oneof![
            Just(ResetRule::Unknown), moment().prop_map(ResetRule::At), moment().prop_map(ResetRule::EverySpanFrom),
        ],
    ) -> HandWindow {
        HandWindow { label, span, metric, limit, used_percent, seen_at, resets }
    }
}

prop_compose! {
    fn account()(
        id in prop_oneof![select(vec!["zai", "kimi", "minimax-plan", "openai", "work"]).prop_map(str::to_owned), text()],
        service in prop::option::of(select(Service::ALL.to_vec())),
        (label, billing, region) in (
            prop::option::of(text()), prop::option::of(select(BILLINGS.to_vec())), select(REGIONS.to_vec()),
        ),
        (plan, base_url, organization, project) in (
            prop::option::of(text()), prop::option::of(text()), prop::option::of(text()), prop::option::of(text()),
        ),
        flat_price in prop::option::of((amount(), select(PERIODS.to_vec()))),
        key in key(),
        (undocumented, reserve) in (any::<bool>(), 0u32..=100),
        (down_until, set_aside_until) in (prop::option::of(moment()), prop::option::of(moment())),
        by_hand in prop::collection::vec(window(), 0..3),
    ) -> ProviderAccount {
        let id = AccountId::new(id);
        let mut account = match service {
            Some(service) => ProviderAccount::new(id, service),
            None => ProviderAccount::implied(id),
        };
        account.label = label.unwrap_or(account.label);
        account.billing = billing.map_or(account.billing, |(billing, _)| billing);
        ProviderAccount {
            plan, base_url, key, down_until, set_aside_until, by_hand, region: region.0,
            flat_price: flat_price.map(|(price, (per, _))| FlatPrice { price: Usd(price), per }),
            workspace: Workspace { organization, project },
            reserve_ratio: f64::from(reserve) / 100.0,
            undocumented: if undocumented { Undocumented::On } else { Undocumented::Off },
            ..account
        }
    }
}

fn time_of_day() -> impl Strategy<Value = Time> {
    let seconds = prop_oneof![Just(0), 0i8..60];
    (0i8..24, 0i8..60, seconds).prop_map(|(hour, minute, second)| Time::constant(hour, minute, second, 0))
}

prop_compose! {
    fn automation()(
        level in select(LEVELS.to_vec()),
        percent in 0u32..=100,
        max_crons in any::<u32>(),
        quiet in prop::option::of((time_of_day(), time_of_day())),
    ) -> Automation {
        let max_ratio = f64::from(percent) / 100.0;
        Automation { level: level.0, max_ratio, max_crons, quiet: quiet.map(|(from, to)| QuietHours { from, to }) }
    }
}

prop_compose! {
    fn settings()(
        accounts in prop::collection::vec(account(), 0..4),
        minutes in prop_oneof![Just(0), 1i64..=1440],
        paid_per_day in any::<u32>(),
        theme in select(THEMES.to_vec()),
        automation in automation(),
        (outage, recovery, attention) in any::<(bool, bool, bool)>(),
        (quota_aware, edits_schedules) in any::<(bool, bool)>(),
    ) -> Settings {
        Settings {
            accounts: accounts.into_iter().map(|account| (account.id.clone(), account)).collect(),
            checks: CheckSettings { every: SignedDuration::from_mins(minutes), paid_per_day },
            automation,
            distribution: Distribution { quota_aware, edits_schedules },
            notifications: Notifications { outage, recovery, attention },
            window: WindowSettings { theme: theme.0, ..WindowSettings::default() },
            ..Settings::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_over_anything_is_read_back(first in settings(), second in settings()) {
        let start = json!({
            "later": {"x": 1}, "billing": {"kimi": "local", "work": "barter"},
            "accounts": {"zai": {"key": 4, "colour": "red", "windows": [1]}, "openai": {}, "kimi": null},
            "automation": {"quiet_hours": {"from": "noon", "days": [1]}, "max_crons": "few"}, "notifications": 7
        });
        let mut document = Document::parse(start.to_string().as_bytes()).unwrap();
        for wanted in [first, second] {
            let root = patched(document.root(), &wanted);
            prop_assert_eq!(read(&root).0, wanted.clone());
            prop_assert_eq!(patched(&root, &wanted), root.clone());
            document = Document::parse(&document.rewritten(&root).bytes()).unwrap();
            prop_assert_eq!(read(document.root()).0, wanted, "from the bytes of the file");
            prop_assert_eq!(&document.root()["later"], &start["later"]);
        }
    }
}

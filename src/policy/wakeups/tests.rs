//! Which one-shots should be there, case by case.

use std::sync::Arc;

use super::*;
use crate::domain::{
    AgentTurn, Breaker, Catalog, Confirmation, Cron, Fields, Fleet, Health, Model, ModelScope, OutageLevel, Payload,
    PlanId, PlanMode, QuotaWindow, Reason, Route, RouteKey, Schedule, Source, StartedBy, SwitchId, Vital,
};

const NOW: Timestamp = Timestamp::constant(1_795_000_000, 0);

fn at(minutes: i64) -> Timestamp {
    NOW + SignedDuration::from_mins(minutes)
}

fn model(name: &str) -> ModelRef {
    ModelRef::parse(name).expect("a reference")
}

/// Three accounts in the chains; two of one vendor.
const ROUTES: [(&str, &str); 3] =
    [("minimax", "minimax/M3"), ("gemini_flash", "google/flash"), ("kimi", "minimax-plan/M3")];

struct Case {
    obs: Observation,
    settings: Settings,
    crisis: Crisis,
    switches: Vec<Switch>,
}

fn case() -> Case {
    let mut settings = Settings::default();
    for (key, id) in ROUTES {
        let route: &mut Route = settings.routes.get_mut(&RouteKey::new(key)).expect("a route");
        route.model = Some(model(id));
    }
    let models = ROUTES.map(|(_, id)| (model(id), Model::new(model(id))));
    let turn = AgentTurn { model: Some("google/flash".to_owned()), ..AgentTurn::default() };
    let every = Schedule::Every { every: SignedDuration::from_mins(5), anchor: None };
    let cron = Cron::new(CronId::new("one"), "one", every, Payload::AgentTurn(turn));
    let obs = Observation {
        at: NOW,
        gateway_reachable: true,
        crons: Arc::new(BTreeMap::from([(cron.id.clone(), Arc::new(cron))])),
        catalog: Arc::new(Catalog { models: models.into_iter().collect(), ..Catalog::default() }),
        fleet: Arc::default(),
        tiers: Arc::default(),
        ledger: Arc::default(),
        edited: Arc::default(),
        down_since: BTreeMap::new(),
        previous_level: OutageLevel::Healthy,
        busy: Arc::default(),
        mode: PlanMode::Ordinary,
    };
    Case { obs, settings, crisis: Crisis::default(), switches: Vec::new() }
}

fn limit(since: i64, reset: Option<i64>) -> Vital {
    Vital {
        health: Health::LimitHit { resets_at: reset.map(at) },
        breaker: Breaker::Open { since: at(since), retry_at: reset.map(at), conclusive: true },
        since: Some(at(since)),
        ..Vital::default()
    }
}

/// Health took the only cron off `from`, to where it is now.
fn left(from: &str, when: i64) -> Switch {
    let fields = |model: &str| Fields { model: Some(model.to_owned()), fallbacks: None, enabled: true };
    Switch {
        id: SwitchId::new(format!("s{when}")),
        plan: PlanId::new("p"),
        at: at(when),
        cron: CronId::new("one"),
        name: "one".to_owned(),
        from: fields(from),
        to: fields("google/flash"),
        schedule: None,
        revision_before: None,
        revision_after: None,
        reason: Reason::NothingServes { expected_return: None },
        cause: Cause::Health,
        confirmation: Confirmation::Waiting,
        undone_by: None,
        by: crate::domain::StartedBy::Hand,
        seal: None,
    }
}

impl Case {
    fn down(mut self, account: &str, vital: Vital) -> Self {
        Arc::make_mut(&mut self.obs.fleet).accounts.insert(AccountId::new(account), vital);
        self
    }

    fn in_crisis(mut self) -> Self {
        let mode = crate::domain::CrisisMode { since: at(-5), by: StartedBy::Hand, recovering: None };
        self.crisis.mode = Some(mode);
        self
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Account and minute.
    fn wakeups(&self) -> Vec<(String, i64)> {
        let found = wakeups(&self.obs, &self.settings, &self.crisis, &self.switches);
        found.into_iter().map(|(id, at)| (id.to_string(), at.duration_since(NOW).as_mins())).collect()
    }
}

fn window(label: &str, reset: i64) -> QuotaWindow {
    QuotaWindow { resets_at: Some(at(reset)), ..QuotaWindow::new(label, 1.0, at(-1), Source::UsageStatus) }
}

fn windows(fleet: &mut Arc<Fleet>, account: &str, windows: Vec<QuotaWindow>) {
    Arc::make_mut(fleet).windows.insert(AccountId::new(account), windows);
}

/// Account and minute of each one-shot.
type Shots = &'static [(&'static str, i64)];

#[test]
fn each_account_that_is_down_until_a_known_time_is_waited_for_once() {
    let by_model = |case: &mut Case, reset: i64| {
        windows(
            &mut case.obs.fleet,
            "google",
            vec![QuotaWindow { covers: ModelScope::Models(vec![model("google/flash")]), ..window("Day", reset) }],
        );
    };
    let cases: [(Case, Shots, &str); 16] = [
        (case(), &[], "nothing is down"),
        (case().down("minimax", limit(-3, Some(120))), &[("minimax", 121)], "a minute after its reset"),
        (
            case().down("minimax", limit(-3, Some(120))).down("minimax-plan", limit(-3, Some(60))),
            &[("minimax", 121), ("minimax-plan", 61)],
            "two accounts of one vendor are two",
        ),
        (case().down("minimax", limit(-3, Some(5))), &[], "a short rate limit"),
        (case().down("minimax", limit(-115, Some(5))), &[("minimax", 6)], "a long one that is nearly over"),
        (case().down("minimax", limit(-3, None)), &[], "nobody knows when"),
        (case().down("minimax", limit(-30, Some(-1))), &[], "it is past"),
        (case().down("openai", limit(-3, Some(120))), &[], "no chain uses it"),
        (
            case().down("minimax", Vital { health: Health::Overloaded, ..limit(-60, None) }),
            &[],
            "overload has no reset",
        ),
        (
            case().down("minimax", Vital { gateway_waits_until: Some(at(20)), ..Vital::default() }),
            &[],
            "a cooldown of the gateway is no limit",
        ),
        (case().with(|case| by_model(case, 90)), &[("google", 91)], "a used-up window of a model of a chain"),
        (
            case().with(|case| windows(&mut case.obs.fleet, "google", vec![window("minute", 1)])),
            &[],
            "a window of a minute",
        ),
        (
            case().with(|case| windows(&mut case.obs.fleet, "google", vec![window("5h", 7), window("Week", 900)])),
            &[("google", 901)],
            "the window that lasts longest",
        ),
        (
            case().with(|case| case.settings.account_mut(&AccountId::new("google")).down_until = Some(at(45))),
            &[("google", 46)],
            "its owner says until when",
        ),
        (
            case().down("minimax", limit(-3, Some(120))).with(|case| {
                case.settings.account_mut(&AccountId::new("minimax")).set_aside_until = Some(at(600));
            }),
            &[],
            "its owner set it aside",
        ),
        (
            case()
                .down("minimax", limit(-3, Some(120)))
                .with(|case| case.settings.automation.level = AutomationLevel::Observe),
            &[],
            "who only observes puts nothing there",
        ),
    ];
    for (case, expected, why) in cases {
        let expected: Vec<(String, i64)> = expected.iter().map(|(id, at)| ((*id).to_owned(), *at)).collect();
        assert_eq!(case.in_crisis().wakeups(), expected, "{why}");
    }
}

#[test]
fn nothing_is_waited_for_unless_a_return_would_take_something_back() {
    let down = || case().down("minimax", limit(-10, Some(120)));
    let switched = |switches: Vec<Switch>| down().with(|case| case.switches = switches);
    let undone = Switch { undone_by: Some(SwitchId::new("u")), ..left("minimax/M3", -5) };
    let by_hand = Switch { cause: Cause::Edit, ..left("minimax/M3", -5) };
    let mut first = left("minimax/M3", -5);
    first.to.model = Some("minimax-plan/M3".to_owned());
    let cases = [
        (down(), false, "nothing was changed: nothing is written on connecting"),
        (down().in_crisis(), true, "crisis mode is on"),
        (switched(vec![left("minimax/M3", -5)]), true, "health took a cron off it"),
        (switched(vec![left("minimax/M3", -30)]), false, "in an earlier outage"),
        (switched(vec![left("minimax-plan/M3", -5)]), false, "off another one"),
        (switched(vec![undone]), false, "that was taken back"),
        (switched(vec![by_hand]), false, "a person moved it"),
        (switched(vec![left("minimax-plan/M3", -3), first.clone()]), true, "in two steps"),
        (switched(vec![first]), false, "somebody has moved it since"),
    ];
    for (case, expected, why) in cases {
        assert_eq!(!case.wakeups().is_empty(), expected, "{why}");
    }
}

//! The one-shots of recovery: exactly one for each account that is down, whatever happens on the way.

use super::*;
use crate::engine::input::NotCarriedOut;
use crate::engine::step::{own, settle};
use crate::gateway::News;

const RESET: i64 = 3600;
/// A minute after it.
const DUE: i64 = RESET + 60;

/// Connected, everything read, crisis mode on, and nobody down yet.
fn in_crisis() -> World {
    let mut world = world(&[cron("1", "a/one")], Vec::new());
    (world.evidence.runs, world.evidence.usage) = (true, true);
    world.checks.by_itself = true;
    let mut settings = (*world.settings).clone();
    settings.checks.every = SignedDuration::ZERO;
    for (key, id) in [("minimax", "a/one"), ("kimi", "b/two")] {
        settings.routes.get_mut(&RouteKey::new(key)).expect("a route").model = ModelRef::parse(id);
    }
    world.settings = Arc::new(settings);
    let mode = CrisisMode { since: NOW, by: StartedBy::Hand, recovering: None };
    world.crisis = Arc::new(Crisis { mode: Some(mode), ..Crisis::default() });
    world
}

fn down(world: &mut World, account: &str, reset: i64) {
    let vital = Vital {
        health: Health::LimitHit { resets_at: Some(at(reset)) },
        breaker: Breaker::Open { since: NOW, retry_at: Some(at(reset)), conclusive: true },
        since: Some(NOW),
        observed_at: Some(NOW),
        ..Vital::default()
    };
    Arc::make_mut(&mut world.fleet).accounts.insert(AccountId::new(account), vital);
    world.dirty.plan = true;
}

fn serves(world: &mut World, account: &str, now: Timestamp) {
    let vital = Vital { health: Health::Up, since: Some(now), observed_at: Some(now), ..Vital::default() };
    Arc::make_mut(&mut world.fleet).accounts.insert(AccountId::new(account), vital);
    world.dirty.plan = true;
}

#[derive(Debug, PartialEq)]
enum Call {
    /// Account, and seconds by the gateway's clock.
    Place(String, i64),
    Remove(String),
}

fn calls(effects: &[Effect]) -> Vec<Call> {
    let call = |effect: &Effect| match effect {
        Effect::PlaceCheck { account, at, .. } => {
            Some(Call::Place(account.to_string(), at.duration_since(NOW).as_secs()))
        }
        Effect::RemoveOwn { cron, .. } => Some(Call::Remove(cron.to_string())),
        _ => None,
    };
    effects.iter().filter_map(call).collect()
}

fn place(account: &str, seconds: i64) -> Call {
    Call::Place(account.to_owned(), seconds)
}

fn settled(world: &mut World, now: i64) -> Vec<Call> {
    world.dirty.plan = true;
    calls(&settle(world, at(now)).1)
}

/// As the gateway keeps it, at that second of its clock.
fn one_shot(account: &str, seconds: i64) -> Cron {
    Cron {
        declaration_key: Some(format!("{RECOVERY_KEY_PREFIX}{account}")),
        delete_after_run: true,
        revision: Some(Revision::new("r")),
        next_run_at: Some(at(seconds)),
        definition: Arc::new(json!({ "account": account, "at": seconds })),
        ..Cron::new(
            CronId::new(format!("own-{account}")),
            "own",
            Schedule::At { at: at(seconds) },
            Payload::Other("command".to_owned()),
        )
    }
}

fn answered(world: &mut World, account: &str, result: Result<Cron, NotCarriedOut>, now: i64) {
    let (session, account) = (world.session, AccountId::new(account));
    step(world, Input::CheckPlaced { session, account, result: Box::new(result) }, at(now));
}

fn removed(world: &mut World, cron: &str, now: i64) {
    let (session, cron) = (world.session, CronId::new(cron));
    step(world, Input::OwnRemoved { session, cron, result: Ok(()) }, at(now));
}

fn news(world: &mut World, news: News, now: i64) -> Vec<Effect> {
    let session = world.session;
    step(world, Input::News { session, news }, at(now))
}

fn refusal(retry_after: Option<i64>, for_good: bool) -> NotCarriedOut {
    NotCarriedOut { detail: "no".to_owned(), retry_after: retry_after.map(SignedDuration::from_secs), for_good }
}

/// One for `a`, on the gateway and known.
fn waiting_for_a() -> World {
    let mut world = in_crisis();
    down(&mut world, "a", RESET);
    assert_eq!(settled(&mut world, 0), [place("a", DUE)]);
    answered(&mut world, "a", Ok(one_shot("a", DUE)), 1);
    assert_eq!(settled(&mut world, 1), []);
    world
}

/// The accounts that are looked at, when the engine next does what is due.
fn looks(world: &mut World, now: i64) -> Vec<AccountId> {
    settle(world, at(now));
    step(world, Input::Tick, at(now));
    settle(world, at(now));
    world.looks.round.iter().flat_map(|round| round.asked.iter().cloned()).collect()
}

#[test]
fn there_is_exactly_one_for_each_account_and_one_call_at_a_time() {
    let mut world = in_crisis();
    assert_eq!(settled(&mut world, 0), [], "nobody is down");
    down(&mut world, "a", RESET);
    down(&mut world, "b", 1800);
    assert_eq!(settled(&mut world, 0), [place("b", 1860)], "the one that is due first");
    assert_eq!(settled(&mut world, 1), [], "it is on its way");
    assert_eq!(own::checks(&world)[&AccountId::new("b")], RecoveryCheck { at: at(1860), cron: None });
    answered(&mut world, "b", Ok(one_shot("b", 1860)), 2);
    assert_eq!(settled(&mut world, 2), [place("a", DUE)]);
    answered(&mut world, "a", Ok(one_shot("a", DUE)), 3);
    for now in [3, 60, 600] {
        assert_eq!(settled(&mut world, now), [], "both are there");
    }
    let there: Vec<_> = own::checks(&world).into_values().map(|check| (check.at, check.cron.is_some())).collect();
    assert_eq!(there, [(at(DUE), true), (at(1860), true)]);
}

#[test]
fn it_follows_the_reset_and_goes_when_its_account_is_back() {
    let mut world = waiting_for_a();
    down(&mut world, "a", RESET + 30);
    assert_eq!(settled(&mut world, 10), [], "half a minute is not worth a call");
    down(&mut world, "a", 2 * RESET);
    assert_eq!(settled(&mut world, 20), [place("a", 2 * RESET + 60)], "moved");
    answered(&mut world, "a", Ok(one_shot("a", 2 * RESET + 60)), 21);
    assert_eq!(settled(&mut world, 21), []);
    serves(&mut world, "a", at(30));
    assert_eq!(settled(&mut world, 30), [Call::Remove("own-a".to_owned())]);
    assert_eq!(settled(&mut world, 31), [], "one call at a time");
    removed(&mut world, "own-a", 32);
    assert_eq!(settled(&mut world, 32), []);
    assert!(world.crons.keys().all(|id| id.as_str() != "own-a") && own::checks(&world).is_empty());
}

type Turn = fn(&mut World);

#[test]
fn nothing_is_put_on_a_gateway_of_which_nothing_was_changed_or_that_is_only_looked_at() {
    let with = |change: fn(&mut World)| {
        let mut world = in_crisis();
        down(&mut world, "a", RESET);
        change(&mut world);
        settled(&mut world, 0)
    };
    let info = |world: &mut World, access: Access| {
        let Connection::Connected(info) = &mut world.connection else { panic!("connected") };
        info.access = access;
    };
    assert_eq!(with(|_| {}), [place("a", DUE)]);
    let none: [(Turn, &str); 6] = [
        (|world| world.crisis = Arc::default(), "nothing is owed: nothing is written on connecting"),
        (|world| Arc::make_mut(&mut world.settings).automation.level = AutomationLevel::Observe, "it only observes"),
        (|world| world.evidence.runs = false, "the past is not read yet"),
        (|world| world.crons_as_of = None, "what is there is not known yet"),
        (|world| world.checks.by_itself = false, "a command that looks once"),
        (|world| world.closing = true, "it ends"),
    ];
    for (change, why) in none {
        assert_eq!(with(change), [], "{why}");
    }
    for access in [Access::FolderHeld, Access::ReadOnlyScopes, Access::UnprovenVersion, Access::FolderNotWritable] {
        let mut world = waiting_for_a();
        info(&mut world, access);
        serves(&mut world, "a", at(5));
        assert_eq!(settled(&mut world, 5), [], "{access:?}: nothing is taken off either");
    }
}

#[test]
fn an_answer_that_is_lost_leads_to_no_second_one() {
    let mut world = in_crisis();
    down(&mut world, "a", RESET);
    assert_eq!(settled(&mut world, 0), [place("a", DUE)]);
    // It was carried out, and the call timed out.
    news(&mut world, News::CronChanged(one_shot("a", DUE)), 1);
    answered(&mut world, "a", Err(refusal(None, false)), 60);
    assert_eq!(settled(&mut world, 60), []);
    assert_eq!(settled(&mut world, 75), [], "it is there");

    // It was carried out, and the connection broke: the next one reads what is there.
    let mut world = in_crisis();
    down(&mut world, "a", RESET);
    assert_eq!(settled(&mut world, 0), [place("a", DUE)]);
    world.session += 1;
    let mut crons: Vec<Cron> = world.crons.values().map(|cron| (**cron).clone()).collect();
    crons.push(one_shot("a", DUE));
    let (session, asked_at) = (world.session, world.changes_seen);
    let list = Fetched::Crons { crons, unreadable: Vec::new(), took: SignedDuration::ZERO, asked_at };
    step(&mut world, Input::Fetched { session, what: list }, at(5));
    assert_eq!(settled(&mut world, 5), []);
    let late = Input::CheckPlaced {
        session: session - 1,
        account: AccountId::new("a"),
        result: Box::new(Err(refusal(None, true))),
    };
    step(&mut world, late, at(6));
    assert_eq!((settled(&mut world, 6), world.problems.len()), (Vec::new(), 0), "late news of another connection");

    // It was not carried out: then it is asked for again.
    let mut world = in_crisis();
    down(&mut world, "a", RESET);
    assert_eq!(settled(&mut world, 0), [place("a", DUE)]);
    world.session += 1;
    assert_eq!(settled(&mut world, 5), [place("a", DUE)]);
}

#[test]
fn a_refusal_is_waited_out_and_one_for_good_is_said() {
    for (why, wait, said) in
        [(refusal(Some(42), false), 42, false), (refusal(None, false), 10, false), (refusal(None, true), 600, true)]
    {
        let mut world = in_crisis();
        down(&mut world, "a", 2 * RESET);
        assert_eq!(settled(&mut world, 0).len(), 1);
        answered(&mut world, "a", Err(why), 0);
        assert_eq!(settled(&mut world, 0), []);
        assert_eq!(settled(&mut world, wait - 1), [], "it waits");
        assert_eq!(!world.problems.is_empty(), said);
        let wake = world.next_wake().expect("it goes on");
        assert!(wake <= at(wait), "{wake}");
        step(&mut world, Input::Tick, at(wait));
        assert_eq!(calls(&settle(&mut world, at(wait)).1).len(), 1);
        answered(&mut world, "a", Ok(one_shot("a", 2 * RESET + 60)), wait + 1);
        assert_eq!((settled(&mut world, wait + 1), world.problems.len()), (Vec::new(), 0));
    }
}

#[test]
fn no_more_than_thirty_are_put_in_a_minute() {
    let mut world = in_crisis();
    let mut n_calls = 0;
    for n in 0..60 {
        down(&mut world, "a", RESET * (n + 2));
        if let [Call::Place(_, seconds)] = settled(&mut world, n / 2)[..] {
            n_calls += 1;
            answered(&mut world, "a", Ok(one_shot("a", seconds)), n / 2);
        }
    }
    assert_eq!(n_calls, 30);
    assert!(world.next_wake().is_some_and(|wake| wake <= at(60)));
    step(&mut world, Input::Tick, at(60));
    assert_eq!(calls(&settle(&mut world, at(60)).1).len(), 1);
}

#[test]
fn a_gateway_whose_clock_is_ahead_is_told_its_own_time() {
    let mut world = in_crisis();
    let Connection::Connected(info) = &mut world.connection else { panic!("connected") };
    info.clock_skew = SignedDuration::from_mins(7);
    down(&mut world, "a", RESET);
    assert_eq!(settled(&mut world, 0), [place("a", DUE + 420)]);
    answered(&mut world, "a", Ok(one_shot("a", DUE + 420)), 1);
    assert_eq!(settled(&mut world, 1), []);
    assert_eq!(own::checks(&world)[&AccountId::new("a")].at, at(DUE), "and shown in ours");
}

#[test]
fn one_that_was_switched_off_or_failed_is_put_anew_or_taken_off() {
    let mut world = waiting_for_a();
    news(&mut world, News::CronChanged(Cron { enabled: false, ..one_shot("a", DUE) }), 10);
    assert!(own::checks(&world).values().all(|check| check.cron.is_none()));
    assert_eq!(settled(&mut world, 10), [place("a", DUE)]);
    answered(&mut world, "a", Ok(one_shot("a", DUE)), 11);
    assert_eq!(settled(&mut world, 11), []);
    // Its program failed at its time, and the account is looked at all the same.
    let failed = Cron { enabled: false, ..one_shot("a", DUE) };
    news(&mut world, News::CronChanged(failed), DUE);
    assert_eq!(settled(&mut world, DUE + 1), [Call::Remove("own-a".to_owned())]);
}

#[test]
fn one_whose_time_has_come_is_left_to_run_and_one_that_runs_is_not_touched() {
    let mut world = waiting_for_a();
    assert_eq!(settled(&mut world, RESET), [], "its reset is past, its minute is not");
    assert_eq!(settled(&mut world, DUE + 30), [], "it goes by itself");
    assert_eq!(settled(&mut world, DUE + 180), [Call::Remove("own-a".to_owned())], "it did not run");

    let mut world = waiting_for_a();
    news(&mut world, News::RunStarted { cron: CronId::new("own-a"), at: at(5) }, 5);
    serves(&mut world, "a", at(5));
    assert_eq!(settled(&mut world, 6), []);
}

#[test]
fn its_run_and_its_end_are_reasons_to_look_at_its_account_now() {
    let record = RunRecord {
        cron: CronId::new("own-a"),
        at: at(DUE),
        finished_at: at(DUE),
        status: RunStatus::Ok,
        provider: None,
        model: None,
        error: None,
        error_reason: None,
        duration: None,
        usage: None,
    };
    let mut world = waiting_for_a();
    news(&mut world, News::RunFinished(record, one_shot("a", DUE)), DUE + 1);
    assert_eq!(looks(&mut world, DUE + 1), [AccountId::new("a")]);

    let mut world = waiting_for_a();
    news(&mut world, News::CronRemoved(CronId::new("own-a")), DUE + 1);
    assert_eq!(looks(&mut world, DUE + 1), [AccountId::new("a")], "its run was not heard of");

    let mut world = waiting_for_a();
    news(&mut world, News::CronRemoved(CronId::new("own-a")), 10);
    assert_eq!(looks(&mut world, 10), [], "somebody took it off before its time");
    let mut world = waiting_for_a();
    news(&mut world, News::CronRemoved(CronId::new("own-a")), 10);
    assert_eq!(settled(&mut world, 10), [place("a", DUE)], "and so it is put there again");

    let mut world = waiting_for_a();
    serves(&mut world, "a", at(DUE + 180));
    assert_eq!(settled(&mut world, DUE + 180).len(), 1);
    news(&mut world, News::CronRemoved(CronId::new("own-a")), DUE + 181);
    removed(&mut world, "own-a", DUE + 181);
    assert_eq!(looks(&mut world, DUE + 182), [], "this program took it off");
}

#[test]
fn what_fired_while_nobody_listened_is_looked_into_first() {
    let list = |world: &mut World, own: Option<Cron>, now: i64| {
        let crons = world.crons.values().filter(|cron| cron.owner() == Owner::User).map(|cron| (**cron).clone());
        let crons = crons.chain(own).collect();
        let (session, asked_at) = (world.session, world.changes_seen);
        let what = Fetched::Crons { crons, unreadable: Vec::new(), took: SignedDuration::ZERO, asked_at };
        step(world, Input::Fetched { session, what }, at(now));
    };
    // The connection was lost for a while.
    let mut world = waiting_for_a();
    list(&mut world, None, DUE + 5);
    assert_eq!(looks(&mut world, DUE + 5), [AccountId::new("a")], "it has fired and gone");
    let mut world = waiting_for_a();
    list(&mut world, None, 100);
    assert_eq!(looks(&mut world, 100), [], "it cannot have fired yet");

    // A program that starts.
    for (own, now, expected, why) in [
        (Some(one_shot("a", DUE)), DUE + 5, vec![AccountId::new("a")], "its time has passed"),
        (None, 100, vec![AccountId::new("a")], "it is gone, and its account was down when it was last looked at"),
        (Some(one_shot("a", DUE)), 100, vec![], "it waits"),
    ] {
        let mut world = in_crisis();
        down(&mut world, "a", RESET);
        world.crons_as_of = None;
        list(&mut world, own, now);
        assert_eq!(looks(&mut world, now), expected, "{why}");
    }
}

#[test]
fn on_this_computer_it_starts_this_program_and_says_no_secret() {
    let started = |change: fn(&mut World)| {
        let mut world = in_crisis();
        world.own.program = Some(PathBuf::from("/opt/mo/model-orchestrator"));
        let target = GatewayTarget {
            name: "test".to_owned(),
            url: "ws://127.0.0.1:1".to_owned(),
            token: Some(Secret::new("s3cret")),
            tls_fingerprint: None,
            remember_token: false,
            state_dir: None,
        };
        world.discovered = Arc::new(vec![Discovered {
            name: target.name.clone(),
            url: target.url.clone(),
            source: "openclaw.json".to_owned(),
            has_token: true,
            listening: true,
            target: target.clone(),
        }]);
        world.target = Some(target);
        change(&mut world);
        down(&mut world, "a", RESET);
        world.dirty.plan = true;
        let effects = settle(&mut world, NOW).1;
        let argv = effects.into_iter().find_map(|effect| match effect {
            Effect::PlaceCheck { argv, .. } => Some(argv),
            _ => None,
        });
        argv.expect("is placed")
    };
    let line = "/opt/mo/model-orchestrator recover --automatic --state-dir unused --url ws://127.0.0.1:1";
    assert_eq!(started(|_| {}).map(|argv| argv.join(" ")).as_deref(), Some(line));
    assert_eq!(started(|world| world.discovered = Arc::default()), None, "it may be a tunnel");
    assert_eq!(started(|world| world.demo = true), None);
    assert_eq!(started(|world| world.own.program = None), None);
}

//! Looks at accounts: who is asked, when it is over, and what nobody is blamed for.

use std::time::Duration;

use super::*;
use crate::domain::Proof;
use crate::engine::step::settle;
use crate::gateway::News;
use crate::policy;

const KEYS: [&str; 3] = ["kimi", "zai", "openai"];

/// Connected to a gateway on this computer, with three accounts of which our own keys are known.
fn watching(keys: &[&str]) -> World {
    let one = cron("1", "kimi/k2");
    let mut world = world(std::slice::from_ref(&one), Vec::new());
    world.checks.by_itself = true;
    (world.evidence.runs, world.evidence.usage) = (true, true);
    world.target = Some(GatewayTarget {
        name: "test".to_owned(),
        url: "ws://127.0.0.1:1".to_owned(),
        token: None,
        tls_fingerprint: None,
        remember_token: false,
        state_dir: None,
    });
    let target = world.target.clone().expect("a target");
    world.discovered = Arc::new(vec![Discovered {
        name: target.name.clone(),
        url: target.url.clone(),
        source: "openclaw.json".to_owned(),
        has_token: true,
        listening: true,
        target,
    }]);
    let models = ["kimi/k2", "zai/glm", "openai/gpt"].map(|id| ModelRef::parse(id).expect("a reference"));
    let models = models.into_iter().map(|id| (id.clone(), Model::new(id))).collect();
    world.catalog = Arc::new(Catalog { models, ..Catalog::default() });
    let mut settings = (*world.settings).clone();
    for id in keys {
        settings.account_mut(&AccountId::new(id)).key = KeySource::Environment("KEY".to_owned());
    }
    world.settings = Arc::new(settings);
    world.dirty.plan = true;
    settle(&mut world, NOW);
    world
}

fn elsewhere(mut world: World) -> World {
    world.target.as_mut().expect("a target").url = "wss://nas:1".to_owned();
    world
}

fn check(world: &mut World, accounts: Option<&[&str]>, now: Timestamp) -> Vec<Effect> {
    let accounts = accounts.map(|ids| ids.iter().map(AccountId::new).collect());
    step(world, Input::Command(Ticket(9), Command::Check { accounts }), now)
}

fn looked_at(effects: &[Effect]) -> Vec<&str> {
    let look = |effect: &'_ Effect| match effect {
        Effect::Look { look, .. } => Some(look.account.id.as_str().to_owned()),
        _ => None,
    };
    let mut ids: Vec<String> = effects.iter().filter_map(look).collect();
    ids.sort();
    ids.into_iter().map(|id| &*Box::leak(id.into_boxed_str())).collect()
}

fn round_of(effects: &[Effect]) -> u64 {
    let id = effects.iter().find_map(|effect| match effect {
        Effect::Look { id, .. } | Effect::AskGateway { id, .. } => Some(*id),
        _ => None,
    });
    id.expect("a round")
}

fn lists(world: &mut World, now: Timestamp) -> Vec<Effect> {
    let session = world.session;
    let catalog = Fetched::Catalog((*world.catalog).clone());
    let usage = Fetched::Usage(crate::gateway::Usage { observed_at: now, ..crate::gateway::Usage::default() });
    let mut effects = step(world, Input::Fetched { session, what: catalog }, now);
    effects.extend(step(world, Input::Fetched { session, what: usage }, now));
    effects
}

fn report(id: &str, now: Timestamp) -> CheckReport {
    CheckReport {
        host_answers: Some(true),
        requests: vec![Asked {
            purpose: Purpose::Health,
            url: format!("https://{id}.example/models"),
            status: Some(200),
            transport_error: None,
            took: Duration::from_millis(20),
            cost: Cost::Free,
            retry_at: None,
        }],
        ..CheckReport::nothing(AccountId::new(id), now)
    }
}

fn said(id: &str, finding: Finding, status: Option<u16>, reset_at: Option<Timestamp>) -> Diagnosis {
    let profile = finding.profile();
    Diagnosis {
        service: Service::of(id, None),
        provider: id.to_owned(),
        billing: Billing::QuotaPlan,
        state: profile.state,
        temporary: profile.temporary,
        finding,
        reason: profile.reason.to_owned(),
        scope: profile.scope,
        model: None,
        reset_at,
        reset_confidence: ResetConfidence::Unknown,
        retry_at: None,
        advice: profile.advice,
        windows: Vec::new(),
        money: None,
        plan: None,
        models: Vec::new(),
        local_models: None,
        http_status: status,
        provider_code: None,
        quote: None,
    }
}

fn serves(id: &str, proof: Proof, now: Timestamp) -> CheckReport {
    CheckReport { diagnosis: Some(said(id, Finding::Serves, Some(200), None)), proof, ..report(id, now) }
}

fn limited(id: &str, reset: Timestamp, now: Timestamp) -> CheckReport {
    CheckReport { diagnosis: Some(said(id, Finding::LimitHit, Some(429), Some(reset))), ..report(id, now) }
}

fn silent(id: &str, now: Timestamp) -> CheckReport {
    let mut report = report(id, now);
    report.host_answers = Some(false);
    report.requests[0].status = None;
    report.diagnosis = Some(said(id, Finding::NoConnection, None, None));
    report
}

fn answer(world: &mut World, id: u64, report: CheckReport, now: Timestamp) -> Vec<Effect> {
    let key = KeyState::Ready { ending: "1234".to_owned() };
    step(world, Input::Looked { id, report: Box::new(report), key }, now)
}

fn health(world: &World, id: &str) -> Health {
    world.fleet.accounts.get(&AccountId::new(id)).map(|vital| vital.health.clone()).unwrap_or_default()
}

fn checked(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Emit(Event::Done { what: Done::Checked { .. }, .. })))
}

fn timed_out(cron: &str, now: Timestamp) -> RunRecord {
    RunRecord {
        cron: CronId::new(cron),
        at: now - SignedDuration::from_secs(10),
        finished_at: now,
        status: RunStatus::Error,
        provider: Some("kimi".to_owned()),
        model: Some("k2".to_owned()),
        error: Some("cron: job execution timed out (last phase: model-call-started)".to_owned()),
        error_reason: Some("timeout".to_owned()),
        duration: None,
        usage: None,
    }
}

fn fails(world: &mut World, cron_id: &str, now: Timestamp) -> Vec<Effect> {
    let session = world.session;
    let news = News::RunFinished(timed_out(cron_id, now), cron(cron_id, "kimi/k2"));
    let mut effects = step(world, Input::News { session, news }, now);
    effects.extend(settle(world, now).1);
    effects.extend(step(world, Input::Tick, now));
    effects
}

#[test]
fn a_round_asks_everybody_at_once_and_is_over_with_the_last_answer() {
    let mut world = watching(&KEYS);
    let effects = check(&mut world, None, NOW);
    assert_eq!(looked_at(&effects), ["kimi", "openai", "zai"]);
    let id = round_of(&effects);
    assert!(!checked(&lists(&mut world, at(1))));
    assert!(!checked(&answer(&mut world, id, serves("kimi", Proof::Jobs, at(1)), at(1))));
    let second = check(&mut world, Some(&["zai"]), at(1));
    assert_eq!(looked_at(&second), Vec::<&str>::new(), "one round at a time");
    assert!(!checked(&answer(&mut world, id, limited("zai", at(3600), at(2)), at(2))));
    let last = answer(&mut world, id, serves("openai", Proof::Jobs, at(3)), at(3));
    assert!(checked(&last));
    assert_eq!(looked_at(&last), ["zai"], "the second one follows");
    assert_eq!(health(&world, "kimi"), Health::Up);
    assert_eq!(health(&world, "zai"), Health::LimitHit { resets_at: Some(at(3600)) });
    assert!(answer(&mut world, id, limited("kimi", at(60), at(9)), at(9)).is_empty());
    assert_eq!(health(&world, "kimi"), Health::Up, "what comes after its round is dropped");
}

#[test]
fn an_account_that_never_answers_holds_nobody_up() {
    let mut world = watching(&KEYS);
    let effects = check(&mut world, None, NOW);
    lists(&mut world, at(1));
    answer(&mut world, round_of(&effects), serves("kimi", Proof::Jobs, at(1)), at(1));
    assert!(!checked(&step(&mut world, Input::Tick, at(30))));
    assert!(world.next_wake().is_some_and(|wake| wake <= at(60)), "its deadline wakes us");
    let asked = step(&mut world, Input::Tick, at(60));
    assert_eq!(names(&asked), ["ask gateway", "ask gateway"], "whoever is unknown is put to the gateway");
    assert!(checked(&step(&mut world, Input::Tick, at(90))));
    assert_eq!(health(&world, "kimi"), Health::Up);
}

/// Six outages at once are one cable.
#[test]
fn when_nobody_can_be_reached_it_is_the_network_and_nothing_is_believed() {
    let mut world = watching(&KEYS);
    let effects = check(&mut world, None, NOW);
    let id = round_of(&effects);
    lists(&mut world, at(1));
    for account in KEYS {
        answer(&mut world, id, serves(account, Proof::Jobs, at(1)), at(1));
    }
    settle(&mut world, at(1));
    let plan = world.plan.id.clone();
    let effects = check(&mut world, Some(&["kimi"]), at(100));
    let id = round_of(&effects);
    lists(&mut world, at(101));
    let wider = answer(&mut world, id, silent("kimi", at(101)), at(101));
    assert_eq!(looked_at(&wider), ["openai", "zai"], "one silent account: are the others silent, too?");
    answer(&mut world, id, silent("openai", at(102)), at(102));
    assert!(checked(&answer(&mut world, id, silent("zai", at(103)), at(103))));
    assert!(world.problems.iter().any(|problem| problem.what == ProblemKind::Offline), "said once");
    for n in 0..6 {
        fails(&mut world, &format!("c{n}"), at(110 + n));
    }
    settle(&mut world, at(120));
    assert_eq!(KEYS.map(|id| health(&world, id)), [Health::Up, Health::Up, Health::Up]);
    assert_eq!(world.plan.id, plan, "nothing is re-planned on it");
    assert!(world.looks.offline_since.is_some());

    let wake = world.next_wake().expect("it is tried again");
    assert!(wake <= at(103 + 31), "soon");
    let effects = step(&mut world, Input::Tick, wake);
    let id = round_of(&effects);
    lists(&mut world, wake);
    for account in KEYS {
        answer(&mut world, id, serves(account, Proof::Jobs, wake), wake);
    }
    settle(&mut world, wake);
    assert!(world.problems.is_empty() && world.looks.offline_since.is_none(), "it is back");
}

/// Many crons run at the full hour, and all of them fail in the same second.
#[test]
fn runs_that_a_pulled_cable_may_have_failed_wait_for_a_look_at_the_network() {
    for cable_pulled in [true, false] {
        let mut world = watching(&KEYS);
        let first = step(&mut world, Input::Tick, NOW);
        lists(&mut world, NOW);
        for id in KEYS {
            answer(&mut world, round_of(&first), report(id, NOW), NOW);
        }
        settle(&mut world, NOW);
        let mut effects = Vec::new();
        for n in 0..8 {
            effects.extend(fails(&mut world, &format!("c{n}"), at(10)));
        }
        assert_eq!(health(&world, "kimi"), Health::Unknown, "nothing is believed yet");
        assert_eq!(looked_at(&effects), ["kimi"], "it is looked at once");
        let id = round_of(&effects);
        lists(&mut world, at(11));
        if cable_pulled {
            answer(&mut world, id, silent("kimi", at(11)), at(11));
            answer(&mut world, id, silent("zai", at(11)), at(11));
            answer(&mut world, id, silent("openai", at(11)), at(11));
        } else {
            answer(&mut world, id, serves("kimi", Proof::Key, at(11)), at(11));
        }
        settle(&mut world, at(12));
        step(&mut world, Input::Tick, at(12));
        assert_eq!(world.looks.offline_since.is_some(), cable_pulled);
        let believed = world.fleet.accounts.get(&AccountId::new("kimi")).is_some_and(policy::doubted)
            || health(&world, "kimi").fails();
        assert_eq!(believed, !cable_pulled, "{:?}", world.fleet.accounts);
    }
}

#[test]
fn one_silent_provider_among_others_that_answer_is_its_own_trouble() {
    let mut world = watching(&KEYS);
    for minute in 1..=2 {
        let now = at(minute * 60);
        let effects = check(&mut world, None, now);
        let id = round_of(&effects);
        lists(&mut world, now);
        answer(&mut world, id, silent("kimi", now), now);
        answer(&mut world, id, serves("zai", Proof::Jobs, now), now);
        answer(&mut world, id, serves("openai", Proof::Jobs, now), now);
        step(&mut world, Input::Tick, now + SignedDuration::from_secs(59));
    }
    assert_eq!(health(&world, "kimi"), Health::Unreachable, "twice in a row");
}

#[test]
fn what_only_this_computer_cannot_reach_is_not_down_when_the_gateway_is_elsewhere() {
    let mut world = elsewhere(watching(&["kimi", "zai"]));
    for minute in 1..=3 {
        let now = at(minute * 60);
        let effects = check(&mut world, None, now);
        let id = round_of(&effects);
        lists(&mut world, now);
        answer(&mut world, id, silent("kimi", now), now);
        answer(&mut world, id, serves("zai", Proof::Jobs, now), now);
        step(&mut world, Input::Tick, now + SignedDuration::from_secs(59));
    }
    assert_eq!(health(&world, "kimi"), Health::Unknown);
}

/// Without a key of ours: two failed runs and one small question of the gateway.
#[test]
fn an_account_that_answers_429_to_runs_is_known_within_two_of_them_without_a_key() {
    let mut world = elsewhere(watching(&[]));
    world.checks.by_itself = true;
    let first = fails(&mut world, "a", at(10));
    assert_eq!(looked_at(&first), Vec::<&str>::new());
    let asked = lists(&mut world, at(11));
    assert_eq!(names(&asked), ["ask gateway"]);
    let (session, id) = (world.session, round_of(&asked));
    let limited = ProbeAnswer { status: ProbeStatus::RateLimit, latency: None, detail: None, model: None };
    let account = AccountId::new("kimi");
    step(&mut world, Input::GatewayAnswered { session, id, account: account.clone(), answer: Ok(limited) }, at(12));
    assert_eq!(health(&world, "kimi"), Health::Unknown, "once is no outage");
    fails(&mut world, "b", at(20));
    assert!(health(&world, "kimi").fails(), "{:?}", world.fleet.accounts[&account]);

    // And its return is noticed, too, though nobody uses it.
    let mut now = at(20);
    for _ in 0..40 {
        settle(&mut world, now);
        now = world.next_wake().expect("it is watched").max(now + SignedDuration::from_secs(1));
        let effects = step(&mut world, Input::Tick, now);
        if names(&effects).contains(&"other") {
            let asked = lists(&mut world, now);
            if names(&asked).contains(&"ask gateway") {
                let id = round_of(&asked);
                let fine = ProbeAnswer { status: ProbeStatus::Ok, latency: None, detail: None, model: None };
                step(&mut world, Input::GatewayAnswered { session, id, account, answer: Ok(fine) }, now);
                break;
            }
        }
    }
    assert_eq!(health(&world, "kimi"), Health::Up);
    assert!(now <= at(20 * 60), "in minutes, not hours: {now}");
    settle(&mut world, now);
    assert_eq!(world.looks.paid, 2, "with two small questions");
}

#[test]
fn what_a_provider_said_itself_goes_before_the_kind_that_the_gateway_passes_on() {
    let cases = [
        (Finding::Busy, 529, ProbeStatus::RateLimit, HealthState::Overloaded, "too many requests, or overloaded"),
        (Finding::NoReset, 429, ProbeStatus::Billing, HealthState::QuotaExhausted, "money or quota"),
        (Finding::Busy, 529, ProbeStatus::Auth, HealthState::Auth, "of another kind"),
    ];
    for (finding, status, kind, expected, why) in cases {
        let mut world = watching(&KEYS);
        let effects = check(&mut world, Some(&["kimi"]), at(10));
        let id = round_of(&effects);
        let look = CheckReport { diagnosis: Some(said("kimi", finding, Some(status), None)), ..report("kimi", at(10)) };
        answer(&mut world, id, look, at(10));
        settle(&mut world, at(10));
        let asked = lists(&mut world, at(11));
        let (session, account) = (world.session, AccountId::new("kimi"));
        if names(&asked).contains(&"ask gateway") {
            let told = ProbeAnswer { status: kind, latency: None, detail: None, model: None };
            step(
                &mut world,
                Input::GatewayAnswered { session, id, account: account.clone(), answer: Ok(told) },
                at(12),
            );
        }
        assert_eq!(world.fleet.accounts[&account].state(), expected, "{why}");
    }
}

#[test]
fn the_days_budget_of_paid_questions_is_kept() {
    let mut world = elsewhere(watching(&[]));
    world.checks.by_itself = false;
    let mut settings = (*world.settings).clone();
    settings.checks.paid_per_day = 3;
    world.settings = Arc::new(settings);
    world.dirty.plan = true;
    settle(&mut world, NOW);
    let mut n_asked = 0;
    for minute in (0..600).step_by(5) {
        let now = at(minute * 60);
        check(&mut world, Some(&["kimi"]), now);
        for effect in lists(&mut world, now) {
            let Effect::AskGateway { session, id, account } = effect else { continue };
            n_asked += 1;
            let answer = ProbeAnswer { status: ProbeStatus::Unknown, latency: None, detail: None, model: None };
            step(&mut world, Input::GatewayAnswered { session, id, account, answer: Ok(answer) }, now);
        }
    }
    assert_eq!(n_asked, 3);
}

#[test]
fn where_another_computer_acts_nothing_is_asked_that_costs_tokens() {
    for others in [false, true] {
        let mut world = elsewhere(watching(&["kimi"]));
        world.checks.by_itself = false;
        if others {
            let mark = OwnerMark { folder: "there".to_owned(), ..our_mark() };
            let session = world.session;
            let news = crate::gateway::News::CronChanged(marked(&mark));
            step(&mut world, Input::News { session, news }, NOW);
        }
        let mut effects = check(&mut world, Some(&["kimi"]), NOW);
        effects.extend(lists(&mut world, NOW));
        let pays = |effect: &Effect| match effect {
            Effect::Look { look, .. } => look.paid != crate::providers::Paid::Never,
            effect => matches!(effect, Effect::AskGateway { .. }),
        };
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Look { .. })), "what is free is asked");
        assert_eq!(effects.iter().any(pays), !others, "{effects:?}");
    }
}

/// The gateway asks a failing provider again for minutes, and nobody can stop it.
#[test]
fn a_question_the_gateway_is_silent_on_is_a_failure_and_is_not_put_twice() {
    let mut world = elsewhere(watching(&[]));
    world.checks.by_itself = false;
    let question = |world: &mut World, now: Timestamp| {
        check(world, Some(&["kimi"]), now);
        lists(world, now).into_iter().find_map(|effect| match effect {
            Effect::AskGateway { session, id, account } => Some((session, id, account)),
            _ => None,
        })
    };
    let (session, id, account) = question(&mut world, at(0)).expect("a question");
    assert!(checked(&step(&mut world, Input::Tick, at(30))), "nobody waits longer");
    let failures = |world: &World| match world.fleet.accounts[&AccountId::new("kimi")].breaker {
        Breaker::Closed { failures } => failures,
        _ => 9,
    };
    assert_eq!(failures(&world), 1);
    assert_eq!(question(&mut world, at(120)), None, "it is still being put");
    let late = ProbeAnswer { status: ProbeStatus::RateLimit, latency: None, detail: None, model: None };
    step(&mut world, Input::GatewayAnswered { session, id, account, answer: Ok(late) }, at(150));
    assert_eq!(failures(&world), 1, "it was counted already");
    assert!(question(&mut world, at(180)).is_some());
}

#[test]
fn whoever_asks_for_patience_gets_it_also_from_a_person() {
    let mut world = watching(&KEYS);
    let effects = check(&mut world, None, NOW);
    let id = round_of(&effects);
    lists(&mut world, at(1));
    let mut busy = limited("kimi", at(600), at(1));
    busy.requests[0].retry_at = Some(at(300));
    answer(&mut world, id, busy, at(1));
    for account in ["zai", "openai"] {
        answer(&mut world, id, serves(account, Proof::Jobs, at(1)), at(1));
    }
    let refused = check(&mut world, Some(&["kimi"]), at(10));
    assert!(matches!(
        &refused[..],
        [Effect::Emit(Event::Refused { why: Refusal::ToldToWait { until, .. }, .. })] if *until == at(300)
    ));
    let all = check(&mut world, None, at(20));
    assert_eq!(looked_at(&all), ["openai", "zai"]);
    step(&mut world, Input::Tick, at(90));
    let later = check(&mut world, Some(&["kimi"]), at(300));
    assert_eq!(looked_at(&later), ["kimi"]);
    assert!(matches!(
        &check(&mut world, Some(&["nobody"]), at(301))[..],
        [Effect::Emit(Event::Refused { why: Refusal::UnknownAccount { .. }, .. })]
    ));
}

#[test]
fn a_host_that_takes_the_key_ends_no_limit() {
    let mut world = watching(&["kimi"]);
    world.checks.by_itself = false;
    let one = |world: &mut World, report: CheckReport, now: Timestamp| {
        let effects = check(world, Some(&["kimi"]), now);
        let id = round_of(&effects);
        lists(world, now);
        answer(world, id, report, now);
        step(world, Input::Tick, now + SignedDuration::from_secs(95));
        health(world, "kimi")
    };
    let limit = Health::LimitHit { resets_at: Some(at(9000)) };
    assert_eq!(one(&mut world, limited("kimi", at(9000), at(1)), at(1)), limit);
    assert_eq!(one(&mut world, serves("kimi", Proof::Key, at(200)), at(200)), limit, "the list of models is free");
    assert_eq!(one(&mut world, serves("kimi", Proof::Jobs, at(400)), at(400)), Health::Up, "its quota has room");
}

#[test]
fn looks_come_by_themselves_at_their_interval_at_a_reset_and_after_sleep() {
    let mut world = watching(&["kimi"]);
    assert_eq!(world.next_wake(), Some(NOW), "a first look at once");
    let effects = step(&mut world, Input::Tick, NOW);
    let id = round_of(&effects);
    settle(&mut world, at(1));
    lists(&mut world, at(1));
    let reset = at(150);
    answer(&mut world, id, limited("kimi", reset, at(1)), at(1));
    settle(&mut world, at(1));
    assert_eq!(world.looks.accounts[&AccountId::new("kimi")].due_at, Some(at(210)), "a minute after the reset");
    assert!(world.next_wake().is_some_and(|wake| wake >= at(6)), "a round is followed by a rest, whatever is due");
    let at_reset = step(&mut world, Input::Tick, reset);
    settle(&mut world, reset);
    assert_eq!(looked_at(&at_reset), Vec::<&str>::new(), "the provider's clock may be behind");
    assert_eq!(step(&mut world, Input::Tick, at(209)).len(), 0);
    let effects = step(&mut world, Input::Tick, at(210));
    assert_eq!(looked_at(&effects), ["kimi"]);
    lists(&mut world, at(211));
    answer(&mut world, round_of(&effects), serves("kimi", Proof::Jobs, at(211)), at(211));
    settle(&mut world, at(211));
    assert_eq!(health(&world, "kimi"), Health::Up);
    let next = world.looks.next_at.expect("a round");
    assert!(next >= at(200) && next <= at(360 + 2), "about five minutes: {next}");
    let effects = step(&mut world, Input::ClockJumped, at(220));
    assert!(effects.len() >= 4, "the gateway is read again");
    settle(&mut world, at(220));
    assert_eq!(world.next_wake(), Some(at(220)), "and everybody is looked at");
}

#[test]
fn whom_their_owner_called_down_or_set_aside_is_left_alone_until_then() {
    let mut world = watching(&KEYS);
    let mut kimi = world.settings.account(&AccountId::new("kimi"));
    kimi.down_until = Some(at(600));
    let mut zai = world.settings.account(&AccountId::new("zai"));
    zai.set_aside_until = Some(at(600));
    for account in [kimi, zai] {
        let change = SettingsChange::PutAccount(Box::new(account));
        step(&mut world, Input::Command(Ticket(1), Command::Settings(change)), NOW);
    }
    settle(&mut world, NOW);
    assert_eq!(looked_at(&step(&mut world, Input::Tick, NOW)), ["openai"]);
}

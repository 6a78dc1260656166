//! What a finished run says about a switch.

use super::*;
use crate::gateway::News;

fn run(cron: &Cron, started: Timestamp, error: Option<&str>) -> RunRecord {
    RunRecord {
        cron: cron.id.clone(),
        at: started,
        finished_at: started + SignedDuration::from_secs(5),
        status: if error.is_some() { RunStatus::Error } else { RunStatus::Ok },
        provider: Some("b".to_owned()),
        model: Some("two".to_owned()),
        error: None,
        error_reason: error.map(str::to_owned),
        duration: None,
        usage: None,
    }
}

fn told(world: &mut World, news: News, now: Timestamp) -> Vec<Effect> {
    let session = world.session;
    step(world, Input::News { session, news }, now)
}

/// Whoever uses the command line is never there when a run ends.
#[test]
fn a_run_that_ended_while_nobody_was_connected_confirms_its_switch() {
    let one = cron("1", "b/two");
    let mut world = world(std::slice::from_ref(&one), Vec::new());
    world.switches = Arc::new(vec![switched(&one)]);
    let (before, after) = (run(&one, at(-3600), None), run(&one, at(60), None));
    let ended = after.finished_at;
    let what = Fetched::Runs { cron: None, runs: vec![after, before], offset: 0, more: false };
    let session = world.session;
    step(&mut world, Input::Fetched { session, what }, at(600));
    assert_eq!(world.switches[0].confirmation, Confirmation::Confirmed { at: ended });
}

/// Its runs would otherwise all be older than the last reading of a quota, and than any switch.
#[test]
fn runs_count_by_our_clock_when_that_of_the_gateway_is_behind_or_ahead() {
    for skew in [SignedDuration::from_mins(-10), SignedDuration::ZERO, SignedDuration::from_mins(10)] {
        let one = cron("1", "b/two");
        let mut world = world(std::slice::from_ref(&one), Vec::new());
        if let Connection::Connected(info) = &mut world.connection {
            info.clock_skew = skew;
        }
        world.switches = Arc::new(vec![switched(&one)]);
        let vital = Vital { health: Health::Up, observed_at: Some(NOW), ..Vital::default() };
        Arc::make_mut(&mut world.fleet).accounts.insert(AccountId::new("b"), vital);
        let earlier = run(&one, at(-90) + skew, None);
        told(&mut world, News::RunFinished(earlier, one.clone()), at(10));
        assert_eq!(world.switches[0].confirmation, Confirmation::Waiting, "{skew}: it began before the switch");
        let failed = run(&one, at(60) + skew, Some("auth"));
        told(&mut world, News::RunFinished(failed, one.clone()), at(70));
        assert_eq!(world.fleet.accounts[&AccountId::new("b")].health, Health::RefusedKey, "{skew}: it is news");
        assert_eq!(world.switches[0].confirmation, Confirmation::Confirmed { at: at(65) }, "{skew}");
    }
}

/// A debt ends when somebody switches the cron on; what they do afterwards is theirs.
#[test]
fn a_cron_that_was_switched_on_by_hand_and_off_again_is_the_users() {
    let one = cron("1", "a/one");
    let mut world = world(std::slice::from_ref(&one), vec![pauses(&one)]);
    apply(&mut world, &["1"]);
    prepared(&mut world, "1", NOW);
    let result = read_back(&world, "1");
    written(&mut world, "1", result, NOW);
    assert!(world.ledger.contains_key(&one.id));
    let (on, off) = (one.clone(), Cron { enabled: false, ..one.clone() });
    told(&mut world, News::CronChanged(on), at(60));
    let (_, effects) = super::super::settle(&mut world, at(60));
    assert!(world.ledger.is_empty(), "it is on: nothing is owed");
    assert!(names(&effects).contains(&"save ledger"), "{:?}", names(&effects));
    told(&mut world, News::CronChanged(off), at(120));
    super::super::settle(&mut world, at(120));
    let decision = world.plan.decision(&one.id).expect("decided").clone();
    assert_eq!(decision.reason, Reason::PausedByUser);
}

#[test]
fn a_run_on_another_model_is_told_with_what_it_cost_where_that_is_known() {
    let used = |input, output| Some(TokenUsage { input, output, total: input + output });
    let own = Price { input: Usd(2.0), output: Usd(8.0) };
    let cases = [
        ("anthropic/claude-opus", used(10_000, 2000), None, Some(Usd(0.1)), "by the table"),
        ("anthropic/claude-opus", used(10_000, 2000), Some(own), Some(Usd(0.036)), "by the user's own price"),
        ("anthropic/claude-opus", None, None, None, "no tokens were told"),
        ("anthropic/claude-opus", used(0, 0), None, None, "nor which"),
        ("acme/unheard-of", used(10_000, 2000), None, None, "nobody knows its price"),
    ];
    for (ran, usage, price, cost, why) in cases {
        let one = cron("1", "b/two");
        let mut world = world(std::slice::from_ref(&one), Vec::new());
        world.switches = Arc::new(vec![switched(&one)]);
        let opus = Arc::make_mut(&mut world.effective).routes.get_mut(&RouteKey::new("opus")).expect("a default");
        (opus.model, opus.price) = (ModelRef::parse("anthropic/claude-opus"), price);
        let ran = ModelRef::parse(ran).expect("a reference");
        let run = RunRecord {
            cron: one.id.clone(),
            at: at(-10),
            finished_at: NOW,
            status: RunStatus::Ok,
            provider: Some(ran.provider().to_owned()),
            model: Some(ran.model().to_owned()),
            error: None,
            error_reason: None,
            duration: None,
            usage,
        };
        let session = world.session;
        let news = crate::gateway::News::RunFinished(run, one.clone());
        step(&mut world, Input::News { session, news }, NOW);
        let told = world.problems.iter().find_map(|problem| match &problem.what {
            ProblemKind::RanElsewhere { cost, .. } => Some(*cost),
            _ => None,
        });
        assert_eq!(told, Some(cost), "{why}");
    }
}

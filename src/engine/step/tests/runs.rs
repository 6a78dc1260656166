//! What a finished run says about a switch.

use super::*;

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

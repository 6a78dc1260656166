//! On a gateway with a single keyed provider: most routes of the default chains do not exist there.

use model_orchestrator::domain::{ChangeKind, MatchCertainty};
use model_orchestrator::engine::{Command, Edit};
use serde_json::json;

use crate::engine::Running;
use crate::gateway::Gateway;
use crate::program::Program;

#[test]
#[ignore = "needs a real OpenClaw gateway; run tests/gateway/run.sh"]
fn the_first_plan_is_empty_and_sorting_pauses_nothing() {
    let gateway = Gateway::empty();
    for name in ["Heartbeat ping", "Email triage", "Morning strategy brief"] {
        gateway.add(name, None, json!({}));
    }
    gateway.add("on the only model", Some("minimax/MiniMax-M3"), json!({}));
    let before = gateway.marks();
    let program = Program::new(&gateway);
    let plan = program.ok(&["plan"]);
    assert_eq!(plan["changes"], json!([]), "{plan}");
    assert_eq!(plan["mode"], "healthy", "what is not set up is not down");

    let engine = Running::start(&gateway, &program);
    let now = engine.now();
    let minimax = now.matches.iter().find(|found| found.route.as_str() == "minimax").expect("the route is known");
    assert_ne!(minimax.certainty, MatchCertainty::Asks, "its only model needs no question");
    let crons: Vec<_> = now.suggestions.keys().cloned().collect();
    assert_eq!(crons.len(), 4);
    engine.ask(Command::Edit(Edit::AcceptSuggestions { crons }));
    let sorted = engine.wait("every cron sorted", |now| now.tiers.len() == 4 && now.saving.is_empty());
    let pauses: Vec<_> = sorted.plan.changes.iter().filter(|change| change.kind == ChangeKind::Pause).collect();
    assert!(pauses.is_empty(), "a chain that is not set up pauses nothing: {pauses:?}");
    engine.end();
    assert_eq!(gateway.marks(), before, "and nothing was written");
}

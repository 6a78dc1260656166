//! The same client against a real gateway, named by `MO_GATEWAY_URL` and `MO_GATEWAY_TOKEN`.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use model_orchestrator::domain::{
    AccountId, Cron, CronId, ModelRef, Patch, ProbeStatus, RECOVERY_KEY_PREFIX, RunStatus, Schedule, Secret,
};
use model_orchestrator::gateway::{Connected, Endpoint, GatewayError, News, OneShot, RunAsked, connect};
use serde_json::json;

const A_MOMENT: &str = "2026-11-23T08:00:00Z";

fn endpoint() -> Endpoint {
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    Endpoint::new(variable("MO_GATEWAY_URL"), Some(Secret::new(variable("MO_GATEWAY_TOKEN"))))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Waits for news of one kind, letting others pass.
async fn heard<T>(connected: &mut Connected, what: &str, pick: impl Fn(News) -> Option<T>) -> T {
    let search = async {
        loop {
            let news = connected.news.recv().await.unwrap_or_else(|| panic!("the news ended before {what}"));
            assert_ne!(news, News::Gap, "a real gateway numbers its events without a gap");
            if let Some(found) = pick(news) {
                return found;
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), search).await.unwrap_or_else(|_| panic!("never heard {what}"))
}

async fn add_cron(connected: &Connected) -> CronId {
    let job = json!({
        "name": "Wire test", "enabled": true, "sessionTarget": "isolated", "wakeMode": "next-heartbeat",
        "schedule": { "kind": "cron", "expr": "0 7 1 1 *", "tz": "Europe/Brussels" },
        "payload": { "kind": "agentTurn", "message": "Say hello.", "model": "alpha/a-small", "fallbacks": [] },
        "delivery": { "mode": "none" },
    });
    let added = connected.client.call("cron.add", job).await.expect("is added");
    CronId::new(added["id"].as_str().expect("has an id"))
}

fn model(cron: &Cron) -> Option<&str> {
    cron.turn().and_then(|turn| turn.model.as_deref())
}

#[test]
#[ignore = "needs a real gateway: run tests/gateway/run.sh"]
fn a_cron_lives_its_life_on_a_real_gateway() {
    runtime().block_on(async {
        let mut connected = connect(&endpoint()).await.expect("connects");
        let hello = connected.hello.clone();
        assert!(hello.scopes.iter().any(|scope| scope == "operator.admin"), "{hello:?}");
        assert!(hello.gateway_time.is_some() && !hello.version.is_empty());

        let client = connected.client.clone();
        let before = client.crons().await.expect("lists");
        assert_eq!(before.unreadable, [], "every job of a real gateway is readable");
        let catalog = client.catalog().await.expect("lists models");
        assert_eq!(catalog.default_model.as_ref().map(ModelRef::as_str), Some("alpha/a-large"));
        let moment: Timestamp = A_MOMENT.parse().expect("a time");
        client.usage(moment).await.expect("reports quotas");
        client.runs(None, 10, 0).await.expect("lists runs");

        let id = add_cron(&connected).await;
        let told = heard(&mut connected, "the new cron", |news| match news {
            News::CronChanged(cron) if cron.id == id => Some(cron),
            _ => None,
        });
        let told = told.await;
        assert_eq!(told.revision, None);
        let made = client.cron(&id).await.expect("is there");
        let first = made.revision.clone().expect("has a revision");
        assert_eq!((told.definition, model(&made)), (made.definition.clone(), Some("alpha/a-small")));

        let to_opus = Patch { model: Some(Some("beta/b-opus".into())), ..Patch::default() };
        let moved = client.update(&id, &to_opus, Some(&first)).await.expect("is moved");
        assert_eq!(model(&moved), Some("beta/b-opus"));
        assert_ne!(moved.revision, Some(first.clone()));

        let late = Patch { enabled: Some(false), ..Patch::default() };
        let conflict = client.update(&id, &late, Some(&first)).await.expect_err("is too late");
        assert_eq!(conflict, GatewayError::Conflict { expected: Some(first.clone()), actual: moved.revision.clone() });
        assert!(client.cron(&id).await.expect("is there").enabled, "nothing was written");

        let clear = Patch { model: Some(None), fallbacks: Some(None), ..Patch::default() };
        let cleared = client.update(&id, &clear, moved.revision.as_ref()).await.expect("is cleared");
        assert_eq!((model(&cleared), cleared.fields().fallbacks), (None, None));
        let back =
            Patch { model: Some(Some("alpha/a-small".into())), fallbacks: Some(Some([].into())), ..Patch::default() };
        let restored = client.update(&id, &back, cleared.revision.as_ref()).await.expect("is restored");
        assert_eq!(restored.revision, Some(first), "the old definition has its old revision");
        assert_eq!(restored.definition, made.definition);

        let run = client.call("cron.run", json!({ "id": id.as_str() })).await.expect("is queued");
        assert_eq!(run["enqueued"], true);
        let (record, cron) = heard(&mut connected, "the finished run", |news| match news {
            News::RunFinished(record, cron) if cron.id == id => Some((record, cron)),
            _ => None,
        })
        .await;
        assert_eq!((record.provider.as_deref(), record.model.as_deref()), (Some("alpha"), Some("a-small")));
        assert_eq!(cron.last_run.as_ref().map(|run| run.at), Some(record.at));
        let runs = client.runs(Some(&id), 5, 0).await.expect("lists runs").runs;
        assert_eq!(runs.first(), Some(&record), "an event and the list tell the same");

        client.call("cron.remove", json!({ "id": id.as_str() })).await.expect("is removed");
        heard(&mut connected, "the removal", |news| (news == News::CronRemoved(id.clone())).then_some(())).await;
        assert_eq!(client.cron(&id).await, Err(GatewayError::NotFound));
        let after = client.crons().await.expect("lists");
        // A gateway that has just started adds crons of its own.
        let still = |cron: &Cron| after.crons.iter().any(|other| other.id == cron.id);
        assert!(before.crons.iter().all(still) && !still(&made), "nothing else was lost");

        client.close();
        heard(&mut connected, "the end", |news| matches!(news, News::Closed { .. }).then_some(())).await;
        assert!(matches!(client.crons().await, Err(GatewayError::Closed { .. })));
    });
}

#[test]
#[ignore = "needs a real gateway: run tests/gateway/run.sh"]
fn a_one_shot_of_ours_is_moved_runs_without_a_model_and_goes() {
    runtime().block_on(async {
        let mut connected = connect(&endpoint()).await.expect("connects");
        let (client, now) = (connected.client.clone(), connected.hello.gateway_time.expect("its clock"));
        let mut shot = OneShot {
            key: format!("{RECOVERY_KEY_PREFIX}wire-test"),
            name: "Wire test".to_owned(),
            at: now + SignedDuration::from_hours(1),
            argv: vec!["false".to_owned()],
        };
        let first = client.add_one_shot(&shot).await.expect("is put there");
        let again = client.add_one_shot(&shot).await.expect("is there");
        assert_eq!((&again.id, &again.revision), (&first.id, &first.revision), "asked twice, there once");

        assert_eq!(client.run_cron(&first.id).await, Ok(RunAsked::Queued));
        let ended = |id: CronId| {
            move |news| match news {
                News::RunFinished(run, cron) if cron.id == id => Some(run),
                _ => None,
            }
        };
        let run = heard(&mut connected, "the run by hand", ended(first.id.clone())).await;
        assert_eq!((run.status, run.provider), (RunStatus::Error, None));
        assert!(client.cron(&first.id).await.expect("is still there").enabled, "a run by hand does not use it up");

        shot.argv = vec!["true".to_owned()];
        shot.at = now + SignedDuration::from_secs(8);
        let moved = client.add_one_shot(&shot).await.expect("is moved");
        assert_eq!((&moved.id, &moved.schedule), (&first.id, &Schedule::At { at: shot.at }));
        let crons = client.crons().await.expect("lists").crons;
        assert_eq!(crons.iter().filter(|cron| cron.declaration_key.as_ref() == Some(&shot.key)).count(), 1);
        let run = heard(&mut connected, "its time", ended(first.id.clone())).await;
        assert_eq!((run.status, run.provider, run.model, run.usage), (RunStatus::Ok, None, None, None));
        heard(&mut connected, "its end", |news| (news == News::CronRemoved(first.id.clone())).then_some(())).await;
        assert_eq!(client.remove_cron(&first.id).await, Err(GatewayError::NotFound));

        shot.at = now - SignedDuration::from_hours(1);
        assert!(matches!(client.add_one_shot(&shot).await, Err(GatewayError::Rejected { .. })), "that is past");
    });
}

#[test]
#[ignore = "needs a real gateway: run tests/gateway/run.sh"]
fn a_real_gateway_asks_a_provider_for_us() {
    runtime().block_on(async {
        let connected = connect(&endpoint()).await.expect("connects");
        let serving = connected.client.probe(&AccountId::new("gamma")).await.expect("is asked");
        assert_eq!((serving.status, serving.detail), (ProbeStatus::Ok, None));
        assert_eq!(serving.model, ModelRef::parse("gamma/g-flash"));
        assert!(serving.latency.is_some());
        let nobody = connected.client.probe(&AccountId::new("nowhere")).await.expect("is answered");
        assert_eq!((nobody.status, nobody.model, nobody.latency), (ProbeStatus::Unknown, None, None));
        assert!(nobody.detail.is_some(), "it says that nobody was asked");
    });
}

#[test]
#[ignore = "needs a real gateway: run tests/gateway/run.sh"]
fn a_real_gateway_refuses_a_wrong_token_and_no_token() {
    runtime().block_on(async {
        let right = endpoint();
        let wrong = Endpoint { token: Some(Secret::new("not-the-token")), ..right.clone() };
        assert_eq!(connect(&wrong).await.map(|_| ()), Err(GatewayError::BadToken));
        let none = Endpoint { token: None, ..right };
        assert_eq!(connect(&none).await.map(|_| ()), Err(GatewayError::NoToken));
    });
}

//! Calls: answers in any order, refusals, pages, patience.

use std::time::Duration;

use jiff::SignedDuration;
use model_orchestrator::domain::{AccountId, CronId, Patch, ProbeStatus, Revision, Schedule};
use model_orchestrator::gateway::{GatewayError, OneShot, Patience, RunAsked};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::peer::{Peer, TOKEN, assert_no_token, recorded, recorded_frames, recorded_payload, run};

#[test]
fn answers_may_come_in_any_order() {
    run(async {
        let (connected, mut session) = Peer::listen().await.connected().await;
        let client = &connected.client;
        let serve = async {
            let mut requests = [session.request().await, session.request().await, session.request().await];
            requests.reverse();
            for request in &requests {
                session.answer(request, &request["params"]).await;
            }
        };
        let ask = |n: u32| client.call("echo", json!({ "n": n }));
        let (one, two, three, ()) = tokio::join!(ask(1), ask(2), ask(3), serve);
        assert_eq!([one, two, three], [1, 2, 3].map(|n| Ok(json!({ "n": n }))));
    });
}

#[test]
fn each_call_sends_what_a_real_gateway_took() {
    run(async {
        let (connected, mut session) = Peer::listen().await.connected().await;
        let client = connected.client.clone();
        let sent = recorded("cron-update-with-revision")["frames"][0]["frame"]["params"].clone();
        let id = CronId::new(sent["id"].as_str().expect("an id"));
        let revision = Revision::new(sent["expectedConfigRevision"].as_str().expect("a revision"));
        let model = sent["patch"]["payload"]["model"].as_str().map(str::to_owned);
        let patch = Patch { model: Some(model.clone()), ..Patch::default() };
        let serve = async {
            let request = session.request().await;
            session.answer(&request, &recorded_payload("cron-update-with-revision")).await;
            request
        };
        let (cron, request) = tokio::join!(client.update(&id, &patch, Some(&revision)), serve);
        assert_eq!((request["method"].as_str(), &request["params"]), (Some("cron.update"), &sent));
        let cron = cron.expect("is updated");
        assert_eq!((&cron.id, cron.fields().model), (&id, model));
        assert!(cron.revision.is_some_and(|now| now != revision));
    });
}

/// Put there, put there again, moved; then it has run and gone, and is taken off once more.
#[test]
fn a_one_shot_is_put_moved_and_taken_off_as_recorded() {
    run(async {
        let (connected, mut session) = Peer::listen().await.connected().await;
        let client = connected.client.clone();
        let file = recorded("cron-own-one-shot");
        let frames: Vec<&Value> =
            file["frames"].as_array().expect("frames").iter().map(|entry| &entry["frame"]).collect();
        let asked: Vec<&Value> = frames.iter().filter(|frame| frame["type"] == "req").copied().collect();
        let answer =
            |id: &Value| *frames.iter().find(|frame| frame["type"] == "res" && frame["id"] == *id).expect("one");
        for sent in &asked {
            let (method, params) = (sent["method"].as_str().expect("a method"), &sent["params"]);
            let serve = async {
                let request = session.request().await;
                assert_eq!((request["method"].as_str(), &request["params"]), (Some(method), params));
                match answer(&sent["id"]) {
                    told if told["ok"] == true => session.answer(&request, &told["payload"]).await,
                    refused => session.refuse(&request, &refused["error"]).await,
                }
            };
            if method == "cron.remove" {
                let id = CronId::new(params["id"].as_str().expect("an id"));
                let (gone, ()) = tokio::join!(client.remove_cron(&id), serve);
                assert_eq!(gone, Err(GatewayError::NotFound));
                continue;
            }
            let shot = OneShot {
                key: params["declarationKey"].as_str().expect("a key").to_owned(),
                name: params["name"].as_str().expect("a name").to_owned(),
                at: params["schedule"]["at"].as_str().expect("a time").parse().expect("a time"),
                argv: vec!["true".to_owned()],
            };
            let (put, ()) = tokio::join!(client.add_one_shot(&shot), serve);
            let put = put.expect("is put there");
            assert_eq!(
                (put.declaration_key.as_deref(), put.schedule),
                (Some(&*shot.key), Schedule::At { at: shot.at })
            );
            assert!(put.enabled && put.delete_after_run && put.revision.is_some(), "{:?}", put.definition);
        }
        assert_eq!(asked.len(), 4);
    });
}

#[test]
fn a_cron_added_without_a_key_is_the_answer_itself() {
    run(async {
        let (connected, mut session) = Peer::listen().await.connected().await;
        let shot = OneShot { key: String::new(), name: "x".into(), at: jiff::Timestamp::UNIX_EPOCH, argv: Vec::new() };
        let serve = async {
            let request = session.request().await;
            session.answer(&request, &recorded_payload("cron-add")).await;
        };
        let (put, ()) = tokio::join!(connected.client.add_one_shot(&shot), serve);
        assert_eq!(put.expect("is read").name, "Frame demo");
    });
}

#[test]
fn a_run_is_queued_or_it_is_said_why_not() {
    run(async {
        let (connected, mut session) = Peer::listen().await.connected().await;
        let sent = recorded("cron-run")["frames"][0]["frame"]["params"].clone();
        let id = CronId::new(sent["id"].as_str().expect("an id"));
        let not = |reason: &str| RunAsked::NotRun { reason: reason.to_owned() };
        let [due, _, disabled] = &recorded_frames("cron-run-not-run")[..] else { panic!("three answers") };
        let cases = [
            (recorded_payload("cron-run"), Ok(RunAsked::Queued)),
            (due["payload"].clone(), Ok(not("not-due"))),
            (disabled["payload"].clone(), Ok(not("disabled"))),
            (json!({ "ok": true }), Err(())),
        ];
        for (answer, expected) in cases {
            let serve = async {
                let request = session.request().await;
                assert_eq!((request["method"].as_str(), &request["params"]), (Some("cron.run"), &sent));
                session.answer(&request, &answer).await;
            };
            let (asked, ()) = tokio::join!(connected.client.run_cron(&id), serve);
            assert_eq!(asked.map_err(|error| assert!(matches!(error, GatewayError::Garbage { .. }))), expected);
        }
    });
}

#[test]
fn a_probe_asks_as_recorded_and_is_waited_for_longer_than_anything_else() {
    run(async {
        let patience =
            Patience { call: Duration::from_millis(50), probe: Duration::from_secs(20), ..Patience::default() };
        let (connected, mut session) = Peer::listen().await.connected_with(patience, json!({})).await;
        let client = connected.client.clone();
        let provider = AccountId::new("alpha");
        let serve = async {
            let probe = session.request().await;
            // Begun after it, and given up before it.
            let lost = client.call("lost", json!({})).await;
            assert_eq!(lost, Err(GatewayError::Timeout { what: "lost".to_owned(), after: patience.call }));
            session.answer(&probe, &recorded_payload("models-probe")).await;
            probe
        };
        let (answer, probe) = tokio::join!(client.probe(&provider), serve);
        let sent = recorded("models-probe")["frames"][0]["frame"].clone();
        assert_eq!((&probe["method"], &probe["params"]), (&sent["method"], &sent["params"]));
        let answer = answer.expect("is answered");
        assert_eq!((answer.status, answer.detail), (ProbeStatus::Ok, None));
        assert_eq!(answer.model.map(|model| model.to_string()).as_deref(), Some("alpha/a-large"));
    });
}

#[test]
fn a_probe_that_is_refused_or_says_nothing_is_an_error_and_no_answer() {
    run(async {
        let (connected, mut session) = Peer::listen().await.connected().await;
        let provider = AccountId::new("alpha");
        let serve = async {
            let request = session.request().await;
            session.refuse(&request, &recorded_frames("models-probe-missing-scope")[0]["error"]).await;
            let request = session.request().await;
            session.answer(&request, &json!({})).await;
        };
        let calls = async { (connected.client.probe(&provider).await, connected.client.probe(&provider).await) };
        let ((refused, empty), ()) = tokio::join!(calls, serve);
        assert_eq!(refused, Err(GatewayError::MissingScope { scope: "operator.admin".into() }));
        assert!(matches!(empty, Err(GatewayError::Garbage { .. })), "{empty:?}");
    });
}

#[test]
fn every_refused_call_is_told_apart() {
    let expected = Revision::new("sha256:B2Ob7Pbp46XlKbDi5l-7eIdrAVpAJAZ37yqp2-4L0xg");
    let actual = Revision::new("sha256:t8GPbASS_h0HqwfKNy7Yrc5l50pHaxuIWsT4pggaj90");
    let conflict = GatewayError::Conflict { expected: Some(expected), actual: Some(actual) };
    let minute = SignedDuration::from_millis(59_193);
    let rejected = |message: &str| GatewayError::Rejected { code: "INVALID_REQUEST".into(), message: message.into() };
    let unavailable = |message: &str, retryable| GatewayError::Unavailable {
        retry_after: None,
        retryable,
        message: message.to_owned(),
    };
    let owned = "Error: system-owned monitor jobs cannot be edited by cron clients";
    let remade = "Error: Model catalog is not ready. Retry after Gateway startup or refresh finishes.";
    let cases = [
        ("error-job-not-found", Some(GatewayError::NotFound)),
        ("error-update-conflict", Some(conflict)),
        ("error-unknown-method", Some(rejected("unknown method: cron.bulkUpdate"))),
        ("error-list-limit", Some(rejected("invalid cron.list params: at /limit: must be <= 200"))),
        ("error-missing-scope", Some(GatewayError::MissingScope { scope: "operator.read".into() })),
        ("error-rate-limited", Some(GatewayError::RateLimited { retry_after: Some(minute) })),
        ("error-busy", Some(unavailable("The server is busy. Please try again in a moment.", true))),
        ("error-update-system-owned", Some(unavailable(owned, false))),
        ("error-catalog-not-ready", Some(unavailable(remade, false))),
        ("error-update-no-kind", None),
        ("error-update-wrong-kind", None),
        ("error-update-unknown-field", None),
        ("error-config-conflict", None),
    ];
    for (name, expected) in cases {
        let error = run(async {
            let (connected, mut session) = Peer::listen().await.connected().await;
            let serve = async {
                let request = session.request().await;
                let answers = recorded_frames(name);
                let refusal = answers.iter().rfind(|frame| frame["ok"] == false).expect("a refusal");
                session.refuse(&request, &refusal["error"]).await;
            };
            let (answer, ()) = tokio::join!(connected.client.call("cron.update", json!({})), serve);
            answer.expect_err("is refused")
        });
        match expected {
            Some(expected) => assert_eq!(error, expected, "{name}"),
            None => assert!(matches!(error, GatewayError::Rejected { .. }), "{name}: {error:?}"),
        }
    }
}

#[test]
fn a_peer_that_repeats_the_token_does_not_spread_it() {
    run(async {
        let (connected, mut session) = Peer::listen().await.connected().await;
        let client = connected.client.clone();
        let message = format!("token {TOKEN} is odd");
        let errors = [
            json!({"code": TOKEN, "message": message}),
            json!({"code": "UNAVAILABLE", "message": message}),
            json!({"code": "FORBIDDEN", "message": message, "details": {"code": "MISSING_SCOPE", "missingScope": TOKEN}}),
        ];
        for error in errors {
            let serve = async {
                let request = session.request().await;
                session.refuse(&request, &error).await;
            };
            let (answer, ()) = tokio::join!(client.call("x", json!({})), serve);
            assert_no_token(&answer.expect_err("is refused"));
        }
        assert!(!format!("{connected:?}").contains(TOKEN));
    });
}

/// A page of `cron.list` with one cron.
fn page(id: &str, revision: &str, next: Option<u64>) -> Value {
    let job = json!({
        "id": id, "name": id, "enabled": true, "schedule": { "kind": "every", "everyMs": 60_000 },
        "payload": { "kind": "agentTurn", "message": "hi" },
    });
    json!({ "jobs": [job], "snapshotRevision": revision, "hasMore": next.is_some(), "nextOffset": next })
}

#[test]
fn a_list_that_changes_between_its_pages_is_read_again() {
    run(async {
        let (connected, mut session) = Peer::listen().await.connected().await;
        let serve = async {
            let pages = [
                page("a", "r1", Some(1)),
                page("b", "r2", Some(2)),
                page("a", "r2", Some(1)),
                page("b", "r2", Some(2)),
                page("c", "r2", None),
            ];
            let mut offsets = Vec::new();
            for page in &pages {
                let request = session.request().await;
                assert_eq!(request["params"]["includeDisabled"], true);
                offsets.push(request["params"]["offset"].as_u64().expect("an offset"));
                session.answer(&request, page).await;
            }
            offsets
        };
        let (list, offsets) = tokio::join!(connected.client.crons(), serve);
        assert_eq!(offsets, [0, 1, 0, 1, 2]);
        let ids: Vec<_> = list.expect("is read").crons.iter().map(|cron| cron.id.as_str().to_owned()).collect();
        assert_eq!(ids, ["a", "b", "c"]);
    });
}

#[test]
fn a_list_that_never_holds_still_or_never_ends_is_given_up() {
    run(async {
        let (connected, mut session) = Peer::listen().await.connected().await;
        let serve = async {
            for n in 0..10_u64 {
                let request = session.request().await;
                let next = if n % 2 == 0 { Some(1) } else { None };
                session.answer(&request, &page("a", &n.to_string(), next)).await;
            }
            let request = session.request().await;
            session.answer(&request, &page("a", "r", Some(0))).await;
        };
        let calls = async { (connected.client.crons().await, connected.client.crons().await) };
        let ((restless, endless), ()) = tokio::join!(calls, serve);
        assert!(matches!(restless, Err(GatewayError::Unavailable { retryable: true, .. })), "{restless:?}");
        assert!(matches!(endless, Err(GatewayError::Garbage { .. })), "{endless:?}");
    });
}

#[test]
fn the_catalog_survives_a_gateway_that_hides_its_configuration() {
    run(async {
        let (connected, mut session) = Peer::listen().await.connected().await;
        let serve = async {
            for _ in 0..2 {
                let request = session.request().await;
                if request["method"] == "models.list" {
                    session.answer(&request, &recorded_payload("models-list-policy")).await;
                } else {
                    session.refuse(&request, &recorded_frames("error-missing-scope")[0]["error"]).await;
                }
            }
        };
        let (catalog, ()) = tokio::join!(connected.client.catalog(), serve);
        let catalog = catalog.expect("is read");
        assert_eq!(catalog.default_model.map(|model| model.to_string()).as_deref(), Some("alpha/a-large"));
        assert_eq!(catalog.models.len(), 3);
    });
}

#[test]
fn at_most_twenty_calls_are_under_way() {
    run(async {
        let (connected, mut session) = Peer::listen().await.connected().await;
        let calls = (0..50).map(|n| {
            let client = connected.client.clone();
            tokio::spawn(async move { client.call("echo", json!(n)).await })
        });
        let calls: Vec<_> = calls.collect();
        let mut waiting = Vec::new();
        for _ in 0..20 {
            waiting.push(session.request().await);
        }
        // The pong follows everything that could be sent.
        session.send_message(Message::Ping("?".into())).await;
        let next = session.next_message().await;
        assert!(matches!(next, Some(Message::Pong(_))), "a call too many: {next:?}");
        for answered in 0..50 {
            session.answer(&waiting.remove(0), &json!(answered)).await;
            if answered < 30 {
                waiting.push(session.request().await);
            }
        }
        for call in calls {
            call.await.expect("runs").expect("is answered");
        }
    });
}

#[test]
fn a_call_without_an_answer_costs_no_other_call() {
    run(async {
        let patience = Patience { call: Duration::from_millis(50), ..Patience::default() };
        let (connected, mut session) = Peer::listen().await.connected_with(patience, json!({})).await;
        let client = connected.client.clone();
        let (answer, lost) = tokio::join!(client.call("slow", json!({})), session.request());
        let error = answer.expect_err("nobody answers");
        assert_eq!(error, GatewayError::Timeout { what: "slow".to_owned(), after: patience.call });
        let serve = async {
            loop {
                let request = session.request().await;
                // The late answer is nobody's, and must not be taken for this one.
                session.answer(&lost, &json!("late")).await;
                session.answer(&request, &json!("its own")).await;
            }
        };
        let ask = async {
            loop {
                match client.call("quick", json!({})).await {
                    // A busy machine may be slower than so little patience.
                    Err(GatewayError::Timeout { .. }) => {}
                    answer => return answer,
                }
            }
        };
        let answer = tokio::select! {
            answer = ask => answer,
            () = serve => unreachable!("it serves for ever"),
        };
        assert_eq!(answer, Ok(json!("its own")));
    });
}

#[test]
fn what_nobody_expects_is_passed_over() {
    run(async {
        let (connected, mut session) = Peer::listen().await.connected().await;
        let serve = async {
            let request = session.request().await;
            session.send(&json!({"type": "hint", "text": "new"})).await;
            session.send(&json!({"type": "res", "id": "nobody", "ok": true, "payload": 1})).await;
            session.event("weather.changed", &json!({"sun": true}), 1).await;
            session.send_message(Message::binary(vec![1, 2, 3])).await;
            let answer = json!({"type": "res", "id": request["id"], "ok": true, "payload": 5, "took": 1, "x": {}});
            session.send(&answer).await;
        };
        let (answer, ()) = tokio::join!(connected.client.call("x", json!({})), serve);
        assert_eq!(answer, Ok(json!(5)));
    });
}

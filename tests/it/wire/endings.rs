//! How connections end, and what those learn who were waiting.

use std::time::Duration;

use model_orchestrator::domain::Trouble;
use model_orchestrator::gateway::{Connected, GatewayError, News, Patience};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use super::peer::{Peer, TOKEN, assert_no_token, recorded_frames, run};

/// Everything still to be told, to the end.
async fn last_words(connected: &mut Connected) -> Vec<News> {
    let mut news = Vec::new();
    while let Some(one) = connected.news.recv().await {
        news.push(one);
    }
    news
}

#[test]
fn a_restart_is_announced_and_those_who_wait_are_told() {
    run(async {
        let (mut connected, mut session) = Peer::listen().await.connected().await;
        let client = connected.client.clone();
        let serve = async {
            session.request().await;
            session.send(&recorded_frames("shutdown-restart")[0]).await;
            session.close(1012, "service restart").await;
        };
        let (answer, ()) = tokio::join!(client.call("x", json!({})), serve);
        let error = answer.expect_err("the gateway left");
        assert_eq!(error.trouble(), Trouble::Restarting);
        let news = last_words(&mut connected).await;
        assert_eq!(news[0], News::ShuttingDown { restart_expected: true });
        assert!(matches!(&news[1..], [News::Closed { .. }]), "{news:?}");
        assert!(matches!(client.call("x", json!({})).await, Err(GatewayError::Closed { .. })));
    });
}

#[test]
fn a_connection_cut_in_the_middle_of_a_call_ends_it_at_once() {
    run(async {
        let (mut connected, mut session) = Peer::listen().await.connected().await;
        let client = connected.client.clone();
        let serve = async {
            session.request().await;
            drop(session);
        };
        let (answer, ()) = tokio::join!(client.call("x", json!({})), serve);
        let error = answer.expect_err("nobody is there");
        assert!(matches!(error, GatewayError::Closed { .. }), "{error:?}");
        assert!(matches!(last_words(&mut connected).await[..], [News::Closed { .. }]));
    });
}

#[test]
fn half_a_frame_is_the_end_and_not_an_answer() {
    run(async {
        let (mut connected, mut session) = Peer::listen().await.connected().await;
        let client = connected.client.clone();
        let serve = async {
            session.request().await;
            // A text frame that promises 100 bytes and holds seven.
            let mut tcp = session.into_tcp();
            tcp.write_all(b"\x81\x64{\"type\"").await.expect("is written");
        };
        let (answer, ()) = tokio::join!(client.call("x", json!({})), serve);
        assert!(matches!(answer, Err(GatewayError::Closed { .. })), "{answer:?}");
        assert!(matches!(last_words(&mut connected).await[..], [News::Closed { .. }]));
    });
}

#[test]
fn an_answer_that_is_no_json_ends_the_connection_without_being_quoted() {
    for garbage in ["", "{\"type\":\"res\",\"id\":", "<html>", "\u{0}", &format!("oops {TOKEN}")] {
        run(async {
            let (mut connected, mut session) = Peer::listen().await.connected().await;
            let client = connected.client.clone();
            let serve = async {
                session.request().await;
                session.send_text(garbage).await;
                session.closed().await;
            };
            let (answer, ()) = tokio::join!(client.call("x", json!({})), serve);
            let error = answer.expect_err("cannot be read");
            assert!(matches!(error, GatewayError::Garbage { .. }), "{garbage:?}: {error:?}");
            assert_no_token(&error);
            let news = last_words(&mut connected).await;
            assert!(!format!("{news:?}").contains(TOKEN), "{news:?}");
        });
    }
}

#[test]
fn a_gateway_that_falls_silent_is_given_up() {
    run(async {
        let patience = Patience { silence: Duration::from_millis(60), ..Patience::default() };
        let quick = json!({ "tickIntervalMs": 10 });
        let (mut connected, _session) = Peer::listen().await.connected_with(patience, quick).await;
        let answer = connected.client.call("x", json!({})).await;
        assert!(matches!(answer, Err(GatewayError::Closed { .. })), "{answer:?}");
        let wanted = News::Closed { detail: "the connection is closed: the gateway fell silent".to_owned() };
        assert_eq!(last_words(&mut connected).await, [wanted]);
    });
}

#[test]
fn two_missed_ticks_are_needed_however_short_the_patience() {
    run(async {
        let patience = Patience { silence: Duration::ZERO, ..Patience::default() };
        let (connected, mut session) = Peer::listen().await.connected_with(patience, json!({})).await;
        let serve = async {
            let request = session.request().await;
            session.answer(&request, &json!("still here")).await;
        };
        let (answer, ()) = tokio::join!(connected.client.call("x", json!({})), serve);
        assert_eq!(answer, Ok(json!("still here")), "ticks come every 30 s there");
    });
}

#[test]
fn closing_says_goodbye() {
    run(async {
        let (mut connected, mut session) = Peer::listen().await.connected().await;
        connected.client.close();
        session.closed().await;
        assert!(matches!(last_words(&mut connected).await[..], [News::Closed { .. }]));
        let error = connected.client.call("x", json!({})).await.expect_err("is closed");
        assert!(matches!(error, GatewayError::Closed { .. }));

        let (connected, mut session) = Peer::listen().await.connected().await;
        let (client, mut news) = (connected.client, connected.news);
        drop(client);
        session.closed().await;
        assert!(matches!(news.recv().await, Some(News::Closed { .. })), "the last handle is gone");
    });
}

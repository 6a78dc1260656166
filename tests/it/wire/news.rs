//! Events: told in order, collapsed when nobody listens, never in the way of calls.

use model_orchestrator::gateway::{Connected, News};
use serde_json::json;

use super::peer::{Peer, Session, recorded_frames, run};

/// A call that is answered proves that everything sent before it was read.
async fn settle(connected: &Connected, session: &mut Session) {
    let serve = async {
        let request = session.request().await;
        session.answer(&request, &json!({})).await;
    };
    let (answer, ()) = tokio::join!(connected.client.call("settle", json!({})), serve);
    answer.expect("calls go on");
}

fn drain(connected: &mut Connected) -> Vec<News> {
    std::iter::from_fn(|| connected.news.try_recv().ok()).collect()
}

#[test]
fn a_missing_number_is_a_gap_before_what_follows() {
    run(async {
        let (mut connected, mut session) = Peer::listen().await.connected().await;
        for seq in [4, 5, 7, 8] {
            session.event("tick", &json!({}), seq).await;
        }
        session.send(&json!({"type": "event", "event": "tick", "payload": {}})).await;
        settle(&connected, &mut session).await;
        let wanted = [News::Tick, News::Tick, News::Gap, News::Tick, News::Tick, News::Tick];
        assert_eq!(drain(&mut connected), wanted, "an event without a number is no gap");
    });
}

#[test]
fn recorded_events_arrive_as_news() {
    run(async {
        let (mut connected, mut session) = Peer::listen().await.connected().await;
        let frames = recorded_frames("cron-one-shot-events");
        for (frame, seq) in frames.iter().zip(1..) {
            session.event("cron", &frame["payload"], seq).await;
        }
        settle(&connected, &mut session).await;
        let news = drain(&mut connected);
        assert_eq!(news.len(), frames.len());
        assert!(matches!(news.last(), Some(News::CronRemoved(_))), "{news:?}");
    });
}

#[test]
fn news_that_nobody_reads_become_one_gap() {
    run(async {
        let (mut connected, mut session) = Peer::listen().await.connected().await;
        let change = json!({"action": "removed", "jobId": "j"});
        for seq in 1..=1000 {
            session.event("cron", &change, seq).await;
        }
        settle(&connected, &mut session).await;
        let kept = drain(&mut connected);
        assert!(kept.len() < 1000 && kept.iter().all(|news| matches!(news, News::CronRemoved(_))), "{}", kept.len());
        assert_eq!(connected.news.recv().await, Some(News::Gap), "as soon as there is room, without another event");
        session.event("cron", &change, 1001).await;
        assert!(matches!(connected.news.recv().await, Some(News::CronRemoved(_))));
        settle(&connected, &mut session).await;
        assert_eq!(drain(&mut connected), [], "one gap, not many");
    });
}

#[test]
fn a_farewell_is_told_even_to_those_who_do_not_listen() {
    run(async {
        let (mut connected, mut session) = Peer::listen().await.connected().await;
        for seq in 1..=500 {
            session.event("cron", &json!({"action": "removed", "jobId": "j"}), seq).await;
        }
        session.send(&recorded_frames("shutdown-restart")[0]).await;
        session.close(1012, "service restart").await;
        let mut news = Vec::new();
        while let Some(one) = connected.news.recv().await {
            news.push(one);
        }
        let end = &news[news.len() - 2..];
        assert_eq!(end[0], News::ShuttingDown { restart_expected: true });
        assert!(matches!(end[1], News::Closed { .. }), "{end:?}");
    });
}

#[test]
fn calls_go_on_when_nobody_wants_news() {
    run(async {
        let (mut connected, mut session) = Peer::listen().await.connected().await;
        connected.news.close();
        for seq in 1..=300 {
            session.event("cron", &json!({"action": "removed", "jobId": "j"}), seq).await;
        }
        settle(&connected, &mut session).await;
        settle(&connected, &mut session).await;
    });
}

//! Gateways that are offered again.

use super::*;
use crate::gateway::Hello;

fn target(url: &str, state_dir: Option<&str>) -> GatewayTarget {
    GatewayTarget {
        name: "nas".to_owned(),
        url: url.to_owned(),
        token: Some(Secret::new("t")),
        tls_fingerprint: None,
        remember_token: true,
        state_dir: state_dir.map(PathBuf::from),
    }
}

fn greeted(world: &mut World) -> Vec<Effect> {
    let hello = Hello {
        version: "2026.9.6".to_owned(),
        scopes: vec!["operator.admin".to_owned()],
        gateway_time: None,
        tick: SignedDuration::from_secs(30),
    };
    let took = SignedDuration::ZERO;
    step(world, Input::Connected { session: world.session, hello: Box::new(hello), took }, NOW)
}

fn remembered(effects: &[Effect]) -> Vec<KnownGateway> {
    let gateway = |effect: &Effect| match effect {
        Effect::Store(op) => match &**op {
            StoreOp::RememberGateway { gateway, .. } => Some(gateway.clone()),
            _ => None,
        },
        _ => None,
    };
    effects.iter().filter_map(gateway).collect()
}

#[test]
fn a_gateway_that_answered_is_remembered_without_what_its_address_hides() {
    let mut world = world(&[], Vec::new());
    world.target = Some(target("ws://127.0.0.1:40965/?token=hunter2", None));
    let effects = greeted(&mut world);
    let [known] = &remembered(&effects)[..] else { panic!("one is remembered") };
    assert_eq!((known.url.as_str(), known.token_remembered), ("ws://127.0.0.1:40965", true));
    assert_eq!(world.snapshot(NOW).known.as_slice(), std::slice::from_ref(known));
    // What the disk knew before comes after it, and it is not there twice.
    let older = KnownGateway { url: "ws://127.0.0.1:2".to_owned(), ..known.clone() };
    step(&mut world, Input::Discovered { found: Vec::new(), known: vec![known.clone(), older.clone()] }, NOW);
    assert_eq!(world.snapshot(NOW).known.as_slice(), [known.clone(), older]);
}

#[test]
fn a_gateway_whose_folder_was_named_is_not_remembered() {
    let mut world = world(&[], Vec::new());
    world.target = Some(target("ws://127.0.0.1:1", Some("/tmp/of-the-demo")));
    assert!(remembered(&greeted(&mut world)).is_empty());
}

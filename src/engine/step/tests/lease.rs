//! A folder that somebody else holds.

use super::*;

#[test]
fn a_held_folder_is_asked_for_now_and_then_and_a_free_one_never() {
    let mut world = world(&[], Vec::new());
    assert_eq!(world.next_wake(), None, "nothing to wait for");
    super::super::lease::held(&mut world, "window".to_owned(), NOW);
    world.dirty.shown = false;
    assert_eq!(world.next_wake(), Some(at(2)));
    assert_eq!(names(&step(&mut world, Input::Tick, at(1))), [""; 0]);
    let asked = step(&mut world, Input::Tick, at(2));
    assert!(matches!(&asked[..], [Effect::Store(op)] if matches!(**op, StoreOp::AskForLease)), "{asked:?}");
    assert_eq!(world.next_wake(), None, "not again before the answer");
    let held = |holder: &str, path: &str| Input::LeaseAsked {
        path: PathBuf::from(path),
        result: Ok(crate::engine::input::Lease::HeldBy(holder.to_owned())),
    };
    step(&mut world, held("window", "unused"), at(2));
    assert_eq!((world.next_wake(), world.dirty.shown), (Some(at(4)), false), "no face is woken for nothing");
    step(&mut world, held("serve", "of another gateway"), at(3));
    assert_eq!(world.folder.as_ref().and_then(|folder| folder.held_by.as_deref()), Some("window"));
    step(&mut world, held("serve", "unused"), at(4));
    assert!(world.dirty.shown);
    assert_eq!(world.folder.as_ref().and_then(|folder| folder.held_by.as_deref()), Some("serve"));
}

#[test]
fn a_folder_that_takes_nothing_makes_the_connection_read_only() {
    let mut world = world(&[], Vec::new());
    let what = ProblemKind::FolderNotWritable { folder: "unused".to_owned(), detail: "no space left".to_owned() };
    world.raise("state/folder", what, NOW);
    world.target = Some(GatewayTarget {
        name: "test".to_owned(),
        url: "ws://127.0.0.1:1".to_owned(),
        token: None,
        tls_fingerprint: None,
        remember_token: false,
        state_dir: None,
    });
    let hello = Box::new(crate::gateway::Hello {
        version: "2026.9.6".to_owned(),
        scopes: vec!["operator.admin".to_owned()],
        gateway_time: None,
        tick: SignedDuration::from_secs(15),
    });
    let session = world.session;
    step(&mut world, Input::Connected { session, hello, took: SignedDuration::ZERO }, NOW);
    assert_eq!(world.access(), Some(Access::FolderNotWritable));
    let again = ProblemKind::FolderNotWritable { folder: "unused".to_owned(), detail: "no space left".to_owned() };
    step(&mut world, Input::Stored { receipt: crate::engine::input::Receipt::Quiet, result: Err(again) }, NOW);
    assert_eq!(world.problems.len(), 1, "said once: {:?}", world.problems);
}

#[test]
fn what_is_no_address_opens_no_folder() {
    let mut world = World::new(PathBuf::from("unused"), NOW);
    let target = GatewayTarget {
        name: "slip".to_owned(),
        url: "ws://127.0.0.1:".to_owned(),
        token: None,
        tls_fingerprint: None,
        remember_token: false,
        state_dir: None,
    };
    let effects = tell(&mut world, Command::Connect(crate::engine::Target::Gateway(target)));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Store(_))), "{effects:?}");
    assert!(matches!(&world.connection, Connection::Stopped { trouble: Trouble::NoAddress { .. }, .. }));
}

//! What was seen, as lines: how each thing stands and what to do about it. Pure.

use jiff::SignedDuration;

use super::{Line, Mark, Seen};
use crate::cli::exit;
use crate::domain::{Access, GatewayInfo, Problem, ProblemKind, UnitActivity, UnitStanding};
use crate::engine::Snapshot;
use crate::words::{self, Said, Speech};

/// Clocks further apart than this are named, here as in the window.
const SKEW_NAMED: SignedDuration = SignedDuration::from_mins(1);

/// Every line, in the order in which one would mend things.
pub(super) fn lines(seen: &Seen) -> Vec<Line> {
    let mut lines = vec![program()];
    lines.extend(gateway(seen));
    if let Some(snapshot) = &seen.snapshot {
        let speech =
            Speech { now: snapshot.at, zone: &seen.zone, settings: &snapshot.settings, catalog: &snapshot.catalog };
        lines.extend(folder(snapshot, &speech));
        lines.push(files(snapshot, &speech));
        lines.extend(snapshot.connection.info().map(clock));
        lines.extend(rest(snapshot, &speech));
    }
    lines.push(zone(seen));
    lines.extend(service(seen));
    lines.push(keychain(seen));
    lines.push(notifications(seen));
    lines
}

fn ok(check: &'static str, what: impl Into<String>) -> Line {
    Line { check, mark: Mark::Ok, what: what.into(), remedy: None }
}

fn line(check: &'static str, mark: Mark, said: Said) -> Line {
    Line { check, mark, what: said.what, remedy: said.remedy }
}

fn warn(check: &'static str, what: impl Into<String>, remedy: &str) -> Line {
    Line { check, mark: Mark::Warn, what: what.into(), remedy: Some(remedy.to_owned()) }
}

fn program() -> Line {
    ok("program", format!("model-orchestrator {}", env!("CARGO_PKG_VERSION")))
}

/// Found and connected, its version, what we may do there, and with what token.
fn gateway(seen: &Seen) -> Vec<Line> {
    let info = seen.snapshot.as_ref().and_then(|snapshot| snapshot.connection.info());
    let Some(info) = info else {
        let Some(why) = &seen.not_connected else { return Vec::new() };
        return vec![Line { check: "gateway", mark: Mark::Fail, what: why.what.clone(), remedy: why.remedy.clone() }];
    };
    let mut lines =
        vec![ok("gateway", format!("connected to {} at {}, OpenClaw {}", info.name, info.url, info.version))];
    if let Some(why) = &seen.not_connected {
        lines.push(Line { check: "gateway", mark: Mark::Fail, what: why.what.clone(), remedy: why.remedy.clone() });
    }
    lines.push(rights(info));
    lines
}

fn rights(info: &GatewayInfo) -> Line {
    let what = words::access(info.access);
    match info.access {
        Access::ReadWrite | Access::UnprovenVersion => ok("rights", what),
        Access::ReadOnlyScopes => Line {
            check: "rights",
            mark: Mark::Fail,
            what: what.to_owned(),
            remedy: Some("Use a token with the operator.admin scope".to_owned()),
        },
        // What it is and what to do is told in lines of its own.
        _ => Line { check: "rights", mark: Mark::Warn, what: what.to_owned(), remedy: None },
    }
}

fn folder(snapshot: &Snapshot, speech: &Speech<'_>) -> Vec<Line> {
    const CHECK: &str = "folder";
    let Some(folder) = &snapshot.folder else {
        return vec![warn(CHECK, "the state folder was not opened", "It is opened when the gateway is known")];
    };
    let path = folder.path.display();
    let useless = |problem: &&Problem| {
        matches!(problem.what, ProblemKind::FolderNotWritable { .. } | ProblemKind::ServiceSilent { .. })
    };
    if let Some(problem) = snapshot.problems.iter().find(useless) {
        return vec![line(CHECK, Mark::Fail, exit::problem(&problem.what, speech))];
    }
    match (&snapshot.background, &folder.held_by) {
        (Some(background), _) => {
            let said = words::background(background, speech).what;
            vec![ok(CHECK, format!("{path} · {said}, process {}", background.pid))]
        }
        (None, Some(holder)) => vec![ok(CHECK, format!("{path} · held by {holder}, which acts"))],
        (None, None) => vec![ok(CHECK, format!("{path} · can be written, and no other program holds it"))],
    }
}

fn files(snapshot: &Snapshot, speech: &Speech<'_>) -> Line {
    const CHECK: &str = "files";
    let mut troubles = snapshot.problems.iter().filter(|problem| of_a_file(&problem.what));
    let Some(first) = troubles.next() else { return ok(CHECK, "every state file can be read") };
    let more = troubles.count();
    let mut said = exit::problem(&first.what, speech);
    if more > 0 {
        said.what = format!("{}, and {} like it", said.what, words::count(more, "problem"));
    }
    let mark = if matches!(first.what, ProblemKind::BadValue { .. }) { Mark::Warn } else { Mark::Fail };
    line(CHECK, mark, said)
}

fn of_a_file(kind: &ProblemKind) -> bool {
    matches!(
        kind,
        ProblemKind::FileSetAside { .. }
            | ProblemKind::BadValue { .. }
            | ProblemKind::CannotRead { .. }
            | ProblemKind::UnusableFile { .. }
            | ProblemKind::CannotWrite { .. }
            | ProblemKind::NewerFile { .. }
    )
}

fn clock(info: &GatewayInfo) -> Line {
    let skew = info.clock_skew;
    if skew.abs() <= SKEW_NAMED {
        return ok("clock", "the gateway's clock and this computer's agree");
    }
    let way = if skew.is_negative() { "behind" } else { "ahead of" };
    let what = format!("the gateway's clock is {} {way} this computer's", words::span(skew));
    warn("clock", what, "Set the clock that is wrong: resets and runs are told in both")
}

/// Whatever else the engine has to say.
fn rest(snapshot: &Snapshot, speech: &Speech<'_>) -> Vec<Line> {
    let told = |kind: &ProblemKind| {
        of_a_file(kind)
            || matches!(
                kind,
                ProblemKind::FolderHeld { .. }
                    | ProblemKind::FolderNotWritable { .. }
                    | ProblemKind::ServiceSilent { .. }
                    | ProblemKind::ReadOnlyScopes
                    | ProblemKind::ClockSkew { .. }
            )
    };
    let others = snapshot.problems.iter().filter(|problem| !told(&problem.what));
    others.map(|problem| line("problem", Mark::Warn, exit::problem(&problem.what, speech))).collect()
}

fn zone(seen: &Seen) -> Line {
    match seen.zone.iana_name() {
        Some(name) => ok("time zone", name),
        None => warn(
            "time zone",
            "this computer does not name its time zone; times are told as its clock shows them",
            "Set it, with `timedatectl set-timezone` or the variable TZ",
        ),
    }
}

/// A service is a choice: without one there is something to know only while crons wait for this program.
fn service(seen: &Seen) -> Option<Line> {
    const CHECK: &str = "service";
    let snapshot = seen.snapshot.as_ref()?;
    let standing = match seen.service.as_ref()? {
        Ok(standing) => standing.clone(),
        Err(why) => UnitStanding::Unavailable { why: why.clone() },
    };
    let mark = match &standing {
        UnitStanding::Installed { activity: UnitActivity::Failed, .. } => Mark::Fail,
        UnitStanding::Installed { activity: UnitActivity::Stopped, .. } => Mark::Warn,
        _ => Mark::Ok,
    };
    let alone = !matches!(standing, UnitStanding::Installed { .. }) && snapshot.background.is_none();
    let owed = words::Owed::of(&snapshot.ledger, snapshot.crons_as_of.map(|_| &*snapshot.crons)).paused;
    let said = words::service_standing(&crate::domain::ServiceUnit { standing, ..Default::default() });
    let what = words::lowered(&said.what);
    if alone && owed > 0 {
        let waits = format!("{what}; {} stay paused while no window is open", words::count(owed, "cron"));
        return Some(warn(
            CHECK,
            waits,
            "Install the service in the window's settings, or run `model-orchestrator serve`",
        ));
    }
    Some(line(CHECK, mark, Said { what, remedy: said.remedy }))
}

fn keychain(seen: &Seen) -> Line {
    match &seen.keychain {
        Ok(()) => ok("keychain", "answers"),
        Err(why) => warn(
            "keychain",
            format!("does not answer: {why}"),
            "Tokens and keys then come from OpenClaw's configuration, a variable or --token-file",
        ),
    }
}

fn notifications(seen: &Seen) -> Line {
    match &seen.notifications {
        Ok(server) => ok("notify", format!("shown by {server}")),
        Err(why) => warn(
            "notify",
            format!("cannot be shown: {why}"),
            "Look at the window or at `status`: an outage rings nowhere",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use jiff::tz::TimeZone;
    use jiff::{SignedDuration, Timestamp};

    use super::{Mark, Seen, lines};
    use crate::cli::exit::{Exit, Failure};
    use crate::domain::{
        Access, Connection, GatewayInfo, Problem, ProblemKind, UnitActivity, UnitStanding, UnitTrouble,
    };
    use crate::engine::{FolderInfo, Snapshot, World};

    fn info() -> GatewayInfo {
        GatewayInfo {
            name: "home-mini".to_owned(),
            url: "ws://127.0.0.1:1".to_owned(),
            version: "2026.9.6".to_owned(),
            access: Access::ReadWrite,
            clock_skew: SignedDuration::ZERO,
            latency: None,
        }
    }

    /// Everything is well, but for what `unlike` changes.
    fn seen(unlike: impl FnOnce(&mut Seen, &mut Snapshot)) -> Seen {
        let now = Timestamp::UNIX_EPOCH;
        let mut snapshot = World::new(PathBuf::from("unused"), now).snapshot(now);
        snapshot.connection = Connection::Connected(info());
        snapshot.folder = Some(FolderInfo { path: PathBuf::from("/state"), held_by: None });
        let mut seen = Seen {
            snapshot: None,
            not_connected: None,
            service: Some(Ok(UnitStanding::Absent)),
            keychain: Ok(()),
            notifications: Ok("gnome-shell".to_owned()),
            zone: TimeZone::UTC,
        };
        unlike(&mut seen, &mut snapshot);
        seen.snapshot = Some(Arc::new(snapshot));
        seen
    }

    fn problem(snapshot: &mut Snapshot, what: ProblemKind) {
        Arc::make_mut(&mut snapshot.problems).push(Problem { id: "p".to_owned(), what, since: snapshot.at });
    }

    #[test]
    fn where_all_is_well_every_line_says_so() {
        let lines = lines(&seen(|_, _| ()));
        assert!(lines.iter().all(|line| line.mark == Mark::Ok), "{lines:?}");
        let checks: Vec<_> = lines.iter().map(|line| line.check).collect();
        let expected =
            ["program", "gateway", "rights", "folder", "files", "clock", "time zone", "service", "keychain", "notify"];
        assert_eq!(checks, expected);
    }

    #[test]
    fn each_fault_is_one_line_with_what_to_do() {
        type Unlike = fn(&mut Seen, &mut Snapshot);
        let failed: Unlike = |seen, _| {
            let name = "mo.service".to_owned();
            let activity = UnitActivity::Failed;
            seen.service = Some(Ok(UnitStanding::Installed { name, activity, lingers: None }));
        };
        let scopes: Unlike = |_, snapshot| {
            snapshot.connection = Connection::Connected(GatewayInfo { access: Access::ReadOnlyScopes, ..info() });
        };
        let skewed: Unlike = |_, snapshot| {
            let clock_skew = SignedDuration::from_mins(-3);
            snapshot.connection = Connection::Connected(GatewayInfo { clock_skew, ..info() });
        };
        let broken: Unlike = |_, snapshot| {
            let (file, kept_as) = ("cron-tiers.json".to_owned(), "cron-tiers.broken.json".to_owned());
            problem(snapshot, ProblemKind::FileSetAside { file, kept_as, detail: "line 3".to_owned() });
        };
        let full: Unlike = |_, snapshot| {
            let (folder, detail) = ("/state".to_owned(), "no space left".to_owned());
            problem(snapshot, ProblemKind::FolderNotWritable { folder, detail });
        };
        let owned: Unlike =
            |_, snapshot| problem(snapshot, ProblemKind::GatewayOwned { host: "nas".to_owned(), since: None });
        let cases: [(Unlike, &str, Mark, &str); 9] = [
            (failed, "service", Mark::Fail, "ended badly"),
            (scopes, "rights", Mark::Fail, "rights do not allow edits"),
            (skewed, "clock", Mark::Warn, "3 min behind"),
            (broken, "files", Mark::Fail, "cron-tiers.json does not parse"),
            (full, "folder", Mark::Fail, "no space left"),
            (owned, "problem", Mark::Warn, "nas acts on this gateway"),
            (|seen, _| seen.keychain = Err("no bus".to_owned()), "keychain", Mark::Warn, "no bus"),
            (|seen, _| seen.notifications = Err("no bus".to_owned()), "notify", Mark::Warn, "no bus"),
            (|seen, _| seen.zone = TimeZone::unknown(), "time zone", Mark::Warn, "does not name its time zone"),
        ];
        for (unlike, check, mark, what) in cases {
            let lines = lines(&seen(unlike));
            let found: Vec<_> = lines.iter().filter(|line| line.mark != Mark::Ok).collect();
            let [line] = found[..] else { panic!("{check}: {found:?}") };
            assert_eq!((line.check, line.mark), (check, mark));
            assert!(line.what.contains(what), "{}", line.what);
            assert!(line.remedy.is_some(), "{check} says what to do");
        }
    }

    #[test]
    fn a_gateway_that_is_not_reached_is_one_line_among_the_others() {
        let why = Failure::new(Exit::NotConnected, "home-mini: Nothing listens there").with_remedy("Start the gateway");
        let unknown = Seen { snapshot: None, service: None, not_connected: Some(why), ..seen(|_, _| ()) };
        let lines = lines(&unknown);
        let failed: Vec<_> = lines.iter().filter(|line| line.mark == Mark::Fail).collect();
        assert!(matches!(failed[..], [line] if line.check == "gateway" && line.remedy.is_some()), "{failed:?}");
        assert!(lines.iter().any(|line| line.check == "keychain"));
    }

    #[test]
    fn a_computer_without_systemd_is_no_fault_by_itself() {
        let lines = lines(&seen(|seen, _| seen.service = Some(Err(UnitTrouble::NoManager))));
        let service = lines.iter().find(|line| line.check == "service").expect("a line");
        assert_eq!((service.mark, service.what.as_str()), (Mark::Ok, "cannot be installed here"));
    }
}

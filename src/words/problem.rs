//! Failures: what happened, and what to do about it.
//!
//! Details come scrubbed of secrets from the room that met them.

use super::{Said, Speech, clock, count, list, relative, usd, vendor_name};
use crate::domain::{Access, Connection, PlanOrigin, ProblemKind, Refusal, Trouble};

/// More of what may have been meant is counted, not listed.
const MAX_CANDIDATES: usize = 8;

fn said(what: impl Into<String>, remedy: impl Into<String>) -> Said {
    Said { what: what.into(), remedy: Some(remedy.into()) }
}

fn only(what: impl Into<String>) -> Said {
    Said { what: what.into(), remedy: None }
}

pub fn problem(kind: &ProblemKind, speech: &Speech<'_>) -> Said {
    match kind {
        ProblemKind::FileSetAside { file, kept_as, detail } => said(
            format!("{file} does not parse and was set aside: {detail}"),
            format!("Mend {kept_as}, import it and then delete it; to go on without it, delete it now"),
        ),
        ProblemKind::BadValue { file, path, detail } => {
            said(format!("{file}: {path} is not usable: {detail}"), "The default stands in for it; correct the value")
        }
        ProblemKind::CannotRead { file, detail } => {
            said(format!("Cannot read {file}: {detail}"), "Check that the file may be read by you")
        }
        ProblemKind::UnusableFile { file, detail } => said(
            format!("{file} cannot be used: {detail}"),
            "Mend it, or move it away; until then what was read before holds",
        ),
        ProblemKind::CannotWrite { file, detail } => {
            said(format!("Cannot write {file}: {detail}"), "Free space or correct the rights; it is tried again")
        }
        ProblemKind::NewerFile { file } => said(
            format!("{file} was written by a newer version of this program"),
            "Update this program; until then it can apply nothing here",
        ),
        ProblemKind::ExportLeftOut { files, n_copied } => {
            let (verb, it) =
                if files.len() == 1 { ("does not parse and was", "it") } else { ("do not parse and were", "them") };
            let copied = match n_copied {
                0 => "nothing was copied".to_owned(),
                1 => "1 other file was copied".to_owned(),
                n => format!("{n} other files were copied"),
            };
            said(format!("{} {verb} left out; {copied}", list(files)), format!("Mend {it} and export again"))
        }
        ProblemKind::ExportOntoItself => {
            said("That is the state folder itself: nothing was copied", "Export to another folder")
        }
        ProblemKind::FolderNotWritable { folder, detail } => said(
            format!("Read only: nothing can be written into the state folder {folder}: {detail}"),
            "Free space or correct its rights, then connect again",
        ),
        ProblemKind::FolderHeld { holder } => said(
            format!("Read only: the state folder is held by {holder}"),
            "Close the other program; this one goes on by itself then",
        ),
        ProblemKind::FolderServed { holder } => said(
            format!("Another program already runs in the background for this state folder: {holder}"),
            "Stop it first; windows and commands act through it",
        ),
        ProblemKind::OtherVersionServes { version } => said(
            format!("The program in the background is version {version}, this one is not"),
            "Restart it, so that both are of one version; until then nothing can be changed from here",
        ),
        ProblemKind::ServiceSilent { holder } => said(
            format!("The program in the background does not answer: {holder}"),
            "Let it go on, or end it; until then nothing can be changed from here",
        ),
        ProblemKind::CannotBeWatched { detail } => said(
            format!("No window or command can act through this program in the background: {detail}"),
            "It acts all the same; end it, let XDG_RUNTIME_DIR name a folder that takes sockets, and start it again",
        ),
        ProblemKind::GatewayOwned { host, since } => {
            let since = since.map_or_else(String::new, |at| format!(" since {}", clock(at, speech)));
            said(
                format!("Read only: {host} acts on this gateway{since}"),
                format!(
                    "Let it give back what it paused, which only its ledger knows; then take over, and {host} only looks"
                ),
            )
        }
        ProblemKind::AnotherGateway { n_debts } => {
            let open = match n_debts {
                0 => "an apply that was interrupted on another stays open".to_owned(),
                1 => "1 cron is still to be given back on another, and stays in the ledger".to_owned(),
                n => format!("{n} crons are still to be given back on another, and stay in the ledger"),
            };
            said(
                format!("Read only: this is not the gateway of this folder, or its mark was removed: {open}"),
                "Connect to the gateway of this folder; if this is it, take over",
            )
        }
        ProblemKind::TakenOver { host, left } => said(
            format!("{host} took over this gateway: an apply was stopped here with {} left", count(*left, "line")),
            "Nothing is lost: what was written is recorded; take over again to go on",
        ),
        ProblemKind::EditConflict { file, field } => {
            said(format!("{file}: {field} was changed here and by another program"), "Choose which of the two to keep")
        }
        ProblemKind::UnreadableCron { cron, detail } => {
            said(format!("The cron {cron} could not be read: {detail}"), "It is listed but never touched")
        }
        ProblemKind::UnprovenGateway { version } => said(
            format!("Nobody has tried this program on gateway version {version} yet"),
            "The first apply starts with a guarded write that changes nothing, to prove it",
        ),
        ProblemKind::ReadOnlyScopes => said(
            "Read only: the rights of this connection do not allow edits",
            "Use a token with the operator.admin scope",
        ),
        ProblemKind::ClockSkew { seconds } => {
            let (amount, way) = (seconds.unsigned_abs(), if *seconds < 0 { "behind" } else { "ahead of" });
            let amount = super::span(jiff::SignedDuration::from_secs(i64::try_from(amount).unwrap_or(i64::MAX)));
            said(format!("The gateway's clock is {amount} {way} this computer's"), "Set the clock that is wrong")
        }
        ProblemKind::RanElsewhere { cron, intended, ran, cost } => {
            let cost = cost.map_or_else(String::new, |cost| format!(", which cost about {}", usd(cost)));
            said(
                format!("{cron} ran on {ran} instead of {intended}{cost}"),
                "The gateway fell back; look at the health of the intended route",
            )
        }
        ProblemKind::Relapsed { vendor } => said(
            format!("{} failed again while crons were given back to it, so that was stopped", vendor_name(vendor)),
            "It is offered again when it has served for longer",
        ),
        ProblemKind::DebtsFound { n_crons } => said(
            format!("ledger.json was lost or unreadable: {} found in the history", count(*n_crons, "debt")),
            "They are given back like any other; look at the Crisis screen",
        ),
        ProblemKind::Interrupted { left, of } => {
            let what = if *of == PlanOrigin::Recovery { "A recovery" } else { "An apply" };
            said(format!("{what} was interrupted with {} left", count(*left, "line")), "Continue it, or dismiss it")
        }
        ProblemKind::TaskFailed { task, detail } => said(
            format!("A part of this program failed ({task}): {detail}"),
            "Nothing was changed by it; please report it",
        ),
        ProblemKind::KeyNotKept { account, detail } => said(
            format!("The keychain did not take the key of {account}: {detail}"),
            "Name an environment variable or OpenClaw's configuration for it instead",
        ),
        ProblemKind::Offline => said(
            "This computer reaches none of the providers: what is shown of them is as it was",
            "Check the network; it is tried again by itself",
        ),
        ProblemKind::Busy => said("Too much is waiting to be done", "Try again in a moment"),
        ProblemKind::Refused { detail } => only(format!("Refused: {detail}")),
    }
}

pub fn trouble(trouble: &Trouble) -> Said {
    match trouble {
        Trouble::Absent => said("Nothing listens there", "Start the gateway, or check the address"),
        Trouble::NoAddress { detail } => said(
            with_detail("That is no address of a gateway", detail),
            "Write it as ws://host:port or wss://host:port",
        ),
        Trouble::Starting => only("The gateway is starting"),
        Trouble::Restarting => only("The gateway is restarting"),
        Trouble::Lost { detail } => only(with_detail("The connection was lost", detail)),
        Trouble::NoToken => said("The gateway wants a token and none is known", "Enter the gateway's token"),
        Trouble::BadToken => said("The gateway refuses the token", "Check gateway.auth.token in its configuration"),
        Trouble::NeedsPairing { request } => said(
            "The gateway does not know this device yet",
            format!("Run `openclaw devices approve {request}` on the gateway's host"),
        ),
        Trouble::Protocol { detail } => said(
            with_detail("The gateway speaks another protocol version", detail),
            "Update the gateway or this program",
        ),
        Trouble::Insecure => said(
            "A plain ws:// address is only safe on this computer and in private networks",
            "Use wss://, or a tunnel to the gateway's host",
        ),
        Trouble::Certificate { detail } => said(
            with_detail("The gateway's certificate is not trusted", detail),
            "Give its SHA-256 fingerprint if it is self-signed",
        ),
        Trouble::NotAGateway { detail } => {
            said(with_detail("Something answers there, but not like a gateway", detail), "Check the address")
        }
        Trouble::Refused { detail } => only(with_detail("The gateway refuses the connection", detail)),
        Trouble::Folder { detail } => {
            said(with_detail("The state folder cannot be used", detail), "Choose another folder, or correct its rights")
        }
    }
}

fn with_detail(what: &str, detail: &str) -> String {
    if detail.trim().is_empty() { what.to_owned() } else { format!("{what}: {}", detail.trim()) }
}

pub fn refusal(refusal: &Refusal, speech: &Speech<'_>) -> Said {
    match refusal {
        Refusal::NotConnected => said("Not connected to a gateway", "Connect first"),
        Refusal::ReadOnly => said("Read only: nothing was changed", "The status line says why"),
        Refusal::Drifted => said("Something changed since this plan was shown", "Look at the fresh plan and apply it"),
        Refusal::JobRunning => said("Another apply is running", "Wait for it, or stop it"),
        Refusal::Undecided => said(
            "Nobody knows yet what became of a write of the last apply",
            "It is read from the gateway as soon as it answers",
        ),
        Refusal::NothingToDo => only("Nothing to do"),
        Refusal::SchedulesStay => said(
            "Schedules are left as they are",
            "Allow another start under Settings, Thresholds, before crons are given a stagger",
        ),
        Refusal::NoAnswer => said(
            "The program in the background went away before it answered; it may have been done",
            "Look at how things stand before you ask for it again",
        ),
        Refusal::ToldToWait { account, until } => said(
            format!("{account} asked for patience until {}", clock(*until, speech)),
            "It is looked at again by itself then",
        ),
        Refusal::UnknownAccount { account } => {
            said(format!("There is no account {account}"), "The Providers screen lists them")
        }
        Refusal::ChangedSince { label } => {
            said(format!("Everything was changed again since: {label}"), "It stays as it is now; edit it by hand")
        }
        Refusal::UnknownCron { cron } => said(format!("The gateway has no cron {cron}"), "Refresh the list"),
        Refusal::UnknownSwitch { name } => {
            said(format!("No switch or plan {name} that could be undone"), "Activity lists what can be")
        }
        Refusal::AmbiguousSwitch { name, plans, switches } => {
            let plans = plans.iter().map(|plan| format!("plan {plan}"));
            let switches = switches.iter().map(|switch| format!("switch {switch}"));
            let mut all: Vec<_> = plans.chain(switches).collect();
            if all.len() > MAX_CANDIDATES {
                let more = all.split_off(MAX_CANDIDATES).len();
                all.push(count(more, "other"));
            }
            said(format!("Several ids begin with {name}: {}", list(&all)), "Give more of the id")
        }
        Refusal::Service(why) => super::service_trouble(why),
        Refusal::Problem(kind) => problem(kind, speech),
    }
}

/// "Connected to home-mini · read and write", "Connecting to home-mini…".
pub fn connection(connection: &Connection, speech: &Speech<'_>) -> String {
    match connection {
        Connection::None => "No gateway chosen".to_owned(),
        Connection::Connecting { name, attempt: 0 | 1, .. } => format!("Connecting to {name}…"),
        Connection::Connecting { name, attempt, .. } => format!("Connecting to {name}… (attempt {attempt})"),
        Connection::Connected(info) => format!("Connected to {} · {}", info.name, access(info.access)),
        Connection::Waiting { name, trouble: why, retry_at, .. } => {
            format!("{name}: {} · next try {}", lowered(&trouble(why).what), relative(*retry_at, speech.now))
        }
        Connection::Stopped { name, trouble: why, .. } => format!("{name}: {}", lowered(&trouble(why).what)),
    }
}

/// What may be done on a connection: "read and write".
pub fn access(access: Access) -> &'static str {
    match access {
        Access::ReadWrite => "read and write",
        Access::ReadOnlyScopes => "read only: its rights do not allow edits",
        Access::FolderHeld => "read only: another program holds the state folder",
        Access::FolderNotWritable => "read only: nothing can be written into the state folder",
        Access::GatewayOwned => "read only: another computer acts on this gateway",
        Access::AnotherGateway => "read only: this is not the gateway of this folder",
        Access::UnprovenVersion => "read and write, proven by the first apply",
    }
}

/// A sentence made a clause.
fn lowered(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::super::testing::{at, world};
    use super::{connection, problem, refusal, trouble};
    use crate::domain::{
        Access, Connection, GatewayInfo, PlanId, PlanOrigin, ProblemKind, Refusal, SwitchId, Trouble, Usd,
    };

    fn text(value: &str) -> String {
        value.to_owned()
    }

    #[test]
    fn a_problem_says_what_happened_and_what_to_do() {
        let world = world();
        let cases = [
            (
                ProblemKind::FileSetAside {
                    file: text("cron-tiers.json"),
                    kept_as: text("cron-tiers.broken-2026-11-23.json"),
                    detail: text("line 3"),
                },
                "cron-tiers.json does not parse and was set aside: line 3",
                "Mend cron-tiers.broken-2026-11-23.json, import it and then delete it; to go on without it, delete it now",
            ),
            (
                ProblemKind::GatewayOwned { host: text("nas"), since: Some(at("2026-11-22 21:04")) },
                "Read only: nas acts on this gateway since yesterday 21:04",
                "Let it give back what it paused, which only its ledger knows; then take over, and nas only looks",
            ),
            (
                ProblemKind::AnotherGateway { n_debts: 3 },
                "Read only: this is not the gateway of this folder, or its mark was removed: 3 crons are still to be given back on another, and stay in the ledger",
                "Connect to the gateway of this folder; if this is it, take over",
            ),
            (
                ProblemKind::AnotherGateway { n_debts: 0 },
                "Read only: this is not the gateway of this folder, or its mark was removed: an apply that was interrupted on another stays open",
                "Connect to the gateway of this folder; if this is it, take over",
            ),
            (
                ProblemKind::TakenOver { host: text("nas"), left: 1 },
                "nas took over this gateway: an apply was stopped here with 1 line left",
                "Nothing is lost: what was written is recorded; take over again to go on",
            ),
            (
                ProblemKind::ExportLeftOut { files: vec![text("ledger.json"), text("kimi-quota.json")], n_copied: 4 },
                "ledger.json and kimi-quota.json do not parse and were left out; 4 other files were copied",
                "Mend them and export again",
            ),
            (
                ProblemKind::ClockSkew { seconds: -180 },
                "The gateway's clock is 3 min behind this computer's",
                "Set the clock that is wrong",
            ),
            (
                ProblemKind::RanElsewhere {
                    cron: text("digest"),
                    intended: text("kimi/k2"),
                    ran: text("anthropic/opus"),
                    cost: Some(Usd(0.123)),
                },
                "digest ran on anthropic/opus instead of kimi/k2, which cost about $0.12",
                "The gateway fell back; look at the health of the intended route",
            ),
            (
                ProblemKind::RanElsewhere {
                    cron: text("digest"),
                    intended: text("kimi/k2"),
                    ran: text("local/x"),
                    cost: None,
                },
                "digest ran on local/x instead of kimi/k2",
                "The gateway fell back; look at the health of the intended route",
            ),
            (
                ProblemKind::Interrupted { left: 1, of: PlanOrigin::Distribution },
                "An apply was interrupted with 1 line left",
                "Continue it, or dismiss it",
            ),
            (
                ProblemKind::Interrupted { left: 2, of: PlanOrigin::Recovery },
                "A recovery was interrupted with 2 lines left",
                "Continue it, or dismiss it",
            ),
        ];
        for (kind, what, remedy) in cases {
            let said = problem(&kind, &world.speech());
            assert_eq!((said.what.as_str(), said.remedy.as_deref()), (what, Some(remedy)));
        }
    }

    #[test]
    fn a_trouble_that_passes_by_itself_asks_for_nothing() {
        for passing in [Trouble::Starting, Trouble::Restarting, Trouble::Lost { detail: String::new() }] {
            assert_eq!(trouble(&passing).remedy, None, "{passing:?}");
        }
        let pairing = trouble(&Trouble::NeedsPairing { request: text("r-7") });
        assert_eq!(pairing.remedy.as_deref(), Some("Run `openclaw devices approve r-7` on the gateway's host"));
    }

    #[test]
    fn a_refusal_of_a_problem_is_said_as_the_problem() {
        let world = world();
        let wrapped = refusal(&Refusal::Problem(ProblemKind::Busy), &world.speech());
        assert_eq!(wrapped, problem(&ProblemKind::Busy, &world.speech()));
        assert_eq!(refusal(&Refusal::NothingToDo, &world.speech()).what, "Nothing to do");
    }

    #[test]
    fn what_may_have_been_meant_is_listed_up_to_a_limit() {
        let ambiguous = |n_plans: usize| Refusal::AmbiguousSwitch {
            name: text("p"),
            plans: (0..n_plans).map(|n| PlanId::from(format!("p{n}"))).collect(),
            switches: vec![SwitchId::new("px")],
        };
        let what = |refused| refusal(&refused, &world().speech()).what;
        assert_eq!(what(ambiguous(1)), "Several ids begin with p: plan p0 and switch px");
        assert!(what(ambiguous(12)).ends_with("plan p6, plan p7 and 5 others"), "{}", what(ambiguous(12)));
    }

    #[test]
    fn the_status_line_says_how_the_connection_stands() {
        let world = world();
        let (name, url) = (text("home-mini"), text("ws://127.0.0.1:18789"));
        let info = GatewayInfo {
            name: name.clone(),
            url: url.clone(),
            version: text("2026.9.6"),
            access: Access::ReadWrite,
            clock_skew: SignedDuration::ZERO,
            latency: None,
        };
        let connecting = |attempt| Connection::Connecting { name: name.clone(), url: url.clone(), attempt };
        let cases = [
            (Connection::None, "No gateway chosen"),
            (connecting(1), "Connecting to home-mini…"),
            (connecting(3), "Connecting to home-mini… (attempt 3)"),
            (Connection::Connected(info.clone()), "Connected to home-mini · read and write"),
            (
                Connection::Connected(GatewayInfo { access: Access::FolderHeld, ..info }),
                "Connected to home-mini · read only: another program holds the state folder",
            ),
            (
                Connection::Waiting {
                    name: name.clone(),
                    url: url.clone(),
                    trouble: Trouble::Absent,
                    retry_at: world.now + SignedDuration::from_secs(30),
                },
                "home-mini: nothing listens there · next try in 30 s",
            ),
            (
                Connection::Stopped { name: name.clone(), url: url.clone(), trouble: Trouble::BadToken },
                "home-mini: the gateway refuses the token",
            ),
        ];
        for (state, said) in cases {
            assert_eq!(connection(&state, &world.speech()), said);
        }
    }
}

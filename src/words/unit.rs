//! The service that runs the engine without a window: how it stands, what keeps it from being installed, and what to
//! run by hand instead.

use super::Said;
use crate::domain::{ServiceUnit, UnitActivity, UnitStanding, UnitTrouble};

/// What a service does, in one sentence.
pub const SERVICE_DOES: &str = "A service goes on while no window is open, after a restart too: it looks at the \
                                providers, gives back what was paused, and does what automation may do.";

/// How it stands, and what there is to know of that.
#[must_use]
pub fn service_standing(service: &ServiceUnit) -> Said {
    let said = |what: &str, remedy: Option<String>| Said { what: what.to_owned(), remedy };
    if service.changing {
        return said(if service.installed() { "Being removed…" } else { "Being installed…" }, None);
    }
    match &service.standing {
        UnitStanding::Unknown => said("Not known yet", None),
        UnitStanding::Unavailable { why } => {
            let why = service_trouble(why);
            said("Cannot be installed here", Some(why.what))
        }
        UnitStanding::Absent => said("Not installed", None),
        UnitStanding::Installed { name, activity: UnitActivity::Failed, .. } => said(
            "Installed, but it ended badly",
            Some(format!("`journalctl --user -u {name}` tells why; start it again when that is mended")),
        ),
        UnitStanding::Installed { name, activity: UnitActivity::Stopped, .. } => {
            said("Installed, not running", Some(format!("It is called {name}")))
        }
        UnitStanding::Installed { lingers: Some(true), .. } => said("Installed and running, without a login too", None),
        UnitStanding::Installed { .. } => said(
            "Installed and running while you are logged in",
            Some("`loginctl enable-linger` lets it run without a login; this program does not do that".to_owned()),
        ),
    }
}

/// Why it is not installed, or not removed.
#[must_use]
pub fn service_trouble(why: &UnitTrouble) -> Said {
    let said = |what: String, remedy: &str| Said { what, remedy: Some(remedy.to_owned()) };
    match why {
        UnitTrouble::NoManager => said(
            "There is no systemd on this computer".to_owned(),
            "Let whatever starts programs here run the command below",
        ),
        UnitTrouble::NoSession { detail } => said(
            format!("systemd does not answer for your session: {detail}"),
            "Log in to the desktop, or over SSH as yourself and not with sudo or su, and try again",
        ),
        UnitTrouble::Refused { detail } => said(
            format!("systemd refuses: {detail}"),
            "Mend what it names and try again; what was there before is there still",
        ),
        UnitTrouble::CannotWrite { file, detail } => {
            said(format!("Cannot write {file}: {detail}"), "Free space or correct the rights, and try again")
        }
        UnitTrouble::Unwritable { text } => said(
            format!("systemd takes no such path: {text}"),
            "Move the state folder to a path of plain text, and connect with that",
        ),
        UnitTrouble::TokenInMemory => said(
            "The token of this gateway is kept nowhere, so that a service would not find it".to_owned(),
            "Connect again with the token remembered in the keychain, or let OpenClaw's configuration hold it",
        ),
        UnitTrouble::NoProgram => {
            said("This program does not know where it is".to_owned(), "Start it by its whole path and try again")
        }
    }
}

/// A command as a shell takes it, to be copied.
#[must_use]
pub fn command_line(argv: &[String]) -> String {
    let simple = |letter: char| letter.is_ascii_alphanumeric() || "/-_.:=@+,%".contains(letter);
    let word = |word: &String| {
        if !word.is_empty() && word.chars().all(simple) {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', "'\\''"))
        }
    };
    argv.iter().map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{command_line, service_standing, service_trouble};
    use crate::domain::{ServiceUnit, UnitActivity, UnitStanding, UnitTrouble};

    fn installed(activity: UnitActivity, lingers: Option<bool>) -> UnitStanding {
        UnitStanding::Installed { name: "mo.service".to_owned(), activity, lingers }
    }

    #[test]
    fn each_standing_says_how_it_is_and_what_there_is_to_do() {
        let missing = UnitStanding::Unavailable { why: UnitTrouble::NoManager };
        let cases = [
            (UnitStanding::Unknown, "Not known yet", None),
            (missing, "Cannot be installed here", Some("There is no systemd")),
            (UnitStanding::Absent, "Not installed", None),
            (installed(UnitActivity::Running, Some(true)), "Installed and running, without a login too", None),
            (installed(UnitActivity::Running, Some(false)), "Installed and running while you", Some("enable-linger")),
            (installed(UnitActivity::Running, None), "Installed and running while you", Some("enable-linger")),
            (installed(UnitActivity::Stopped, None), "Installed, not running", Some("called mo.service")),
            (installed(UnitActivity::Failed, None), "Installed, but it ended badly", Some("journalctl --user -u mo")),
        ];
        for (standing, what, remedy) in cases {
            let said = service_standing(&ServiceUnit { standing, ..ServiceUnit::default() });
            assert!(said.what.starts_with(what), "{}", said.what);
            match (remedy, &said.remedy) {
                (None, None) => {}
                (Some(wanted), Some(told)) => assert!(told.contains(wanted), "{told}"),
                other => panic!("{what}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_change_under_way_is_said_before_what_it_changes() {
        let changing = |standing| ServiceUnit { standing, changing: true, ..ServiceUnit::default() };
        assert_eq!(service_standing(&changing(UnitStanding::Absent)).what, "Being installed…");
        let gone = changing(installed(UnitActivity::Running, None));
        assert_eq!(service_standing(&gone).what, "Being removed…");
    }

    #[test]
    fn every_trouble_says_what_to_do() {
        let detail = || "why".to_owned();
        for why in [
            UnitTrouble::NoManager,
            UnitTrouble::NoSession { detail: detail() },
            UnitTrouble::Refused { detail: detail() },
            UnitTrouble::CannotWrite { file: "x".to_owned(), detail: detail() },
            UnitTrouble::Unwritable { text: detail() },
            UnitTrouble::TokenInMemory,
            UnitTrouble::NoProgram,
        ] {
            assert!(service_trouble(&why).remedy.is_some(), "{why:?}");
        }
    }

    #[test]
    fn a_command_is_copied_as_a_shell_takes_it() {
        let argv = ["/opt/mo", "serve", "--state-dir", "/home/ann/it's mine", "", "$HOME"].map(str::to_owned);
        assert_eq!(command_line(&argv), r"/opt/mo serve --state-dir '/home/ann/it'\''s mine' '' '$HOME'");
    }
}

//! Who acts on a gateway: this window, a program in the background here, or another computer; and what it means to take
//! it over or to let it go.

use super::{Said, Speech, clock, count};
use crate::domain::{Background, OwnerMark};

/// "nas acts on this gateway since yesterday 21:04"; `here`: by the mark of this folder.
pub fn owner(mark: &OwnerMark, here: bool, speech: &Speech<'_>) -> String {
    let since = clock(mark.since, speech);
    if here {
        format!("Acts on this gateway since {since}, as {}", mark.host)
    } else {
        format!("{} acts on this gateway since {since}", mark.host)
    }
}

/// What a person is asked before the mark of another is replaced, or one that was removed is put there anew.
pub fn take_over_question(other: Option<&OwnerMark>, speech: &Speech<'_>) -> String {
    match other {
        Some(mark) => format!(
            "{}, and what it paused stands in its ledger, not here: act from here instead?",
            owner(mark, false, speech)
        ),
        None => "Is this the gateway of this folder, and shall this folder act on it?".to_owned(),
    }
}

/// What a person is asked before this folder lets go of a gateway to which it still has to give something back.
pub fn let_go_question(n_debts: usize) -> String {
    let (verb, them) = if n_debts == 1 { ("is", "it") } else { ("are", "them") };
    let crons = count(n_debts, "cron");
    format!("{crons} {verb} still to be given back, and only this folder knows {them}: let go all the same?")
}

pub const TAKEN_OVER: &str = "This folder acts on this gateway now";
pub const ACTS_ALREADY: &str = "This folder acts on this gateway already";
pub const LET_GO: &str = "Nobody acts on this gateway now; this folder does again when it next has to write";
pub const DOES_NOT_ACT: &str = "This folder does not act on this gateway";

/// "Runs in the background (since 08:12)", and what this window is then.
#[must_use]
pub fn background(background: &Background, speech: &Speech<'_>) -> Said {
    Said {
        what: format!("Runs in the background (since {})", clock(background.since, speech)),
        remedy: Some("This window shows it and passes on what you ask.".to_owned()),
    }
}

/// "This window acts", and what the program in the background does meanwhile.
#[must_use]
pub fn background_waits() -> Said {
    Said {
        what: "This window acts".to_owned(),
        remedy: Some("What runs in the background waits, and goes on when this window closes.".to_owned()),
    }
}

/// "nas acts on this gateway since yesterday 21:04", and what this window is then.
#[must_use]
pub fn owned(mark: Option<&OwnerMark>, speech: &Speech<'_>) -> Said {
    let what = match mark {
        Some(mark) => owner(mark, false, speech),
        None => "Another computer acts on this gateway".to_owned(),
    };
    Said { what, remedy: Some("This window only looks.".to_owned()) }
}

/// What taking over means, before it is done.
#[must_use]
pub fn take_over_dialog(owner: Option<&OwnerMark>) -> Said {
    let host = owner.map_or("the other computer", |owner| owner.host.as_str());
    let capitalised = if owner.is_some() { host.to_owned() } else { super::capitalised(host) };
    Said {
        what: format!("Take this gateway over from {host}?"),
        remedy: Some(format!(
            "{capitalised} stops at its next line and only looks from then on. What it paused stays in its own ledger: \
             this program does not know of it and gives none of it back. If it still answers, let it give that back \
             first."
        )),
    }
}

/// What it means to act on a gateway that does not carry the mark of this folder, before it is done.
#[must_use]
pub fn claim_dialog() -> Said {
    Said {
        what: "Is this the gateway of this folder?".to_owned(),
        remedy: Some(
            "If it is, this folder acts here, and gives back here what it still owes. On another gateway with the same \
             crons that would write what nobody there is owed: then connect to the gateway of this folder instead."
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, world};
    use super::{background, let_go_question, owned, owner, take_over_dialog, take_over_question};
    use crate::domain::{Background, OwnerMark};

    #[test]
    fn it_is_said_who_acts_and_whose_ledger_is_not_here() {
        let world = world();
        let speech = world.speech();
        let mark = OwnerMark { folder: "f".to_owned(), host: "nas".to_owned(), since: at("2026-11-22 21:04") };
        assert_eq!(owner(&mark, false, &speech), "nas acts on this gateway since yesterday 21:04");
        assert_eq!(owner(&mark, true, &speech), "Acts on this gateway since yesterday 21:04, as nas");
        assert_eq!(
            take_over_question(Some(&mark), &speech),
            "nas acts on this gateway since yesterday 21:04, and what it paused stands in its ledger, not here: \
             act from here instead?"
        );
        assert!(take_over_question(None, &speech).contains("the gateway of this folder"));
        assert_eq!(
            let_go_question(2),
            "2 crons are still to be given back, and only this folder knows them: let go all the same?"
        );
        assert!(let_go_question(1).starts_with("1 cron is still to be given back, and only this folder knows it"));
    }

    #[test]
    fn who_acts_is_said_with_since_when() {
        let world = world();
        let mark = OwnerMark { folder: "f".to_owned(), host: "nas".to_owned(), since: at("2026-11-22 21:04") };
        let here = Background { pid: 4711, since: at("2026-11-23 08:12"), version: "0.1.0".to_owned() };
        let cases = [
            (background(&here, &world.speech()).what, "Runs in the background (since 08:12)"),
            (owned(Some(&mark), &world.speech()).what, "nas acts on this gateway since yesterday 21:04"),
            (owned(None, &world.speech()).what, "Another computer acts on this gateway"),
            (take_over_dialog(Some(&mark)).what, "Take this gateway over from nas?"),
            (take_over_dialog(None).what, "Take this gateway over from the other computer?"),
        ];
        for (said, expected) in cases {
            assert_eq!(said, expected);
        }
        let told = |owner| take_over_dialog(owner).remedy.unwrap_or_default();
        assert!(told(Some(&mark)).starts_with("nas stops at its next line"), "a name keeps its letters");
        assert!(told(None).starts_with("The other computer stops"), "a sentence begins with a capital");
    }
}

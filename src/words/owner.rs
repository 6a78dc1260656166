//! Who acts on a gateway, and what it means to take it over or to let it go.

use super::{Speech, clock, count};
use crate::domain::OwnerMark;

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

#[cfg(test)]
mod tests {
    use super::super::testing::{at, world};
    use super::{let_go_question, owner, take_over_question};
    use crate::domain::OwnerMark;

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
}

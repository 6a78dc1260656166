//! How a command ends: one number for scripts, one sentence for people.

use std::process::ExitCode;

use crate::domain::{ProblemKind, Refusal, Trouble};
use crate::words::{self, Said, Speech};

/// The exit codes, as `docs/cli.md` promises them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    Failed = 1,
    /// The arguments make no sense here.
    Usage = 2,
    /// No gateway, or it does not let us in. `check`: this computer reaches no provider.
    NotConnected = 3,
    /// Some lines were not written and verified.
    NotVerified = 4,
    /// Looking is allowed, changing is not.
    ReadOnly = 5,
    /// It goes on with `--yes`, or with an answer to a question.
    NeedsAnswer = 6,
    /// `plan --exit-code`: there are changes.
    Changes = 10,
    /// `--exit-code` of `diagnose` and `check`: not now, and time alone mends it.
    Passing = 11,
    /// `--exit-code` of `diagnose` and `check`: a person must do something.
    NeedsPerson = 12,
    /// `--exit-code` of `diagnose` and `check`: not known. `scrape-quota`: the page tells of no quota.
    NotTold = 13,
    /// `simulate`: a law did not hold.
    LawBroken = 14,
    /// `simulate --require`: a world showed too little.
    NotSeen = 15,
}

impl Exit {
    /// The code in words, for `--json`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::NotConnected => "not_connected",
            Self::NotVerified => "not_verified",
            Self::ReadOnly => "read_only",
            Self::NeedsAnswer => "needs_answer",
            Self::Changes => "changes",
            Self::Passing => "passing",
            Self::NeedsPerson => "needs_person",
            Self::NotTold => "not_told",
            Self::LawBroken => "law_broken",
            Self::NotSeen => "not_seen",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A command that could not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) exit: Exit,
    pub(super) what: String,
    pub(super) remedy: Option<String>,
}

impl Failure {
    pub(super) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), remedy: None }
    }

    #[must_use]
    pub(super) fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// What the parser of the arguments says: its first paragraph is what is wrong, the others help.
    pub(super) fn of_usage(text: &str) -> Self {
        let (what, help) = text.trim().split_once("\n\n").unwrap_or((text.trim(), ""));
        let line = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
        let help: Vec<_> = help.split("\n\n").map(line).filter(|line| !line.is_empty()).collect();
        let remedy = (!help.is_empty()).then(|| help.join("\n"));
        Self { exit: Exit::Usage, what: line(what.trim_start_matches("error: ")), remedy }
    }

    fn said(exit: Exit, said: Said) -> Self {
        Self { exit, what: said.what, remedy: said.remedy }
    }

    /// Why there is no connection to `name`.
    pub(super) fn of_trouble(name: &str, trouble: &Trouble) -> Self {
        let mut said = words::trouble(trouble);
        if *trouble == Trouble::NoToken {
            said.remedy = Some("Name a file that holds it with --token-file".to_owned());
        }
        if matches!(trouble, Trouble::NoAddress { .. }) {
            return Self::said(Exit::Usage, said);
        }
        Self::said(Exit::NotConnected, Said { what: format!("{name}: {}", said.what), remedy: said.remedy })
    }

    pub(super) fn of_refusal(refusal: &Refusal, speech: &Speech<'_>) -> Self {
        Self::said(refusal_exit(refusal), words::refusal(refusal, speech))
    }

    pub(super) fn of_problem(kind: &ProblemKind, speech: &Speech<'_>) -> Self {
        Self::said(problem_exit(kind), problem(kind, speech))
    }
}

/// A problem whose remedy can be followed from a shell.
pub(super) fn problem(kind: &ProblemKind, speech: &Speech<'_>) -> Said {
    let mut said = words::problem(kind, speech);
    if matches!(kind, ProblemKind::GatewayOwned { .. } | ProblemKind::AnotherGateway { .. }) {
        said.remedy = said.remedy.map(|remedy| format!("{remedy} (model-orchestrator take-over)"));
    }
    if let ProblemKind::Interrupted { of, .. } = kind {
        said.remedy = Some(words::goes_on_from_a_shell(of).to_owned());
    }
    said
}

fn refusal_exit(refusal: &Refusal) -> Exit {
    match refusal {
        Refusal::NotConnected => Exit::NotConnected,
        Refusal::ReadOnly => Exit::ReadOnly,
        Refusal::Drifted | Refusal::ChangedSince { .. } => Exit::NeedsAnswer,
        Refusal::JobRunning | Refusal::Undecided | Refusal::NoAnswer | Refusal::Service(_) => Exit::Failed,
        Refusal::NothingToDo => Exit::Done,
        Refusal::ToldToWait { .. } => Exit::Passing,
        Refusal::SchedulesStay
        | Refusal::UnknownCron { .. }
        | Refusal::UnknownAccount { .. }
        | Refusal::UnknownSwitch { .. }
        | Refusal::AmbiguousSwitch { .. } => Exit::Usage,
        Refusal::Problem(kind) => problem_exit(kind),
    }
}

fn problem_exit(kind: &ProblemKind) -> Exit {
    match kind {
        ProblemKind::FolderHeld { .. }
        | ProblemKind::FolderServed { .. }
        | ProblemKind::OtherVersionServes { .. }
        | ProblemKind::ServiceSilent { .. }
        | ProblemKind::FolderNotWritable { .. }
        | ProblemKind::GatewayOwned { .. }
        | ProblemKind::AnotherGateway { .. }
        | ProblemKind::TakenOver { .. }
        | ProblemKind::ReadOnlyScopes => Exit::ReadOnly,
        ProblemKind::ExportOntoItself => Exit::Usage,
        _ => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::{Exit, Failure, problem, problem_exit, refusal_exit};
    use crate::domain::{PlanOrigin, ProblemKind, Refusal, Trouble};
    use crate::words::Speech;

    #[test]
    fn what_the_parser_says_is_what_is_wrong_and_what_helps() {
        let text = "error: the following required arguments were not provided:\n  <TO>\n\nUsage: mo export <TO>\n\n\
                    For more information, try '--help'.\n";
        let failure = Failure::of_usage(text);
        assert_eq!(failure.what, "the following required arguments were not provided: <TO>");
        assert_eq!(failure.remedy.as_deref(), Some("Usage: mo export <TO>\nFor more information, try '--help'."));
        assert_eq!(Failure::of_usage("error: no such command\n").remedy, None);
    }

    #[test]
    fn a_remedy_can_be_followed_from_a_shell() {
        let token = Failure::of_trouble("home-mini", &Trouble::NoToken).remedy;
        assert!(token.is_some_and(|remedy| remedy.contains("--token-file")));
        let (settings, catalog) = (crate::domain::Settings::default(), crate::domain::Catalog::default());
        let zone = jiff::tz::TimeZone::UTC;
        let speech = Speech { now: jiff::Timestamp::UNIX_EPOCH, zone: &zone, settings: &settings, catalog: &catalog };
        let cases = [
            (PlanOrigin::Distribution, "distribute"),
            (PlanOrigin::Crisis, "crisis"),
            (PlanOrigin::Recovery, "recover"),
            (PlanOrigin::Undo { of: "p1".into() }, "undo"),
        ];
        let advised = problem(&ProblemKind::Interrupted { left: 2, of: PlanOrigin::Advice }, &speech).remedy;
        assert!(advised.is_some_and(|remedy| remedy.ends_with("go on with distribute")));
        let spread = problem(&ProblemKind::Interrupted { left: 2, of: PlanOrigin::Spreading }, &speech).remedy;
        assert!(spread.is_some_and(|remedy| remedy.contains("in the window") && !remedy.contains("distribute")));
        for (of, command) in cases {
            let interrupted = problem(&ProblemKind::Interrupted { left: 2, of }, &speech);
            assert!(interrupted.what.ends_with("was interrupted with 2 lines left"), "{}", interrupted.what);
            let remedy = interrupted.remedy.expect("there is one");
            assert!(remedy.ends_with(&format!("go on with {command}")) && !remedy.contains("ismiss"), "{remedy}");
        }
    }

    #[test]
    fn a_refusal_ends_with_the_code_that_says_what_to_do() {
        let cases = [
            (Refusal::NotConnected, Exit::NotConnected),
            (Refusal::ReadOnly, Exit::ReadOnly),
            (Refusal::Drifted, Exit::NeedsAnswer),
            (Refusal::NothingToDo, Exit::Done),
            (Refusal::UnknownSwitch { name: "p9".to_owned() }, Exit::Usage),
            (Refusal::Problem(ProblemKind::ReadOnlyScopes), Exit::ReadOnly),
            (Refusal::Problem(ProblemKind::Busy), Exit::Failed),
        ];
        for (refusal, exit) in cases {
            assert_eq!(refusal_exit(&refusal), exit, "{refusal:?}");
        }
        assert_eq!(problem_exit(&ProblemKind::FolderHeld { holder: "window".to_owned() }), Exit::ReadOnly);
    }
}

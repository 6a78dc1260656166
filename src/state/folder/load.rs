//! Reading a whole folder: at start, and again after somebody edited it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use jiff::Timestamp;

use crate::domain::{Crisis, Problem, ProblemKind, Remembered};
use crate::state::files::{Known, Seen, StateFile, print_of};
use crate::state::history::History;
use crate::state::lease::{self, Asked};
use crate::state::owner::{self, Place};
use crate::state::tiers::TakenOut;
use crate::state::{StateError, atomic, ledger, scraped, settings, tiers, tracking};

use super::{Folder, Loaded, Right, names};

/// Switches that a face is given; older ones stay in the history.
const MAX_SWITCHES: u32 = 1000;

/// What to do with a file that does not parse.
#[derive(Clone, Copy, PartialEq)]
enum Unusable {
    SetAside,
    Leave,
}

pub(super) fn open(path: &Path, holder: &str, now: Timestamp) -> Result<(Folder, Loaded), StateError> {
    let is_new = !path.exists();
    make_private(path)?;
    let mut problems = Vec::new();
    let right = ask_for_lease(path, holder, now, &mut problems);
    let (mut folder, loaded) = open_as(path, right, now, problems);
    folder.made = is_new;
    Ok((folder, loaded))
}

/// As it stands, whoever holds it.
pub(super) fn look(path: &Path, now: Timestamp) -> Result<Folder, StateError> {
    fs::read_dir(path).map_err(|error| StateError::read(path, error))?;
    let right = Right::CannotWrite("it was opened to be read".to_owned());
    Ok(open_as(path, right, now, Vec::new()).0)
}

/// The lease may be free by now: then everything is read as at opening.
pub(super) fn ask_again(folder: &mut Folder, holder: &str, now: Timestamp) -> Result<Option<Loaded>, StateError> {
    if folder.held_by().is_none() {
        return Ok(None);
    }
    let right = match lease::ask(&folder.path, holder, now)? {
        Asked::HeldBy(holder) => {
            folder.right = Right::HeldBy(holder);
            return Ok(None);
        }
        Asked::Granted(lease) => Right::Holds(lease),
    };
    let (ours, loaded) = open_as(&folder.path, right, now, Vec::new());
    *folder = ours;
    Ok(Some(loaded))
}

fn open_as(path: &Path, right: Right, now: Timestamp, mut problems: Vec<Problem>) -> (Folder, Loaded) {
    let may_write = matches!(right, Right::Holds(_));
    if may_write {
        atomic::sweep(path, |name| names::is_known(name) || name == lease::HOLDER_FILE);
    }
    let history = open_history(path, may_write, now, &mut problems);
    let has_newer_history = problems.iter().any(|problem| matches!(problem.what, ProblemKind::NewerFile { .. }));
    let file = |name| StateFile::new(path, name);
    let identity = super::identity_of(path);
    let place = Place { inode: identity.map(|(_device, inode)| inode), machine: owner::this_machine() };
    let mut folder = Folder {
        path: path.to_owned(),
        right,
        tiers: file(names::TIERS),
        settings: file(names::SETTINGS),
        ledger: file(names::LEDGER),
        status: file(names::STATUS),
        tracking: file(names::TRACKING),
        disabled: file(names::DISABLED),
        owner: file(names::OWNER),
        tiers_read: BTreeMap::new(),
        ledger_read: BTreeMap::new(),
        crisis_read: Crisis::default(),
        taken_out: TakenOut::new(),
        history,
        has_newer_history,
        known: Known::default(),
        made: false,
        identity,
        place,
        is_stale: false,
        quota_print: 0,
        pending: Vec::new(),
        clock: now,
    };
    let unusable = if may_write { Unusable::SetAside } else { Unusable::Leave };
    refresh(&mut folder, unusable, now, &mut problems);
    look_at(&mut folder.owner, unusable, now, &mut problems);
    import_older_pauses(&mut folder, now, &mut problems);
    folder.log_what_was_lost(&mut problems, now);
    name_what_was_set_aside(path, &mut problems, now);
    let mut loaded = load(&mut folder, now, problems);
    // A job without an end is interrupted only when nobody else is carrying it out.
    if let Some(history) = folder.history.as_ref().filter(|_| may_write) {
        match history.interrupted() {
            Ok(job) => loaded.interrupted = job,
            Err(error) => loaded.problems.push(error.problem(now)),
        }
    }
    (folder, loaded)
}

pub(super) fn reload(folder: &mut Folder, now: Timestamp) -> Option<Loaded> {
    folder.clock = now;
    let mut problems = std::mem::take(&mut folder.pending);
    let has_changed = refresh(folder, Unusable::Leave, now, &mut problems);
    let quotas_changed = quota_print(&folder.path) != folder.quota_print;
    if !has_changed && !quotas_changed && !folder.is_stale && problems.is_empty() {
        return None;
    }
    folder.is_stale = false;
    import_older_pauses(folder, now, &mut problems);
    Some(load(folder, now, problems))
}

pub(super) fn reload_all(folder: &mut Folder, now: Timestamp) -> Loaded {
    folder.clock = now;
    folder.is_stale = false;
    let mut problems = std::mem::take(&mut folder.pending);
    refresh(folder, Unusable::Leave, now, &mut problems);
    import_older_pauses(folder, now, &mut problems);
    load(folder, now, problems)
}

/// A mapping or a ledger that was set aside at an earlier start is still missing: it is named at
/// every start until the person has moved it away.
fn name_what_was_set_aside(path: &Path, problems: &mut Vec<Problem>, now: Timestamp) {
    let Ok(entries) = fs::read_dir(path) else { return };
    let mut kept: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    kept.sort();
    for kept_as in kept {
        let Some((file, _)) = kept_as.split_once(".broken-") else { continue };
        let named = problems.iter().any(
            |problem| matches!(&problem.what, ProblemKind::FileSetAside { kept_as: other, .. } if *other == kept_as),
        );
        if named || ![names::TIERS, names::LEDGER, names::SETTINGS].contains(&file) {
            continue;
        }
        let detail = "at an earlier start".to_owned();
        let what = ProblemKind::FileSetAside { file: file.to_owned(), kept_as: kept_as.clone(), detail };
        problems.push(Problem { id: format!("state/{kept_as}"), what, since: now });
    }
}

/// For its owner only, as far as the system knows owners.
fn make_private(path: &Path) -> Result<(), StateError> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| StateError::write(path, error))
}

fn ask_for_lease(path: &Path, holder: &str, now: Timestamp, problems: &mut Vec<Problem>) -> Right {
    match lease::ask(path, holder, now) {
        Ok(Asked::Granted(lease)) => Right::Holds(lease),
        Ok(Asked::HeldBy(holder)) => {
            problems.push(StateError::Held { holder: holder.clone() }.problem(now));
            Right::HeldBy(holder)
        }
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            let why = cause.unwrap_or_else(|| error.to_string());
            problems.push(StateError::FolderNotWritable { path: path.to_owned(), why: why.clone() }.problem(now));
            Right::CannotWrite(why)
        }
    }
}

/// Without a history the rest works: it is reported, and applying is refused by the journal.
fn open_history(path: &Path, may_write: bool, now: Timestamp, problems: &mut Vec<Problem>) -> Option<History> {
    if !may_write {
        // The holder may not have made one yet; looking on is then all there is.
        return History::open_read_only(path).ok();
    }
    match History::open(path, now) {
        Ok((history, kept_as)) => {
            if let Some(kept_as) = kept_as {
                let detail = "not a database of this program, or damaged; history starts anew".to_owned();
                let what = ProblemKind::FileSetAside { file: names::HISTORY.to_owned(), kept_as, detail };
                problems.push(Problem { id: format!("state/{}", names::HISTORY), what, since: now });
            }
            Some(history)
        }
        Err(error) => {
            problems.push(error.problem(now));
            None
        }
    }
}

/// Looks at every file again; says whether one of them changed.
fn refresh(folder: &mut Folder, unusable: Unusable, now: Timestamp, problems: &mut Vec<Problem>) -> bool {
    let files = [
        &mut folder.tiers,
        &mut folder.settings,
        &mut folder.ledger,
        &mut folder.status,
        &mut folder.tracking,
        &mut folder.disabled,
    ];
    let mut has_changed = false;
    for file in files {
        has_changed |= look_at(file, unusable, now, problems);
        file.note(&folder.known);
    }
    has_changed
}

/// Looks at one file again; says whether it changed.
fn look_at(file: &mut StateFile, unusable: Unusable, now: Timestamp, problems: &mut Vec<Problem>) -> bool {
    match file.refresh() {
        Ok(Seen::Same) => {}
        Ok(Seen::Changed) => return true,
        Ok(Seen::Unusable(detail)) if unusable == Unusable::SetAside => match file.set_aside(detail, now) {
            Ok(problem) => problems.push(problem),
            Err(error) => problems.push(error.problem(now)),
        },
        Ok(Seen::Unusable(detail)) => problems.push(file.cannot_read(detail, now)),
        Err(error) => problems.push(error.problem(now)),
    }
    false
}

fn import_older_pauses(folder: &mut Folder, now: Timestamp, problems: &mut Vec<Problem>) {
    if !matches!(folder.right, Right::Holds(_)) || !folder.disabled.exists() {
        return;
    }
    let with_imported = ledger::with_imported(folder.ledger.root(), folder.disabled.root(), now);
    if let Some(Err(error)) = with_imported.map(|root| folder.store_ledger(&root)) {
        problems.push(error.problem(now));
    }
}

/// The typed values of everything as it was last read.
fn load(folder: &mut Folder, now: Timestamp, mut problems: Vec<Problem>) -> Loaded {
    let (tiers, bad_tiers) = tiers::read(folder.tiers.root(), now);
    let (settings, bad_settings) = settings::read(folder.settings.root());
    let (ledger, mut bad_ledger) = ledger::read(folder.ledger.root());
    let (crisis, bad_crisis) = ledger::crisis(folder.ledger.root(), now);
    let ledger_lost = !folder.ledger.exists() || !bad_ledger.is_empty();
    bad_ledger.extend(bad_crisis);
    let bad = [(names::TIERS, bad_tiers), (names::SETTINGS, bad_settings), (names::LEDGER, bad_ledger)];
    for (name, bad) in bad {
        problems.extend(bad.iter().map(|bad| bad.problem(name, now)));
    }
    let (scraped, bad_scraped) = scraped::read_all(&folder.path);
    problems.extend(bad_scraped.iter().map(|(file, bad)| bad.problem(file, now)));
    folder.quota_print = quota_print(&folder.path);
    let switches = folder.history.as_ref().map(|history| history.switches(MAX_SWITCHES));
    let switches = switches.unwrap_or(Ok(Vec::new())).unwrap_or_else(|error| {
        problems.push(error.problem(now));
        Vec::new()
    });
    folder.tiers_read.clone_from(&tiers);
    folder.ledger_read.clone_from(&ledger);
    folder.crisis_read.clone_from(&crisis);
    let temporary = tracking::temporary_models(folder.tracking.root());
    let (mut pending, mut proven, mut remembered) = (BTreeSet::new(), BTreeSet::new(), Remembered::default());
    if let Some(history) = &folder.history {
        let noted =
            history.pending_edits().and_then(|crons| Ok((crons, history.proven_versions()?, history.accounts()?)));
        match noted {
            Ok(noted) => (pending, proven, remembered) = noted,
            Err(error) => problems.push(error.problem(now)),
        }
    }
    Loaded {
        settings,
        tiers,
        ledger,
        ledger_lost,
        crisis,
        switches,
        interrupted: None,
        scraped,
        temporary,
        pending,
        proven,
        identity: folder.identity(),
        remembered,
        problems,
    }
}

/// Changes whenever a quota file does.
fn quota_print(path: &Path) -> u64 {
    let contents: Vec<u8> = scraped::files(path)
        .iter()
        .flat_map(|path| {
            let content = crate::state::files::read(path).ok().flatten();
            [path.to_string_lossy().into_owned().into_bytes(), content.unwrap_or_default()].concat()
        })
        .collect();
    print_of(&contents)
}

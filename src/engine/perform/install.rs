//! The service of a folder, as systemd keeps it for one person: asked for, installed, removed.
//!
//! Everything goes through `systemctl --user` and one file in the person's own folder; nothing needs rights beyond
//! theirs. Lingering, which lets services run without a login, is looked at and never switched on.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::super::effect::{Served, UnitOp};
use super::super::input::Input;
use super::super::unit::{unit_name, unit_text};
use super::{Performer, keychain};
use crate::domain::{Secret, UnitActivity, UnitStanding, UnitTrouble};
use crate::gateway::Env;
use crate::state::atomic;

/// Starting a service waits for its program only.
const PATIENCE: Duration = Duration::from_secs(30);

impl Performer {
    pub(super) fn unit(&self, op: UnitOp, of: Served) {
        let env = self.env.clone();
        self.spawn("service", async move {
            let folder = of.folder.clone();
            let work = tokio::task::spawn_blocking(move || match op {
                UnitOp::Look => standing(&env, &of.folder),
                UnitOp::Install(_) => install(&env, &of),
                UnitOp::Remove(_) => remove(&env, &of.folder),
            });
            let silent = || UnitTrouble::Refused { detail: format!("no answer within {} s", PATIENCE.as_secs()) };
            let result = match tokio::time::timeout(PATIENCE, work).await {
                Ok(done) => done.ok()?,
                Err(_) => Err(silent()),
            };
            Some(Input::UnitSeen { folder, op, result })
        });
    }
}

/// How the service of a folder stands.
pub fn standing(env: &Env, folder: &Path) -> Result<UnitStanding, UnitTrouble> {
    let name = unit_name(folder);
    // Also without a unit: whether anybody answers decides what can be offered.
    let said = systemctl(env, &["show", "--property=ActiveState", &name])?;
    if !unit_path(env, &name)?.exists() {
        return Ok(UnitStanding::Absent);
    }
    let activity = match said.trim().strip_prefix("ActiveState=") {
        Some("active" | "activating" | "reloading") => UnitActivity::Running,
        Some("failed") => UnitActivity::Failed,
        _ => UnitActivity::Stopped,
    };
    Ok(UnitStanding::Installed { name, activity, lingers: lingers(env) })
}

fn install(env: &Env, of: &Served) -> Result<UnitStanding, UnitTrouble> {
    if let Some(token) = &of.token
        && !kept_elsewhere(env, &of.url, token)
    {
        return Err(UnitTrouble::TokenInMemory);
    }
    let name = unit_name(&of.folder);
    // Where nobody answers nothing is left behind.
    systemctl(env, &["show", "--property=ActiveState", &name])?;
    let path = unit_path(env, &name)?;
    let before = match std::fs::read(&path) {
        Ok(before) => Some(before),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(cannot_write(&path, &error)),
    };
    write(&path, unit_text(Some(of)).as_bytes())?;
    let started =
        systemctl(env, &["daemon-reload"]).and_then(|_| systemctl(env, &["enable", "--now", "--quiet", &name]));
    if let Err(why) = started {
        // What was refused says more than what cannot be tidied up after it.
        if let Some(before) = before {
            write(&path, &before).ok();
        } else {
            systemctl(env, &["disable", "--now", "--no-block", "--quiet", &name]).ok();
            std::fs::remove_file(&path).ok();
        }
        systemctl(env, &["daemon-reload"]).ok();
        return Err(why);
    }
    standing(env, &of.folder)
}

/// Also from within the service itself: it is told to end, and not waited for.
fn remove(env: &Env, folder: &Path) -> Result<UnitStanding, UnitTrouble> {
    let name = unit_name(folder);
    let path = unit_path(env, &name)?;
    if path.exists() {
        take_off(env, &name, &path)?;
    }
    standing(env, folder)
}

fn take_off(env: &Env, name: &str, path: &Path) -> Result<(), UnitTrouble> {
    systemctl(env, &["disable", "--now", "--no-block", "--quiet", name])?;
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(cannot_write(path, &error)),
        _ => {}
    }
    systemctl(env, &["daemon-reload"]).map(|_| ())
}

/// Whether a program that is started by the system finds that token: in OpenClaw's configuration, without what this
/// process was told in variables, or in the keychain.
fn kept_elsewhere(env: &Env, url: &str, token: &Secret) -> bool {
    let places = env.vars.iter().filter(|(name, _)| name.starts_with("XDG_"));
    let env = Env { home: env.home.clone(), vars: places.map(|(name, value)| (name.clone(), value.clone())).collect() };
    let same = |kept: &Secret| kept.reveal() == token.reveal();
    let configured = crate::gateway::discover(&env).into_iter().find(|found| found.url == url);
    configured.and_then(|found| found.target.token).as_ref().is_some_and(same)
        || keychain::load(url).as_ref().is_some_and(same)
}

fn unit_path(env: &Env, name: &str) -> Result<PathBuf, UnitTrouble> {
    let configured = env.vars.get("XDG_CONFIG_HOME").filter(|path| path.starts_with('/')).map(PathBuf::from);
    let config = configured.or_else(|| Some(env.home.as_ref()?.join(".config")));
    let no_home = || UnitTrouble::NoSession { detail: "there is no home folder".to_owned() };
    Ok(config.ok_or_else(no_home)?.join("systemd/user").join(name))
}

fn write(path: &Path, text: &[u8]) -> Result<(), UnitTrouble> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| cannot_write(path, &error))?;
    }
    atomic::write(path, text).map_err(|error| cannot_write(path, &error))
}

fn cannot_write(path: &Path, error: &dyn std::error::Error) -> UnitTrouble {
    let detail = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    UnitTrouble::CannotWrite { file: path.display().to_string(), detail }
}

fn systemctl(env: &Env, arguments: &[&str]) -> Result<String, UnitTrouble> {
    run(env, "systemctl", &[&["--user"], arguments].concat())
}

/// What it printed; what it complained of when it failed.
fn run(env: &Env, program: &str, arguments: &[&str]) -> Result<String, UnitTrouble> {
    // In English, because it is read here; with the path of the environment, which says where programs are.
    let mut command = Command::new(program);
    command.args(arguments).envs(&env.vars).env("LC_ALL", "C");
    // What it tells a supervisor of its own end would be taken for ours.
    let output = command.env_remove("NOTIFY_SOCKET").output();
    let output = output.map_err(|error| match error.kind() {
        ErrorKind::NotFound => UnitTrouble::NoManager,
        _ => UnitTrouble::Refused { detail: error.to_string() },
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let detail = said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it says nothing").to_owned();
    let nobody = ["connect to bus", "scope bus", "not been booted with systemd"];
    let nobody = nobody.iter().any(|words| said.contains(words));
    Err(if nobody { UnitTrouble::NoSession { detail } } else { UnitTrouble::Refused { detail } })
}

/// Whether this person's services run without a login; a manager that cannot tell is no trouble.
fn lingers(env: &Env) -> Option<bool> {
    let person = env.vars.get("USER").or_else(|| env.vars.get("LOGNAME"))?;
    let said = run(env, "loginctl", &["show-user", "--property=Linger", "--value", person]).ok()?;
    match said.trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

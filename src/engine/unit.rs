//! The text of a systemd unit that runs the engine without a window for a person.
//!
//! One text for what the window installs and what packages ship; values are written as systemd reads them, so that a
//! per cent sign, a space or a quote in a path is only that.

use std::fmt::Write as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::effect::Served;

/// What packages ship serves the gateway that is found on the machine.
const PACKAGED: &str = "/usr/bin/model-orchestrator";

/// On a new account nothing is there yet, and nothing can be made there once the rest is read only: what runs with a
/// plus sign comes before that.
const PREPARED: &str = "# A new account has no such folder yet; what is not there stays read only.
ExecStartPre=+/bin/mkdir -p %h/.local/share
";

/// The unit of `of`; without it the one that packages ship.
#[must_use]
pub fn unit_text(of: Option<&Served>) -> String {
    let (what, prepared, start, writable) = match of {
        Some(of) => {
            let folders = [of.folder.as_path(), of.state_root.as_path()];
            let writable = folders.iter().map(|folder| quoted(&format!("-{}", folder.display())));
            let writable = writable.collect::<Vec<_>>().join(" ");
            (format!("of {}", plain(&of.gateway)), "", command(&of.argv), writable)
        }
        None => (
            "of this computer's gateway".to_owned(),
            PREPARED,
            format!("{PACKAGED} serve"),
            "-%h/.local/share".to_owned(),
        ),
    };
    // Another /tmp would hide what is kept in this one.
    let in_tmp = |of: &Served| [&of.folder, &of.state_root].into_iter().any(|folder| folder.starts_with("/tmp"));
    let tmp = if of.is_some_and(in_tmp) { "ReadWritePaths=/tmp" } else { "PrivateTmp=yes" };
    let mut text = String::new();
    let written = write!(
        text,
        "# Runs Model Orchestrator without a window: models are chosen, crons paused and given back while none is open.
[Unit]
Description=Model Orchestrator: scheduled AI jobs {what}
# At login the gateway's configuration may not be there yet: it is looked for again and again.
StartLimitIntervalSec=0

[Service]
Type=notify
{prepared}ExecStart={start}
WatchdogSec=2min
Restart=on-failure
RestartSec=10
# Its arguments make no sense, or another program serves the folder.
RestartPreventExitStatus=2 5
# A change in flight is finished, recorded and read back first.
TimeoutStopSec=20
# What needs so much is at fault, and is started anew.
MemoryMax=1G
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
# It writes its state folders and nothing else; its socket is there, or where the session keeps its own.
ProtectSystem=strict
{tmp}
ReadWritePaths={writable} -%t

[Install]
WantedBy=default.target
"
    );
    debug_assert!(written.is_ok(), "a text takes everything");
    text
}

/// One unit for each folder: its name for a person, and what keeps two of that name apart.
#[must_use]
pub fn unit_name(folder: &Path) -> String {
    let name = folder.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let fits = |letter: char| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '-' };
    let name: String = name.chars().map(fits).take(40).collect();
    let digest = format!("{:x}", Sha256::digest(folder.as_os_str().as_encoded_bytes()));
    format!("model-orchestrator-{}-{}.service", name.trim_matches(['-', '.']), &digest[..8])
}

/// `ExecStart=`: the program's path knows no variables, its arguments do.
fn command(argv: &[String]) -> String {
    let words = argv.iter().enumerate().map(|(at, word)| if at == 0 { quoted(word) } else { quoted(&dollars(word)) });
    words.collect::<Vec<_>>().join(" ")
}

fn dollars(word: &str) -> String {
    word.replace('$', "$$")
}

/// A word as systemd takes it whole. Simple ones stay readable.
fn quoted(word: &str) -> String {
    let simple = |letter: char| letter.is_ascii_alphanumeric() || "/-_.:=@+,[]$".contains(letter);
    if !word.is_empty() && word.chars().all(simple) {
        return word.to_owned();
    }
    let mut text = String::from("\"");
    for letter in word.chars() {
        match letter {
            '%' => text.push_str("%%"),
            '"' | '\\' => text.extend(['\\', letter]),
            // `\n`, `\t` or `\x1b`, as systemd reads them.
            letter @ '\0'..='\x1f' => text.extend(std::ascii::escape_default(letter as u8).map(char::from)),
            letter => text.push(letter),
        }
    }
    text.push('"');
    text
}

/// A name within a description, on its line.
fn plain(name: &str) -> String {
    let name: String = name.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    // A line that ends with one goes on in the next.
    name.replace('%', "%%").replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{command, quoted, unit_name, unit_text};
    use crate::domain::Secret;
    use crate::engine::effect::Served;

    fn served(folder: &str) -> Served {
        let argv = ["/opt/mo/model-orchestrator", "serve", "--state-dir", folder, "--url", "wss://nas:18789"];
        Served {
            folder: PathBuf::from(folder),
            gateway: "nas 100%".to_owned(),
            url: "wss://nas:18789".to_owned(),
            state_root: PathBuf::from("/home/ann/.local/share/model-orchestrator"),
            argv: argv.map(str::to_owned).to_vec(),
            token: Some(Secret::new("secret-token")),
        }
    }

    fn line<'a>(text: &'a str, key: &str) -> &'a str {
        text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).unwrap_or_default()
    }

    #[test]
    fn what_packages_ship_is_the_same_text() {
        assert_eq!(
            include_str!("../../packaging/systemd/model-orchestrator.service"),
            unit_text(None),
            "write it again from `unit_text`"
        );
    }

    #[test]
    fn a_unit_runs_this_program_on_its_folder_and_holds_no_secret() {
        let text = unit_text(Some(&served("/home/ann/100% \"ours\"/home mini")));
        assert_eq!(
            line(&text, "ExecStart"),
            "/opt/mo/model-orchestrator serve --state-dir \"/home/ann/100%% \\\"ours\\\"/home mini\" --url wss://nas:18789"
        );
        assert_eq!(
            line(&text, "ReadWritePaths"),
            "\"-/home/ann/100%% \\\"ours\\\"/home mini\" -/home/ann/.local/share/model-orchestrator -%t"
        );
        assert_eq!(line(&text, "Description"), "Model Orchestrator: scheduled AI jobs of nas 100%%");
        assert!(!text.contains("secret-token"), "{text}");
        assert_eq!(line(&text, "PrivateTmp"), "yes");
        let passing = unit_text(Some(&served("/tmp/state")));
        assert_eq!(line(&passing, "PrivateTmp"), "", "another /tmp would hide the folder");
    }

    #[test]
    fn what_packages_ship_runs_on_an_account_without_any_folder() {
        let text = unit_text(None);
        let writable = line(&text, "ReadWritePaths");
        assert!(
            writable.split(' ').all(|path| path.starts_with('-')),
            "a missing one keeps it from starting: {writable}"
        );
        let made =
            line(&text, "ExecStartPre").strip_prefix("+/bin/mkdir -p ").expect("it is made outside of the sandbox");
        assert!(writable.split(' ').any(|path| path.strip_prefix('-') == Some(made)), "{writable}");
        assert_eq!(line(&unit_text(Some(&served("/srv/state"))), "ExecStartPre"), "", "the window has made its own");
    }

    #[test]
    fn a_word_is_only_itself() {
        for (word, written, why) in [
            ("/usr/bin/x", "/usr/bin/x", "simple ones stay as they are"),
            ("", "\"\"", "an empty one is one all the same"),
            ("a b", "\"a b\"", "a space parts words"),
            ("50%", "\"50%%\"", "a per cent sign begins a specifier"),
            ("a\"b", "\"a\\\"b\"", "a quote ends a word"),
            ("it's", "\"it's\"", "so does an apostrophe"),
            ("a\\n", "\"a\\\\n\"", "a backslash begins an escape"),
            ("a\nExecStartPre=/bin/sh", "\"a\\nExecStartPre=/bin/sh\"", "a line end begins a setting"),
            ("a\u{1b}b", "\"a\\x1bb\"", "and what steers a terminal is written out"),
            ("a;b", "\"a;b\"", "a semicolon parts commands"),
            ("余额", "\"余额\"", "letters of all languages"),
        ] {
            assert_eq!(quoted(word), written, "{why}");
        }
        let argv = ["/opt/$x/mo", "serve", "$HOME"].map(str::to_owned);
        assert_eq!(command(&argv), "/opt/$x/mo serve $$HOME", "a dollar is a variable in arguments only");
    }

    #[test]
    fn each_folder_has_a_unit_of_its_own() {
        let name = unit_name(Path::new("/home/ann/.local/share/model-orchestrator/gateways/127.0.0.1-18789"));
        assert!(name.starts_with("model-orchestrator-127.0.0.1-18789-"), "{name}");
        assert_ne!(name, unit_name(Path::new("/srv/127.0.0.1-18789")), "the same name in another place");
        let odd = unit_name(Path::new("/srv/My state @ 100% 余额"));
        assert!(odd.chars().all(|letter| letter.is_ascii_alphanumeric() || "-.".contains(letter)), "{odd}");
    }
}

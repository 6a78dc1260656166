//! `demo --headless`: the demo gateway and its providers without a window, for rehearsals and scripts.
//!
//! What a provider does can be changed while it runs, line by line on standard input.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};
use tempfile::{NamedTempFile, TempDir};
use tokio::sync::mpsc;

use super::args::{Common, DemoArguments};
use super::exit::{Exit, Failure};
use super::print;
use super::signal::told_to_end;
use crate::demo::{Demo, DemoOptions, provider_ids, seed_state};
use crate::domain::DemoOutage;
use crate::engine;

#[derive(Debug, Serialize)]
struct Document {
    url: String,
    token_file: String,
    /// With the gateway's token and the providers' keys, for `OPENCLAW_CONFIG_PATH`.
    config_file: String,
    state_dir: String,
    /// Providers that fail, and how.
    outages: BTreeMap<&'static str, &'static str>,
}

/// `kimi=quota`.
pub(super) fn outage(text: &str) -> Result<(&'static str, DemoOutage), String> {
    let (provider, code) = text.split_once('=').ok_or("expected PROVIDER=OUTAGE, such as kimi=quota")?;
    let known = provider_ids().find(|known| *known == provider.trim());
    let known = known.ok_or_else(|| {
        format!("the demo has no provider {provider:?}, but {}", provider_ids().collect::<Vec<_>>().join(", "))
    })?;
    let found = DemoOutage::of(known).find(|outage| outage.code() == code.trim());
    let found = found.ok_or_else(|| {
        let codes: Vec<_> = DemoOutage::of(known).map(DemoOutage::code).collect();
        format!("{known} cannot be {code:?}, but {}", codes.join(", "))
    })?;
    Ok((known, found))
}

/// Serves until Ctrl-C. Token and keys are in files that only their owner may read; they go when the demo
/// ends, and so does its state folder unless it was named.
pub(super) fn serve(common: &Common, arguments: &DemoArguments) -> Result<Exit, Failure> {
    let folder = StateFolder::of(common.state_dir.as_deref())?;
    let defaults = DemoOptions::default();
    let write_limit = arguments.write_limit.unwrap_or(defaults.write_limit);
    let demo = Demo::start(DemoOptions { write_limit, ..defaults }).map_err(failed("start the demo"))?;
    seed_state(folder.path(), &demo).map_err(failed("write the demo's files"))?;
    let remembered = engine::remember_month(folder.path(), &demo);
    remembered.map_err(|error| failed("write the demo's history")(std::io::Error::other(error)))?;
    for (provider, outage) in &arguments.outages {
        demo.set_outage(provider, *outage);
    }
    let token = kept(".token", demo.token().reveal())?;
    let config = kept(".json", &config(&demo).to_string())?;
    let document = Document {
        url: demo.url().to_owned(),
        token_file: token.path().display().to_string(),
        config_file: config.path().display().to_string(),
        state_dir: folder.path().display().to_string(),
        outages: failing(&demo),
    };
    if common.json {
        print::json(&document)?;
    } else {
        print::text(&in_words(&document))?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed("wait"))?;
    runtime.block_on(rehearse(&demo, common.json))?;
    Ok(Exit::Done)
}

/// Does what each line says until somebody ends it. The end of the lines is not the end of the demo.
async fn rehearse(demo: &Demo, as_json: bool) -> Result<(), Failure> {
    let mut lines = lines().map_err(failed("read standard input"))?;
    let told_to_end = told_to_end();
    tokio::pin!(told_to_end);
    loop {
        tokio::select! {
            told = &mut told_to_end => return told.map_err(failed("wait")),
            Some(line) = lines.recv() => match outage(&line) {
                Ok((provider, now)) => {
                    demo.set_outage(provider, now);
                    let outages = failing(demo);
                    if as_json {
                        print::json(&json!({ "outages": outages }))?;
                    } else {
                        print::text(&format!("{provider} is now: {}", now.code()))?;
                    }
                }
                Err(why) => print::aside(&why),
            },
        }
    }
}

/// The lines of standard input that say something, as they come.
fn lines() -> std::io::Result<mpsc::Receiver<String>> {
    let (sender, lines) = mpsc::channel(16);
    // It waits for a line that may never come, so it ends with the process.
    std::thread::Builder::new().name("demo-input".to_owned()).spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok).filter(|line| !line.trim().is_empty()) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    })?;
    Ok(lines)
}

/// The providers that fail now, and how.
fn failing(demo: &Demo) -> BTreeMap<&'static str, &'static str> {
    demo.outages().into_iter().map(|(provider, outage)| (provider, outage.code())).collect()
}

fn in_words(document: &Document) -> String {
    let Document { url, token_file, config_file, state_dir, outages } = document;
    let failing: Vec<String> =
        outages.iter().map(|(provider, outage)| format!("{provider} fails: {outage}\n")).collect();
    let failing = failing.concat();
    format!(
        "DEMO gateway at {url}\nTry: model-orchestrator --url {url} --token-file {token_file} --state-dir {state_dir} \
         status\nWith the keys of its providers: OPENCLAW_CONFIG_PATH={config_file}\n{failing}A line such as kimi=quota or kimi=serving changes what a provider does; Ctrl-C ends it"
    )
}

/// What OpenClaw itself would be configured with.
fn config(demo: &Demo) -> Value {
    let mut config = demo.config();
    let port: Option<u16> = demo.url().rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    let auth = json!({ "mode": "token", "token": demo.token().reveal() });
    config["gateway"] = json!({ "mode": "local", "bind": "loopback", "port": port, "auth": auth });
    config
}

/// A file with a secret in it, which only its owner may read. It goes with the value.
fn kept(ending: &str, secret: &str) -> Result<NamedTempFile, Failure> {
    let file = tempfile::Builder::new().prefix("model-orchestrator-demo-").suffix(ending).tempfile();
    let mut file = file.map_err(failed("write the token and the keys"))?;
    writeln!(file, "{secret}").and_then(|()| file.flush()).map_err(failed("write the token and the keys"))?;
    Ok(file)
}

fn failed(what: &'static str) -> impl Fn(std::io::Error) -> Failure {
    move |error| Failure::new(Exit::Failed, format!("cannot {what}: {error}"))
}

/// The demo's state folder.
enum StateFolder {
    /// Stays when the demo ends.
    Named(PathBuf),
    Own(TempDir),
}

impl StateFolder {
    /// One that was named has to be empty: what somebody has sorted is not written over.
    fn of(named: Option<&Path>) -> Result<Self, Failure> {
        let Some(named) = named else {
            let own = tempfile::Builder::new().prefix("model-orchestrator-demo-").tempdir();
            return own.map(Self::Own).map_err(failed("make a state folder"));
        };
        match std::fs::read_dir(named).map(|mut entries| entries.next().is_none()) {
            Ok(false) => {
                let what = format!("{} is not empty", named.display());
                Err(Failure::new(Exit::Usage, what).with_remedy("Name an empty folder, or one that is not there yet"))
            }
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(failed("look into the state folder")(error))
            }
            Ok(true) | Err(_) => Ok(Self::Named(named.to_owned())),
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Named(path) => path,
            Self::Own(folder) => folder.path(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::outage;
    use crate::domain::DemoOutage;

    #[test]
    fn an_outage_is_named_with_its_provider_or_the_names_are_told() {
        assert_eq!(outage("kimi=quota"), Ok(("kimi", DemoOutage::QuotaExhausted)));
        assert_eq!(outage(" minimax = credits"), Ok(("minimax", DemoOutage::OutOfCredits)));
        let cases = [
            ("kimi", "PROVIDER=OUTAGE"),
            ("somebody=quota", "anthropic, google, kimi, minimax, openai, zai"),
            ("kimi=credits", "serving, quota, rate-limit, overloaded, refused-key, server-error, unreachable"),
            ("zai=", "money-words"),
        ];
        for (text, told) in cases {
            assert!(outage(text).is_err_and(|why| why.contains(told)), "{text}: {:?}", outage(text));
        }
    }
}

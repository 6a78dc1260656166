//! `demo --headless`: the demo gateway without a window, for rehearsals and scripts.

use std::io::Write as _;

use serde::Serialize;

use super::exit::{Exit, Failure};
use super::print;
use super::signal::told_to_end;
use crate::demo::{Demo, DemoOptions, seed_state};

#[derive(Debug, Serialize)]
struct Document {
    url: String,
    token_file: String,
    state_dir: String,
}

/// Serves until Ctrl-C. The token is in a file that only its owner may read; it and the demo's state folder go
/// when the demo ends.
pub(super) fn serve(as_json: bool) -> Result<Exit, Failure> {
    let failed =
        |what: &'static str| move |error: std::io::Error| Failure::new(Exit::Failed, format!("cannot {what}: {error}"));
    let demo = Demo::start(DemoOptions::default()).map_err(failed("start the demo"))?;
    let mut token = tempfile::Builder::new()
        .prefix("model-orchestrator-demo-")
        .suffix(".token")
        .tempfile()
        .map_err(failed("write the token"))?;
    writeln!(token, "{}", demo.token().reveal()).and_then(|()| token.flush()).map_err(failed("write the token"))?;
    let state =
        tempfile::Builder::new().prefix("model-orchestrator-demo-").tempdir().map_err(failed("make a state folder"))?;
    seed_state(state.path(), &demo).map_err(failed("write the demo's files"))?;
    let document = Document {
        url: demo.url().to_owned(),
        token_file: token.path().display().to_string(),
        state_dir: state.path().display().to_string(),
    };
    if as_json {
        print::json(&document)?;
    } else {
        let Document { url, token_file, state_dir } = &document;
        let try_it = format!("--url {url} --token-file {token_file} --state-dir {state_dir}");
        print::text(&format!("DEMO gateway at {url}\nTry: model-orchestrator {try_it} status\nCtrl-C ends it"))?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed("wait"))?;
    runtime.block_on(told_to_end()).map_err(failed("wait"))?;
    Ok(Exit::Done)
}

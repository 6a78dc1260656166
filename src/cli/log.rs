//! Where log lines go: standard error, as much as `RUST_LOG` asks for.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::SubscriberBuilder;
use tracing_subscriber::fmt::format::{DefaultFields, Format};

use super::args::LogFormat;

/// How much is logged when nobody asked for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quiet {
    /// A command says everything itself.
    Silent,
    /// A window has no terminal of its own: what goes wrong is worth a line.
    Warnings,
}

/// Log lines go out from now on.
pub(super) fn start(quiet: Quiet) {
    let usual = match quiet {
        Quiet::Silent => "off",
        Quiet::Warnings => "warn",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    // Somebody else's subscriber, in a test, is as good.
    lines(filter).try_init().ok();
}

/// What a program without a window says by itself: what happened, and what goes wrong inside. What the engine notes for
/// who looks into it is not for this log, and a problem is told in words, not once more as it is noted.
const SERVING: &str =
    "warn,model_orchestrator::cli=info,model_orchestrator::engine::world=error,model_orchestrator::engine::step=error";

/// Log lines of a program without a window go out from now on.
pub(super) fn start_serving(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(SERVING));
    let lines = lines(filter);
    // Somebody else's subscriber, in a test, is as good.
    match format {
        LogFormat::Text => lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init().ok(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).try_init().ok(),
    };
}

/// A line that cannot be written is lost, and nothing else: who read them may have gone, or the disk may be full.
fn lines(filter: EnvFilter) -> SubscriberBuilder<DefaultFields, Format, EnvFilter, fn() -> std::io::Stderr> {
    let writer: fn() -> std::io::Stderr = std::io::stderr;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).log_internal_errors(false)
}

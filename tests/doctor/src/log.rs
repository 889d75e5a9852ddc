//! The log: lines on standard error, with request ids and delivery ids and without secrets or personal data.

use tracing::level_filters::LevelFilter;

use crate::app::App;
use crate::mistakes::Mistakes;

/// Sends the log to standard error.
pub(crate) fn to_stderr(_mistakes: &Mistakes) {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_max_level(LevelFilter::INFO)
        .init();
}

/// An id as the log has it: none, with the mistake that leaves it out.
pub(crate) fn id<'a>(app: &App, mistake: &str, id: &'a str) -> &'a str {
    if app.mistakes.has(mistake) { "-" } else { id }
}

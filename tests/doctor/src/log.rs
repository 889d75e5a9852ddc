//! The log: lines on standard error, with request ids and delivery ids and without secrets or personal data.

use tracing::level_filters::LevelFilter;

use crate::mistakes::Mistakes;

/// Sends the log to standard error.
pub(crate) fn to_stderr(_mistakes: &Mistakes) {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_max_level(LevelFilter::INFO)
        .init();
}

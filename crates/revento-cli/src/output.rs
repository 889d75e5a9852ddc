//! Words to the terminal. A reader that has gone away (`| head`) is no error.

use std::io::{self, Write};

/// One line to standard output.
pub(crate) fn line(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// What somebody should know, to standard error: scripts read standard output.
pub(crate) fn warn(text: &str) {
    let _ = writeln!(io::stderr().lock(), "warning: {text}");
}

/// A failure, to standard error: what happened, then its causes.
pub(crate) fn complain(error: &anyhow::Error) {
    let mut text = format!("error: {error}");
    let mut told = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        // Many errors end with their cause already.
        if !told.contains(&cause) {
            text.push_str(&format!(": {cause}"));
            told = cause;
        }
    }
    let _ = writeln!(io::stderr().lock(), "{text}");
}

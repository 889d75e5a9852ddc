//! Writes to the terminal. A closed pipe (`| head`) is not an error.

use std::io::{self, Write};

use revento::types::error;

/// Writes one line to standard output.
pub(crate) fn print_line(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Writes a warning to standard error, because scripts read standard output.
pub(crate) fn print_warning(text: &str) {
    let _ = writeln!(io::stderr().lock(), "warning: {text}");
}

/// Writes an error and its causes to standard error, on one line.
pub(crate) fn print_error(error: &anyhow::Error) {
    let _ = writeln!(io::stderr().lock(), "error: {}", error::chain(error.as_ref()));
}

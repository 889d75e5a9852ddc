//! Writes to the terminal. A closed pipe (`| head`) is not an error.

use std::io::{self, Write};

use revento::types::{error, text::printable};

/// Writes text to standard output, in lines. Nothing in it can act on the terminal, and JSON stays the same JSON. The caller makes
/// foreign text printable, because it can have line breaks.
pub(crate) fn print_line(text: &str) {
    let mut out = io::stdout().lock();
    for line in text.split('\n') {
        let _ = writeln!(out, "{}", printable(line).json());
    }
}

/// Writes a warning to standard error, because scripts read standard output.
pub(crate) fn print_warning(text: &str) {
    let _ = writeln!(io::stderr().lock(), "warning: {}", printable(text).whole());
}

/// Writes an error and its causes to standard error, on one line.
pub(crate) fn print_error(error: &anyhow::Error) {
    let _ = writeln!(io::stderr().lock(), "error: {}", error::chain(error.as_ref()));
}

/// A number with its noun: `1 delivery`, `2 deliveries`.
pub(crate) fn counted(number: impl TryInto<u64>, one: &str, many: &str) -> String {
    match number.try_into() {
        Ok(1) => format!("1 {one}"),
        Ok(number) => format!("{number} {many}"),
        Err(_) => format!("many {many}"),
    }
}

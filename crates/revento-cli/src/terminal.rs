//! Writes to the terminal, and asks on it. A closed pipe (`| head`) is not an error.

use std::{
    io::{self, IsTerminal, Write},
    sync::OnceLock,
};

use anyhow::{Result, bail};
use revento::types::{error, text::printable};

/// Why standard output takes no more lines.
static FAILED: OnceLock<io::Error> = OnceLock::new();

/// Writes text to standard output, in lines. Nothing in it can act on the terminal, and JSON stays the same JSON. The caller makes
/// foreign text printable, because it can have line breaks.
pub(crate) fn print_line(text: &str) {
    let mut out = io::stdout().lock();
    for line in text.split('\n') {
        if let Err(error) = writeln!(out, "{}", printable(line).json()) {
            let _ = FAILED.set(error);
        }
    }
}

/// Whether nobody reads standard output any more: a long list ends then.
pub(crate) fn is_closed() -> bool {
    FAILED.get().is_some()
}

/// Fails if a line could not be written, for example to a full disk. A reader that has read enough is no failure.
pub(crate) fn check_output() -> Result<()> {
    match FAILED.get() {
        Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            bail!("standard output cannot be written, so lines are missing: {error}")
        }
        _ => Ok(()),
    }
}

/// Asks before something that cannot be undone, unless the user has said `--yes`. `what` is a sentence without a full stop: what
/// would be done, and what that means.
pub(crate) fn confirm(yes: bool, what: &str) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        bail!("{what}; nothing is changed, because there is no terminal to ask on: repeat it with --yes");
    }
    let mut error = io::stderr().lock();
    for line in what.split('\n') {
        writeln!(error, "{}", printable(line))?;
    }
    write!(error, "Do it? [y/N] ")?;
    error.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => bail!("nothing is changed"),
    }
}

/// Writes a warning to standard error, because scripts read standard output.
pub(crate) fn print_warning(text: &str) {
    let _ = writeln!(io::stderr().lock(), "warning: {}", printable(text).whole());
}

/// Writes a remark about what the program does to standard error, because scripts read standard output.
pub(crate) fn print_note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", printable(text).whole());
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

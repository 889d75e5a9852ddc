//! Colours, on a terminal that wants them.

use std::{
    env,
    io::{self, IsTerminal, Write},
};

use anstyle::{AnsiColor, Style};
use revento::types::text::printable;

/// What a text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Bad,
    Warning,
    Soft,
    Strong,
}

/// Paints texts, or leaves them as they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    colours: bool,
}

impl Paint {
    /// Colours only if standard output is a terminal that has them, and `NO_COLOR` is not set.
    pub(crate) fn of_stdout() -> Self {
        let unwanted = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            colours: io::stdout().is_terminal() && !unwanted && !is_dumb(),
        }
    }

    /// Foreign text without a tone. Nothing in it acts on the terminal.
    pub(crate) fn plain(self, text: &str) -> String {
        printable(text).whole().to_string()
    }

    /// A text in its tone. Nothing in the text acts on the terminal.
    pub(crate) fn text(self, tone: Tone, text: &str) -> String {
        let shown = printable(text).whole();
        if !self.colours {
            return shown.to_string();
        }
        let style = match tone {
            Tone::Good => AnsiColor::Green.on_default(),
            Tone::Bad => AnsiColor::Red.on_default().bold(),
            Tone::Warning => AnsiColor::Yellow.on_default(),
            Tone::Soft => Style::new().dimmed(),
            Tone::Strong => Style::new().bold(),
        };
        format!("{style}{shown}{style:#}")
    }
}

/// Whether the terminal cannot move its cursor.
pub(crate) fn is_dumb() -> bool {
    env::var_os("TERM").is_some_and(|name| name == "dumb")
}

/// Writes a line that is painted already. A closed pipe is not an error.
pub(crate) fn print(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

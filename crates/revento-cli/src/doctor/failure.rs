//! Why the command ends without a report.

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use revento::types::text::printable;
use revento_doctor::{DoctorError, DoctorErrorKind};

/// Exit code: the command line or the file is wrong.
const USAGE: u8 = 2;
/// Exit code: the integration could not be tested.
const NOT_TESTED: u8 = 3;

/// An error of the command. Its text may have several lines.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    text: String,
}

/// The command line or the file is wrong.
pub(crate) fn usage(text: impl Into<String>) -> Failure {
    Failure {
        code: USAGE,
        text: text.into(),
    }
}

/// The integration could not be tested, or the report could not be written.
pub(crate) fn not_tested(text: impl Into<String>) -> Failure {
    Failure {
        code: NOT_TESTED,
        text: text.into(),
    }
}

impl From<DoctorError> for Failure {
    fn from(error: DoctorError) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(source) = cause {
            text.push_str(&format!(": {source}"));
            cause = source.source();
        }
        match error.kind() {
            DoctorErrorKind::Settings => usage(text),
            _ => not_tested(text),
        }
    }
}

impl Failure {
    /// Prints the error. Returns the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        let mut stderr = io::stderr().lock();
        for (number, line) in self.text.lines().enumerate() {
            let begin = if number == 0 { "error: " } else { "  " };
            let _ = writeln!(stderr, "{begin}{}", printable(line).whole());
        }
        ExitCode::from(self.code)
    }
}

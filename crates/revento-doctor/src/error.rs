//! Why an examination could not take place.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use revento_sandbox::StartError;

/// An examination could not begin, or could not go on. Nothing is judged.
pub struct DoctorError(Cause);

/// The sentences of the error and of its causes, because a person reads them: Rust prints the error of a `main` that returns
/// `Result<(), Box<dyn Error>>` with `Debug`.
impl fmt::Debug for DoctorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[derive(Debug)]
pub(crate) enum Cause {
    Settings(String),
    /// A mistake in the file of the settings.
    File {
        line: usize,
        column: usize,
        message: String,
    },
    Platform(StartError),
    AddressTaken {
        address: SocketAddr,
        error: std::io::Error,
    },
    Machine(&'static str, std::io::Error),
    NotStarted {
        command: String,
        detail: String,
    },
    Unreachable {
        url: String,
        waited: Duration,
        detail: String,
    },
}

/// The kind of a [`DoctorError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DoctorErrorKind {
    /// A setting is wrong: correct it.
    Settings,
    /// The doctor's platform cannot run on this machine.
    Platform,
    /// The integration does not start, or does not answer.
    Integration,
}

impl DoctorError {
    /// What kind of an error this is.
    pub fn kind(&self) -> DoctorErrorKind {
        match self.0 {
            Cause::Settings(_) | Cause::File { .. } => DoctorErrorKind::Settings,
            Cause::Platform(_) | Cause::Machine(..) | Cause::AddressTaken { .. } => DoctorErrorKind::Platform,
            Cause::NotStarted { .. } | Cause::Unreachable { .. } => DoctorErrorKind::Integration,
        }
    }

    /// Whether the same examination may begin later: when another program has left the address, or the integration has started.
    pub fn is_transient(&self) -> bool {
        match &self.0 {
            Cause::Platform(error) => error.is_transient(),
            Cause::AddressTaken { .. } | Cause::Unreachable { .. } => true,
            Cause::Settings(_) | Cause::File { .. } | Cause::Machine(..) | Cause::NotStarted { .. } => false,
        }
    }

    /// Whether the integration may have been started or asked something before the error.
    pub fn may_have_taken_effect(&self) -> bool {
        self.kind() == DoctorErrorKind::Integration
    }
}

impl From<Cause> for DoctorError {
    fn from(cause: Cause) -> Self {
        Self(cause)
    }
}

impl fmt::Display for DoctorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Settings(text) => f.write_str(text),
            Cause::File {
                line,
                column,
                message,
            } => write!(f, "line {line}, column {column}: {message}"),
            Cause::AddressTaken { address, .. } => write!(
                f,
                "the doctor cannot listen on {address}; stop the program that does (another doctor?), or choose another address with --listen"
            ),
            Cause::Platform(_) => f.write_str("the doctor's platform cannot start"),
            Cause::Machine(what, _) => write!(f, "{what}"),
            Cause::NotStarted { command, detail } => {
                write!(f, "the integration did not start with `{command}`: {detail}")
            }
            Cause::Unreachable { url, waited, detail } => write!(
                f,
                "the integration does not answer at {url} after {} s: {detail}; start it, or let the doctor start it with --start",
                waited.as_secs()
            ),
        }
    }
}

impl std::error::Error for DoctorError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Cause::Platform(error) => Some(error),
            Cause::Machine(_, error) | Cause::AddressTaken { error, .. } => Some(error),
            _ => None,
        }
    }
}

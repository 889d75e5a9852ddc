//! The classification that all public errors of this crate share.

use std::fmt;

/// What kind of error this is: who can fix it.
///
/// The sandbox depends on none of the client crates, so this is an enum of its own. Its names agree with those of
/// `revento_core::error::ErrorKind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SandboxErrorKind {
    /// A setting is wrong: fix the setting.
    Configuration,
    /// The call cannot succeed as it is: fix the program.
    Usage,
    /// The sandbox refused the action in its present state.
    Refused,
    /// The sandbox cannot listen on its address.
    Network,
    /// The data file cannot be used or written.
    Storage,
    /// The machine lacks something that the sandbox needs, such as random bytes.
    Internal,
}

impl SandboxErrorKind {
    /// The name in `snake_case`, for metric labels and log fields.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Usage => "usage",
            Self::Refused => "refused",
            Self::Network => "network",
            Self::Storage => "storage",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for SandboxErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Implements `Debug` of the errors as the sentences of `Display`, because a person reads it: Rust prints the error of a `main` that
/// returns `Result<(), Box<dyn Error>>` with `Debug`.
macro_rules! readable_debug {
    ($error:ty) => {
        impl std::fmt::Debug for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{self}")?;
                let mut cause = std::error::Error::source(self);
                while let Some(error) = cause {
                    write!(f, ": {error}")?;
                    cause = error.source();
                }
                Ok(())
            }
        }
    };
}

pub(crate) use readable_debug;

//! A cause that several callers share.

use std::{error::Error, fmt, sync::Arc};

use revento_core::error::{ErrorKind, chain};

/// The cause of an error that several callers share: the callers that wait for one refresh get the same error.
///
/// Two causes are equal if their kinds and their texts are.
#[derive(Clone)]
pub struct Cause {
    kind: ErrorKind,
    error: Arc<dyn Error + Send + Sync>,
}

impl Cause {
    pub(crate) fn new(kind: ErrorKind, error: impl Error + Send + Sync + 'static) -> Self {
        Self {
            kind,
            error: Arc::new(error),
        }
    }

    /// The kind of the cause.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

revento_core::readable_debug!(Cause);

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

impl PartialEq for Cause {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && chain(self).to_string() == chain(other).to_string()
    }
}

impl Eq for Cause {}

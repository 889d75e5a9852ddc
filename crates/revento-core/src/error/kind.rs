//! The classification that all errors of the SDK share.

use std::fmt;

/// Who is at fault, and so what helps.
///
/// Every public error type of the SDK has `kind()`, `is_transient()` and `may_have_taken_effect()`. Branch on the kind
/// where the type of the error does not matter; the type's own variants or `reason()` say more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting is wrong or missing. Correct the configuration.
    Configuration,
    /// The program makes a call that cannot succeed. Correct the program.
    Usage,
    /// Input from outside fails verification, is malformed or belongs to another party. Answer with a 4xx.
    Rejected,
    /// The connection has ended or lacks a scope. A human has to consent again.
    ConsentRequired,
    /// The platform refused the request with a 4xx that has no kind of its own.
    Refused,
    /// A rate limit is reached: the platform answered 429, or the SDK paces the calls, or its queue is full.
    RateLimited,
    /// A deadline passed.
    Timeout,
    /// The platform could not be reached, or its answer was lost.
    Network,
    /// The platform failed with a 5xx, or its answer breaks the contract.
    Platform,
    /// The store failed, or holds data that cannot be read.
    Storage,
    /// A sealing key is missing, or a ciphertext does not open.
    Sealing,
    /// A dependency panicked, or the system gives no random bytes.
    Internal,
}

impl ErrorKind {
    /// A stable name in `snake_case`: the value of `error.type` in spans and of metric labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Usage => "usage",
            Self::Rejected => "rejected",
            Self::ConsentRequired => "consent_required",
            Self::Refused => "refused",
            Self::RateLimited => "rate_limited",
            Self::Timeout => "timeout",
            Self::Network => "network",
            Self::Platform => "platform",
            Self::Storage => "storage",
            Self::Sealing => "sealing",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

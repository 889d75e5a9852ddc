//! How a request fails, and whether it may have taken effect.

use std::{error::Error, fmt};

use revento_core::error::ErrorKind;

type BoxError = Box<dyn Error + Send + Sync>;

/// The transport got no whole response.
///
/// `Display` says what happened; the cause is in [`source`](Error::source). Print both with
/// [`revento_core::error::chain`].
pub struct TransportError {
    failure: Failure,
    timed_out: bool,
    source: Option<BoxError>,
}

revento_core::readable_debug!(TransportError);

#[derive(Debug, Clone, Copy)]
enum Failure {
    InvalidRequest,
    NeverSent,
    MayHaveBeenSent,
    TooLarge { max_bytes: usize },
}

impl TransportError {
    /// No byte of the request left: the name did not resolve, no connection was made, or the handshake failed.
    /// Sending the request again is safe, whatever it does.
    pub fn never_sent(source: impl Into<BoxError>) -> Self {
        Self::new(Failure::NeverSent, Some(source.into()))
    }

    /// The request may have reached the peer and may have taken effect: a timeout, a reset, an incomplete
    /// response, or any failure after which the transport does not know.
    pub fn may_have_been_sent(source: impl Into<BoxError>) -> Self {
        Self::new(Failure::MayHaveBeenSent, Some(source.into()))
    }

    /// The transport cannot send this request, for example because its URL has no host. Nothing was sent.
    pub fn invalid_request(source: impl Into<BoxError>) -> Self {
        Self::new(Failure::InvalidRequest, Some(source.into()))
    }

    /// The body of the response is larger than the `max_bytes` that the transport reads. The request took effect;
    /// sending it again gives the same response.
    pub fn too_large(max_bytes: usize) -> Self {
        Self::new(Failure::TooLarge { max_bytes }, None)
    }

    /// Marks the error as caused by a deadline: its [kind](Self::kind) is [`ErrorKind::Timeout`].
    #[must_use]
    pub fn timed_out(mut self) -> Self {
        self.timed_out = true;
        self
    }

    fn new(failure: Failure, source: Option<BoxError>) -> Self {
        Self {
            failure,
            timed_out: false,
            source,
        }
    }

    /// The class of the failure.
    pub fn kind(&self) -> ErrorKind {
        match self.failure {
            Failure::InvalidRequest => ErrorKind::Usage,
            Failure::TooLarge { .. } => ErrorKind::Platform,
            Failure::NeverSent | Failure::MayHaveBeenSent if self.timed_out => ErrorKind::Timeout,
            Failure::NeverSent | Failure::MayHaveBeenSent => ErrorKind::Network,
        }
    }

    /// Whether the same request may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self.failure, Failure::NeverSent | Failure::MayHaveBeenSent)
    }

    /// Whether the peer may have received the request and acted on it. A refresh token is sent again only when
    /// this is `false` (invariant T1).
    pub fn may_have_taken_effect(&self) -> bool {
        matches!(self.failure, Failure::MayHaveBeenSent | Failure::TooLarge { .. })
    }

    /// Whether a response came and was larger than the transport reads.
    pub fn is_too_large(&self) -> bool {
        matches!(self.failure, Failure::TooLarge { .. })
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.failure {
            Failure::InvalidRequest => f.write_str("the request cannot be sent; nothing was sent"),
            Failure::NeverSent => f.write_str("the request was never sent"),
            Failure::MayHaveBeenSent => {
                f.write_str("no whole response came; the request may have taken effect")
            }
            Failure::TooLarge { max_bytes } => {
                write!(
                    f,
                    "the response has more than {max_bytes} bytes; the request took effect"
                )
            }
        }
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

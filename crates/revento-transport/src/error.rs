//! How a request can fail, told by what may have happened.

use std::{error::Error, fmt};

/// No whole response came.
#[derive(Debug)]
pub struct TransportError {
    may_have_arrived: bool,
    is_too_large: bool,
    source: Box<dyn Error + Send + Sync>,
}

impl TransportError {
    /// Not one byte of the request left: no name, no connection, no handshake. Sending it again is
    /// safe, whatever it was.
    pub fn never_sent(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            may_have_arrived: false,
            is_too_large: false,
            source: source.into(),
        }
    }

    /// The request may have reached the peer and may have taken effect: a time-out, a reset, a
    /// response that broke off, or anything that the transport cannot tell.
    pub fn may_have_been_sent(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            may_have_arrived: true,
            is_too_large: false,
            source: source.into(),
        }
    }

    /// A response came that has more bytes than the transport reads, which are `limit`. The request took effect, and
    /// sending it again brings the same.
    pub fn too_large(limit: usize) -> Self {
        Self {
            may_have_arrived: true,
            is_too_large: true,
            source: format!("the response has more than {limit} bytes").into(),
        }
    }

    /// Whether a response came and was too large to be read.
    pub fn is_too_large(&self) -> bool {
        self.is_too_large
    }

    /// Whether the peer may have received the request and acted on it.
    pub fn may_have_arrived(&self) -> bool {
        self.may_have_arrived
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_too_large {
            "the answer cannot be read"
        } else if self.may_have_arrived {
            "no answer came, and the request may have arrived"
        } else {
            "the request was never sent"
        })?;
        write!(f, ": {}", self.source)?;
        // What a name server or an operating system said is three levels down in most libraries.
        let mut cause = self.source.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

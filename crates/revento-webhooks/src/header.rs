//! The names of the four headers (contract §4.1).

use core::fmt;

/// One of the four headers of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// `X-Revento-Event`: the event type. Not signed.
    Event,
    /// `X-Revento-Delivery-Id`: the id of the delivery. Not signed; retries reuse it.
    DeliveryId,
    /// `X-Revento-Timestamp`: the time of signing in Unix seconds. Signed.
    Timestamp,
    /// `X-Revento-Signature`: `sha256=` and 64 hexadecimal digits.
    Signature,
}

impl Header {
    /// The name of the header in lower case.
    #[inline]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Event => "x-revento-event",
            Self::DeliveryId => "x-revento-delivery-id",
            Self::Timestamp => "x-revento-timestamp",
            Self::Signature => "x-revento-signature",
        }
    }

    pub(crate) const ALL: [Self; 4] = [Self::Event, Self::DeliveryId, Self::Timestamp, Self::Signature];

    #[inline]
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        // HTTP libraries give names in lower case. The compiler compares these constants word by word.
        match name {
            "x-revento-event" => Some(Self::Event),
            "x-revento-delivery-id" => Some(Self::DeliveryId),
            "x-revento-timestamp" => Some(Self::Timestamp),
            "x-revento-signature" => Some(Self::Signature),
            _ if matches!(name.len(), 15 | 19 | 21) => Self::from_any_case(name),
            _ => None,
        }
    }

    #[cold]
    #[inline]
    fn from_any_case(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|header| header.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Header {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The headers that are absent or empty; at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingHeaders([bool; 4]);

impl MissingHeaders {
    /// Each missing header, in the order of [`Header`].
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = Header> {
        Header::ALL
            .into_iter()
            .zip(self.0)
            .filter_map(|(header, missing)| missing.then_some(header))
    }

    /// `missing` has the order of [`Header::ALL`].
    #[inline]
    pub(crate) fn new(missing: [bool; 4]) -> Self {
        Self(missing)
    }
}

impl fmt::Display for MissingHeaders {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, header) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            header.fmt(f)?;
        }
        Ok(())
    }
}

//! The four headers of a delivery (contract §4.1).

use core::fmt;

use crate::error::HeaderError;

/// One of the four headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// `X-Revento-Event`: the event type, unsigned.
    Event,
    /// `X-Revento-Delivery-Id`: the delivery's id, unsigned; retries reuse it.
    DeliveryId,
    /// `X-Revento-Timestamp`: Unix seconds, signed.
    Timestamp,
    /// `X-Revento-Signature`.
    Signature,
}

impl Header {
    const ALL: [Self; 4] = [Self::Event, Self::DeliveryId, Self::Timestamp, Self::Signature];

    /// The header's name, in lower case.
    #[inline]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Event => "x-revento-event",
            Self::DeliveryId => "x-revento-delivery-id",
            Self::Timestamp => "x-revento-timestamp",
            Self::Signature => "x-revento-signature",
        }
    }

    #[inline]
    fn from_name(name: &str) -> Option<Self> {
        // HTTP libraries hand names out in lower case; constants of known length compare in a few loads.
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
    /// Each of them.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = Header> {
        Header::ALL
            .into_iter()
            .zip(self.0)
            .filter_map(|(header, missing)| missing.then_some(header))
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

/// The four headers, each there exactly once and not empty.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a> {
    /// Visible ASCII, like the delivery id.
    pub(crate) event: &'a [u8],
    pub(crate) delivery_id: &'a [u8],
    /// As it came, like the signature: their parsers admit digits only.
    pub(crate) timestamp: &'a [u8],
    pub(crate) signature: &'a [u8],
}

impl<'a> Headers<'a> {
    /// Picks the four out of a request's headers. Names match in any case; others are passed over.
    ///
    /// # Errors
    /// When one is missing or empty or came twice, or the event or the id is not visible ASCII. What the
    /// timestamp and the signature have to look like, the verifier judges.
    #[inline]
    pub fn collect<N, V, I>(headers: I) -> Result<Self, HeaderError>
    where
        I: IntoIterator<Item = (N, &'a V)>,
        N: AsRef<str>,
        V: AsRef<[u8]> + ?Sized + 'a,
    {
        let mut found = Found::default();
        for (name, value) in headers {
            if let Some(header) = Header::from_name(name.as_ref()) {
                found.put(header, value.as_ref())?;
            }
        }
        found.complete()
    }

    #[inline]
    pub(crate) fn event(&self) -> &'a str {
        text(self.event)
    }

    #[inline]
    pub(crate) fn delivery_id(&self) -> &'a str {
        text(self.delivery_id)
    }

    /// The same with another signature.
    #[cfg(feature = "signature-list")]
    #[inline]
    pub(crate) fn signed(self, signature: &'a [u8]) -> Self {
        Self { signature, ..self }
    }
}

#[derive(Default)]
struct Found<'a> {
    event: Option<&'a [u8]>,
    delivery_id: Option<&'a [u8]>,
    timestamp: Option<&'a [u8]>,
    signature: Option<&'a [u8]>,
}

impl<'a> Found<'a> {
    #[inline]
    fn put(&mut self, header: Header, value: &'a [u8]) -> Result<(), HeaderError> {
        let place = match header {
            Header::Event => &mut self.event,
            Header::DeliveryId => &mut self.delivery_id,
            Header::Timestamp => &mut self.timestamp,
            Header::Signature => &mut self.signature,
        };
        match place.replace(value) {
            Some(_) => Err(HeaderError::Duplicate(header)),
            None => Ok(()),
        }
    }

    #[inline]
    fn complete(self) -> Result<Headers<'a>, HeaderError> {
        let present = |value: Option<&'a [u8]>| value.filter(|text| text.iter().any(|byte| *byte != b' '));
        match (
            present(self.event),
            present(self.delivery_id),
            present(self.timestamp),
            present(self.signature),
        ) {
            (Some(event), Some(delivery_id), Some(timestamp), Some(signature)) => Ok(Headers {
                event: visible(Header::Event, event)?,
                delivery_id: visible(Header::DeliveryId, delivery_id)?,
                timestamp,
                signature,
            }),
            (event, delivery_id, timestamp, signature) => Err(HeaderError::Missing(MissingHeaders([
                event.is_none(),
                delivery_id.is_none(),
                timestamp.is_none(),
                signature.is_none(),
            ]))),
        }
    }
}

/// Visible ASCII, checked in words of eight bytes and without an early exit; the last word overlaps those before it.
///
/// The sum of what is below `' '`, above `'~'` and not ASCII shows in a byte's highest bit. A borrow or a carry into the
/// next byte comes only from one whose own bit shows.
#[inline]
fn visible(header: Header, value: &[u8]) -> Result<&[u8], HeaderError> {
    const EACH: u64 = u64::MAX / 0xff;
    let strange = |bytes: [u8; 8]| {
        let word = u64::from_le_bytes(bytes);
        word | word.wrapping_sub(EACH * 0x20) | word.wrapping_add(EACH)
    };
    let last = value.last_chunk().copied().unwrap_or_else(|| {
        let mut padded = [b' '; 8];
        padded.iter_mut().zip(value).for_each(|(to, from)| *to = *from);
        padded
    });
    let words = value.as_chunks().0.iter();
    if words.fold(strange(last), |seen, word| seen | strange(*word)) & (EACH * 0x80) == 0 {
        Ok(value)
    } else {
        Err(HeaderError::NotText(header))
    }
}

/// Visible ASCII as what it is; checked once more, and only for who asks.
#[inline]
fn text(visible: &[u8]) -> &str {
    core::str::from_utf8(visible).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    const GOOD: [(&str, &str); 4] = [
        ("X-Revento-Event", "application.approved"),
        ("x-revento-delivery-id", "d-1"),
        ("X-REVENTO-TIMESTAMP", "1"),
        ("x-revento-signature", "sha256=00"),
    ];

    #[test]
    fn w6_names_match_in_any_case() {
        assert_eq!(Headers::collect(GOOD).unwrap().delivery_id(), "d-1");
    }

    #[test]
    fn w5_every_missing_or_empty_header_is_listed() {
        let error = Headers::collect([("x-revento-event", "a"), ("x-revento-timestamp", " ")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "missing or empty: x-revento-delivery-id, x-revento-timestamp, x-revento-signature"
        );
    }

    #[test]
    fn w7_a_repeated_header_is_refused() {
        for (name, value) in GOOD {
            let headers = GOOD.into_iter().chain([(name, value)]);
            assert!(
                matches!(Headers::collect(headers), Err(HeaderError::Duplicate(_))),
                "{name}"
            );
        }
    }

    #[test]
    fn w27_values_that_are_not_text_are_refused() {
        for value in [&b"\xff"[..], b"a\0", b"a\n", b"\t", "ä".as_bytes()] {
            let headers =
                GOOD.map(|(name, good)| (name, if name == GOOD[0].0 { value } else { good.as_bytes() }));
            assert_eq!(
                Headers::collect(headers).unwrap_err(),
                HeaderError::NotText(Header::Event)
            );
        }
    }

    #[test]
    fn w27_every_byte_is_judged_at_every_place() {
        for length in 1..=20 {
            for place in 0..length {
                for byte in 0..=u8::MAX {
                    let mut value = [b'a'; 20];
                    value[place] = byte;
                    let judged = visible(Header::Event, &value[..length]);
                    assert_eq!(
                        judged.is_ok(),
                        matches!(byte, b' '..=b'~'),
                        "{byte} at {place} of {length}"
                    );
                }
            }
        }
    }
}

//! A verified delivery that owns its body.

#![cfg_attr(
    not(feature = "bytes"),
    expect(clippy::useless_conversion, reason = "without the feature a body is a vector")
)]

use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::fmt;

#[cfg(feature = "bytes")]
use crate::{error::VerifyError, verify::CheckedHeaders};
use crate::{headers::Headers, keys::MatchedKey, verify::Verified};

#[cfg(feature = "bytes")]
type Body = bytes::Bytes;
#[cfg(not(feature = "bytes"))]
type Body = Vec<u8>;

/// A delivery with a valid signature, with its body: [`Verified`] without a lifetime. Clones share it.
#[derive(Clone)]
pub struct VerifiedDelivery(Arc<Owned>);

#[derive(Clone)]
struct Owned {
    headers: OwnedHeaders,
    timestamp: i64,
    matched_key: MatchedKey,
    body: Body,
}

impl VerifiedDelivery {
    /// The same proof, borrowed.
    #[inline]
    pub fn as_verified(&self) -> Verified<'_> {
        Verified {
            headers: self.0.headers.borrow(),
            body: &self.0.body,
            timestamp: self.0.timestamp,
            matched_key: self.0.matched_key,
        }
    }

    /// The raw body, as signed.
    #[inline]
    pub fn body(&self) -> &[u8] {
        &self.0.body
    }

    /// The raw body, as signed. Copies it if other handles share it.
    #[inline]
    pub fn into_body(self) -> Vec<u8> {
        Arc::unwrap_or_clone(self.0).body.into()
    }

    /// The raw body, as signed. Shares it without a copy.
    #[cfg(feature = "bytes")]
    #[inline]
    pub fn bytes(&self) -> bytes::Bytes {
        self.0.body.clone()
    }

    /// The time at which the platform signed this attempt, in Unix seconds.
    #[inline]
    pub fn timestamp(&self) -> i64 {
        self.0.timestamp
    }

    /// The secret that made the signature.
    #[inline]
    pub fn matched_key(&self) -> MatchedKey {
        self.0.matched_key
    }

    /// `X-Revento-Delivery-Id`. **Not covered by the signature**: see [`Verified::unsigned_delivery_id`].
    #[inline]
    pub fn unsigned_delivery_id(&self) -> &str {
        self.as_verified().unsigned_delivery_id()
    }

    /// `X-Revento-Event`. **Not covered by the signature**: see [`Verified::unsigned_event_type`].
    #[inline]
    pub fn unsigned_event_type(&self) -> &str {
        self.as_verified().unsigned_event_type()
    }

    #[inline]
    pub(crate) fn new(
        headers: OwnedHeaders,
        timestamp: i64,
        matched_key: MatchedKey,
        body: impl Into<Body>,
    ) -> Self {
        Self(Arc::new(Owned {
            headers,
            timestamp,
            matched_key,
            body: body.into(),
        }))
    }
}

impl From<Verified<'_>> for VerifiedDelivery {
    #[inline]
    fn from(verified: Verified<'_>) -> Self {
        Self::new(
            OwnedHeaders::new(&verified.headers),
            verified.timestamp,
            verified.matched_key,
            Vec::from(verified.body),
        )
    }
}

impl fmt::Debug for VerifiedDelivery {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_verified().fmt(f)
    }
}

#[cfg(feature = "bytes")]
impl CheckedHeaders<'_, '_> {
    /// Verifies a whole body and keeps it without a copy. The buffer behind `body` lives as long as the delivery.
    ///
    /// # Errors
    /// When no secret yields the signature, as from [`CheckedHeaders::verify`].
    #[inline]
    pub fn verify_bytes(self, body: bytes::Bytes) -> Result<VerifiedDelivery, VerifyError> {
        let matched_key = self.matching_key(&body)?;
        let headers = OwnedHeaders::new(&self.headers);
        Ok(VerifiedDelivery::new(
            headers,
            self.claim.timestamp,
            matched_key,
            body,
        ))
    }
}

/// The delivery id and the event of the headers, in one allocation.
#[derive(Clone)]
pub(crate) struct OwnedHeaders {
    text: Box<[u8]>,
    event_start: usize,
}

impl OwnedHeaders {
    #[inline]
    pub(crate) fn new(headers: &Headers<'_>) -> Self {
        Self {
            text: [headers.delivery_id, headers.event].concat().into_boxed_slice(),
            event_start: headers.delivery_id.len(),
        }
    }

    /// The headers again, without the timestamp's text and the signature, which nobody needs after the verification.
    #[inline]
    pub(crate) fn borrow(&self) -> Headers<'_> {
        let (delivery_id, event) = self.text.split_at_checked(self.event_start).unwrap_or_default();
        Headers {
            event,
            delivery_id,
            timestamp: &[],
            signature: &[],
        }
    }
}

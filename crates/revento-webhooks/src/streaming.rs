//! Verification while the body arrives.

use alloc::vec::Vec;
use core::fmt;

use crate::{
    delivery::{OwnedHeaders, VerifiedDelivery},
    error::{BodyTooLarge, VerifyError},
    headers::Headers,
    keys::{Candidate, KeySearch},
    signature::RunningMac,
    verify::{CheckedHeaders, SignatureClaim, Verifier},
};

/// The greatest part of an announced body for which memory is reserved before its bytes arrive.
const RESERVED_AT_ONCE: usize = 64 * 1024;

impl Verifier {
    /// Starts on a delivery whose body is still arriving and may have at most `limit` bytes.
    ///
    /// The verifier checks the headers before the body is read. `now` is in Unix seconds.
    ///
    /// ```
    /// # use revento_webhooks::{Headers, Signer, Verifier};
    /// # let verifier = Verifier::new("whsec_example_secret")?;
    /// # let (now, chunks) = (1_778_336_551, [&b"{\"id\":"[..], b"\"env_1\"}"]);
    /// # let signature = Signer::new("whsec_example_secret")?.sign(now, b"{\"id\":\"env_1\"}");
    /// # let received = [
    /// #     ("x-revento-event", "application.approved"),
    /// #     ("x-revento-delivery-id", "5f0c9f0e"),
    /// #     ("x-revento-timestamp", "1778336551"),
    /// #     ("X-Revento-Signature", &signature),
    /// # ];
    /// let headers = Headers::collect(received)?;
    /// let mut verifier = verifier.verify_stream(&headers, 1024 * 1024, now)?; // answer 401 to an error
    /// for chunk in chunks {
    ///     verifier = verifier.push(chunk)?;                                   // answer 413 to an error
    /// }
    /// let delivery = verifier.finish()?;                                      // answer 401 to an error
    /// assert_eq!(delivery.body(), b"{\"id\":\"env_1\"}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Verifier::verify`], except a mismatch.
    #[inline]
    pub fn verify_stream(
        &self,
        headers: &Headers<'_>,
        limit: usize,
        now: i64,
    ) -> Result<StreamingVerifier, VerifyError> {
        Ok(self.check_headers(headers, now)?.verify_stream(limit))
    }
}

impl CheckedHeaders<'_, '_> {
    /// Takes the body in pieces, at most `limit` bytes in all.
    #[inline]
    pub fn verify_stream(self, limit: usize) -> StreamingVerifier {
        let mut first = None;
        let mut others = Vec::new();
        self.keys.for_each(self.now, |candidate, key| {
            let run = (candidate, key.start(self.headers.timestamp));
            match &mut first {
                None => first = Some(run),
                Some(_) => others.push(run),
            }
        });
        StreamingVerifier {
            headers: OwnedHeaders::new(&self.headers),
            claim: self.claim,
            first,
            others,
            body: Vec::new(),
            limit,
        }
    }
}

/// Verifies a body that arrives in pieces. Only [`finish`](Self::finish) gives out the body.
pub struct StreamingVerifier {
    headers: OwnedHeaders,
    claim: SignatureClaim,
    /// The signature under the first key. A verifier with one secret needs no allocation for `others`.
    first: Option<(Candidate, RunningMac)>,
    others: Vec<(Candidate, RunningMac)>,
    body: Vec<u8>,
    limit: usize,
}

impl StreamingVerifier {
    /// Takes the length that the sender announced in `Content-Length`, and refuses a length above the limit before the
    /// body is read.
    ///
    /// # Errors
    /// When the length exceeds the limit.
    #[inline]
    pub fn content_length(mut self, bytes: u64) -> Result<Self, BodyTooLarge> {
        let bytes = BodyTooLarge::check(bytes, self.limit)?;
        self.body.reserve_exact(bytes.min(RESERVED_AT_ONCE));
        Ok(self)
    }

    /// Takes the next piece of the body.
    ///
    /// # Errors
    /// When the body exceeds the limit. The pieces taken so far are dropped.
    #[inline]
    pub fn push(mut self, piece: &[u8]) -> Result<Self, BodyTooLarge> {
        BodyTooLarge::check((self.body.len() + piece.len()) as u64, self.limit)?;
        for (_, mac) in self.first.iter_mut().chain(&mut self.others) {
            mac.update(piece);
        }
        self.body.extend_from_slice(piece);
        Ok(self)
    }

    /// Ends the body and verifies it. The verifier tries every secret without an early exit.
    ///
    /// # Errors
    /// When no secret yields the signature, as from [`CheckedHeaders::verify`]. The body is dropped.
    #[inline]
    pub fn finish(self) -> Result<VerifiedDelivery, VerifyError> {
        let mut search = KeySearch::new();
        for (candidate, mac) in self.first.into_iter().chain(self.others) {
            search.record(candidate, mac.finish().ct_eq(&self.claim.signature));
        }
        let matched_key = search
            .matched()
            .ok_or_else(|| VerifyError::mismatch(&self.body))?;
        Ok(VerifiedDelivery::new(
            self.headers,
            self.claim.timestamp,
            matched_key,
            self.body,
        ))
    }
}

/// Shows the progress, and nothing of the body.
impl fmt::Debug for StreamingVerifier {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamingVerifier")
            .field("delivery_id", &self.headers.borrow().delivery_id())
            .field("body_bytes", &self.body.len())
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

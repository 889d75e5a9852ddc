//! Verification while the body arrives.

#![cfg_attr(
    not(feature = "bytes"),
    expect(clippy::useless_conversion, reason = "a body is a vector then")
)]

use alloc::{boxed::Box, vec::Vec};
use core::{error::Error, fmt};

use crate::{
    error::VerifyError,
    headers::Headers,
    key::{Candidate, MatchedKey, Trials},
    mac::{Key, Pending, Prefix, State},
    verify::{Claim, Claimed, Verified, Verifier},
};

#[cfg(feature = "bytes")]
type Body = bytes::Bytes;
#[cfg(not(feature = "bytes"))]
type Body = Vec<u8>;

impl Verifier {
    /// Starts on a delivery whose body has yet to arrive and may have at most `limit` bytes.
    ///
    /// What the headers alone can settle is settled here, before the first byte is read. `now` is in
    /// Unix seconds.
    ///
    /// ```
    /// # use revento_webhooks::{Headers, Signer, Verifier};
    /// # let verifier = Verifier::new("whsec_example")?;
    /// # let (now, chunks) = (1_778_336_551, [&b"{\"id\":"[..], b"\"env_1\"}"]);
    /// # let signature = Signer::new("whsec_example")?.sign(now, b"{\"id\":\"env_1\"}");
    /// # let received = [
    /// #     ("x-revento-event", "application.approved"),
    /// #     ("x-revento-delivery-id", "5f0c9f0e"),
    /// #     ("x-revento-timestamp", "1778336551"),
    /// #     ("X-Revento-Signature", &signature),
    /// # ];
    /// let headers = Headers::collect(received)?;
    /// let mut incoming = verifier.receive(&headers, 1024 * 1024, now)?;  // answer 401 to an error
    /// for chunk in chunks {
    ///     incoming = incoming.push(chunk)?;                              // answer 413 to an error
    /// }
    /// let delivery = incoming.finish()?;                                 // answer 401 to an error
    /// assert_eq!(delivery.body(), b"{\"id\":\"env_1\"}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The same as of [`Verifier::verify`], except for [`VerifyError::Mismatch`].
    #[inline]
    pub fn receive(&self, headers: &Headers<'_>, limit: usize, now: i64) -> Result<Incoming, VerifyError> {
        Ok(self.claim(headers, now)?.receive(limit))
    }
}

impl Claimed<'_, '_> {
    /// Takes the body in pieces, at most `limit` bytes in all.
    #[inline]
    pub fn receive(self, limit: usize) -> Incoming {
        let mut first = None;
        let mut more = Vec::new();
        self.keys.each(self.now, |candidate, key| {
            let run = Run {
                candidate,
                key: key.clone(),
                state: key.start(),
            };
            match &mut first {
                None => first = Some(run),
                Some(_) => more.push(run),
            }
        });
        Incoming {
            texts: Texts::of(&self.headers),
            claim: self.claim,
            first,
            more,
            pending: Pending::new(&Prefix::new(self.headers.timestamp)),
            body: Vec::new(),
            limit,
        }
    }

    /// Verifies a body that is there as a whole, and keeps it without a copy: the buffer that it is a piece of stays
    /// as long as the delivery.
    ///
    /// # Errors
    /// [`VerifyError::Mismatch`].
    #[cfg(feature = "bytes")]
    #[inline]
    pub fn verify_bytes(self, body: bytes::Bytes) -> Result<VerifiedDelivery, VerifyError> {
        Ok(VerifiedDelivery {
            matched: self.matching_key(&body)?,
            texts: Texts::of(&self.headers),
            timestamp: self.claim.timestamp,
            body,
        })
    }
}

/// A delivery on its way in. Its body can be had only through [`finish`](Self::finish).
pub struct Incoming {
    texts: Texts,
    claim: Claim,
    /// The first key's, and those of the others: most verifiers have one, which then needs no allocation.
    first: Option<Run>,
    more: Vec<Run>,
    pending: Pending,
    body: Vec<u8>,
    limit: usize,
}

struct Run {
    candidate: Candidate,
    key: Key,
    state: State,
}

impl Incoming {
    /// Tells the length that the sender announced: one beyond the limit is refused before it is read.
    ///
    /// # Errors
    /// When it exceeds the limit.
    #[inline]
    pub fn announced(mut self, bytes: u64) -> Result<Self, TooLarge> {
        let bytes = TooLarge::check(bytes, self.limit)?;
        // An announcement is no proof: memory beyond this is taken as the bytes come.
        const AT_ONCE: usize = 64 * 1024;
        self.body.reserve_exact(bytes.min(AT_ONCE));
        Ok(self)
    }

    /// Takes the next piece of the body.
    ///
    /// # Errors
    /// When the body exceeds the limit; what came of it is gone then.
    #[inline]
    pub fn push(mut self, chunk: &[u8]) -> Result<Self, TooLarge> {
        if chunk.len() > self.limit - self.body.len() {
            return Err(TooLarge { limit: self.limit });
        }
        let runs = self.first.iter_mut().chain(&mut self.more);
        self.pending.update(chunk, runs.map(|run| &mut run.state));
        self.body.extend_from_slice(chunk);
        Ok(self)
    }

    /// Ends the body. Every secret is tried, without an early exit.
    ///
    /// # Errors
    /// [`VerifyError::Mismatch`]; the body is gone then.
    #[inline]
    pub fn finish(self) -> Result<VerifiedDelivery, VerifyError> {
        let tail = self
            .pending
            .pad(self.texts.timestamp().len() + 1 + self.body.len());
        let mut trials = Trials::new();
        for run in self.first.iter().chain(&self.more) {
            trials.enter(
                run.candidate,
                tail.holds(&run.key, run.state.clone(), &self.claim.tag),
            );
        }
        Ok(VerifiedDelivery {
            matched: trials.matched().ok_or(VerifyError::Mismatch)?,
            texts: self.texts,
            timestamp: self.claim.timestamp,
            body: self.body.into(),
        })
    }
}

/// Shows how far it is, and nothing of the body.
impl fmt::Debug for Incoming {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("delivery_id", &self.texts.headers().delivery_id())
            .field("body_bytes", &self.body.len())
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// What three headers say, in one allocation: the timestamp, the delivery id, the event.
#[derive(Clone)]
struct Texts {
    all: Box<[u8]>,
    delivery_id: usize,
    event: usize,
}

impl Texts {
    #[inline]
    fn of(headers: &Headers<'_>) -> Self {
        let (timestamp, delivery_id, event) = (headers.timestamp, headers.delivery_id, headers.event);
        let mut all = Vec::with_capacity(timestamp.len() + delivery_id.len() + event.len());
        all.extend_from_slice(timestamp);
        all.extend_from_slice(delivery_id);
        all.extend_from_slice(event);
        Self {
            all: all.into_boxed_slice(),
            delivery_id: timestamp.len(),
            event: timestamp.len() + delivery_id.len(),
        }
    }

    #[inline]
    fn timestamp(&self) -> &[u8] {
        self.all.get(..self.delivery_id).unwrap_or_default()
    }

    /// The three again; the signature is spent.
    #[inline]
    fn headers(&self) -> Headers<'_> {
        Headers {
            event: self.all.get(self.event..).unwrap_or_default(),
            delivery_id: self.all.get(self.delivery_id..self.event).unwrap_or_default(),
            timestamp: self.timestamp(),
            signature: &[],
        }
    }
}

/// A body with more bytes than allowed. Answer 413.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge {
    limit: usize,
}

impl TooLarge {
    /// The length of a body, if it is within the limit.
    ///
    /// # Errors
    /// When it is not.
    #[inline]
    pub fn check(bytes: u64, limit: usize) -> Result<usize, Self> {
        usize::try_from(bytes)
            .ok()
            .filter(|bytes| *bytes <= limit)
            .ok_or(Self { limit })
    }
}

impl fmt::Display for TooLarge {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the body has more than {} bytes", self.limit)
    }
}

impl Error for TooLarge {}

/// A delivery whose signature held, and which owns its body: [`Verified`] without a lifetime.
#[derive(Clone)]
pub struct VerifiedDelivery {
    texts: Texts,
    timestamp: i64,
    matched: MatchedKey,
    body: Body,
}

impl VerifiedDelivery {
    /// The same proof, borrowed.
    #[inline]
    pub fn as_verified(&self) -> Verified<'_> {
        Verified {
            headers: self.texts.headers(),
            body: &self.body,
            timestamp: self.timestamp,
            matched: self.matched,
        }
    }

    /// The raw body, as signed.
    #[inline]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The raw body, taken out.
    #[inline]
    pub fn into_body(self) -> Vec<u8> {
        self.body.into()
    }

    /// The raw body, as signed, shared and not copied.
    #[cfg(feature = "bytes")]
    #[inline]
    pub fn bytes(&self) -> bytes::Bytes {
        self.body.clone()
    }

    /// When this attempt was signed, in Unix seconds.
    #[inline]
    pub fn timestamp(&self) -> i64 {
        self.timestamp
    }

    /// Which secret held.
    #[inline]
    pub fn matched_key(&self) -> MatchedKey {
        self.matched
    }

    /// `X-Revento-Delivery-Id`. **Not covered by the signature**: see [`Verified::unsigned_delivery_id`].
    #[inline]
    pub fn unsigned_delivery_id(&self) -> &str {
        self.texts.headers().delivery_id()
    }

    /// `X-Revento-Event`. **Not covered by the signature**: see [`Verified::unsigned_event_type`].
    #[inline]
    pub fn unsigned_event_type(&self) -> &str {
        self.texts.headers().event()
    }
}

impl From<Verified<'_>> for VerifiedDelivery {
    #[inline]
    fn from(verified: Verified<'_>) -> Self {
        Self {
            texts: Texts::of(&verified.headers),
            timestamp: verified.timestamp,
            matched: verified.matched,
            body: Vec::from(verified.body).into(),
        }
    }
}

impl fmt::Debug for VerifiedDelivery {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_verified().fmt(f)
    }
}

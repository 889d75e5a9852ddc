//! Seals stored data again under the current key, while services use it.
//!
//! A [`Sealer`] with several keys opens what an older one has sealed, and says so ([`Unsealed::reseal`](crate::Unsealed::reseal)). These
//! functions replace such bytes one record at a time. They lose nothing when a service writes the record at the same moment, when they are
//! made twice, or when the process dies: call them for every record, and again for those that were [`ResealOutcome::Busy`].

use std::{error::Error, fmt, time::Duration};

use revento_core::{ConnectionKey, EnvelopeId, Timestamp, error::ErrorKind};

use crate::{
    ClaimOutcome, ClaimTerms, Fence, InboxAdmin, Record, SealError, Sealed, SealedDelivery, Sealer,
    StoreError, Stored, SwapOutcome, TokenPairCodec, TokenStore,
};

/// How long the claim on a connection is held at most. Only a process that dies within these few writes leaves it to expire.
const CLAIM: Duration = Duration::from_secs(10);
/// How often another writer may come first.
const ATTEMPTS: usize = 5;

/// What became of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResealOutcome {
    /// Its bytes are sealed under the current key now.
    Resealed,
    /// It was sealed under the current key already, has nothing sealed, or does not exist.
    UpToDate,
    /// Another process refreshes the connection or keeps writing the record. That process seals it under its own current key: look
    /// again later.
    Busy,
}

/// A record could not be sealed again. It is readable as before.
#[non_exhaustive]
pub enum ResealError {
    /// The store failed. The new bytes may be stored; they hold the same.
    Store(StoreError),
    /// The old bytes do not open, or the sealer failed.
    Seal(SealError),
    /// The sealer gave bytes that it does not open again, and nothing was stored.
    NotRepeatable,
}

revento_core::readable_debug!(ResealError);

impl ResealError {
    /// [`ErrorKind::Storage`] if the store failed, else [`ErrorKind::Sealing`].
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Seal(_) | Self::NotRepeatable => ErrorKind::Sealing,
        }
    }

    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Seal(error) => error.is_transient(),
            Self::NotRepeatable => false,
        }
    }

    /// Whether the new bytes may be stored. They hold the same as the old ones.
    pub fn may_have_taken_effect(&self) -> bool {
        matches!(self, Self::Store(error) if error.may_have_taken_effect())
    }
}

impl fmt::Display for ResealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Store(_) => "a record could not be sealed again, because the store failed: do it again later",
            Self::Seal(_) => "a record could not be sealed again, and is as it was: give the sealer the key that it names",
            Self::NotRepeatable => {
                "a record could not be sealed again, and is as it was: the sealer does not open what it has just sealed"
            }
        })
    }
}

impl Error for ResealError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            Self::Seal(error) => Some(error),
            Self::NotRepeatable => None,
        }
    }
}

impl From<StoreError> for ResealError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<SealError> for ResealError {
    fn from(error: SealError) -> Self {
        Self::Seal(error)
    }
}

/// Seals the token pair of a connection again.
///
/// It takes the claim of a refresh for the moment of the write, so that no refresh token is under way to the platform meanwhile, and
/// nothing else of the record changes. If the process dies while it holds the claim, the connection is in doubt until its next refresh.
///
/// # Errors
/// See [`ResealError`]. The pair is stored as it was, or sealed anew.
pub async fn reseal_tokens(
    store: &dyn TokenStore,
    sealer: &dyn Sealer,
    key: &ConnectionKey,
    now: Timestamp,
) -> Result<ResealOutcome, ResealError> {
    let context = TokenPairCodec::context(key);
    for _ in 0..ATTEMPTS {
        let Some(stored) = store.load(key).await? else {
            return Ok(ResealOutcome::UpToDate);
        };
        let Some(sealed) = &stored.record.tokens else {
            return Ok(ResealOutcome::UpToDate);
        };
        let Some(again) = sealed_again(sealer, &context, sealed).await? else {
            return Ok(ResealOutcome::UpToDate);
        };
        let terms = ClaimTerms {
            version: stored.version,
            now,
            until: now.saturating_add(CLAIM),
        };
        match store.claim(key, terms).await? {
            ClaimOutcome::VersionChanged => {}
            ClaimOutcome::Held { .. } => return Ok(ResealOutcome::Busy),
            ClaimOutcome::Granted { fence, abandoned } => {
                if replace(store, stored, again, fence, abandoned).await? {
                    return Ok(ResealOutcome::Resealed);
                }
            }
        }
    }
    Ok(ResealOutcome::Busy)
}

/// Writes the pair and ends the claim. A swap with the fence would forget that an earlier holder of a claim is gone, and with it the
/// doubt; then the swap is made without it.
async fn replace(
    store: &dyn TokenStore,
    stored: Stored,
    tokens: Sealed,
    fence: Fence,
    abandoned: bool,
) -> Result<bool, ResealError> {
    let record = Record {
        tokens: Some(tokens),
        ..stored.record
    };
    let key = &record.connection.key;
    let with = (!abandoned).then_some(fence);
    let swapped = store.compare_and_swap(stored.version, &record, with).await;
    let is_swapped = matches!(swapped, Ok(SwapOutcome::Swapped(_)));
    if abandoned || !is_swapped {
        // After a failed swap the claim is best given back, too; if that fails as well, it expires.
        let released = store.release(key, fence).await;
        if is_swapped {
            released?;
        }
    }
    swapped?;
    Ok(is_swapped)
}

/// Seals the body and the error of a delivery again, in whatever state it is. A runner that holds its lease keeps it.
///
/// # Errors
/// See [`ResealError`]. The bytes are as they were, or sealed anew.
pub async fn reseal_delivery(
    store: &dyn InboxAdmin,
    sealer: &dyn Sealer,
    current: &SealedDelivery,
) -> Result<ResealOutcome, ResealError> {
    let id = &current.envelope_id;
    let body = sealed_again(sealer, &body_context(id), &current.body).await?;
    let error = match current.sealed_error() {
        Some(error) => sealed_again(sealer, &error_context(id), &error).await?,
        None => None,
    };
    if body.is_none() && error.is_none() {
        return Ok(ResealOutcome::UpToDate);
    }
    let next = SealedDelivery {
        envelope_id: id.clone(),
        body: body.unwrap_or_else(|| current.body.clone()),
        error: error.map_or_else(|| current.error.clone(), |error| error_text(&error)),
    };
    Ok(if store.reseal(current, &next).await? {
        ResealOutcome::Resealed
    } else {
        ResealOutcome::Busy
    })
}

/// The bytes under the current key; `None` if they are under it already. Bytes that would not open again are never stored.
async fn sealed_again(
    sealer: &dyn Sealer,
    context: &str,
    sealed: &Sealed,
) -> Result<Option<Sealed>, ResealError> {
    let opened = sealer.open(context, sealed).await?;
    if !opened.reseal {
        return Ok(None);
    }
    let again = sealer.seal(context, &opened.plaintext).await?;
    let reopened = sealer.open(context, &again).await?;
    if reopened.plaintext != opened.plaintext || reopened.reseal {
        return Err(ResealError::NotRepeatable);
    }
    Ok(Some(again))
}

impl SealedDelivery {
    /// The error as sealed bytes; `None` if there is none, or the text is not such bytes.
    pub fn sealed_error(&self) -> Option<Sealed> {
        (!self.error.is_empty())
            .then(|| hex::decode(&self.error).ok())?
            .map(Sealed::from_bytes)
    }
}

/// The `context` for sealing the body of a delivery: it binds the ciphertext to the delivery.
pub fn body_context(envelope_id: &EnvelopeId) -> String {
    format!("revento/inbox/{envelope_id}")
}

/// The `context` for sealing the error of a delivery.
pub fn error_context(envelope_id: &EnvelopeId) -> String {
    format!("revento/inbox-error/{envelope_id}")
}

/// A sealed error as the text that a store keeps.
pub fn error_text(sealed: &Sealed) -> String {
    hex::encode(sealed.as_bytes())
}

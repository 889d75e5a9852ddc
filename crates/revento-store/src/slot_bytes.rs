//! A [`Slot`] as bytes.
//!
//! An empty slot has no bytes. A filled one has the number of the format (1), then the [fields](crate::fields) in a fixed order.
//! Not postcard: it reads a slot with a cut or added field as another slot or accepts trailing bytes, which here is an error.

use revento_core::{
    Connection, ConnectionKey, ConnectionStatus, Scopes, StatusReason, Timestamp, error::ErrorKind,
};

use crate::{
    Fence, Record, Sealed, Slot, StoreErrorReason, Stored, Version,
    fields::{Reader, Writer},
    slot::Filled,
};

const FORMAT: u8 = 1;

/// The bytes are not a record.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeSlotError {
    /// The bytes were cut or altered, or another program wrote them.
    #[error(
        "the stored record cannot be read: it was cut or altered, or another program wrote it; find the cause before you remove it"
    )]
    Malformed,
    /// A newer version of this crate wrote the bytes.
    #[error("a newer version wrote the stored record (format {format}): update this program")]
    TooNew {
        /// The number of the format.
        format: u8,
    },
}

revento_core::readable_debug!(DecodeSlotError);

impl DecodeSlotError {
    /// The reason of the [`StoreError`](crate::StoreError) that has this error as its source.
    pub fn reason(&self) -> StoreErrorReason {
        match self {
            Self::Malformed => StoreErrorReason::Corrupt,
            Self::TooNew { .. } => StoreErrorReason::TooNew,
        }
    }

    /// Always [`ErrorKind::Storage`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Storage
    }

    /// Always `false`: the same bytes give the same error.
    pub fn is_transient(&self) -> bool {
        false
    }

    /// Always `false`.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }
}

impl Slot {
    /// Encodes the slot. This and every later version can read the bytes. An empty slot has no bytes: the store may delete
    /// its row or key, or keep it with an empty value.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.as_ref().map(write).unwrap_or_default()
    }

    /// Reads what [`Slot::to_bytes`] wrote. No bytes are an empty slot, so a key that is absent is `from_bytes(&[])`.
    ///
    /// # Errors
    /// The bytes are not a slot, or a newer version wrote them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeSlotError> {
        match bytes.split_first() {
            None => Ok(Self(None)),
            Some((&FORMAT, rest)) => read(rest)
                .map(|filled| Self(Some(filled)))
                .ok_or(DecodeSlotError::Malformed),
            Some((&format, _)) if format > FORMAT => Err(DecodeSlotError::TooNew { format }),
            Some(_) => Err(DecodeSlotError::Malformed),
        }
    }
}

fn write(slot: &Filled) -> Vec<u8> {
    let Filled {
        stored,
        claim,
        abandoned,
    } = slot;
    let Record { connection, tokens } = &stored.record;
    let mut out = Writer(vec![FORMAT]);
    out.number(stored.version.0.cast_unsigned());
    out.flag(claim.is_some());
    let (fence, until) = claim.unwrap_or((Fence(0), Timestamp::UNIX_EPOCH));
    out.number(fence.0.cast_unsigned());
    out.time(until);
    out.flag(*abandoned);
    out.bytes(connection.key.client_id.as_str().as_bytes());
    out.bytes(connection.key.event_id.as_str().as_bytes());
    out.optional(connection.key.user_id.as_ref().map(|id| id.as_str().as_bytes()));
    out.optional(
        connection
            .organization_id
            .as_ref()
            .map(|id| id.as_str().as_bytes()),
    );
    out.bytes(connection.status.as_str().as_bytes());
    out.optional(
        connection
            .reason
            .as_ref()
            .map(|reason| reason.as_str().as_bytes()),
    );
    out.time(connection.status_since);
    out.optional_time(connection.delete_by);
    out.bytes(connection.scopes.to_string().as_bytes());
    out.number(connection.generation);
    out.time(connection.consented_at);
    out.time(connection.access_expires_at);
    out.time(connection.refresh_expires_at);
    out.time(connection.consent_expires_at);
    out.optional(tokens.as_ref().map(Sealed::as_bytes));
    out.0
}

fn read(bytes: &[u8]) -> Option<Filled> {
    let mut input = Reader(bytes);
    let version = Version(input.number()?.cast_signed());
    let claimed = input.flag()?;
    let claim = (Fence(input.number()?.cast_signed()), input.time()?);
    let abandoned = input.flag()?;
    let connection = Connection {
        key: ConnectionKey {
            client_id: input.text()?.into(),
            event_id: input.text()?.into(),
            user_id: input.optional_text()?.map(Into::into),
        },
        organization_id: input.optional_text()?.map(Into::into),
        status: ConnectionStatus::from(input.text()?),
        reason: input.optional_text()?.map(StatusReason::from),
        status_since: input.time()?,
        delete_by: input.optional_time()?,
        scopes: Scopes::parse(input.text()?),
        generation: input.number()?,
        consented_at: input.time()?,
        access_expires_at: input.time()?,
        refresh_expires_at: input.time()?,
        consent_expires_at: input.time()?,
    };
    let tokens = input.optional()?.map(Sealed::from_bytes);
    let record = Record { connection, tokens };
    let filled = Filled {
        stored: Stored { version, record },
        claim: Some(claim).filter(|_| claimed),
        abandoned,
    };
    input.0.is_empty().then_some(filled)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn time() -> impl Strategy<Value = Timestamp> {
        any::<i64>().prop_map(Timestamp::from_unix_micros)
    }

    fn slot() -> impl Strategy<Value = Slot> {
        let text = || ".{0,20}";
        let optional = || proptest::option::of(text());
        let names = (text(), text(), optional(), optional(), text(), optional());
        let rest = (
            any::<u64>(),
            proptest::collection::vec(time(), 5),
            proptest::option::of(time()),
        );
        let scopes = proptest::collection::vec("[!-~]{1,8}", 0..4);
        let tokens = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..50));
        let claim = (
            any::<i64>(),
            proptest::option::of((any::<i64>(), time())),
            any::<bool>(),
        );
        (names, rest, scopes, tokens, claim).prop_map(|(names, rest, scopes, tokens, claim)| {
            let (generation, times, delete_by) = rest;
            let record = Record {
                tokens: tokens.map(Sealed::from_bytes),
                connection: Connection {
                    key: ConnectionKey {
                        client_id: names.0.into(),
                        event_id: names.1.into(),
                        user_id: names.2.map(Into::into),
                    },
                    organization_id: names.3.map(Into::into),
                    status: names.4.as_str().into(),
                    reason: names.5.map(|reason| reason.as_str().into()),
                    status_since: times[0],
                    delete_by,
                    scopes: Scopes::parse(&scopes.join(" ")),
                    generation,
                    consented_at: times[1],
                    access_expires_at: times[2],
                    refresh_expires_at: times[3],
                    consent_expires_at: times[4],
                },
            };
            let stored = Stored {
                version: Version(claim.0),
                record,
            };
            let held = claim.1.map(|(fence, until)| (Fence(fence), until));
            Slot(Some(Filled {
                stored,
                claim: held,
                abandoned: claim.2,
            }))
        })
    }

    proptest! {
        #[test]
        fn k1_every_slot_survives(slot in slot()) {
            prop_assert_eq!(Slot::from_bytes(&slot.to_bytes()), Ok(slot));
        }

        #[test]
        fn k21_every_truncation_and_extension_is_an_error(slot in slot()) {
            let mut bytes = slot.to_bytes();
            for length in 1..bytes.len() {
                prop_assert!(Slot::from_bytes(&bytes[..length]).is_err());
            }
            bytes.push(0);
            prop_assert_eq!(Slot::from_bytes(&bytes), Err(DecodeSlotError::Malformed));
        }

        #[test]
        fn w27_any_bytes_are_a_slot_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Slot::from_bytes(&bytes);
        }
    }

    #[test]
    fn a_format_of_the_future_is_told() {
        assert_eq!(
            Slot::from_bytes(&[2, 1, 1]),
            Err(DecodeSlotError::TooNew { format: 2 })
        );
        assert_eq!(Slot::from_bytes(&[0]), Err(DecodeSlotError::Malformed));
        assert_eq!(Slot::from_bytes(&Slot::default().to_bytes()), Ok(Slot::default()));
    }
}

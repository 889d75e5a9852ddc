//! A [`DeliverySlot`] and a [`DeletionDuty`] as bytes: the number of the format (1), then the [fields](crate::fields) in a fixed order.

use revento_core::EventType;

use crate::{
    DecodeSlotError, DeletionDuty, DeletionProof, DeliverySlot, DeliveryState, NewDelivery, Sealed,
    fields::{Reader, Writer},
};

const FORMAT: u8 = 1;

/// The fields behind the number of the format.
fn fields(bytes: &[u8]) -> Result<Reader<'_>, DecodeSlotError> {
    match bytes.split_first() {
        Some((&FORMAT, rest)) => Ok(Reader(rest)),
        Some((&format, _)) if format > FORMAT => Err(DecodeSlotError::TooNew { format }),
        _ => Err(DecodeSlotError::Malformed),
    }
}

impl DeliverySlot {
    /// Encodes the delivery. This and every later version can read the bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let delivery = &self.delivery;
        let mut out = Writer(vec![FORMAT]);
        out.flag(self.arrival.is_some());
        out.number(self.arrival.unwrap_or_default().cast_unsigned());
        out.bytes(self.state.as_str().as_bytes());
        out.time(self.at);
        out.number(self.attempts.into());
        out.flag(self.single_attempt);
        out.number(self.fence.cast_unsigned());
        out.bytes(self.error.as_bytes());
        out.flag(self.expunged);
        out.bytes(delivery.envelope_id.as_str().as_bytes());
        out.bytes(delivery.delivery_id.as_str().as_bytes());
        out.bytes(delivery.event_type.as_str().as_bytes());
        out.bytes(delivery.ordering_key.as_bytes());
        out.time(delivery.occurred_at);
        out.time(delivery.signed_at);
        out.time(delivery.received_at);
        out.bytes(delivery.body.as_bytes());
        out.bytes(&delivery.body_digest);
        out.0
    }

    /// Reads what [`DeliverySlot::to_bytes`] wrote.
    ///
    /// # Errors
    /// The bytes are not a delivery, or a newer version wrote them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeSlotError> {
        read_delivery(fields(bytes)?).ok_or(DecodeSlotError::Malformed)
    }
}

fn read_delivery(mut input: Reader<'_>) -> Option<DeliverySlot> {
    let has_arrived = input.flag()?;
    let arrival = Some(input.number()?.cast_signed()).filter(|_| has_arrived);
    let slot = DeliverySlot {
        arrival,
        state: DeliveryState::from_name(input.text()?)?,
        at: input.time()?,
        attempts: u32::try_from(input.number()?).ok()?,
        single_attempt: input.flag()?,
        fence: input.number()?.cast_signed(),
        error: input.text()?.to_owned(),
        expunged: input.flag()?,
        delivery: NewDelivery {
            envelope_id: input.text()?.into(),
            delivery_id: input.text()?.into(),
            event_type: EventType::from(input.text()?),
            ordering_key: input.text()?.to_owned(),
            occurred_at: input.time()?,
            signed_at: input.time()?,
            received_at: input.time()?,
            body: Sealed::from_bytes(input.bytes()?),
            body_digest: input.bytes()?.try_into().ok()?,
        },
    };
    input.0.is_empty().then_some(slot)
}

impl DeletionDuty {
    /// Encodes the duty, for engines without columns. This and every later version can read the bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer(vec![FORMAT]);
        out.bytes(self.envelope_id.as_str().as_bytes());
        out.optional(self.event_id.as_ref().map(|id| id.as_str().as_bytes()));
        out.optional(self.organization_id.as_ref().map(|id| id.as_str().as_bytes()));
        out.time(self.occurred_at);
        out.time(self.deadline_at);
        out.optional(self.reason.as_ref().map(|reason| reason.as_bytes()));
        out.optional_time(self.reminded_at);
        let proof = self.done.as_ref();
        out.optional(proof.map(|proof| proof.note.as_bytes()));
        out.time(proof.map(|proof| proof.at).unwrap_or_default());
        out.0
    }

    /// Reads what [`DeletionDuty::to_bytes`] wrote.
    ///
    /// # Errors
    /// The bytes are not a duty, or a newer version wrote them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeSlotError> {
        read_duty(fields(bytes)?).ok_or(DecodeSlotError::Malformed)
    }
}

fn read_duty(mut input: Reader<'_>) -> Option<DeletionDuty> {
    let mut duty = DeletionDuty {
        envelope_id: input.text()?.into(),
        event_id: input.optional_text()?.map(Into::into),
        organization_id: input.optional_text()?.map(Into::into),
        occurred_at: input.time()?,
        deadline_at: input.time()?,
        reason: input.optional_text()?.map(str::to_owned),
        reminded_at: input.optional_time()?,
        done: None,
    };
    let note = input.optional_text()?.map(str::to_owned);
    let at = input.time()?;
    duty.done = note.map(|note| DeletionProof { at, note });
    input.0.is_empty().then_some(duty)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use revento_core::Timestamp;

    use super::*;

    fn time() -> impl Strategy<Value = Timestamp> {
        any::<i64>().prop_map(Timestamp::from_unix_micros)
    }

    fn delivery() -> impl Strategy<Value = DeliverySlot> {
        let text = || ".{0,20}";
        let texts = (text(), text(), text(), text(), text());
        let state = prop_oneof![
            Just(DeliveryState::Queued),
            Just(DeliveryState::Leased),
            Just(DeliveryState::Done),
            Just(DeliveryState::Buried),
        ];
        let numbers = (proptest::option::of(any::<i64>()), any::<u32>(), any::<i64>());
        let times = proptest::collection::vec(time(), 4);
        let body = (
            proptest::collection::vec(any::<u8>(), 0..50),
            any::<[u8; 32]>(),
            any::<[bool; 2]>(),
        );
        (texts, state, numbers, times, body).prop_map(|(texts, state, numbers, times, body)| DeliverySlot {
            delivery: NewDelivery {
                envelope_id: texts.0.into(),
                delivery_id: texts.1.into(),
                event_type: EventType::from(texts.2.as_str()),
                ordering_key: texts.3,
                occurred_at: times[0],
                signed_at: times[1],
                received_at: times[2],
                body: Sealed::from_bytes(body.0),
                body_digest: body.1,
            },
            arrival: numbers.0,
            state,
            at: times[3],
            attempts: numbers.1,
            single_attempt: body.2[0],
            fence: numbers.2,
            error: texts.4,
            expunged: body.2[1],
        })
    }

    fn duty() -> impl Strategy<Value = DeletionDuty> {
        let optional = || proptest::option::of(".{0,20}");
        let done = proptest::option::of((time(), ".{0,20}"));
        let times = (time(), time(), proptest::option::of(time()));
        (".{0,20}", optional(), optional(), optional(), times, done).prop_map(
            |(id, event, organization, reason, times, done)| DeletionDuty {
                envelope_id: id.into(),
                event_id: event.map(Into::into),
                organization_id: organization.map(Into::into),
                occurred_at: times.0,
                deadline_at: times.1,
                reason,
                reminded_at: times.2,
                done: done.map(|(at, note)| DeletionProof { at, note }),
            },
        )
    }

    proptest! {
        #[test]
        fn q1_every_delivery_survives(slot in delivery()) {
            prop_assert_eq!(DeliverySlot::from_bytes(&slot.to_bytes()), Ok(slot));
        }

        #[test]
        fn q17_every_duty_survives(duty in duty()) {
            prop_assert_eq!(DeletionDuty::from_bytes(&duty.to_bytes()), Ok(duty));
        }

        #[test]
        fn k21_every_truncation_and_extension_is_an_error(slot in delivery(), duty in duty()) {
            let (mut slot, mut duty) = (slot.to_bytes(), duty.to_bytes());
            for length in 0..slot.len() {
                prop_assert!(DeliverySlot::from_bytes(&slot[..length]).is_err());
            }
            for length in 0..duty.len() {
                prop_assert!(DeletionDuty::from_bytes(&duty[..length]).is_err());
            }
            slot.push(0);
            duty.push(0);
            prop_assert_eq!(DeliverySlot::from_bytes(&slot), Err(DecodeSlotError::Malformed));
            prop_assert_eq!(DeletionDuty::from_bytes(&duty), Err(DecodeSlotError::Malformed));
        }

        #[test]
        fn w27_any_bytes_are_a_record_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = DeliverySlot::from_bytes(&bytes);
            let _ = DeletionDuty::from_bytes(&bytes);
        }
    }

    #[test]
    fn a_format_of_the_future_is_told() {
        let too_new = DecodeSlotError::TooNew { format: 2 };
        assert_eq!(DeliverySlot::from_bytes(&[2, 1]), Err(too_new));
        assert_eq!(DeletionDuty::from_bytes(&[2, 1]), Err(too_new));
    }
}

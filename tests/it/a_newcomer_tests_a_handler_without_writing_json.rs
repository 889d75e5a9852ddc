//! The imports of a newcomer, and the test of a webhook handler with constructed resources.

use std::sync::{Arc, Mutex};

use revento::{
    HandlerError,
    kind::{ApplicationApproved, ParticipantRegistered},
    types::{
        Envelope,
        resource::{Application, Participant},
    },
};

/// What a newcomer writes: a handler that keeps the ids of the approved participants.
#[derive(Clone, Default)]
struct GuestList(Arc<Mutex<Vec<String>>>);

impl GuestList {
    async fn handle(&self, envelope: &Envelope) -> Result<(), HandlerError> {
        let application = envelope.read::<ApplicationApproved>()?;
        let participant = application.participant_id.map(|id| id.to_string());
        self.0.lock().unwrap().extend(participant);
        Ok(())
    }
}

#[tokio::test]
async fn a_handler_reads_the_resource_that_the_test_has_constructed() {
    let guests = GuestList::default();
    let application = Application::example().participant_id("ptp_7");
    let approved = Envelope::example_of::<ApplicationApproved>(&application);
    guests.handle(&approved).await.unwrap();
    assert_eq!(*guests.0.lock().unwrap(), ["ptp_7"]);

    let registered = Envelope::example_of::<ParticipantRegistered>(&Participant::example());
    guests.handle(&registered).await.unwrap_err();
}

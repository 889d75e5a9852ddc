//! The imports of a newcomer, and the test of a webhook handler with constructed resources.

use std::sync::{Arc, Mutex};

use revento::{HandlerError, Webhook, kind::ApplicationApproved, types::resource::Application};

/// What a newcomer writes: a handler that keeps the ids of the approved participants.
#[derive(Clone, Default)]
struct GuestList(Arc<Mutex<Vec<String>>>);

impl GuestList {
    async fn approve(&self, webhook: Webhook<ApplicationApproved>) -> Result<(), HandlerError> {
        let participant = webhook.data.participant_id.clone();
        let participant = participant.ok_or_else(|| HandlerError::permanent("no participant"))?;
        self.0.lock().unwrap().push(participant.to_string());
        Ok(())
    }
}

#[tokio::test]
async fn a_handler_reads_the_resource_that_the_test_has_constructed() {
    let guests = GuestList::default();
    let application = Application::example().participant_id("ptp_7");
    guests.approve(Webhook::example_of(application)).await.unwrap();
    assert_eq!(*guests.0.lock().unwrap(), ["ptp_7"]);

    let mut nobody = Application::example();
    nobody.participant_id = None;
    guests.approve(Webhook::example_of(nobody)).await.unwrap_err();
}

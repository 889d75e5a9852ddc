//! Reads the participants of the connected event.

use std::time::Duration;

use revento::{Error, Retry, types::resource::Participant};

use crate::state::State;

/// All participants, and how many pages the platform sent them in.
pub(crate) struct ParticipantList {
    pub(crate) pages: usize,
    pub(crate) participants: Vec<Participant>,
}

/// Somebody waits for the page meanwhile, so an error is better than a wait for the next hour's budget.
const DEADLINE: Duration = Duration::from_secs(20);

/// Small enough that an example event has several pages.
const PER_PAGE: u16 = 25;

pub(crate) async fn read_all(state: &State) -> Result<ParticipantList, Error> {
    let retry = Retry::default().deadline(DEADLINE);
    let event = state.client.event(state.event_id.as_str()).with_retry(retry);
    let mut pages = event.participants().per_page(PER_PAGE).pages();
    let mut list = ParticipantList {
        pages: 0,
        participants: Vec::new(),
    };
    while let Some(page) = pages.next_page().await? {
        list.pages += 1;
        list.participants.extend(page);
    }
    Ok(list)
}

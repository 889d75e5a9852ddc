//! Whether an integration is published, and where an organizer connects it.

use url::Url;

use crate::decisions;
use crate::platform::config::Integration;
use crate::platform::records::Listing;
use crate::platform::state::State;

/// Whether an integration is published, unpublished or suspended.
pub(crate) fn listing(state: &State, client_id: &str) -> Listing {
    state
        .standings
        .get(client_id)
        .map_or(Listing::Published, |status| status.listing)
}

/// The page of the integration at which an organizer connects an event (contract §2.1). `None` if none is registered.
pub(crate) fn connect_page(integration: &Integration, event_id: &str) -> Option<Url> {
    let mut page = Url::parse(integration.connect_url.as_deref()?).ok()?;
    page.query_pairs_mut()
        .append_pair(decisions::CONNECT_PARAMETER, event_id);
    Some(page)
}

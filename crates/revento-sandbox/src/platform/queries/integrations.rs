//! Whether an integration is published.

use crate::platform::records::Listing;
use crate::platform::state::State;

/// Whether an integration is published, unpublished or suspended.
pub(crate) fn listing(state: &State, client_id: &str) -> Listing {
    state
        .standings
        .get(client_id)
        .map_or(Listing::Published, |status| status.listing)
}

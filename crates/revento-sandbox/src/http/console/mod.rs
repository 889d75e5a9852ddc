//! The console: the developer's and the organizer's view, rendered here, alive without being reloaded.

mod acts;
mod applications;
mod audit;
mod connections;
mod deliveries;
mod developer_acts;
mod faults;
mod live;
mod organizer;
mod organizer_acts;
mod overview;
mod participants;
mod parts;
mod requests;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::platform::hub::Hub;

pub(crate) fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/", get(overview::page))
        .route("/connections", get(connections::page))
        .route("/applications", get(applications::page))
        .route("/deliveries", get(deliveries::log))
        .route("/deliveries/{id}", get(deliveries::one))
        .route("/dead-letters", get(deliveries::dead))
        .route("/audit", get(audit::page))
        .route("/live", get(live::changes))
        .route("/clock", post(acts::clock))
        .route("/reset", post(acts::reset))
        .route("/connections/revoke", post(acts::revoke))
        .route("/applications/review", post(acts::review))
        .route("/deliveries/replay", post(acts::replay))
        .route("/dead-letters/replay", post(developer_acts::replay_dead))
        .route("/requests", get(requests::page))
        .route("/faults", get(faults::page))
        .route("/faults/arm", post(developer_acts::arm))
        .route("/faults/disarm", post(developer_acts::disarm))
        .route("/travel", post(developer_acts::travel))
        .route("/integrations/act", post(developer_acts::integration))
        .route("/organizer", get(organizer::page))
        .route("/events/act", post(organizer_acts::event))
        .route("/activities/change", post(organizer_acts::activity))
        .route("/webviews/add", post(organizer_acts::add_page))
        .route("/webviews/remove", post(organizer_acts::remove_page))
        .route("/participants", get(participants::page))
        .route("/participants/act", post(organizer_acts::participant))
        .route("/users/rename", post(organizer_acts::rename))
        .route("/users/revoke", post(organizer_acts::revoke_user))
}

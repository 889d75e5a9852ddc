//! The console: pages for the developer, the organizer and the participant. They update themselves.

mod applications;
mod audit;
mod connections;
mod deliveries;
mod developer_actions;
mod faults;
mod form;
mod integrations;
mod live;
mod organizer;
mod organizer_actions;
mod overview;
mod participant_actions;
mod participants;
mod parts;
mod receivers;
mod requests;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::runtime::Runtime;

pub(super) fn routes() -> Router<Arc<Runtime>> {
    Router::new()
        .route("/", get(overview::page))
        .route("/connections", get(connections::page))
        .route("/applications", get(applications::page))
        .route("/deliveries", get(deliveries::log))
        .route("/deliveries/{id}", get(deliveries::one))
        .route("/dead-letters", get(deliveries::dead_letters))
        .route("/requests", get(requests::page))
        .route("/audit", get(audit::page))
        .route("/faults", get(faults::page))
        .route("/integrations", get(integrations::page))
        .route("/organizer", get(organizer::page))
        .route("/participants", get(participants::page))
        .route("/live", get(live::changes))
        .route("/clock", post(developer_actions::clock))
        .route("/travel", post(developer_actions::travel))
        .route("/reset", post(developer_actions::reset))
        .route("/faults/arm", post(developer_actions::arm))
        .route("/faults/disarm", post(developer_actions::disarm))
        .route("/integrations/act", post(developer_actions::integration))
        .route("/deliveries/replay", post(developer_actions::replay))
        .route(
            "/dead-letters/replay",
            post(developer_actions::replay_dead_letters),
        )
        .route("/connections/connect", post(receivers::connect))
        .route("/connections/revoke", post(organizer_actions::revoke_connection))
        .route("/applications/review", post(organizer_actions::review))
        .route("/events/act", post(organizer_actions::event))
        .route("/activities/change", post(organizer_actions::activity))
        .route("/webviews/add", post(organizer_actions::add_page))
        .route("/webviews/remove", post(organizer_actions::remove_page))
        .route("/participants/act", post(participant_actions::application))
        .route("/users/rename", post(participant_actions::rename))
        .route("/users/revoke", post(participant_actions::revoke_access))
}

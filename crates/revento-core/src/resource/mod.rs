//! What the read API and the webhooks carry (contract §3.4).
//!
//! Only what the contract promises is required; everything else is optional. What an organizer's
//! form asks (`custom_form_fields`) stays raw text until somebody wants it as a type of their own.

mod activity;
mod application;
mod event;
mod form;
mod participant;
mod profile;
mod program;

pub use activity::{Activity, ActivityCapacity, ActivityStatus, CapacityState};
pub use application::{Application, ApplicationStatus};
pub use event::{Event, MinAge, PublishStatus};
pub use form::{FormFields, ParseFormError};
pub use participant::{Participant, ReviewAction};
pub use profile::Profile;
pub use program::{
    GrantedScopes, Installation, InstallationStatus, Location, Program, ProgramDay, RegistrationWave, Thread,
};

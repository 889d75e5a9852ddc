//! What the read API and the webhooks carry (contract §3.4).
//!
//! Promised fields are required, all others are optional. The answers to an organizer's form (`custom_form_fields`) stay
//! raw until the caller reads them as a type of its own.
//!
//! # In tests
//! With the feature `test-util` each resource has an `example()` and a setter for each field, so that a handler can be
//! tested without writing JSON:
//!
#![cfg_attr(feature = "test-util", doc = "```")]
#![cfg_attr(not(feature = "test-util"), doc = "```ignore")]
//! use revento_core::{Envelope, kind::ApplicationApproved, resource::Application};
//!
//! let application = Application::example().id("app_1").approver_id("usr_2");
//! let envelope = Envelope::example_of::<ApplicationApproved>(&application);
//! assert_eq!(envelope.read::<ApplicationApproved>()?, application);
//! # Ok::<(), revento_core::EnvelopeError>(())
//! ```

mod activity;
mod application;
mod ended;
mod event;
mod form;
mod participant;
mod profile;
mod program;
#[cfg(test)]
mod tests;

pub use activity::{Activity, ActivityCapacity, ActivityStatus, CapacityState};
pub use application::{Application, ApplicationStatus};
pub use ended::{DeletionRequired, Suspension, UserRevoked};
pub use event::{Event, MinAge, PublishStatus};
pub use form::{FormFields, ParseFormError};
pub use participant::{Participant, ParticipantStatus, ReviewAction};
pub use profile::Profile;
pub use program::{
    GrantedScopes, Installation, InstallationStatus, Location, Program, ProgramDay, RegistrationWave, Thread,
};

//! The rows of the platform's tables.

mod answers;
mod audit;
mod catalog;
mod credentials;
mod deliveries;
mod grants;
mod listeners;
mod numbers;
mod people;
mod program;

pub(crate) use answers::{AnsweredConsent, AnsweredConsents, ConsentAnswer};
pub(crate) use audit::AuditEntry;
pub(crate) use catalog::{Event, Organization, PublishStatus};
pub(crate) use credentials::{Credential, IntegrationStatus, Listing, SecretKind};
pub(crate) use deliveries::{Attempt, Delivery, DeliveryStatus};
pub(crate) use grants::{AccessToken, Code, Connection, Consent, Family, Flow, RefreshToken, Revocation};
pub(crate) use listeners::Listener;
pub(crate) use numbers::{Counter, Setting};
pub(crate) use people::{ApplicationStatus, Participant, Review, User, default_role};
pub(crate) use program::{Activity, CapacityNotice, Location, Thread, Wave, WebviewPage};

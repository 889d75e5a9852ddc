//! The rows that the platform keeps.

mod catalog;
mod credentials;
mod deliveries;
mod grants;
mod ledger;
mod people;
mod program;

pub(crate) use catalog::{Event, Organization, PublishStatus};
pub(crate) use credentials::{Credential, Listing, SecretKind, Standing};
pub(crate) use deliveries::{Attempt, Delivery, DeliveryStatus};
pub(crate) use grants::{AccessToken, Code, Connection, Consent, Family, Flow, RefreshToken, Revocation};
pub(crate) use ledger::{AuditEntry, Counter, Setting};
pub(crate) use people::{ApplicationStatus, Participant, Review, User};
pub(crate) use program::{Activity, CapacityNotice, Location, Thread, Wave, WebviewPage};

macro_rules! row {
    ($type:ty, $table:literal, $key:ident) => {
        impl crate::platform::table::Row for $type {
            const TABLE: &'static str = $table;
            fn key(&self) -> &str {
                &self.$key
            }
        }
    };
}
pub(crate) use row;

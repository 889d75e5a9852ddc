//! An event's program and its parts, and the list of installations.

use super::Activity;
use crate::{
    ActivityId, EventId, LocationId, OrganizationId, Scopes, ThreadId, Timestamp, WaveId, record::record,
    text_enum::text_enum,
};

record! {
    /// The answer of `GET /events/{id}/program`: the whole program (contract §3.2).
    #[derive(Debug, Clone, PartialEq)]
    Program {
        required {
            /// The days.
            pub days: Vec<ProgramDay> = vec![ProgramDay::example()],
            /// The threads.
            pub threads: Vec<Thread> = vec![Thread::example()],
            /// The activities of all days.
            pub activities: Vec<Activity> = vec![Activity::example()],
        }
        optional {
            /// The event.
            pub event_id: Option<EventId> = "evt_abc123",
        }
    }
}

record! {
    /// A day of a program. The contract names no field, so all are optional.
    #[derive(Debug, Clone, PartialEq)]
    ProgramDay {
        required {}
        optional {
            /// The calendar day at the event's place, such as `2026-05-09`.
            pub date: Option<String> = "2026-06-08",
            /// When the first activity starts.
            pub starts_at: Option<Timestamp>,
            /// When the last activity ends.
            pub ends_at: Option<Timestamp>,
            /// The activities, by the time of their start.
            pub activity_ids: Vec<ActivityId> = vec![ActivityId::new("act_001")],
        }
    }
}

record! {
    /// A thread, which groups activities over the days: an item of `GET /events/{id}/threads`.
    #[derive(Debug, Clone, PartialEq)]
    Thread {
        required {
            /// The thread's id.
            pub id: ThreadId = "thr_001",
        }
        optional {
            /// The event.
            pub event_id: Option<EventId> = "evt_abc123",
            /// The name.
            pub name: Option<String> = "Main",
            /// The description.
            pub description: Option<String>,
            /// The position among the threads.
            pub position: Option<i64>,
        }
    }
}

record! {
    /// A place for activities: an item of `GET /events/{id}/locations`.
    #[derive(Debug, Clone, PartialEq)]
    Location {
        required {
            /// The location's id.
            pub id: LocationId = "loc_001",
        }
        optional {
            /// The event.
            pub event_id: Option<EventId> = "evt_abc123",
            /// The name.
            pub name: Option<String> = "Main",
            /// The venue.
            pub venue: Option<String> = "Old Mill",
            /// The building.
            pub building: Option<String>,
            /// The floor.
            pub floor: Option<String>,
            /// How many people the location holds.
            pub capacity: Option<u64>,
        }
    }
}

record! {
    /// A period in which people can apply: an item of `GET /events/{id}/registration-waves`.
    #[derive(Debug, Clone, PartialEq)]
    RegistrationWave {
        required {
            /// The wave's id.
            pub id: WaveId = "wav_001",
        }
        optional {
            /// The event.
            pub event_id: Option<EventId> = "evt_abc123",
            /// The name.
            pub name: Option<String> = "Main",
            /// When the wave opens.
            pub opens_at: Option<Timestamp> = Timestamp::from_unix_seconds(1_775_001_600),
            /// When the wave closes.
            pub closes_at: Option<Timestamp> = Timestamp::from_unix_seconds(1_777_593_600),
            /// How many applications the wave accepts.
            pub capacity: Option<u64>,
        }
    }
}

text_enum! {
    /// The status of a connection, as the platform lists it.
    InstallationStatus {
        /// The connection is active.
        Active = "active",
        /// The connection needs a new consent.
        ConsentRequired = "consent_required",
        /// The connection has ended.
        Revoked = "revoked",
    }
}

record! {
    /// A connection in the platform's list for the integration's developer: an item of
    /// `GET /developer/integrations/{id}/installations` (contract §3.2).
    #[derive(Debug, Clone, PartialEq)]
    Installation {
        required {
            /// The event.
            pub event_id: EventId = "evt_abc123",
            /// The organization.
            pub organization_id: OrganizationId = "org_xyz789",
        }
        optional {
            /// The connection's id.
            pub id: Option<Box<str>> = "ins_001",
            /// The connection's status.
            pub status: Option<InstallationStatus> = InstallationStatus::Active,
            /// The granted scopes.
            pub scopes: Option<GrantedScopes> = Scopes::parse("event.read participants.read"),
            /// When the organizer consented.
            pub connected_at: Option<Timestamp> = Timestamp::from_unix_seconds(1_778_336_551),
            /// When the connection ended.
            pub ended_at: Option<Timestamp>,
            /// What ended the connection.
            pub ended_reason: Option<String>,
        }
    }
}

/// Scopes that are read from a list or from one text with spaces.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct GrantedScopes(Vec<String>);

impl GrantedScopes {
    /// The scopes.
    pub fn scopes(&self) -> Scopes {
        Scopes::parse(&self.0.join(" "))
    }
}

impl From<Scopes> for GrantedScopes {
    fn from(scopes: Scopes) -> Self {
        Self(scopes.iter().map(|scope| scope.as_str().to_owned()).collect())
    }
}

impl<'de> serde::Deserialize<'de> for GrantedScopes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Either {
            Text(String),
            List(Vec<String>),
        }
        Ok(Self(match Either::deserialize(deserializer)? {
            Either::Text(text) => text.split_whitespace().map(str::to_owned).collect(),
            Either::List(list) => list,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a23_a_location_without_its_id_is_an_error_that_names_it() {
        let error = serde_json::from_str::<Location>(r#"{"name":"Hall 1"}"#).unwrap_err();
        assert!(error.to_string().contains("`id`"), "{error}");
        let location: Location = serde_json::from_str(r#"{"id":"loc_1","lift":true}"#).unwrap();
        assert_eq!(location.extra().json("lift"), Some("true"));
    }

    #[test]
    fn o15_granted_scopes_are_read_as_a_list_or_as_text() {
        for scopes in [r#"["event.read","x.y"]"#, r#""event.read x.y""#] {
            let json = format!(r#"{{"event_id":"evt_1","organization_id":"org_1","scopes":{scopes}}}"#);
            let installation: Installation = serde_json::from_str(&json).unwrap();
            assert_eq!(
                installation.scopes.unwrap().scopes(),
                Scopes::parse("event.read x.y")
            );
        }
    }
}

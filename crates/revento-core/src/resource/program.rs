//! An event's program as a whole, and what it is made of.

use super::Activity;
use crate::{
    ActivityId, EventId, LocationId, OrganizationId, Scopes, ThreadId, Timestamp, WaveId, record::record,
    text_enum::text_enum,
};

record! {
    /// `GET /events/{id}/program`: everything at once (contract §3.2).
    #[derive(Debug, Clone, PartialEq)]
    Program {
        required {
            /// The days, each with what takes place on it.
            pub days: Vec<ProgramDay>,
            /// The threads.
            pub threads: Vec<Thread>,
            /// The activities of all days.
            pub activities: Vec<Activity>,
        }
        optional {
            /// The event.
            pub event_id: Option<EventId>,
        }
    }
}

record! {
    /// A day of a program. The contract names no field of it, so all are optional.
    #[derive(Debug, Clone, PartialEq)]
    ProgramDay {
        required {}
        optional {
            /// The calendar day at the event's place, such as `2026-05-09`.
            pub date: Option<String>,
            /// When its first activity starts.
            pub starts_at: Option<Timestamp>,
            /// When its last activity ends.
            pub ends_at: Option<Timestamp>,
            /// What takes place, in the order in which it starts.
            pub activity_ids: Vec<ActivityId>,
        }
    }
}

record! {
    /// A line of activities through the days, an entry of `GET /events/{id}/threads`.
    #[derive(Debug, Clone, PartialEq)]
    Thread {
        required {
            /// Its id.
            pub id: ThreadId,
        }
        optional {
            /// The event.
            pub event_id: Option<EventId>,
            /// Its name.
            pub name: Option<String>,
            /// What it is about.
            pub description: Option<String>,
            /// Where it stands among the others.
            pub position: Option<i64>,
        }
    }
}

record! {
    /// Where activities take place, an entry of `GET /events/{id}/locations`.
    #[derive(Debug, Clone, PartialEq)]
    Location {
        required {
            /// Its id.
            pub id: LocationId,
        }
        optional {
            /// The event.
            pub event_id: Option<EventId>,
            /// Its name.
            pub name: Option<String>,
            /// The venue that it belongs to.
            pub venue: Option<String>,
            /// The building.
            pub building: Option<String>,
            /// The floor.
            pub floor: Option<String>,
            /// How many it holds.
            pub capacity: Option<u64>,
        }
    }
}

record! {
    /// A window in which one can apply, an entry of `GET /events/{id}/registration-waves`.
    #[derive(Debug, Clone, PartialEq)]
    RegistrationWave {
        required {
            /// Its id.
            pub id: WaveId,
        }
        optional {
            /// The event.
            pub event_id: Option<EventId>,
            /// Its name.
            pub name: Option<String>,
            /// When it opens.
            pub opens_at: Option<Timestamp>,
            /// When it closes.
            pub closes_at: Option<Timestamp>,
            /// How many it lets in.
            pub capacity: Option<u64>,
        }
    }
}

text_enum! {
    /// Where the platform says that a connection stands.
    InstallationStatus {
        /// It holds.
        Active = "active",
        /// It needs a new consent.
        ConsentRequired = "consent_required",
        /// It has ended.
        Revoked = "revoked",
    }
}

record! {
    /// One connection as the platform lists it for the integration's developer, an entry of
    /// `GET /developer/integrations/{id}/installations` (contract §3.2).
    #[derive(Debug, Clone, PartialEq)]
    Installation {
        required {
            /// The event.
            pub event_id: EventId,
            /// The organization.
            pub organization_id: OrganizationId,
        }
        optional {
            /// The connection's own id.
            pub id: Option<Box<str>>,
            /// Where it stands.
            pub status: Option<InstallationStatus>,
            /// What was granted.
            pub scopes: Option<GrantedScopes>,
            /// When the organizer consented.
            pub connected_at: Option<Timestamp>,
            /// When it ended.
            pub ended_at: Option<Timestamp>,
            /// What ended it.
            pub ended_reason: Option<String>,
        }
    }
}

/// Scopes as a list or as one text with spaces; both are read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct GrantedScopes(Vec<String>);

impl GrantedScopes {
    /// The scopes.
    pub fn scopes(&self) -> Scopes {
        Scopes::parse(&self.0.join(" "))
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
    fn a23_a_place_without_its_id_is_an_error_that_names_it() {
        let error = serde_json::from_str::<Location>(r#"{"name":"Hall 1"}"#).unwrap_err();
        assert!(error.to_string().contains("`id`"), "{error}");
        let place: Location = serde_json::from_str(r#"{"id":"loc_1","lift":true}"#).unwrap();
        assert_eq!(place.extra().json("lift"), Some("true"));
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

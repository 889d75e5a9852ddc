//! A signed-in participant.

use crate::{UserId, record::record};

record! {
    /// `GET /me/profile`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    Profile {
        required {
            /// Their name.
            pub name: String,
            /// Their address.
            pub email: String,
        }
        optional {
            /// Their id.
            pub id: Option<UserId>,
        }
    }
}

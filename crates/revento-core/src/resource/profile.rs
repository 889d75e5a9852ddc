//! The profile of a signed-in participant.

use crate::{UserId, record::record};

record! {
    /// The answer of `GET /me/profile` (contract §3.2).
    #[derive(Debug, Clone, PartialEq, Eq)]
    Profile {
        required {
            /// The participant's name.
            pub name: String = "Ada Lovelace",
            /// The participant's email address.
            pub email: String = "ada@example.com",
        }
        optional {
            /// The participant's id.
            pub id: Option<UserId> = "usr_def456",
        }
    }
}

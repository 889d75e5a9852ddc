//! Stored connections.
//!
//! | file | what it does |
//! |---|---|
//! | `stored` | loads, lists and deletes connections |
//! | `connect` | begins a connection: the authorization request, and the exchange of the code |
//! | `webhook` | applies webhooks to connections |

mod connect;
mod stored;
mod webhook;

pub(crate) use self::stored::Connections;

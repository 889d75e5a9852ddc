//! Stored connections.
//!
//! | file | what it does |
//! |---|---|
//! | `stored` | loads, lists and deletes connections |
//! | `connect` | begins a connection: the authorization request, and the exchange of the code |
//! | `webhook` | applies webhooks to connections |
//!
//! May use `session`, `lifecycle`, `sealed_tokens`, `token_endpoint`, `tasks`, `runtime` and `error`.

mod connect;
mod stored;
mod webhook;

pub(crate) use self::stored::Connections;

//! The Revento SDK's token store and shared rate budget on Redis or Valkey, for any number of replicas.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use revento_store_redis::RedisStore;
//!
//! let store = RedisStore::connect("rediss://revento:secret@cache.internal/0").await?;
//! # Ok(()) }
//! ```
//!
//! # What it asks of the server
//! A spent refresh token that comes back after a crash revokes a whole token family. So a server that
//! can lose what it has acknowledged is refused when connecting, with an [`OpenError`] that says what to
//! change: `appendonly yes`, `appendfsync always`, and a `maxmemory-policy` that evicts no keys without
//! an expiry. If the server hides its settings (many hosted ones do), or if you accept the risk,
//! call [`RedisOptions::trust_the_server`]. A fail-over to a replica can lose the last writes in
//! any case: Redis replicates asynchronously. If you cannot accept that, use PostgreSQL.
//!
//! It implements no inbox and no deletion store: both need queries by several columns. Use PostgreSQL or SQLite for them.
//!
//! # How it works
//! Every method that writes is one Lua script, which the server runs by itself: no lost updates, no
//! locks. All keys begin with `{revento}:` (or another [prefix](RedisOptions::prefix)). A record is a hash; what is due is found in a sorted set, and what
//! belongs to an event or an integration in sets that change together with the record. No record expires
//! by the server's clock.
//!
//! The same handle is a [`BudgetStore`](revento_store::BudgetStore): replicas that share it stay below a token's rate
//! budgets together. What has been spent is a short-lived key, which a server may lose without harm.
//!
//! A connection that broke is opened again; the call during which it broke fails and may have taken
//! effect.

mod budgets;
mod error;
mod keys;
mod open_error;
mod options;
mod record;
mod scripts;
mod store;
mod tokens;

pub use open_error::OpenError;
pub use options::RedisOptions;
pub use store::RedisStore;

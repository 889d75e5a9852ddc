//! The Revento SDK's token store, use-once marks and shared rate budget on Redis or Valkey, for any number of replicas.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use revento_store_redis::RedisStore;
//!
//! let store = RedisStore::connect("rediss://revento:secret@cache.internal/0").await?;
//! # Ok(()) }
//! ```
//!
//! # What the server has to do
//! A used refresh token that comes back after a crash revokes a whole token family. So the store refuses a server that can lose what it
//! has acknowledged, with an [`OpenError`] that says what to change: `appendonly yes`, `appendfsync always`, and a `maxmemory-policy`
//! that evicts no keys without an expiry. If the server hides its settings, as many hosted ones do, or if you accept the risk, call
//! [`RedisOptions::trust_the_server`]. A fail-over to a replica can lose the last writes in any case: Redis replicates asynchronously.
//! If you cannot accept that, use PostgreSQL or NATS.
//!
//! A server on another machine has to speak TLS (`rediss://`), unless [`RedisOptions::allow_plain_text`] says otherwise. The store reads
//! no environment variable.
//!
//! It implements no inbox and no deletion store. Redis holds everything in memory, a week of deliveries and their bodies, too. And a
//! fail-over can lose a delivery that was acknowledged: the platform never sends it again. Use PostgreSQL, NATS or SQLite for them.
//!
//! # How it works
//! Each method that writes is one Lua script, which the server runs as a whole: no lost updates, no locks. All keys begin with
//! `{revento}:` (or another [prefix](RedisOptions::prefix)). A record is a hash. A sorted set has the connections that are due, and
//! others have those of an event or an integration; they change together with the record. No record expires by the server's clock.
//!
//! The same handle is a [`BudgetStore`](revento_store::BudgetStore): replicas that share it stay below a token's rate budgets together.
//! What has been spent is a key with an expiry, which a server may lose without harm.
//!
//! It is an [`Once`](revento_store::Once), too. A mark is a key that expires an hour after its end by the server's clock. A fail-over that
//! loses a mark lets a second replica take it. Then a callback that comes again sends its code a second time, and the platform
//! revokes what the first one issued.
//!
//! If the connection was lost, because the server or a balancer closed it, the store opens another one and makes the call again. A write
//! that had arrived is not made twice: the record keeps the name of the call that wrote it. Only if another replica has changed the
//! record meanwhile, the call fails and may have taken effect. A call that gets no answer in five seconds is not made again.
//!
//! # Features
//! It has no Cargo features.
//!
//! # What it does not do
//! No inbox and no deletion store, for the reasons above, and no tables for `revento-mirror`.
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

mod budgets;
mod call;
mod error;
mod keys;
mod once;
mod open_error;
mod options;
mod record;
mod scripts;
mod store;
mod tokens;
mod url;

pub use open_error::OpenError;
pub use options::RedisOptions;
pub use store::RedisStore;

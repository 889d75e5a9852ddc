//! Tests of the mirror against a platform in memory, with a clock that only the test moves.

mod budget;
mod changes;
mod counting_store;
mod lifecycle;
mod model;
mod platform;
mod queries;
mod replicas;
mod sync;
mod world;

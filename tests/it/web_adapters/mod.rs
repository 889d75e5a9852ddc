//! One suite over real sockets for the pages of `revento-web` in tower, axum and actix-web. They behave alike.
//!
//! What does not depend on an adapter is tested in `revento-web`.

mod browser;
mod flows;
mod pages;
mod requests;
mod server;
mod site;

use self::server::Adapter;

const ALL: [Adapter; 3] = [Adapter::Tower, Adapter::Axum, Adapter::Actix];

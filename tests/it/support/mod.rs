//! What scenarios share.

pub(crate) mod accessibility;
pub(crate) mod browser;
pub(crate) mod callsites;
pub(crate) mod control;
pub(crate) mod engine;
pub(crate) mod foreign;
pub(crate) mod install;
pub(crate) mod languages;
pub(crate) mod page;
pub(crate) mod platform;
pub(crate) mod port;
pub(crate) mod program;
pub(crate) mod quickstarts;
pub(crate) mod receiver;
pub(crate) mod service;
pub(crate) mod terminal;
pub(crate) mod visitor;
pub(crate) mod wait;

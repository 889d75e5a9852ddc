//! The shipped code of a crate, parsed: its modules, what each defines and imports, and every path that it mentions.
//!
//! `tree` loads the files, `shipped` leaves out what is only for tests, `mentions` collects paths, `resolve` finds the
//! module that defines what a path names.

mod mentions;
mod resolve;
mod shipped;
mod tree;

pub(crate) use tree::{Crate, ModulePath};

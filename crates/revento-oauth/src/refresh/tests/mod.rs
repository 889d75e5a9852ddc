//! The machine in a world of its own: a store, a platform and a clock that are values.

mod cases;
mod doubt;
mod model;
mod odd_answers;
mod properties;
mod sim;
mod takeover;

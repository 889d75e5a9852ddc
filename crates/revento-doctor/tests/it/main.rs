//! The doctor with small receivers, over real sockets.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that finds something else than it expects has to fail"
)]

mod a_receiver_behind_tls;
mod receiver;
mod the_answer_that_was_expected;

//! The suite that every transport passes, over real sockets.
//!
//! [`transport_suite!`](crate::transport_suite) turns it into tests, one for each promise. It needs
//! nothing but a function that makes a transport from a [`Setup`]:
//!
//! ```ignore
//! revento_transport::transport_suite!(|setup| MyTransport::builder()
//!     .timeout(setup.timeout)
//!     .connect_timeout(setup.connect_timeout)
//!     .largest_response(setup.largest_response)
//!     .proxy(setup.proxy.as_deref())
//!     .build()
//!     .unwrap());
//! ```
//!
//! A check panics when the promise is broken, and says what goes wrong in production then.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    missing_docs,
    reason = "each function is a check: its name is the promise, and it panics when that is broken"
)]

mod answers;
mod doubts;
mod peer;
mod proxies;
mod sockets;

use std::time::Duration;

pub use answers::*;
pub use doubts::*;
pub use proxies::*;
pub use sockets::*;

use crate::Transport;

/// What a check asks of the transport that it is given.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Setup {
    /// For a whole exchange.
    pub timeout: Duration,
    /// For the connection and the handshake; it is the shorter one of the two.
    pub connect_timeout: Duration,
    /// The most bytes that the body of a response may have.
    pub largest_response: usize,
    /// The proxy to go through: an `http://` URL, perhaps with a user name and a password.
    pub proxy: Option<String>,
}

impl Setup {
    fn usual() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            largest_response: 1024,
            proxy: None,
        }
    }

    /// For checks in which time runs out.
    fn hasty() -> Self {
        Self {
            timeout: Duration::from_millis(500),
            connect_timeout: Duration::from_millis(200),
            ..Self::usual()
        }
    }
}

/// How a check gets its transport.
pub type Make<'a> = &'a dyn Fn(&Setup) -> Box<dyn Transport>;

/// Longer than any check takes with a transport that keeps its times.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs one check to its end, on a runtime of its own. What [`transport_suite!`](crate::transport_suite) calls.
pub fn run(check: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let outcome = runtime.block_on(async { tokio::time::timeout(PATIENCE, check).await });
    assert!(outcome.is_ok(), "the transport waits for ever: bound its time");
    // A name server may still be pondering.
    runtime.shutdown_background();
}

/// Makes one test of each check of the [suite](crate::suite), for the transport that the function makes.
#[macro_export]
macro_rules! transport_suite {
    ($make:expr) => {
        $crate::transport_suite!(@each $make;
            an_answer_of_any_status_is_an_answer
            the_request_arrives_as_it_was_given
            answers_without_a_body_are_whole
            a_response_may_be_as_large_as_agreed
            a_response_that_is_too_large_is_cut
            a_response_that_announces_too_much_is_refused
            o14_redirects_are_answers
            many_at_once_get_their_own_answers
            connections_are_used_again
            a_connection_that_the_peer_has_closed_is_no_trouble
            a4_dropping_the_call_ends_it
            a_closed_port_never_received_anything
            a_name_that_does_not_exist_never_received_anything
            t7_a_handshake_that_never_ends_was_never_sent
            t7_a_reset_after_the_request_may_have_arrived
            t7_a_close_without_an_answer_may_have_arrived
            t7_a_peer_that_never_answers_may_have_received_it
            t7_an_answer_that_breaks_off_may_have_arrived
            t7_an_answer_that_drips_for_ever_is_cut_off
            t7_an_answer_that_is_no_http_may_have_arrived
            t7_nothing_is_sent_twice
            t7_nothing_is_sent_twice_on_a_connection_used_again
            a28_a_proxy_forwards
            a28_a_proxy_tunnels
            a28_a_tunnel_that_is_refused_was_never_sent
        );
    };
    (@each $make:expr; $($check:ident)*) => {
        $(
            #[test]
            fn $check() {
                let make = $make;
                $crate::suite::run($crate::suite::$check(&|setup| ::std::boxed::Box::new(make(setup))));
            }
        )*
    };
}

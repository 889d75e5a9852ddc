//! The conformance suite for transports, over real sockets.
//!
//! [`transport_suite!`](crate::transport_suite) makes one test of each check. It takes a function that builds a
//! transport from an [`HttpConfig`]:
//!
//! ```ignore
//! revento_transport::transport_suite!(|config| MyTransport::with_config(config).unwrap());
//! ```
//!
//! The transport has to respect `timeout`, `connect_timeout`, `max_response_bytes` and `proxy`. A check panics when
//! the transport breaks the promise that it is named for, and its message names the consequence in production.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    missing_docs,
    reason = "each function is a check: its name is the promise, and it panics when the transport breaks it"
)]

mod connections;
mod failures;
mod peer;
mod proxies;
mod responses;

use std::time::Duration;

pub use connections::*;
pub use failures::*;
pub use proxies::*;
pub use responses::*;

use crate::{HttpConfig, Transport};

fn usual() -> HttpConfig {
    HttpConfig::new()
        .timeout(Duration::from_secs(30))
        .connect_timeout(Duration::from_secs(10))
        .max_response_bytes(1024)
}

/// For checks in which a timeout passes.
fn hasty() -> HttpConfig {
    usual()
        .timeout(Duration::from_millis(500))
        .connect_timeout(Duration::from_millis(200))
}

/// How a check gets its transport.
pub type Make<'a> = &'a dyn Fn(HttpConfig) -> Box<dyn Transport>;

/// Longer than any check takes with a transport that respects its timeouts.
const CHECK_TIMEOUT: Duration = Duration::from_secs(120);

/// Runs one check on its own runtime. [`transport_suite!`](crate::transport_suite) calls it.
pub fn run(check: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let outcome = runtime.block_on(async { tokio::time::timeout(CHECK_TIMEOUT, check).await });
    assert!(
        outcome.is_ok(),
        "the transport waits without a limit: respect `HttpConfig::timeout`"
    );
    // A name lookup may still block a thread.
    runtime.shutdown_background();
}

/// Makes one test of each check of the [suite](crate::suite). The argument builds a transport from an
/// [`HttpConfig`](crate::HttpConfig).
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
            h7_no_password_is_shown
            h28_a_runtime_that_ends_during_a_call_leaves_the_outcome_open
        );
    };
    (@each $make:expr; $($check:ident)*) => {
        $(
            #[test]
            fn $check() {
                let make = $make;
                $crate::suite::run($crate::suite::$check(&|config| ::std::boxed::Box::new(make(config))));
            }
        )*
    };
}

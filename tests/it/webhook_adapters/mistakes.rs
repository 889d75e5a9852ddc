//! Failures after the verification.

use std::time::Duration;

use tokio::time::timeout;

use super::{ALL, approved, signed_post, verifier};

/// The platform waits 10 s for a response. The adapter answers earlier.
#[tokio::test(flavor = "multi_thread")]
async fn d12_a_store_that_hangs_is_503_within_the_budget() {
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        server.shelf.get_stuck();
        let sending = approved("/inbox").send(server.port);
        let response = timeout(Duration::from_secs(5), sending).await.unwrap();
        assert_eq!(
            (response.status, &*response.body),
            (503, &b"the delivery was not stored in time: send it again\n"[..]),
            "{adapter:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d13_a_handler_that_panics_is_503_and_the_next_one_is_served() {
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        let response = signed_post("/handled", "panic", b"{}").send(server.port).await;
        assert_eq!(response.status, 503, "{adapter:?}");
        assert!(!String::from_utf8_lossy(&response.body).contains("panic"));
        assert_eq!(
            approved("/handled").send(server.port).await.status,
            200,
            "{adapter:?}"
        );
    }
}

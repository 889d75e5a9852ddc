//! The list of installations, which uses no token and no budget (contract §3.2, §3.5).

use futures_util::TryStreamExt;
use revento_api::{Error, Retry};
use revento_core::ApiErrorCode;
use revento_sandbox::Fault;
use revento_store::Clock;

use crate::support::live::{Live, PUBLISHED};

fn arm(live: &Live, faults: &[&str]) {
    for fault in faults {
        live.sandbox
            .arm(Fault::named(*fault).at("installations"))
            .unwrap();
    }
    live.wire.take_reads();
}

async fn events(live: &Live) -> Result<Vec<String>, Error> {
    let list = live.client.installations().list().stream();
    list.map_ok(|connection| connection.event_id.as_str().to_owned())
        .try_collect()
        .await
}

#[tokio::test]
async fn a10_whatever_passes_is_waited_for() {
    let live = Live::connected().await;
    let passing = [
        "rate_limited",
        "rate_limited_date",
        "rate_limited_silent",
        "concurrent_limited",
        "server_error",
        "unavailable",
        "html_error",
        "answer_lost",
        "truncated_body",
    ];
    for fault in passing {
        arm(&live, &[fault]);
        let read = events(&live).await;
        if fault == "rate_limited_date" {
            // Twelve years are longer than the patience.
            assert!(
                matches!(read, Err(Error::Refused { status: 429, .. })),
                "{read:?}"
            );
            continue;
        }
        assert_eq!(read.unwrap(), [PUBLISHED], "{fault}");
        assert_eq!(live.wire.take_reads().len(), 2, "{fault}");
    }
}

#[tokio::test]
async fn a7_a_429_is_waited_for_as_long_as_it_says() {
    let live = Live::connected().await;
    arm(&live, &["rate_limited"]);
    let begun = live.time.now();
    events(&live).await.unwrap();
    let waited = live.time.now().saturating_since(begun);
    assert!(waited.as_millis() >= 2000, "{waited:?}");
}

#[tokio::test]
async fn a11_attempts_are_bounded_and_all_of_them_are_told() {
    let live = Live::connected().await;
    arm(&live, &["server_error"; 9]);
    let error = events(&live).await.unwrap_err();
    let sent = live.wire.take_reads().len();
    assert!(matches!(error, Error::Refused { status: 500, .. }), "{error}");
    assert_eq!(error.attempts().len(), sent);
    assert!(error.is_transient() && error.request_id().is_some());
    // The list has the client's retry policy.
    let never = live.replica(|builder| builder.retry(Retry::never()));
    arm(&live, &[]);
    never
        .installations()
        .list()
        .stream()
        .try_next()
        .await
        .unwrap_err();
    assert_eq!(live.wire.take_reads().len(), 1);
}

#[tokio::test]
async fn a10_a_401_is_final_and_harms_no_connection() {
    for (fault, code) in [
        ("token_expired", ApiErrorCode::TokenExpired),
        ("token_revoked", ApiErrorCode::TokenRevoked),
    ] {
        let live = Live::connected().await;
        arm(&live, &[fault]);
        let error = events(&live).await.unwrap_err();
        assert!(
            matches!(&error, Error::Refused { code: told, .. } if *told == code),
            "{error}"
        );
        assert_eq!(
            live.wire.take_reads().len(),
            1,
            "{fault}: nothing can be refreshed here"
        );
        // The platform refused the integration's credential, not an organizer's.
        live.event().get().await.unwrap();
        assert_eq!(live.sandbox.stats().await.unwrap().refreshes, 0);
    }
}

#[tokio::test]
async fn a16_no_tokens_budget_is_spent() {
    let live = Live::connected().await;
    live.event().get().await.unwrap();
    let before = live.event().budget_remaining();
    let begun = live.time.now();
    for _ in 0..40 {
        events(&live).await.unwrap();
    }
    assert_eq!(
        live.event().budget_remaining().unwrap().hour,
        before.unwrap().hour
    );
    assert_eq!(live.rate_limited().await, 0);
    assert!(
        live.time.now().saturating_since(begun).as_secs() < 30,
        "nothing was paced"
    );
}

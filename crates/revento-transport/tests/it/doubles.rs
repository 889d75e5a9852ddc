//! The doubles do what their names say.

use std::{
    pin::pin,
    task::{Context, Waker},
};

use bytes::Bytes;
use revento_transport::{
    Transport,
    testing::{Faults, NeverAnswers, Scripted, TransportFault},
};

use crate::{get, says};

#[tokio::test]
async fn a_script_that_has_run_out_refuses() {
    let scripted = Scripted::new([Ok(says("once"))]);
    assert_eq!(scripted.send(get("/")).await.unwrap().into_body(), "once");
    assert!(!scripted.send(get("/")).await.unwrap_err().may_have_taken_effect());
    assert_eq!(scripted.take_requests().len(), 2);
}

#[test]
fn never_means_never() {
    let silent = NeverAnswers::new();
    let mut call = pin!(silent.send(get("/")));
    assert!(
        call.as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
    assert_eq!(silent.requests(), 1);
}

#[tokio::test]
async fn faults_say_what_the_transport_would_and_reach_the_peer_or_not() {
    let lost = [
        TransportFault::NeverSent,
        TransportFault::LostRequest,
        TransportFault::LostResponse,
    ];
    let platform = Scripted::new([Ok(says("lost")), Ok(says("cut off")), Ok(says("whole"))]);
    let answer = http::Response::builder().status(502).body(Bytes::new()).unwrap();
    let faults = Faults::in_order(
        platform,
        lost.into_iter()
            .chain([TransportFault::CutResponse(3), TransportFault::Respond(answer)]),
    );
    let mut arrived = Vec::new();
    let mut seen = Vec::new();
    for _ in 0..6 {
        seen.push(match faults.send(get("/")).await {
            Ok(answer) => format!("{} {:?}", answer.status().as_u16(), answer.body()),
            Err(error) => format!("in doubt: {}", error.may_have_taken_effect()),
        });
        arrived.push(faults.inner().take_requests().len());
    }
    let expected = [
        "in doubt: false",
        "in doubt: true",
        "in doubt: true",
        "200 b\"cut\"",
        "502 b\"\"",
        "200 b\"whole\"",
    ];
    assert_eq!(seen, expected);
    assert_eq!(arrived, [0, 0, 1, 1, 0, 1]);
    assert_eq!(faults.requests(), 6);
}

#[test]
fn a_call_that_hangs_has_arrived() {
    let faults = Faults::new(Scripted::new([Ok(says("never read"))]), |_, _| {
        TransportFault::Hang
    });
    let mut call = pin!(faults.send(get("/")));
    assert!(
        call.as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
    assert_eq!(faults.inner().take_requests().len(), 1);
}

//! A recording has no secrets, and replays.

use bytes::Bytes;
use http::{Request, Response};
use revento_transport::{
    Transport, TransportError,
    testing::{Recorder, Recording, Replay, Scripted},
};

use crate::{get, says};

fn refresh(token: &str) -> Request<Bytes> {
    let body = format!("grant_type=refresh_token&client_secret=planted&refresh_token={token}");
    Request::post("http://user:planted@platform.test/oauth/token?code=planted&limit=5")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", "Basic planted")
        .header("x-unknown", "planted")
        .body(Bytes::from(body))
        .unwrap()
}

async fn recorded() -> Recording {
    let tokens = concat!(
        r#"{"access_token":"rev_install_planted","refresh_token":"rev_refresh_planted","token_type":"Bearer","#,
        r#""expires_in":3600,"secrets":["planted"],"note":"use rev_user_planted."}"#
    );
    let answer = Response::builder()
        .header("content-type", "application/json")
        .header("content-length", "1")
        .header("set-cookie", "session=planted")
        .header("retry-after", "7")
        .body(Bytes::from(tokens))
        .unwrap();
    let page = says("<h1>502</h1> rev_refresh_planted; no JSON");
    let recorder = Recorder::new(Scripted::new([
        Ok(answer),
        Ok(page),
        Err(TransportError::may_have_been_sent("reset")),
    ]));
    recorder.send(refresh("rev_refresh_planted_too")).await.unwrap();
    recorder.send(get("/page")).await.unwrap();
    recorder.send(get("/page")).await.unwrap_err();
    recorder.recording()
}

#[tokio::test]
async fn a29_nothing_secret_is_recorded() {
    let text = recorded().await.to_json();
    assert!(!text.contains("planted"), "{text}");
    // Harmless fields stay.
    for kept in [
        "refresh_token",
        "limit=5",
        "expires_in",
        "3600",
        "retry-after",
        "<h1>502</h1>",
        "Bearer",
    ] {
        assert!(text.contains(kept), "{kept}: {text}");
    }
    let debug = format!("{:?}", recorded().await);
    assert!(!debug.contains("planted"), "{debug}");
}

#[tokio::test]
async fn a_replay_goes_as_before() {
    let text = recorded().await.to_json();
    let replay = Replay::new(Recording::from_json(&text).unwrap());
    // The order and the secrets of the requests do not matter.
    let page = replay.send(get("/page")).await.unwrap();
    assert_eq!(page.into_body(), "<h1>502</h1> rev_refresh_REMOVED; no JSON");
    let answer = replay.send(refresh("another")).await.unwrap();
    assert_eq!(answer.headers()["retry-after"], "7");
    assert!(!answer.headers().contains_key("content-length"));
    let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(body["access_token"], "rev_install_REMOVED");
    assert_eq!(replay.remaining(), 1);
    assert!(
        replay
            .send(get("/page"))
            .await
            .unwrap_err()
            .may_have_taken_effect()
    );

    let error = replay.send(get("/page?refresh_token=planted")).await.unwrap_err();
    assert!(!error.may_have_taken_effect());
    let text = revento_core::error::chain(&error).to_string();
    assert!(
        text.contains("no further GET http://platform.test/page?refresh_token=REMOVED"),
        "{text}"
    );
}

#[test]
fn a_text_that_is_not_a_recording_is_refused() {
    let error = Recording::from_json("{}").unwrap_err();
    assert!(
        error.to_string().starts_with("the text is not a recording"),
        "{error}"
    );
}

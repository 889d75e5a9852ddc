//! Answers that the sandbox does not give, from a script.

use futures_util::TryStreamExt;
use revento_api::{Error, Retry};
use revento_core::{ApiErrorCode, error::ErrorKind};
use revento_transport::TransportError;
use tracing::instrument::WithSubscriber as _;

use crate::{
    scripted::{EVENT, answer, client, client_of},
    telemetry::Lines,
};

#[tokio::test(start_paused = true)]
async fn a1_a_list_without_items_is_one_empty_page() {
    let (client, wire) = client([answer(
        200,
        &[],
        r#"{"data":[],"next_cursor":null,"has_more":false}"#,
    )])
    .await;
    let people: Vec<_> = client
        .event("evt_1")
        .participants()
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert!(people.is_empty());
    assert_eq!(wire.take_requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a14_a_body_that_is_nothing_goes_by_its_status() {
    let cases: [(u16, &[u8], &str); 6] = [
        (404, b"", "not_found"),
        (401, b"\xff\xfe", "invalid_token"),
        (403, b"<html>", "http_403"),
        (400, b"[]", "invalid_request"),
        (301, b"", "http_301"),
        (429, b"null", "rate_limit_exceeded"),
    ];
    for (status, body, wanted) in cases {
        let (client, _) = client([answer(status, &[], body)]).await;
        let event = client.event("evt_1").with_retry(Retry::never());
        let Error::Refused {
            status: told,
            code,
            request_id,
            ..
        } = event.get().await.unwrap_err()
        else {
            panic!("{status}")
        };
        assert_eq!((told, code.as_str()), (status, wanted));
        assert!(!request_id.as_str().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a15_what_the_platform_says_cannot_forge_a_line_of_a_log() {
    let body =
        r#"{"error":"not_found","message":"gone\n2026-05-09 ERROR forged \u001b[31m","request_id":"r-1"}"#;
    let (client, _) = client([answer(404, &[], body)]).await;
    let error = client.event("evt_1").get().await.unwrap_err();
    let text = error.to_string();
    assert!(!text.contains('\n') && !text.contains('\u{1b}'), "{text}");
    assert!(text.contains("r-1"), "{text}");
    // The code and the request's id can be odd, and the client limits their length.
    let long = "m".repeat(1_000_000);
    let body = format!(r#"{{"error":"x\n\u001b[31m\u202e{long}","message":"{long}","request_id":"r\n2"}}"#);
    let (client, _) = self::client([answer(503, &[], body.clone()), answer(404, &[], body)]).await;
    let error = client.event("evt_1").get().await.unwrap_err();
    let attempts = error.attempts().iter().map(|attempt| &*attempt.outcome);
    for text in attempts.chain([&*error.to_string(), error.request_id().unwrap().as_str()]) {
        assert!(!text.contains(['\n', '\u{1b}', '\u{202e}']), "{text}");
        assert!(text.len() < 1_000, "{}", text.len());
    }
    let body = "{\"id\":\"evt_1\",\"publish_status\":\"x\n";
    let (client, _) = self::client([answer(200, &[], body)]).await;
    let text = client.event("evt_1").get().await.unwrap_err().to_string();
    assert!(!text.contains('\n'), "{text}");
}

/// The code decides, whatever the other fields of the envelope are.
#[tokio::test(start_paused = true)]
async fn a14_a_message_that_is_no_text_hides_no_code() {
    for odd in [
        r#""message":7"#,
        r#""request_id":{}"#,
        r#""message":["a"],"request_id":1"#,
    ] {
        let refused = answer(
            429,
            &[],
            format!(r#"{{"error":"concurrent_limit_exceeded",{odd}}}"#),
        );
        let (client, wire) = client([refused, answer(200, &[], EVENT)]).await;
        client.event("evt_1").get().await.unwrap();
        assert_eq!(wire.take_requests().len(), 2);
        let refused = answer(403, &[], format!(r#"{{"error":"event_not_authorized",{odd}}}"#));
        let (client, _) = self::client([refused]).await;
        let error = client.event("evt_1").get().await.unwrap_err();
        assert!(error.to_string().contains("event_not_authorized"), "{error}");
    }
}

/// An answer that is not the API's is called that, instead of a parser's error.
#[tokio::test(start_paused = true)]
async fn a14_a_success_that_is_no_json_is_named() {
    for (status, body, said) in [
        (204, &b""[..], "it is empty"),
        (200, b" \n", "it is empty"),
        (
            200,
            b"<!doctype html><title>Sign in to the network",
            "a page in place of JSON",
        ),
        (200, b"\x1f\x8b\x08\x00", "compressed"),
        (200, b"{\"id\":\"ev", "it breaks off"),
        (200, b"null", "expected an object (Event), found null"),
        (200, b"\xff", "it is not valid JSON"),
    ] {
        let (client, wire) = client([answer(status, &[], body)]).await;
        let error = client.event("evt_1").get().await.unwrap_err();
        assert!(matches!(error, Error::Unreadable { .. }), "{error}");
        assert!(error.to_string().contains(said), "{error}");
        assert_eq!(wire.take_requests().len(), 1, "no repetition would help");
    }
}

/// The client follows no redirect: the credential would go to its target.
#[tokio::test(start_paused = true)]
async fn a14_a_redirect_is_an_error_with_a_remedy() {
    for status in [301, 302, 303, 307, 308] {
        let (client, wire) = client([answer(status, &[("location", "http://evil.test/")], "")]).await;
        let error = client.event("evt_1").get().await.unwrap_err();
        assert!(error.remedy().contains("API's base"), "{error}");
        assert_eq!(wire.take_requests().len(), 1);
    }
}

/// Cursors are opaque: the client sends them unchanged, and no part of one becomes another parameter or a header.
#[tokio::test(start_paused = true)]
async fn a2_a_cursor_is_sent_as_it_came_or_not_at_all() {
    let page = |cursor: &str, has_more: bool| {
        answer(
            200,
            &[],
            format!(r#"{{"data":[],"next_cursor":{cursor},"has_more":{has_more}}}"#),
        )
    };
    for (cursor, sent) in [
        (
            r#""a\r\nX: y&limit=1000#é+%""#,
            "a%0D%0AX%3A%20y%26limit%3D1000%23%C3%A9%2B%25",
        ),
        ("7", "7"),
    ] {
        let (client, wire) = client([page(cursor, true), page("{}", false)]).await;
        let mut pages = client.event("evt_1").participants().pages();
        while pages.next_page().await.unwrap().is_some() {}
        let asked = wire.take_requests();
        assert_eq!(asked.len(), 2);
        assert_eq!(asked[1].uri().query(), Some(&*format!("limit=50&cursor={sent}")));
    }
    let endless = format!("{:?}", "c".repeat(1_000_000));
    for nowhere in ["null", r#""""#, "{}", &endless] {
        let (client, wire) = client([page(nowhere, true), page("null", false)]).await;
        let error = client
            .event("evt_1")
            .participants()
            .pages()
            .next_page()
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Pages { .. }), "{error}");
        assert_eq!(wire.take_requests().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a22_an_endpoint_that_goes_away_is_told_of_once() {
    let leaving: &[(&str, &str)] = &[
        ("deprecation", "@1767225600"),
        ("sunset", "Wed, 01 Jul 2026 00:00:00 GMT"),
        (
            "link",
            "<https://docs.revento.example/v2>; rel=\"successor-version\"",
        ),
    ];
    let (client, _) = client((0..5).map(|_| answer(200, leaving, EVENT))).await;
    let lines = Lines::default();
    async {
        for _ in 0..5 {
            client.event("evt_1").get().await.unwrap();
        }
    }
    .with_subscriber(lines.subscriber())
    .await;
    let text = lines.text();
    assert_eq!(
        text.matches("is going to remove this endpoint").count(),
        1,
        "{text}"
    );
    assert!(text.contains("Wed, 01 Jul 2026") && text.contains("successor-version"));
}

#[tokio::test(start_paused = true)]
async fn a11_what_never_left_and_what_was_lost_are_repeated_and_told() {
    let (client, wire) = client([
        Err(TransportError::never_sent("no route")),
        Err(TransportError::may_have_been_sent("reset")),
        answer(200, &[], EVENT),
        Err(TransportError::never_sent("no route")),
    ])
    .await;
    client.event("evt_1").get().await.unwrap();
    assert_eq!(wire.take_requests().len(), 3);
    // The script is at its end: no answer comes.
    let error = client.event("evt_1").get().await.unwrap_err();
    let Error::NoAnswer { source, .. } = &error else {
        panic!("{error}")
    };
    assert!(!source.may_have_taken_effect(), "{source}");
    assert_eq!(error.attempts().len(), 4);
    assert!(error.attempts()[0].outcome.contains("no route"));
}

#[tokio::test(start_paused = true)]
async fn a7_no_retry_after_makes_it_panic_or_hang() {
    for odd in [
        "inf",
        "1e300",
        "-5",
        "9223372036854775807",
        "18446744073709551616",
        "NaN",
        "soon",
        "",
        "5.5",
    ] {
        let body = r#"{"error":"rate_limit_exceeded","message":"slow","request_id":"r"}"#;
        let (client, wire) = client([
            answer(429, &[("retry-after", odd)], body),
            answer(200, &[], EVENT),
        ])
        .await;
        let before = tokio::time::Instant::now();
        let read = client.event("evt_1").get().await;
        assert!(before.elapsed().as_secs() < 91, "{odd}");
        match read {
            Ok(_) => assert_eq!(wire.take_requests().len(), 2, "{odd}"),
            Err(Error::Refused { code, .. }) => {
                assert_eq!(
                    (code, odd.len() > 5),
                    (ApiErrorCode::RateLimitExceeded, true),
                    "{odd}"
                );
            }
            Err(error) => panic!("{odd}: {error}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a7_of_several_the_longest_wait_counts() {
    for waits in [["5", "60"], ["60", "5"], ["soon", "60"], ["60", ""]] {
        for status in [429, 503] {
            let busy = answer(status, &waits.map(|wait| ("retry-after", wait)), "");
            let (client, _) = client([busy, answer(200, &[], EVENT)]).await;
            let before = tokio::time::Instant::now();
            client.event("evt_1").get().await.unwrap();
            assert!((60..62).contains(&before.elapsed().as_secs()), "{waits:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a21_each_request_has_an_id_of_its_own_and_the_error_names_the_platforms() {
    let named = r#"{"error":"internal","message":"oops","request_id":"theirs"}"#;
    let (client, wire) = client([
        answer(500, &[], "<html>"),
        answer(500, &[], named),
        answer(404, &[], named),
    ])
    .await;
    let error = client.event("evt_1").get().await.unwrap_err();
    let sent: Vec<_> = wire
        .take_requests()
        .iter()
        .map(|request| {
            request.headers()["x-revento-request-id"]
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(sent.len(), 3);
    assert!(
        sent.iter().all(|id| id.len() == 36 && id.as_bytes()[14] == b'4'),
        "{sent:?}"
    );
    assert!(sent[0] != sent[1] && sent[1] != sent[2]);
    let told: Vec<_> = error
        .attempts()
        .iter()
        .map(|attempt| attempt.request_id.as_str())
        .collect();
    assert_eq!(told, sent);
    assert_eq!(error.request_id().unwrap().as_str(), "theirs");
}

#[tokio::test(start_paused = true)]
async fn a24_ids_that_look_like_numbers_stay_text_in_paths() {
    for (odd, path) in [
        ("9007199254740993", "9007199254740993"),
        ("0x10", "0x10"),
        ("a/b?c#d", "a%2Fb%3Fc%23d"),
        ("ü %2F", "%C3%BC%20%252F"),
        ("x\r\nHost: evil", "x%0D%0AHost%3A%20evil"),
    ] {
        let page = r#"{"data":[],"next_cursor":null,"has_more":false}"#;
        let (client, wire) = client_of(odd, [answer(200, &[], EVENT), answer(200, &[], page)]).await;
        client.event(odd).get().await.unwrap();
        client
            .event(odd)
            .participants()
            .pages()
            .next_page()
            .await
            .unwrap();
        let asked: Vec<_> = wire
            .take_requests()
            .iter()
            .map(|request| request.uri().to_string())
            .collect();
        let event = format!("https://api.test/api/v1/events/{path}");
        assert_eq!(asked, [event.clone(), format!("{event}/participants?limit=50")]);
        // No other event is connected, so nothing is sent.
        client.event("..").get().await.unwrap_err();
        assert!(wire.take_requests().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a14_an_answer_that_is_too_large_is_not_asked_for_again() {
    let (client, wire) = client([Err(TransportError::too_large(1024))]).await;
    let error = client.event("evt_1").get().await.unwrap_err();
    assert!(matches!(error, Error::Unreadable { .. }), "{error}");
    assert_eq!(error.kind(), ErrorKind::Platform);
    assert!(error.to_string().contains("more than 1024 bytes"), "{error}");
    assert_eq!(wire.take_requests().len(), 1, "it would bring the same");
}

//! Hostile input: the sandbox answers or closes the connection, never answers with a 5xx, and keeps running.

use std::net::SocketAddr;
use std::time::Duration;

use revento_sandbox::{Action, Sandbox};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{CALLBACK, EVENT, World};

fn address(world: &World) -> SocketAddr {
    let base = world.info().auth_base.strip_prefix("http://").unwrap();
    base.parse().unwrap()
}

/// Sends bytes. Returns the status of the answer, or `None` if the sandbox closed the connection.
async fn send(address: SocketAddr, bytes: &[u8]) -> Option<u16> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The sandbox may close the connection while the test still sends a request that it refuses.
    stream.write_all(bytes).await.ok();
    let mut head = vec![0; 64];
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut head));
    let read = read
        .await
        .expect("the sandbox neither answers nor hangs up")
        .unwrap_or(0);
    let text = String::from_utf8_lossy(&head[..read]).into_owned();
    text.split(' ').nth(1)?.parse().ok()
}

fn get(path: &[u8], headers: &[u8]) -> Vec<u8> {
    [
        b"GET ",
        path,
        b" HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n",
        headers,
        b"\r\n",
    ]
    .concat()
}

fn post(path: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

#[tokio::test]
async fn well_formed_requests_of_any_content_are_answered() {
    let world = World::start().await;
    world.connect().await;
    let deep = "[".repeat(60_000);
    let long = "a".repeat(60_000);
    let mut requests = vec![
        get(b"/%zz%", b""),
        get(b"/%00", b""),
        get(b"/api/v1/events/%ff%fe", b"authorization: Bearer \xff\xfe\r\n"),
        get(b"/api/v1/events/x?limit=%&cursor=%ff&&&=", b""),
        get(
            b"/api/v1/me/profile",
            b"authorization: Bearer\r\naccept: ,;,;/\r\n",
        ),
        get(
            b"/api/v1/developer/integrations/%00/installations",
            b"authorization: Basic !!!\r\n",
        ),
        get(
            b"/api/v1/developer/integrations/x/installations",
            b"authorization: Basic Og==\r\n",
        ),
        get(
            b"/oauth/authorize?client_id=%00&client_id=&redirect_uri=%ff&scope=%",
            b"",
        ),
        get(b"/_sandbox/deliveries/%00", b""),
        get(b"/_sandbox/applications?status=%ff&event_id=%00", b""),
        get(b"/console/deliveries/..%2f..%2fetc%2fpasswd", b""),
        get(b"/assets/..%2fCargo.toml", b""),
        get(b"/console/participants?user_id=%00", b""),
        get(b"/events/%00/pages/%ff", b""),
        get(format!("/{}", "x".repeat(40_000)).as_bytes(), b""),
        get(b"/", format!("x-revento-request-id: {long}\r\n").as_bytes()),
        get(
            b"/api/v1/me/profile",
            format!("authorization: Bearer {long}\r\n").as_bytes(),
        ),
    ];
    for body in [
        b"%".as_slice(),
        b"grant_type=%ff%00&code=\0",
        b"&&&===",
        b"\xff\xfe\0",
        b"",
    ] {
        for kind in [FORM, JSON, "multipart/form-data", "\u{b5}", ""] {
            requests.push(post("/oauth/token", kind, body));
            requests.push(post("/oauth/authorize", kind, body));
            requests.push(post("/console/clock", kind, body));
        }
    }
    for body in [
        deep.as_str(),
        "{\"advance_s\": 99999999999999999999}",
        "{\"advance_s\": -9223372036854775808}",
        "{\"advance_s\": 1e400}",
        "{\"advance_s\": null, \"to\": \"\\u0000\"}",
        "{\"advance_s\": 1, \"advance_s\": 2}",
        "null",
        "\"\\ud800\"",
        "{",
    ] {
        for path in [
            "clock",
            "faults",
            "applications",
            "deliveries/replay",
            "transcript",
            "users/usr_0001",
        ] {
            requests.push(post(&format!("/_sandbox/{path}"), JSON, body.as_bytes()));
        }
    }
    for request in requests {
        let shown = String::from_utf8_lossy(&request)
            .chars()
            .take(200)
            .collect::<String>();
        let status = send(address(&world), &request).await;
        let status = status.unwrap_or_else(|| panic!("no answer to {shown}"));
        assert!((200..500).contains(&status), "{status} to {shown}");
    }
    assert_eq!(world.stat("connections").await, 1);
}

#[tokio::test]
async fn input_that_is_not_http_is_answered_with_4xx_or_not_at_all() {
    let world = World::start().await;
    let many: String = (0..5_000).map(|n| format!("x-{n}: {n}\r\n")).collect();
    let huge = format!("x: {}\r\n", "a".repeat(2_000_000));
    for request in [
        get(b"/", many.as_bytes()),
        get(b"/", huge.as_bytes()),
        get(b"/", b"x: \0\r\n"),
        get(b"/", b"content-length: -1\r\n"),
        get(b"/", b"content-length: 99999999999999999999\r\n"),
        get(b"/", b"transfer-encoding: chunked\r\ncontent-length: 3\r\n"),
        get(b"/ /", b""),
        b"\0\0\0\0\r\n\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        b"GET http://evil.example/ HTTP/1.1\r\nhost: evil.example\r\n\r\n".to_vec(),
        b"POST /oauth/token HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".repeat(40),
    ] {
        let status = send(address(&world), &request).await;
        let shown = String::from_utf8_lossy(&request)
            .chars()
            .take(80)
            .collect::<String>();
        assert!(
            status.is_none_or(|status| (200..500).contains(&status)),
            "{status:?} to {shown}"
        );
    }
    assert_eq!(world.stat("connections").await, 0);
}

#[tokio::test]
async fn the_clock_survives_the_end_of_time() {
    let world = World::start().await;
    let pair = world.connect().await;
    let ages = Duration::from_secs(8_500 * 366 * 86_400);
    world.sandbox.advance(ages).await.unwrap();
    world.advance(316_224_000).await;
    assert!(
        world.control("/clock").await["now"]
            .as_str()
            .unwrap()
            .starts_with("9999-12-")
    );
    assert_eq!(world.refresh(&pair.refresh).await.status(), 400);
    assert_eq!(
        world
            .http
            .get(&world.info().console_url)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let pair = world.connect().await;
    assert!(
        world
            .read(&pair.access, &format!("/events/{EVENT}"))
            .await
            .status()
            .as_u16()
            < 500
    );
    world.approve("app_published_0002").await;
    world.receiver.next().await;
    // Even at a time that no clock can reach.
    world.sandbox.advance(Duration::MAX).await.unwrap();
    world.advance(316_224_000).await;
    for url in [
        &world.info().console_url,
        &format!("{}/clock", world.info().control_base),
    ] {
        assert_eq!(world.http.get(url).send().await.unwrap().status(), 200, "{url}");
    }
    assert_eq!(world.refresh(&pair.refresh).await.status(), 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn resets_during_other_requests_break_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut world = World::start().await;
    world.sandbox = Sandbox::builder()
        .redirect_uri(CALLBACK)
        .webhook_url(world.receiver.url())
        .data(directory.path().join("sandbox.db"))
        .start()
        .await
        .unwrap();
    let world = &world;
    let resets = async {
        for _ in 0..15 {
            assert_eq!(world.try_act("/reset", json!({})).await.status(), 200);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let work = async |n: usize| {
        for round in 0..25 {
            let path = match n {
                0 => format!("/applications/app_published_{:04}/approve", round + 1),
                1 => format!("/connections/{EVENT}/revoke"),
                2 => "/clock".to_owned(),
                _ => format!("/events/{EVENT}/unpublish"),
            };
            let body = if n == 2 {
                json!({ "advance_s": 3_000 })
            } else {
                json!({})
            };
            let status = world.try_act(&path, body).await.status().as_u16();
            assert!(status < 500, "{path} answered {status}");
            let refreshed = world.refresh("rev_refresh_unknown").await.status().as_u16();
            assert_eq!(refreshed, 400);
        }
    };
    tokio::join!(resets, work(0), work(1), work(2), work(3));
    world.act("/reset", json!({})).await;
    let pair = world.connect().await;
    assert_eq!(
        world
            .read(&pair.access, &format!("/events/{EVENT}"))
            .await
            .status(),
        200
    );
}

#[tokio::test]
async fn a_damaged_data_file_is_an_error_and_never_a_panic() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sandbox.db");
    let sandbox = Sandbox::builder().data(&path).start().await.unwrap();
    for application in sandbox.applications(EVENT, "pending").await.unwrap() {
        sandbox.perform(Action::Approve(application)).await.unwrap();
    }
    sandbox.shutdown().await;
    let whole = std::fs::read(&path).unwrap();
    assert!(whole.len() > 8_192, "there is something to damage");
    let mut damaged: Vec<Vec<u8>> = [
        1,
        15,
        16,
        99,
        100,
        512,
        4_095,
        4_096,
        4_097,
        whole.len() / 2,
        whole.len() - 1,
    ]
    .into_iter()
    .map(|length| whole[..length].to_vec())
    .collect();
    for seed in 0..40_usize {
        let mut bytes = whole.clone();
        for step in 0..8 {
            let at = (seed * 7_919 + step * 104_729) % bytes.len();
            bytes[at] ^= u8::try_from(1 + (seed + step) % 255).unwrap();
        }
        damaged.push(bytes);
    }
    let mut noticed = 0;
    for (number, bytes) in damaged.into_iter().enumerate() {
        let path = directory.path().join(format!("damaged-{number}.db"));
        std::fs::write(&path, bytes).unwrap();
        match Sandbox::builder().data(&path).start().await {
            // Some bytes mean nothing.
            Ok(sandbox) => sandbox.shutdown().await,
            Err(error) => {
                noticed += 1;
                let text = error.to_string();
                assert!(text.contains(&path.display().to_string()), "{text}");
            }
        }
    }
    assert!(noticed > 10, "only {noticed} were noticed");
}

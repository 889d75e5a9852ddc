//! Many deliveries on one connection.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame};
use reqwest::{Client, RequestBuilder};

use super::{ALL, APPROVED, NOW, SECRET, verifier};

fn client() -> Client {
    let builder = Client::builder().http2_prior_knowledge().no_proxy();
    builder.timeout(Duration::from_secs(20)).build().unwrap()
}

fn signed(client: &Client, port: u16, path: &str, body: &str) -> RequestBuilder {
    let signature = revento_webhooks::Signer::new(SECRET)
        .unwrap()
        .sign(NOW, body.as_bytes());
    client
        .post(format!("http://127.0.0.1:{port}{path}"))
        .header("x-revento-event", "application.approved")
        .header("x-revento-delivery-id", "d-1")
        .header("x-revento-timestamp", NOW)
        .header("x-revento-signature", signature)
}

/// Each delivery gets its own response, independent of the others.
#[tokio::test(flavor = "multi_thread")]
async fn d24_streams_of_one_connection_are_judged_each_by_itself() {
    for adapter in ALL {
        let server = adapter
            .serve_with(verifier(), |verifier| verifier.max_body_bytes(10_000))
            .await;
        let client = client();
        let sent: Vec<_> = (0..60)
            .map(|at| {
                let body = APPROVED.replace("env_1", &format!("env_{at}"));
                let request = |path| signed(&client, server.port, path, &body);
                let large = " ".repeat(100_000);
                let (request, status) = match at % 6 {
                    0 => (request("/inbox").body(body.clone()), 200),
                    1 => (request("/approved").body(body.clone()), 200),
                    2 => (request("/echo").body(body.clone()), 200),
                    3 => (request("/inbox").body(body.replace("app_1", "app_2")), 401),
                    4 => (request("/inbox").body(large), 413),
                    // Without `Content-Length`.
                    _ => (
                        request("/inbox").body(reqwest::Body::wrap(Endless::default())),
                        413,
                    ),
                };
                let sending = tokio::spawn(request.send());
                (at, sending, status)
            })
            .collect();
        for (at, sending, status) in sent {
            let response = sending.await.unwrap().unwrap();
            assert_eq!(response.version(), reqwest::Version::HTTP_2);
            assert_eq!(response.status(), status, "{adapter:?} {at}");
        }
        assert_eq!(server.shelf.kept(), 10, "{adapter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d8_a_stream_that_is_reset_takes_nothing_in_and_no_other_with_it() {
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        let client = client();
        for _ in 0..20 {
            // The whole signed body, and then an error instead of its end.
            let body = reqwest::Body::wrap(Breaking(Some(APPROVED)));
            let broken = signed(&client, server.port, "/inbox", APPROVED).body(body);
            assert!(broken.send().await.is_err());
        }
        let echo = signed(&client, server.port, "/echo", APPROVED).body(APPROVED);
        assert_eq!(echo.send().await.unwrap().status(), 200, "{adapter:?}");
        assert_eq!(server.shelf.kept(), 0, "{adapter:?}");
    }
}

/// An endless body.
#[derive(Default)]
struct Endless(u64);

impl Body for Endless {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0 += 1;
        if self.0.is_multiple_of(2) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b' '; 1000])))))
    }
}

struct Breaking(Option<&'static str>);

impl Body for Breaking {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(Some(match self.0.take() {
            Some(text) => Ok(Frame::data(Bytes::from_static(text.as_bytes()))),
            None => Err(std::io::Error::other("broken off")),
        }))
    }
}

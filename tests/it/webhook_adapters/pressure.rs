//! Bodies that never end.

use std::time::Duration;

use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};

use super::{
    ALL, approved,
    client::{Response, read},
    signed_post, verifier,
};

const LIMIT: usize = 20_000;

/// Fresh headers are all that an attacker needs: the signature is checked at the end of the body.
#[tokio::test(flavor = "multi_thread")]
async fn h11_the_bytes_of_unverified_bodies_have_an_overall_limit() {
    for adapter in ALL {
        let server = adapter
            .serve_with(verifier(), |verifier| verifier.max_unverified_bytes(LIMIT))
            .await;
        let half_open = || signed_post("/echo", "a", &[b' '; 15_000]).hold(server.port);
        let mut held = [half_open().await, half_open().await, half_open().await];
        let (first, second) = (refusal(&mut held).await, refusal(&mut held).await);
        for refused in [first, second] {
            assert_eq!(refused.status, 503, "{adapter:?}");
            assert!(
                refused.head.contains("\r\nretry-after: 7\r\n"),
                "{adapter:?} {}",
                refused.head
            );
        }
        // What arrives in one piece is verified at once, so nobody can keep it out.
        assert_eq!(
            approved("/inbox").send(server.port).await.status,
            200,
            "{adapter:?}"
        );

        drop(held);
        let arrives = async {
            loop {
                let whole = signed_post("/echo", "a", &[b' '; 15_000]);
                if whole.send_chunked(server.port, 1_000).await.status == 200 {
                    break;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(20), arrives)
            .await
            .expect("the bytes are released");
    }
}

/// The next response on one of the connections.
async fn refusal(held: &mut [TcpStream; 3]) -> Response {
    let [a, b, c] = held;
    let which = tokio::select! {
        _ = a.readable() => a,
        _ = b.readable() => b,
        _ = c.readable() => c,
    };
    let response = read(which).await;
    // This connection has its response; a fresh one that nobody answers takes its place.
    *which = silent().await;
    response
}

async fn silent() -> TcpStream {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    tokio::spawn(async move {
        let _kept = listener.accept().await;
        std::future::pending::<()>().await;
    });
    stream
}

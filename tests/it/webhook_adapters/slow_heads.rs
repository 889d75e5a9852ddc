//! Clients that never end the head of their request. The timeout belongs to the server, not to the adapter.

use std::{convert::Infallible, time::Duration};

use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tower::service_fn;

const HEAD_TIMEOUT: Duration = Duration::from_millis(200);

/// Whether the server ends the connection although the client keeps on sending headers.
async fn is_cut_off(port: u16, beginning: &[u8]) -> bool {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(beginning).await.unwrap();
    let (mut reading, mut writing) = stream.split();
    let dribble = async {
        while beginning.is_empty() || writing.write_all(b"X-Slow: 1\r\n").await.is_ok() {
            sleep(Duration::from_millis(20)).await;
        }
        // Resetting a connection ends it, too.
    };
    let ends = async {
        let mut answer = Vec::new();
        reading.read_to_end(&mut answer).await.ok();
    };
    let either = async {
        tokio::select! {
            () = dribble => {}
            () = ends => {}
        }
    };
    timeout(Duration::from_secs(20), either).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn h11_a_client_with_a_slow_head_is_cut_off_by_hyper() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let service = service_fn(async |_: http::Request<hyper::body::Incoming>| {
        Ok::<_, Infallible>(revento_tower::WebhookResponse::default())
    });
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEAD_TIMEOUT)
                    .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)),
            );
        }
    });
    for beginning in [&b"POST /webhooks HTTP/1.1\r\nHost: x\r\n"[..], b""] {
        assert!(is_cut_off(port, beginning).await, "{}", beginning.escape_ascii());
    }
}

#[test]
fn h11_a_client_with_a_slow_head_is_cut_off_by_actix() {
    use actix_web::{App, HttpServer, rt::System};

    System::new().block_on(async {
        let server = HttpServer::new(App::new)
            .workers(1)
            .disable_signals()
            .client_request_timeout(HEAD_TIMEOUT)
            .bind(("127.0.0.1", 0))
            .unwrap();
        let port = server.addrs()[0].port();
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        assert!(is_cut_off(port, b"POST /webhooks HTTP/1.1\r\nHost: x\r\n").await);
        handle.stop(false).await;
    });
}

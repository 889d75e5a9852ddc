//! The transport against real sockets: what it says about requests that may have arrived.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::time::Duration;

use bytes::Bytes;
use revento_transport::{Transport, TransportError};
use revento_transport_reqwest::ReqwestTransport;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A server that treats one connection as `behave` says.
async fn serve<F>(behave: impl FnOnce(TcpStream) -> F + Send + 'static) -> String
where
    F: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/secret?token=planted", listener.local_addr().unwrap());
    tokio::spawn(async move { behave(listener.accept().await.unwrap().0).await });
    url
}

async fn read_request(stream: &mut TcpStream) {
    let mut buffer = vec![0; 4096];
    let _ = stream.read(&mut buffer).await.unwrap();
}

async fn get(url: &str) -> Result<http::Response<Bytes>, TransportError> {
    let transport = ReqwestTransport::builder()
        .timeout(Duration::from_millis(300))
        .largest_response(1024)
        .build()
        .unwrap();
    transport
        .send(http::Request::get(url).body(Bytes::new()).unwrap())
        .await
}

#[tokio::test]
async fn an_answer_of_any_status_is_an_answer() {
    let url = serve(|mut stream| async move {
        read_request(&mut stream).await;
        stream
            .write_all(b"HTTP/1.1 503 No\r\nx-a: b\r\ncontent-length: 2\r\n\r\nhi")
            .await
            .unwrap();
    })
    .await;
    let response = get(&url).await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["x-a"], "b");
    assert_eq!(response.into_body(), "hi");
}

#[tokio::test]
async fn a_closed_port_never_received_anything() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let error = get(&url).await.unwrap_err();
    assert!(!error.may_have_arrived(), "{error}");
    assert!(
        error.to_string().starts_with("the request was never sent: "),
        "{error}"
    );
}

#[tokio::test]
async fn t7_a_reset_after_the_request_may_have_arrived() {
    let url = serve(|mut stream| async move {
        read_request(&mut stream).await;
        stream.set_zero_linger().unwrap();
    })
    .await;
    assert!(get(&url).await.unwrap_err().may_have_arrived());
}

#[tokio::test]
async fn t7_a_peer_that_never_answers_may_have_received_it() {
    let url = serve(|mut stream| async move {
        read_request(&mut stream).await;
        tokio::time::sleep(Duration::from_secs(30)).await;
    })
    .await;
    let error = get(&url).await.unwrap_err();
    assert!(error.may_have_arrived());
    assert!(!error.to_string().contains("planted"), "{error}");
}

#[tokio::test]
async fn t7_an_answer_that_breaks_off_may_have_arrived() {
    let url = serve(|mut stream| async move {
        read_request(&mut stream).await;
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{\"access")
            .await
            .unwrap();
    })
    .await;
    assert!(get(&url).await.unwrap_err().may_have_arrived());
}

#[tokio::test]
async fn a_response_that_is_too_large_is_cut() {
    let url = serve(|mut stream| async move {
        read_request(&mut stream).await;
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
            .await;
        let _ = stream.write_all(&[b'x'; 4096]).await;
    })
    .await;
    let error = get(&url).await.unwrap_err();
    assert!(error.to_string().contains("more than 1024 bytes"), "{error}");
}

#[tokio::test]
async fn o14_redirects_are_answers() {
    let url = serve(|mut stream| async move {
        read_request(&mut stream).await;
        let answer = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
    })
    .await;
    assert_eq!(get(&url).await.unwrap().status(), 302);
}

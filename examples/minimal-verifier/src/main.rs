//! A webhook receiver on plain hyper: `REVENTO_WEBHOOK_SECRET=… minimal-verifier 127.0.0.1:8080`.
#![allow(clippy::print_stdout, reason = "a program talks to the person who runs it")]
#![allow(clippy::print_stderr, reason = "its log is standard error")]

use anyhow::Context as _;
use http_body_util::BodyExt;
use hyper::{Request, Response, body::Incoming, http, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use revento_webhooks::{Headers, VerifiedDelivery, Verifier};
use std::{error::Error, sync::Arc, time::Duration, time::SystemTime};

const HEAD_TIMEOUT: Duration = Duration::from_secs(5); // for the headers of a request

async fn receive(verifier: &Verifier, request: Request<Incoming>) -> Result<VerifiedDelivery, (u16, String)> {
    let deny = |status| move |error: &dyn Error| (status, error.to_string());
    if request.method() != "POST" {
        let status = if request.method() == "OPTIONS" { 204 } else { 405 };
        return Err((status, String::new()));
    }
    let now = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |t| t.as_secs());
    let headers = Headers::collect(request.headers()).map_err(|e| deny(401)(&e))?;
    let streaming = verifier.verify_stream(&headers, 1 << 20, now.cast_signed());
    let mut streaming = streaming.map_err(|e| deny(401)(&e))?;
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        let piece = frame.map_err(|e| deny(400)(&e))?.into_data().unwrap_or_default();
        streaming = streaming.push(&piece).map_err(|e| deny(413)(&e))?;
    }
    streaming.finish().map_err(|e| deny(401)(&e))
}

async fn answer(verifier: Arc<Verifier>, request: Request<Incoming>) -> http::Result<Response<String>> {
    let within = tokio::time::timeout(Duration::from_secs(7), receive(&verifier, request)).await;
    let (status, reason) = match within.unwrap_or_else(|_| Err((408, "too slow".to_owned()))) {
        // Store `delivery.body()` here before the response.
        Ok(delivery) => (200, format!("{} bytes are verified", delivery.body().len())),
        Err(refusal) => refusal,
    };
    eprintln!("{status} {reason}"); // The reason of a 401 is for the log alone: a forger would learn from it.
    let text = if status == 401 { String::new() } else { reason };
    let response = Response::builder().status(status);
    response.header("allow", "OPTIONS, POST").body(text)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let secret = std::env::var("REVENTO_WEBHOOK_SECRET").context("set REVENTO_WEBHOOK_SECRET")?;
    let verifier = Arc::new(Verifier::new(&secret)?);
    let address = std::env::args().nth(1).context("which address?")?;
    let listener = tokio::net::TcpListener::bind(address).await;
    let listener = listener.context("choose another address")?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (io, verifier) = (TokioIo::new(listener.accept().await?.0), Arc::clone(&verifier));
        let service = service_fn(move |request| answer(Arc::clone(&verifier), request));
        let mut http1 = http1::Builder::new();
        http1.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
        tokio::spawn(http1.serve_connection(io, service));
    }
}

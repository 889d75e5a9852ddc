//! A webhook receiver on plain hyper: `REVENTO_WEBHOOK_SECRET=… minimal-verifier 127.0.0.1:8080`.
#![allow(clippy::print_stdout, reason = "a program talks to the person who runs it")]

use std::{convert::Infallible, error::Error, sync::Arc, time::Duration, time::SystemTime};

use http_body_util::BodyExt;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use revento_webhooks::{Headers, VerifiedDelivery, Verifier};

type Refusal = (u16, String);

async fn receive(verifier: &Verifier, request: Request<Incoming>) -> Result<VerifiedDelivery, Refusal> {
    let refuse = |status| move |error: &dyn Error| (status, error.to_string());
    if request.method() != "POST" {
        return Err((405, "webhooks are sent by POST".to_owned()));
    }
    let now = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |t| t.as_secs());
    let headers = Headers::collect(request.headers()).map_err(|e| refuse(401)(&e))?;
    let streaming = verifier.verify_stream(&headers, 1 << 20, now.cast_signed());
    let mut streaming = streaming.map_err(|e| refuse(401)(&e))?;
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| refuse(400)(&e))?;
        let pushed = streaming.push(&frame.into_data().unwrap_or_default());
        streaming = pushed.map_err(|e| refuse(413)(&e))?;
    }
    streaming.finish().map_err(|e| refuse(401)(&e))
}

async fn answer(verifier: Arc<Verifier>, request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let within = tokio::time::timeout(Duration::from_secs(7), receive(&verifier, request));
    let (status, text) = match within.await {
        // Store `delivery.body()` here before the response.
        Ok(Ok(delivery)) => (200, format!("{} bytes are genuine", delivery.body().len())),
        Ok(Err(refusal)) => refusal,
        Err(_) => (408, "the body did not arrive in time".to_owned()),
    };
    let mut response = Response::new(text);
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    if status == 405 {
        let post = hyper::header::HeaderValue::from_static("POST");
        response.headers_mut().insert("allow", post);
    }
    Ok(response)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let verifier = Arc::new(Verifier::new(&std::env::var("REVENTO_WEBHOOK_SECRET")?)?);
    let address = std::env::args().nth(1).ok_or("which address?")?;
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let verifier = Arc::clone(&verifier);
        let service = service_fn(move |request| answer(Arc::clone(&verifier), request));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

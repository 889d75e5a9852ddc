//! The suite finds what is wrong with a transport.

use async_trait::async_trait;
use bytes::Bytes;
use revento_transport::{
    Transport, TransportError,
    suite::{self, Make},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A transport by hand, with a flaw.
#[derive(Debug, Clone, Copy)]
enum Flaw {
    /// It says of every failure that nothing was sent.
    Careless,
    /// It says of every failure that the request may have arrived.
    Timid,
    /// It tries again by itself.
    Eager,
    /// It sends a request of its own making, and knows no proxy.
    Headstrong,
}

#[async_trait]
impl Transport for Flaw {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let attempts = if matches!(self, Self::Eager) { 2 } else { 1 };
        let mut outcome = Err(std::io::ErrorKind::Other.into());
        for _ in 0..attempts {
            outcome = exchange(&request).await;
            if outcome.is_ok() {
                break;
            }
        }
        outcome.map_err(|error| match self {
            Self::Careless => TransportError::never_sent(error),
            _ => TransportError::may_have_been_sent(error),
        })
    }
}

/// Sends, and reads until the peer closes.
async fn exchange(request: &http::Request<Bytes>) -> std::io::Result<http::Response<Bytes>> {
    let authority = request
        .uri()
        .authority()
        .map(ToString::to_string)
        .unwrap_or_default();
    let mut stream = TcpStream::connect(&authority).await?;
    let head = format!(
        "GET {} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n",
        request.uri().path()
    );
    stream.write_all(head.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let text = String::from_utf8_lossy(&answer);
    match text.split_once("\r\n\r\n") {
        Some((_, body)) => Ok(http::Response::new(Bytes::from(body.to_owned()))),
        None => Err(std::io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Whether a check lets this transport through.
fn passes<F>(flaw: Flaw, check: impl FnOnce(Make<'static>) -> F + Send + 'static) -> bool
where
    F: Future<Output = ()>,
{
    let make: Make<'static> = match flaw {
        Flaw::Careless => &|_| Box::new(Flaw::Careless),
        Flaw::Timid => &|_| Box::new(Flaw::Timid),
        Flaw::Eager => &|_| Box::new(Flaw::Eager),
        Flaw::Headstrong => &|_| Box::new(Flaw::Headstrong),
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| suite::run(check(make)))).is_ok()
}

#[test]
fn t7_a_careless_transport_is_found() {
    assert!(passes(
        Flaw::Careless,
        suite::a_closed_port_never_received_anything
    ));
    assert!(!passes(
        Flaw::Careless,
        suite::t7_a_reset_after_the_request_may_have_arrived
    ));
    assert!(!passes(
        Flaw::Careless,
        suite::t7_a_close_without_an_answer_may_have_arrived
    ));
}

#[test]
fn t7_a_timid_transport_is_found() {
    assert!(passes(
        Flaw::Timid,
        suite::t7_a_close_without_an_answer_may_have_arrived
    ));
    assert!(!passes(Flaw::Timid, suite::a_closed_port_never_received_anything));
}

#[test]
fn t7_a_transport_that_repeats_is_found() {
    assert!(passes(Flaw::Timid, suite::t7_nothing_is_sent_twice));
    assert!(!passes(Flaw::Eager, suite::t7_nothing_is_sent_twice));
}

#[test]
fn a28_a_transport_that_does_not_do_as_it_is_told_is_found() {
    assert!(!passes(
        Flaw::Headstrong,
        suite::the_request_arrives_as_it_was_given
    ));
    assert!(!passes(Flaw::Headstrong, suite::a28_a_proxy_forwards));
}

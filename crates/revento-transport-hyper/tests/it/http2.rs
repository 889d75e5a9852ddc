//! HTTP/2 over TLS, for both transports: the promises of the suite, where the peer chose `h2` (ALPN, RFC 7301).
//!
//! The suite's peer speaks HTTP/1 by hand; this one speaks HTTP/2, and can reset a stream or go away. Without TLS both
//! transports speak HTTP/1: nobody would have agreed on anything else.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;
use h2::{Reason, RecvStream, server::SendResponse};
use http::{Request, Response, Version};
use revento_transport::{Transport, TransportError};
use revento_transport_hyper::HttpConfig;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use crate::{
    get,
    tls::both,
    tls::{acceptor, trusting},
};

/// What the peer does with each request.
type Behave = fn(Call);

struct Call {
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
    /// Tells that the stream was reset by the other end.
    reset: mpsc::UnboundedSender<()>,
}

struct Peer {
    pem: String,
    address: std::net::SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
    reset: mpsc::UnboundedReceiver<()>,
}

impl Peer {
    async fn start(behave: Behave) -> Self {
        let (pem, acceptor) = acceptor("127.0.0.1", &["h2"]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, reset) = mpsc::unbounded_channel();
        let connections = Arc::new(AtomicUsize::new(0));
        let requests = Arc::new(AtomicUsize::new(0));
        let (connected, asked) = (Arc::clone(&connections), Arc::clone(&requests));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(stream) = acceptor.accept(stream).await else {
                    continue;
                };
                assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
                connected.fetch_add(1, SeqCst);
                let (tell, asked) = (tell.clone(), Arc::clone(&asked));
                tokio::spawn(async move {
                    let Ok(mut connection) = h2::server::handshake(stream).await else {
                        return;
                    };
                    while let Some(Ok((request, respond))) = connection.accept().await {
                        asked.fetch_add(1, SeqCst);
                        if request.uri().path() == "/gone" {
                            // The socket is closed, and nothing more is said.
                            return;
                        }
                        if request.uri().path() == "/goaway" {
                            connection.abrupt_shutdown(Reason::INTERNAL_ERROR);
                            continue;
                        }
                        let reset = tell.clone();
                        behave(Call {
                            request,
                            respond,
                            reset,
                        });
                    }
                });
            }
        });
        Self {
            pem,
            address,
            connections,
            requests,
            reset,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("https://{}{path}?token=planted", self.address)
    }

    fn requests(&self) -> usize {
        self.requests.swap(0, SeqCst)
    }
}

fn say(mut respond: SendResponse<Bytes>, response: Response<()>, body: impl Into<Bytes>) {
    let mut stream = respond.send_response(response, false).unwrap();
    let _ = stream.send_data(body.into(), true);
}

/// Its path is its answer.
fn echo(call: Call) {
    let path = call.request.uri().path().to_owned();
    say(call.respond, Response::new(()), path);
}

#[tokio::test]
async fn a28_http2_is_spoken_where_the_peer_offers_it() {
    for (number, name) in ["hyper", "reqwest"].into_iter().enumerate() {
        let peer = Peer::start(echo).await;
        let [.., (_, transport)] = &trusting(Some(&peer.pem))[..=number] else {
            unreachable!()
        };
        let first = transport.send(get(&peer.url("/first"))).await.unwrap();
        assert_eq!(first.version(), Version::HTTP_2, "{name}");
        assert_eq!(first.into_body(), "/first", "{name}");
        let paths: Vec<_> = (0..16).map(|number| format!("/{number}")).collect();
        let calls = paths.iter().map(|path| transport.send(get(&peer.url(path))));
        for (path, answer) in paths.iter().zip(futures_util::future::join_all(calls).await) {
            assert_eq!(
                &answer.unwrap().into_body(),
                path,
                "{name}: somebody else's answer"
            );
        }
        assert_eq!(
            peer.connections.load(SeqCst),
            1,
            "{name}: one connection is enough"
        );
    }
}

#[tokio::test]
async fn the_request_arrives_as_it_was_given_over_http2() {
    fn tell(mut call: Call) {
        tokio::spawn(async move {
            let mut body = Vec::new();
            while let Some(Ok(data)) = call.request.body_mut().data().await {
                body.extend_from_slice(&data);
            }
            let (head, _) = call.request.into_parts();
            let mut headers: Vec<_> = head
                .headers
                .iter()
                .filter(|(name, _)| *name != "user-agent" && *name != "accept")
                .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
                .collect();
            headers.sort_unstable();
            let body = String::from_utf8(body).unwrap();
            let text = format!(
                "{} {} {headers:?} {body}",
                head.method,
                head.uri.path_and_query().unwrap()
            );
            say(
                call.respond,
                Response::builder()
                    .status(503)
                    .header("x-a", "b")
                    .header("x-a", "c")
                    .body(())
                    .unwrap(),
                text,
            );
        });
    }
    let peer = Peer::start(tell).await;
    for (name, transport) in trusting(Some(&peer.pem)) {
        let request = http::Request::post(format!("https://{}/a/b%2Fc?d=e%20f&g", peer.address))
            .header("authorization", "Bearer x")
            .header("x-twice", "one")
            .header("x-twice", "two")
            .body(Bytes::from_static(b"grant_type=refresh_token"))
            .unwrap();
        let answer = transport.send(request).await.unwrap();
        assert_eq!(answer.status(), 503, "{name}");
        assert!(answer.headers().get_all("x-a").iter().eq(["b", "c"]), "{name}");
        let expected = concat!(
            "POST /a/b%2Fc?d=e%20f&g ",
            r#"["authorization: Bearer x", "content-length: 24", "x-twice: one", "x-twice: two"]"#,
            " grant_type=refresh_token"
        );
        assert_eq!(answer.into_body(), expected, "{name}");
    }
}

#[tokio::test]
async fn o14_redirects_are_answers_over_http2() {
    fn elsewhere(call: Call) {
        let response = Response::builder().status(307).header("location", "/elsewhere");
        say(call.respond, response.body(()).unwrap(), "");
    }
    let peer = Peer::start(elsewhere).await;
    for (name, transport) in trusting(Some(&peer.pem)) {
        assert_eq!(transport.send(get(&peer.url("/"))).await.unwrap().status(), 307);
        assert_eq!(
            peer.requests(),
            1,
            "{name}: a redirect was followed, with credentials"
        );
    }
}

/// Both transports with a short timeout and a small response limit.
fn hasty(pem: &str) -> [(&'static str, Box<dyn Transport>); 2] {
    let limit = Duration::from_millis(500);
    let config = HttpConfig::new().timeout(limit).max_response_bytes(1024);
    both(config.root_certificate_pem(pem))
}

fn is_in_doubt(name: &str, error: &TransportError) {
    let text = format!("{error} {error:?}");
    assert!(
        error.may_have_taken_effect(),
        "{name}: a refresh token would be sent twice: {text}"
    );
    assert!(!text.contains("planted"), "{name}: {text}");
}

#[tokio::test]
async fn t7_what_goes_wrong_after_the_request_may_have_arrived_and_is_not_sent_again() {
    let internal: Behave = |mut call| call.respond.send_reset(Reason::INTERNAL_ERROR);
    // By RFC 9113 8.7 these two may be repeated. Who takes them for lost never sends a refresh token twice.
    let refused: Behave = |mut call| call.respond.send_reset(Reason::REFUSED_STREAM);
    let cancelled: Behave = |mut call| call.respond.send_reset(Reason::CANCEL);
    let silent: Behave = |call| {
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(60)).await;
            drop(call);
        });
    };
    let breaks_off: Behave = |mut call| {
        let mut stream = call.respond.send_response(Response::new(()), false).unwrap();
        let _ = stream.send_data(Bytes::from_static(b"{\"access"), false);
        stream.send_reset(Reason::INTERNAL_ERROR);
    };
    let cases = [
        ("internal", "/", internal),
        ("refused", "/", refused),
        ("cancelled", "/", cancelled),
        ("silent", "/", silent),
        ("breaks off", "/", breaks_off),
        ("gone", "/gone", internal),
        ("goaway", "/goaway", internal),
    ];
    for (case, path, behave) in cases {
        let peer = Peer::start(behave).await;
        for (name, transport) in hasty(&peer.pem) {
            let error = transport.send(get(&peer.url(path))).await.unwrap_err();
            is_in_doubt(&format!("{name}, {case}"), &error);
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert_eq!(peer.requests(), 1, "{name}, {case}: it was sent again");
        }
    }
}

#[tokio::test]
async fn a_response_that_is_too_large_is_cut_over_http2() {
    let peer = Peer::start(|call| say(call.respond, Response::new(()), vec![b'x'; 1025])).await;
    for (name, transport) in hasty(&peer.pem) {
        let error = transport.send(get(&peer.url("/"))).await.unwrap_err();
        is_in_doubt(name, &error);
        assert!(
            error.to_string().contains("more than 1024 bytes"),
            "{name}: {error}"
        );
    }
}

#[tokio::test]
async fn a4_dropping_the_call_ends_its_stream_and_no_other() {
    fn wait_or_echo(mut call: Call) {
        if call.request.uri().path() != "/wait" {
            return echo(call);
        }
        tokio::spawn(async move {
            let _ = call.reset.send(());
            let reason = std::future::poll_fn(|context| call.respond.poll_reset(context)).await;
            assert_eq!(reason.unwrap(), Reason::CANCEL);
            let _ = call.reset.send(());
        });
    }
    for number in 0..2 {
        let mut peer = Peer::start(wait_or_echo).await;
        let [.., (name, transport)] = &trusting(Some(&peer.pem))[..=number] else {
            unreachable!()
        };
        let url = peer.url("/wait");
        tokio::select! {
            _ = transport.send(get(&url)) => panic!("{name}: nobody answered"),
            _ = peer.reset.recv() => {}
        }
        // The call is dropped now.
        let text = tokio::time::timeout(Duration::from_secs(10), peer.reset.recv()).await;
        assert_eq!(
            text,
            Ok(Some(())),
            "{name}: the stream of a dropped call stays open"
        );
        let answer = transport.send(get(&peer.url("/next"))).await.unwrap();
        assert_eq!(answer.into_body(), "/next", "{name}");
        assert_eq!(
            peer.connections.load(SeqCst),
            1,
            "{name}: the connection was good"
        );
    }
}

#[tokio::test]
async fn a28_http2_goes_through_a_tunnel() {
    let peer = Peer::start(echo).await;
    let (address, tunnelled) = tunnel().await;
    let proxy = format!("http://{address}");
    let config = HttpConfig::new()
        .proxy(&proxy)
        .root_certificate_pem(peer.pem.as_str());
    for (number, (_, transport)) in both(config).iter().enumerate() {
        let answer = transport.send(get(&peer.url("/through"))).await.unwrap();
        assert_eq!(
            (answer.version(), &answer.body()[..]),
            (Version::HTTP_2, &b"/through"[..])
        );
        assert_eq!(tunnelled.load(SeqCst), number + 1);
    }
}

/// A proxy that opens tunnels, and how many it has opened.
async fn tunnel() -> (std::net::SocketAddr, Arc<AtomicUsize>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let opened = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&opened);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap();
                let target = head.strip_prefix("CONNECT ").unwrap().split(' ').next().unwrap();
                let mut server = TcpStream::connect(target).await.unwrap();
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                count.fetch_add(1, SeqCst);
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    (address, opened)
}

//! Connections that somebody in between closes or reads.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use redis::Client;
use revento_core::{Timestamp, claim::ClaimTerms};
use revento_store::{ClaimOutcome, CreateOutcome, Once, SwapOutcome, TokenStore};
use revento_store_redis::{OpenError, RedisOptions, RedisStore};
use revento_store_testkit::fixtures::{NOW, connection_key, record};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{PrivateKeyDer, pem::PemObject},
    },
};

use crate::server;

/// A balancer between the store and the server.
struct Proxy {
    address: SocketAddr,
    connections: Arc<Mutex<Vec<JoinHandle<()>>>>,
    /// Whether it closes a connection in place of the next answer.
    swallows: Arc<AtomicBool>,
}

impl Proxy {
    async fn start(ip: IpAddr, server: String, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(Mutex::new(Vec::new()));
        let swallows = Arc::new(AtomicBool::new(false));
        let (open, swallow) = (Arc::clone(&connections), Arc::clone(&swallows));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, tls, swallow) = (server.clone(), tls.clone(), Arc::clone(&swallow));
                let task = tokio::spawn(async move {
                    let upstream = TcpStream::connect(server).await.unwrap();
                    match tls {
                        None => pass(client, upstream, &swallow).await,
                        Some(tls) => {
                            if let Ok(client) = tls.accept(client).await {
                                pass(client, upstream, &swallow).await;
                            }
                        }
                    }
                });
                open.lock().unwrap().push(task);
            }
        });
        Self {
            address,
            connections,
            swallows,
        }
    }

    /// Closes all connections. Returns their number.
    fn cut(&self) -> usize {
        let connections: Vec<_> = self.connections.lock().unwrap().drain(..).collect();
        connections.iter().for_each(JoinHandle::abort);
        connections.len()
    }

    fn count(&self) -> usize {
        self.connections.lock().unwrap().len()
    }

    fn url(&self, scheme: &str, url: &str) -> String {
        let (login, _) = url.split_once('@').unwrap();
        let (_, login) = login.split_once("://").unwrap();
        format!("{scheme}://{login}@{}/", self.address)
    }
}

async fn pass(client: impl AsyncRead + AsyncWrite, upstream: TcpStream, swallow: &AtomicBool) {
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = upstream.into_split();
    let up = async { drop(tokio::io::copy(&mut from_client, &mut to_server).await) };
    let down = async {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
            if swallow.swap(false, Ordering::SeqCst) || to_client.write_all(&buffer[..count]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! { () = up => {}, () = down => {} }
}

fn place(url: &str) -> String {
    let (_, place) = url.split_once('@').unwrap();
    place.trim_end_matches('/').to_owned()
}

/// An address of this machine that other machines could reach. No packet is sent.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let ip = socket.local_addr().ok()?.ip();
    let found = !ip.is_loopback() && !ip.is_unspecified();
    if !found {
        println!("skipped: this machine has no address but loopback");
    }
    found.then_some(ip)
}

async fn behind_a_proxy(url: &str) -> (Proxy, RedisStore) {
    let proxy = Proxy::start(Ipv4Addr::LOCALHOST.into(), place(url), None).await;
    let options = server::options(&proxy.url("redis", url), &server::fresh());
    let store = options.connect().await.unwrap();
    // The scripts are in the server's cache then.
    use_it(&store, 0, || {}).await;
    (proxy, store)
}

/// Makes each kind of call, none of which may fail or be made twice. `before` happens before each.
async fn use_it(store: &RedisStore, number: u64, before: impl Fn()) {
    let (id, key) = (format!("evt_{number}"), connection_key(&format!("evt_{number}")));
    before();
    assert!(store.load(&key).await.unwrap().is_none());
    before();
    let CreateOutcome::Created(version) = store.create(&record(&id, number)).await.unwrap() else {
        panic!("it was created twice")
    };
    before();
    let until = Timestamp::MAX;
    let terms = ClaimTerms {
        version,
        now: NOW,
        until,
    };
    let ClaimOutcome::Granted { fence, abandoned } = store.claim(&key, terms).await.unwrap() else {
        panic!("it was claimed twice")
    };
    assert!(!abandoned, "it was claimed twice");
    before();
    assert_eq!(
        store.claim(&key, terms).await.unwrap(),
        ClaimOutcome::Held { until }
    );
    before();
    let swapped = store
        .compare_and_swap(version, &record(&id, number + 1), Some(fence))
        .await
        .unwrap();
    let SwapOutcome::Swapped(version) = swapped else {
        panic!("it was replaced twice")
    };
    before();
    let listed = store.of_client(&"clt_test".into(), None, 99).await.unwrap();
    assert!(listed.iter().any(|stored| stored.version == version));
    before();
    store.release(&key, fence).await.unwrap();
    before();
    assert!(
        store.take(&id, NOW, until).await.unwrap(),
        "the mark was taken twice"
    );
    before();
    assert!(!store.take(&id, NOW, until).await.unwrap());
    before();
    store.remove(&key).await.unwrap();
    assert!(store.load(&key).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn h24_an_idle_connection_that_a_balancer_closed_costs_no_call() {
    let Some(url) = server::url() else { return };
    let (proxy, store) = behind_a_proxy(&url).await;
    for number in 1..5 {
        use_it(&store, number, || assert!(proxy.cut() > 0)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h24_a_write_whose_answer_is_lost_is_not_made_twice() {
    let Some(url) = server::url() else { return };
    let (proxy, store) = behind_a_proxy(&url).await;
    for number in 1..5 {
        use_it(&store, number, || proxy.swallows.store(true, Ordering::SeqCst)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h24_a_client_that_the_server_killed_loses_no_call() {
    let Some(url) = server::url() else { return };
    let proxy = Proxy::start(Ipv4Addr::LOCALHOST.into(), place(&url), None).await;
    // Its own user, so that only its connections are killed.
    let user = server::fresh();
    let mut admin = Client::open(url.as_str())
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    let mut acl = redis::cmd("ACL");
    acl.arg("SETUSER")
        .arg(&user)
        .arg(&["on", ">planted", "~*", "+@all"]);
    acl.query_async::<()>(&mut admin).await.unwrap();
    let own = format!("redis://{user}:planted@{}/", proxy.address);
    let store = server::options(&own, &user).connect().await.unwrap();
    let mut kill = redis::cmd("CLIENT");
    kill.arg("KILL").arg("USER").arg(&user);
    for number in 1..5 {
        assert_eq!(kill.query_async::<i64>(&mut admin).await.unwrap(), 1);
        store
            .create(&record(&format!("evt_{number}"), number))
            .await
            .unwrap();
    }
    let mut delete = redis::cmd("ACL");
    delete
        .arg("DELUSER")
        .arg(&user)
        .query_async::<()>(&mut admin)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn h20_plain_text_to_another_machine_needs_a_permission() {
    let (Some(url), Some(ip)) = (server::url(), own_address()) else {
        return;
    };
    let proxy = Proxy::start(ip, place(&url), None).await;
    for scheme in ["redis", "REDIS", "valkey"] {
        let options = RedisOptions::new(proxy.url(scheme, &url)).trust_the_server();
        let error = options.clone().connect().await.unwrap_err();
        assert!(matches!(error, OpenError::PlainText), "{error:?}");
        assert_eq!(proxy.count(), 0, "it was connected to");
    }
    let options = server::options(&proxy.url("redis", &url), &server::fresh());
    let store = options.allow_plain_text().connect().await.unwrap();
    use_it(&store, 1, || {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h20_a_self_signed_certificate_is_trusted_only_if_it_is_given() {
    let (Some(url), Some(ip)) = (server::url(), own_address()) else {
        return;
    };
    let signed = rcgen::generate_simple_self_signed(vec![ip.to_string()]).unwrap();
    let key = PrivateKeyDer::from_pem_slice(signed.signing_key.serialize_pem().as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![signed.cert.der().clone()], key)
        .unwrap();
    let proxy = Proxy::start(ip, place(&url), Some(Arc::new(config).into())).await;
    for scheme in ["rediss", "REDISS"] {
        let options = || server::options(&proxy.url(scheme, &url), &server::fresh());
        let error = options().connect().await.unwrap_err();
        assert!(matches!(error, OpenError::Unreachable { .. }), "{error:?}");
        let store = options()
            .root_certificate(signed.cert.pem())
            .connect()
            .await
            .unwrap();
        use_it(&store, 1, || {}).await;
    }
}

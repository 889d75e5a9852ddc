//! A proxy between the store and the server, as a balancer or an attacker is.

use std::{
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::{Arc, Mutex},
};

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

/// What the proxy says of TLS.
#[derive(Clone)]
pub(crate) enum Tls {
    /// It passes everything on.
    Transparent,
    /// It takes the server's offer out of its greeting, and passes on what follows.
    Refused,
    /// It speaks TLS with the client, and none with the server.
    Offered(TlsAcceptor),
}

/// Listens on an address of this machine that is no loopback address, if it has one.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    connections: Arc<Mutex<Vec<JoinHandle<()>>>>,
    /// All that clients have sent in plain text.
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Proxy {
    pub(crate) async fn start(ip: IpAddr, server: String, tls: Tls) -> Self {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (open, ears) = (Arc::clone(&connections), Arc::clone(&heard));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, tls, ears) = (server.clone(), tls.clone(), Arc::clone(&ears));
                let task = tokio::spawn(async move { drop(serve(client, server, tls, ears).await) });
                open.lock().unwrap().push(task);
            }
        });
        Self {
            address,
            connections,
            heard,
        }
    }

    /// Closes all connections.
    pub(crate) fn cut(&self) -> usize {
        let connections: Vec<_> = self.connections.lock().unwrap().drain(..).collect();
        connections.iter().for_each(JoinHandle::abort);
        connections.len()
    }

    pub(crate) fn heard(&self) -> Vec<u8> {
        self.heard.lock().unwrap().clone()
    }
}

async fn serve(
    mut client: TcpStream,
    server: String,
    tls: Tls,
    ears: Arc<Mutex<Vec<u8>>>,
) -> std::io::Result<()> {
    let mut upstream = TcpStream::connect(server).await?;
    if let Tls::Transparent = tls {
        return tokio::io::copy_bidirectional(&mut client, &mut upstream)
            .await
            .map(drop);
    }
    // <https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html>: the server
    // speaks first, and says whether it has TLS.
    let mut greeting = packet(&mut upstream).await?;
    let version = greeting.iter().skip(5).position(|byte| *byte == 0).unwrap();
    let capabilities = 5 + version + 1 + 4 + 8 + 1;
    let has_tls = &mut greeting[capabilities + 1];
    match tls {
        Tls::Offered(acceptor) => {
            *has_tls |= CLIENT_SSL;
            client.write_all(&greeting).await?;
            let mut request = [0; 36];
            client.read_exact(&mut request).await?;
            let mut client = acceptor.accept(client).await?;
            // The server has not seen the request: it counts one packet less, and hears nothing of TLS.
            let mut login = packet(&mut client).await?;
            ears.lock().unwrap().extend_from_slice(&login);
            login[3] -= 1;
            login[5] &= !CLIENT_SSL;
            upstream.write_all(&login).await?;
            listen(client, upstream, &ears).await
        }
        _ => {
            *has_tls &= !CLIENT_SSL;
            client.write_all(&greeting).await?;
            listen(client, upstream, &ears).await
        }
    }
}

/// The bit in the second byte of the capabilities.
const CLIENT_SSL: u8 = 0x08;

/// Reads a packet: three bytes of length, its number, and what follows.
async fn packet(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut packet = vec![0; 4];
    stream.read_exact(&mut packet).await?;
    let length = u32::from_le_bytes([packet[0], packet[1], packet[2], 0]);
    packet.resize(4 + usize::try_from(length).unwrap(), 0);
    stream.read_exact(&mut packet[4..]).await?;
    Ok(packet)
}

async fn listen(
    client: impl AsyncRead + AsyncWrite,
    upstream: TcpStream,
    ears: &Mutex<Vec<u8>>,
) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = upstream.into_split();
    let up = async {
        let mut buffer = [0; 4096];
        loop {
            let count = from_client.read(&mut buffer).await?;
            if count == 0 {
                return Ok::<_, std::io::Error>(());
            }
            ears.lock().unwrap().extend_from_slice(&buffer[..count]);
            to_server.write_all(&buffer[..count]).await?;
        }
    };
    let down = async { tokio::io::copy(&mut from_server, &mut to_client).await.map(drop) };
    tokio::select! { done = up => done, done = down => done }
}

/// An address of this machine that other machines could reach. No packet is sent.
pub(crate) fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let ip = socket.local_addr().ok()?.ip();
    let found = !ip.is_loopback() && !ip.is_unspecified();
    if !found {
        println!("skipped: this machine has no address but loopback");
    }
    found.then_some(ip)
}

/// TLS with a certificate that nobody has signed, for these names, and the certificate's text.
pub(crate) fn self_signed(names: Vec<String>) -> (Tls, String) {
    let signed = rcgen::generate_simple_self_signed(names).unwrap();
    let key = PrivateKeyDer::from_pem_slice(signed.signing_key.serialize_pem().as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![signed.cert.der().clone()], key)
        .unwrap();
    (Tls::Offered(Arc::new(config).into()), signed.cert.pem())
}

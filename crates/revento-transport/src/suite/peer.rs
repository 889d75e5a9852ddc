//! A scripted server on a TCP socket.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A listener that runs a script for each connection. It ends when it is dropped.
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

/// One accepted connection.
pub(super) struct Connection {
    stream: TcpStream,
    /// The number of the connection, from 0.
    pub(super) number: usize,
}

impl Peer {
    pub(super) async fn start<F>(behave: impl Fn(Connection) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(behave(Connection { stream, number }));
            }
        });
        Self {
            address,
            connections,
            task,
        }
    }

    /// A URL of the peer. Its query has a secret that no error may repeat.
    pub(super) fn url(&self) -> String {
        format!("http://{}/somewhere?token=planted", self.address)
    }

    pub(super) fn get(&self) -> http::Request<Bytes> {
        get(&self.url())
    }

    /// The number of connections so far.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Connection {
    /// Reads one request: its head and the body that the head announces. Empty when the connection is closed.
    pub(super) async fn request(&mut self) -> String {
        let mut read = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&read);
            if let Some((head, body)) = text.split_once("\r\n\r\n")
                && body.len() >= content_length(head)
            {
                return text.into_owned();
            }
            let mut byte = [0; 1024];
            match self.stream.read(&mut byte).await {
                Ok(0) | Err(_) => return String::new(),
                Ok(count) => read.extend(byte.iter().take(count)),
            }
        }
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    /// Writes a response with this body and leaves the connection open.
    pub(super) async fn answer(&mut self, body: &str) -> bool {
        let text = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        self.write(text.as_bytes()).await
    }

    /// Resets the connection.
    pub(super) fn reset(self) {
        self.stream.set_zero_linger().unwrap();
    }
}

fn content_length(head: &str) -> usize {
    let of = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    };
    head.lines().find_map(of).unwrap_or(0)
}

pub(super) fn get(url: &str) -> http::Request<Bytes> {
    http::Request::get(url).body(Bytes::new()).unwrap()
}

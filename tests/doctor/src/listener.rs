//! The listener, which remembers how the names of headers were written: hyper turns them into lower case.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// How the headers of a connection were written.
#[derive(Debug, Clone, Default)]
pub(crate) struct HeadSpelling(Arc<AtomicBool>);

impl HeadSpelling {
    /// Whether the platform's headers had capital letters.
    pub(crate) fn has_capitals(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A listener whose connections remember.
#[derive(Debug)]
pub(crate) struct Remembering(pub(crate) TcpListener);

impl Listener for Remembering {
    type Io = Connection;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Connection, Self::Addr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        let _ = stream.set_nodelay(true);
        (
            Connection {
                stream,
                spelling: HeadSpelling::default(),
            },
            address,
        )
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Remembering>> for HeadSpelling {
    fn connect_info(stream: IncomingStream<'_, Remembering>) -> Self {
        stream.io().spelling.clone()
    }
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    spelling: HeadSpelling,
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let poll = Pin::new(&mut self.stream).poll_read(context, buffer);
        let read = buffer.filled().get(before..).unwrap_or_default();
        if read.windows(10).any(|part| part == b"X-Revento-") {
            self.spelling.0.store(true, Ordering::Relaxed);
        }
        poll
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

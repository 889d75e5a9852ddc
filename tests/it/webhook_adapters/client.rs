//! A raw HTTP/1.1 client, to send what HTTP libraries refuse to send.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A request as bytes.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    head: Vec<u8>,
    body: Vec<u8>,
}

/// A response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        Self {
            head: head.into_bytes(),
            body: Vec::new(),
        }
    }

    pub(crate) fn post(path: &str) -> Self {
        Self::new("POST", path)
    }

    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.head.extend_from_slice(name.as_bytes());
        self.head.extend_from_slice(b": ");
        self.head.extend_from_slice(value.as_ref());
        self.head.extend_from_slice(b"\r\n");
        self
    }

    /// The head without its last line.
    pub(crate) fn head(&self) -> Vec<u8> {
        self.head.clone()
    }

    pub(crate) fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    /// Sends the request with a `Content-Length`.
    pub(crate) async fn send(self, port: u16) -> Response {
        let length = self.body.len();
        let body = self.body.clone();
        self.header("Content-Length", length.to_string())
            .transmit(port, vec![body])
            .await
    }

    /// Sends the request, waits until the server closes the connection, and returns the status of each response.
    pub(crate) async fn count_answers(self, port: u16) -> Vec<u16> {
        let (length, body) = (self.body.len(), self.body.clone());
        let mut stream = self.header("Content-Length", length.to_string()).open(port).await;
        let (mut reading, mut writing) = stream.split();
        let mut bytes = Vec::new();
        let all = async { tokio::join!(writing.write_all(&body), reading.read_to_end(&mut bytes)) };
        // A server that refuses a body may reset the connection.
        let (_, _) = tokio::time::timeout(Duration::from_secs(20), all)
            .await
            .expect("the server hangs up");
        let text = String::from_utf8_lossy(&bytes);
        text.match_indices("HTTP/1.1 ")
            .map(|(at, start)| text[at + start.len()..][..3].parse().unwrap())
            .collect()
    }

    /// Sends the body in chunks of this many bytes, without a `Content-Length`.
    pub(crate) async fn send_chunked(self, port: u16, size: usize) -> Response {
        let mut pieces: Vec<Vec<u8>> = self
            .body
            .chunks(size)
            .map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat())
            .collect();
        pieces.push(b"0\r\n\r\n".to_vec());
        self.header("Transfer-Encoding", "chunked")
            .transmit(port, pieces)
            .await
    }

    /// Announces more bytes than it sends, and then waits or closes the connection.
    pub(crate) async fn send_part(self, port: u16, hang_up: bool) -> Option<Response> {
        let announced = self.body.len() + 100;
        let body = self.body.clone();
        let mut stream = self
            .header("Content-Length", announced.to_string())
            .open(port)
            .await;
        stream.write_all(&body).await.unwrap();
        if hang_up {
            stream.shutdown().await.unwrap();
            drop(stream);
            return None;
        }
        Some(read(&mut stream).await)
    }

    /// Announces more bytes than it sends, and keeps the connection open.
    pub(crate) async fn hold(self, port: u16) -> TcpStream {
        let announced = self.body.len() + 100;
        let body = self.body.clone();
        let mut stream = self
            .header("Content-Length", announced.to_string())
            .open(port)
            .await;
        stream.write_all(&body).await.unwrap();
        stream
    }

    /// Sends the head, and the body after 100 Continue.
    pub(crate) async fn send_when_asked(self, port: u16) -> Response {
        let body = self.body.clone();
        let mut stream = self
            .header("Content-Length", body.len().to_string())
            .header("Expect", "100-continue")
            .open(port)
            .await;
        let mut interim = [0; 25];
        stream.read_exact(&mut interim).await.unwrap();
        assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(&body).await.unwrap();
        read(&mut stream).await
    }

    async fn open(mut self, port: u16) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        self.head.extend_from_slice(b"\r\n");
        stream.write_all(&self.head).await.unwrap();
        stream
    }

    async fn transmit(self, port: u16, pieces: Vec<Vec<u8>>) -> Response {
        let mut stream = self.open(port).await;
        let (mut reading, mut writing) = stream.split();
        let write = async {
            for piece in pieces {
                // A server that has answered may close its side.
                if writing.write_all(&piece).await.is_err() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::join!(write, read(&mut reading)).1
    }
}

/// Sends raw bytes, for malformed requests.
pub(crate) async fn send_raw(port: u16, bytes: &[u8]) -> Response {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    read(&mut stream).await
}

/// Reads until the head and the announced body are complete, or the server closes the connection.
pub(crate) async fn read(stream: &mut (impl AsyncReadExt + Unpin)) -> Response {
    let mut bytes = Vec::new();
    let whole = tokio::time::timeout(Duration::from_secs(20), async {
        let mut buffer = [0; 16 * 1024];
        loop {
            let count = stream.read(&mut buffer).await.unwrap_or(0);
            bytes.extend_from_slice(&buffer[..count]);
            if count == 0 || is_complete(&bytes) {
                break;
            }
        }
    });
    whole.await.expect("an answer in time");
    let end =
        end_of_head(&bytes).unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(&bytes)));
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    Response {
        status: head[9..12].parse().unwrap(),
        head,
        body: bytes[end..].to_vec(),
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let at = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some(at + 4)
}

fn is_complete(bytes: &[u8]) -> bool {
    end_of_head(bytes).is_some_and(|end| {
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .and_then(|value| value.trim().parse::<usize>().ok());
        length.is_some_and(|length| bytes.len() - end >= length)
    })
}

//! A minimal client: a socket, a prepared request, and an answer with a Content-Length.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Outcome, now};

/// How many clients send requests at the same time.
pub(crate) const AT_ONCE: usize = 8;
const FOR: Duration = Duration::from_secs(1);

/// A connection that is kept alive.
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; 256 * 1024],
        })
    }

    /// Reads the body of an answer. Any status but 200 is an error.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Outcome<&str> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            let room = self.buffer.get_mut(filled..).unwrap_or_default();
            let read = self.stream.read(room).await?;
            if read == 0 {
                return Err("the connection ended before the answer did".into());
            }
            filled += read;
            let so_far = std::str::from_utf8(self.buffer.get(..filled).unwrap_or_default())?;
            let Some(head_ends) = so_far.find("\r\n\r\n").map(|at| at + 4) else {
                continue;
            };
            if filled >= head_ends + length(so_far)? {
                let whole = std::str::from_utf8(self.buffer.get(..filled).unwrap_or_default())?;
                return Ok(whole.get(head_ends..).unwrap_or_default());
            }
        }
    }
}

fn length(head: &str) -> Outcome<usize> {
    if !head.starts_with("HTTP/1.1 200") {
        return Err(head.lines().next().unwrap_or_default().into());
    }
    let line = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    Ok(line.ok_or("an answer without a length")?.parse()?)
}

/// Answers per second, if every client sends the next request as soon as it has the answer.
pub(crate) async fn rate<F, Fut>(ask: F) -> Outcome<f64>
where
    F: Fn(usize) -> Fut,
    Fut: Future<Output = Outcome<u64>>,
{
    let start = now();
    let done = futures_util::future::try_join_all((0..AT_ONCE).map(ask)).await?;
    let answers: u64 = done.into_iter().sum();
    Ok(Duration::from_secs(answers).as_secs_f64() / start.elapsed().as_secs_f64())
}

/// Sends the same request again and again until the round is over.
pub(crate) async fn repeat(address: SocketAddr, request: &[u8]) -> Outcome<u64> {
    let mut client = Client::connect(address).await?;
    let (start, mut count) = (now(), 0);
    while start.elapsed() < FOR {
        client.ask(request).await?;
        count += 1;
    }
    Ok(count)
}

/// Refreshes again and again, each time with the token of the last answer. Returns the last token.
pub(crate) async fn refresh(
    address: SocketAddr,
    request: impl Fn(&str) -> Vec<u8>,
    token: &mut String,
) -> Outcome<u64> {
    let mut client = Client::connect(address).await?;
    let (start, mut count) = (now(), 0);
    while start.elapsed() < FOR {
        let answer = client.ask(&request(token)).await?;
        let (_, rest) = answer
            .split_once("\"refresh_token\":\"")
            .ok_or("no refresh token")?;
        *token = rest.split('"').next().unwrap_or_default().to_owned();
        count += 1;
    }
    Ok(count)
}

//! Sends deliveries with wrk over 64 connections, each delivery once.

use std::{io::Write as _, path::Path, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::process::Command;

use crate::inbox::{
    deliveries::{Delivery, Platform},
    turns::Quantiles,
};

pub(super) const CONNECTIONS: usize = 64;
/// The platform waits as long (contract §4.1).
const TIMEOUT: &str = "10s";
const LONGEST_SECONDS: u64 = 30;

/// What wrk has measured.
pub(super) struct Sent {
    pub(super) requests: u64,
    pub(super) rate: f64,
    pub(super) latencies: Quantiles,
}

/// A load on a server.
pub(super) struct Load<'a> {
    pub(super) wrk: &'a Path,
    pub(super) port: u16,
    pub(super) seconds: u64,
    /// The mean pause of a connection between an answer and its next request.
    pub(super) pause: Duration,
}

impl Load<'_> {
    /// Sends for so many seconds. `expected` is a guess at the number of requests; the second value is that of all that were
    /// acknowledged, also in an attempt for which the guess was too low.
    pub(super) async fn send(&self, platform: &mut Platform, expected: usize) -> Result<(Sent, u64)> {
        let (mut prepared, mut seconds, mut acknowledged) = (expected.max(1000), self.seconds, 0);
        loop {
            let deliveries = platform.sign(prepared + CONNECTIONS);
            let sent = self.attempt(&deliveries, seconds).await?;
            acknowledged += sent.requests.min(deliveries.len() as u64);
            if sent.requests > prepared as u64 {
                prepared *= 2;
            } else if sent.requests == 0 && seconds < LONGEST_SECONDS {
                seconds *= 2; // On a busy machine a receiver may not answer within a second.
            } else {
                ensure!(sent.requests > 0, "no answer within {seconds} s");
                return Ok((sent, acknowledged));
            }
        }
    }

    async fn attempt(&self, deliveries: &[Delivery], seconds: u64) -> Result<Sent> {
        let requests = text_file(deliveries.iter().map(Delivery::request))?;
        let length = deliveries.first().context("nothing to send")?.request().len();
        let script = text_file([script(requests.path(), length, self.pause)])?;
        let output = Command::new(self.wrk)
            .args(["-t1", &format!("-c{CONNECTIONS}")])
            .args([&format!("-d{seconds}s"), "--timeout", TIMEOUT, "-s"])
            .arg(script.path())
            .arg(format!("http://127.0.0.1:{}/webhooks", self.port))
            .kill_on_drop(true)
            .output()
            .await
            .context("wrk could not be started")?;
        let said = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            bail!("wrk failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        read(&said)
    }
}

fn text_file(texts: impl IntoIterator<Item = String>) -> Result<tempfile::NamedTempFile> {
    let file = tempfile::NamedTempFile::new()?;
    let mut writer = std::io::BufWriter::new(file.as_file());
    for text in texts {
        writer.write_all(text.as_bytes())?;
    }
    writer.flush()?;
    drop(writer);
    Ok(file)
}

/// The requests are complete and of one length, so wrk only reads them. When there are no more, it repeats the last.
fn script(requests: &Path, length: usize, pause: Duration) -> String {
    // wrk calls `delay` before each request if it is defined.
    let delay = match pause.as_millis() {
        0 => String::new(),
        mean => format!("function delay() return math.random(0, {}) end\n", mean * 2),
    };
    format!(
        r#"local file = io.open({requests:?}, "rb")
local last
function request()
  last = file:read({length}) or last
  return last
end
{delay}function done(summary, latency, requests)
  local errors = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format("SENT %d %d %d %d %d\n", summary.requests, errors, summary.duration, latency:percentile(50), latency:percentile(99)))
end
"#
    )
}

fn read(said: &str) -> Result<Sent> {
    let line = said.lines().find_map(|line| line.strip_prefix("SENT "));
    let numbers: Result<Vec<u64>, _> = line
        .with_context(|| format!("wrk printed no result: {said}"))?
        .split(' ')
        .map(str::parse)
        .collect();
    let [requests, errors, microseconds, p50, p99] = numbers?.as_slice().try_into()?;
    ensure!(errors == 0, "{errors} of {requests} requests failed");
    Ok(Sent {
        requests,
        rate: requests as f64 / Duration::from_micros(microseconds).as_secs_f64(),
        latencies: Quantiles {
            p50: Duration::from_micros(p50),
            p99: Duration::from_micros(p99),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_request_is_an_error() {
        let sent = read("Running\nSENT 2000 0 1000000 800 2500\n").unwrap();
        assert_eq!((sent.requests, sent.rate), (2000, 2000.0));
        assert_eq!(sent.latencies.p99, Duration::from_micros(2500));
        assert!(read("SENT 2000 1 1000000 800 2500\n").is_err());
        assert!(read("nothing").is_err());
    }
}

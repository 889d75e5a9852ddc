//! Whether clocks agree: this machine's with that of the store's server and of the platform.

use std::time::Duration;

use anyhow::Result;
use revento::{Timestamp, types::http_date};

use super::{
    super::{Stores, now},
    findings::Finding,
};

/// Clocks may differ by seconds, not by minutes (see docs/tokens.md). A `Date` has no fractions.
const MOST: Duration = Duration::from_secs(30);
/// How long the platform may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// By how much other clocks are ahead of this machine's; `None` if nobody asked.
pub(super) struct Clocks {
    pub(super) store_ahead_ms: Option<i64>,
    pub(super) platform_ahead_ms: Option<i64>,
}

impl Clocks {
    pub(super) async fn look(
        stores: &Stores,
        auth_base: Option<&str>,
        findings: &mut Vec<Finding>,
    ) -> Result<Self> {
        let before = now();
        let store = stores.server_time().await?;
        let store_ahead_ms = store.map(|time| ahead_ms(time, middle(before, now())));
        findings.extend(store_ahead_ms.and_then(|ms| {
            differs(ms).then(|| Finding {
                id: "store_clock",
                of: None,
                what: format!("the clock of the store's server is {} of this machine's", words(ms)).into(),
                count: 1,
                remedy: "run NTP on both; the store itself does not use its clock, so find out which of the two is wrong",
            })
        }));
        let mut clocks = Self {
            store_ahead_ms,
            platform_ahead_ms: None,
        };
        if let Some(base) = auth_base {
            match platform_ahead_ms(base).await {
                Ok(ms) => {
                    clocks.platform_ahead_ms = Some(ms);
                    findings.extend(differs(ms).then(|| Finding {
                        id: "platform_clock",
                        of: None,
                        what: format!("the clock of the platform is {} of this machine's", words(ms)).into(),
                        count: 1,
                        remedy: "run NTP on this machine: webhooks are refused outside a window of 300 s, and tokens are refreshed too late",
                    }));
                }
                Err(why) => findings.push(Finding {
                    id: "platform_silent",
                    of: None,
                    what: format!("the platform does not say its time: {why}").into(),
                    count: 1,
                    remedy: "check --auth-base, DNS, proxy and firewall; without the platform no token can be refreshed",
                }),
            }
        }
        Ok(clocks)
    }
}

/// Asks for the `Date` of any answer. Redirects are not followed.
async fn platform_ahead_ms(base: &str) -> Result<i64, String> {
    let client = reqwest::Client::builder()
        .timeout(TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|_| "no HTTP client can be made".to_owned())?;
    let before = now();
    let answer = client.head(base).send().await.map_err(|error| {
        // Its text can repeat the URL, which can have a password.
        if error.is_timeout() {
            format!("no answer within {} s", TIMEOUT.as_secs())
        } else if error.is_builder() {
            "--auth-base is no URL".to_owned()
        } else {
            "there is no connection".to_owned()
        }
    })?;
    let after = now();
    let date = answer.headers().get(reqwest::header::DATE);
    let time = date
        .and_then(|date| date.to_str().ok())
        .and_then(http_date::parse)
        .ok_or("the answer has no Date")?;
    // Whole seconds: the time is somewhere in this one.
    let time = time.saturating_add(Duration::from_millis(500));
    Ok(ahead_ms(time, middle(before, after)))
}

fn middle(before: Timestamp, after: Timestamp) -> Timestamp {
    before.saturating_add(after.saturating_since(before) / 2)
}

fn ahead_ms(time: Timestamp, here: Timestamp) -> i64 {
    time.unix_micros().saturating_sub(here.unix_micros()) / 1000
}

fn differs(ms: i64) -> bool {
    Duration::from_millis(ms.unsigned_abs()) > MOST
}

fn words(ms: i64) -> String {
    let seconds = ms.unsigned_abs() / 1000;
    if ms > 0 {
        format!("{seconds} s ahead")
    } else {
        format!("{seconds} s behind")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_measured_from_the_middle_of_the_call() {
        let at = Timestamp::from_unix_seconds;
        assert_eq!(ahead_ms(at(130), middle(at(98), at(102))), 30_000);
        assert!(!differs(30_000) && differs(30_001) && differs(-40_000));
        assert_eq!(
            (words(31_000), words(-40_999)),
            ("31 s ahead".into(), "40 s behind".into())
        );
    }
}

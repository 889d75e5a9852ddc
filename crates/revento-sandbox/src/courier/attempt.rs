//! One attempt: sign with the real clock, send, read a bounded answer (contract section 4.1).

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap};

use super::tamper;
use super::tamper::{Facts, Keys, Outgoing, Plan};
use crate::decisions;
use crate::laboratory::book::Occasion;
use crate::laboratory::kinds::Area;
use crate::machine::clock;
use crate::machine::secret::Secret;
use crate::platform::acts::rotation;
use crate::platform::config::Integration;
use crate::platform::hub::Hub;
use crate::platform::records::{Attempt, Delivery};
use crate::platform::rules;

/// Contract section 4.1: a receiver has ten seconds.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The client of the courier: no redirects, no proxy, no waiting beyond the contract.
pub(crate) fn client() -> Result<reqwest::Client, reqwest::Error> {
    builder().build()
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(TIMEOUT)
        .user_agent(concat!("Revento-Sandbox/", env!("CARGO_PKG_VERSION")))
}

/// Makes one attempt. Whatever happens is an entry of the log, never an error.
pub(super) async fn make(hub: &Hub, client: &reqwest::Client, delivery: &Delivery) -> Attempt {
    let at = hub.now();
    let number = u32::try_from(delivery.attempts.len())
        .unwrap_or(u32::MAX)
        .saturating_add(1);
    let mut attempt = Attempt {
        number,
        at,
        duration_ms: 0,
        request_headers: Vec::new(),
        fault: None,
        status: 0,
        response_headers: Vec::new(),
        response_body: String::new(),
        error: None,
    };
    let Some(integration) = hub.config.integration(&delivery.client_id) else {
        attempt.error = Some("the integration is not registered any more".to_owned());
        return attempt;
    };
    // The registered URL of today: a delivery that waited through a restart follows the configuration.
    let url = integration.webhook_url.as_deref().unwrap_or(&delivery.url);
    if let Some(objection) = rules::webhook_objection(url, hub.config.remote_webhooks) {
        attempt.error = Some(format!("not sent: {objection}"));
        return attempt;
    }
    let keys = keys(hub, integration).await;
    let occasion = Occasion {
        endpoint: "webhook",
        event_id: delivery.event_id.as_deref(),
        client_id: &delivery.client_id,
        event_type: Some(&delivery.event_type),
    };
    let strike = hub.faults().draw(&[Area::Webhook], occasion);
    if let Some(strike) = &strike {
        attempt.fault = Some(strike.kind.name().to_owned());
    }
    let facts = Facts {
        id: &delivery.id,
        event_type: &delivery.event_type,
        timestamp: hub.real_now().unix(),
    };
    let plan = tamper::plan(strike.as_ref(), facts, &keys, &delivery.body);
    if plan.title_case {
        match builder().http1_title_case_headers().build() {
            Ok(client) => carry_out(&mut attempt, &client, url, plan).await,
            Err(error) => attempt.error = Some(explain(&error)),
        }
    } else {
        carry_out(&mut attempt, client, url, plan).await;
    }
    attempt
}

async fn keys(hub: &Hub, integration: &Integration) -> Keys {
    let exposed = |secret: Option<Secret>| {
        secret
            .map(|secret| secret.expose().to_owned())
            .unwrap_or_default()
    };
    let looked = hub
        .read(|state, now| Keys {
            signing: exposed(rotation::signing(state, now, integration)),
            oldest: exposed(rotation::oldest(state, integration)),
        })
        .await;
    looked.unwrap_or_else(|_| {
        let registered = integration.webhook_secret.expose().to_owned();
        Keys {
            signing: registered.clone(),
            oldest: registered,
        }
    })
}

/// Sends what a plan says. The last answer is the one that counts.
async fn carry_out(attempt: &mut Attempt, client: &reqwest::Client, url: &str, plan: Plan) {
    tokio::time::sleep(plan.wait).await;
    let watch = clock::stopwatch();
    if let Some(last) = plan.requests.last() {
        attempt.request_headers.clone_from(&last.headers);
    }
    let sends = plan
        .requests
        .into_iter()
        .map(|request| send(client, url, request));
    let answers = if plan.at_once {
        futures_util::future::join_all(sends).await
    } else {
        let mut answers = Vec::new();
        for sending in sends {
            answers.push(sending.await);
        }
        answers
    };
    if let Some(last) = answers.into_iter().next_back() {
        match last {
            Ok(response) => receive(attempt, response).await,
            Err(error) => attempt.error = Some(explain(&error)),
        }
    }
    attempt.duration_ms = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
    if let Some(reason) = plan.lost {
        attempt.status = 0;
        attempt.error = Some(reason.to_owned());
    }
}

async fn send(
    client: &reqwest::Client,
    url: &str,
    outgoing: Outgoing,
) -> Result<reqwest::Response, reqwest::Error> {
    let mut request = client.post(url).body(outgoing.body);
    for (name, value) in &outgoing.headers {
        request = request.header(name, value);
    }
    request.send().await
}

async fn receive(attempt: &mut Attempt, mut response: reqwest::Response) {
    attempt.status = response.status().as_u16();
    attempt.response_headers = listed(response.headers());
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() < decisions::MAX_LOGGED_ANSWER => body.extend_from_slice(&chunk),
            Ok(_) => break,
            Err(error) => {
                attempt.error = Some(explain(&error));
                break;
            }
        }
    }
    body.truncate(decisions::MAX_LOGGED_ANSWER);
    attempt.response_body = String::from_utf8_lossy(&body).into_owned();
    if attempt.error.is_none() && !decisions::is_success(attempt.status) {
        attempt.error = Some(format!("answered {}; only a 2xx is success", attempt.status));
    }
}

fn listed(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| *name == CONTENT_TYPE || !name.as_str().eq_ignore_ascii_case("set-cookie"))
        .take(40)
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes())
                    .chars()
                    .take(400)
                    .collect(),
            )
        })
        .collect()
}

fn explain(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer within 10 seconds; queue the work and answer first".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    if error.is_connect() {
        format!("could not connect ({cause}); is the integration running at the registered URL?")
    } else {
        format!("the connection failed ({cause})")
    }
}

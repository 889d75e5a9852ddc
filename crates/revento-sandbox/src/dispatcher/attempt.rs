//! One attempt: signs with the real time, sends, and reads an answer of limited size (contract §4.1).

use reqwest::header::{CONTENT_TYPE, HeaderMap};

use super::clients::Clients;
use super::delivery_faults::{self, AttemptPlan, HeaderValues, OutgoingRequest, SigningKeys};
use super::explain::explain;
use crate::decisions;
use crate::faults::{FaultArea, InjectionPoint};
use crate::platform::config::Integration;
use crate::platform::queries::secrets;
use crate::platform::records::{Attempt, Delivery};
use crate::platform::rules;
use crate::primitives::clock;
use crate::primitives::secret::Secret;
use crate::runtime::Runtime;

/// Makes one attempt. The returned record says whether and why it failed.
pub(super) async fn run(runtime: &Runtime, clients: &Clients, delivery: &Delivery) -> Attempt {
    let at = runtime.now();
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
    let Some(integration) = runtime.config.integration(&delivery.client_id) else {
        attempt.error = Some("the integration is no longer registered".to_owned());
        return attempt;
    };
    // Use the URL that is registered now: it may differ from the one before a restart.
    let url = integration.webhook_url.as_deref().unwrap_or(&delivery.url);
    if let Some(objection) = rules::webhook_objection(url, runtime.config.remote_webhooks) {
        attempt.error = Some(format!("not sent: {objection}"));
        return attempt;
    }
    let keys = signing_keys(runtime, integration).await;
    let point = InjectionPoint {
        endpoint: "webhook",
        event_id: delivery.event_id.as_deref(),
        client_id: &delivery.client_id,
        event_type: Some(&delivery.event_type),
    };
    let fault = runtime.faults().trigger(&[FaultArea::Webhook], point);
    if let Some(fault) = &fault {
        attempt.fault = Some(fault.kind.name().to_owned());
    }
    let values = HeaderValues {
        id: &delivery.id,
        event_type: &delivery.event_type,
        timestamp: runtime.real_now().unix(),
    };
    let plan = delivery_faults::plan(fault.as_ref(), values, &keys, &delivery.body);
    if plan.title_case {
        match clients.in_title_case(url) {
            Ok(client) => execute(&mut attempt, &client, url, plan).await,
            Err(error) => attempt.error = Some(explain(&error, url)),
        }
    } else {
        execute(&mut attempt, clients.for_receiver(url), url, plan).await;
    }
    attempt
}

async fn signing_keys(runtime: &Runtime, integration: &Integration) -> SigningKeys {
    let exposed = |secret: Option<Secret>| {
        secret
            .map(|secret| secret.expose().to_owned())
            .unwrap_or_default()
    };
    let keys = runtime
        .read(|state, context| SigningKeys {
            current: exposed(secrets::signing(state, context.now, integration)),
            oldest: exposed(secrets::oldest(state, integration)),
        })
        .await;
    keys.unwrap_or_else(|_| {
        let registered = exposed(integration.webhook_secret.clone());
        SigningKeys {
            current: registered.clone(),
            oldest: registered,
        }
    })
}

/// Sends the requests of a plan. The last answer counts.
async fn execute(attempt: &mut Attempt, client: &reqwest::Client, url: &str, plan: AttemptPlan) {
    tokio::time::sleep(plan.wait).await;
    let watch = clock::stopwatch();
    if let Some(last) = plan.requests.last() {
        attempt.request_headers.clone_from(&last.headers);
    }
    let sends = plan
        .requests
        .into_iter()
        .map(|request| send(client, url, request));
    let answers = if plan.concurrently {
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
            Ok(response) => receive(attempt, response, url).await,
            Err(error) => attempt.error = Some(explain(&error, url)),
        }
    }
    attempt.duration_ms = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
    if let Some(reason) = plan.fails_with {
        attempt.status = 0;
        attempt.error = Some(reason.to_owned());
    }
}

async fn send(
    client: &reqwest::Client,
    url: &str,
    outgoing: OutgoingRequest,
) -> Result<reqwest::Response, reqwest::Error> {
    let mut request = client.post(url).body(outgoing.body);
    for (name, value) in &outgoing.headers {
        request = request.header(name, value);
    }
    request.send().await
}

async fn receive(attempt: &mut Attempt, mut response: reqwest::Response, url: &str) {
    attempt.status = response.status().as_u16();
    attempt.response_headers = header_list(response.headers());
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() < decisions::MAX_LOGGED_ANSWER => body.extend_from_slice(&chunk),
            Ok(_) => break,
            Err(error) => {
                attempt.error = Some(explain(&error, url));
                break;
            }
        }
    }
    attempt.response_body = logged(body);
    if attempt.error.is_none() && !decisions::is_success(attempt.status) {
        attempt.error = Some(format!("answered {}; only a 2xx is success", attempt.status));
    }
}

/// An answer as text for the log. One that is too long is cut between two characters.
fn logged(mut body: Vec<u8>) -> String {
    if body.len() > decisions::MAX_LOGGED_ANSWER {
        body.truncate(decisions::MAX_LOGGED_ANSWER);
        if let Err(error) = std::str::from_utf8(&body)
            && error.error_len().is_none()
        {
            body.truncate(error.valid_up_to());
        }
    }
    String::from_utf8_lossy(&body).into_owned()
}

fn header_list(headers: &HeaderMap) -> Vec<(String, String)> {
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

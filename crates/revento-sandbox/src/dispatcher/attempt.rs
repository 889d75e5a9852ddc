//! One attempt: signs with the real time, sends, and records the answer (contract §4.1).

use super::clients::Clients;
use super::delivery_faults::{self, AttemptPlan, HeaderValues, SigningKeys};
use super::route::{self, Route};
use crate::decisions;
use crate::faults::{FaultArea, InjectionPoint};
use crate::listeners::Answer;
use crate::platform::config::Integration;
use crate::platform::queries::secrets;
use crate::platform::records::{Attempt, Delivery};
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
        forwarded_to: None,
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
    let destination = match route::destination(runtime, integration, delivery).await {
        Ok(destination) => destination,
        Err(why) => {
            attempt.error = Some(why);
            return attempt;
        }
    };
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
    match destination.route(runtime, clients, delivery, number, plan.title_case) {
        Ok(route) => execute(&mut attempt, &route, plan).await,
        Err(why) => attempt.error = Some(why),
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
async fn execute(attempt: &mut Attempt, route: &Route<'_>, plan: AttemptPlan) {
    tokio::time::sleep(plan.wait).await;
    let watch = clock::stopwatch();
    attempt.forwarded_to = route.forwarded_to();
    if let Some(last) = plan.requests.last() {
        attempt.request_headers.clone_from(&last.headers);
    }
    let sends = plan.requests.into_iter().map(|request| route.send(request));
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
        record(attempt, last);
    }
    attempt.duration_ms = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
    if let Some(reason) = plan.fails_with {
        attempt.status = 0;
        attempt.error = Some(reason.to_owned());
    }
}

fn record(attempt: &mut Attempt, answer: Answer) {
    attempt.status = answer.status;
    attempt.response_headers = answer.headers;
    attempt.response_body = answer.body;
    attempt.error = answer.error.or_else(|| {
        let is_success = decisions::is_success(answer.status);
        (!is_success).then(|| format!("answered {}; only a 2xx is success", answer.status))
    });
}

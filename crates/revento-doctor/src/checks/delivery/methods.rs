//! Other requests than webhooks: browsers, monitors, health probes.

use http::Method;

use crate::check::{Check, check};
use crate::checks::answers::working_receiver;
use crate::exam::{Exam, Problem, flaw, status_text};
use crate::integration::Outgoing;
use crate::platform::{Effect, Endpoint, Gate};

pub(in crate::checks) const CHECKS: &[Check] = &[
    check!(Delivery Recommended "§4.1" "delivery-get" [WebhookUrl]
        "GET to the webhook URL is answered with 405 and Allow: POST"
        why: "Whoever opens the URL in a browser to see whether it is right, should read that it is: a 404 says the opposite, and a 2xx hides that nothing was verified"
        mend: "Answer 405 with `Allow: POST` to every other method on this route"
        hint Express: "Add `app.all('/webhooks', (req, res) => res.set('Allow', 'POST').status(405).end())` after the POST route"
        hint Node: "Add a handler for the other methods of the route that answers 405 with `Allow: POST`"
        hint Php: "Look at `$_SERVER['REQUEST_METHOD']` first, and send `header('Allow: POST', true, 405)`"
        run: get),
    check!(Delivery Recommended "§4.1" "delivery-head" [WebhookUrl]
        "HEAD and OPTIONS to the webhook URL do no harm"
        why: "Uptime monitors and link checkers send them: a 5xx raises alarms about a receiver that works"
        mend: "Answer them with 405 or a 2xx; do not read a body that is not there"
        run: head),
    check!(Delivery Recommended "§4.1" "delivery-health" [HealthUrl]
        "The health page answers with a 2xx, even while the platform hangs"
        why: "A probe that asks the platform restarts the integration whenever the platform is slow, and webhooks are lost with it"
        mend: "Let the health page say whether this process can serve: its database at most, never the platform"
        run: health),
];

async fn get(exam: &mut Exam) -> Result<(), Problem> {
    working_receiver(exam).await?;
    let exchange = exam.send(Outgoing::get(exam.webhook_url()?)).await;
    let expected = "405 with Allow: POST";
    if exchange.status != Some(405) {
        return Err(flaw(expected, status_text(exchange.status, &exchange)));
    }
    match exchange.response_header("allow") {
        Some(methods)
            if methods
                .to_ascii_uppercase()
                .split(',')
                .any(|method| method.trim() == "POST") =>
        {
            Ok(())
        }
        Some(methods) => Err(flaw(expected, format!("405 with Allow: {methods}"))),
        None => Err(flaw(expected, "405 without Allow")),
    }
}

async fn head(exam: &mut Exam) -> Result<(), Problem> {
    working_receiver(exam).await?;
    for method in [Method::HEAD, Method::OPTIONS] {
        let request = Outgoing::new(method.clone(), exam.webhook_url()?);
        let exchange = exam.send(request).await;
        if !matches!(exchange.status, Some(200..=499)) {
            return Err(flaw(
                format!("a 2xx or a 4xx to {method}"),
                status_text(exchange.status, &exchange),
            ));
        }
    }
    Ok(())
}

async fn health(exam: &mut Exam) -> Result<(), Problem> {
    let url = exam.integration.settings.health_url.clone();
    let url = url.ok_or_else(|| Problem::NotChecked("give --health-url".to_owned()))?;
    let gate = Gate::closed();
    let endpoints = [
        Endpoint::Authorize,
        Endpoint::Code,
        Endpoint::Refresh,
        Endpoint::OtherGrant,
        Endpoint::Participants,
        Endpoint::Read,
        Endpoint::Me,
        Endpoint::Other,
    ];
    let guards = endpoints.map(|endpoint| {
        let wait = Effect::WaitBefore(gate.clone());
        exam.platform.on(endpoint, None, wait)
    });
    let exchange = exam.send(Outgoing::get(url)).await;
    drop(guards);
    gate.open();
    match exchange.status {
        Some(200..=299) => Ok(()),
        got => Err(flaw(
            "a 2xx, while the platform hangs",
            status_text(got, &exchange),
        )),
    }
}

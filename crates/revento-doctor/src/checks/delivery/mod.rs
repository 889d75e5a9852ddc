//! Delivery of webhooks: what is acknowledged is handled, once, at any load (contract §4).

pub(super) mod crash;
pub(super) mod duplicates;
pub(super) mod load;
pub(super) mod methods;
pub(super) mod tolerance;

use super::answers::{accepted, any_event, working_receiver};
use crate::check::{Check, check};
use crate::exam::{Exam, Problem, flaw};
use crate::integration::redirect;
use crate::platform::world::Event;
use crate::webhook::Webhook;

pub(super) const CHECKS: &[Check] = &[
    check!(Delivery Required "§4.1" "delivery-no-redirect" [WebhookUrl]
        "The webhook URL answers by itself and does not redirect"
        why: "The platform follows no redirects: only a 2xx is success, so every webhook would be retried and then buried"
        mend: "Register the URL that answers: with https, and with or without the slash at the end, just as the route has it"
        hint Django: "`APPEND_SLASH` redirects a URL without the slash at its end"
        hint Flask: "A rule that ends with a slash redirects a URL without it: drop the slash, or pass `strict_slashes=False`"
        hint FastApi: "Pass `redirect_slashes=False`, or register the URL as the route has it"
        hint Go: "The pattern `/webhooks/` redirects `/webhooks`: register the pattern without the slash"
        run: no_redirect),
    check!(Delivery Required "§4.1" "delivery-handled" [WebhookUrl, HandledUrl]
        "A webhook that is acknowledged is handled"
        why: "The platform sends an acknowledged webhook never again: what is dropped then is lost"
        mend: "Queue the webhook durably before you answer, and let a worker handle it"
        run: is_handled),
];

async fn no_redirect(exam: &mut Exam) -> Result<(), Problem> {
    let event = any_event(exam).await?;
    let webhook = exam.webhook(&event, "application.approved");
    let url = exam.webhook_url()?;
    let exchange = exam.send(webhook.request(url.clone())).await;
    if !matches!(exchange.status, Some(300..=399)) {
        return Ok(());
    }
    let to = redirect(&exchange);
    let slash = to.as_ref().is_some_and(|to| {
        to.path().trim_end_matches('/') == url.path().trim_end_matches('/') && to.path() != url.path()
    });
    let hint = if slash {
        ": only the slash at the end differs"
    } else {
        ""
    };
    Err(flaw(
        "a 2xx",
        format!(
            "{}, a redirect to {}{hint}",
            exchange.status.unwrap_or_default(),
            to.map_or_else(|| "nowhere".to_owned(), |to| to.to_string())
        ),
    ))
}

async fn is_handled(exam: &mut Exam) -> Result<(), Problem> {
    let (_, webhook) = good(exam).await?;
    let exchange = exam.send(webhook.request(exam.webhook_url()?)).await;
    accepted(&exchange)?;
    let judged = exam.wait_until_handled(&webhook.envelope_id).await;
    exam.receiver.handles = Some(judged.is_ok());
    judged
}

/// A good webhook to a receiver that works.
async fn good(exam: &mut Exam) -> Result<(Event, Webhook), Problem> {
    let event = working_receiver(exam).await?;
    let webhook = exam.webhook(&event, "application.approved");
    Ok((event, webhook))
}

/// Like [`good`]. The webhook is sent, and handled. That the receiver handles webhooks is judged by `delivery-handled` alone.
async fn handled_once(exam: &mut Exam) -> Result<(Event, Webhook), Problem> {
    let (event, webhook) = good(exam).await?;
    if exam.integration.settings.handled_url.is_none() {
        return Err(Problem::NotChecked("give --handled-url".to_owned()));
    }
    let not_handled =
        || Problem::Untestable("a good webhook is not handled (see delivery-handled)".to_owned());
    if exam.receiver.handles == Some(false) {
        return Err(not_handled());
    }
    let exchange = exam.send(webhook.request(exam.webhook_url()?)).await;
    let handled = match accepted(&exchange) {
        Ok(()) => exam.wait_until_handled(&webhook.envelope_id).await,
        refused => refused,
    };
    exam.receiver.handles = Some(handled.is_ok());
    match handled {
        Err(Problem::Flaw { .. }) => Err(not_handled()),
        Err(problem) => Err(problem),
        Ok(()) => Ok((event, webhook)),
    }
}

/// Whether it can be seen that webhooks are handled.
async fn shows_handled(exam: &mut Exam) -> bool {
    exam.receiver.handles == Some(true) || handled_once(exam).await.is_ok()
}

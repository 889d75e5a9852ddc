//! The four headers: missing, empty, repeated, in another case.

use super::{DELIVERY_ID, EVENT, HEADERS, SIGNATURE, TIMESTAMP};
use crate::check::{Check, check};
use crate::checks::answers::{accepted_as, all_refused, refused, refused_as, working_receiver};
use crate::exam::{Exam, Problem};
use crate::integration::Outgoing;

pub(in crate::checks) const CHECKS: &[Check] = &[
    check!(Signature Required "§4.1" "signature-missing-signature" [WebhookUrl]
        "A webhook without X-Revento-Signature is refused"
        why: "An unsigned request is the simplest forgery there is"
        mend: "Treat a missing signature as a wrong one: refuse with 401, in every environment"
        run: missing_signature),
    check!(Signature Required "§4.1" "signature-missing-timestamp" [WebhookUrl]
        "A webhook without X-Revento-Timestamp is refused"
        why: "Without a timestamp nothing tells a new webhook from one that was captured a year ago"
        mend: "Refuse with 401 when the header is missing; do not put the current time or an empty text in its place"
        run: missing_timestamp),
    check!(Signature Required "§4.1" "signature-missing-event" [WebhookUrl]
        "A webhook without X-Revento-Event is refused"
        why: "A missing header is a failure, never unsigned but fine: a request without it does not come from the platform"
        mend: "Refuse with 401 when the header is missing"
        run: missing_event),
    check!(Signature Required "§4.1" "signature-missing-delivery-id" [WebhookUrl]
        "A webhook without X-Revento-Delivery-Id is refused"
        why: "The delivery id is the key of deduplication: without it, every copy would count as new, or all as one"
        mend: "Refuse with 401 when the header is missing"
        run: missing_delivery_id),
    check!(Signature Required "§4.1" "signature-empty-header" [WebhookUrl]
        "A webhook with an empty header is refused, as if the header was missing"
        why: "An empty delivery id makes unrelated webhooks duplicates of each other, and an empty timestamp can parse as zero or as now"
        mend: "Test that each of the four headers has a value, not only that it exists"
        run: empty),
    check!(Signature Recommended "§4.1" "signature-repeated-header" [WebhookUrl]
        "A webhook with one of its four headers twice is refused"
        why: "Which of two values counts is anybody's guess: a proxy and the integration may guess differently, and check one value but use the other"
        mend: "Refuse with 401 unless each of the four headers comes exactly once"
        hint Express: "`req.headersDistinct` has every value; `req.get()` joins them with a comma"
        hint Node: "`request.raw.headersDistinct` has every value; `request.headers` joins them with a comma"
        hint Flask: "WSGI joins repeated headers with a comma: refuse a value that contains one"
        hint FastApi: "`request.headers.getlist(name)` has every value; `request.headers[name]` is the first"
        hint Go: "`r.Header.Values(name)` has every value; `Get` returns the first"
        hint Php: "PHP joins repeated headers with a comma: refuse a value that contains one"
        hint Ruby: "Rack joins repeated headers with a comma: refuse a value that contains one"
        run: repeated),
    check!(Signature Required "§4.1" "signature-header-case" [WebhookUrl]
        "The headers are found in any upper and lower case"
        why: "Names of HTTP headers have no case, and proxies change it: every webhook would be refused from one day to the next"
        mend: "Look the headers up without regard to case, as your framework's own accessor does"
        run: header_case),
];

async fn missing_signature(exam: &mut Exam) -> Result<(), Problem> {
    without(exam, SIGNATURE).await
}

async fn missing_timestamp(exam: &mut Exam) -> Result<(), Problem> {
    without(exam, TIMESTAMP).await?;
    // The signature of someone who knows that the receiver fills in nothing.
    let event = working_receiver(exam).await?;
    let mut webhook = exam.webhook(&event, "application.approved");
    webhook.timestamp = String::new();
    let request = webhook.request(exam.webhook_url()?).with(TIMESTAMP, None);
    let exchange = exam.send(request).await;
    refused_as("a signature over an empty timestamp", &exchange)
}

async fn missing_event(exam: &mut Exam) -> Result<(), Problem> {
    without(exam, EVENT).await
}

async fn missing_delivery_id(exam: &mut Exam) -> Result<(), Problem> {
    without(exam, DELIVERY_ID).await
}

async fn without(exam: &mut Exam, header: &str) -> Result<(), Problem> {
    let request = good_request(exam).await?.with(header, None);
    let exchange = exam.send(request).await;
    refused(&exchange)
}

async fn empty(exam: &mut Exam) -> Result<(), Problem> {
    let mut requests = Vec::new();
    for header in HEADERS {
        let request = good_request(exam).await?.with(header, Some(b""));
        requests.push((format!("an empty {header}"), request));
    }
    let event = working_receiver(exam).await?;
    let mut webhook = exam.webhook(&event, "application.approved");
    webhook.timestamp = String::new();
    let signed = webhook.request(exam.webhook_url()?);
    requests.push(("a signature over an empty timestamp".to_owned(), signed));
    all_refused(exam, requests).await
}

async fn repeated(exam: &mut Exam) -> Result<(), Problem> {
    let mut requests = Vec::new();
    for header in HEADERS {
        let request = good_request(exam).await?;
        let value = value(&request, header);
        requests.push((format!("{header} twice"), request.header(header, value)));
    }
    all_refused(exam, requests).await
}

async fn header_case(exam: &mut Exam) -> Result<(), Problem> {
    let mut request = good_request(exam).await?;
    let exchange = exam.send(request.clone()).await;
    accepted_as("x-revento-signature", &exchange)?;
    request = good_request(exam).await?;
    request.title_case = true;
    let exchange = exam.send(request).await;
    accepted_as("X-Revento-Signature", &exchange)
}

/// A good webhook as a request.
async fn good_request(exam: &mut Exam) -> Result<Outgoing, Problem> {
    let event = working_receiver(exam).await?;
    let webhook = exam.webhook(&event, "application.approved");
    Ok(webhook.request(exam.webhook_url()?))
}

fn value(request: &Outgoing, header: &str) -> Vec<u8> {
    let found = request.headers.iter().find(|(name, _)| name == header);
    found.map(|(_, value)| value.clone()).unwrap_or_default()
}

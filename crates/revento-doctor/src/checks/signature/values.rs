//! The values of the headers: the form of the signature, the window and the text of the timestamp, the type.

use super::{EVENT, signed_with};
use crate::check::{Check, check};
use crate::checks::answers::{accepted_as, all_accepted, all_refused, refused, working_receiver};
use crate::exam::{Exam, Problem};
use crate::integration::{Outgoing, is_loopback};
use crate::platform::world::Event;
use crate::webhook::Webhook;

pub(in crate::checks) const CHECKS: &[Check] = &[
    check!(Signature Required "§4.1" "signature-truncated" [WebhookUrl]
        "A signature that is cut short is refused"
        why: "If a prefix is enough, whoever tries 256 signatures of one byte has forged a webhook"
        mend: "Compare all 64 digits in constant time, after you have compared the lengths"
        hint Node: "`crypto.timingSafeEqual` throws for different lengths: compare `length` first, and refuse"
        hint Express: "`crypto.timingSafeEqual` throws for different lengths: compare `length` first, and refuse"
        run: truncated),
    check!(Signature Recommended "§4.1" "signature-prefix" [WebhookUrl]
        "A signature header that does not begin with `sha256=` is refused"
        why: "The prefix names the algorithm. A receiver that ignores it cannot tell when the platform introduces another one"
        mend: "Require exactly `sha256=`, in lower case, before the digits"
        run: prefix),
    check!(Signature Recommended "§4.1" "signature-upper-case-hex" [WebhookUrl]
        "A signature in upper-case digits is refused"
        why: "The platform sends lower case only. A comparison that accepts more usually decodes or folds what it compares, and that is where forgeries get in"
        mend: "Compare the text of the header with the lower-case hex of your HMAC, in constant time"
        run: upper_case),
    check!(Signature Required "§4.1" "signature-stale" [WebhookUrl]
        "A webhook that is more than 300 s old is refused"
        why: "Somebody who captured a webhook could send it again for ever"
        mend: "Refuse when the timestamp is more than 300 s behind your clock, and keep that clock synchronised (NTP)"
        run: stale),
    check!(Signature Required "§4.1" "signature-future" [WebhookUrl]
        "A webhook that is more than 300 s ahead is refused"
        why: "A timestamp in the future stays valid for as long as it is ahead: the window against replays would be open that long"
        mend: "Compare the absolute difference between the timestamp and your clock with 300 s"
        run: future),
    check!(Signature Required "§4.1" "signature-clock-skew" [WebhookUrl]
        "A webhook that is 25 s old or 25 s ahead is accepted"
        why: "Clocks differ and networks are slow: correctly signed webhooks would be refused at busy hours"
        mend: "Accept a difference of up to 300 s, in both directions; tighten it to no less than 30 s"
        run: clock_skew),
    check!(Signature Recommended "§4.1" "signature-almost-stale" [WebhookUrl]
        "A webhook of almost 300 s is accepted, unless the window is tightened on purpose"
        why: "A window that ends a little too early refuses the webhooks of a platform that is just within its promise"
        mend: "Accept a difference of up to 300 s inclusive, or choose a window that is clearly smaller"
        run: almost_stale),
    check!(Signature Required "§4.1" "signature-timestamp-changed" [WebhookUrl]
        "A webhook whose timestamp was changed after signing is refused"
        why: "Whoever captured an old webhook could give it the current time"
        mend: "Put the text of the timestamp header, exactly as received, before the dot and the body under the HMAC"
        run: timestamp_changed),
    check!(Signature Recommended "§4.1" "signature-timestamp-text" [WebhookUrl]
        "A timestamp that is not plain decimal digits is refused"
        why: "`+5`, `1e9` and `0x5f` mean different numbers to different parsers: a proxy, a log and the integration would see different times"
        mend: "Match the header against `^[0-9]{1,12}$` before you convert it"
        run: timestamp_text),
    check!(Signature Recommended "§4.1" "signature-timestamp-milliseconds" [WebhookUrl]
        "A timestamp in milliseconds is refused"
        why: "A receiver that guesses the unit has two windows, and accepts a timestamp that the platform never sends"
        mend: "Take the number as seconds, always"
        run: milliseconds),
    check!(Signature Required "§4.1" "signature-event-changed" [WebhookUrl]
        "A webhook whose X-Revento-Event differs from the signed `type` is refused"
        why: "The header is not signed: somebody who replays a captured webhook could make an approval a rejection"
        mend: "After the signature holds, compare the header with `type` in the body, and refuse with 401 if they differ"
        run: event_changed),
];

async fn truncated(exam: &mut Exam) -> Result<(), Problem> {
    let mut requests = Vec::new();
    for digits in [63, 32, 8, 0] {
        let (webhook, request) = good(exam).await?;
        let signature: String = webhook
            .signature()
            .chars()
            .take("sha256=".len() + digits)
            .collect();
        let what = format!("a signature of {digits} digits");
        requests.push((what, signed_with(&signature, request)));
    }
    let (webhook, request) = good(exam).await?;
    let longer = format!("{}0", webhook.signature());
    requests.push((
        "a signature of 65 digits".to_owned(),
        signed_with(&longer, request),
    ));
    all_refused(exam, requests).await
}

async fn prefix(exam: &mut Exam) -> Result<(), Problem> {
    let mut requests = Vec::new();
    for prefix in ["SHA256=", "", "sha1=", "sha256:"] {
        let (webhook, request) = good(exam).await?;
        let signature = webhook.signature().replacen("sha256=", prefix, 1);
        let what = if prefix.is_empty() {
            "a signature without a prefix".to_owned()
        } else {
            format!("the prefix `{prefix}`")
        };
        requests.push((what, signed_with(&signature, request)));
    }
    all_refused(exam, requests).await
}

async fn upper_case(exam: &mut Exam) -> Result<(), Problem> {
    let (webhook, request) = good(exam).await?;
    let signature = webhook
        .signature()
        .to_ascii_uppercase()
        .replacen("SHA256=", "sha256=", 1);
    let exchange = exam.send(signed_with(&signature, request)).await;
    refused(&exchange)
}

async fn stale(exam: &mut Exam) -> Result<(), Problem> {
    let mut requests = Vec::new();
    for age in [301 + clock_difference(exam), 3_600, 400 * 86_400] {
        requests.push((format!("a webhook {age} s old"), at(exam, -age).await?));
    }
    all_refused(exam, requests).await
}

async fn future(exam: &mut Exam) -> Result<(), Problem> {
    let mut requests = Vec::new();
    for ahead in [301 + clock_difference(exam), 3_600, 400 * 86_400] {
        // One second passes on the way, if the clock ticks now.
        requests.push((format!("a webhook {ahead} s ahead"), at(exam, ahead + 1).await?));
    }
    all_refused(exam, requests).await
}

/// By how many seconds the clocks may differ. On this machine there is one clock.
fn clock_difference(exam: &Exam) -> i64 {
    let url = exam.integration.settings.webhook_url.as_ref();
    if url.and_then(url::Url::host_str).is_some_and(is_loopback) {
        0
    } else {
        10
    }
}

async fn clock_skew(exam: &mut Exam) -> Result<(), Problem> {
    let requests = [
        ("a webhook 25 s old".to_owned(), at(exam, -25).await?),
        ("a webhook 25 s ahead".to_owned(), at(exam, 25).await?),
    ];
    all_accepted(exam, requests).await
}

/// The integration may tighten the window down to about 30 s. So only one that ends just before 300 s is a flaw.
async fn almost_stale(exam: &mut Exam) -> Result<(), Problem> {
    const CLEARLY_TIGHTER: i64 = 240;
    let within = 298 - clock_difference(exam);
    for direction in [-1, 1] {
        let request = at(exam, direction * within).await?;
        let exchange = exam.send(request).await;
        if matches!(exchange.status, Some(200..=299)) {
            continue;
        }
        let request = at(exam, direction * CLEARLY_TIGHTER).await?;
        let tighter = exam.send(request).await;
        let side = if direction < 0 { "old" } else { "ahead" };
        if matches!(tighter.status, Some(200..=299)) {
            return accepted_as(&format!("a webhook less than 300 s {side}"), &exchange);
        }
    }
    Ok(())
}

async fn timestamp_changed(exam: &mut Exam) -> Result<(), Problem> {
    let event = working_receiver(exam).await?;
    let old = exam.webhook(&event, "application.approved").at(-3_600);
    let signature = old.signature();
    let moved = old.at(0);
    let request = signed_with(&signature, moved.request(exam.webhook_url()?));
    let exchange = exam.send(request).await;
    refused(&exchange)
}

async fn timestamp_text(exam: &mut Exam) -> Result<(), Problem> {
    let mut requests = Vec::new();
    for form in ["+{}", "{}.0", "{}e0", "0x{}", "{}s"] {
        let event = working_receiver(exam).await?;
        let mut webhook = exam.webhook(&event, "application.approved");
        if form.starts_with("0x") {
            let number: u64 = webhook.timestamp.parse().unwrap_or_default();
            webhook.timestamp = format!("{number:#x}");
        } else {
            webhook.timestamp = form.replace("{}", &webhook.timestamp);
        }
        let what = format!("the timestamp `{}`, correctly signed", webhook.timestamp);
        requests.push((what, webhook.request(exam.webhook_url()?)));
    }
    all_refused(exam, requests).await
}

async fn milliseconds(exam: &mut Exam) -> Result<(), Problem> {
    let event = working_receiver(exam).await?;
    let mut webhook = exam.webhook(&event, "application.approved");
    webhook.timestamp.push_str("000");
    let exchange = exam.send(webhook.request(exam.webhook_url()?)).await;
    refused(&exchange)
}

async fn event_changed(exam: &mut Exam) -> Result<(), Problem> {
    let mut requests = Vec::new();
    for other in ["application.rejected", "application.approved.v2"] {
        let (_, request) = good(exam).await?;
        let what = format!("`{other}` in the header and `application.approved` in the body");
        requests.push((what, request.with(EVENT, Some(other.as_bytes()))));
    }
    all_refused(exam, requests).await
}

async fn good(exam: &mut Exam) -> Result<(Webhook, Outgoing), Problem> {
    let event: Event = working_receiver(exam).await?;
    let webhook = exam.webhook(&event, "application.approved");
    let request = webhook.request(exam.webhook_url()?);
    Ok((webhook, request))
}

/// A webhook that is signed as of `seconds` from now.
async fn at(exam: &mut Exam, seconds: i64) -> Result<Outgoing, Problem> {
    let event = working_receiver(exam).await?;
    let webhook = exam.webhook(&event, "application.approved").at(seconds);
    Ok(webhook.request(exam.webhook_url()?))
}

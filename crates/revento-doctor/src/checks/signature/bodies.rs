//! The body: the exact bytes are signed, and nothing is read before the signature holds.

use super::{FOREIGN_SECRET, SIGNATURE, signed_with};
use crate::check::{Check, check};
use crate::checks::answers::{accepted, all_accepted, all_refused, refused, refused_as, working_receiver};
use crate::exam::{Exam, Problem, flaw, status_text};
use crate::webhook::Webhook;

pub(in crate::checks) const CHECKS: &[Check] = &[
    check!(Signature Required "§4.1" "signature-body-changed" [WebhookUrl]
        "A webhook whose body was changed by one byte is refused"
        why: "The signature would protect nothing: somebody who captured a webhook could put another person into it"
        mend: "Compute the HMAC over every byte of the body"
        run: changed),
    check!(Signature Required "§4.1" "signature-body-reserialised" [WebhookUrl]
        "A body that says the same in other bytes is refused"
        why: "A receiver that serialises the body again before it verifies, breaks on the first number or letter that its language writes in another way"
        mend: "Verify the bytes as received; never `JSON.stringify`, `json.dumps` or `json_encode` what you verify"
        run: reserialised),
    check!(Signature Required "§4.1" "signature-body-bom" [WebhookUrl]
        "A body with a byte order mark that was not signed is refused"
        why: "A receiver that strips the mark verifies something else than what it received"
        mend: "Verify the bytes before a decoder has seen them"
        run: bom),
    check!(Signature Required "§4.1" "signature-body-newline" [WebhookUrl]
        "A body with a newline or a space that was not signed is refused"
        why: "A receiver that trims the body verifies something else than what it received"
        mend: "Do not trim the body before you verify it"
        run: newline),
    check!(Signature Required "§4.1" "signature-raw-bytes" [WebhookUrl]
        "A signed body is accepted however its JSON is written: with spaces, escapes, and a newline at the end"
        why: "The platform may change its serialiser on any day: all webhooks would be refused from then on"
        mend: "Verify the bytes as received, before you parse them"
        hint Express: "Use `express.raw({ type: () => true })` on this route, and verify `req.body` as a buffer"
        hint Flask: "Use `request.get_data()`"
        run: raw_bytes),
    check!(Signature Required "§4.1" "signature-unicode" [WebhookUrl]
        "A signed body with letters beyond ASCII is accepted"
        why: "People have names like Zoë and 佐藤: their webhooks would be refused, and only theirs"
        mend: "Verify bytes, not a text: decode the body as UTF-8 after the signature holds"
        run: unicode),
    check!(Signature Required "§4.1" "signature-not-utf8" [WebhookUrl]
        "A body that is not UTF-8 is refused, if the signature covers only what a decoder makes of it"
        why: "A receiver that verifies the decoded text accepts bytes that the platform never signed"
        mend: "Verify bytes, not a text: decoders replace what they cannot read"
        run: not_utf8),
    check!(Signature Required "§4.1" "signature-any-length" [WebhookUrl]
        "Signed bodies of every length are accepted"
        why: "A body read into a fixed buffer, or an HMAC written by hand, fails at certain lengths only: one webhook of sixty is refused, and nobody knows why"
        mend: "Read the whole body, and use the HMAC of your language's standard library"
        run: any_length),
    check!(Signature Recommended "§4.1" "signature-unreadable-body" [WebhookUrl]
        "A correctly signed body that is not an envelope does no harm: no 5xx, and the receiver lives on"
        why: "The body need not even be UTF-8. A receiver that throws shows its stack trace, or dies"
        mend: "Catch the error of your JSON parser, and answer with a 2xx (the webhook is kept for a person to look at) or a 4xx"
        run: unreadable),
    check!(Signature Recommended "§4.1" "signature-forged-garbage" [WebhookUrl]
        "A forged request that is not JSON is refused with a 4xx, like every other forgery"
        why: "Nothing of an unverified body may reach a parser: a 5xx shows that it did"
        mend: "Verify first, parse afterwards"
        run: garbage),
];

/// A good webhook with another body than the one that was signed.
async fn with_unsigned(exam: &mut Exam, change: impl FnOnce(&Webhook) -> Vec<u8>) -> Result<(), Problem> {
    let event = working_receiver(exam).await?;
    let webhook = exam.webhook(&event, "application.approved");
    let mut request = webhook.request(exam.webhook_url()?);
    request.body = change(&webhook);
    let exchange = exam.send(request).await;
    refused(&exchange)
}

async fn changed(exam: &mut Exam) -> Result<(), Problem> {
    let event = working_receiver(exam).await?;
    let webhook = exam.webhook(&event, "application.approved");
    let request = webhook.request(exam.webhook_url()?);
    // The first letter of the envelope's id, so that the body stays an envelope.
    let other = webhook.envelope_id.replacen('e', "f", 1);
    let text = String::from_utf8_lossy(&webhook.body);
    let mut changed = request.clone();
    changed.body = text.replacen(&webhook.envelope_id, &other, 1).into_bytes();
    let exchange = exam.send(changed.clone()).await;
    refused(&exchange)?;
    // Somebody who captured the webhook has its signature after it was accepted, too.
    let exchange = exam.send(request).await;
    accepted(&exchange)?;
    let exchange = exam.send(changed).await;
    refused_as(
        "the changed body with the signature of a webhook that was accepted",
        &exchange,
    )
}

async fn reserialised(exam: &mut Exam) -> Result<(), Problem> {
    with_unsigned(exam, pretty).await
}

async fn bom(exam: &mut Exam) -> Result<(), Problem> {
    with_unsigned(exam, |webhook| {
        [b"\xef\xbb\xbf".as_slice(), &webhook.body].concat()
    })
    .await
}

async fn newline(exam: &mut Exam) -> Result<(), Problem> {
    for (before, after) in [("", "\n"), ("", " "), ("\r\n", "")] {
        let around = |webhook: &Webhook| [before.as_bytes(), &webhook.body, after.as_bytes()].concat();
        with_unsigned(exam, around).await?;
    }
    Ok(())
}

async fn raw_bytes(exam: &mut Exam) -> Result<(), Problem> {
    let mut requests = Vec::new();
    for form in [
        "indented JSON",
        "escaped letters and slashes",
        "floats",
        "a newline at the end",
        "other order",
    ] {
        let event = working_receiver(exam).await?;
        let webhook = exam.webhook(&event, "application.approved");
        let text = String::from_utf8_lossy(&webhook.body).into_owned();
        let fields = r#""custom_form_fields":{"#;
        let body = match form {
            "indented JSON" => pretty(&webhook),
            "escaped letters and slashes" => {
                let escaped = r#""custom_form_fields":{"menu":"caf\u00e9 \/ bar","#;
                text.replacen(fields, escaped, 1).into_bytes()
            }
            "floats" => {
                let numbers = r#""custom_form_fields":{"age":41.0,"points":1e2,"#;
                text.replacen(fields, numbers, 1).into_bytes()
            }
            "a newline at the end" => format!("{text}\n").into_bytes(),
            _ => {
                let kind = format!(r#""type":"{}""#, webhook.event_type);
                let rest = text.replacen(&format!(",{kind}"), "", 1);
                rest.replacen('{', &format!("{{{kind},"), 1).into_bytes()
            }
        };
        let webhook = webhook.with_body(body);
        requests.push((form.to_owned(), webhook.request(exam.webhook_url()?)));
    }
    all_accepted(exam, requests).await
}

async fn unicode(exam: &mut Exam) -> Result<(), Problem> {
    let event = working_receiver(exam).await?;
    let webhook = exam.webhook(&event, "application.approved").set(
        "/data/custom_form_fields/badge_name",
        "Zoë Çelik · 佐藤 · 🎟️ · e\u{301}",
    );
    let exchange = exam.send(webhook.request(exam.webhook_url()?)).await;
    accepted(&exchange)
}

async fn not_utf8(exam: &mut Exam) -> Result<(), Problem> {
    let mut requests = Vec::new();
    for (what, decoded) in [("U+FFFD", "\u{fffd}"), ("é, as in Latin-1", "é"), ("nothing", "")] {
        let event = working_receiver(exam).await?;
        let webhook = exam
            .webhook(&event, "application.approved")
            .set("/data/custom_form_fields/badge_name", "Ren@");
        let text = String::from_utf8_lossy(&webhook.body).into_owned();
        let raw: Vec<u8> = webhook
            .body
            .iter()
            .map(|byte| if *byte == b'@' { 0xe9 } else { *byte })
            .collect();
        let signature = webhook
            .clone()
            .with_body(text.replacen('@', decoded, 1))
            .signature();
        let request = webhook.with_body(raw).request(exam.webhook_url()?);
        let what = format!("a body with the byte E9, signed with {what} in its place");
        requests.push((what, signed_with(&signature, request)));
    }
    all_refused(exam, requests).await
}

/// Around the block borders of SHA-256 (those lengths at which padding needs another block, and those that fill one), and what
/// fills the usual buffers.
async fn any_length(exam: &mut Exam) -> Result<(), Problem> {
    const BLOCK: usize = 64;
    let mut requests = Vec::new();
    let borders = [55, 56, 57, 63, 0, 1].map(|rest| (BLOCK, rest, true));
    let buffers = [4096, 8192, 65_536].map(|buffer| (buffer, 0, false));
    for (unit, rest, with_timestamp) in borders.into_iter().chain(buffers) {
        let event = working_receiver(exam).await?;
        let webhook = exam.webhook(&event, "application.approved");
        let padded = |length: usize| {
            webhook
                .clone()
                .set("/data/custom_form_fields/note", "x".repeat(length))
        };
        let before_body = if with_timestamp {
            webhook.timestamp.len() + 1
        } else {
            0
        };
        let length = before_body + padded(0).body.len();
        let missing = (unit + rest - length % unit) % unit;
        let webhook = padded(missing);
        let what = format!("a body of {} bytes", webhook.body.len());
        requests.push((what, webhook.request(exam.webhook_url()?)));
    }
    all_accepted(exam, requests).await
}

async fn unreadable(exam: &mut Exam) -> Result<(), Problem> {
    let bodies: [(&str, &[u8]); 6] = [
        ("text that is not JSON", b"this is not JSON"),
        ("bytes that are no text", b"\xff\xfe{\x00\xe9}\x80"),
        ("an array", b"[]"),
        ("null", b"null"),
        ("an empty object", b"{}"),
        (
            "an envelope whose data is a number",
            br#"{"id":7,"type":"application.approved","data":3}"#,
        ),
    ];
    for (what, body) in bodies {
        let event = working_receiver(exam).await?;
        let webhook = exam.webhook(&event, "application.approved").with_body(body);
        let exchange = exam.send(webhook.request(exam.webhook_url()?)).await;
        if !matches!(exchange.status, Some(200..=499)) {
            return Err(flaw(
                format!("a 2xx or a 4xx to {what}, correctly signed"),
                status_text(exchange.status, &exchange),
            ));
        }
    }
    let event = working_receiver(exam).await?;
    let webhook = exam.webhook(&event, "application.approved");
    let exchange = exam.send(webhook.request(exam.webhook_url()?)).await;
    accepted(&exchange)
}

async fn garbage(exam: &mut Exam) -> Result<(), Problem> {
    let mut requests = Vec::new();
    let bodies: [(&str, &[u8]); 3] = [
        ("text that is not JSON", b"{\"id\":"),
        ("bytes that are no text", b"\xff\xfe\x00\x80"),
        ("nothing", b""),
    ];
    for (what, body) in bodies {
        let event = working_receiver(exam).await?;
        let mut webhook = exam.webhook(&event, "application.approved").with_body(body);
        webhook.secret = FOREIGN_SECRET.to_owned();
        let request = webhook.request(exam.webhook_url()?);
        requests.push((format!("{what}, with a wrong signature"), request.clone()));
        requests.push((
            format!("{what}, without a signature"),
            request.with(SIGNATURE, None),
        ));
    }
    all_refused(exam, requests).await
}

/// The body with two spaces of indentation.
fn pretty(webhook: &Webhook) -> Vec<u8> {
    let envelope: serde_json::Value = serde_json::from_slice(&webhook.body).unwrap_or_default();
    serde_json::to_vec_pretty(&envelope).unwrap_or_default()
}

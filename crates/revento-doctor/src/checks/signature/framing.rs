//! How the body comes: compressed, large, in chunks, after a pause.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::signed_with;
use crate::check::{Check, check};
use crate::checks::answers::{accepted, accepted_as, refused, refused_as, send_large, working_receiver};
use crate::exam::{Exam, Problem, flaw, untestable};
use crate::integration::{Framing, Outgoing};
use crate::webhook::Webhook;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

pub(in crate::checks) const CHECKS: &[Check] = &[
    check!(Signature Recommended "§4.1" "signature-gzip" [WebhookUrl]
        "A compressed body is refused, if the signature covers only what it unpacks to"
        why: "A receiver that unpacks before it verifies, unpacks what anybody sends: a few kilobytes become gigabytes"
        mend: "Verify the bytes as received, and refuse a `Content-Encoding` with 415"
        hint Express: "Pass `inflate: false` to `express.raw()`"
        run: gzip),
    check!(Signature Recommended "§4.2" "signature-large-body" [WebhookUrl]
        "A signed body of 900 KiB is accepted"
        why: "A webhook carries the full snapshot of its resource, with free answers in forms. What is refused for its size is refused again at every retry, and then buried"
        mend: "Accept bodies of at least 1 MiB on the webhook route"
        hint Express: "Pass `limit: '1mb'` to `express.raw()`; without it the limit is 100 kB"
        hint Node: "Set `bodyLimit` of the route to 1 MiB or more"
        hint Flask: "Set `MAX_CONTENT_LENGTH` to 1 MiB or more"
        hint Django: "Set `DATA_UPLOAD_MAX_MEMORY_SIZE` to 1 MiB or more"
        hint Php: "Set `post_max_size` to 1 MiB or more"
        hint Rust: "Layer `DefaultBodyLimit::max` on the route"
        run: large),
    check!(Signature Recommended "§4.1" "signature-huge-body" [WebhookUrl]
        "A body of 12 MiB is refused, and the receiver lives on"
        why: "A receiver without a limit reads whatever a stranger sends into its memory, since it has to read before it can verify"
        mend: "Limit the body of the webhook route to a few MiB, and answer 413"
        hint Express: "Pass `limit: '1mb'` to `express.raw()`"
        hint Flask: "Set `MAX_CONTENT_LENGTH`"
        hint FastApi: "Count the bytes of `request.stream()`, and stop at the limit"
        hint Go: "Wrap the body in `http.MaxBytesReader`"
        hint Java: "Read with `readNBytes(limit + 1)`, and refuse what is longer"
        hint Php: "Read with `file_get_contents('php://input', length: $limit + 1)`"
        hint Ruby: "Read with `request.body.read(limit + 1)`, and refuse what is longer"
        run: huge),
    check!(Signature Recommended "§4.1" "signature-chunked" [WebhookUrl]
        "A body in chunks, without Content-Length, is accepted"
        why: "Every HTTP/1.1 server has to read chunks, and proxies send them: the body would look empty, and its signature wrong"
        mend: "Read the body to its end, whatever Content-Length says"
        hint Flask: "Serve with gunicorn or waitress, which decode chunks; plain WSGI servers do not"
        run: chunked),
    check!(Signature Recommended "§4.1" "signature-expect-continue" [WebhookUrl]
        "A body that follows after `Expect: 100-continue` is accepted"
        why: "Some HTTP clients announce large bodies that way: such webhooks would be refused or time out"
        mend: "Let your server answer 100, or ignore the header and read the body; do not answer 417"
        run: expect_continue),
];

async fn gzip(exam: &mut Exam) -> Result<(), Problem> {
    let webhook = good(exam).await?;
    let signature = webhook.signature();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&webhook.body).map_err(untestable)?;
    let packed = encoder.finish().map_err(untestable)?;
    let request = webhook.with_body(packed).request(exam.webhook_url()?);
    let request = signed_with(&signature, request).header("content-encoding", "gzip");
    let exchange = exam.send(request).await;
    refused(&exchange)
}

async fn large(exam: &mut Exam) -> Result<(), Problem> {
    let webhook = good(exam).await?.of_size(900 * KIB);
    let request = webhook.request(exam.webhook_url()?);
    let exchange = send_large(exam, request).await;
    accepted_as("a signed body of 900 KiB", &exchange)
}

async fn huge(exam: &mut Exam) -> Result<(), Problem> {
    let webhook = good(exam).await?.of_size(12 * MIB);
    let request = webhook.request(exam.webhook_url()?);
    let exchange = send_large(exam, request).await;
    match exchange.status {
        Some(413) => {}
        Some(200..=299) => return Err(flaw("413 to a body of 12 MiB", "it was read and accepted")),
        // A receiver may close the connection instead of reading on.
        None if exchange.duration < crate::integration::ANSWER_TIMEOUT => {}
        _ => refused_as("a body of 12 MiB", &exchange)?,
    }
    let webhook = good(exam).await?;
    let exchange = exam.send(webhook.request(exam.webhook_url()?)).await;
    accepted_as("a good webhook after a huge one", &exchange)
}

async fn chunked(exam: &mut Exam) -> Result<(), Problem> {
    framed(exam, Framing::Chunked).await
}

async fn expect_continue(exam: &mut Exam) -> Result<(), Problem> {
    framed(exam, Framing::ExpectContinue).await
}

async fn framed(exam: &mut Exam, framing: Framing) -> Result<(), Problem> {
    let webhook = good(exam).await?;
    let request = Outgoing {
        framing,
        ..webhook.request(exam.webhook_url()?)
    };
    let exchange = exam.send(request).await;
    accepted(&exchange)
}

async fn good(exam: &mut Exam) -> Result<Webhook, Problem> {
    let event = working_receiver(exam).await?;
    Ok(exam.webhook(&event, "application.approved"))
}

impl Webhook {
    /// With a form field that makes the body this many bytes long.
    fn of_size(self, bytes: usize) -> Self {
        let padding = "All about me. ".repeat(bytes / 14 + 1);
        let padding = padding
            .get(..bytes.saturating_sub(self.body.len()))
            .unwrap_or_default()
            .to_owned();
        self.set("/data/custom_form_fields/about_me", padding)
    }
}
